package work_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/board"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
)

// wall is a kanban board of an organization's own, before which its admin stands.
type wall struct {
	*apitest.Client
	t              *testing.T
	project, board string
	columns        []string
}

func newWall(t *testing.T) *wall {
	t.Helper()
	w := &wall{t: t, Client: apitest.New(t).SignUp(t, "ada")}
	w.project = w.post("/v1/projects", map[string]any{"name": "Engine"}).Text(t, "id")
	r := w.post("/v1/projects/"+w.project+"/boards", map[string]any{"name": "Work", "template": "kanban"})
	w.board = r.Text(t, "id")
	for i := range r.Len(t, "columns") {
		w.columns = append(w.columns, r.Text(t, fmt.Sprintf("columns.%d.id", i)))
	}
	return w
}

func (w *wall) post(path string, body any) *apitest.Response {
	w.t.Helper()
	return w.Do(w.t, "POST", path, body).Want(w.t, 201)
}

func (w *wall) patch(path string, body any) *apitest.Response {
	w.t.Helper()
	return w.Do(w.t, "PATCH", path, body)
}

func (w *wall) get(path string) *apitest.Response {
	w.t.Helper()
	return w.Do(w.t, "GET", path, nil).Want(w.t, 200)
}

// limit gives a column a limit.
func (w *wall) limit(column string, n int, mode string) {
	w.t.Helper()
	r := w.patch("/v1/columns/"+column, map[string]any{"wip_limit": n, "wip_mode": mode}).Want(w.t, 200)
	if r.Text(w.t, "wip_mode") != mode || r.Number(w.t, "wip_limit") != float64(n) {
		w.t.Fatalf("column %s", r.Body)
	}
}

func (w *wall) task(column string, more map[string]any) string {
	w.t.Helper()
	body := map[string]any{"title": "Task"}
	maps.Copy(body, more)
	return w.post("/v1/columns/"+column+"/tasks", body).Text(w.t, "id")
}

func (w *wall) tasks(column string, n int) []string {
	w.t.Helper()
	made := make([]string, n)
	for i := range made {
		made[i] = w.task(column, nil)
	}
	return made
}

// count is how many tasks the board says that a column has, and whether that is over its limit.
func (w *wall) count(column string) (int, bool) {
	w.t.Helper()
	r := w.get("/v1/boards/" + w.board)
	i := slices.Index(w.columns, column)
	return int(r.Number(w.t, fmt.Sprintf("columns.%d.task_count", i))), r.Get(w.t, fmt.Sprintf("columns.%d.over_limit", i)).(bool)
}

// send sends a request that may be refused, from any goroutine.
type send func() (*apitest.Response, error)

// will sends again what found no free connection: a machine that is slow enough has nothing to do with the limit.
func (w *wall) will(method, path string, body any) send {
	return func() (r *apitest.Response, err error) {
		for range 10 {
			if r, err = w.Try(method, path, body); err != nil || r.Status != 503 {
				break
			}
		}
		return r, err
	}
}

// race sends all at once and fails the test for an answer that is neither success nor a full column.
func race(t *testing.T, sends []send) (succeeded int) {
	t.Helper()
	var all sync.WaitGroup
	begin := make(chan struct{})
	answers := make([]*apitest.Response, len(sends))
	failures := make([]error, len(sends))
	for i, s := range sends {
		all.Go(func() {
			<-begin
			answers[i], failures[i] = s()
		})
	}
	close(begin)
	all.Wait()
	for i, r := range answers {
		switch {
		case failures[i] != nil:
			t.Error(failures[i])
		case r.Status < 300:
			succeeded++
		case r.Status != 409 || !strings.Contains(string(r.Body), `"/problems/wip-limit"`):
			t.Errorf("status %d: %s", r.Status, r.Body)
		}
	}
	return succeeded
}

