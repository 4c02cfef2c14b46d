package work_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth/plinth/test/apitest"
)

const bulkPath = "/v1/tasks/bulk"

// bulk sends operations in a mode.
func (y *yard) bulk(mode string, operations ...fields) *apitest.Response {
	y.Helper()
	return y.admin.Do(y, "POST", bulkPath, fields{"mode": mode, "operations": operations})
}

func set(task string, changes fields) fields {
	return fields{"op": "update", "task": task, "set": changes}
}

func (y *yard) get(task string) *apitest.Response {
	y.Helper()
	return y.admin.Do(y, "GET", "/v1/tasks/"+task, nil).Want(y, 200)
}

// refusal is an operation that is refused, and how.
type refusal struct {
	operation fields
	status    int
	kind      string
	place     string // of the problem, in the operation
}

// refusals are operations that a member is refused once they are tried.
func (y *yard) refusals(member string) map[string]refusal {
	y.Helper()
	full := y.admin.Do(y, "PATCH", "/v1/columns/"+y.columns[3], fields{"wip_limit": 1, "wip_mode": "hard"}).Want(y, 200).Text(y, "id")
	y.task(full)
	read, readColumns := y.newProject("READ", false)
	y.made("/v1/projects/"+read+"/members", fields{"user_id": member, "role": "guest"})
	_, hiddenColumns := y.newProject("HIDE", true)
	readable, stale := y.made("/v1/columns/"+readColumns[0]+"/tasks", fields{"title": "Read"}).Text(y, "key"), y.task(y.columns[0])
	hidden := y.task(hiddenColumns[0])
	y.patch("/v1/tasks/"+stale, fields{"title": "Changed"})
	create := func(column string, set fields) fields {
		return fields{"op": "create", "column_id": column, "set": set}
	}
	return map[string]refusal{
		"no such key":        {set("YARD-999", fields{"title": "x"}), 404, "not-found", ".task"},
		"no such id":         {fields{"op": "archive", "task": y.project}, 404, "not-found", ".task"},
		"hidden task":        {fields{"op": "delete", "task": hidden}, 404, "not-found", ".task"},
		"not in the trash":   {fields{"op": "restore", "task": stale}, 404, "not-found", ".task"},
		"hidden column":      {create(hiddenColumns[0], fields{"title": "x"}), 404, "not-found", ".column_id"},
		"absent label":       {create(y.columns[0], fields{"title": "x", "label_ids": []string{y.project}}), 404, "not-found", ".set.label_ids"},
		"absent neighbour":   {set(stale, fields{"after_id": y.project}), 404, "not-found", ".set.after_id"},
		"read only":          {set(readable, fields{"title": "x"}), 403, "forbidden", ""},
		"read only, a new":   {create(readColumns[0], fields{"title": "x"}), 403, "forbidden", ""},
		"read only, a move":  {set(stale, fields{"column_id": readColumns[0]}), 403, "forbidden", ""},
		"full column":        {set(stale, fields{"column_id": full}), 409, "wip-limit", ""},
		"full column, a new": {create(full, fields{"title": "x"}), 409, "wip-limit", ""},
		"stale":              {fields{"op": "update", "task": stale, "version": 1, "set": fields{"title": "x"}}, 412, "stale-version", ".version"},
		"stale deletion":     {fields{"op": "delete", "task": stale, "version": 1}, 412, "stale-version", ".version"},
		"dates":              {set(stale, fields{"start_at": "2026-02-01T00:00:00Z", "due_at": "2026-01-01T00:00:00Z"}), 422, "validation", ".set.start_at"},
		"no such field":      {set(stale, fields{"fields": fields{"size": 1}}), 422, "validation", ".set.fields.size"},
		"its own parent":     {set(stale, fields{"parent_id": stale}), 422, "validation", ".set.parent_id"},
	}
}

