package work_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

// planned is a wall whose project has all that a template takes, and some that it does not.
func planned(t *testing.T) *wall {
	t.Helper()
	w := newWall(t)
	w.limit(w.columns[2], 3, "hard")
	w.post("/v1/projects/"+w.project+"/boards", map[string]any{"name": "Bare"})
	w.post("/v1/projects/"+w.project+"/fields", map[string]any{"name": "Size", "type": "select",
		"options": []map[string]any{{"name": "Large", "color": "#d73a4a"}, {"name": "Small"}}})
	w.post("/v1/projects/"+w.project+"/fields", map[string]any{"name": "Points", "type": "number"})
	for _, visibility := range []string{"project", "private", "organization"} {
		w.post("/v1/views", map[string]any{"name": visibility, "project_id": w.project, "visibility": visibility,
			"filter": `status = "done"`, "sort": "-priority", "group_by": "fields.size", "fields": []string{"key", "title"}})
	}
	w.task(w.columns[0], nil)
	return w
}

func (w *wall) save(name string) *apitest.Response {
	w.t.Helper()
	return w.post("/v1/project-templates", map[string]any{"project_id": w.project, "name": name})
}

// plan is what there is in a project of what a template takes, less what is each one's own.
func (w *wall) plan(project string) map[string]any {
	w.t.Helper()
	list := func(path string) []any {
		items := w.get(path).Get(w.t, "items").([]any)
		for _, item := range items {
			item := item.(map[string]any)
			if path == "/v1/projects/"+project+"/boards" {
				item["columns"] = w.get("/v1/boards/"+item["id"].(string)).Get(w.t, "columns")
				for _, c := range item["columns"].([]any) {
					anonymous(c.(map[string]any))
				}
			}
			anonymous(item)
		}
		return items
	}
	return map[string]any{
		"boards": list("/v1/projects/" + project + "/boards"), "fields": list("/v1/projects/" + project + "/fields"),
		"views": list("/v1/views?visibility=project&project_id=" + project),
	}
}

func anonymous(resource map[string]any) {
	for _, own := range []string{"id", "project_id", "board_id", "rank", "version", "created_at", "updated_at", "task_count"} {
		delete(resource, own)
	}
}

// TestTemplate: a project of a template has what the first one had when it was saved.
func TestTemplate(t *testing.T) {
	t.Parallel()
	w := planned(t)
	saved := w.save("Client project")
	want := w.plan(w.project)
	if saved.Len(t, "content.boards") != 2 || saved.Len(t, "content.views") != 1 || saved.Get(t, "content.boards.0.columns.2.wip_mode") != "hard" ||
		saved.Get(t, "content.fields.0.options.0.color") != "#d73a4a" || saved.Text(t, "created_by") != w.User {
		t.Errorf("template %s", saved.Body)
	}
	w.patch("/v1/boards/"+w.board, map[string]any{"name": "Renamed since"}).Want(t, 200)
	made := w.post("/v1/project-templates/"+saved.Text(t, "id")+"/projects", map[string]any{"name": "Next one", "description": "D", "private": true})
	project := made.Text(t, "id")
	same(t, "plan", any(w.plan(project)), any(want))
	same(t, "project", any(decoded(t, made.Body)), any(decoded(t, w.get("/v1/projects/"+project).Body)))
	if made.Text(t, "key") != "NO" || made.Get(t, "private") != true || made.Text(t, "description") != "D" || made.Header.Get("ETag") != `"1"` {
		t.Errorf("project %s", made.Body)
	}
	if m := w.get("/v1/projects/" + project + "/members"); m.Len(t, "items") != 1 || m.Text(t, "items.0.user_id") != w.User || m.Text(t, "items.0.role") != "admin" {
		t.Errorf("members %s", m.Body)
	}
	board := w.get("/v1/projects/"+project+"/boards").Text(t, "items.0.id")
	w.post("/v1/columns/"+w.get("/v1/boards/"+board).Text(t, "columns.0.id")+"/tasks", map[string]any{"title": "First", "fields": map[string]any{"size": "large"}})
	w.post("/v1/boards/"+board+"/columns", map[string]any{"name": "Last"})
	if r := w.get("/v1/boards/" + board); r.Text(t, "columns.4.name") != "Last" {
		t.Errorf("a column that is added stands at %s", r.Body)
	}
}

// TestTemplateEvents: each thing that is made is told of, after what it is in, as it is answered.
func TestTemplateEvents(t *testing.T) {
	t.Parallel()
	w := planned(t)
	template := w.save("T").Text(t, "id")
	socket := w.Listen(t)
	project := w.post("/v1/project-templates/"+template+"/projects", map[string]any{"name": "Next"}).Text(t, "id")
	var kinds []string
	for _, e := range socket.Until(t, "view.created") {
		kinds = append(kinds, e.Type)
		if e.ProjectID != project {
			t.Errorf("event %s of another project", e.Raw)
		}
		path := map[string]string{"project.created": "/v1/projects/", "field.created": "/v1/fields/", "view.created": "/v1/views/", "board.created": "/v1/boards/"}[e.Type]
		switch e.Type {
		case "column.created":
			columns := w.get("/v1/boards/"+e.Data["board_id"].(string)).Get(t, "columns").([]any)
			i := slices.IndexFunc(columns, func(c any) bool { return c.(map[string]any)["id"] == e.Data["id"] })
			answered := columns[i].(map[string]any)
			delete(answered, "task_count")
			delete(answered, "over_limit")
			same(t, e.Type, any(e.Data), any(answered))
		case "project_member.added":
			same(t, e.Type, any(e.Data), w.get("/v1/projects/"+project+"/members").Get(t, "items.0"))
		default:
			answered := decoded(t, w.get(path+e.Data["id"].(string)).Body)
			delete(answered, "columns")
			same(t, e.Type, any(e.Data), any(answered))
		}
	}
	same(t, "events", kinds, slices.Concat([]string{"project.created", "project_member.added"}, slices.Repeat([]string{"board.created"}, 2),
		slices.Repeat([]string{"column.created"}, 4), slices.Repeat([]string{"field.created"}, 2), []string{"view.created"}))
}