// TestHardLimitHoldsInRaces: a hundred tasks that come at once leave a column as full as its limit says.
func TestHardLimitHoldsInRaces(t *testing.T) {
	t.Parallel()
	const limit, crowd = 5, 100
	for name, ready := range map[string]func(w *wall, goal string) []send{
		"creations": func(w *wall, goal string) []send {
			return slices.Repeat([]send{w.will("POST", "/v1/columns/"+goal+"/tasks", map[string]any{"title": "New"})}, crowd)
		},
		"moves": func(w *wall, goal string) (sends []send) {
			for i, task := range w.tasks(w.columns[0], crowd) {
				place := []map[string]any{{"column_id": goal}, {"status": "in_progress"}}[i%2]
				sends = append(sends, w.will("PATCH", "/v1/tasks/"+task, place))
			}
			return sends
		},
		"moves beside a task": func(w *wall, goal string) (sends []send) {
			there := w.task(goal, nil)
			for i, task := range w.tasks(w.columns[0], crowd) {
				place := []map[string]any{{"before_id": there}, {"after_id": there}}[i%2]
				sends = append(sends, w.will("PATCH", "/v1/tasks/"+task, place))
			}
			return sends
		},
		"all ways": func(w *wall, goal string) (sends []send) {
			for i, task := range w.tasks(w.columns[0], crowd) {
				way := w.will("PATCH", "/v1/tasks/"+task, map[string]any{"column_id": goal})
				switch i % 5 {
				case 0:
					w.patch("/v1/tasks/"+task, map[string]any{"column_id": goal}).Want(w.t, 200)
					w.Do(w.t, "DELETE", "/v1/tasks/"+task, nil).Want(w.t, 204)
					way = w.will("POST", "/v1/tasks/"+task+"/restore", nil)
				case 1:
					w.patch("/v1/tasks/"+task, map[string]any{"column_id": goal}).Want(w.t, 200)
					w.Do(w.t, "POST", "/v1/tasks/"+task+"/archive", nil).Want(w.t, 200)
					way = w.will("POST", "/v1/tasks/"+task+"/unarchive", nil)
				case 2:
					way = w.will("POST", "/v1/tasks/"+task+"/duplicate", map[string]any{"column_id": goal})
				case 3:
					way = w.will("POST", "/v1/columns/"+goal+"/tasks", map[string]any{"title": "New"})
				}
				sends = append(sends, way)
			}
			return sends
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWall(t)
			goal := w.columns[2]
			w.limit(goal, limit, "hard")
			sends := ready(w, goal)
			before, _ := w.count(goal)
			succeeded := race(t, sends)
			if n, over := w.count(goal); n != limit || over || succeeded != limit-before {
				t.Errorf("%d tasks (over the limit: %v) after %d successes, want %d", n, over, succeeded, limit)
			}
		})
	}
}

// TestHardLimitBesideATaskThatMoves: the task that others are placed beside goes to a column with a hard limit when their
// requests are under way, so they come to a column that none of them named.
func TestHardLimitBesideATaskThatMoves(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	goal := w.columns[2]
	w.limit(goal, 3, "hard")
	there := w.task(w.columns[1], nil)
	var sends []send
	for _, task := range w.tasks(w.columns[0], 8) {
		sends = append(sends, w.will("PATCH", "/v1/tasks/"+task, map[string]any{"before_id": there}))
	}
	held, err := w.Server.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Rollback(t.Context()) }()
	if _, err := held.Exec(t.Context(), "select pg_advisory_xact_lock(hashtextextended('ranks ' || $1, 0))", w.Org); err != nil {
		t.Fatal(err)
	}
	done := make(chan int)
	go func() { done <- race(t, sends) }()
	for waiting, deadline := 0, time.Now().Add(10*time.Second); waiting < len(sends); {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d requests wait", waiting, len(sends))
		}
		if err := w.Server.Owner.QueryRow(t.Context(), `select count(*) from pg_locks where locktype = 'advisory' and not granted
			and database = (select oid from pg_database where datname = current_database())`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	w.patch("/v1/tasks/"+there, map[string]any{"column_id": goal}).Want(t, 200)
	if err := held.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	succeeded := <-done
	if n, _ := w.count(goal); n != 3 || succeeded != 2 {
		t.Errorf("%d tasks in a column for 3, %d came in", n, succeeded)
	}
}

