package conformance_test

import (
	"net/http"
	"testing"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// testForeignIDs: wherever an id may stand, one of another organization answers exactly as one that names nothing, and
// nothing is written (threats 1, 4 to 7). The same scenario made ready in the other organization gives the foreign id of
// the right kind. It is tried by somebody in one organization and by somebody in both.
func (w *world) testForeignIDs(t *testing.T) {
	all := scenarios()
	for _, op := range w.server.App.Router.Operations() {
		if !ofAnOrg(op) {
			continue
		}
		covered := map[string]bool{}
		for _, sc := range all[op.ID] {
			t.Run(op.ID+"/"+sc.name, func(t *testing.T) {
				for _, p := range w.foreignIDs(t, op, sc) {
					covered[p.in+"."+p.name] = true
				}
			})
		}
		for _, place := range w.doc.references(op.ID) {
			if !covered[place] {
				t.Errorf("%s takes an id at %s, which no scenario gives", op.ID, place)
			}
		}
	}
}

func (w *world) foreignIDs(t *testing.T, op *api.Op, sc scenario) []place {
	t.Helper()
	own := &stage{t, w.a, w.both, rbac.Admin}
	q := sc.ready(own)
	foreign := sc.ready(w.b.as(t, rbac.Admin))
	places := q.references()
	before := w.snapshot(t)
	for _, p := range places {
		if q.at(p) == foreign.at(p) {
			t.Errorf("%s of %s is in both organizations", p, sc.name)
			continue
		}
		for name, who := range map[string]*stage{"a member of one": w.a.as(t, rbac.Admin), "a member of both": own} {
			q := q
			q.as = who.by
			absent := q.with(p, unlike(q.at(p))).send(op, who).WantProblem(t, http.StatusNotFound, "not-found")
			got := q.with(p, foreign.at(p)).send(op, who)
			same(t, p.String()+" by "+name, got, absent)
		}
	}
	w.unchanged(t, before, "a request with a foreign id")
	return places
}
