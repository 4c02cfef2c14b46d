package conformance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
)

// TestSockets: every event of every operation reaches the sockets of its own organization, in order, and no other one's
// (threat 13). Somebody in both organizations gets on each socket what belongs there.
func TestSockets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sockets := map[*tenant]map[string]*apitest.Socket{}
	since := w.lastEvent(t)
	for _, v := range []*tenant{w.a, w.b} {
		sockets[v] = map[string]*apitest.Socket{"admin": v.admin.Listen(t), "guest": v.guest.Listen(t), "both": w.both.In(v.org).Listen(t)}
	}
	all := scenarios()
	for _, op := range w.server.App.Router.Operations() {
		for _, sc := range all[op.ID] {
			for _, v := range []*tenant{w.a, w.b} {
				if len(sc.emits) > 0 {
					w.play(t, op, sc, v)
				}
			}
		}
	}
	for _, v := range []*tenant{w.a, w.b} { // the last one, to know the end by
		v.as(t, rbac.Admin).made("/v1/labels", object{"name": "end of " + v.canary, "color": "#000000"})
	}
	want, earlier := map[string][]recorded{}, map[string]bool{}
	for _, e := range w.eventsSince(t, 0) {
		if e.ID <= since {
			earlier[e.UID] = true
			continue
		}
		want[e.Org] = append(want[e.Org], e)
	}
	for v, theirs := range sockets {
		other := w.a
		if v == w.a {
			other = w.b
		}
		for name, socket := range theirs {
			events := want[v.org]
			if name == "guest" {
				events = v.guestsShare(events)
			}
			arrived(t, v.canary+"'s "+name, socket, v, other, events, earlier)
		}
	}
}

// guestsShare are the events that the tenant's guest hears of, who is in no project. Files outside projects are not for
// guests either.
func (v *tenant) guestsShare(events []recorded) []recorded {
	return slices.DeleteFunc(slices.Clone(events), func(e recorded) bool { return e.Project != nil || strings.HasPrefix(string(e.Kind), "file.") })
}

func (w *world) play(t *testing.T, op *api.Op, sc scenario, v *tenant) {
	t.Helper()
	s := v.as(t, rbac.Admin)
	if r := sc.ready(s).send(op, s); r.Status != sc.status {
		t.Errorf("%s, %s: %d %s", op.ID, sc.name, r.Status, r.Body)
	}
}

// arrived compares what a socket got with what was recorded for its organization: nothing less, nothing more, nothing
// with a word of the other. Events from before it opened may come first, while a transaction of another database holds
// the log's horizon back.
func arrived(t *testing.T, whose string, socket *apitest.Socket, v, other *tenant, want []recorded, earlier map[string]bool) {
	t.Helper()
	for i, e := range want {
		got := socket.Next(t)
		for i == 0 && got.OrgID == v.org && earlier[got.ID] {
			got = socket.Next(t)
		}
		switch {
		case got.OrgID != v.org || strings.Contains(got.Raw, other.canary) || strings.Contains(got.Raw, other.org):
			t.Fatalf("%s socket got another organization's event: %s", whose, got.Raw)
		case got.ID != e.UID || got.Type != string(e.Kind):
			t.Fatalf("%s socket got as its %dth of %d events %s %s, want %s %s", whose, i+1, len(want), got.Type, got.ID, e.Kind, e.UID)
		}
	}
	if len(want) == 0 {
		t.Errorf("no event was recorded for %s", v.canary)
	}
}
