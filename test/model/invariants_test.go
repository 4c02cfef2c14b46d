package model_test

import (
	"context"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/rank"
)

type invariant struct{ name, query string }

// invariants are what holds of every project, however it came to be: each query counts the exceptions.
func invariants() []invariant {
	return []invariant{
		{"tasks of a column without a place, or two in one", `select count(*) from (
		select from app.tasks where project_id = $1 and column_id is not null group by column_id, rank having count(*) > 1 or rank is null) x`},
		{"columns of a board without a place, or two in one", `select count(*) from (
		select from app.columns where project_id = $1 group by board_id, rank having count(*) > 1 or rank is null) x`},
		{"numbers that are missing or there twice", `select count(*) from (
		select g.n from app.projects p cross join generate_series(1, p.last_number) g (n)
		left join app.tasks t on t.project_id = p.id and t.number = g.n where p.id = $1 group by g.n having count(t.id) <> 1) x`},
		{"numbers past the last", `select count(*) from app.tasks t join app.projects p on p.id = t.project_id
		where p.id = $1 and (t.number > p.last_number or t.number < 1 or t.key <> p.key || '-' || t.number)`},
		{"live tasks without a column", `select count(*) from app.tasks where project_id = $1 and deleted_at is null and column_id is null`},
		{"tasks that differ from their column", `select count(*) from app.tasks t
		left join app.columns c on c.id = t.column_id and c.board_id = t.board_id and c.project_id = t.project_id and c.status = t.status
		where t.project_id = $1 and t.column_id is not null and c.id is null`},
		{"tasks completed but not done, or done but not completed", `select count(*) from app.tasks
		where project_id = $1 and (completed_at is null) = (status = 'done')`},
		{"resources whose events skip or repeat a version", `select count(*) from (
		select from app.events where project_id = $1 and kind <> 'task.left' group by entity_id
		having min(version) <> 1 or max(version) <> count(*) or count(distinct version) <> count(*)) x`},
		{"tasks that left a board without a word, or not", `select count(*) from (
		select e.task_id, e.version, e.payload ->> 'board_id' as board, lag(e.payload ->> 'board_id') over (partition by e.task_id order by e.version) as was
		from app.events e where e.project_id = $1 and e.entity_id = e.task_id) m
		where coalesce(m.board <> m.was, false) <> exists (select from app.events l
		  where l.kind = 'task.left' and l.task_id = m.task_id and l.version = m.version and l.entity_id::text = m.was)`},
		{"events that tell of another version", "select count(*) from app.events where project_id = $1 and version <> (payload ->> 'version')::int"},
		{"tasks whose newest event is not their version", `select count(*) from app.tasks t where t.project_id = $1
		and t.version <> (select max(e.version) from app.events e where e.entity_id = t.id)`},
		{"columns whose newest event is not their version", `select count(*) from app.columns c where c.project_id = $1
		and c.version <> (select max(e.version) from app.events e where e.entity_id = c.id)`},
		{"tasks whose newest event shows them otherwise than they are", `select count(*) from app.tasks t
		join app.events e on e.entity_id = t.id and e.version = t.version
		where t.project_id = $1 and t.deleted_at is null and e.payload <> app.task_json(t.org_id, t.id)`},
		{"columns whose newest event shows them otherwise than they are", `select count(*) from app.columns c
		join app.events e on e.entity_id = c.id and e.version = c.version
		where c.project_id = $1 and e.payload <> to_jsonb(c) - 'org_id'`},
		{"tasks without words to find them by", `select count(*) from app.tasks t left join app.task_search s on s.task_id = t.id
		where t.project_id = $1 and s.words is distinct from app.task_words(t.title, t.description)`},
	}
}

// checkInvariants looks at a project behind the API.
func checkInvariants(t rapid.TB, s *apitest.Server, project string) {
	t.Helper()
	for _, i := range invariants() {
		if n := count(t, s, i.query, project); n > 0 {
			t.Errorf("%d %s", n, i.name)
		}
	}
	rows, err := s.Owner.Query(context.Background(),
		"select rank from app.tasks where project_id = $1 union select rank from app.columns where project_id = $1", project)
	if err != nil {
		t.Fatal(err)
	}
	ranks, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range ranks {
		if !rank.Valid(r) {
			t.Errorf("rank %q", r)
		}
	}
}