// TestHardLimit: what a full column refuses, and what it does not.
func TestHardLimit(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	full, other := w.columns[2], w.columns[1]
	there := w.tasks(full, 2)
	outside := w.task(other, nil)
	trashed, archived := w.task(full, nil), w.task(full, nil)
	w.Do(t, "DELETE", "/v1/tasks/"+trashed, nil).Want(t, 204)
	w.Do(t, "POST", "/v1/tasks/"+archived+"/archive", nil).Want(t, 200)
	w.limit(full, 2, "hard")
	if n, over := w.count(full); n != 2 || over {
		t.Fatalf("%d tasks, over the limit: %v; want what is neither in the trash nor archived", n, over)
	}
	for name, refused := range map[string]*apitest.Response{
		"create":    w.Do(t, "POST", "/v1/columns/"+full+"/tasks", map[string]any{"title": "New"}),
		"move":      w.patch("/v1/tasks/"+outside, map[string]any{"column_id": full}),
		"status":    w.patch("/v1/tasks/"+outside, map[string]any{"status": "in_progress"}),
		"neighbour": w.patch("/v1/tasks/"+outside, map[string]any{"after_id": there[0]}),
		"restore":   w.Do(t, "POST", "/v1/tasks/"+trashed+"/restore", nil),
		"unarchive": w.Do(t, "POST", "/v1/tasks/"+archived+"/unarchive", nil),
		"duplicate": w.Do(t, "POST", "/v1/tasks/"+there[0]+"/duplicate", map[string]any{}),
		"copy":      w.Do(t, "POST", "/v1/tasks/"+outside+"/duplicate", map[string]any{"column_id": full}),
	} {
		t.Run(name, func(t *testing.T) { refused.WantProblem(t, 409, "wip-limit") })
	}
	w.patch("/v1/tasks/"+there[0], map[string]any{"after_id": there[1]}).Want(t, 200)
	w.patch("/v1/tasks/"+there[0], map[string]any{"title": "Renamed", "column_id": full}).Want(t, 200)
	w.limit(full, 1, "hard")
	if n, over := w.count(full); n != 2 || !over {
		t.Errorf("%d tasks, over the limit: %v; a limit may come late", n, over)
	}
	w.patch("/v1/tasks/"+there[1], map[string]any{"before_id": there[0]}).Want(t, 200)
	w.patch("/v1/columns/"+full, map[string]any{"status": "done"}).Want(t, 200)
	w.limit(full, 1, "soft")
	w.patch("/v1/tasks/"+outside, map[string]any{"column_id": full}).Want(t, 200)
	if n, over := w.count(full); n != 3 || !over {
		t.Errorf("%d tasks, over the limit: %v; a soft limit refuses nothing", n, over)
	}
	w.patch("/v1/columns/"+full, map[string]any{"wip_limit": nil, "wip_mode": "hard"}).Want(t, 200)
	w.task(full, nil)
	if n, over := w.count(full); n != 4 || over {
		t.Errorf("%d tasks, over the limit: %v; there is none", n, over)
	}
}

func TestWipMode(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	socket := w.Listen(t)
	columns := "/v1/boards/" + w.board + "/columns"
	if r := w.post(columns, map[string]any{"name": "A"}); r.Text(t, "wip_mode") != "soft" {
		t.Errorf("a new column is %s", r.Body)
	}
	hard := w.post(columns, map[string]any{"name": "B", "wip_mode": "hard", "wip_limit": 2})
	if hard.Text(t, "wip_mode") != "hard" || w.get("/v1/boards/"+w.board).Text(t, "columns.5.wip_mode") != "hard" || w.get(columns).Text(t, "items.5.wip_mode") != "hard" {
		t.Errorf("column %s", hard.Body)
	}
	if e := socket.Next(t); e.Data["wip_mode"] != "soft" {
		t.Errorf("event %s", e.Raw)
	}
	if r := w.patch("/v1/columns/"+hard.Text(t, "id"), map[string]any{"name": "C"}); r.Text(t, "wip_mode") != "hard" {
		t.Errorf("renamed, a column is %s", r.Body)
	}
	for _, wrong := range []any{"firm", nil, 1} {
		w.Do(t, "POST", columns, map[string]any{"name": "D", "wip_mode": wrong}).WantProblem(t, 422, "validation")
		w.patch("/v1/columns/"+hard.Text(t, "id"), map[string]any{"wip_mode": wrong}).WantProblem(t, 422, "validation")
	}
}

