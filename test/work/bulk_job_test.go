package work_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/job"
	"github.com/plinth/plinth/test/apitest"
)

const jobPath = "/v1/tasks/bulk/jobs"

// taking has an app take jobs on.
func taking() apitest.Option { return apitest.WithJobs(&job.Workers{}) }

// newYardWith is a yard of a server with options.
func newYardWith(t *testing.T, options ...apitest.Option) *yard {
	t.Helper()
	y := &yard{T: t, admin: apitest.New(t, options...).SignUp(t, "ada")}
	y.project, y.columns = y.newProject("YARD", false)
	return y
}

// start leaves a change to the background and gives the job.
func (y *yard) start(body fields) string {
	y.Helper()
	return y.admin.Do(y, "POST", jobPath, body).Want(y, 202).Text(y, "id")
}

func (y *yard) job(id string) *apitest.Response {
	y.Helper()
	return y.admin.Do(y, "GET", "/v1/jobs/"+id, nil).Want(y, 200)
}

// ended waits for a job's end.
func (y *yard) ended(id, state string) *apitest.Response {
	y.Helper()
	var r *apitest.Response
	y.until("the job ends", func() bool {
		r = y.job(id)
		return r.Get(y, "finished_at") != nil
	})
	if r.Text(y, "state") != state {
		y.Fatalf("the job ended as %s, want %s", r.Body, state)
	}
	return r
}

// creations are operations that make tasks of different titles.
func (y *yard) creations(n int) []fields {
	var operations []fields
	for i := range n {
		operations = append(operations, fields{"op": "create", "column_id": y.columns[0], "set": fields{"title": fmt.Sprint("Task ", i)}})
	}
	return operations
}

