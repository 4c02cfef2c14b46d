package conformance_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
)

// TestPolicies tries in SQL what the policies let through, and then that each of them is needed.
func TestPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.StopRelay()
	a, b := w.resident(t, w.a), w.resident(t, w.b)
	t.Run("scopes", func(t *testing.T) { w.testScopes(t, a, b) })
	t.Run("leaked settings", func(t *testing.T) { w.testLeakedSettings(t, a) })
	t.Run("behaviour", func(t *testing.T) {
		for _, problem := range w.mutated(t, "select", a, b, nil) {
			t.Error(problem)
		}
	})
	t.Run("mutations", func(t *testing.T) { w.testMutations(t, a, b) })
}

// resident is an organization with rows in every table, and who can enter it.
type resident struct {
	org, reseller string
	people        map[rbac.Role]person

	loose        string // a file of no project
	open, hidden string // a project that all are in, and a private one of the admin's
}

type person struct{ user, session string }

// otherReseller is a brand beside the default one; nothing makes one through the API yet.
const otherReseller = "00000000-0000-7000-8000-000000000002"

// resident fills every table for the tenant, through the API.
func (w *world) resident(t *testing.T, v *tenant) resident {
	t.Helper()
	s := v.as(t, rbac.Admin)
	r := resident{org: v.org, reseller: api.DefaultReseller.String(), people: map[rbac.Role]person{}, open: s.project()}
	r.hidden = s.id(s.made("/v1/projects", object{"name": s.name("project"), "key": s.key(), "private": true}))
	s.made("/v1/orgs/"+v.org+"/invite", object{"email": s.address(), "role": "guest"})
	w.setRole(t, v, v.guest, "member") // whoever lost the right to write keeps what was written
	for _, c := range []*apitest.Client{v.member, v.guest} {
		s.made("/v1/projects/"+r.open+"/members", object{"user_id": c.User})
	}
	all := []*apitest.Client{v.admin.In(v.org), v.member.In(v.org), v.guest.In(v.org)}
	open, hidden := s.fill(r.open, all...), s.fill(r.hidden, all[0])
	s.made("/v1/tasks/"+open+"/links", object{"kind": "relates", "task_id": hidden})
	r.loose = s.fileOn(object{})
	s.made("/v1/views", object{"name": s.name("view")})
	s.made("/v1/views", object{"name": s.name("view"), "visibility": "project", "project_id": r.hidden})
	for _, c := range all {
		c.Do(t, "POST", "/v1/ws/tickets", nil, header("Idempotency-Key", "k")).Want(t, 201)
		c.Do(t, "POST", "/v1/views", object{"name": s.name("view"), "visibility": "organization"}).Want(t, 201)
		c.Do(t, "POST", "/v1/project-templates", object{"name": s.name("template"), "project_id": r.open}).Want(t, 201)
		_, err := w.server.Owner.Exec(t.Context(), `with j as (insert into app.jobs (org_id, id, kind, created_by, total, input)
			values ($1, gen_random_uuid(), 'tasks.bulk', $2, 1, '[]') returning *)
			insert into app.job_failures (org_id, job_id, index, created_by, kind, detail) select org_id, id, 0, created_by, 'not-found', '' from j`, v.org, c.User)
		if err != nil {
			t.Fatal(err)
		}
	}
	w.setRole(t, v, v.guest, "guest")
	_, err := w.server.Owner.Exec(t.Context(), "insert into app.event_floors (org_id, xid, id) values ($1, '3', 0) on conflict do nothing", v.org) // before all events
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.server.Owner.Exec(t.Context(), "insert into app.resellers (id, name) values ($1, 'Another') on conflict do nothing", otherReseller)
	if err != nil {
		t.Fatal(err)
	}
	for role, c := range map[rbac.Role]*apitest.Client{rbac.Admin: v.admin, rbac.Member: v.member, rbac.Guest: v.guest} {
		p := person{user: c.User}
		if err := w.server.Owner.QueryRow(t.Context(), "select id::text from app.sessions where user_id = $1", c.User).Scan(&p.session); err != nil {
			t.Fatal(err)
		}
		r.people[role] = p
	}
	return r
}

