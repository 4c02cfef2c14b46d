package hostile_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

// Row 12: what a filter, a sort, a view or a swimlane says of a name that only another organization has is what it says of
// one that nobody has: not even whether there is such a thing can be told.
func TestExpressionsTellNothingForeign(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	mine, theirs := newBoard(t, ada), newBoard(t, eve)
	const label, key, field, value = "Zulu", "ZEPP", "hull", "Hindenburg"
	eve.Do(t, "PATCH", "/v1/labels/"+theirs.label, map[string]any{"name": label}).Want(t, 200)
	eve.Do(t, "POST", "/v1/projects/"+theirs.project+"/fields", map[string]any{"name": "Hull", "type": "text"}).Want(t, 201)
	eve.Do(t, "PATCH", "/v1/boards/"+theirs.id, map[string]any{"name": value}).Want(t, 200)
	eve.Do(t, "PATCH", "/v1/columns/"+theirs.column, map[string]any{"name": value}).Want(t, 200)
	eve.Do(t, "PATCH", "/v1/tasks/"+theirs.task, map[string]any{"title": value, "assignee_ids": []string{eve.User}, "label_ids": []string{theirs.label}, "fields": map[string]any{field: value}}).Want(t, 200)
	hangar := eve.Do(t, "POST", "/v1/projects", map[string]any{"name": "Hangar", "key": key}).Want(t, 201).Text(t, "id")
	board := eve.Do(t, "POST", "/v1/projects/"+hangar+"/boards", map[string]any{"name": "Work", "template": "kanban"}).Want(t, 201)
	moored := eve.Do(t, "POST", "/v1/columns/"+board.Text(t, "columns.0.id")+"/tasks", map[string]any{"title": "Moor"}).Want(t, 201)
	child := eve.Do(t, "POST", "/v1/columns/"+board.Text(t, "columns.0.id")+"/tasks", map[string]any{"title": "Knot", "parent_id": moored.Text(t, "id")}).Want(t, 201)
	gus := eve.Join(t, "gus", "member")
	gus.Do(t, "POST", "/v1/columns/"+theirs.column+"/tasks", map[string]any{"title": "Gas"}).Want(t, 201)
	eve.Do(t, "POST", "/v1/tasks/"+theirs.task+"/watchers", nil).Want(t, 201)
	secrets := []string{theirs.project, theirs.id, theirs.column, theirs.task, theirs.label, hangar, eve.User, eve.Org, eve.Email, label, value, moored.Text(t, "id"), child.Text(t, "id"), gus.User}

	for expression, unheard := range map[string]string{
		`labels:"` + label + `"`:                        `labels:"Yoke"`,
		`labels:"` + theirs.label + `"`:                 `labels:"` + nobody + `"`,
		`NOT labels:"` + label + `"`:                    `NOT labels:"Yoke"`,
		`assignee = "` + eve.Email + `"`:                `assignee = "` + strings.Replace(eve.Email, "eve", "eva", 1) + `"`,
		`assignee = "` + eve.User + `"`:                 `assignee = "` + nobody + `"`,
		`created_by = "` + eve.Email + `"`:              `created_by = "` + strings.Replace(eve.Email, "eve", "eva", 1) + `"`,
		`created_by != "` + eve.Email + `"`:             `created_by != "` + strings.Replace(eve.Email, "eve", "eva", 1) + `"`,
		`watcher = "` + eve.Email + `"`:                 `watcher = "` + strings.Replace(eve.Email, "eve", "eva", 1) + `"`,
		`project = "` + key + `"`:                       `project = "YEPP"`,
		`project = "` + hangar + `"`:                    `project = "` + nobody + `"`,
		`board = "` + value + `"`:                       `board = "Lindenburg"`,
		`column = "` + value + `"`:                      `column = "Lindenburg"`,
		`column = "` + theirs.column + `"`:              `column = "` + nobody + `"`,
		`key = "` + key + `-1"`:                         `key = "YEPP-1"`,
		`parent = "` + key + `-1"`:                      `parent = "YEPP-1"`,
		`parent != "` + key + `-1"`:                     `parent != "YEPP-1"`,
		`title:"` + value + `"`:                         `title:"Lindenburg"`,
		value:                                           "Lindenburg",
		`fields.` + field + ` = "` + value + `"`:        `fields.bull = "` + value + `"`,
		`fields.` + field + ` != null`:                  `fields.bull != null`,
		`fields.` + field + ` = null OR title = "Mill"`: `fields.bull = null OR title = "Mill"`,
		`status = "todo" AND fields.` + field + ` > 1`:  `status = "todo" AND fields.bull > 1`,
	} {
		if eve.Do(t, "GET", "/v1/tasks?filter="+url.QueryEscape(expression), nil).Want(t, 200).Len(t, "items") == 0 {
			t.Errorf("the owner finds nothing by %s", expression)
		}
		for what, ask := range map[string]func(string) *apitest.Response{
			"list": func(e string) *apitest.Response { return ada.Do(t, "GET", "/v1/tasks?filter="+url.QueryEscape(e), nil) },
			"board": func(e string) *apitest.Response {
				return ada.Do(t, "GET", "/v1/boards/"+mine.id+"/tasks?filter="+url.QueryEscape(e), nil)
			},
			"view": func(e string) *apitest.Response { return throughView(t, ada, "/tasks", map[string]any{"filter": e}) },
			"view of groups": func(e string) *apitest.Response {
				return throughView(t, ada, "/groups", map[string]any{"filter": e, "group_by": "label"})
			},
		} {
			r := ask(expression)
			sameButName(t, what+" by "+expression, r, ask(unheard))
			for _, secret := range secrets {
				if !strings.Contains(expression, secret) && strings.Contains(string(r.Body), secret) {
					t.Errorf("%s by %s shows %s", what, expression, secret)
				}
			}
		}
		matched := ada.Do(t, "POST", "/v1/tasks/bulk/jobs", map[string]any{"filter": expression, "op": "archive"})
		unmatched := ada.Do(t, "POST", "/v1/tasks/bulk/jobs", map[string]any{"filter": unheard, "op": "archive"})
		if matched.Status != unmatched.Status || matched.Status == 202 && matched.Number(t, "total") != unmatched.Number(t, "total") {
			t.Errorf("a job by %s answers %s, by %s %s", expression, matched.Body, unheard, unmatched.Body)
		}
	}

	sameButName(t, "sort by a foreign field", ada.Do(t, "GET", "/v1/tasks?sort=fields."+field, nil), ada.Do(t, "GET", "/v1/tasks?sort=fields.bull", nil))
	for _, at := range []string{"", "/snapshot"} {
		path := "/v1/boards/" + mine.id + at + "?group_by=fields."
		sameButName(t, "lanes by a foreign field", ada.Do(t, "GET", path+field, nil), ada.Do(t, "GET", path+"bull", nil))
	}
	for _, by := range []string{"assignee", "priority", "label", "status", "parent"} {
		for _, r := range []*apitest.Response{ada.Do(t, "GET", "/v1/boards/"+mine.id+"?group_by="+by, nil), ada.Do(t, "GET", "/v1/boards/"+mine.id+"/snapshot?group_by="+by, nil),
			throughView(t, ada, "/groups", map[string]any{"group_by": by}), throughView(t, ada, "/tasks", map[string]any{"sort": "-priority"})} {
			r.Want(t, 200)
			if i := slices.IndexFunc(secrets, func(secret string) bool { return strings.Contains(string(r.Body), secret) }); i >= 0 {
				t.Errorf("grouped by %s, %s is shown: %s", by, secrets[i], r.Body)
			}
		}
	}
}

// throughView asks a view that is made for it and then deleted.
func throughView(t testing.TB, c *apitest.Client, part string, view map[string]any) *apitest.Response {
	t.Helper()
	view["name"] = "Through"
	made := c.Do(t, "POST", "/v1/views", view)
	if made.Status != 201 {
		return made
	}
	path := "/v1/views/" + made.Text(t, "id")
	r := c.Do(t, "GET", path+part, nil)
	c.Do(t, "DELETE", path, nil).Want(t, 204)
	return r
}

// sameButName fails the test unless two answers are equal but for the name of a custom field in their messages.
func sameButName(t *testing.T, what string, a, b *apitest.Response) {
	t.Helper()
	without := func(r *apitest.Response) *apitest.Response {
		body := strings.NewReplacer("hull", "", "bull", "").Replace(string(r.Body))
		return &apitest.Response{Status: r.Status, Header: r.Header, Body: []byte(body)}
	}
	sameButID(t, what, without(a), without(b))
}
