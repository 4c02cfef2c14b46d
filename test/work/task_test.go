package work_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

type object = map[string]any

// A task that moves to another project gets a key there, and every key it had goes on to find it.
func TestMoveBetweenProjects(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	ada := c.admin
	other := newWorkplace(t, ada, "Elsewhere", false)
	third := newWorkplace(t, ada, "Third place", false)
	for _, w := range []workplace{c.open, other} {
		ada.Do(t, "POST", "/v1/projects/"+w.project+"/fields", object{"name": "Points", "type": "number"}).Want(t, 201)
	}
	ada.Do(t, "POST", "/v1/projects/"+c.open.project+"/fields", object{"name": "Only here", "type": "text"}).Want(t, 201)
	label := ada.Do(t, "POST", "/v1/labels", object{"name": "bug", "color": "#ff0000"}).Want(t, 201).Text(t, "id")
	ada.Do(t, "PATCH", "/v1/tasks/"+c.open.task, object{"fields": object{"points": 3, "only_here": "x"}, "label_ids": []string{label}, "assignee_ids": []string{ada.User}}).Want(t, 200)
	comment := ada.Do(t, "POST", "/v1/tasks/"+c.open.task+"/comments", object{"body": "stays with it"}).Want(t, 201).Text(t, "id")

	moved := ada.Do(t, "PATCH", "/v1/tasks/"+c.open.key, object{"column_id": other.column}).Want(t, 200)
	if key := moved.Text(t, "key"); key != "ELS-2" || moved.Text(t, "project_id") != other.project || moved.Text(t, "board_id") != other.board {
		t.Errorf("moved: %s", moved.Body)
	}
	if fields := moved.Get(t, "fields").(object); len(fields) != 1 || fields["points"] != 3.0 {
		t.Errorf("fields %v", fields)
	}
	again := ada.Do(t, "PATCH", "/v1/tasks/ELS-2", object{"column_id": third.column}).Want(t, 200).Text(t, "key")
	for _, key := range []string{c.open.key, "ELS-2", again, c.open.task} {
		if id := ada.Do(t, "GET", "/v1/tasks/"+key, nil).Want(t, 200).Text(t, "id"); id != c.open.task {
			t.Errorf("%s finds %s", key, id)
		}
	}
	// All that hangs on it came along.
	for _, path := range []string{"/v1/tasks?label_id=" + label, "/v1/tasks?assignee_id=" + ada.User} {
		if r := ada.Do(t, "GET", path+"&project_id="+third.project, nil).Want(t, 200); r.Len(t, "items") != 1 {
			t.Errorf("%s: %s", path, r.Body)
		}
	}
	if r := ada.Do(t, "GET", "/v1/tasks?filter=fields.points=3", nil).Want(t, 200); r.Len(t, "items") != 0 {
		t.Errorf("a value that was not kept is found: %s", r.Body)
	}
	ada.Do(t, "PATCH", "/v1/comments/"+comment, object{"body": "still there"}).Want(t, 200)
	// Numbers go on without a gap on either side.
	if key := ada.Do(t, "POST", "/v1/columns/"+c.open.column+"/tasks", object{"title": "next"}).Want(t, 201).Text(t, "key"); key != "OPE-2" {
		t.Errorf("the next key in the old project is %s", key)
	}
	// Who does not see the new project sees nothing of it any more, nor by the old key.
	c.member.Do(t, "GET", "/v1/tasks/"+c.open.key, nil).Want(t, 200)
	ada.Do(t, "PATCH", "/v1/tasks/"+c.open.task, object{"column_id": c.private.column}).Want(t, 200)
	for _, key := range []string{c.open.key, "ELS-2", c.open.task} {
		c.member.Do(t, "GET", "/v1/tasks/"+key, nil).WantProblem(t, 404, "not-found")
		c.member.Do(t, "GET", "/v1/tasks/"+key+"/comments", nil).WantProblem(t, 404, "not-found")
	}
	c.member.Do(t, "PATCH", "/v1/comments/"+comment, object{"body": "x"}).WantProblem(t, 404, "not-found")
}

