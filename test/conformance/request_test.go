package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/test/apitest"
)

type (
	object = map[string]any
	ids    = map[string]string
)

// request is a valid request of an operation, in parts that a test can change one by one.
type request struct {
	vars    ids // of the path, by name; org_id is the stage's
	query   ids
	body    object // nil is none
	form    bool   // the body goes out as a multipart form, in which "file" is a file
	raw     []byte // a body that is no object
	headers ids
	as      *apitest.Client // who sends it; nil is the one on the stage
	version int             // of the resource that it changes
}

// path fills the operation's path and query.
func (q request) path(t testing.TB, op *api.Op, org string) string {
	t.Helper()
	vars := maps.Clone(q.vars)
	if vars == nil {
		vars = ids{}
	}
	if op.In == api.InPathOrg && vars["org_id"] == "" {
		vars["org_id"] = org
	}
	path := op.Path
	for name, value := range vars {
		filled := strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
		if filled == path {
			t.Fatalf("%s has no {%s}", op.Path, name)
		}
		path = filled
	}
	if strings.Contains(path, "{") {
		t.Fatalf("the scenario of %s leaves %s", op.ID, path)
	}
	if len(q.query) == 0 {
		return path
	}
	values := url.Values{}
	for name, value := range q.query {
		values.Set(name, value)
	}
	return path + "?" + values.Encode()
}

// sender is who sends the request: nobody where no token is asked for, and with X-Org-Id only where it is needed.
func (q request) sender(op *api.Op, s *stage) *apitest.Client {
	who := s.by
	if q.as != nil {
		who = q.as
	}
	switch op.In {
	case api.Anonymous:
		return who.Server.Anonymous()
	case api.InOrg:
		return who.In(s.org)
	}
	return who.In("")
}

// send sends the request of an operation.
func (q request) send(op *api.Op, s *stage, headers ...apitest.Header) *apitest.Response {
	s.Helper()
	return q.sendAs(op, s, q.sender(op, s), headers...)
}

func (q request) sendAs(op *api.Op, s *stage, who *apitest.Client, headers ...apitest.Header) *apitest.Response {
	s.Helper()
	var body any
	given := headers // which win over the request's own
	for name, value := range q.headers {
		if !slices.ContainsFunc(given, func(h apitest.Header) bool { return h.Name == name }) {
			headers = append(headers, header(name, value))
		}
	}
	switch {
	case q.raw != nil:
		body = q.raw
	case q.form:
		content, media := q.multipart(s)
		body, headers = content, append(headers, header("Content-Type", media))
	case q.body != nil:
		body = q.body
	}
	return who.Do(s, op.Method, q.path(s, op, s.org), body, headers...)
}

// multipart is the body as a form (RFC 7578), in the order of its names.
func (q request) multipart(t testing.TB) (content []byte, media string) {
	t.Helper()
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(q.body)) {
		disposition := map[string]string{"name": name}
		if name == "file" {
			disposition["filename"] = "file.txt"
		}
		part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {mime.FormatMediaType("form-data", disposition)}})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(part, q.body[name])
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), form.FormDataContentType()
}

// withQuery is the request with one more parameter.
func (q request) withQuery(name, value string) request {
	q.query = maps.Clone(q.query)
	if q.query == nil {
		q.query = ids{}
	}
	q.query[name] = value
	return q
}

// withBody is the request with its body changed.
func (q request) withBody(change func(object)) request {
	q.body = maps.Clone(q.body)
	change(q.body)
	return q
}

// place is where in a request an id stands: in the path, the query or the body, under a name, and there in a list or not.
type place struct {
	in, name string
	index    int // in a list; -1 is none
}

func (p place) String() string {
	if p.index < 0 {
		return p.in + "." + p.name
	}
	return fmt.Sprintf("%s.%s[%d]", p.in, p.name, p.index)
}

var (
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	taskKey  = regexp.MustCompile(`^[A-Z0-9]{2,10}-[0-9]+$`)
)

// references finds every id and task key in the request. The organization's own has rules of its own.
func (q request) references() []place {
	var found []place
	note := func(in, name string, index int, value any) {
		text, ok := value.(string)
		if ok && name != "org_id" && (uuidForm.MatchString(text) || taskKey.MatchString(text)) {
			found = append(found, place{in, name, index})
		}
	}
	for name, value := range q.vars {
		note("path", name, -1, value)
	}
	for name, value := range q.query {
		note("query", name, -1, value)
	}
	for name, value := range q.body {
		note("body", name, -1, value)
		if list, ok := value.([]string); ok {
			for i, item := range list {
				note("body", name, i, item)
			}
		}
	}
	slices.SortFunc(found, func(x, y place) int { return strings.Compare(x.String(), y.String()) })
	return found
}

func (q request) at(p place) string {
	switch p.in {
	case "path":
		return q.vars[p.name]
	case "query":
		return q.query[p.name]
	}
	if p.index >= 0 {
		return q.body[p.name].([]string)[p.index]
	}
	return q.body[p.name].(string)
}

// with is the request with another value at the place.
func (q request) with(p place, value string) request {
	switch p.in {
	case "path":
		q.vars = maps.Clone(q.vars)
		if q.vars == nil {
			q.vars = ids{}
		}
		q.vars[p.name] = value
	case "query":
		return q.withQuery(p.name, value)
	default:
		return q.withBody(func(body object) {
			if p.index < 0 {
				body[p.name] = value
				return
			}
			list := slices.Clone(body[p.name].([]string))
			list[p.index] = value
			body[p.name] = list
		})
	}
	return q
}

// unlike is a value of the same kind that names nothing anywhere.
func unlike(value string) string {
	if taskKey.MatchString(value) {
		return "NOSUCH-1"
	}
	return newID()
}

// without is a refusal less what tells requests apart.
func without(t testing.TB, r *apitest.Response, member string) string {
	t.Helper()
	var answer object
	if err := json.Unmarshal(r.Body, &answer); err != nil {
		t.Fatalf("answer is no JSON: %v: %s", err, r.Body)
	}
	value, ok := answer[member].(string)
	if !ok || value == "" {
		t.Fatalf("answer has no %s: %s", member, r.Body)
	}
	return strings.Replace(string(r.Body), value, "", 1)
}

// same fails the test unless two refusals are equal byte by byte, less their request ids.
func same(t testing.TB, what string, got, want *apitest.Response) {
	t.Helper()
	if got.Head && got.Status == want.Status && len(got.Header) == len(want.Header) {
		return
	}
	if got.Status != want.Status || without(t, got, "request_id") != without(t, want, "request_id") ||
		got.Header.Get("Content-Type") != want.Header.Get("Content-Type") || len(got.Header) != len(want.Header) {
		t.Errorf("%s:\n  got  %d %s\n  want %d %s", what, got.Status, got.Body, want.Status, want.Body)
	}
}

func header(name, value string) apitest.Header { return apitest.Header{Name: name, Value: value} }

func ok(status int) bool { return status >= http.StatusOK && status < http.StatusMultipleChoices }
