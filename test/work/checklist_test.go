package work_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

type fields = map[string]any

// yard is an organization with a project, for what hangs on tasks.
type yard struct {
	*testing.T
	admin   *apitest.Client
	project string
	columns []string // backlog, todo, in progress, done
}

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{T: t, admin: apitest.New(t).SignUp(t, "ada")}
	y.project, y.columns = y.newProject("YARD", false)
	return y
}

func (y *yard) newProject(key string, private bool) (id string, columns []string) {
	y.Helper()
	id = y.admin.Do(y, "POST", "/v1/projects", fields{"name": "Project " + key, "key": key, "private": private}).Want(y, 201).Text(y, "id")
	board := y.admin.Do(y, "POST", "/v1/projects/"+id+"/boards", fields{"name": "Board", "template": "kanban"}).Want(y, 201)
	for i := range board.Len(y, "columns") {
		columns = append(columns, board.Text(y, fmt.Sprintf("columns.%d.id", i)))
	}
	return id, columns
}

// join makes a new member of the organization, and of the project where a role in it is given.
func (y *yard) join(name, role, project, inProject string) *apitest.Client {
	y.Helper()
	who := y.admin.Join(y, name, role)
	if inProject != "" {
		y.admin.Do(y, "POST", "/v1/projects/"+project+"/members", fields{"user_id": who.User, "role": inProject}).Want(y, 201)
	}
	return who
}

func (y *yard) task(column string) string {
	y.Helper()
	return y.made("/v1/columns/"+column+"/tasks", fields{"title": "A task"}).Text(y, "id")
}

func (y *yard) made(path string, body any) *apitest.Response {
	y.Helper()
	return y.admin.Do(y, "POST", path, body).Want(y, 201)
}

func (y *yard) trash(task string) {
	y.Helper()
	y.admin.Do(y, "DELETE", "/v1/tasks/"+task, nil).Want(y, 204)
}

// column gives one member of all items of a list.
func (y *yard) column(who *apitest.Client, path, name string) []any {
	y.Helper()
	values := []any{}
	for _, item := range who.Do(y, "GET", path, nil).Want(y, 200).Get(y, "items").([]any) {
		values = append(values, item.(fields)[name])
	}
	return values
}

// walk reads a list in pages of the size.
func (y *yard) walk(path, name string, size int) []any {
	y.Helper()
	values, cursor := []any{}, ""
	for range 1000 {
		r := y.admin.Do(y, "GET", fmt.Sprintf("%s?limit=%d%s", path, size, cursor), nil).Want(y, 200)
		for _, item := range r.Get(y, "items").([]any) {
			values = append(values, item.(fields)[name])
		}
		next, more := r.Get(y, "next_cursor").(string)
		if !more {
			return values
		}
		cursor = "&cursor=" + next
	}
	y.Fatalf("%s does not end", path)
	return nil
}

// count is what a query of one number gives the owner of the database.
func (y *yard) count(sql string, args ...any) int {
	y.Helper()
	var n int
	if err := y.admin.Server.Owner.QueryRow(y.Context(), sql, args...).Scan(&n); err != nil {
		y.Fatal(err)
	}
	return n
}

// atOnce sends n requests together and gives their answers.
func (y *yard) atOnce(n int, request func(i int) (method, path string, body any)) []*apitest.Response {
	y.Helper()
	answers, errs := make([]*apitest.Response, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			method, path, body := request(i)
			answers[i], errs[i] = y.admin.Try(method, path, body)
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			y.Fatal(err)
		}
	}
	return answers
}

// at fails the test unless the problem names the place, and says why.
func (y *yard) at(r *apitest.Response, place, why string) {
	y.Helper()
	if got := r.Text(y, "errors.0.location"); got != place {
		y.Errorf("the problem is at %s, want %s: %s", got, place, r.Body)
	}
	if got := r.Text(y, "errors.0.message"); !strings.Contains(got, why) {
		y.Errorf("the problem says %q, want %q", got, why)
	}
}

func (y *yard) item(task, text string) string {
	y.Helper()
	return y.made("/v1/tasks/"+task+"/checklist", fields{"text": text}).Text(y, "id")
}

func (y *yard) wantTexts(task string, want ...any) {
	y.Helper()
	if got := y.column(y.admin, "/v1/tasks/"+task+"/checklist", "text"); !slices.Equal(got, want) {
		y.Errorf("the checklist is %v, want %v", got, want)
	}
}