func TestArchive(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	ada, id := c.admin, c.open.task
	lists := func(state string) []string {
		t.Helper()
		var found []string
		for i := range ada.Do(t, "GET", "/v1/projects/"+c.open.project+"/tasks?state="+state, nil).Want(t, 200).Len(t, "items") {
			found = append(found, ada.Do(t, "GET", "/v1/projects/"+c.open.project+"/tasks?state="+state, nil).Text(t, "items."+string(rune('0'+i))+".id"))
		}
		return found
	}
	first := ada.Do(t, "POST", "/v1/tasks/"+id+"/archive", nil).Want(t, 200)
	if again := ada.Do(t, "POST", "/v1/tasks/"+id+"/archive", nil).Want(t, 200); again.Text(t, "archived_at") != first.Text(t, "archived_at") {
		t.Error("archiving again changes when it was archived")
	}
	if len(lists("active")) != 0 || !slices.Equal(lists("archived"), []string{id}) || len(lists("trashed")) != 0 {
		t.Errorf("active %v, archived %v, trashed %v", lists("active"), lists("archived"), lists("trashed"))
	}
	if r := ada.Do(t, "GET", "/v1/columns/"+c.open.column+"/tasks", nil).Want(t, 200); r.Len(t, "items") != 0 {
		t.Errorf("an archived task is on its board: %s", r.Body)
	}
	ada.Do(t, "GET", "/v1/tasks/"+id, nil).Want(t, 200)
	ada.Do(t, "DELETE", "/v1/columns/"+c.open.column, nil).WantProblem(t, 409, "column-not-empty")
	ada.Do(t, "DELETE", "/v1/tasks/"+id, nil).Want(t, 204)
	ada.Do(t, "POST", "/v1/tasks/"+id+"/unarchive", nil).WantProblem(t, 404, "not-found")
	if !slices.Equal(lists("trashed"), []string{id}) || len(lists("archived")) != 0 {
		t.Error("a task in the trash is in the archive, too")
	}
	ada.Do(t, "POST", "/v1/tasks/"+id+"/restore", nil).Want(t, 200)
	if r := ada.Do(t, "POST", "/v1/tasks/"+id+"/unarchive", nil).Want(t, 200); r.Get(t, "archived_at") != nil || !slices.Equal(lists("active"), []string{id}) {
		t.Errorf("brought back: %s", r.Body)
	}
}

func TestDuplicate(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	ada := c.admin
	label := ada.Do(t, "POST", "/v1/labels", object{"name": "bug", "color": "#ff0000"}).Want(t, 201).Text(t, "id")
	c.add(t, c.private, c.guest, "guest")
	c.add(t, c.open, c.guest, "guest")
	ada.Do(t, "PATCH", "/v1/tasks/"+c.open.task, object{"description": "for @" + ada.Email, "label_ids": []string{label}, "priority": "high", "estimate": 5,
		"assignee_ids": []string{ada.User, c.guest.User, c.member.User}, "start_at": "2027-01-01T00:00:00Z", "due_at": "2027-01-02T00:00:00Z"}).Want(t, 200)
	ada.Do(t, "POST", "/v1/tasks/"+c.open.task+"/checklist", object{"text": "step", "checked": true}).Want(t, 201)
	ada.Do(t, "POST", "/v1/tasks/"+c.open.task+"/comments", object{"body": "stays"}).Want(t, 201)
	source := ada.Do(t, "GET", "/v1/tasks/"+c.open.task, nil)
	copied := ada.Do(t, "POST", "/v1/tasks/"+c.open.key+"/duplicate", object{}).Want(t, 201)
	for _, member := range []string{"title", "description", "priority", "estimate", "start_at", "due_at", "status", "column_id"} {
		if copied.Get(t, member) != source.Get(t, member) {
			t.Errorf("%s is %v, want %v", member, copied.Get(t, member), source.Get(t, member))
		}
	}
	for member, n := range map[string]int{"label_ids": 1, "assignee_ids": 3, "mention_ids": 1} {
		if copied.Len(t, member) != n {
			t.Errorf("%s: %s", member, copied.Body)
		}
	}
	counts := ada.Do(t, "GET", "/v1/tasks/"+copied.Text(t, "id")+"?expand=counts", nil).Want(t, 200)
	if counts.Number(t, "counts.checklist_items") != 1 || counts.Number(t, "counts.checklist_done") != 0 || counts.Number(t, "counts.comments") != 0 {
		t.Errorf("counts of the copy: %s", counts.Body)
	}
	// Elsewhere, it leaves behind whoever does not see that project.
	away := ada.Do(t, "POST", "/v1/tasks/"+c.open.task+"/duplicate", object{"column_id": c.private.column, "title": "away"}).Want(t, 201)
	if away.Len(t, "assignee_ids") != 2 || away.Text(t, "title") != "away" || !strings.HasPrefix(away.Text(t, "key"), "PRI-") {
		t.Errorf("copy in the private project: %s", away.Body)
	}
	c.member.Do(t, "POST", "/v1/tasks/"+c.open.task+"/duplicate", object{"column_id": c.private.column}).WantProblem(t, 404, "not-found")
	c.member.Do(t, "POST", "/v1/tasks/"+away.Text(t, "id")+"/duplicate", object{}).WantProblem(t, 404, "not-found")
}

