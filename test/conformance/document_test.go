package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	openapierrors "github.com/pb33f/libopenapi-validator/errors"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/test/apitest"
)

// document is the OpenAPI document that the server serves.
type document struct {
	validator validator.Validator
	root      object
	byID      map[string]object // operations by operationId
}

func readDocument(t testing.TB, s *apitest.Server) *document {
	t.Helper()
	text := s.Anonymous().Do(t, "GET", "/openapi.json", nil).Want(t, 200).Body
	parsed, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(parsed)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	d := &document{validator: v, byID: map[string]object{}}
	if err := json.Unmarshal(text, &d.root); err != nil {
		t.Fatal(err)
	}
	for _, item := range d.root["paths"].(object) {
		for _, operation := range item.(object) {
			if o, ok := operation.(object); ok {
				id, _ := o["operationId"].(string)
				d.byID[id] = o
			}
		}
	}
	return d
}

// resolve follows a reference to its schema.
func (d *document) resolve(schema object) object {
	for {
		ref, ok := schema["$ref"].(string)
		if !ok {
			return schema
		}
		at := d.root
		for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			at = at[step].(object)
		}
		schema = at
	}
}

// at is the object at a path of members, or nil.
func at(o object, path ...string) object {
	for _, step := range path {
		o, _ = o[step].(object)
	}
	return o
}

// body is the schema of an operation's request body, or nil.
func (d *document) body(id string) object {
	for _, media := range []string{"application/json", "multipart/form-data"} {
		if schema := at(d.byID[id], "requestBody", "content", media, "schema"); schema != nil {
			return d.resolve(schema)
		}
	}
	return nil
}

// answer is the schema of an operation's answer, or nil.
func (d *document) answer(op *api.Op) object {
	schema := at(d.byID[op.ID], "responses", fmt.Sprint(op.Status), "content", "application/json", "schema")
	if schema == nil {
		return nil
	}
	return d.resolve(schema)
}

// isPage reports whether an operation answers a page of a list.
func (d *document) isPage(op *api.Op) bool {
	properties := at(d.answer(op), "properties")
	return properties["items"] != nil && properties["next_cursor"] != nil
}

// parameter is the schema of an operation's parameter, or nil.
func (d *document) parameter(id, in, name string) object {
	for _, p := range d.parameters(id) {
		if p["in"] == in && p["name"] == name {
			return p["schema"].(object)
		}
	}
	return nil
}

func (d *document) parameters(id string) []object {
	var found []object
	list, _ := d.byID[id]["parameters"].([]any)
	for _, p := range list {
		found = append(found, d.resolve(p.(object)))
	}
	return found
}

// references are the places of an operation's requests that take ids, by the document.
func (d *document) references(id string) []string {
	var places []string
	for _, p := range d.parameters(id) {
		if isID(p["schema"].(object)) {
			places = append(places, fmt.Sprintf("%s.%s", p["in"], p["name"]))
		}
	}
	for name, schema := range at(d.body(id), "properties") {
		schema := d.resolve(schema.(object))
		if isID(schema) || isID(at(schema, "items")) {
			places = append(places, "body."+name)
		}
	}
	return slices.DeleteFunc(places, func(p string) bool { return strings.HasSuffix(p, ".org_id") })
}

func isID(schema object) bool { return schema["format"] == "uuid" }

// guard stands between the clients and the server. It holds every answer of the API to the document, and every answer to
// somebody in one organization alone to silence about the other (threat 12). A word of the other ends the request with
// an error; what contradicts the document is gathered, each kind of it once, and reported at the end of the test.
type guard struct {
	next      http.RoundTripper
	doc       *document
	strangers map[string]string // by access token, what must never be in an answer

	mu       sync.Mutex
	problems map[string]error // by what is wrong, less its values
}

// report fails the test for everything that contradicted the document.
func (g *guard) report(t testing.TB) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, kind := range slices.Sorted(maps.Keys(g.problems)) {
		t.Error(g.problems[kind])
	}
}