func TestBulkIsAllOrNothing(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	mia, refusals := y.refusedMember()
	first, last := y.task(y.columns[0]), y.task(y.columns[0])
	events := y.count("select count(*) from app.events")
	for name, x := range refusals {
		r := mia.bulk("atomic", set(first, fields{"title": "First"}), x.operation, set(last, fields{"title": "Last"}))
		r.WantProblem(t, x.status, x.kind)
		if got := r.Text(t, "errors.0.location"); got != "body.operations[1]"+x.place {
			t.Errorf("%s: the problem is at %s, want %s", name, got, x.place)
		}
	}
	if n := y.count("select count(*) from app.events") - events; n != 0 {
		t.Errorf("%d events of what was undone", n)
	}
	if got := y.get(first).Text(t, "title"); got != "A task" {
		t.Errorf("the first operation stands: %s", got)
	}
	r := mia.admin.Do(t, "POST", bulkPath, fields{"operations": []fields{set(first, fields{"title": "First"}), {"op": "archive", "task": last},
		{"op": "create", "column_id": y.columns[0], "set": fields{"title": "New"}}, {"op": "delete", "task": last}}}).Want(t, 200)
	want := fields{"results.0.status": 200., "results.0.task.title": "First", "results.1.task.id": last, "results.2.status": 201.,
		"results.2.task.title": "New", "results.3.status": 204., "results.3.task": nil, "results.3.index": 3., "succeeded": 4., "failed": 0.}
	for place, want := range want {
		if got := r.Get(t, place); got != want {
			t.Errorf("%s is %v, want %v", place, got, want)
		}
	}
	if n := y.count("select count(*) from app.events") - events; n != 4 {
		t.Errorf("%d events of 4 operations", n)
	}
}

// refusedMember is the yard as a member has it who is no admin, with operations that are refused.
func (y *yard) refusedMember() (*yard, map[string]refusal) {
	y.Helper()
	member := *y
	member.admin = y.admin.Join(y, "mia", "member")
	return &member, y.refusals(member.admin.User)
}

func TestBulkOfEachAlone(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	mia, refusals := y.refusedMember()
	names := slices.Sorted(maps.Keys(refusals))
	var operations []fields
	var tasks []string
	for _, name := range names {
		tasks = append(tasks, y.task(y.columns[0]))
		operations = append(operations, refusals[name].operation, set(tasks[len(tasks)-1], fields{"title": "After " + name}))
	}
	events := y.count("select count(*) from app.events")
	r := mia.bulk("each", operations...).Want(t, 200)
	for i, name := range names {
		x, at := refusals[name], fmt.Sprintf("results.%d.", 2*i)
		if r.Number(t, at+"status") != float64(x.status) || r.Text(t, at+"problem.type") != "/problems/"+x.kind || r.Get(t, at+"task") != nil ||
			r.Text(t, at+"problem.errors.0.location") != fmt.Sprintf("body.operations[%d]%s", 2*i, x.place) {
			t.Errorf("%s: %v", name, r.Get(t, strings.TrimSuffix(at, ".")))
		}
		if got := y.get(tasks[i]).Text(t, "title"); got != "After "+name {
			t.Errorf("%s: the operation behind it does not stand: %s", name, got)
		}
	}
	if r.Number(t, "succeeded") != float64(len(names)) || r.Number(t, "failed") != float64(len(names)) {
		t.Errorf("counted %v and %v of %d", r.Get(t, "succeeded"), r.Get(t, "failed"), len(operations))
	}
	if n := y.count("select count(*) from app.events") - events; n != len(names) {
		t.Errorf("%d events of %d operations that stand", n, len(names))
	}
}