func TestDatesAndEstimates(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	ada, path := c.admin, "/v1/tasks/"+c.open.task
	ada.Do(t, "PATCH", path, object{"start_at": "2027-01-02T00:00:00Z", "due_at": "2027-01-02T00:00:00Z", "estimate": 0.5}).Want(t, 200)
	for name, x := range map[string]struct {
		body object
		at   string
	}{
		"a start after the due date":       {object{"start_at": "2027-01-03T00:00:00Z"}, "body.start_at"},
		"a due date before the start":      {object{"due_at": "2027-01-01T00:00:00Z"}, "body.start_at"},
		"a negative estimate":              {object{"estimate": -1}, "body.estimate"},
		"an estimate past all reason":      {object{"estimate": 1e7}, "body.estimate"},
		"an estimate that is no number":    {object{"estimate": "3"}, "body.estimate"},
		"a custom field that is not there": {object{"fields": object{"none": 1}}, "body.fields.none"},
		"fields that are no object":        {object{"fields": []int{1}}, "body.fields"},
	} {
		r := ada.Do(t, "PATCH", path, x.body)
		r.WantProblem(t, 422, "validation")
		if at := r.Text(t, "errors.0.location"); at != x.at {
			t.Errorf("%s: refused at %s, want %s", name, at, x.at)
		}
	}
	ada.Do(t, "PATCH", path, object{"start_at": "2027-01-03T00:00:00Z", "due_at": nil, "estimate": nil}).Want(t, 200)
	ada.Do(t, "POST", "/v1/columns/"+c.open.column+"/tasks", object{"title": "x", "start_at": "2027-01-03T00:00:00Z", "due_at": "2027-01-02T00:00:00Z"}).WantProblem(t, 422, "validation")
}

