package hostile_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

// wrongFilters are expressions that speak of what is hidden or unknown, or that are none.
var wrongFilters = []string{
	`org_id = "x"`, `rank = "a"`, `deleted_at = null`, `archived_at = null`, `search:"x"`, `t.title = "x"`, `tasks.title = "x"`, `created_by.email:"@"`, `assignee.password_hash:"x"`, `Title = "x"`,
	`fields = null`, `fields. = 1`, `fields.A = 1`, `fields.no_such = 1`, `fields.org_id != null`, `fields.size.x = 1`, `fields.size = "x' or 1=1 --"`, `fields.size > "1e400"`, `fields.size = "NaN"`,
	`(`, `)`, `()`, `title =`, `= "x"`, `title = "x`, `"title" = title`, `title == "x"`, `title = "x" title` + strings.Repeat("(", 40), `AND`, `a AND`, `NOT`, `title = (`,
	`status = "secret"`, `status > "done"`, `estimate = "NaN"`, `estimate > "Infinity"`, `estimate > 1e400`, `estimate = "1e400"`, `estimate = "0x10"`, `estimate = "1_000"`, `estimate = "0x1p4"`, `estimate = "inf"`, `estimate = null null =`,
	`due_at < "infinity"`, `due_at < "99999-01-01T00:00:00Z"`, `due_at = "2026-02-30"`, `due_at < now()`, `due_at < "now"`, `blocked = "maybe"`, `assignee = "eve"`, `assignee = "*"`,
	`title = 'x'); drop table app.tasks; --`, `search_tasks("x")`, `pg_sleep(10)`, `title = "x" or 1=1`, "title = \"a\x00b\"", "\x00",
	strings.Repeat("(", 2000), strings.Repeat("(", 1000) + strings.Repeat(")", 1000), strings.Repeat("-(", 1000), strings.Repeat("NOT ", 500), strings.Repeat("a OR ", 399) + "a", strings.Repeat("a.", 999) + "a = 1",
	strings.Repeat("a(", 1000), strings.Repeat("title=(", 285), strings.Repeat(`"`, 1999), strings.Repeat("x", 2001), strings.Repeat("é", 2001),
}

// oddFilters are expressions that may be good, and must not break anything.
var oddFilters = []string{
	`title = $1`, `title ~ "x"`, `@`,
	`'`, `"'"`, `"\\"`, `title:"%"`, `title:"_"`, `title:"\\%*"`, `title = "*"`, `title:"*"`, `title = "\""`, `title = ''`, `title = "$1"`, `title = "%s%n"`, `description:"' or '1'='1"`, `key = "APP-99999999999999999999"`, `key = "'"`,
	`parent = "x"`, `parent = null`, `project = ""`, `project = "` + nobody + `"`, `board:"'"`, `column = "*"`, `labels:("a" OR "b" OR ("c"))`, `labels:""`, `labels != null`, `assignee = "a@b"`, `assignee = "'@"`, `mentions:me`,
	`fields.size = 1`, `fields.size:"1*"`, `fields.size = null`, `fields.size > ` + strings.Repeat("9", 300), `fields.size = 0.` + strings.Repeat("1", 300), `fields.note:"%' --*"`, `fields.note > "\\"`, `estimate > 1000001`, `estimate = -0`,
	`due_at > "0001-01-01T00:00:00Z"`, `due_at < "9999-12-31T23:59:59-12:00"`, `due_at > "0001-01-01T00:00:00+12:00"`, "\u202e", "\U0001F600", "ﷺ", `title = "\uffff"`, strings.Repeat("(", 32) + "bug" + strings.Repeat(")", 32),
	strings.Repeat("x", 2000), `"` + strings.Repeat("' ", 999) + `"`, "title = \"" + strings.Repeat("\U0001F600", 1900) + `"`, strings.Repeat("NOT ", 30) + "a", strings.Repeat("a ", 30), "--", "/*", ";", "a;b", "<->", "!a", "a:*", "a & b",
}