func TestBulkBodiesAreReadStrictly(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[0])
	fine := set(task, fields{"title": "Fine"})
	for place, operation := range map[string]fields{
		"op":              {"op": "rename", "task": task},
		"task":            {"op": "archive", "task": "x"},
		"set.title":       set(task, fields{"title": strings.Repeat("x", 501)}),
		"set.priority":    set(task, fields{"priority": "highest"}),
		"set.due_at":      set(task, fields{"due_at": "tomorrow"}),
		"set.start_at":    set(task, fields{"start_at": "9999-12-31T23:59:59-10:00"}), // valid by the schema
		"set.colour":      set(task, fields{"colour": "red"}),
		"set.org_id":      set(task, fields{"org_id": y.admin.Org}),
		"set.status":      {"op": "create", "column_id": y.columns[0], "set": fields{"title": "x", "status": "done"}},
		"set.description": {"op": "create", "column_id": y.columns[0], "set": fields{"title": "x", "description": nil}},
		"set":             {"op": "archive", "task": task, "set": fields{}},
		"version":         {"op": "restore", "task": task, "version": 1},
		"column_id":       {"op": "update", "task": task, "set": fields{}, "column_id": y.columns[0]},
	} {
		for _, mode := range []string{"atomic", "each"} {
			r := y.bulk(mode, fine, operation, fine).WantProblem(t, 422, "validation")
			if got := r.Text(t, "errors.0.location"); place != "op" && got != "body.operations[1]."+place || !strings.HasPrefix(got, "body.operations[1]") {
				t.Errorf("the problem is at %s, want %s: %s", got, place, r.Body)
			}
		}
	}
	for name, operation := range map[string]any{"no op": fields{"task": task}, "null": nil, "a text": "archive", "op of another type": fields{"op": 1},
		"no title": fields{"op": "create", "column_id": y.columns[0], "set": fields{}}, "no column": fields{"op": "create", "set": fields{"title": "x"}}, "no set": fields{"op": "update", "task": task}} {
		r := y.admin.Do(t, "POST", bulkPath, fields{"operations": []any{operation}})
		if r.Status != 422 && r.Status != 400 || !strings.Contains(string(r.Body), "body.operations[0]") {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
	y.bulk("each").WantProblem(t, 422, "validation")
	y.bulk("each", slices.Repeat([]fields{fine}, 501)...).WantProblem(t, 422, "validation")
	y.bulk("background", fine).WantProblem(t, 422, "validation")
	if got := y.get(task).Number(t, "version"); got != 1 {
		t.Errorf("a refused body made version %v", got)
	}
}

var (
	idForm   = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	timeForm = regexp.MustCompile(`20[0-9]{2}-[^"]*Z`)
)

// nameless is a JSON text with its ids numbered in the order that they come in, and its times all alike.
func nameless(text []byte) string {
	seen := map[string]string{}
	named := idForm.ReplaceAllStringFunc(string(text), func(id string) string {
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("id %d", len(seen))
		}
		return seen[id]
	})
	return timeForm.ReplaceAllString(named, "time")
}

// state is all tasks of the yard, wherever they are.
func (y *yard) state() string {
	var all []string
	for _, state := range []string{"active", "archived", "trashed"} {
		r := y.admin.Do(y, "GET", "/v1/tasks?limit=200&sort=rank&state="+state, nil).Want(y, 200)
		var page struct{ Items []fields }
		if err := json.Unmarshal(r.Body, &page); err != nil {
			y.Fatal(err)
		}
		slices.SortStableFunc(page.Items, func(a, b fields) int { return strings.Compare(fmt.Sprint(a["status"]), fmt.Sprint(b["status"])) })
		for _, item := range page.Items { // a column's list has their order; the ranks themselves are in part random
			delete(item, "rank")
		}
		text, err := json.MarshalIndent(page.Items, "", " ")
		if err != nil {
			y.Fatal(err)
		}
		all = append(all, string(text))
	}
	return nameless([]byte(strings.Join(all, "\n")))
}

// TestBulkIsLikeSingleRequests does the same random operations in two organizations, one by one in the one and at once in
// the other: the answers and what comes of them are the same.
func TestBulkIsLikeSingleRequests(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		single, bulk := newYard(t), newYard(t)
		for _, y := range []*yard{single, bulk} {
			y.admin.Do(t, "PATCH", "/v1/columns/"+y.columns[2], fields{"wip_limit": 4, "wip_mode": "hard"}).Want(t, 200)
			for range 8 {
				y.task(y.columns[0])
			}
		}
		for round := range 4 {
			do := func(y *yard) []fields { // the same for both, but for the ids
				r := rand.New(rand.NewPCG(seed, uint64(round)))
				var operations []fields
				for range 30 {
					operations = append(operations, y.randomOperation(r))
				}
				return operations
			}
			var want []string
			for _, o := range do(single) {
				want = append(want, single.alone(o))
			}
			r := bulk.bulk("each", do(bulk)...).Want(t, 200)
			var got []string
			for i := range r.Len(t, "results") {
				got = append(got, result(r.Get(t, fmt.Sprintf("results.%d", i)).(fields)))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, round %d (- alone, + at once):\n%s", seed, round, diff)
			}
			if diff := cmp.Diff(single.state(), bulk.state()); diff != "" {
				t.Fatalf("seed %d, round %d (- alone, + at once):\n%s", seed, round, diff)
			}
			kinds := "select count(*) from app.events where kind like 'task.%'"
			if a, b := single.count(kinds), bulk.count(kinds); a != b {
				t.Errorf("seed %d: %d events alone, %d at once", seed, a, b)
			}
		}
	}
}

