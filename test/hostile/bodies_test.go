package hostile_test

import (
	"encoding/json"
	"fmt"
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
	Enum       []any              `json:"enum"`
	Examples   []any              `json:"examples"`
	MaxLength  int                `json:"maxLength"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Items      *schema            `json:"items"`
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
			Content map[string]struct{ Schema *schema }
		}
	}
	Components struct{ Schemas map[string]*schema }
}

func describe(t testing.TB, s *apitest.Server) *description {
	t.Helper()
	var d description
	if err := json.Unmarshal(s.Anonymous().Do(t, "GET", "/openapi.json", nil).Want(t, 200).Body, &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// body is the schema of an operation's body; nil where it takes none.
func (d *description) body(op *api.Op) *schema {
	described := d.Paths[op.Path][strings.ToLower(op.Method)]
	if described.RequestBody == nil {
		return nil
	}
	return d.resolve(described.RequestBody.Content["application/json"].Schema)
}

func (d *description) resolve(s *schema) *schema {
	for s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	return s
}

// good is a body that the operation reads without complaint.
func (d *description) good(s *schema) map[string]any {
	body := map[string]any{}
	for _, name := range s.Required {
		body[name] = goodValue(name, d.resolve(s.Properties[name]))
	}
	return body
}

func goodValue(name string, s *schema) any {
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case name == "email":
		return "somebody@plinth.test"
	case name == "password":
		return "an unheard of password"
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
	}
	return "text"
}

// target is an operation with a path of real things in it.
type target struct {
	op   *api.Op
	path string
	body *schema
}

// realPath fills a path's parameters with ids of the board.
func realPath(path string, c *apitest.Client, b board) string {
	return strings.NewReplacer("{org_id}", c.Org, "{user_id}", c.User, "{project_id}", b.project, "{board_id}", b.id, "{column_id}", b.column,
		"{task}", b.task, "{label_id}", b.label, "{emoji}", "%F0%9F%91%8D").Replace(path)
}

// targets are all operations that take a body.
func targets(t *testing.T, c *apitest.Client, d *description) []target {
	t.Helper()
	b := newBoard(t, c)
	comment := c.Do(t, "POST", "/v1/tasks/"+b.task+"/comments", map[string]any{"body": "Well."}).Want(t, 201).Text(t, "id")
	var found []target
	for _, op := range c.Server.App.Router.Operations() {
		if body := d.body(op); body != nil {
			path := strings.ReplaceAll(realPath(op.Path, c, b), "{comment_id}", comment)
			if strings.Contains(path, "{") {
				t.Fatalf("nothing to put into %s", path)
			}
			found = append(found, target{op, path, body})
		}
	}
	if len(found) < 10 {
		t.Fatalf("only %d operations with a body", len(found))
	}
	return found
}

// TestGoodBodies shows that what the other tests break is whole before: no operation finds fault with the generated body.
func TestGoodBodies(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	d := describe(t, s)
	c := s.SignUp(t, "ada")
	for _, target := range targets(t, c, d) {
		r := c.Do(t, target.op.Method, target.path, d.good(target.body))
		if r.Status == 400 || r.Status == 413 || r.Status == 415 || r.Status == 422 || r.Status >= 500 {
			t.Errorf("%s answers %d to %v: %s", target.op.ID, r.Status, d.good(target.body), r.Body)
		}
	}
}

// nasty is a body that no operation may take.
type nasty struct {
	name string
	body []byte
}

// nastyDocuments are wrong for every operation alike.
func nastyDocuments(good map[string]any) []nasty {
	text, _ := json.Marshal(good)
	whole := string(text)
	open := strings.TrimSuffix(whole, "}")
	if len(good) > 0 {
		open += ","
	}
	utf16 := []byte{0xff, 0xfe}
	for _, c := range whole {
		utf16 = append(utf16, byte(c), 0)
	}
	deep := func(n int, l, r string) string { return strings.Repeat(l, n) + strings.Repeat(r, n) }
	documents := map[string]string{
		"empty":                         "",
		"white space":                   " \t\r\n",
		"null":                          "null",
		"true":                          "true",
		"number":                        "1",
		"text":                          `"text"`,
		"array":                         "[]",
		"array around":                  "[" + whole + "]",
		"not JSON":                      "hello",
		"form":                          "name=a&name=b",
		"XML":                           `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>`,
		"cut short":                     open,
		"open text":                     open + `"x":"`,
		"trailing text":                 whole + "x",
		"trailing document":             whole + whole,
		"trailing array":                whole + " []",
		"trailing NUL":                  whole + "\x00",
		"comment":                       "/* */" + whole,
		"trailing comma":                open + "}x",
		"single quotes":                 strings.ReplaceAll(open, `"`, `'`) + `'x':1}`,
		"bare names":                    open + `x:1}`,
		"BOM":                           "\ufeff" + whole,
		"UTF-16":                        string(utf16),
		"Latin-1":                       open + "\"n\xe4me\":\"f\xfcr\"}",
		"overlong UTF-8":                open + "\"x\":\"\xc0\xaf\"}",
		"UTF-8 surrogate":               open + "\"x\":\"\xed\xa0\x80\"}",
		"cut UTF-8":                     open + "\"x\":\"\xe2\x82\"}",
		"unknown member":                open + `"no_such_member":1}`,
		"member __proto__":              open + `"__proto__":{"admin":true}}`,
		"member named nothing":          open + `"":1}`,
		"NUL in a name":                 open + `"a\u0000b":1}`,
		"lone surrogate in a name":      open + `"\ud800":1}`,
		"NaN":                           open + `"x":NaN}`,
		"Infinity":                      open + `"x":-Infinity}`,
		"1e400":                         open + `"x":1e400}`,
		"-0":                            open + `"x":-0}`,
		"leading zero":                  open + `"x":012}`,
		"hexadecimal":                   open + `"x":0x10}`,
		"plus":                          open + `"x":+1}`,
		"raw control character":         open + "\"x\":\"a\nb\"}",
		"bad escape":                    open + `"x":"\q"}`,
		"lone surrogate":                open + `"x":"\ud800"}`,
		"surrogates in the wrong order": open + `"x":"\udc00\ud800"}`,
		"number of 10,000 digits":       open + `"x":` + strings.Repeat("9", 10_000) + "}",
		"name of 100,000 characters":    open + `"` + strings.Repeat("n", 100_000) + `":1}`,
		"10,000 members":                open + manyMembers(10_000) + "}",
		"arrays 100 deep":               deep(100, "[", "]"),
		"arrays 100,000 deep":           deep(100_000, "[", "]"),
		"arrays 500,000 deep, open":     strings.Repeat("[", 500_000),
		"objects 100,000 deep":          strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000),
		"member 9,000 deep":             open + `"x":` + deep(9000, "[", "]") + "}",
		"one byte over the limit":       whole + strings.Repeat(" ", 1<<20+1-len(whole)),
	}
	var all []nasty
	for name, document := range documents {
		all = append(all, nasty{name, []byte(document)})
	}
	return all
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"m%d":%d`, i, i)
	}
	return b.String()[1:]
}

// nastyMembers are wrong in one property of the operation.
func (d *description) nastyMembers(s *schema) []nasty {
	var all []nasty
	good := d.good(s)
	add := func(name, property, raw string) {
		all = append(all, nasty{property + ": " + name, withRaw(good, property, raw)})
	}
	for property, p := range s.Properties {
		p = d.resolve(p)
		text, _ := json.Marshal(goodValue(property, p))
		twice := string(withRaw(good, property, string(text)))
		all = append(all,
			nasty{property + ": twice", []byte(strings.TrimSuffix(twice, "}") + "," + quote(property) + ":" + string(text) + "}")},
			nasty{property + ": twice, escaped", []byte(strings.TrimSuffix(twice, "}") + `,"\u00` + fmt.Sprintf("%02x", property[0]) + property[1:] + `":` + string(text) + "}")},
			nasty{property + ": in capitals", renamed(good, property, strings.ToUpper(property), string(text))},
			nasty{property + ": capitalized", renamed(good, property, strings.ToUpper(property[:1])+property[1:], string(text))})
		if property == "org_id" { // held to the header before the schema sees it
			add("a foreign organization", property, quote(nobody))
			add("an array", property, `["`+nobody+`"]`)
			add("nothing", property, `null`)
			continue
		}
		for _, v := range wrongValues(p) {
			add(v.name, property, string(v.body))
		}
	}
	return all
}

func wrongValues(p *schema) []nasty {
	var all []nasty
	add := func(name, raw string) { all = append(all, nasty{name, []byte(raw)}) }
	add("an object", `{"a":1}`)
	add("a deep array", strings.Repeat("[", 5000)+strings.Repeat("]", 5000))
	add("1e400", "1e400")
	add("NaN", "NaN")
	if !p.is("null") {
		add("null", "null")
	}
	if !p.is("boolean") {
		add("a truth", "true")
	}
	if !p.is("integer") && !p.is("number") {
		add("a number", "7")
		add("-0", "-0")
	} else {
		for _, raw := range []string{"-0", "0", "-1", "1.5", "1e2x", "1e308", "1e30", "9223372036854775808", "18446744073709551616", "-2147483649",
			"2147483648", "0.1e1000", strings.Repeat("9", 400)} {
			add("number "+raw[:min(25, len(raw))], raw)
		}
	}
	if !p.is("array") {
		add("an array", "[]")
	} else {
		add("an array of nothing", "[null]")
		add("an array of numbers", "[1]")
		add("an array with NUL", `["a\u0000b"]`)
		add("a nested array", `[["`+nobody+`"]]`)
		add("an array with a foreign id", `["`+nobody+`"]`)
		add("a long array", "["+strings.TrimSuffix(strings.Repeat(`"`+nobody+`",`, 1000), ",")+"]")
	}
	if !p.is("string") {
		add("a text", `"text"`)
		return all
	}
	add("NUL", `"a\u0000b"`)
	add("NUL alone", `"\u0000"`)
	add("lone surrogate", `"a\ud800b"`)
	add("low surrogate", `"\udfff"`)
	add("invalid UTF-8", "\"a\xff\xfeb\"")
	add("raw NUL", "\"a\x00b\"")
	if p.MaxLength > 0 {
		add("too long", quote(strings.Repeat("x", p.MaxLength+1)))
		add("too long in runes", quote(strings.Repeat("é", p.MaxLength+1)))
	}
	if p.Format != "" || len(p.Enum) > 0 {
		for _, text := range []string{"", " ", "x", "../../etc/passwd", "1", "todo\u202e", "'; drop table app.tasks; --", "\uffff", "NULL", "Infinity",
			"{" + nobody + "}", "urn:uuid:" + nobody, strings.ReplaceAll(nobody, "-", ""), nobody[:35], nobody + "0", strings.Repeat("z", 36)} {
			if p.Format == "uuid" && strings.Contains(text, nobody[:8]) && text != nobody[:35] && text != nobody+"0" {
				continue // other spellings of an id, which the unit tests of package api hold to one
			}
			add("text "+text, quote(text))
		}
	}
	if p.Format == "date-time" {
		for _, text := range []string{"2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T25:00:00Z", "2026-01-01T00:00:60Z", "infinity",
			"0000-01-01T00:00:00Z", "-2026-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "99999-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"} {
			add("time "+text, quote(text))
		}
	}
	if p.Format == "email" {
		for _, text := range []string{"@", "a@", "@b.c", "a b@c.de", "a@b\r\nBcc: c@d.ef", "a@b.c\u0000", "a@b@c.de", "<a@b.cd>", "Ada <a@b.cd>", "a@b.cd, e@f.gh",
			"\"a\r\nb\"@c.de", strings.Repeat("a", 250) + "@b.cd"} {
			add("address "+text[:min(20, len(text))], quote(text))
		}
	}
	return all
}

func quote(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// withRaw is a body whose one member is not what encoding/json would write.
func withRaw(good map[string]any, property, raw string) []byte {
	return renamed(good, property, property, raw)
}

// renamed takes a member out and puts a raw one in.
func renamed(good map[string]any, property, name, raw string) []byte {
	rest := map[string]any{}
	for k, v := range good {
		if k != property {
			rest[k] = v
		}
	}
	text, _ := json.Marshal(rest)
	open := strings.TrimSuffix(string(text), "}")
	if len(rest) > 0 {
		open += ","
	}
	return []byte(open + quote(name) + ":" + raw + "}")
}

// heavily are the operations, one of each kind, that get the large bodies too: what reads a body is the same for all.
var heavily = []string{"login", "create-task", "update-task"}

// Rows 17 and 45: no operation takes a malformed body, breaks on it, tells of its inside or writes anything.
func TestNastyBodies(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	d := describe(t, s)
	c := s.SignUp(t, "ada")
	for _, target := range targets(t, c, d) {
		t.Run(target.op.ID, func(t *testing.T) {
			before := fingerprint(t, s)
			for _, n := range append(nastyDocuments(d.good(target.body)), d.nastyMembers(target.body)...) {
				if len(n.body) > 16<<10 && !slices.Contains(heavily, target.op.ID) {
					continue
				}
				r := c.Do(t, target.op.Method, target.path, n.body)
				if wrong := wrongWith(r); wrong != "" {
					t.Errorf("%s: %s: body %.120q answers %d %.300s", n.name, wrong, n.body, r.Status, r.Body)
				}
			}
			if fingerprint(t, s) != before {
				t.Error("something was written")
			}
		})
	}
}

// Row 45: the refusal of a body with ever so many faults costs no more than the body and stays small.
func TestManyFaultsInOneBody(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	body := `{"email":"a@plinth.test","password":"x",` + manyMembers(50_000) + "}"
	r := s.Anonymous().Do(t, "POST", "/v1/auth/login", body)
	r.WantProblem(t, 422, "validation")
	if len(r.Body) > 64<<10 {
		t.Errorf("the refusal has %d bytes", len(r.Body))
	}
}

// Row 50: a body that is not JSON in UTF-8 by its own word.
func TestMediaTypes(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.SignUp(t, "ada")
	b := newBoard(t, c)
	for _, mediaType := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "text/json", "application/json; charset=utf-16",
		"application/json; charset=iso-8859-1", "application/jsonp", "application", "*/*", "application/cbor"} {
		r := c.Do(t, "POST", "/v1/projects", map[string]any{"name": "x"}, apitest.Header{Name: "Content-Type", Value: mediaType})
		r.WantProblem(t, 415, "unsupported-media-type")
	}
	c.Do(t, "POST", "/v1/projects", map[string]any{"name": "x"}, apitest.Header{Name: "Content-Type", Value: "application/merge-patch+json"}).WantProblem(t, 415, "unsupported-media-type")
	c.Do(t, "PATCH", "/v1/projects/"+b.project, map[string]any{"name": "y"}, apitest.Header{Name: "Content-Type", Value: "application/merge-patch+json"}).Want(t, 200)
	c.Do(t, "POST", "/v1/projects", map[string]any{"name": "z"}, apitest.Header{Name: "Content-Type", Value: `Application/JSON; charset="UTF-8"`}).Want(t, 201)
}

// Rows 11, 45 and 46: query strings.
func TestNastyQueries(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	d := describe(t, s)
	c := s.SignUp(t, "ada")
	b := newBoard(t, c)
	anywhere := []string{"%", "%zz", "a=%", "a=%f", "a=%00", "a=%ff", "%00=a", "%ff=a", "a;b", "no_such=1", "no_such", "limit=1&limit=1", "%6cimit=1&limit=1", "LIMIT=1",
		"[]=1", "limit[]=1", "a=" + strings.Repeat("x", 20_000), strings.Repeat("a=1&", 5000), "cursor=%00", "=", "x-org-id=1", "access_token=1"}
	lists := 0
	for _, op := range s.App.Router.Operations() {
		if op.Method != "GET" {
			continue
		}
		path := realPath(op.Path, c, b)
		queries := slices.Clone(anywhere)
		for _, p := range d.Paths[op.Path]["get"].Parameters {
			if p.In == "query" {
				queries = append(queries, nastyParameter(p.Name, d.resolve(p.Schema))...)
				lists++
			}
		}
		for _, query := range queries {
			r := c.Do(t, "GET", path+"?"+query, nil)
			if wrong := wrongWith(r); wrong != "" {
				t.Errorf("%s: %s: query %.120q answers %d %.300s", op.ID, wrong, query, r.Status, r.Body)
			}
		}
	}
	if lists < 20 {
		t.Fatalf("only %d query parameters", lists)
	}
}

func nastyParameter(name string, p *schema) []string {
	queries := []string{name + "=%00", name + "=a%00b", name + "=%ff", name + "=%ed%a0%80", name + "=%", name + "=1&" + name + "=2", name + "[]=1",
		name + "=" + strings.Repeat("x", 20_000)}
	add := func(values ...string) {
		for _, v := range values {
			queries = append(queries, name+"="+url.QueryEscape(v))
		}
	}
	switch {
	case name == "cursor":
		add("x", "AAAA", strings.Repeat("A", 100), strings.Repeat("A", 1000), "eyJrIjoxfQ", "null", "../..", "1", "' or 1=1 --")
	case p.is("integer"):
		add("0", "-1", "201", "1000000000", "9223372036854775808", "1e2", "1.0", "0x10", "+", "ten", "१", " 1")
	case len(p.Enum) > 0:
		add("x", "password_hash", "id", "org_id", "-", "--rank", "rank desc", "rank;", "RANK", "title", "deleted_at", "1", "rank,id")
	case p.Format == "uuid":
		add("x", "1", nobody[:35], nobody+"0", "' or '1'='1", nobody, "00000000-0000-7000-8000-000000000001")
	case p.Format == "date-time":
		add("x", "now", "infinity", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", "99999-01-01T00:00:00Z", "1", "tomorrow")
	}
	return queries
}

// Row 45: times at the ends of what RFC 3339 can write neither break a list nor what is read later.
func TestTimesAtTheEdge(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.SignUp(t, "ada")
	b := newBoard(t, c)
	for _, at := range []string{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00-12:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59+12:00", "9999-12-31T23:59:59-12:00",
		"0000-01-01T00:00:00Z", "0001-01-01T00:00:00+12:00"} {
		r := c.Do(t, "POST", "/v1/columns/"+b.column+"/tasks", map[string]any{"title": "Edge", "due_at": at})
		if r.Status >= 500 || !json.Valid(r.Body) {
			t.Errorf("due_at %s answers %d %s", at, r.Status, r.Body)
		}
		for _, name := range []string{"due_before", "due_after", "updated_since"} {
			if r := c.Do(t, "GET", "/v1/tasks?sort=due_at&limit=1&"+name+"="+url.QueryEscape(at), nil); r.Status >= 500 {
				t.Errorf("%s=%s answers %d %s", name, at, r.Status, r.Body)
			}
		}
		if r := c.Do(t, "GET", "/v1/tasks?sort=due_at", nil); r.Status != 200 || !json.Valid(r.Body) {
			t.Fatalf("after due_at %s the list answers %d %s", at, r.Status, r.Body)
		}
	}
}

// Row 45: search takes any text.
func TestSearchTakesAnyText(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.SignUp(t, "ada")
	newBoard(t, c)
	for _, q := range []string{"'", `\`, `'\''`, "a & b", "!", "a:*", ":*", "(", ")", "|", "<->", "''", `"`, "%", "_", "$$", "a\\b", "E'", "http://a.bc/it's\\x?a='b'&c=\\", "/usr/a'b\\c",
		"a@b'c.de", "<a href='\\'>", "&amp;'", "\u202e", "\U0001F600", "ﷺ", "it's o'clock", "a.b-c_d'e", "-1.5e400", "x'y:*B & z", strings.Repeat("' ", 100), strings.Repeat("ab ", 66), "\t\r\n", "ʼ", "’"} {
		c.Do(t, "GET", "/v1/tasks?q="+url.QueryEscape(q), nil).Want(t, 200)
	}
}