// soup is expressions of random tokens, alike in each run.
func soup(n int) []string {
	tokens := []string{"(", ")", `"x"`, `'`, `"`, `\`, "AND", "OR", "NOT", "-", "=", "!=", "<", ">=", ":", "title", "labels", "assignee", "fields.size", "fields.note", "fields.no_such", "due_at", "estimate", "parent", "key", "blocked",
		"me", "null", "true", "1", "-1.5", "1e9", `"2026-01-01"`, `"*"`, "*", ".", ",", "%", ";", "$1", "é", "status", "done", "column", "watcher", "@"}
	random := rand.New(rand.NewPCG(1, 2))
	var all []string
	for range n {
		var words []string
		for range 1 + random.IntN(12) {
			words = append(words, tokens[random.IntN(len(tokens))])
		}
		all = append(all, strings.Join(words, []string{" ", ""}[random.IntN(2)]))
	}
	return all
}

// Rows 11, 45 and 46: filter expressions, wherever they are taken, are refused with 422 or work, and break nothing.
func TestNastyFilters(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.SignUp(t, "ada")
	b := newBoard(t, c)
	for name, kind := range map[string]string{"Size": "number", "Note": "text"} {
		c.Do(t, "POST", "/v1/projects/"+b.project+"/fields", map[string]any{"name": name, "type": kind}).Want(t, 201)
	}
	view := "/v1/views/" + c.Do(t, "POST", "/v1/views", map[string]any{"name": "All"}).Want(t, 201).Text(t, "id")
	ask := func(expression string) map[string]*apitest.Response {
		answers := map[string]*apitest.Response{
			"view": c.Do(t, "POST", "/v1/views", map[string]any{"name": "New", "filter": expression}),
			"job":  c.Do(t, "POST", "/v1/tasks/bulk/jobs", map[string]any{"filter": expression, "op": "archive"}),
		}
		for _, list := range []string{"/v1/tasks", "/v1/columns/" + b.column + "/tasks", "/v1/boards/" + b.id + "/tasks", "/v1/projects/" + b.project + "/tasks"} {
			answers[list] = c.Do(t, "GET", list+"?filter="+url.QueryEscape(expression), nil)
		}
		if c.Do(t, "PATCH", view, map[string]any{"filter": expression}).Status == 200 { // what only the data can tell, the view tells when it is read
			answers["view tasks"] = c.Do(t, "GET", view+"/tasks", nil)
			answers["view groups"] = c.Do(t, "GET", view+"/groups", nil)
		}
		return answers
	}
	for _, expression := range wrongFilters {
		for where, r := range ask(expression) {
			if strings.Contains(expression, "fields.") && where == "view" || where == "view groups" {
				continue
			}
			if wrong := wrongWith(r); wrong != "" || r.Status != 422 && r.Status != 400 {
				t.Errorf("%s: %.100q answers %d %.300s %s", where, expression, r.Status, r.Body, wrong)
			}
		}
	}
	for _, expression := range append(oddFilters, soup(150)...) {
		for where, r := range ask(expression) {
			if r.Status >= 500 || !json.Valid(r.Body) || r.Status >= 400 && wrongProblem(r) != "" {
				t.Errorf("%s: %.100q answers %d %.300s", where, expression, r.Status, r.Body)
			}
		}
	}
}

// Row 11: what is hidden or unknown can be neither sorted nor grouped by, nor chosen, nor expanded.
func TestHiddenNames(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.SignUp(t, "ada")
	b := newBoard(t, c)
	hidden := []string{"org_id", "password_hash", "deleted_by", "search", "t.id", "Title", "fields.no_such.x", "fields.A", "fields.", "(select 1)", "id;", `"id"`, "id desc", "*", "1", "-", "--", "key\x00"}
	for _, name := range hidden {
		q := url.QueryEscape(name)
		for _, list := range []string{"/v1/tasks", "/v1/columns/" + b.column + "/tasks", "/v1/boards/" + b.id + "/tasks", "/v1/projects/" + b.project + "/tasks"} {
			for _, query := range []string{"sort=" + q, "sort=-" + q, "fields=" + q, "fields=key," + q, "expand=" + q, "expand=labels," + q} {
				if r := c.Do(t, "GET", list+"?"+query, nil); wrongWith(r) != "" || r.Status != 422 && r.Status != 400 {
					t.Errorf("%s?%s answers %d %.300s", list, query, r.Status, r.Body)
				}
			}
		}
		for _, path := range []string{"/v1/boards/" + b.id + "?group_by=", "/v1/boards/" + b.id + "/snapshot?group_by=", "/v1/tasks/" + b.task + "?fields=", "/v1/tasks/" + b.task + "?expand=", "/v1/tasks/" + b.task + "/comments?expand="} {
			if r := c.Do(t, "GET", path+q, nil); wrongWith(r) != "" || r.Status != 422 && r.Status != 400 {
				t.Errorf("%s%s answers %d %.300s", path, q, r.Status, r.Body)
			}
		}
		for _, body := range []map[string]any{{"sort": name}, {"group_by": name}, {"fields": []string{name}}, {"fields": []string{"key", name}}, {"filter": name + " = 1"}} {
			body["name"] = "Hidden"
			if r := c.Do(t, "POST", "/v1/views", body); wrongWith(r) != "" || r.Status != 422 && r.Status != 400 {
				t.Errorf("a view of %v answers %d %.300s", body, r.Status, r.Body)
			}
		}
	}
	for _, query := range []string{"sort=fields.no_such", "sort=rank,id", "fields=" + strings.Repeat("key,", 5000) + "key", "expand=" + strings.Repeat("labels,", 5000) + "labels", "group_by=status", "sort=relevance", "filter=fields.no_such%3D1"} {
		c.Do(t, "GET", "/v1/tasks?"+query, nil).WantProblem(t, 422, "validation")
	}
}