func (y *yard) randomOperation(r *rand.Rand) fields {
	key := fmt.Sprintf("YARD-%d", 1+r.IntN(14)) // some are not there yet
	column := y.columns[r.IntN(4)]
	switch r.IntN(10) {
	case 0:
		return fields{"op": "delete", "task": key}
	case 1, 2:
		return fields{"op": "restore", "task": key}
	case 3:
		return fields{"op": "archive", "task": key}
	case 4:
		return fields{"op": "unarchive", "task": key}
	case 5:
		return fields{"op": "create", "column_id": column, "set": fields{"title": fmt.Sprint("Task ", r.IntN(100)), "priority": "high"}}
	case 6:
		return set(key, fields{"column_id": column})
	case 7:
		return set(key, fields{"status": []string{"todo", "done"}[r.IntN(2)], "description": "To *do*"})
	case 8:
		return set(key, fields{"start_at": "2026-02-01T00:00:00Z", "due_at": fmt.Sprintf("2026-0%d-01T00:00:00Z", 1+r.IntN(4))})
	}
	o := set(key, fields{"title": fmt.Sprint("Title ", r.IntN(100)), "estimate": r.IntN(5)})
	o["version"] = 1 + r.IntN(4)
	return o
}

// alone does an operation by its own request and gives how it went.
func (y *yard) alone(o fields) string {
	var r *apitest.Response
	task := fmt.Sprint("/v1/tasks/", o["task"])
	var headers []apitest.Header
	if o["version"] != nil {
		headers = append(headers, apitest.Header{Name: "If-Match", Value: fmt.Sprintf(`"%v"`, o["version"])})
	}
	switch o["op"] {
	case "create":
		r = y.admin.Do(y, "POST", fmt.Sprintf("/v1/columns/%v/tasks", o["column_id"]), o["set"])
	case "update":
		r = y.admin.Do(y, "PATCH", task, o["set"], headers...)
	case "delete":
		r = y.admin.Do(y, "DELETE", task, nil, headers...)
	default:
		r = y.admin.Do(y, "POST", task+"/"+o["op"].(string), nil)
	}
	var body fields
	if len(r.Body) > 0 {
		if err := json.Unmarshal(r.Body, &body); err != nil {
			y.Fatal(err)
		}
	}
	if r.Status < 300 {
		return result(fields{"status": float64(r.Status), "task": body})
	}
	return result(fields{"status": float64(r.Status), "problem": body})
}

// result is how an operation went, less what depends on where it was asked for.
func result(r fields) string {
	if p, ok := r["problem"].(fields); ok {
		return fmt.Sprint(r["status"], p["type"], p["title"], p["detail"])
	}
	task, _ := r["task"].(fields)
	return fmt.Sprint(r["status"], task["key"], task["title"], task["status"], task["version"], task["due_at"], task["archived_at"] != nil)
}

// TestBulksInOppositeOrder has requests change the same tasks from either end: each comes through.
func TestBulksInOppositeOrder(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	const count, requests = 40, 8
	var operations []fields
	for range count {
		operations = append(operations, set(y.task(y.columns[0]), fields{"priority": "high"}))
	}
	reversed := slices.Clone(operations)
	slices.Reverse(reversed)
	for _, mode := range []string{"atomic", "each"} {
		for _, r := range y.atOnce(requests, func(i int) (string, string, any) {
			return "POST", bulkPath, fields{"mode": mode, "operations": [][]fields{operations, reversed}[i%2]}
		}) {
			if r.Want(t, 200).Number(t, "failed") != 0 {
				t.Errorf("%s: %s", mode, r.Body)
			}
		}
	}
	if n := y.count("select min(version) from app.tasks"); n != 1+2*requests {
		t.Errorf("after %d changes of each task there are versions %d", 2*requests, n)
	}
}

