package hostile_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

// Rows 11, 45 and 46: query strings.
func TestNastyQueries(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	d := describe(t, s)
	c := s.SignUp(t, "ada")
	sc := newScene(t, c)
	anywhere := []string{"%", "%zz", "a=%", "a=%f", "a=%00", "a=%ff", "%00=a", "%ff=a", "a;b", "no_such=1", "no_such", "limit=1&limit=1", "%6cimit=1&limit=1", "LIMIT=1",
		"[]=1", "limit[]=1", "a=" + strings.Repeat("x", 20_000), strings.Repeat("a=1&", 5000), "cursor=%00", "=", "x-org-id=1", "access_token=1"}
	lists := 0
	for _, op := range s.App.Router.Operations() {
		if op.Method != "GET" {
			continue
		}
		path := sc.path(t, op.Path)
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
	if lists < 100 {
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
		add("0", "-1", fmt.Sprint(*p.Maximum+1), "1000000000", "9223372036854775808", "1e2", "1.0", "0x10", "+", "ten", "१", " 1")
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
