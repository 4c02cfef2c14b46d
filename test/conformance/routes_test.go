package conformance_test

import (
	"net/http"
	"testing"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// TestRoutes calls every operation in every way that is promised of all of them. The answers all pass the guard, which
// holds them to the OpenAPI document.
func TestRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.StopRelay() // the round trips on the wire are the requests' own
	for _, problem := range unaccounted(w.server.App.Router.Operations(), scenarios()) {
		t.Error(problem)
	}
	t.Run("document", w.testDocument)
	t.Run("token", w.testToken)
	t.Run("organization header", w.testOrgHeader)
	t.Run("organization in the path", w.testOrgInPath)
	t.Run("organization named twice", w.testOrgMismatch)
	t.Run("foreign ids", w.testForeignIDs)
	t.Run("roles", w.testRoles)
	t.Run("hidden projects", w.testHiddenProjects)
	t.Run("readers", w.testReaders)
	t.Run("effects", w.testEffects)
	t.Run("round trips", w.testRoundTrips)
	t.Run("idempotency", w.testIdempotency)
	t.Run("versions", w.testVersions)
	t.Run("input", w.testInput)
	t.Run("lists", w.testLists)
}

// testDocument holds the document's own quality.
func (w *world) testDocument(t *testing.T) {
	for _, op := range w.server.App.Router.Operations() {
		for _, problem := range w.doc.undocumented(op) {
			t.Error(problem)
		}
	}
	streams := w.server.App.Router.Streams()
	for _, stream := range streams {
		if w.doc.byID[stream.ID] == nil {
			t.Errorf("the document has no %s", stream.ID)
		}
	}
	if got, want := len(w.doc.byID), len(w.server.App.Router.Operations())+len(streams); got != want {
		t.Errorf("the document has %d operations, the router %d", got, want)
	}
}

// testToken: no token and a bad one are told apart, and neither costs a database connection (threat 20).
func (w *world) testToken(t *testing.T) {
	w.eachOperation(t, signedIn, func(t *testing.T, op *api.Op, sc scenario) {
		s := w.a.as(t, rbac.Admin)
		q := sc.ready(s)
		who := q.sender(op, s)
		before, trips := w.snapshot(t), w.server.Wire.Trips()
		for token, kind := range map[string]fault.Kind{"": fault.Unauthenticated, "garbage": fault.InvalidToken, who.Token + "x": fault.InvalidToken} {
			other := *who
			other.Token = token
			r := q.sendAs(op, s, &other)
			r.WantProblem(t, http.StatusUnauthorized, string(kind))
			if r.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("401 without WWW-Authenticate: %v", r.Header)
			}
		}
		if cost := w.server.Wire.Trips() - trips; cost != 0 {
			t.Errorf("%d round trips for requests without a valid token", cost)
		}
		w.unchanged(t, before, "a request without a valid token")
	})
}

// testOrgHeader: threats 2 and 3.
func (w *world) testOrgHeader(t *testing.T) {
	w.eachOperation(t, func(op *api.Op) bool { return op.In == api.InOrg }, func(t *testing.T, op *api.Op, sc scenario) {
		s := w.a.as(t, rbac.Admin)
		q := sc.ready(s)
		before := w.snapshot(t)
		const name = "X-Org-Id"
		q.sendAs(op, s, s.by.In("")).WantProblem(t, 400, "org-header")
		for _, malformed := range []string{"x", "{" + s.org + "}", s.org + "," + s.org, "00000000-0000-0000-0000-000000000000"} {
			q.send(op, s, header(name, malformed)).WantProblem(t, 400, "org-header")
		}
		q.send(op, s, header(name, s.org), header(name, s.org)).WantProblem(t, 400, "org-header")
		q.send(op, s, header(name, s.org), header(name, w.b.org)).WantProblem(t, 400, "org-header")
		if q.query["org_id"] != "" {
			delete(q.query, "org_id")
		}
		absent := q.send(op, s, header(name, newID())).WantProblem(t, 403, "org-denied")
		foreign := q.send(op, s, header(name, w.b.org)).WantProblem(t, 403, "org-denied")
		same(t, "another's organization against none", foreign, absent)
		w.unchanged(t, before, "a request with a wrong X-Org-Id")
	})
}

// testOrgInPath: an organization in the path that is not mine is as one that is not (threat 3).
func (w *world) testOrgInPath(t *testing.T) {
	w.eachOperation(t, func(op *api.Op) bool { return op.In == api.InPathOrg }, func(t *testing.T, op *api.Op, sc scenario) {
		s := w.a.as(t, rbac.Admin)
		q := sc.ready(s)
		at := func(org string) request { return q.with(place{"path", "org_id", -1}, org) }
		before := w.snapshot(t)
		absent := at(newID()).send(op, s).WantProblem(t, 404, "not-found")
		foreign := at(w.b.org).send(op, s).WantProblem(t, 404, "not-found")
		same(t, "another's organization against none", foreign, absent)
		at("x").send(op, s).WantProblem(t, 422, "validation")
		w.unchanged(t, before, "a request to another organization's path")
	})
}

// testOrgMismatch: one request is about one organization, also for somebody who is in both that it names.
func (w *world) testOrgMismatch(t *testing.T) {
	w.eachOperation(t, ofAnOrg, func(t *testing.T, op *api.Op, sc scenario) {
		s := &stage{t, w.a, w.both, rbac.Admin}
		q := sc.ready(s)
		before := w.snapshot(t)
		if op.In == api.InPathOrg {
			q.send(op, s, header("X-Org-Id", w.b.org)).WantProblem(t, 400, "org-mismatch")
			q.send(op, s, header("X-Org-Id", "x")).WantProblem(t, 400, "org-header")
		}
		q.withQuery("org_id", w.b.org).send(op, s).WantProblem(t, 400, "org-mismatch")
		q.withQuery("org_id", newID()).send(op, s).WantProblem(t, 400, "org-mismatch")
		if q.body != nil {
			q.withBody(func(b object) { b["org_id"] = w.b.org }).send(op, s).WantProblem(t, 400, "org-mismatch")
		}
		w.unchanged(t, before, "a request that names two organizations")
		if q.body != nil {
			r := q.withBody(func(b object) { b["org_id"] = s.org }).send(op, s)
			if r.Status != op.Status {
				t.Errorf("the organization repeated in the body: %d %s", r.Status, r.Body)
			}
		}
	})
}

// testRoles: every role gets what the table of permissions says, no more and no less (threats 15, 16).
func (w *world) testRoles(t *testing.T) {
	w.eachScenario(t, ofAnOrg, func(t *testing.T, op *api.Op, sc scenario) {
		for _, role := range []rbac.Role{rbac.Guest, rbac.Member, rbac.Admin} {
			s := w.a.as(t, role)
			q := sc.ready(s)
			if role >= sc.leastRole(op) {
				q.send(op, s).Want(t, sc.status)
				continue
			}
			before := w.snapshot(t)
			q.send(op, s).WantProblem(t, http.StatusForbidden, "forbidden")
			w.unchanged(t, before, "a refused "+role.String())
		}
	})
}