// TestBulksOfNewTasksInOppositeOrder meets the locks that no order of tasks helps with: of two projects.
func TestBulksOfNewTasksInOppositeOrder(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	_, others := y.newProject("FAR", false)
	const requests = 4
	for _, mode := range []string{"atomic", "each"} {
		for _, r := range y.atOnce(requests, func(i int) (string, string, any) {
			columns := []string{y.columns[0], others[0]}
			if i%2 == 1 {
				slices.Reverse(columns)
			}
			var operations []fields
			for n := range 20 {
				operations = append(operations, fields{"op": "create", "column_id": columns[n/10], "set": fields{"title": "New"}})
			}
			return "POST", bulkPath, fields{"mode": mode, "operations": operations}
		}) {
			if r.Want(t, 200).Number(t, "failed") != 0 {
				t.Errorf("%s: %s", mode, r.Body)
			}
		}
	}
	if n := y.count("select count(*) from app.tasks"); n != 2*requests*20 {
		t.Errorf("%d tasks were made", n)
	}
}

func TestBulksKeepHardLimits(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	const limit, requests = 7, 6
	y.admin.Do(t, "PATCH", "/v1/columns/"+y.columns[2], fields{"wip_limit": limit, "wip_mode": "hard"}).Want(t, 200)
	tasks := make([][]fields, requests)
	for i := range tasks {
		for range 4 {
			tasks[i] = append(tasks[i], set(y.task(y.columns[0]), fields{"column_id": y.columns[2]}))
		}
	}
	succeeded := 0.
	for _, r := range y.atOnce(requests, func(i int) (string, string, any) {
		return "POST", bulkPath, fields{"mode": "each", "operations": tasks[i]}
	}) {
		succeeded += r.Want(t, 200).Number(t, "succeeded")
	}
	if n := y.count("select count(*) from app.tasks where column_id = $1", y.columns[2]); n != limit || succeeded != limit {
		t.Errorf("%d tasks in a column for %d; %v moves were said to be done", n, limit, succeeded)
	}
}

func TestBulkIsRetriedSafely(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[0])
	key := apitest.Header{Name: "Idempotency-Key", Value: "once"}
	body := fields{"mode": "each", "operations": []fields{set(task, fields{"title": "Once"}), set("YARD-99", fields{}), {"op": "create", "column_id": y.columns[0], "set": fields{"title": "New"}}}}
	first := y.admin.Do(t, "POST", bulkPath, body, key).Want(t, 200)
	again := y.admin.Do(t, "POST", bulkPath, body, key).Want(t, 200)
	if string(first.Body) != string(again.Body) || again.Header.Get("Idempotency-Replayed") != "true" || first.Number(t, "failed") != 1 {
		t.Errorf("first %s\nagain %s", first.Body, again.Body)
	}
	if n := y.get(task).Number(t, "version"); n != 2 || y.count("select count(*) from app.tasks") != 2 {
		t.Errorf("the retry did it again: version %v", n)
	}
	body["mode"] = "atomic"
	refused := apitest.Header{Name: "Idempotency-Key", Value: "refused"}
	y.admin.Do(t, "POST", bulkPath, body, refused).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "POST", bulkPath, body, refused).WantProblem(t, 404, "not-found") // the key is free again
	if n := y.get(task).Number(t, "version"); n != 2 {
		t.Errorf("a refused request made version %v", n)
	}
}

// TestBulkOfALostConnection ends the server's side of it between two operations.
func TestBulkOfALostConnection(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[0])
	for _, mode := range []string{"atomic", "each"} {
		release := y.hold("select from app.projects for update") // a new task takes a number of its
		answer := make(chan *apitest.Response, 1)
		go func() {
			r, _ := y.admin.Try("POST", bulkPath, fields{"mode": mode, "operations": []fields{set(task, fields{"title": "Half"}),
				{"op": "create", "column_id": y.columns[0], "set": fields{"title": "New"}}}})
			answer <- r
		}()
		y.until("the request waits for the project", func() bool {
			return y.count(`select count(pg_terminate_backend(pid)) from pg_stat_activity
				where datname = current_database() and wait_event_type = 'Lock' and query like '%CreateTask%'`) > 0
		})
		if r := <-answer; r == nil || r.Status != 503 {
			t.Errorf("%s: answered %v", mode, r)
		}
		release()
		if got := y.get(task).Text(t, "title"); got != "A task" {
			t.Errorf("%s: half of it stands", mode)
		}
	}
}