// TestTemplateOfManyThings: the order outlives the ranks of one digit; what is too much is refused.
func TestTemplateOfManyThings(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	for i := range 70 {
		w.post("/v1/boards/"+w.board+"/columns", map[string]any{"name": fmt.Sprintf("Column %d", i)})
	}
	for i := range 49 {
		w.post("/v1/projects/"+w.project+"/boards", map[string]any{"name": fmt.Sprintf("Board %d", i)})
	}
	template := w.save("Much").Text(t, "id")
	project := w.post("/v1/project-templates/"+template+"/projects", map[string]any{"name": "Next"}).Text(t, "id")
	same(t, "plan", any(w.plan(project)), any(w.plan(w.project)))
	first := w.get("/v1/projects/"+project+"/boards").Text(t, "items.0.id")
	columns := w.get("/v1/boards/" + first)
	moved := w.patch("/v1/columns/"+columns.Text(t, "columns.0.id"), map[string]any{"after_id": columns.Text(t, "columns.61.id"), "before_id": columns.Text(t, "columns.62.id")})
	if rank := moved.Want(t, 200).Text(t, "rank"); rank <= columns.Text(t, "columns.61.rank") || rank >= columns.Text(t, "columns.62.rank") {
		t.Errorf("between %s and %s is no %s", columns.Text(t, "columns.61.rank"), columns.Text(t, "columns.62.rank"), rank)
	}
	w.post("/v1/projects/"+w.project+"/boards", map[string]any{"name": "One too many"})
	r := w.Do(t, "POST", "/v1/project-templates", map[string]any{"project_id": w.project, "name": "Too much"}).WantProblem(t, 422, "validation")
	if r.Text(t, "errors.0.location") != "body.project_id" {
		t.Errorf("problem %s", r.Body)
	}
}

func TestTemplateKeys(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	path := "/v1/project-templates/" + w.save("T").Text(t, "id") + "/projects"
	r := w.Do(t, "POST", path, map[string]any{"name": "Next", "key": "ENG"}).WantProblem(t, 409, "key-taken")
	if r.Text(t, "errors.0.location") != "body.key" {
		t.Errorf("problem %s", r.Body)
	}
	if key := w.post(path, map[string]any{"name": "Next", "key": "N1"}).Text(t, "key"); key != "N1" {
		t.Errorf("key %s", key)
	}
	var all sync.WaitGroup
	answers := make([]*apitest.Response, 4)
	for i := range answers {
		all.Go(func() {
			var err error
			if answers[i], err = w.will("POST", path, map[string]any{"name": "At once"})(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	keys := map[string]bool{}
	for _, r := range answers {
		keys[r.Want(t, 201).Text(t, "key")] = true
	}
	same(t, "keys", slices.Sorted(maps.Keys(keys)), []string{"AO", "AO2", "AO3", "AO4"})
}

// TestTemplateAccess: everybody sees a template, its maker and the admins change it, and nobody saves what they do not see.
func TestTemplateAccess(t *testing.T) {
	t.Parallel()
	w := newWall(t)
	guest, bob, cleo := w.Join(t, "guest", "guest"), w.Join(t, "bob", "member"), w.Join(t, "cleo", "member")
	body := map[string]any{"project_id": w.project, "name": "Bob's"}
	template := bob.Do(t, "POST", "/v1/project-templates", body).Want(t, 201).Text(t, "id")
	path := "/v1/project-templates/" + template
	guest.Do(t, "GET", path, nil).Want(t, 200)
	guest.Do(t, "POST", path+"/projects", map[string]any{"name": "No"}).WantProblem(t, 403, "forbidden")
	cleo.Do(t, "PATCH", path, map[string]any{"name": "No"}).WantProblem(t, 403, "forbidden")
	cleo.Do(t, "DELETE", path, nil).WantProblem(t, 403, "forbidden")
	cleo.Do(t, "POST", path+"/projects", map[string]any{"name": "Cleo's", "private": true}).Want(t, 201)
	w.patch(path, map[string]any{"description": "Checked"}).Want(t, 200)
	r := bob.Do(t, "PATCH", path, map[string]any{"name": "Bob's own"}).Want(t, 200)
	if r.Text(t, "description") != "Checked" || r.Text(t, "name") != "Bob's own" || r.Number(t, "version") != 3 {
		t.Errorf("template %s", r.Body)
	}
	w.patch("/v1/projects/"+w.project, map[string]any{"private": true}).Want(t, 200)
	hidden := bob.Do(t, "POST", "/v1/project-templates", body).WantProblem(t, 404, "not-found")
	if hidden.Text(t, "errors.0.location") != "body.project_id" {
		t.Errorf("problem %s", hidden.Body)
	}
	bob.Do(t, "DELETE", path, nil).Want(t, 204)
	bob.Do(t, "POST", path+"/projects", map[string]any{"name": "Late"}).WantProblem(t, 404, "not-found")
	bob.Do(t, "POST", path+"/projects", map[string]any{"name": "Late", "key": "ENG"}).WantProblem(t, 404, "not-found")
	eve := w.Server.SignUp(t, "eve")
	eve.Do(t, "POST", path+"/projects", map[string]any{"name": "Theirs"}).WantProblem(t, 404, "not-found")
}