// lane writes a lane as "value=name:count[column index:count]".
func (w *wall) lanes(groupBy string) []string {
	w.t.Helper()
	var answer struct {
		Lanes []struct {
			Value, Name *string
			TaskCount   int `json:"task_count"`
			Columns     []struct {
				ColumnID  string `json:"column_id"`
				TaskCount int    `json:"task_count"`
			}
		}
	}
	r := w.get("/v1/boards/" + w.board + "?group_by=" + groupBy)
	if err := json.Unmarshal(r.Body, &answer); err != nil {
		w.t.Fatal(err)
	}
	shot := w.get("/v1/boards/" + w.board + "/snapshot?group_by=" + groupBy)
	if diff := cmp.Diff(r.Get(w.t, "lanes"), shot.Get(w.t, "lanes")); diff != "" {
		w.t.Errorf("lanes of the board and its snapshot:\n%s", diff)
	}
	text := func(s *string) string {
		if s == nil {
			return "null"
		}
		return *s
	}
	lanes := []string{}
	for _, l := range answer.Lanes {
		line := fmt.Sprintf("%s=%s:%d", text(l.Value), text(l.Name), l.TaskCount)
		for _, c := range l.Columns {
			line += fmt.Sprintf(" %d:%d", slices.Index(w.columns, c.ColumnID), c.TaskCount)
		}
		lanes = append(lanes, line)
	}
	return lanes
}

func TestSwimlanes(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	bob := w.Join(t, "bob", "member")
	red := w.post("/v1/labels", map[string]any{"name": "Red", "color": "#ff0000"}).Text(t, "id")
	blue := w.post("/v1/labels", map[string]any{"name": "blue", "color": "#0000ff"}).Text(t, "id")
	w.field("size", "select", `[{"value":"l","name":"Large","color":"#111111"},{"value":"s","name":"Small","color":"#222222"}]`)
	w.field("tags", "multi_select", `[{"value":"x","name":"X","color":"#111111"},{"value":"y","name":"Y","color":"#222222"}]`)
	w.field("points", "number", "[]")
	w.field("owner", "person", "[]")
	w.field("done_at", "text", "[]")

	epic := w.task(w.columns[0], map[string]any{"title": "Epic", "priority": "urgent", "fields": map[string]any{"size": "s", "points": 10, "owner": bob.User, "done_at": "2026-01-01T00:00:00+00:00"}})
	w.task(w.columns[1], map[string]any{"priority": "low", "parent_id": epic, "assignee_ids": []string{w.User, bob.User}, "label_ids": []string{red, blue},
		"fields": map[string]any{"size": "l", "tags": []string{"y", "x"}, "points": 9}})
	w.task(w.columns[1], map[string]any{"priority": "low", "assignee_ids": []string{bob.User}, "label_ids": []string{red}, "fields": map[string]any{"size": "l", "tags": []string{"x"}, "points": -1.5}})
	w.task(w.columns[3], nil)
	for _, gone := range w.tasks(w.columns[3], 2) {
		w.Do(t, "POST", "/v1/tasks/"+gone+"/archive", nil).Want(t, 200)
		w.Do(t, "DELETE", "/v1/tasks/"+gone, nil)
	}
	for groupBy, want := range map[string][]string{
		"assignee":       {w.User + "=ada:1 1:1", bob.User + "=bob:2 1:2", "null=null:2 0:1 3:1"},
		"label":          {blue + "=blue:1 1:1", red + "=Red:2 1:2", "null=null:2 0:1 3:1"},
		"priority":       {"urgent=urgent:1 0:1", "low=low:2 1:2", "none=none:1 3:1"},
		"status":         {"backlog=backlog:1 0:1", "todo=todo:2 1:2", "done=done:1 3:1"},
		"parent":         {epic + "=Epic:1 1:1", "null=null:3 0:1 1:1 3:1"},
		"fields.size":    {"l=Large:2 1:2", "s=Small:1 0:1", "null=null:1 3:1"},
		"fields.tags":    {"x=X:2 1:2", "y=Y:1 1:1", "null=null:2 0:1 3:1"},
		"fields.points":  {"-1.5=-1.5:1 1:1", "9=9:1 1:1", "10=10:1 0:1", "null=null:1 3:1"},
		"fields.owner":   {bob.User + "=bob:1 0:1", "null=null:3 1:2 3:1"},
		"fields.done_at": {"2026-01-01T00:00:00+00:00=2026-01-01T00:00:00+00:00:1 0:1", "null=null:3 1:2 3:1"},
	} {
		if diff := cmp.Diff(want, w.lanes(groupBy)); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", groupBy, diff)
		}
	}
	if r := w.get("/v1/boards/" + w.board); strings.Contains(string(r.Body), "lanes") {
		t.Errorf("lanes that were not asked for: %s", r.Body)
	}
	for _, wrong := range []string{"x", "fields.", "fields.A", "fields.unheard_of", "assignee,label"} {
		for _, path := range []string{"", "/snapshot"} {
			r := w.Do(t, "GET", "/v1/boards/"+w.board+path+"?group_by="+wrong, nil).WantProblem(t, 422, "validation")
			if r.Text(t, "errors.0.location") != "query.group_by" {
				t.Errorf("%s: %s", wrong, r.Body)
			}
		}
	}
	w.Do(t, "GET", "/v1/boards/"+w.project+"?group_by=fields.unheard_of", nil).WantProblem(t, 404, "not-found")
}

