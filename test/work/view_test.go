package work_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/google/uuid"

	"github.com/plinth/plinth/test/apitest"
)

func saved(t *testing.T, c *apitest.Client, content map[string]any) string {
	t.Helper()
	if content["name"] == nil {
		content["name"] = "View"
	}
	return c.Do(t, "POST", "/v1/views", content).Want(t, 201).Text(t, "id")
}

func TestViewInput(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := saved(t, d.Client, map[string]any{})
	for _, x := range []struct {
		place string
		value any
	}{
		{"filter", "status ="}, {"filter", "nope = 1"}, {"filter", "status = open"}, {"filter", 1}, {"sort", "relevance"}, {"sort", "title"}, {"sort", "fields.A"}, {"sort", "--rank"},
		{"group_by", "title"}, {"group_by", "fields."}, {"group_by", "fields.A-b"}, {"fields", []string{"nope"}}, {"fields", []string{"key", "key"}}, {"fields", []string{"fields."}},
		{"visibility", "public"}, {"name", " "}, {"owner_id", d.User},
	} {
		wrong(t, d.Do(t, "PATCH", "/v1/views/"+id, map[string]any{x.place: x.value}), 422, "validation", "body."+x.place)
		content := map[string]any{"name": "View"}
		content[x.place] = x.value
		wrong(t, d.Do(t, "POST", "/v1/views", content), 422, "validation", "body."+x.place)
	}
	wrong(t, d.Do(t, "POST", "/v1/views", map[string]any{"name": "View", "visibility": "project"}), 422, "validation", "body.project_id")
	wrong(t, d.Do(t, "PATCH", "/v1/views/"+id, map[string]any{"visibility": "project"}), 422, "validation", "body.project_id")
	wrong(t, d.Do(t, "POST", "/v1/views", map[string]any{"name": "View", "project_id": uuid.NewString()}), 404, "not-found", "body.project_id")
	d.Do(t, "PATCH", "/v1/views/"+id, map[string]any{"visibility": "project", "project_id": d.project, "filter": "me", "sort": "-fields.points", "group_by": "fields.a", "fields": []string{"fields.x"}}).Want(t, 200)
	wrong(t, d.Do(t, "PATCH", "/v1/views/"+id, map[string]any{"project_id": nil}), 422, "validation", "body.project_id")
	r := d.Do(t, "PATCH", "/v1/views/"+id, map[string]any{"visibility": "private", "project_id": nil, "filter": nil, "sort": nil, "group_by": nil, "fields": nil}).Want(t, 200)
	for name, want := range map[string]any{"filter": "", "sort": "", "group_by": "", "project_id": nil, "fields": []any{}, "visibility": "private", "name": "View", "version": 3.0} {
		alike(t, name, r.Get(t, name), want)
	}
}