// fill makes a row in every table of a project, and in those that name a person one for each. It gives the task that all
// hangs on.
func (s *stage) fill(project string, people ...*apitest.Client) string {
	s.Helper()
	elsewhere := s.task(s.column())
	_, columns := s.boardOf(project)
	s.made("/v1/projects/"+project+"/fields", object{"name": "Points", "key": "points", "type": "number"})
	var users []string
	for _, c := range people {
		users = append(users, c.User)
	}
	task := s.id(s.made("/v1/columns/"+columns[1]+"/tasks", object{"title": s.name("task"), "label_ids": []string{s.label()},
		"assignee_ids": users, "fields": object{"points": 3}}))
	s.made("/v1/tasks/"+task+"/links", object{"kind": "blocks", "task_id": s.id(s.task(columns[1]))})
	s.made("/v1/tasks/"+task+"/checklist", object{"text": s.name("step")})
	s.admin.Do(s, "PATCH", "/v1/tasks/"+s.id(elsewhere), object{"column_id": columns[0]}).Want(s, 200) // leaves its key behind
	for _, c := range people {
		c.Do(s, "POST", "/v1/tasks/"+task+"/watchers", object{}).Want(s, 201)
		c.Do(s, "POST", "/v1/comments/"+s.comment(c, task)+"/reactions", object{"emoji": "👍"}).Want(s, 201)
		c.Upload(s, s.name("content"), object{"task_id": task})
		s.announced(c, object{"task_id": task})
	}
	return task
}

func (w *world) setRole(t testing.TB, v *tenant, who *apitest.Client, role string) {
	t.Helper()
	v.admin.Do(t, "PATCH", "/v1/orgs/"+v.org+"/members/"+who.User, object{"role": role}).Want(t, 200)
}

// key is the column that ties a table's rows to the scope, and its value there; "" where only the person does.
func (r resident) key(table string) (column, value string) {
	switch table {
	case "organizations":
		return "id", r.org
	case "resellers":
		return "id", r.reseller
	case "users", "sessions", "refresh_tokens":
		return "", ""
	}
	return "org_id", r.org
}

const entry = "select app.enter_org($1, $2, $3, $4, $5)"

func (r resident) enter(ctx context.Context, tx pgx.Tx, role rbac.Role) error {
	p := r.people[role]
	if _, err := tx.Exec(ctx, entry, r.reseller, p.user, p.session, r.org, int16(role)); err != nil {
		return fmt.Errorf("enter as %s: %w", role, err)
	}
	return nil
}

// testScopes: the only way into an organization is membership, live session and rank (threats 3, 9, 25).
func (w *world) testScopes(t *testing.T, a, b resident) {
	conn := w.connect(t)
	admin, guest, stranger := a.people[rbac.Admin], a.people[rbac.Guest], b.people[rbac.Admin]
	for name, try := range map[string]struct {
		p    person
		org  string
		need rbac.Role
		kind string
	}{
		"own":                            {admin, a.org, rbac.Admin, ""},
		"another's":                      {admin, b.org, rbac.Guest, "org-denied"},
		"none":                           {admin, newID(), rbac.Guest, "org-denied"},
		"above the rank":                 {guest, a.org, rbac.Member, "forbidden"},
		"with another's session":         {person{admin.user, stranger.session}, a.org, rbac.Guest, "session-ended"},
		"with another's session, theirs": {person{admin.user, stranger.session}, b.org, rbac.Guest, "session-ended"},
		"without a session":              {person{admin.user, newID()}, a.org, rbac.Guest, "session-ended"},
	} {
		_, err := conn.Exec(t.Context(), entry, a.reseller, try.p.user, try.p.session, try.org, int16(try.need))
		if (err == nil) != (try.kind == "") || err != nil && !strings.Contains(err.Error(), try.kind) {
			t.Errorf("enter %s: %v, want %q", name, err, try.kind)
		}
	}
}