// field gives the project a custom field.
func (w *wall) field(key, kind, options string) {
	w.t.Helper()
	_, err := w.Server.Owner.Exec(w.t.Context(), `insert into app.fields (org_id, id, project_id, key, name, type, options, rank)
		values ($1, gen_random_uuid(), $2, $3, $3, $4, $5, $3)`, w.Org, w.project, key, kind, options)
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestMoreLanesThanAnswered: no more than 200 lanes come, and the answer says so.
func TestMoreLanesThanAnswered(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	w.field("batch", "number", "[]")
	first := w.task(w.columns[0], map[string]any{"fields": map[string]any{"batch": 1}})
	path := "/v1/boards/" + w.board + "?group_by=fields.batch"
	w.copies(first, 199, `jsonb_build_object('batch', n + 1)`)
	if r := w.get(path); r.Len(t, "lanes") != 200 || r.Get(t, "more_lanes") != nil {
		t.Errorf("of 200: %d lanes, more: %v", r.Len(t, "lanes"), r.Get(t, "more_lanes"))
	}
	w.task(w.columns[0], nil)
	if r := w.get(path); r.Len(t, "lanes") != 200 || r.Get(t, "more_lanes") != true {
		t.Errorf("of 201: %d lanes, more: %v", r.Len(t, "lanes"), r.Get(t, "more_lanes"))
	}
}

// copies adds rows like that of a task, with fields by a column n.
func (w *wall) copies(task string, n int, fields string) {
	w.t.Helper()
	_, err := w.Server.Owner.Exec(w.t.Context(), `insert into app.tasks (org_id, id, key, number, project_id, board_id, column_id, title, description,
		status, priority, created_by, rank, fields)
		select t.org_id, gen_random_uuid(), 'COPY-' || n, 1000 + n, t.project_id, t.board_id, t.column_id, 'Copy ' || n, '', t.status, n % 5,
		t.created_by, 'b' || to_char(n, 'FM00000') || 'V', `+fields+`
		from app.tasks t, generate_series(1, $3::int) n where t.org_id = $1 and t.id = $2`, w.Org, task, n)
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestSnapshotShowsTheBoard: it has what the single resources have, as they have it.
func TestSnapshotShowsTheBoard(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	guest := w.Join(t, "guest", "guest")
	bob := w.Join(t, "bob", "member")
	cleo := w.Join(t, "cleo", "member")
	w.Join(t, "nobody", "member")
	label := w.post("/v1/labels", map[string]any{"name": "Red", "color": "#ff0000"}).Text(t, "id")
	w.post("/v1/labels", map[string]any{"name": "Unused", "color": "#ff0000"})
	w.field("owner", "person", "[]")
	w.field("seen_at", "text", "[]")
	full := w.task(w.columns[1], map[string]any{"title": "<Mill> & \u2028", "description": "Ask " + "@" + cleo.Email, "priority": "high", "assignee_ids": []string{w.User, cleo.User},
		"label_ids": []string{label}, "start_at": "2026-12-01T00:00:00.5Z", "due_at": "2026-12-01T12:00:00+02:00", "estimate": 2.5,
		"fields": map[string]any{"owner": bob.User, "seen_at": "2026-12-01T12:00:00+02:00"}})
	child := w.task(w.columns[1], map[string]any{"parent_id": full})
	w.task(w.columns[3], nil)
	w.blocks(full, child)
	for i, gone := range w.tasks(w.columns[1], 2) {
		action := []string{"POST /v1/tasks/" + gone + "/archive", "DELETE /v1/tasks/" + gone}[i]
		method, path, _ := strings.Cut(action, " ")
		w.Do(t, method, path, nil)
	}
	w.limit(w.columns[1], 1, "soft")
	if r := w.Do(t, "POST", "/v1/projects/"+w.project+"/members", map[string]any{"user_id": guest.User, "role": "guest"}); r.Status != 201 {
		t.Fatalf("the guest is not let in: %s", r.Body)
	}

	shot := guest.Do(t, "GET", "/v1/boards/"+w.board+"/snapshot", nil).Want(t, 200)
	var read struct {
		Board   map[string]any
		Columns []map[string]any
		Labels  []any
		Members []map[string]any
	}
	if err := json.Unmarshal(shot.Body, &read); err != nil {
		t.Fatal(err)
	}
	board := decoded(t, w.get("/v1/boards/"+w.board).Body)
	columns := board["columns"].([]any)
	delete(board, "columns")
	same(t, "board", read.Board, board)
	for i, c := range read.Columns {
		shown := []any{}
		for _, item := range w.get("/v1/columns/"+w.columns[i]+"/tasks").Get(t, "items").([]any) {
			shown = append(shown, decoded(t, w.get("/v1/tasks/"+item.(map[string]any)["id"].(string)).Body))
		}
		same(t, "tasks", c["tasks"], shown)
		if next, there := c["next_cursor"]; next != nil || !there {
			t.Errorf("next_cursor %v where nothing follows", next)
		}
		delete(c, "tasks")
		delete(c, "next_cursor")
		same(t, "column", any(c), columns[i])
	}
	if read.Columns[1]["task_count"] != 2.0 || read.Columns[1]["over_limit"] != true {
		t.Errorf("column %v", read.Columns[1])
	}
	same(t, "labels", any(read.Labels), w.get("/v1/labels?limit=1").Get(t, "items"))
	names := []string{}
	for _, m := range read.Members {
		names = append(names, m["name"].(string))
	}
	if slices.Sort(names); !slices.Equal(names, []string{"ada", "bob", "cleo"}) {
		t.Errorf("members %v", names)
	}
	blocked := false
	for _, task := range w.get("/v1/boards/"+w.board+"/snapshot").Get(t, "columns.1.tasks").([]any) {
		task := task.(map[string]any)
		blocked = blocked || task["id"] == child && task["blocked"] == true
	}
	if !blocked {
		t.Error("the child is not shown as blocked")
	}
	other := w.Server.SignUp(t, "eve")
	other.Do(t, "GET", "/v1/boards/"+w.board+"/snapshot", nil).WantProblem(t, 404, "not-found")
	w.patch("/v1/projects/"+w.project, map[string]any{"private": true}).Want(t, 200)
	bob.Do(t, "GET", "/v1/boards/"+w.board+"/snapshot", nil).WantProblem(t, 404, "not-found")
}

func (w *wall) blocks(task, other string) {
	w.t.Helper()
	_, err := w.Server.Owner.Exec(w.t.Context(), `insert into app.task_links (org_id, id, kind, task_id, project_id, other_id, other_project_id, created_by)
		values ($1, gen_random_uuid(), 'blocks', $2, $3, $4, $3, $5)`, w.Org, task, w.project, other, w.User)
	if err != nil {
		w.t.Fatal(err)
	}
}

func decoded(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (- want, + got):\n%s", what, diff)
	}
}

// TestSnapshotOfALongColumn: it shows the first tasks, and the column's list goes on from its cursor.
func TestSnapshotOfALongColumn(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	w.copies(w.task(w.columns[0], nil), 130, "'{}'")
	path := "/v1/boards/" + w.board + "/snapshot"
	for query, want := range map[string]int{"": 100, "?limit=7": 7, "?limit=130": 130, "?limit=131": 131, "?limit=500": 131} {
		r := w.get(path + query)
		found := []string{}
		for _, task := range r.Get(t, "columns.0.tasks").([]any) {
			found = append(found, task.(map[string]any)["rank"].(string))
		}
		next, more := r.Get(t, "columns.0.next_cursor").(string)
		if len(found) != want || more != (want < 131) || r.Number(t, "columns.0.task_count") != 131 {
			t.Errorf("%s: %d tasks, more: %v", query, len(found), more)
		}
		for more {
			r := w.get("/v1/columns/" + w.columns[0] + "/tasks?limit=50&cursor=" + next)
			for _, task := range r.Get(t, "items").([]any) {
				found = append(found, task.(map[string]any)["rank"].(string))
			}
			next, more = r.Get(t, "next_cursor").(string)
		}
		if len(slices.Compact(slices.Clone(found))) != 131 || !slices.IsSorted(found) {
			t.Errorf("%s: the column goes on to %d tasks, in order: %v", query, len(found), slices.IsSorted(found))
		}
	}
	cursor := w.get(path+"?limit=1").Text(t, "columns.0.next_cursor")
	w.Do(t, "GET", "/v1/columns/"+w.columns[1]+"/tasks?cursor="+cursor, nil).WantProblem(t, 422, "validation")
	w.Do(t, "GET", "/v1/columns/"+w.columns[0]+"/tasks?sort=-rank&cursor="+cursor, nil).WantProblem(t, 422, "validation")
	for _, wrong := range []string{"0", "501", "x"} {
		w.Do(t, "GET", path+"?limit="+wrong, nil).WantProblem(t, 422, "validation")
	}
}

// mirror is a client's picture of a board: tasks by id, as snapshots and events give them.
type mirror map[string]map[string]any

func mirrorOf(t *testing.T, shot *board.Snapshot) mirror {
	t.Helper()
	m := mirror{}
	for _, c := range shot.Columns {
		var tasks []map[string]any
		if err := json.Unmarshal(c.Tasks, &tasks); err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			m[task["id"].(string)] = task
		}
	}
	return m
}