func TestJobDoesItsOperations(t *testing.T) {
	t.Parallel()
	y := newYardWith(t, taking())
	mia, refusals := y.refusedMember()
	operations, kinds := y.creations(60), map[int]refusal{}
	for _, x := range refusals {
		kinds[len(operations)] = x
		operations = append(operations, x.operation)
	}
	task := y.task(y.columns[0])
	last := set(task, fields{"title": "Last", "description": nil, "due_at": "2026-02-01T00:00:00Z", "estimate": 2.5, "label_ids": []string{}, "fields": fields{}, "parent_id": nil})
	last["version"] = 1
	operations = append(operations, last)
	socket := y.admin.Listen(t)
	id := mia.start(fields{"operations": operations})
	r := mia.ended(id, "succeeded")
	for name, want := range map[string]any{"kind": "tasks.bulk", "total": float64(len(operations)), "done": float64(len(operations)),
		"failed": float64(len(refusals)), "created_by": mia.admin.User, "problem": nil} {
		if got := r.Get(t, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if got := y.get(task); got.Text(t, "title") != "Last" || got.Number(t, "estimate") != 2.5 || got.Text(t, "due_at") != "2026-02-01T00:00:00Z" {
		t.Errorf("the last operation did %s", got.Body)
	}
	for socket.Next(t).Data["title"] != "Last" { // or the test ends in waiting
	}
	var indexes []any
	for _, item := range mia.admin.Do(t, "GET", "/v1/jobs/"+id+"/failures", nil).Want(t, 200).Get(t, "items").([]any) {
		failure := item.(fields)
		index := int(failure["index"].(float64))
		x, problem := kinds[index], failure["problem"].(fields)
		place := problem["errors"].([]any)[0].(fields)["location"]
		if problem["type"] != "/problems/"+x.kind || problem["status"] != float64(x.status) || place != fmt.Sprintf("body.operations[%d]%s", index, x.place) ||
			failure["task"] != x.operation["task"] {
			t.Errorf("%v failed with %v", x, failure)
		}
		indexes = append(indexes, failure["index"])
	}
	if walked := mia.walk("/v1/jobs/"+id+"/failures", "index", 2); len(indexes) != len(refusals) || fmt.Sprint(walked) != fmt.Sprint(indexes) {
		t.Errorf("failures %v, page by page %v", indexes, walked)
	}
	if n := y.count("select count(distinct title) from app.tasks where title like 'Task %'"); n != 60 {
		t.Errorf("%d tasks were made", n)
	}
}

func TestJobByFilter(t *testing.T) {
	t.Parallel()
	y := newYardWith(t, taking())
	_, others := y.newProject("FAR", false)
	for i := range 120 {
		column := y.columns[i%2]
		if i >= 100 {
			column = others[0]
		}
		y.made("/v1/columns/"+column+"/tasks", fields{"title": fmt.Sprint("Task ", i)})
	}
	body := fields{"filter": `status = "backlog"`, "project_id": y.project, "set": fields{"priority": "urgent", "status": "done"}}
	id := y.start(body)
	y.task(y.columns[0]) // after the start
	if r := y.ended(id, "succeeded"); r.Number(t, "total") != 50 || r.Number(t, "failed") != 0 {
		t.Errorf("job %s", r.Body)
	}
	changed := "select count(*) from app.tasks where priority = 4 and status = 'done' and version = 2"
	if n := y.count(changed); n != 50 || y.count(changed+" and project_id = $1", y.project) != 50 {
		t.Errorf("%d tasks were changed", n)
	}
	count := func(state string) int {
		return y.count("select count(*) from app.tasks where " + map[string]string{"archived": "archived_at is not null and deleted_at is null",
			"trashed": "deleted_at is not null", "active": "archived_at is null and deleted_at is null"}[state])
	}
	for _, step := range []struct {
		op, state string
		total     float64
	}{{"archive", "archived", 50}, {"unarchive", "active", 50}, {"delete", "trashed", 50}, {"restore", "active", 50}} {
		r := y.ended(y.start(fields{"filter": `priority = "urgent"`, "op": step.op}), "succeeded")
		if r.Number(t, "total") != step.total || r.Number(t, "failed") != 0 {
			t.Errorf("%s: %s", step.op, r.Body)
		}
		if want := map[string]int{"archived": 50, "trashed": 50, "active": 121}[step.state]; count(step.state) != want {
			t.Errorf("after %s %d tasks are %s", step.op, count(step.state), step.state)
		}
	}
	if r := y.ended(y.start(fields{"filter": `title = "none is called so"`, "op": "delete"}), "succeeded"); r.Number(t, "total") != 0 {
		t.Errorf("job of nothing: %s", r.Body)
	}
}

func TestJobIsAskedForClearly(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[0])
	operations := []fields{{"op": "archive", "task": task}}
	for place, body := range map[string]fields{
		"body.filter":                  {},
		"body.project_id":              {"operations": operations, "project_id": y.project},
		"body.op":                      {"operations": operations, "op": "archive"},
		"body.set":                     {"operations": operations, "set": fields{}},
		"body.operations":              {"operations": []fields{}},
		"body.set.title":               {"filter": `status = "done"`, "set": fields{"title": ""}},
		"body.set.colour":              {"filter": `status = "done"`, "set": fields{"colour": "red"}},
		"body.operations[0].set.title": {"operations": []fields{set(task, fields{"title": ""})}},
	} {
		r := y.admin.Do(t, "POST", jobPath, body).WantProblem(t, 422, "validation")
		if got := r.Text(t, "errors.0.location"); got != place {
			t.Errorf("the problem is at %s, want %s", got, place)
		}
	}
	for why, body := range map[string]fields{
		"both":             {"operations": operations, "filter": `status = "done"`},
		"nothing to set":   {"filter": `status = "done"`},
		"set to archive":   {"filter": `status = "done"`, "op": "archive", "set": fields{}},
		"wrong expression": {"filter": `status = "doing"`, "op": "archive"},
		"unknown field":    {"filter": `fields.size = "1"`, "op": "archive"},
		"empty":            {"filter": "", "op": "archive"},
	} {
		r := y.admin.Do(t, "POST", jobPath, body)
		if r.Status != 422 {
			t.Errorf("%s: %d %s", why, r.Status, r.Body)
			continue
		}
		if got := r.Text(t, "errors.0.location"); got != "body.filter" && got != "body.set" {
			t.Errorf("%s: the problem is at %s", why, got)
		}
	}
	y.admin.Do(t, "POST", jobPath, fields{"filter": `status = "done"`, "op": "archive", "project_id": task}).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "POST", jobPath, fields{"operations": y.creations(10_001)}).WantProblem(t, 422, "validation")
	large := fields{"op": "create", "column_id": y.columns[0], "set": fields{"title": "x", "description": strings.Repeat("x", 90_000)}}
	y.admin.Do(t, "POST", jobPath, fields{"operations": []fields{large, large, large, large, large, large, large, large, large, large, large, large}}).WantProblem(t, 413, "too-large")
	if n := y.count("select count(*) from app.jobs") + y.count("select count(*) from jobs.river_job"); n != 0 {
		t.Errorf("%d jobs of refused requests", n)
	}
}