var valueForm = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|\b[A-Z]{2}[0-9]*-[0-9]+|'.*?'`)

func (g *guard) gather(kind string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	kind = valueForm.ReplaceAllString(kind, "…")
	if g.problems == nil {
		g.problems = map[string]error{}
	}
	if g.problems[kind] == nil {
		g.problems[kind] = err
	}
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		sent.Body = body
	}
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	foreign := g.strangers[strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")]
	if foreign != "" && bytes.Contains(body, []byte(foreign)) {
		return nil, fmt.Errorf("%s %s shows another organization's %s: %s", req.Method, req.URL.Path, foreign, body)
	}
	if !strings.HasPrefix(req.URL.Path, "/v1/") {
		return resp, nil
	}
	g.check(sent, resp, body)
	return resp, nil
}

// check compares an answer with the document, and with it the request, where the server took it.
func (g *guard) check(req *http.Request, resp *http.Response, body []byte) {
	answer := *resp
	answer.Body = io.NopCloser(bytes.NewReader(body))
	what := req.Method + " " + req.URL.Path
	if valid, errs := g.doc.validator.ValidateHttpResponse(req, &answer); !valid {
		g.gather(fmt.Sprint(what, resp.StatusCode, tell(errs)), fmt.Errorf("%s: answer %d is not as documented: %s", what, resp.StatusCode, tell(errs)))
	}
	if resp.StatusCode == http.StatusNoContent && len(body) > 0 {
		g.gather(what, fmt.Errorf("%s: 204 with the body %s", what, body))
	}
	if !ok(resp.StatusCode) {
		return
	}
	if valid, errs := g.doc.validator.ValidateHttpRequestSync(req); !valid {
		g.gather(what+tell(errs), fmt.Errorf("%s?%s: answered %d, but the document does not allow the request: %s", what, req.URL.RawQuery, resp.StatusCode, tell(errs)))
	}
}

var kebab = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// undocumented says what the document lacks of an operation.
func (d *document) undocumented(op *api.Op) []string {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, op.ID+": "+fmt.Sprintf(format, args...)) }
	o := d.byID[op.ID]
	if o == nil {
		return []string{op.ID + ": not in the document"}
	}
	if !kebab.MatchString(op.ID) {
		add("the operationId is not kebab-case")
	}
	if summary, _ := o["summary"].(string); summary == "" {
		add("no summary")
	}
	if tags, _ := o["tags"].([]any); len(tags) != 1 || !d.hasTag(tags[0]) {
		add("tags %v, want one that is described", o["tags"])
	}
	for _, p := range d.parameters(op.ID) {
		if p["in"] == "path" && p["required"] != true {
			add("path parameter %s is not required", p["name"])
		}
	}
	return append(problems, d.unexemplified(op)...)
}

func (d *document) hasTag(name any) bool {
	tags, _ := d.root["tags"].([]any)
	return slices.ContainsFunc(tags, func(tag any) bool { return tag.(object)["name"] == name && tag.(object)["description"] != "" })
}

// unexemplified says which required texts of a body have no example, so that a reader would have to guess.
func (d *document) unexemplified(op *api.Op) []string {
	body := d.body(op.ID)
	if body == nil || at(d.byID[op.ID], "requestBody", "content", "application/json")["example"] != nil || body["examples"] != nil {
		return nil
	}
	var problems []string
	required, _ := body["required"].([]any)
	for _, name := range required {
		schema := d.resolve(at(body, "properties", name.(string)))
		if schema["type"] == "string" && schema["examples"] == nil && schema["example"] == nil && schema["description"] == nil {
			problems = append(problems, fmt.Sprintf("%s: body.%s has neither example nor description", op.ID, name))
		}
	}
	return problems
}

var indexForm = regexp.MustCompile(`\[[0-9]+\]`)

// tell is what the validator found, in short: once for all the items of a list.
func tell(errs []*openapierrors.ValidationError) string {
	var found []string
	for _, e := range errs {
		if len(e.SchemaValidationErrors) == 0 {
			found = append(found, e.Message+" "+e.Reason)
		}
		for _, detail := range e.SchemaValidationErrors {
			found = append(found, indexForm.ReplaceAllString(detail.FieldPath, "[]")+": "+detail.Reason)
		}
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), "; ")
}