// take applies an event, unless what it tells is known.
func (m mirror) take(kind string, version int, task map[string]any) {
	id := task["id"].(string)
	if known, ok := m[id]; ok && int(known["version"].(float64)) >= version {
		return
	}
	m[id] = task
	if kind == "task.deleted" || kind == "task.archived" {
		m[id] = map[string]any{"id": id, "version": float64(version), "gone": true}
	}
}

// shown is the picture without what has left the board.
func (m mirror) shown() mirror {
	shown := maps.Clone(m)
	maps.DeleteFunc(shown, func(_ string, task map[string]any) bool { return task["gone"] != nil })
	return shown
}

// TestSnapshotAndEventsGiveTheBoard: whoever takes a snapshot while others work, and then follows the event log from its
// place, or listened before, has the board as it is in the end.
func TestSnapshotAndEventsGiveTheBoard(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	socket := w.Listen(t)
	var workers sync.WaitGroup
	for n := range 4 {
		workers.Go(func() { w.work(n, 12) })
	}
	done := make(chan struct{})
	go func() { workers.Wait(); close(done) }()
	var shots []*board.Snapshot
	for working := true; working; {
		select {
		case <-done:
			working = false
		default:
			shots = append(shots, w.snapshot())
		}
	}
	w.task(w.columns[3], map[string]any{"title": "The last"})
	final := mirrorOf(t, w.snapshot())
	heard := untilTitle(t, socket, "The last")
	if len(shots) < 3 || len(final) < 10 {
		t.Fatalf("%d snapshots of a board of %d tasks", len(shots), len(final))
	}
	for i, shot := range shots {
		listened, followed := mirrorOf(t, shot), mirrorOf(t, shot)
		for _, e := range heard {
			listened.take(e.Type, e.Version, e.Data)
		}
		same(t, fmt.Sprintf("snapshot %d and what was heard", i), listened.shown(), final)
		for _, e := range w.after(shot.Cursor) {
			followed.take(e.Type, e.Version, e.Data)
		}
		same(t, fmt.Sprintf("snapshot %d and what follows its cursor", i), followed.shown(), final)
	}
}

