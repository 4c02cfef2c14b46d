package hostile_test

import (
	"fmt"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

// attempt is a request that names a thing by id, in its path or its body.
type attempt struct {
	method, path string
	body         any
}

// attempts name the thing with the id wherever work can be named, all on the attacker's own scene else.
func attempts(mine scene, name, id string) []attempt {
	task, project := "/v1/tasks/"+mine.task, "/v1/projects/"+mine.project
	bulk := func(operation map[string]any) attempt {
		first := map[string]any{"op": "update", "task": mine.third, "set": map[string]any{"title": "Before"}}
		return attempt{"POST", "/v1/tasks/bulk", map[string]any{"operations": []any{first, operation}}}
	}
	update := func(member string) attempt {
		return bulk(map[string]any{"op": "update", "task": mine.task, "set": map[string]any{member: id}})
	}
	under := func(path string, body map[string]any, methods ...string) (all []attempt) {
		for _, method := range methods {
			if method == "GET" || method == "DELETE" {
				all = append(all, attempt{method, path, nil})
			} else {
				all = append(all, attempt{method, path, body})
			}
		}
		return all
	}
	switch name {
	case "task":
		at := "/v1/tasks/" + id
		all := under(at, map[string]any{"title": "Taken"}, "GET", "PATCH", "DELETE")
		for _, part := range []string{"/activity", "/checklist", "/comments", "/links", "/watchers"} {
			all = append(all, attempt{"GET", at + part, nil})
		}
		for _, part := range []string{"/archive", "/unarchive", "/restore", "/watchers"} {
			all = append(all, attempt{"POST", at + part, nil})
		}
		for _, op := range []string{"delete", "restore", "archive", "unarchive"} {
			all = append(all, bulk(map[string]any{"op": op, "task": id}))
		}
		return append(all, bulk(map[string]any{"op": "update", "task": id, "set": map[string]any{"title": "Taken"}}), update("before_id"), update("after_id"), update("parent_id"),
			attempt{"POST", at + "/duplicate", map[string]any{}}, attempt{"POST", at + "/checklist", map[string]any{"text": "x"}}, attempt{"POST", at + "/comments", map[string]any{"body": "x"}},
			attempt{"POST", at + "/links", map[string]any{"kind": "relates", "task_id": mine.third}}, attempt{"POST", task + "/links", map[string]any{"kind": "blocks", "task_id": id}}, attempt{"PATCH", task, map[string]any{"parent_id": id}},
			attempt{"POST", "/v1/columns/" + mine.column + "/tasks", map[string]any{"title": "x", "parent_id": id}})
	case "column_id":
		return append(under("/v1/columns/"+id, map[string]any{"name": "x"}, "PATCH", "DELETE"), update("column_id"), attempt{"PATCH", task, map[string]any{"column_id": id}},
			attempt{"POST", task + "/duplicate", map[string]any{"column_id": id}}, attempt{"GET", "/v1/columns/" + id + "/tasks", nil},
			bulk(map[string]any{"op": "create", "column_id": id, "set": map[string]any{"title": "x"}}), attempt{"POST", "/v1/columns/" + id + "/tasks", map[string]any{"title": "x"}})
	case "board_id":
		at := "/v1/boards/" + id
		return append(under(at, map[string]any{"name": "x"}, "GET", "PATCH", "DELETE"), attempt{"GET", at + "/snapshot", nil}, attempt{"GET", at + "/tasks", nil}, attempt{"GET", at + "?group_by=assignee", nil},
			attempt{"GET", at + "/columns", nil}, attempt{"POST", at + "/columns", map[string]any{"name": "x"}})
	case "project_id":
		at := "/v1/projects/" + id
		return append(under(at, map[string]any{"name": "x"}, "GET", "PATCH", "DELETE"), attempt{"POST", "/v1/project-templates", map[string]any{"name": "x", "project_id": id}},
			attempt{"POST", "/v1/views", map[string]any{"name": "x", "project_id": id, "visibility": "project"}}, attempt{"PATCH", "/v1/views/" + mine.ids["view_id"], map[string]any{"project_id": id}},
			attempt{"GET", "/v1/views?project_id=" + id, nil}, attempt{"GET", at + "/fields", nil}, attempt{"GET", at + "/members", nil}, attempt{"GET", at + "/tasks", nil},
			attempt{"POST", at + "/fields", map[string]any{"name": "x", "type": "text"}}, attempt{"POST", at + "/members", map[string]any{"user_id": mine.cyd}},
			attempt{"POST", at + "/boards", map[string]any{"name": "x"}}, attempt{"POST", "/v1/tasks/bulk/jobs", map[string]any{"filter": "blocked = true", "op": "archive", "project_id": id}})
	case "item_id":
		return append(under("/v1/checklist-items/"+id, map[string]any{"checked": true}, "PATCH", "DELETE"), attempt{"PATCH", "/v1/checklist-items/" + mine.ids["item_id"], map[string]any{"after_id": id}})
	case "link_id":
		return under(task+"/links/"+id, nil, "DELETE")
	case "comment_id":
		at := "/v1/comments/" + id
		return append(under(at, map[string]any{"body": "x"}, "GET", "PATCH", "DELETE"), attempt{"POST", at + "/reactions", map[string]any{"emoji": "👍"}}, attempt{"DELETE", at + "/reactions/%F0%9F%91%8D", nil},
			attempt{"POST", task + "/comments", map[string]any{"body": "x", "parent_id": id}}, attempt{"GET", task + "/comments?parent_id=" + id, nil})
	case "field_id":
		return append(under("/v1/fields/"+id, map[string]any{"name": "x"}, "GET", "PATCH", "DELETE"), attempt{"PATCH", "/v1/fields/" + mine.ids["field_id"], map[string]any{"before_id": id}})
	case "view_id":
		at := "/v1/views/" + id
		return append(under(at, map[string]any{"name": "x"}, "GET", "PATCH", "DELETE"), attempt{"GET", at + "/tasks", nil}, attempt{"GET", at + "/groups", nil})
	case "template_id":
		at := "/v1/project-templates/" + id
		return append(under(at, map[string]any{"name": "x"}, "GET", "PATCH", "DELETE"), attempt{"POST", at + "/projects", map[string]any{"name": "x"}})
	case "job_id":
		at := "/v1/jobs/" + id
		return []attempt{{"GET", at, nil}, {"GET", at + "/failures", nil}, {"POST", at + "/cancel", nil}}
	case "user_id":
		return []attempt{{"POST", task + "/watchers", map[string]any{"user_id": id}}, {"DELETE", task + "/watchers/" + id, nil}, {"POST", project + "/members", map[string]any{"user_id": id}},
			{"PATCH", project + "/members/" + id, map[string]any{"role": "guest"}}, {"DELETE", project + "/members/" + id, nil}, {"PATCH", task, map[string]any{"fields": map[string]any{"owner": id}}}}
	}
	return nil
}

// Rows 1, 4, 6 and 7: whatever another organization has, and whatever is in a private project of one's own, cannot be
// read, changed, copied, moved to or linked. The refusal is that of an id that nothing has.
func TestForeignWork(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	mallory := ada.Join(t, "mallory", "member")
	mine, private, foreign := newScene(t, ada), newScene(t, ada), newScene(t, eve)
	ada.Do(t, "POST", "/v1/projects/"+mine.project+"/members", map[string]any{"user_id": mallory.User, "role": "admin"}).Want(t, 201)
	ada.Do(t, "POST", "/v1/projects/"+mine.project+"/fields", map[string]any{"name": "Owner", "type": "person"}).Want(t, 201)
	ada.Do(t, "PATCH", "/v1/projects/"+private.project, map[string]any{"private": true}).Want(t, 200)
	tried := 0
	for _, c := range []struct {
		whose    string
		theirs   scene
		attacker *apitest.Client
	}{{"another organization's", foreign, ada}, {"a private project's", private, mallory}} {
		mine.ids["view_id"] = c.attacker.Do(t, "POST", "/v1/views", map[string]any{"name": "Mine"}).Want(t, 201).Text(t, "id")
		before := fingerprint(t, s)
		for name, id := range c.theirs.ids {
			if c.attacker == mallory && (name == "template_id" || name == "job_id" || name == "user_id") {
				continue // are the organization's
			}
			unknown := attempts(mine, name, nobody)
			for i, a := range attempts(mine, name, id) {
				tried++
				what := fmt.Sprintf("%s %s: %s %s %v", c.whose, name, a.method, a.path, a.body)
				r := c.attacker.Do(t, a.method, a.path, a.body)
				forbidden := c.attacker == mallory && name == "project_id" && a.method == "DELETE" // to her, whatever the project
				if r.Status != map[bool]int{true: 403, false: 404}[forbidden] || wrongWith(r) != "" {
					t.Errorf("%s answers %d %.300s", what, r.Status, r.Body)
				}
				sameButID(t, what, r, c.attacker.Do(t, unknown[i].method, unknown[i].path, unknown[i].body))
			}
		}
		if fingerprint(t, s) != before {
			t.Errorf("of %s work something was written", c.whose)
		}
	}
	if tried < 120 {
		t.Fatalf("only %d attempts", tried)
	}
}

// Row 5: what hangs on one of my tasks or projects is not found through another of mine.
func TestWrongParents(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	one, two := newScene(t, ada), newScene(t, ada)
	task := "/v1/tasks/" + one.task
	before := fingerprint(t, s)
	for what, through := range map[string]func(id string) attempt{
		"link_id": func(id string) attempt { return attempt{"DELETE", task + "/links/" + id, nil} },
		"item_id": func(id string) attempt {
			return attempt{"PATCH", "/v1/checklist-items/" + one.ids["item_id"], map[string]any{"before_id": id}}
		},
		"comment_id": func(id string) attempt {
			return attempt{"POST", task + "/comments", map[string]any{"body": "x", "parent_id": id}}
		},
		"field_id": func(id string) attempt {
			return attempt{"PATCH", "/v1/fields/" + one.ids["field_id"], map[string]any{"after_id": id}}
		},
		"column_id": func(id string) attempt {
			return attempt{"PATCH", "/v1/columns/" + one.column, map[string]any{"after_id": id}}
		},
	} {
		ask := func(id string) *apitest.Response {
			a := through(id)
			return ada.Do(t, a.method, a.path, a.body)
		}
		r := ask(two.ids[what])
		if r.Status != 404 || wrongWith(r) != "" {
			t.Errorf("%s of another parent answers %d %.300s", what, r.Status, r.Body)
		}
		sameButID(t, what, r, ask(nobody))
	}
	if fingerprint(t, s) != before {
		t.Error("something was written")
	}
}