// connect is a connection in the application's role, as requests have it.
func (w *world) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.server.DatabaseURL(db.AppRole))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// testLeakedSettings: settings of a scope that stay in a pooled session open nothing in its next transaction.
func (w *world) testLeakedSettings(t *testing.T, a resident) {
	conn := w.connect(t)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.enter(t.Context(), tx, rbac.Admin); err != nil {
		t.Fatal(err)
	}
	var inside int
	err = tx.QueryRow(t.Context(), "select count(*) from app.tasks").Scan(&inside)
	if err != nil || inside == 0 {
		t.Fatalf("%d tasks in scope: %v", inside, err)
	}
	for _, setting := range []string{"app.at", "app.reseller_id", "app.user_id", "app.org_id", "app.role"} {
		if _, err := tx.Exec(t.Context(), "select set_config($1, current_setting($1), false)", setting); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	var leaked string
	if err := conn.QueryRow(t.Context(), "select current_setting('app.org_id')").Scan(&leaked); err != nil || leaked != a.org {
		t.Fatalf("nothing leaked, so nothing is tried: %q %v", leaked, err)
	}
	for _, table := range w.tableNames(t) {
		if rows := count(t.Context(), conn, "select from app."+table); rows != denied && rows != "0" {
			t.Errorf("with leaked settings %s shows %s", table, rows)
		}
	}
	var rank int
	if err := conn.QueryRow(t.Context(), "select app.current_rank()").Scan(&rank); err != nil || rank != 0 {
		t.Errorf("leaked settings give the rank %d: %v", rank, err)
	}
}

func (w *world) tableNames(t *testing.T) []string {
	t.Helper()
	names, err := tables(t.Context(), w.server.Owner)
	if err != nil || len(names) == 0 {
		t.Fatalf("tables %v: %v", names, err)
	}
	return names
}

// denied is the SQLSTATE of a policy or a grant that refuses.
const denied = "42501"

// count runs a statement and gives the number of its rows, or the SQLSTATE of its refusal.
func count(ctx context.Context, conn *pgx.Conn, sql string) string {
	tag, err := conn.Exec(ctx, sql)
	if err == nil {
		return fmt.Sprint(tag.RowsAffected())
	}
	if at := strings.LastIndex(err.Error(), "SQLSTATE "); at >= 0 {
		return err.Error()[at+9 : at+14]
	}
	return err.Error()
}

// probe tries a statement as whoever calls it, undoes it, and gives the number of its rows or the SQLSTATE of its
// refusal.
const probe = `create or replace function pg_temp.probe(statement text) returns text language plpgsql as $$
declare
  n bigint;
begin
  begin
    execute statement;
    get diagnostics n = row_count;
    raise exception using errcode = 'UNDO0', message = n::text;
  exception when sqlstate 'UNDO0' then return sqlerrm;
  when others then return sqlstate;
  end;
end $$;
grant execute on function pg_temp.probe to plinth_app`

// mutated gives the problems that both checks see once a statement has changed the schema, and takes the change back.
func (w *world) mutated(t *testing.T, sql string, a, b resident, only []string) []string {
	t.Helper()
	tx, err := w.server.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return append(catalogProblems(t.Context(), tx), behaviourProblems(t.Context(), tx, a, b, only)...)
}

// trial is a statement with what must come of it.
type trial struct {
	statement string
	allowed   bool   // the policies let it pass; another constraint may still refuse it
	rows      string // that it then finds, unless ""
}

func (x trial) verdict(got string) string {
	switch {
	case !x.allowed && got != "0" && got != denied:
		return fmt.Sprintf("went through with %s, want it refused", got)
	case x.allowed && got == denied:
		return "was refused"
	case x.allowed && x.rows != "" && len(got) < 5 && got != x.rows:
		return fmt.Sprintf("found %s rows, want %s", got, x.rows)
	}
	return ""
}

// behaviourProblems says what the policies let through or refuse against the rules of access, for a stranger without a
// scope and for each role in the first organization. The transaction is the owner's; everything is undone. Only the
// named tables are tried, where any are named.
func behaviourProblems(ctx context.Context, tx pgx.Tx, a, b resident, only []string) []string {
	names := only
	if len(names) == 0 {
		var err error
		if names, err = tables(ctx, tx); err != nil {
			return []string{err.Error()}
		}
	}
	if _, err := tx.Exec(ctx, probe); err != nil {
		return []string{err.Error()}
	}
	problems := trying(ctx, tx, "without a scope", nil, unscopedTrials(names))
	for _, reads := range []bool{false, true} {
		enter := func(tx pgx.Tx) error { return a.enter(ctx, tx, rbac.Member) }
		if reads {
			_, err := tx.Exec(ctx, "insert into app.project_members (org_id, project_id, user_id, role) values ($1, $2, $3, 'guest')",
				a.org, a.hidden, a.people[rbac.Member].user)
			if err != nil {
				return append(problems, err.Error())
			}
		}
		trials, err := projectTrials(ctx, tx, a, names, reads)
		if err != nil {
			return append(problems, err.Error())
		}
		problems = append(problems, trying(ctx, tx, fmt.Sprintf("in no private project (reading: %t)", reads), enter, trials)...)
	}
	if _, err := tx.Exec(ctx, "delete from app.project_members where project_id = $1 and user_id = $2", a.hidden, a.people[rbac.Member].user); err != nil {
		return append(problems, err.Error())
	}
	for role, p := range a.people {
		trials, err := roleTrials(ctx, tx, a, b, role, p, names)
		if err != nil {
			return append(problems, err.Error())
		}
		enter := func(tx pgx.Tx) error { return a.enter(ctx, tx, role) }
		problems = append(problems, trying(ctx, tx, "as "+role.String(), enter, trials)...)
	}
	return problems
}

// projectColumns are those that tie a table's rows to a project.
func projectColumns() map[string]string {
	columns := map[string]string{"projects": "id"}
	for _, table := range []string{"boards", "checklist_items", "columns", "comments", "events", "field_values", "fields", "files", "project_members", "reactions",
		"task_assignees", "task_keys", "task_labels", "task_links", "task_search", "task_watchers", "tasks"} {
		columns[table] = "project_id"
	}
	return columns
}

// besideProjects are the rows that a member must not see for another reason than their project: those about a hidden
// project in the open one, and private views.
func besideProjects(a resident) map[string]string {
	return map[string]string{
		"task_links": "other_project_id = '" + a.hidden + "'",
		"events":     "coalesce(payload ->> 'other_project_id', '') = '" + a.hidden + "'",
		"views":      "visibility = 'private' or visibility = 'project'",
	}
}

// projectTrials are those of a member at the rows of a private project: of one who is not in it, or only reads there.
func projectTrials(ctx context.Context, tx pgx.Tx, a resident, names []string, reads bool) ([]trial, error) {
	var trials []trial
	if slices.Contains(names, "views") {
		trials = append(trials, trial{statement: "select from app.views where visibility = 'private'"})
	}
	for table, column := range projectColumns() {
		if !slices.Contains(names, table) {
			continue
		}
		name, where := "app."+table, fmt.Sprintf("%s = '%s'", column, a.hidden)
		if beside := besideProjects(a)[table]; beside != "" && !reads {
			trials = append(trials, trial{statement: "select from " + name + " where " + beside})
		}
		there, err := probes(ctx, tx, []trial{{statement: "select from " + name + " where " + where}})
		if err != nil {
			return nil, err
		}
		row, err := sample(ctx, tx, table, where)
		if err != nil {
			return nil, err
		}
		trials = append(trials, trial{"select from " + name + " where " + where, reads, there[0]})
		if named := rights()[table].names; !reads || named == "" { // what a reader may do with the own rows is the roles' trial
			trials = append(trials,
				trial{statement: insertion(table, row, named, a.people[rbac.Member].user)},
				trial{statement: fmt.Sprintf("update %s set %s = %s where %s", name, column, column, where)},
				trial{statement: fmt.Sprintf("update %s set %s = '%s' where %s = '%s'", name, column, a.hidden, column, a.open)},
				trial{statement: "delete from " + name + " where " + where})
		}
	}
	return trials, nil
}

func unscopedTrials(names []string) []trial {
	var trials []trial
	for _, table := range names {
		trials = append(trials, trial{statement: "select from app." + table})
	}
	return trials
}

// trying runs the trials as plinth_app in one scope.
func trying(ctx context.Context, tx pgx.Tx, who string, enter func(pgx.Tx) error, trials []trial) []string {
	inner, err := tx.Begin(ctx)
	if err != nil {
		return []string{err.Error()}
	}
	defer func() { _ = inner.Rollback(ctx) }()
	if _, err := inner.Exec(ctx, "set local role plinth_app"); err != nil {
		return []string{err.Error()}
	}
	if enter != nil {
		if err := enter(inner); err != nil {
			return []string{err.Error()}
		}
	}
	results, err := probes(ctx, inner, trials)
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	for i, x := range trials {
		if verdict := x.verdict(results[i]); verdict != "" {
			problems = append(problems, fmt.Sprintf("%s: %.200s %s", who, x.statement, verdict))
		}
	}
	return problems
}

func probes(ctx context.Context, tx pgx.Tx, trials []trial) ([]string, error) {
	statements := make([]string, len(trials))
	for i, x := range trials {
		statements[i] = x.statement
	}
	rows, err := tx.Query(ctx, "select pg_temp.probe(s) from unnest($1::text[]) with ordinality u(s, n) order by n", statements)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// roleTrials are the trials of one role in every table: at the other organization's rows, at the own one's, and where
// rows name a person at the own and the colleagues' apart. As the owner, whom no policy binds, it finds how many rows
// there are.
func roleTrials(ctx context.Context, tx pgx.Tx, a, b resident, role rbac.Role, p person, names []string) ([]trial, error) {
	var trials []trial
	for _, table := range names {
		rule := rights()[table]
		some, err := foreignTrials(ctx, tx, a, b, table, rule, p)
		if err != nil {
			return nil, err
		}
		trials = append(trials, some...)
		persons := []bool{false}
		if rule.names != "" {
			persons = []bool{true, false}
		}
		for _, own := range persons {
			some, err := ownTrials(ctx, tx, a, table, rule, role, p, own)
			if err != nil {
				return nil, err
			}
			trials = append(trials, some...)
		}
	}
	for table, key := range map[string]string{"files": "file_id", "events": "entity_id"} {
		if slices.Contains(names, table) { // what hangs on nothing is not for guests
			trials = append(trials, trial{"select from app." + table + " where " + key + " = '" + a.loose + "'", role > rbac.Guest, "1"})
		}
	}
	if slices.Contains(names, "events") && role == rbac.Guest {
		some, err := leaveTrials(ctx, tx, a, p)
		return append(trials, some...), err
	}
	return trials, nil
}

func foreignTrials(ctx context.Context, tx pgx.Tx, a, b resident, table string, rule right, p person) ([]trial, error) {
	column, own := a.key(table)
	_, foreign := b.key(table)
	if table == "resellers" {
		foreign = otherReseller
	}
	if column == "" {
		return nil, nil
	}
	row, err := sample(ctx, tx, table, column+" = '"+foreign+"'")
	if err != nil {
		return nil, err
	}
	name := "app." + table
	return []trial{
		{statement: fmt.Sprintf("select from %s where %s is distinct from '%s'", name, column, own)},
		{statement: fmt.Sprintf("update %s set %s = %s where %s = '%s'", name, column, column, column, foreign)},
		{statement: fmt.Sprintf("update %s set %s = '%s' where %s = '%s'", name, column, foreign, column, own)},
		{statement: fmt.Sprintf("delete from %s where %s = '%s'", name, column, foreign)},
		{statement: insertion(table, row, rule.names, p.user)},
	}, nil
}

func ownTrials(ctx context.Context, tx pgx.Tx, a resident, table string, rule right, role rbac.Role, p person, own bool) ([]trial, error) {
	name, set, where, whose := "app."+table, rule.names, "true", p.user
	if column, value := a.key(table); column != "" {
		set, where = column, fmt.Sprintf("%s = '%s'", column, value)
	}
	if column := projectColumns()[table]; column != "" {
		where += fmt.Sprintf(" and %s = '%s'", column, a.open)
	}
	if beside := besideProjects(a)[table]; beside != "" {
		where += " and not (" + beside + ")"
	}
	if rule.names != "" {
		where += fmt.Sprintf(" and %s %s '%s'", rule.names, map[bool]string{true: "=", false: "<>"}[own], p.user)
	}
	if !own {
		whose = a.people[role%rbac.Admin+1].user // a colleague
	}
	reading := trial{statement: "select from " + name + " where " + where}
	there, err := probes(ctx, tx, []trial{reading})
	if err != nil {
		return nil, err
	}
	if there[0] == "0" {
		return nil, fmt.Errorf("%s has no rows where %s, so nothing is tried", table, where)
	}
	reading.allowed, reading.rows = rule.see.allows(role, own), there[0]
	row, err := sample(ctx, tx, table, where)
	if err != nil {
		return nil, err
	}
	return []trial{
		reading,
		{insertion(table, row, rule.names, whose), rule.insert.allows(role, own), ""},
		{fmt.Sprintf("update %s set %s = %s where %s", name, set, set, where), rule.update.allows(role, own), there[0]},
		{"delete from " + name + " where " + where, rule.remove.allows(role, own), there[0]},
	}, nil
}

// leaveTrials: the one event that a guest writes is the own leave.
func leaveTrials(ctx context.Context, tx pgx.Tx, a resident, p person) ([]trial, error) {
	row, err := sample(ctx, tx, "events", "org_id = '"+a.org+"' and kind = 'member.added'")
	if err != nil {
		return nil, err
	}
	left := strings.Replace(row, `"member.added"`, `"member.removed"`, 1)
	return []trial{
		{insertion("events", left, "entity_id", p.user), true, ""},
		{statement: insertion("events", left, "entity_id", a.people[rbac.Admin].user)},
		{statement: insertion("events", row, "entity_id", p.user)},
	}, nil
}

// sample is a row of a table as JSON.
func sample(ctx context.Context, tx pgx.Tx, table, where string) (string, error) {
	var row string
	if err := tx.QueryRow(ctx, "select to_jsonb(r)::text from app."+table+" r where "+where+" limit 1").Scan(&row); err != nil {
		return "", fmt.Errorf("no sample of %s where %s: %w", table, where, err)
	}
	return row, nil
}

// insertion puts a row in again, in somebody's name where it has one. Policies are asked before any key is.
func insertion(table, row, names, user string) string {
	literal := "'" + strings.ReplaceAll(row, "'", "''") + "'::jsonb"
	if names != "" {
		literal += fmt.Sprintf(" || '{%q: %q}'", names, user)
	}
	return fmt.Sprintf("insert into app.%s overriding system value select * from jsonb_populate_record(null::app.%s, %s)", table, table, literal)
}