func TestChecklistKeepsItsOrder(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[1])
	a, b, c := y.item(task, "a"), y.item(task, "b"), y.item(task, "c")
	y.wantTexts(task, "a", "b", "c")
	move := func(id string, to fields) *apitest.Response {
		return y.admin.Do(t, "PATCH", "/v1/checklist-items/"+id, to)
	}
	move(c, fields{"before_id": a}).Want(t, 200)
	y.wantTexts(task, "c", "a", "b")
	move(c, fields{"after_id": a}).Want(t, 200)
	y.wantTexts(task, "a", "c", "b")
	move(a, fields{"after_id": c, "before_id": b}).Want(t, 200)
	y.wantTexts(task, "c", "a", "b")
	move(c, fields{"after_id": b}).Want(t, 200)
	y.wantTexts(task, "a", "b", "c")
	move(b, fields{"after_id": c, "before_id": a}).WantProblem(t, 409, "conflict")

	other := y.item(y.task(y.columns[1]), "elsewhere")
	y.at(move(a, fields{"before_id": other}).WantProblem(t, 404, "not-found"), "body.before_id", "")
	y.at(move(a, fields{"after_id": other}).WantProblem(t, 404, "not-found"), "body.after_id", "")
	y.at(move(a, fields{"after_id": a}).WantProblem(t, 404, "not-found"), "body.after_id", "")
	y.wantTexts(task, "a", "b", "c")
	if got := y.walk("/v1/tasks/"+task+"/checklist", "text", 1); !slices.Equal(got, []any{"a", "b", "c"}) {
		t.Errorf("one by one the checklist is %v", got)
	}
	move(b, fields{"text": "B"}).Want(t, 200)
	y.admin.Do(t, "DELETE", "/v1/checklist-items/"+a, nil).Want(t, 204)
	y.wantTexts(task, "B", "c")
}

func TestChecklistRemembersWhoTickedOff(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	grace := y.join("grace", "member", "", "")
	task := y.task(y.columns[1])
	path := "/v1/checklist-items/" + y.item(task, "step")
	open := y.admin.Do(t, "PATCH", path, fields{"text": "step 1"}).Want(t, 200)
	if open.Get(t, "checked") != false || open.Get(t, "checked_at") != nil || open.Get(t, "checked_by") != nil {
		t.Errorf("an open item: %s", open.Body)
	}
	first := grace.Do(t, "PATCH", path, fields{"checked": true}).Want(t, 200)
	if first.Get(t, "checked") != true || first.Text(t, "checked_by") != grace.User {
		t.Errorf("ticked off: %s", first.Body)
	}
	for _, body := range []fields{{"checked": true}, {"text": "step 2"}} {
		again := y.admin.Do(t, "PATCH", path, body).Want(t, 200)
		if again.Get(t, "checked_at") != first.Get(t, "checked_at") || again.Text(t, "checked_by") != grace.User {
			t.Errorf("%v changed who ticked it off: %s", body, again.Body)
		}
	}
	if r := y.admin.Do(t, "GET", "/v1/tasks/"+task+"?expand=counts", nil).Want(t, 200); r.Number(t, "counts.checklist_items") != 1 || r.Number(t, "counts.checklist_done") != 1 {
		t.Errorf("counts: %s", r.Body)
	}
	off := y.admin.Do(t, "PATCH", path, fields{"checked": false}).Want(t, 200)
	if off.Get(t, "checked") != false || off.Get(t, "checked_at") != nil || off.Get(t, "checked_by") != nil {
		t.Errorf("opened again: %s", off.Body)
	}
	done := grace.Do(t, "POST", "/v1/tasks/"+task+"/checklist", fields{"text": "done before", "checked": true}).Want(t, 201)
	if done.Get(t, "checked_at") == nil || done.Text(t, "checked_by") != grace.User || done.Header.Get("ETag") != `"1"` {
		t.Errorf("made ticked off: %v %s", done.Header, done.Body)
	}
}

func TestChecklistInput(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[1])
	path := "/v1/tasks/" + task + "/checklist"
	item := "/v1/checklist-items/" + y.item(task, "x")
	y.at(y.admin.Do(t, "POST", path, fields{}).WantProblem(t, 422, "validation"), "body", "text")
	for _, body := range []fields{{"text": ""}, {"text": " \t"}, {"text": strings.Repeat("é", 501)}, {"text": nil}, {"text": 1}} {
		y.at(y.admin.Do(t, "POST", path, body).WantProblem(t, 422, "validation"), "body.text", "")
		y.at(y.admin.Do(t, "PATCH", item, body).WantProblem(t, 422, "validation"), "body.text", "")
	}
	y.at(y.admin.Do(t, "POST", path, fields{"text": "x", "checked": "yes"}).WantProblem(t, 422, "validation"), "body.checked", "")
	y.at(y.admin.Do(t, "PATCH", item, fields{"checked": nil}).WantProblem(t, 422, "validation"), "body.checked", "")
	y.at(y.admin.Do(t, "PATCH", item, fields{"before_id": "x"}).WantProblem(t, 422, "validation"), "body.before_id", "")
	y.made(path, fields{"text": strings.Repeat("é", 500)})
}