// Row 45: ids in paths.
func TestNastyPaths(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.SignUp(t, "ada")
	b := newBoard(t, c)
	before := fingerprint(t, s)
	ids := []string{"%00", "a%00b", "%ff", "%ed%a0%80", "%2f", "%2e%2e%2f", "..%2f..%2fetc%2fpasswd", "%5c", "x", "0", "-1", "null", "undefined", "NaN", "%20", "%0d%0aX:1", "%F0%9F%98%80", "%E2%80%AE",
		strings.Repeat("a", 41), strings.Repeat("A", 8000), nobody + "%00", nobody + "%20", "%7B" + nobody + "%7D", nobody[:35] + "%C3%A9", "';drop%20table%20app.tasks;--", "APP-0", "APP--1",
		"APP-99999999999999999999", "APP-2147483648", "APP-9999999999", "app-1", "A-1", "*", "$1", "%25s", "..;"}
	for _, op := range s.App.Router.Operations() {
		if !strings.Contains(op.Path, "{") {
			continue
		}
		for _, id := range ids {
			for _, path := range broken(op.Path, id, c, b) {
				r := c.Do(t, op.Method, path, bodyFor(op))
				if wrong := wrongWith(r); wrong != "" {
					t.Errorf("%s %.150s: %s: answers %d %.300s", op.Method, path, wrong, r.Status, r.Body)
				}
			}
		}
		// What climbs is cleaned by a redirect within the site, or is not there.
		for _, id := range []string{"..", "%2e%2e", ".", "x/..", "/", "//evil.example", "\\evil.example"} {
			resp := raw(t, address(s), op.Method+" "+broken(op.Path, id, c, b)[0]+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
			switch {
			case resp == nil:
			case resp.StatusCode >= 500 || resp.StatusCode < 300:
				t.Errorf("%s with %q in the path answers %d", op.ID, id, resp.StatusCode)
			case strings.HasPrefix(resp.Header.Get("Location"), "//"), strings.Contains(resp.Header.Get("Location"), ":"), strings.HasPrefix(resp.Header.Get("Location"), `/\`):
				t.Errorf("%s with %q in the path leads off to %q", op.ID, id, resp.Header.Get("Location"))
			}
		}
	}
	if fingerprint(t, s) != before {
		t.Error("something was written")
	}
}

// broken puts the id into each parameter of the path in turn.
func broken(path, id string, c *apitest.Client, b board) []string {
	var paths []string
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, "{") {
			one := strings.Replace(path, segment, id, 1)
			paths = append(paths, strings.ReplaceAll(realPath(one, c, b), "{comment_id}", nobody))
		}
	}
	return paths
}

func bodyFor(op *api.Op) any {
	if op.Method == "GET" || op.Method == "DELETE" {
		return nil
	}
	return map[string]any{}
}