// snapshot is the board as the operation reads it, with the database's own words for the cursor.
func (w *wall) snapshot() *board.Snapshot {
	w.t.Helper()
	var who db.Subject
	if err := w.Server.Owner.QueryRow(w.t.Context(), "select reseller_id, user_id, id from app.sessions where user_id = $1", w.User).
		Scan(&who.Reseller, &who.User, &who.Session); err != nil {
		w.t.Fatal(err)
	}
	v := &board.Service{Cursor: func(_ uuid.UUID, snapshot string) (string, error) { return snapshot, nil }}
	shot, err := v.GetSnapshot(w.t.Context(), w.Server.App.Pool.Org(who, uuid.MustParse(w.Org), int16(rbac.Guest)),
		&board.GetSnapshotInput{ID: uuid.MustParse(w.board), Limit: 500})
	if err != nil {
		w.t.Fatal(err)
	}
	return shot
}

// after reads the tasks' events that a snapshot of the database did not see, and perhaps some that it saw.
func (w *wall) after(snapshot string) []apitest.Event {
	w.t.Helper()
	seen, err := event.ParseSnapshot(snapshot)
	if err != nil {
		w.t.Fatal(err)
	}
	records, err := event.Log{DB: w.Server.App.Pool.Unscoped()}.After(w.t.Context(), seen.Horizon(), time.Time{}, 10000)
	if err != nil {
		w.t.Fatal(err)
	}
	var events []apitest.Event
	for _, r := range records {
		frame, err := event.NewFrame(r, "")
		if err != nil {
			w.t.Fatal(err)
		}
		var e apitest.Event
		if err := json.Unmarshal(frame, &e); err != nil {
			w.t.Fatal(err)
		}
		if strings.HasPrefix(e.Type, "task.") {
			events = append(events, e)
		}
	}
	return events
}