func TestJobIsItsOwners(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	mia, noa := y.admin.Join(t, "mia", "member"), y.admin.Join(t, "noa", "member")
	body := fields{"operations": []fields{{"op": "archive", "task": y.task(y.columns[0])}}}
	id := mia.Do(t, "POST", jobPath, body).Want(t, 202).Text(t, "id")
	for _, request := range []string{"GET /v1/jobs/" + id, "GET /v1/jobs/" + id + "/failures", "POST /v1/jobs/" + id + "/cancel"} {
		method, path, _ := strings.Cut(request, " ")
		noa.Do(t, method, path, nil).WantProblem(t, 404, "not-found")
	}
	if n := noa.Do(t, "GET", "/v1/jobs", nil).Want(t, 200).Len(t, "items"); n != 0 {
		t.Errorf("another member lists %d jobs", n)
	}
	if got := y.admin.Do(t, "GET", "/v1/jobs", nil).Want(t, 200).Text(t, "items.0.id"); got != id {
		t.Errorf("an admin lists %s first", got)
	}
	for _, r := range y.atOnce(8, func(int) (string, string, any) { return "POST", "/v1/jobs/" + id + "/cancel", nil }) {
		r.Want(t, 200)
	}
	again := mia.Do(t, "POST", "/v1/jobs/"+id+"/cancel", nil).Want(t, 200)
	if again.Text(t, "state") != "canceled" || again.Number(t, "version") != 2 || again.Get(t, "started_at") != nil {
		t.Errorf("cancelled again: %s", again.Body)
	}
	y.admin.Server.Node(t, taking())
	y.until("the queue is empty", func() bool { return y.count("select count(*) from jobs.river_job where state <> 'completed'") == 0 })
	if n := y.count("select count(*) from app.tasks where archived_at is not null"); n != 0 {
		t.Error("a cancelled job was done")
	}
}

func TestJobIsCancelledMidway(t *testing.T) {
	t.Parallel()
	y := newYardWith(t, taking())
	id := y.start(fields{"operations": y.creations(3000)})
	y.until("the job runs", func() bool { return y.job(id).Number(t, "done") > 0 })
	r := y.admin.Do(t, "POST", "/v1/jobs/"+id+"/cancel", nil).Want(t, 200)
	done := int(r.Number(t, "done"))
	if r.Text(t, "state") != "canceled" || done == 3000 {
		t.Fatalf("cancelled: %s", r.Body)
	}
	y.until("the queue is empty", func() bool { return y.count("select count(*) from jobs.river_job where state <> 'completed'") == 0 })
	if n := y.count("select count(*) from app.tasks"); n != done || int(y.job(id).Number(t, "done")) != done {
		t.Errorf("%d of %d operations are done", n, done)
	}
	short := y.start(fields{"operations": y.creations(1)})
	y.ended(short, "succeeded")
	y.admin.Do(t, "POST", "/v1/jobs/"+short+"/cancel", nil).WantProblem(t, 409, "job-ended")
}

// TestJobGoesOnAfterARestart stops the process in the middle of a job, and again its successor; the third one ends it.
func TestJobGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	y := newYardWith(t, taking())
	const count = 1500
	id := y.start(fields{"operations": y.creations(count)})
	y.until("the job runs", func() bool { return y.job(id).Number(t, "done") > 0 })
	y.admin.Server.StopRelay()
	if r := y.job(id); r.Text(t, "state") != "running" {
		t.Fatalf("it ended before it was stopped: %s", r.Body)
	}
	y.admin.Server.Node(t, taking())
	r := y.ended(id, "succeeded")
	if n := y.count("select count(distinct title) from app.tasks"); n != count || y.count("select count(*) from app.tasks") != count || r.Number(t, "failed") != 0 {
		t.Errorf("%d operations of %d were done once: %s", n, count, r.Body)
	}
	if n := y.count("select count(*) from app.events where kind = 'task.created'"); n != count {
		t.Errorf("%d events", n)
	}
}