// TestViewsAreSeenAndChangedByTheRightPeople: private ones by their owners alone, whatever others are.
func TestViewsAreSeenAndChangedByTheRightPeople(t *testing.T) {
	t.Parallel()
	ada := apitest.New(t).SignUp(t, "ada")
	secret := ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Secret", "private": true}).Want(t, 201).Text(t, "id")
	owner, lead, reader, outsider, guest := ada.Join(t, "owner", "member"), ada.Join(t, "lead", "member"), ada.Join(t, "reader", "member"), ada.Join(t, "outsider", "member"), ada.Join(t, "guest", "guest")
	for who, role := range map[*apitest.Client]string{owner: "member", lead: "admin", reader: "guest"} {
		ada.Do(t, "POST", "/v1/projects/"+secret+"/members", map[string]any{"user_id": who.User, "role": role}).Want(t, 201)
	}
	for _, x := range []struct {
		content       map[string]any
		read, changes map[*apitest.Client]int
	}{
		{map[string]any{"visibility": "private"},
			map[*apitest.Client]int{owner: 200, ada: 404, lead: 404, reader: 404, outsider: 404, guest: 404}, map[*apitest.Client]int{owner: 200, ada: 404, lead: 404, outsider: 404, guest: 403}},
		{map[string]any{"visibility": "private", "project_id": secret},
			map[*apitest.Client]int{owner: 200, ada: 404, lead: 404, reader: 404}, map[*apitest.Client]int{owner: 200, ada: 404, lead: 404}},
		{map[string]any{"visibility": "organization"},
			map[*apitest.Client]int{owner: 200, ada: 200, lead: 200, reader: 200, outsider: 200, guest: 200}, map[*apitest.Client]int{owner: 200, ada: 200, lead: 403, reader: 403, outsider: 403, guest: 403}},
		{map[string]any{"visibility": "organization", "project_id": secret},
			map[*apitest.Client]int{owner: 200, ada: 200, lead: 200, reader: 200, outsider: 404, guest: 404}, map[*apitest.Client]int{owner: 200, ada: 200, lead: 403, reader: 403, outsider: 404, guest: 403}},
		{map[string]any{"visibility": "project", "project_id": secret},
			map[*apitest.Client]int{owner: 200, ada: 200, lead: 200, reader: 200, outsider: 404, guest: 404}, map[*apitest.Client]int{owner: 200, ada: 200, lead: 200, reader: 403, outsider: 404, guest: 403}},
	} {
		id := saved(t, owner, x.content)
		for who, status := range x.read {
			path := "/v1/views/" + id
			who.Do(t, "GET", path, nil).Want(t, status)
			who.Do(t, "GET", path+"/tasks", nil).Want(t, status)
			list := listedIDs(t, who.Do(t, "GET", "/v1/views?limit=200", nil))
			if list[id] != (status == 200) {
				t.Errorf("%v: in the list of %s: %v", x.content, who.Email, list[id])
			}
		}
		for who, status := range x.changes {
			who.Do(t, "PATCH", "/v1/views/"+id, map[string]any{"name": "New"}).Want(t, status)
			if status != 200 {
				who.Do(t, "DELETE", "/v1/views/"+id, nil).Want(t, status)
			}
		}
	}
	wrong(t, outsider.Do(t, "POST", "/v1/views", map[string]any{"name": "View", "project_id": secret}), 404, "not-found", "body.project_id")
	wrong(t, outsider.Do(t, "GET", "/v1/views?project_id="+secret, nil), 404, "not-found", "query.project_id")
	reader.Do(t, "POST", "/v1/views", map[string]any{"name": "View", "project_id": secret}).Want(t, 201)
	reader.Do(t, "POST", "/v1/views", map[string]any{"name": "View", "project_id": secret, "visibility": "project"}).WantProblem(t, 403, "forbidden")
	leaver := saved(t, reader, map[string]any{"project_id": secret})
	ada.Do(t, "DELETE", "/v1/projects/"+secret+"/members/"+reader.User, nil).Want(t, 204)
	reader.Do(t, "GET", "/v1/views/"+leaver, nil).WantProblem(t, 404, "not-found")
	shared := saved(t, owner, map[string]any{"visibility": "organization"})
	ada.Do(t, "PATCH", "/v1/views/"+shared, map[string]any{"visibility": "private"}).WantProblem(t, 403, "forbidden") // it would be gone for the admin, too
	ada.Do(t, "DELETE", "/v1/views/"+shared, nil).Want(t, 204)
	alike(t, "of the project", len(listedIDs(t, owner.Do(t, "GET", "/v1/views?visibility=project&project_id="+secret, nil))), 1)
}

func listedIDs(t *testing.T, r *apitest.Response) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for i := range r.Want(t, 200).Len(t, "items") {
		ids[r.Text(t, fmt.Sprintf("items.%d.id", i))] = true
	}
	return ids
}

// TestViewEvents: a view is told of while it is shared, to its audience; what is private stays so.
func TestViewEvents(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	two := deskOf(t, d.Client, "TWO")
	socket := d.Listen(t)
	id := saved(t, d.Client, map[string]any{"name": "Mine"})
	change := func(content map[string]any) {
		t.Helper()
		d.Do(t, "PATCH", "/v1/views/"+id, content).Want(t, 200)
	}
	type told struct{ kind, project, name string }
	expect := func(want ...told) {
		t.Helper()
		d.Do(t, "POST", "/v1/labels", map[string]any{"name": uuid.NewString(), "color": "#000000"}).Want(t, 201)
		var got []told
		for _, e := range socket.Until(t, "label.created") {
			if e.Type != "label.created" {
				name, _ := e.Data["name"].(string)
				got = append(got, told{e.Type, e.ProjectID, name})
			}
		}
		alike(t, "events", got, want)
	}
	change(map[string]any{"name": "Still mine"})
	expect()
	change(map[string]any{"visibility": "organization"})
	expect(told{"view.created", "", "Still mine"})
	change(map[string]any{"name": "Ours"})
	expect(told{"view.updated", "", "Ours"})
	change(map[string]any{"visibility": "project", "project_id": d.project})
	expect(told{"view.deleted", "", ""}, told{"view.created", d.project, "Ours"})
	change(map[string]any{"visibility": "organization"})
	expect(told{"view.updated", d.project, "Ours"})
	change(map[string]any{"project_id": two.project})
	expect(told{"view.deleted", d.project, ""}, told{"view.created", two.project, "Ours"})
	change(map[string]any{"visibility": "private", "name": "Mine again"})
	expect(told{"view.deleted", two.project, ""})
	change(map[string]any{"visibility": "project"})
	expect(told{"view.created", two.project, "Mine again"})
	d.Do(t, "DELETE", "/v1/views/"+id, nil).Want(t, 204)
	expect(told{"view.deleted", two.project, "Mine again"})
}