// TestSnapshotCursorIsOneOfTheStream: in a moment of quiet it is the place that a socket's hello tells.
func TestSnapshotCursorIsOneOfTheStream(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	path := "/v1/boards/" + w.board + "/snapshot"
	for range 100 {
		before, socket, after := w.get(path).Text(t, "cursor"), w.Listen(t), w.get(path).Text(t, "cursor")
		if before == after {
			if socket.Hello.Cursor != before {
				t.Errorf("the cursor is %s, the socket's %s", before, socket.Hello.Cursor)
			}
			return
		}
	}
	t.Error("the database is never quiet")
}

// work changes the board in every way.
func (w *wall) work(seed, rounds int) {
	do := func(method, path string, body any) string {
		r, err := w.Try(method, path, body)
		if err != nil || r.Status >= 300 {
			w.t.Errorf("%s %s: %v %s", method, path, err, r.Body)
			return ""
		}
		var made struct{ ID string }
		_ = json.Unmarshal(r.Body, &made) // nothing comes back of a deletion
		return made.ID
	}
	for i := range rounds {
		task := do("POST", "/v1/columns/"+w.columns[(seed+i)%4]+"/tasks", map[string]any{"title": fmt.Sprintf("Task %d.%d", seed, i)})
		if task == "" {
			return
		}
		at := "/v1/tasks/" + task
		do("PATCH", at, map[string]any{"column_id": w.columns[(seed+i+1)%4], "priority": "high"})
		do("PATCH", at, map[string]any{"assignee_ids": []string{w.User}})
		switch i % 4 {
		case 0:
			do("DELETE", at, nil)
		case 1:
			do("DELETE", at, nil)
			do("POST", at+"/restore", nil)
		case 2:
			do("POST", at+"/archive", nil)
		}
	}
}

// untilTitle reads the events of tasks up to the first of one with the title.
func untilTitle(t *testing.T, socket *apitest.Socket, title string) []apitest.Event {
	t.Helper()
	var seen []apitest.Event
	for {
		e := socket.Next(t)
		if strings.HasPrefix(e.Type, "task.") {
			seen = append(seen, e)
		}
		if e.Data["title"] == title {
			return seen
		}
	}
}