// cord is the line to the database, which can be cut.
type cord struct {
	mu    sync.Mutex
	conns []net.Conn
	cut   bool
}

func (c *cord) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	c.conns = append(c.conns, conn)
	return conn, nil
}

func (c *cord) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	for _, conn := range c.conns {
		_ = conn.Close()
	}
}

// TestJobOfAKilledProcessGoesOn cuts a process off in the middle of a chunk, as kill -9 does: nobody tells the queue.
func TestJobOfAKilledProcessGoesOn(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	var line cord
	killed := func(o *app.Options) { o.Dial = line.dial }
	y.admin.Server.Node(t, taking(), killed)
	far, farColumns := y.newProject("FAR", false)
	const count = 120
	operations := y.creations(count)
	operations[70]["column_id"] = farColumns[0]
	release := y.hold("select from app.projects where id = $1 for update", far)
	id := y.start(fields{"operations": operations})
	y.until("the job waits in its second chunk", func() bool {
		return y.count("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%CreateTask%'") > 0
	})
	line.sever()
	release()
	y.until("the database has noticed", func() bool {
		return y.count("select count(*) from pg_stat_activity where datname = current_database() and backend_xid is not null") == 0
	})
	if n, done := y.count("select count(*) from app.tasks"), y.job(id).Number(t, "done"); n != 50 || done != 50 {
		t.Fatalf("%d tasks of %v operations", n, done)
	}
	if n := y.count(`with late as (update jobs.river_job set attempted_at = now() - interval '31 seconds' where state = 'running' returning 1)
		select count(*) from late`); n != 1 {
		t.Fatalf("%d jobs are left running", n)
	}
	y.count("with gone as (delete from jobs.river_leader returning 1) select count(*) from gone") // else it leads for some seconds more
	y.admin.Server.Node(t, taking())
	y.ended(id, "succeeded")
	if n := y.count("select count(distinct title) from app.tasks"); n != count || y.count("select count(*) from app.tasks") != count {
		t.Errorf("%d operations of %d were done once", n, count)
	}
}

// TestJobOfOneWhoLosesAccess: in the project, where the operations fail; as a member, where the job does; altogether, where
// it is gone.
func TestJobOfOneWhoLosesAccess(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	member := func() *apitest.Client { return y.admin.Join(t, "mia", "member") }
	body := fields{"operations": []fields{set(y.task(y.columns[0]), fields{"title": "x"}), set(y.task(y.columns[0]), fields{"title": "x"})}}
	reader, guest, gone := member(), member(), member()
	jobs := map[*apitest.Client]string{}
	for _, who := range []*apitest.Client{reader, guest, gone} {
		jobs[who] = who.Do(t, "POST", jobPath, body).Want(t, 202).Text(t, "id")
	}
	y.made("/v1/projects/"+y.project+"/members", fields{"user_id": reader.User, "role": "guest"})
	y.patch("/v1/orgs/"+y.admin.Org+"/members/"+guest.User, fields{"role": "guest"})
	y.admin.Do(t, "DELETE", "/v1/orgs/"+y.admin.Org+"/members/"+gone.User, nil).Want(t, 204)
	y.admin.Server.Node(t, taking())
	if r := y.ended(jobs[reader], "succeeded"); r.Number(t, "failed") != 2 {
		t.Errorf("of a reader: %s", r.Body)
	}
	if got := reader.Do(t, "GET", "/v1/jobs/"+jobs[reader]+"/failures", nil).Want(t, 200).Text(t, "items.1.problem.type"); got != "/problems/forbidden" {
		t.Errorf("the reader's operation failed with %s", got)
	}
	if r := y.ended(jobs[guest], "failed"); r.Text(t, "problem.type") != "/problems/forbidden" || r.Number(t, "done") != 0 {
		t.Errorf("of a guest: %s", r.Body)
	}
	y.admin.Do(t, "GET", "/v1/jobs/"+jobs[gone], nil).WantProblem(t, 404, "not-found")
	y.until("the queue is empty", func() bool {
		return y.count("select count(*) from jobs.river_job where state not in ('completed', 'cancelled')") == 0
	})
	if n := y.count("select count(*) from app.tasks where version > 1"); n != 0 {
		t.Errorf("%d tasks were changed", n)
	}
}

