package hostile_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/test/apitest"
)

// schema is as much of a JSON schema as it takes to make values for it.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"`
	Format     string             `json:"format"`
	Pattern    string             `json:"pattern"`
	Enum       []any              `json:"enum"`
	Examples   []any              `json:"examples"`
	MaxLength  int                `json:"maxLength"`
	MaxItems   int                `json:"maxItems"`
	Minimum    *float64           `json:"minimum"`
	Maximum    *float64           `json:"maximum"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Items      *schema            `json:"items"`
	OneOf      []*schema          `json:"oneOf"`
}

func (s *schema) is(kind string) bool {
	if kinds, ok := s.Type.([]any); ok {
		return slices.Contains(kinds, any(kind))
	}
	return s.Type == kind
}

// description is as much of the OpenAPI document as it takes to attack every operation.
type description struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Parameters  []struct {
			Name, In string
			Schema   *schema
		}
		RequestBody *struct {
			Required bool
			Content  map[string]struct{ Schema *schema }
		}
	}
	Components struct{ Schemas map[string]*schema }

	real map[string]any // values of members that name something, by the member's name
}

func describe(t testing.TB, s *apitest.Server) *description {
	t.Helper()
	var d description
	if err := json.Unmarshal(s.Anonymous().Do(t, "GET", "/openapi.json", nil).Want(t, 200).Body, &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

func (d *description) resolve(s *schema) *schema {
	for s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	return s
}

// forms are what a schema stands for: itself, or each of those that it is one of.
func (d *description) forms(s *schema) []*schema {
	s = d.resolve(s)
	if len(s.OneOf) == 0 {
		return []*schema{s}
	}
	var forms []*schema
	for _, form := range s.OneOf {
		forms = append(forms, d.resolve(form))
	}
	return forms
}

// good is an object that nobody finds fault with.
func (d *description) good(s *schema) map[string]any {
	body := map[string]any{}
	for _, name := range s.Required {
		body[name] = d.goodValue(name, d.resolve(s.Properties[name]))
	}
	return body
}

func (d *description) goodValue(name string, s *schema) any {
	if value, ok := d.real[name]; ok {
		return value
	}
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Format == "uuid":
		return nobody
	case s.is("integer"), s.is("number"):
		return 1
	case s.is("boolean"):
		return true
	case s.is("array"):
		return []any{}
	case s.is("object"):
		return d.good(s)
	}
	return "text"
}

// scene is a board with one of everything else that a path can name, so that a refusal is never for want of it.
type scene struct {
	board
	third string // another task of the board, with no links
	cyd   string // a member of the organization and not of the project
	ids   map[string]string
}

func newScene(t testing.TB, c *apitest.Client) scene {
	t.Helper()
	b := newBoard(t, c)
	made := func(path string, body map[string]any, status int) string {
		return c.Do(t, "POST", path, body).Want(t, status).Text(t, "id")
	}
	task := "/v1/tasks/" + b.task
	tasks := "/v1/columns/" + b.column + "/tasks"
	second, bob := made(tasks, map[string]any{"title": "Store"}, 201), c.Join(t, "bob", "member")
	sc := scene{board: b, third: made(tasks, map[string]any{"title": "Gears"}, 201), cyd: c.Join(t, "cyd", "member").User}
	sc.ids = map[string]string{
		"org_id": c.Org, "user_id": bob.User, "project_id": b.project, "board_id": b.id, "column_id": b.column, "task": b.task, "label_id": b.label,
		"item_id":     made(task+"/checklist", map[string]any{"text": "Oil it"}, 201),
		"link_id":     made(task+"/links", map[string]any{"kind": "blocks", "task_id": second}, 201),
		"comment_id":  made(task+"/comments", map[string]any{"body": "Well."}, 201),
		"field_id":    made("/v1/projects/"+b.project+"/fields", map[string]any{"name": "Size", "type": "number"}, 201),
		"view_id":     made("/v1/views", map[string]any{"name": "Mine", "project_id": b.project, "group_by": "status"}, 201),
		"template_id": made("/v1/project-templates", map[string]any{"name": "Again", "project_id": b.project}, 201),
		"job_id":      made("/v1/tasks/bulk/jobs", map[string]any{"filter": "status = done", "op": "archive"}, 202),
		"emoji":       "👍",
		"file_id":     c.Upload(t, "content", nil).Text(t, "id"),
		"upload_id":   nobody, "org": c.Org, "content": nobody, "expires": "1", "signature": "x", // of addresses that are signed
	}
	c.Do(t, "POST", "/v1/comments/"+sc.ids["comment_id"]+"/reactions", map[string]any{"emoji": sc.ids["emoji"]}).Want(t, 201)
	c.Do(t, "POST", task+"/watchers", map[string]any{"user_id": bob.User}).Want(t, 201)
	c.Do(t, "POST", "/v1/projects/"+b.project+"/members", map[string]any{"user_id": bob.User}).Want(t, 201)
	return sc
}

// path fills the parameters of a path with what is there.
func (sc scene) path(t testing.TB, path string) string {
	t.Helper()
	for name, id := range sc.ids {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(id))
	}
	if strings.Contains(path, "{") {
		t.Fatalf("nothing to put into %s", path)
	}
	return path
}

// members are the values of a body that name what is there.
func (sc scene) members() map[string]any {
	return map[string]any{
		"email": "somebody@plinth.test", "password": "an unheard of password",
		"user_id": sc.cyd, "name": "Cam", "project_id": sc.project, "column_id": sc.column, "task": sc.task, "task_id": sc.third,
		"operations": []any{map[string]any{"op": "update", "task": sc.task, "set": map[string]any{}}},
	}
}

// target is an operation with a path of real things in it.
type target struct {
	op       *api.Op
	path     string
	body     *schema
	good     map[string]any
	optional bool // it may come without a body
}

// targets are all operations that take a body.
func targets(t *testing.T, c *apitest.Client, d *description) []target {
	t.Helper()
	sc := newScene(t, c)
	d.real = sc.members()
	var found []target
	for _, op := range c.Server.App.Router.Operations() {
		described := d.Paths[op.Path][strings.ToLower(op.Method)].RequestBody
		if described == nil || described.Content["application/json"].Schema == nil { // a stream of bytes has tests of its own
			continue
		}
		body := d.resolve(described.Content["application/json"].Schema)
		goods := []map[string]any{d.good(body)}
		if op.ID == "start-bulk-job" { // wants one of two members, neither of which is required by itself
			goods = []map[string]any{{"operations": d.real["operations"]}, {"filter": "blocked = true", "set": map[string]any{"title": "Mill"}}}
		}
		for _, good := range goods {
			found = append(found, target{op, sc.path(t, op.Path), body, good, !described.Required})
		}
	}
	if len(found) < 35 {
		t.Fatalf("only %d operations with a body", len(found))
	}
	return found
}
