package conformance_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
)

// testInput: what an operation does not know it refuses by name, in the query and the body: no silent drop, no match in
// another case, no mass assignment (threats 11, 17).
func (w *world) testInput(t *testing.T) {
	w.eachOperation(t, every, func(t *testing.T, op *api.Op, sc scenario) {
		s := w.a.as(t, rbac.Admin)
		q := sc.ready(s)
		before := w.snapshot(t)
		refused(t, q.withQuery("unheard_of", "1").send(op, s), "query.unheard_of")
		if w.doc.isPage(op) {
			refused(t, q.withQuery("Limit", "1").send(op, s), "query.Limit")
			refused(t, q.withQuery("sort", "password_hash").send(op, s), "query.sort")
		}
		if q.body != nil {
			w.strictBody(t, op, s, q)
		}
		w.unchanged(t, before, "a request with unknown parts")
	})
}

func (w *world) strictBody(t *testing.T, op *api.Op, s *stage, q request) {
	t.Helper()
	known := at(w.doc.body(op.ID), "properties")
	unknown := map[string]any{"unheard_of": 1, "ORG_ID": w.b.org, "Org_Id": s.org}
	for name := range at(w.doc.answer(op), "properties") { // what the server alone decides
		if known[name] == nil {
			unknown[name] = "1"
		}
	}
	for name, value := range unknown {
		refused(t, q.withBody(func(b object) { b[name] = value }).send(op, s), "body."+name)
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		value, given := q.body[name]
		if !given {
			continue
		}
		for _, cased := range []string{strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			refused(t, q.withBody(func(b object) { delete(b, name); b[cased] = value }).send(op, s), "body."+cased)
		}
	}
}

// refused fails the test unless the answer is a validation problem that names the place.
func refused(t *testing.T, r *apitest.Response, place string) {
	t.Helper()
	if r.Status != 422 {
		t.Errorf("%s: status %d, want 422: %s", place, r.Status, r.Body)
		return
	}
	r.WantProblem(t, 422, "validation")
	if r.Head {
		return
	}
	for i := range r.Len(t, "errors") {
		e := r.Get(t, "errors").([]any)[i].(object)
		if e["location"] == place {
			return
		}
	}
	t.Errorf("the problem does not name %s: %s", place, r.Body)
}