// TestChecklistEndsAtItsLimit: however many requests come together, a task has no more items than it may.
func TestChecklistEndsAtItsLimit(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[1])
	_, err := y.admin.Server.Owner.Exec(t.Context(), `insert into app.checklist_items (org_id, id, project_id, task_id, text, rank)
		select org_id, gen_random_uuid(), project_id, id, 'item', 'a0' || lpad(n::text, 3, '0') || 'V' from app.tasks, generate_series(1, 195) n where id = $1`, task)
	if err != nil {
		t.Fatal(err)
	}
	path := "/v1/tasks/" + task + "/checklist"
	made := 0
	for _, r := range y.atOnce(20, func(i int) (string, string, any) { return "POST", path, fields{"text": fmt.Sprint(i)} }) {
		if r.Status == 201 {
			made++
			continue
		}
		y.at(r.WantProblem(t, 422, "validation"), "body", "at most 200 items")
	}
	if made != 5 || len(y.walk(path, "id", 50)) != 200 {
		t.Errorf("%d items were added to 195, and the list has %d", made, len(y.walk(path, "id", 50)))
	}
	y.made("/v1/tasks/"+y.task(y.columns[1])+"/checklist", fields{"text": "of another task"})
}

// TestChecklistTakesAllAtOnce: what many add and move at the same moment all succeeds, each item in a place of its own.
func TestChecklistTakesAllAtOnce(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[1])
	first, second := y.item(task, "first"), y.item(task, "second")
	var movers []string
	for i := range 6 {
		movers = append(movers, y.item(task, fmt.Sprint("mover ", i)))
	}
	answers := y.atOnce(24, func(i int) (string, string, any) {
		if i%4 == 0 {
			return "PATCH", "/v1/checklist-items/" + movers[i/4], fields{"after_id": first, "before_id": second}
		}
		return "POST", "/v1/tasks/" + task + "/checklist", fields{"text": fmt.Sprint("new ", i)}
	})
	for i, r := range answers {
		if r.Status != 201 && r.Status != 200 && r.Status != 409 || r.Status == 409 && i%4 != 0 {
			t.Errorf("request %d: %d %s", i, r.Status, r.Body)
		}
	}
	texts, ranks := y.column(y.admin, "/v1/tasks/"+task+"/checklist", "text"), y.walk("/v1/tasks/"+task+"/checklist", "rank", 7)
	if len(texts) != 26 || texts[0] != "first" || slices.Index(texts, any("second")) < 2 {
		t.Errorf("the checklist is %v", texts)
	}
	if !slices.IsSortedFunc(ranks, func(a, b any) int { return strings.Compare(a.(string), b.(string)) }) {
		t.Errorf("the ranks are %v", ranks)
	}
}

func TestChecklistIsThatOfItsTask(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	reader := y.join("reader", "member", y.project, "guest")
	outsider := y.join("outsider", "guest", "", "")
	task := y.task(y.columns[1])
	path, item := "/v1/tasks/"+task+"/checklist", y.item(task, "x")
	reader.Do(t, "GET", path, nil).Want(t, 200)
	reader.Do(t, "POST", path, fields{"text": "no"}).WantProblem(t, 403, "forbidden")
	reader.Do(t, "PATCH", "/v1/checklist-items/"+item, fields{"checked": true}).WantProblem(t, 403, "forbidden")
	reader.Do(t, "DELETE", "/v1/checklist-items/"+item, nil).WantProblem(t, 403, "forbidden")
	outsider.Do(t, "GET", path, nil).WantProblem(t, 404, "not-found")

	private, columns := y.newProject("SECRET", true)
	member := y.join("member", "member", "", "")
	y.admin.Do(t, "PATCH", "/v1/tasks/"+task, fields{"column_id": columns[0]}).Want(t, 200)
	member.Do(t, "GET", path, nil).WantProblem(t, 404, "not-found")
	member.Do(t, "PATCH", "/v1/checklist-items/"+item, fields{"checked": true}).WantProblem(t, 404, "not-found")
	member.Do(t, "DELETE", "/v1/checklist-items/"+item, nil).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "POST", "/v1/projects/"+private+"/members", fields{"user_id": member.User}).Want(t, 201)
	member.Do(t, "PATCH", "/v1/checklist-items/"+item, fields{"checked": true}).Want(t, 200)

	y.admin.Do(t, "POST", "/v1/tasks/"+task+"/archive", nil).Want(t, 200)
	y.admin.Do(t, "PATCH", "/v1/checklist-items/"+item, fields{"checked": false}).Want(t, 200)
	y.trash(task)
	y.admin.Do(t, "GET", path, nil).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "POST", path, fields{"text": "no"}).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "PATCH", "/v1/checklist-items/"+item, fields{"checked": true}).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "DELETE", "/v1/checklist-items/"+item, nil).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "POST", "/v1/tasks/"+task+"/restore", nil).Want(t, 200)
	y.wantTexts(task, "x")
}
