package conformance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// testLists: a list is paged without repetition or gap while rows come in, and takes no limit and no cursor but its own
// (threat 46). Each runs in an organization of its own, in every order that it offers.
func (w *world) testLists(t *testing.T) {
	w.eachOperation(t, w.doc.isPage, func(t *testing.T, op *api.Op, sc scenario) {
		if sc.grow == nil {
			t.Fatal("the first scenario of a list says how it grows")
		}
		org := w.a.another(t)
		for _, sort := range append([]string{""}, w.orders(op)...) {
			s := &stage{t, org, org.admin, rbac.Admin}
			q := sc.ready(s)
			if sort != "" {
				q = q.withQuery("sort", sort)
			}
			w.walk(t, op, s, sc, q)
		}
		w.limitsAndCursors(t, op, sc, org)
	})
}

// orders are those that a list offers, in the pattern of its parameter sort; but for those that need more than a name.
func (w *world) orders(op *api.Op) []string {
	pattern, _ := w.doc.parameter(op.ID, "query", "sort")["pattern"].(string)
	_, names, _ := strings.Cut(strings.TrimSuffix(pattern, ")$"), "(")
	var orders []string
	for name := range strings.SplitSeq(names, "|") {
		if name != "" && name != "relevance" && !strings.Contains(name, ".") {
			orders = append(orders, name, "-"+name)
		}
	}
	return orders
}

// walk reads the list one by one, and adds to it meanwhile.
func (w *world) walk(t *testing.T, op *api.Op, s *stage, sc scenario, q request) {
	t.Helper()
	var made []string
	for range 3 {
		made = append(made, sc.grow(s, q))
	}
	there := w.read(t, op, s, q.withQuery("limit", "200"), nil)
	for _, id := range made {
		if !slices.Contains(there, id) {
			t.Errorf("%v: %s is not in the list", q.query, id)
		}
	}
	growths := 0
	walked := w.read(t, op, s, q.withQuery("limit", "1"), func() {
		if growths++; growths <= 3 {
			sc.grow(s, q)
		}
	})
	if repeated := len(walked) - len(slices.Compact(slices.Sorted(slices.Values(walked)))); repeated > 0 {
		t.Errorf("%v: %d of %d items are repeated", q.query, repeated, len(walked))
	}
	was := slices.DeleteFunc(slices.Clone(walked), func(id string) bool { return !slices.Contains(there, id) })
	if !slices.Equal(was, there) {
		t.Errorf("%v: paged one by one it is %v, at once %v", q.query, was, there)
	}
}

// read follows a list to its end, and calls between after every page.
func (w *world) read(t *testing.T, op *api.Op, s *stage, q request, between func()) []string {
	t.Helper()
	var found []string
	for range 500 {
		r := q.send(op, s).Want(t, 200)
		for _, item := range r.Get(t, "items").([]any) {
			found = append(found, identity(item.(object)))
		}
		next, more := r.Get(t, "next_cursor").(string)
		if !more {
			return found
		}
		q = q.withQuery("cursor", next)
		if between != nil {
			between()
		}
	}
	t.Fatalf("the list does not end: %v", found)
	return nil
}

func identity(item object) string {
	if id, ok := item["id"].(string); ok {
		return id
	}
	if number, ok := item["number"].(float64); ok && item["id"] == nil {
		return fmt.Sprint(number)
	}
	if index, ok := item["index"].(float64); ok {
		return fmt.Sprint(index)
	}
	return item["user_id"].(string)
}

func (w *world) limitsAndCursors(t *testing.T, op *api.Op, sc scenario, org *tenant) {
	t.Helper()
	s := &stage{t, org, org.admin, rbac.Admin}
	q := sc.ready(s)
	sc.grow(s, q)
	sc.grow(s, q)
	for _, limit := range []string{"0", "-1", "201", "1000000000", "99999999999999999999", "x"} {
		refused(t, q.withQuery("limit", limit).send(op, s), "query.limit")
	}
	cursor := q.withQuery("limit", "1").send(op, s).Want(t, 200).Text(t, "next_cursor")
	q.withQuery("cursor", cursor).send(op, s).Want(t, 200)
	for _, forged := range []string{"x", cursor + "A", cursor[1:], flipped(cursor), "eyJsIjoiIiwiayI6bnVsbH0"} {
		refused(t, q.withQuery("cursor", forged).send(op, s), "query.cursor")
	}
	for _, elsewhere := range w.otherLists(t, op, s) {
		refused(t, q.withQuery("cursor", elsewhere).send(op, s), "query.cursor")
	}
	if op.In != api.AsUser {
		foreign := w.b.as(t, rbac.Admin)
		refused(t, sc.ready(foreign).withQuery("cursor", cursor).send(op, foreign), "query.cursor")
	}
	if w.doc.parameter(op.ID, "query", "sort") != nil {
		refused(t, q.withQuery("cursor", cursor).withQuery("sort", "-priority").send(op, s), "query.cursor")
	}
}

// flipped is a cursor with one character changed in the middle.
func flipped(cursor string) string {
	b := []byte(cursor)
	b[len(b)/2] ^= 1
	return string(b)
}

// otherLists are cursors of two other lists of the same organization.
func (w *world) otherLists(t *testing.T, op *api.Op, s *stage) []string {
	t.Helper()
	var cursors []string
	for id, grow := range map[string]func(){"list-labels": func() { s.label() }, "list-projects": func() { s.project() }} {
		if id == op.ID {
			continue
		}
		grow()
		grow()
		path := map[string]string{"list-labels": "/v1/labels", "list-projects": "/v1/projects"}[id]
		cursors = append(cursors, s.admin.Do(t, "GET", path+"?limit=1", nil).Want(t, 200).Text(t, "next_cursor"))
	}
	return cursors
}