// With fields= an answer holds those members, in the order of the schema, and the id.
func TestFieldsAndExpand(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	ada := c.admin
	parent := c.open.task
	label := ada.Do(t, "POST", "/v1/labels", object{"name": "bug", "color": "#ff0000"}).Want(t, 201).Text(t, "id")
	child := ada.Do(t, "POST", "/v1/columns/"+c.open.column+"/tasks", object{"title": "child", "parent_id": parent, "label_ids": []string{label},
		"assignee_ids": []string{ada.User}, "description": "**bold** <script>x</script> @" + c.member.Email}).Want(t, 201).Text(t, "id")

	brief := ada.Do(t, "GET", "/v1/tasks?fields=title,status&limit=1", nil).Want(t, 200)
	if want := `"items":[{"id":"` + child + `","title":"child","status":"todo"}]`; !strings.Contains(string(brief.Body), want) {
		t.Errorf("in brief: %s, want %s", brief.Body, want)
	}
	one := ada.Do(t, "GET", "/v1/tasks/"+child+"?fields=key", nil).Want(t, 200)
	if memberCount(t, one) != 2 || one.Header.Get("ETag") != `"1"` {
		t.Errorf("one in brief: %s %s", one.Header.Get("ETag"), one.Body)
	}
	whole := ada.Do(t, "GET", "/v1/tasks/"+child+"?expand=assignees,labels,column,project,parent,counts,description_html", nil).Want(t, 200)
	for path, want := range map[string]any{"assignees.0.user_id": ada.User, "assignees.0.name": "ada", "labels.0.name": "bug", "column.id": c.open.column,
		"column.status": "todo", "project.key": "OPE", "parent.id": parent, "counts.comments": 0.0} {
		if got := whole.Get(t, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	html := whole.Text(t, "description_html")
	if !strings.Contains(html, "<strong>bold</strong>") || strings.Contains(html, "<script") || !strings.Contains(html, "@mel</span>") {
		t.Errorf("rendered: %s", html)
	}
	both := ada.Do(t, "GET", "/v1/tasks/"+parent+"?fields=title&expand=counts,description_html,parent", nil).Want(t, 200)
	if both.Number(t, "counts.subtasks") != 1 || both.Text(t, "description_html") != "" || memberCount(t, both) != 4 {
		t.Errorf("fields with expand: %s", both.Body)
	}
	for _, query := range []string{"fields=none", "fields=title,org_id", "fields=TITLE", "expand=everything", "expand=labels,labels", "fields=title,title"} {
		ada.Do(t, "GET", "/v1/tasks?"+query, nil).WantProblem(t, 422, "validation")
	}
}

func memberCount(t *testing.T, r *apitest.Response) int {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(r.Body, &members); err != nil {
		t.Fatal(err)
	}
	return len(members)
}

// What is wrong with an expression is told with its place.
func TestBadFilters(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	for text, message := range map[string]string{
		`status = "dome"`:               "at character 10: status: expected one of backlog",
		`statsu = "done"`:               "at character 1: unknown field",
		`priority = high AND (due_at <`: "at character",
		`due_at < "tomorrow"`:           "at character 10",
		`fields.none = 3`:               "there is no custom field none",
		`assignee = ada`:                "expected me, an e-mail address or a user's id",
		`blocked = yes`:                 "expected true or false",
	} {
		r := c.admin.Do(t, "GET", "/v1/tasks?filter="+strings.NewReplacer(" ", "%20", `"`, "%22", "<", "%3C").Replace(text), nil)
		r.WantProblem(t, 422, "validation")
		if r.Text(t, "errors.0.location") != "query.filter" || !strings.Contains(r.Text(t, "errors.0.message"), message) {
			t.Errorf("%s: %s, want %q", text, r.Body, message)
		}
	}
	r := c.admin.Do(t, "GET", "/v1/tasks?sort=fields.none", nil)
	r.WantProblem(t, 422, "validation")
	if at := r.Text(t, "errors.0.location"); at != "query.sort" {
		t.Errorf("a sort by no field is refused at %s", at)
	}
	c.admin.Do(t, "GET", "/v1/tasks?sort=relevance", nil).WantProblem(t, 422, "validation")
}

// Search finds words by their beginnings in titles, descriptions and comments, best first, and forgives a slip.
func TestSearch(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	ada := c.admin
	create := func(title, description string) string {
		return ada.Do(t, "POST", "/v1/columns/"+c.open.column+"/tasks", object{"title": title, "description": description}).Want(t, 201).Text(t, "id")
	}
	inComment := create("Weather", "nothing of it")
	comment := ada.Do(t, "POST", "/v1/tasks/"+inComment+"/comments", object{"body": "The elephant sleeps."}).Want(t, 201).Text(t, "id")
	inDescription := create("Zoo", "One elephant more")
	inTitle := create("Elephant house", "")
	find := func(who *apitest.Client, q string, want ...string) {
		t.Helper()
		r := who.Do(t, "GET", "/v1/tasks?q="+strings.ReplaceAll(q, " ", "%20"), nil).Want(t, 200)
		var got []string
		for i := range r.Len(t, "items") {
			got = append(got, r.Text(t, "items."+string(rune('0'+i))+".id"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", q, got, want)
		}
	}
	find(ada, "elephant", inTitle, inDescription, inComment)
	find(ada, "ELEPH", inTitle, inDescription, inComment)
	find(ada, "elephant house", inTitle)
	find(ada, "elefant", inTitle, inDescription, inComment)
	find(ada, "hose elephnt", inTitle)
	find(ada, "giraffe")
	ada.Do(t, "PATCH", "/v1/comments/"+comment, object{"body": "The lion sleeps."}).Want(t, 200)
	find(ada, "elephant", inTitle, inDescription)
	find(ada, "lion", inComment)
	ada.Do(t, "DELETE", "/v1/comments/"+comment, nil).Want(t, 204)
	find(ada, "lion")
	ada.Do(t, "PATCH", "/v1/tasks/"+inTitle, object{"title": "Monkey house"}).Want(t, 200)
	find(ada, "elephant", inDescription)
	ada.Do(t, "DELETE", "/v1/tasks/"+inDescription, nil).Want(t, 204)
	find(ada, "elephant")
	ada.Do(t, "PATCH", "/v1/tasks/"+inTitle, object{"column_id": c.private.column}).Want(t, 200)
	find(ada, "monkey", inTitle)
	find(c.member, "monkey")
	find(c.member, "monkay")
}