// hold has somebody else hold locks until release, or the end of the test.
func (y *yard) hold(sql string, args ...any) (release func()) {
	y.Helper()
	held, err := y.admin.Server.Owner.Begin(y.Context())
	if err != nil {
		y.Fatal(err)
	}
	release = func() { _ = held.Rollback(context.WithoutCancel(y.Context())) } // the second time it has none
	y.Cleanup(release)
	if _, err := held.Exec(y.Context(), sql, args...); err != nil {
		y.Fatal(err)
	}
	return release
}

// until looks until the condition holds.
func (y *yard) until(what string, holds func() bool) {
	y.Helper()
	look, limit := time.NewTicker(5*time.Millisecond), time.After(2*time.Minute)
	defer look.Stop()
	for !holds() {
		select {
		case <-limit:
			y.Fatalf("never: %s", what)
		case <-look.C:
		}
	}
}

// TestBulkOfManyIsQuick is no measure but a bound far from it: the request's time.
func TestBulkOfManyIsQuick(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	for _, mode := range []string{"atomic", "each"} {
		var operations []fields
		for i := range 500 {
			operations = append(operations, fields{"op": "create", "column_id": y.columns[0], "set": fields{"title": fmt.Sprint("Task ", i)}})
		}
		began := time.Now()
		r := y.bulk(mode, operations...).Want(t, 200)
		made := time.Since(began)
		if _, err := y.admin.Server.Owner.Exec(t.Context(), "analyze app.tasks"); err != nil { // as the database does within a minute
			t.Fatal(err)
		}
		operations = nil
		for _, result := range r.Get(t, "results").([]any) {
			operations = append(operations, set(result.(fields)["task"].(fields)["id"].(string), fields{"title": "Changed", "priority": "high"}))
		}
		began = time.Now()
		y.bulk(mode, operations...).Want(t, 200)
		t.Logf("%s: 500 made in %v, changed in %v", mode, made, time.Since(began))
	}
	if n := y.count("select count(*) from app.tasks where title = 'Changed' and version = 2"); n != 1000 {
		t.Errorf("%d tasks were changed", n)
	}
}

// TestBulkAtOnePlaceKeepsRanksShort puts many tasks before the same one in one transaction.
func TestBulkAtOnePlaceKeepsRanksShort(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	first, second := y.task(y.columns[0]), y.task(y.columns[0])
	a, b := y.task(y.columns[0]), y.task(y.columns[0])
	for _, mode := range []string{"atomic", "each"} {
		var operations []fields
		for range 250 {
			operations = append(operations, set(a, fields{"before_id": second}), set(b, fields{"before_id": second}), set(a, fields{"after_id": first}), set(b, fields{"after_id": first, "before_id": a}))
		}
		y.bulk(mode, operations[:500]...).Want(t, 200)
		y.bulk(mode, operations[500:]...).Want(t, 200)
	}
	if n := y.count("select max(length(rank)) from app.tasks"); n > 101 {
		t.Errorf("a rank has %d characters", n)
	}
}

// TestBulkGoesOnWhereRanksStayLong has somebody else keep the ranks as they are: that fails none of the operations.
func TestBulkGoesOnWhereRanksStayLong(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	first, moved, last := y.task(y.columns[0]), y.task(y.columns[0]), y.task(y.columns[0])
	y.count(`with x as (update app.tasks t set rank = f.rank || repeat('V', 99) || case when t.id = $1 then '' else 'W' end
		from app.tasks f where f.id = $1 and t.id = any(array[$1, $2]::uuid[]) returning 1) select count(*) from x`, first, last)
	release := y.hold("select pg_advisory_xact_lock_shared(hashtextextended('ranks ' || $1, 0))", y.admin.Org)
	r := y.bulk("atomic", set(moved, fields{"after_id": first}), set(last, fields{"title": "Last"})).Want(t, 200)
	release()
	if r.Text(t, "results.1.task.title") != "Last" || y.get(last).Text(t, "title") != "Last" || len(r.Text(t, "results.0.task.rank")) <= 100 {
		t.Errorf("answered %s", r.Body)
	}
	y.bulk("atomic", set(moved, fields{"after_id": first})).Want(t, 200)
	if n := y.count("select max(length(rank)) from app.tasks"); n > 100 {
		t.Errorf("a rank has %d characters once nobody is in the way", n)
	}
}