func TestTasksOfAView(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.field(t, "Points", "number")
	two := deskOf(t, d.Client, "TWO")
	three, one, elsewhere := d.task(t, map[string]any{"points": 3}).Text(t, "key"), d.task(t, map[string]any{"points": 1}).Text(t, "key"), two.task(t, nil).Text(t, "key")
	id := saved(t, d.Client, map[string]any{"project_id": d.project, "filter": "fields.points > 0", "sort": "fields.points", "fields": []string{"key", "fields.points"}})
	path := "/v1/views/" + id + "/tasks"
	r := d.Do(t, "GET", path, nil)
	alike(t, "tasks", listed(t, r), []string{one, three})
	item := r.Get(t, "items.0").(map[string]any)
	delete(item, "id")
	alike(t, "item", item, map[string]any{"key": one, "fields": map[string]any{"points": 1.0}})
	alike(t, "expanded", d.Do(t, "GET", path+"?expand=column,labels", nil).Want(t, 200).Get(t, "items.0.column.status"), "todo")
	wrong(t, d.Do(t, "GET", path+"?status=todo", nil), 422, "validation", "query.status")

	cursor := d.Do(t, "GET", path+"?limit=1", nil).Want(t, 200).Text(t, "next_cursor")
	alike(t, "second page", listed(t, d.Do(t, "GET", path+"?limit=1&cursor="+cursor, nil)), []string{three})
	d.Do(t, "PATCH", "/v1/views/"+id, map[string]any{"sort": "-fields.points"}).Want(t, 200)
	wrong(t, d.Do(t, "GET", path+"?cursor="+cursor, nil), 422, "validation", "query.cursor")

	all := saved(t, d.Client, map[string]any{})
	r = d.Do(t, "GET", "/v1/views/"+all+"/tasks", nil)
	alike(t, "all, newest first", listed(t, r), []string{elsewhere, one, three})
	if r.Get(t, "items.0.description") == nil {
		t.Errorf("not all members: %s", r.Body)
	}
	wrong(t, d.Do(t, "GET", "/v1/views/"+all+"/tasks?cursor="+url.QueryEscape(cursor), nil), 422, "validation", "query.cursor")
	d.Do(t, "GET", "/v1/views/"+uuid.NewString()+"/tasks", nil).WantProblem(t, 404, "not-found")

	d.Do(t, "DELETE", "/v1/fields/"+d.fieldID(t, "points"), nil).Want(t, 204)
	wrong(t, d.Do(t, "GET", path, nil), 422, "validation", "view.filter")
	d.Do(t, "PATCH", "/v1/views/"+id, map[string]any{"filter": nil}).Want(t, 200)
	wrong(t, d.Do(t, "GET", path, nil), 422, "validation", "view.sort")
}

func (d desk) fieldID(t *testing.T, key string) string {
	t.Helper()
	r := d.Do(t, "GET", "/v1/projects/"+d.project+"/fields", nil).Want(t, 200)
	for i := range r.Len(t, "items") {
		if r.Text(t, fmt.Sprintf("items.%d.key", i)) == key {
			return r.Text(t, fmt.Sprintf("items.%d.id", i))
		}
	}
	t.Fatalf("no field %s: %s", key, r.Body)
	return ""
}