func TestSweepEmptiesTheTrash(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	old, young, parent, restored := y.task(y.columns[0]), y.task(y.columns[0]), y.task(y.columns[0]), y.task(y.columns[0])
	child := y.made("/v1/columns/"+y.columns[0]+"/tasks", fields{"title": "Child", "parent_id": parent}).Text(t, "id")
	y.made("/v1/tasks/"+old+"/comments", fields{"body": "Word"})
	y.item(old, "Step")
	y.link(old, "blocks", young)
	for _, task := range []string{old, young, parent, restored} {
		y.trash(task)
	}
	days := "with x as (update app.tasks set deleted_at = now() - make_interval(days => $1) where id = any($2) returning 1) select count(*) from x"
	y.count(days, 31, []string{old, parent, restored})
	y.count(days, 29, []string{young})
	y.admin.Do(t, "POST", "/v1/tasks/"+restored+"/restore", nil).Want(t, 200)
	if err := y.admin.Server.App.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, task := range []string{old, parent} {
		y.admin.Do(t, "POST", "/v1/tasks/"+task+"/restore", nil).WantProblem(t, 404, "not-found")
	}
	y.get(restored)
	if got := y.get(child).Get(t, "parent_id"); got != nil {
		t.Errorf("the child's parent is %v", got)
	}
	left := y.count("select count(*) from app.comments") + y.count("select count(*) from app.checklist_items") + y.count("select count(*) from app.task_links") +
		y.count("select count(*) from app.task_search where task_id = $1", uuid.MustParse(old))
	if left != 0 {
		t.Errorf("%d rows are left of what is gone", left)
	}
	y.admin.Do(t, "POST", "/v1/tasks/"+young+"/restore", nil).Want(t, 200)
}

func TestSweepKeepsTheTrashWhereItIsToldTo(t *testing.T) {
	t.Parallel()
	y := newYardWith(t, apitest.WithConfig(func(c *config.Config) { c.TrashDays = 0 }))
	task := y.task(y.columns[0])
	y.trash(task)
	y.count("with x as (update app.tasks set deleted_at = now() - interval '10 years' returning 1) select count(*) from x")
	if err := y.admin.Server.App.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.admin.Do(t, "POST", "/v1/tasks/"+task+"/restore", nil).Want(t, 200)
}

// TestSweepEmptiesAFullTrash has more in it than goes in one transaction.
func TestSweepEmptiesAFullTrash(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	for range 3 {
		y.bulk("atomic", y.creations(400)...).Want(t, 200)
	}
	y.count("with x as (update app.tasks set deleted_at = now() - interval '31 days' returning 1) select count(*) from x")
	if err := y.admin.Server.App.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := y.count("select count(*) from app.tasks"); n != 0 {
		t.Errorf("%d tasks are left", n)
	}
}

func TestSweepDeletesOldJobs(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	body := fields{"operations": []fields{{"op": "archive", "task": y.task(y.columns[0])}}}
	old, young, lost, queued := y.start(body), y.start(body), y.start(body), y.start(body)
	y.count("with x as (update app.jobs set state = 'succeeded', finished_at = now() - interval '31 days' where id = $1 returning 1) select count(*) from x", old)
	y.count("with x as (insert into app.job_failures (org_id, job_id, index, created_by, kind, detail) select org_id, id, 0, created_by, 'not-found', '' from app.jobs where id = $1 returning 1) select count(*) from x", old)
	y.count("with x as (update app.jobs set state = 'succeeded', finished_at = now() - interval '29 days' where id = $1 returning 1) select count(*) from x", young)
	y.count("with x as (update app.jobs set created_at = now() - interval '8 days' where id = $1 returning 1) select count(*) from x", lost)
	if err := y.admin.Server.App.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.admin.Do(t, "GET", "/v1/jobs/"+old, nil).WantProblem(t, 404, "not-found")
	if n := y.count("select count(*) from app.job_failures"); n != 0 {
		t.Errorf("%d failures of no job", n)
	}
	y.job(young)
	if r := y.job(lost); r.Text(t, "state") != "failed" || r.Text(t, "problem.type") != "/problems/unavailable" {
		t.Errorf("a lost job: %s", r.Body)
	}
	if r := y.job(queued); r.Text(t, "state") != "queued" {
		t.Errorf("a young job: %s", r.Body)
	}
}