// TestAViewIsReadAsItsReader: me is who reads it, and it shows what that one sees.
func TestAViewIsReadAsItsReader(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bob := d.Join(t, "bob", "member")
	secret := desk{Client: d.Client, project: d.Do(t, "POST", "/v1/projects", map[string]any{"name": "Secret", "key": "SEC", "private": true}).Want(t, 201).Text(t, "id")}
	board := d.Do(t, "POST", "/v1/projects/"+secret.project+"/boards", map[string]any{"name": "Board", "template": "kanban"}).Want(t, 201)
	hidden := d.Do(t, "POST", "/v1/columns/"+board.Text(t, "columns.0.id")+"/tasks", map[string]any{"title": "Hidden"}).Want(t, 201).Text(t, "key")
	adas := d.task(t, nil).Text(t, "key")
	bobs := d.Do(t, "POST", "/v1/columns/"+d.columns[0]+"/tasks", map[string]any{"title": "Bob's", "assignee_ids": []string{bob.User}}).Want(t, 201).Text(t, "key")
	mine := "/v1/views/" + saved(t, d.Client, map[string]any{"visibility": "organization", "filter": "assignee = me", "group_by": "assignee"})
	all := "/v1/views/" + saved(t, d.Client, map[string]any{"visibility": "organization", "group_by": "project"})
	alike(t, "bob's", listed(t, bob.Do(t, "GET", mine+"/tasks", nil)), []string{bobs})
	alike(t, "ada's", listed(t, d.Do(t, "GET", mine+"/tasks", nil)), []string{})
	alike(t, "bob sees", listed(t, bob.Do(t, "GET", all+"/tasks", nil)), []string{bobs, adas})
	alike(t, "ada sees", listed(t, d.Do(t, "GET", all+"/tasks", nil)), []string{bobs, adas, hidden})
	alike(t, "bob's groups", bob.Do(t, "GET", all+"/groups", nil).Want(t, 200).Len(t, "groups"), 1)
	alike(t, "ada's groups", d.Do(t, "GET", all+"/groups", nil).Want(t, 200).Len(t, "groups"), 2)
}

func TestGroupsOfAView(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.field(t, "Size", "select", "S", "L")
	d.field(t, "Tags", "multi_select", "b", "a")
	d.field(t, "Points", "number")
	d.field(t, "Owner", "person")
	d.field(t, "Done", "checkbox")
	bug := d.Do(t, "POST", "/v1/labels", map[string]any{"name": "bug", "color": "#000000"}).Want(t, 201).Text(t, "id")
	parent := d.task(t, map[string]any{"size": "l", "tags": []string{"a", "b"}, "points": 10, "owner": d.User, "done": true})
	for _, content := range []map[string]any{
		{"title": "x", "priority": "high", "label_ids": []string{bug}, "parent_id": parent.Text(t, "id"), "fields": map[string]any{"size": "s", "tags": []string{"a"}, "points": 10}},
		{"title": "y", "priority": "high", "assignee_ids": []string{d.User}, "fields": map[string]any{"size": "s", "points": -2}},
		{"title": "out", "priority": "low"},
	} {
		d.Do(t, "POST", "/v1/columns/"+d.columns[3]+"/tasks", content).Want(t, 201)
	}
	type group struct {
		value, name any
		count       float64
	}
	for by, want := range map[string][]group{
		"status":        {{"todo", "todo", 1}, {"done", "done", 2}},
		"priority":      {{"none", "none", 1}, {"high", "high", 2}},
		"assignee":      {{d.User, "ada", 1}, {nil, nil, 2}},
		"label":         {{bug, "bug", 1}, {nil, nil, 2}},
		"column":        {{d.columns[1], "To do", 1}, {d.columns[3], "Done", 2}},
		"project":       {{d.project, "Project", 3}},
		"parent":        {{parent.Text(t, "id"), "Task", 1}, {nil, nil, 2}},
		"created_by":    {{d.User, "ada", 3}},
		"fields.size":   {{"s", "S", 2}, {"l", "L", 1}},
		"fields.tags":   {{"b", "b", 1}, {"a", "a", 2}, {nil, nil, 1}},
		"fields.points": {{"-2", "-2", 1}, {"10", "10", 2}},
		"fields.owner":  {{d.User, "ada", 1}, {nil, nil, 2}},
		"fields.done":   {{"true", "true", 1}, {nil, nil, 2}},
	} {
		id := saved(t, d.Client, map[string]any{"filter": "NOT priority = low", "group_by": by})
		r := d.Do(t, "GET", "/v1/views/"+id+"/groups", nil).Want(t, 200)
		got := []group{}
		for _, g := range r.Get(t, "groups").([]any) {
			g := g.(map[string]any)
			got = append(got, group{g["value"], g["name"], g["count"].(float64)})
		}
		alike(t, by, got, want)
		alike(t, "group_by", r.Text(t, "group_by"), by)
	}
	none := saved(t, d.Client, map[string]any{"filter": "title = nothing", "group_by": "status"})
	alike(t, "empty", d.Do(t, "GET", "/v1/views/"+none+"/groups", nil).Want(t, 200).Len(t, "groups"), 0)
	wrong(t, d.Do(t, "GET", "/v1/views/"+saved(t, d.Client, map[string]any{})+"/groups", nil), 422, "validation", "view.group_by")
	wrong(t, d.Do(t, "GET", "/v1/views/"+saved(t, d.Client, map[string]any{"group_by": "fields.nope"})+"/groups", nil), 422, "validation", "view.group_by")
}
