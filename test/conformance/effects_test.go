package conformance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
)

// testEffects: a request writes the events that its scenario expects and no others; one about the resource that is
// answered carries it as it is answered.
func (w *world) testEffects(t *testing.T) {
	w.eachScenario(t, every, func(t *testing.T, op *api.Op, sc scenario) {
		s := w.a.as(t, rbac.Admin)
		q := sc.ready(s)
		state, last := w.snapshot(t), w.lastEvent(t)
		r := q.send(op, s).Want(t, sc.status)
		events := w.eventsSince(t, last)
		kinds := make([]event.Type, len(events))
		for i, e := range events {
			kinds[i] = e.Kind
			if op.In <= api.InPathOrg && e.Org != s.org {
				t.Errorf("%s went to the organization %s", e.Kind, e.Org)
			}
			if who := q.sender(op, s); op.In != api.Anonymous && (e.Actor == nil || *e.Actor != who.User) {
				t.Errorf("%s names %v as its actor, not %s", e.Kind, e.Actor, who.User)
			}
			carries(t, e, r)
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(sc.emits)), slices.Sorted(slices.Values(kinds))); diff != "" && len(sc.emits)+len(kinds) > 0 {
			t.Errorf("events (- expected, + written):\n%s", diff)
		}
		if op.Method == "GET" {
			w.unchanged(t, state, "a read")
		}
	})
}

// carries compares an event's payload with the resource that was answered, where they are of the same thing. The answer
// may say more: what only the caller is told.
func carries(t *testing.T, e recorded, r *apitest.Response) {
	t.Helper()
	var answered, payload object
	if len(r.Body) == 0 || json.Unmarshal(r.Body, &answered) != nil {
		return
	}
	if err := json.Unmarshal(e.Payload, &payload); err != nil {
		t.Fatal(err)
	}
	if e.Entity != answered["id"] && e.Entity != answered["user_id"] || strings.HasPrefix(string(e.Kind), "member.") && answered["user_id"] == nil ||
		answered["version"] == nil { // what has no version is answered as its asker sees it
		return
	}
	if float64(e.Version) != answered["version"] {
		t.Errorf("%s has version %d, the answer %v", e.Kind, e.Version, answered["version"])
	}
	for name, value := range payload {
		if !cmp.Equal(timed(value), timed(answered[name])) {
			t.Errorf("%s carries %s %v, the answer %v", e.Kind, name, value, answered[name])
		}
	}
}

// timed makes a time comparable, whatever its RFC 3339 form.
func timed(v any) any {
	if text, ok := v.(string); ok {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return at.UTC().String()
		}
	}
	return v
}

// testRoundTrips: a request costs the round trips that its operation declares; an Idempotency-Key costs one more. A
// connection that was idle for over a second is pinged first, which the wire sees too; so where the machine stood still,
// the request is measured again.
func (w *world) testRoundTrips(t *testing.T) {
	w.eachScenario(t, every, func(t *testing.T, op *api.Op, sc scenario) {
		trips := op.Trips
		if sc.trips > 0 {
			trips = sc.trips
		}
		w.measure(t, op, sc, int64(trips))
		if keyed(op) {
			more := int64(1)
			if sc.holds {
				more = 0
			}
			w.measure(t, op, sc, int64(trips)+more, func() apitest.Header { return header("Idempotency-Key", newID()) })
		}
	})
}

func (w *world) measure(t *testing.T, op *api.Op, sc scenario, want int64, headers ...func() apitest.Header) {
	t.Helper()
	s := w.a.as(t, rbac.Admin)
	var seen []int64
	for range 4 { // the first one warms up
		var extra []apitest.Header
		for _, h := range headers {
			extra = append(extra, h())
		}
		q := sc.ready(s)
		before := w.server.Wire.Trips()
		q.send(op, s, extra...).Want(t, sc.status)
		seen = append(seen, w.server.Wire.Trips()-before)
		if len(seen) > 1 && seen[len(seen)-1] == want {
			return
		}
	}
	t.Errorf("%v round trips with %d headers, want %d", seen, len(headers), want)
}

// testIdempotency: a retry with the same key is answered as the first time and does nothing; the key is good for one
// request, of one actor, in one organization (threat 47).
func (w *world) testIdempotency(t *testing.T) {
	w.eachScenario(t, keyed, func(t *testing.T, op *api.Op, sc scenario) {
		key := header("Idempotency-Key", newID())
		s := w.a.as(t, rbac.Admin)
		q := sc.ready(s)
		first := q.send(op, s, key).Want(t, sc.status)
		if first.Header.Get("Idempotency-Replayed") != "" {
			t.Error("the first answer is called a replay")
		}
		before, mails := w.snapshot(t), w.server.Mail.Len()
		again := q.send(op, s, key).Want(t, sc.status)
		if again.Header.Get("Idempotency-Replayed") != "true" || string(again.Body) != string(first.Body) ||
			again.Header.Get("ETag") != first.Header.Get("ETag") || again.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
			t.Errorf("the retry is answered %v %s\nfirst %v %s", again.Header, again.Body, first.Header, first.Body)
		}
		other(t, q).send(op, s, key).WantProblem(t, 422, "idempotency-mismatch")
		w.unchanged(t, before, "a retry")
		if w.server.Mail.Len() != mails {
			t.Error("a retry sent mail")
		}
		for name, s := range map[string]*stage{
			"another actor":        {t, w.a, w.both, rbac.Admin},
			"another organization": {t, w.b, w.both, rbac.Admin},
			"another of both":      w.b.as(t, rbac.Admin),
		} {
			if op.In == api.AsUser && name == "another organization" {
				continue // the same person, outside any organization: the same key
			}
			r := sc.ready(s).send(op, s, key)
			if r.Status != sc.status || r.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("the same key of %s: %d %v %s", name, r.Status, r.Header, r.Body)
			}
		}
	})
}

// other is another request to the same address: one of the texts in its body is different.
func other(t *testing.T, q request) request {
	t.Helper()
	if q.body == nil {
		q.body = object{}
		return q
	}
	return q.withBody(func(body object) {
		for _, name := range slices.Sorted(maps.Keys(body)) {
			if text, ok := body[name].(string); ok && slices.Contains([]string{"name", "title", "body", "email", "token", "text", "file"}, name) {
				body[name] = "x" + text
				return
			}
		}
		if body["emoji"] != nil {
			body["emoji"] = ":another:"
			return
		}
		if _, optional := body["role"]; optional {
			delete(body, "role")
			return
		}
		for _, name := range []string{"task_id", "user_id"} {
			if body[name] != nil {
				body[name] = newID()
				return
			}
		}
		if operations, ok := body["operations"].([]object); ok {
			body["operations"] = append(operations, operations...)
			return
		}
		if filter, ok := body["filter"].(string); ok {
			body["filter"] = filter + " OR " + filter
			return
		}
		if len(body) == 0 {
			body["title"] = "another"
			return
		}
		t.Fatal("the body has no free text to change")
	})
}

// testVersions: a change that names a version other than the present one is refused and does nothing (threat 52).
func (w *world) testVersions(t *testing.T) {
	w.eachScenario(t, changing, func(t *testing.T, op *api.Op, sc scenario) {
		s := w.a.as(t, rbac.Admin)
		q := sc.ready(s)
		if sc.unversioned {
			if w.doc.parameter(op.ID, "header", "If-Match") != nil {
				t.Error("If-Match is documented for what has no version")
			}
			return
		}
		if q.version == 0 {
			t.Fatal("the scenario does not say which version it changes")
		}
		if w.doc.parameter(op.ID, "header", "If-Match") == nil {
			t.Error("If-Match is not documented")
		}
		tag := fmt.Sprintf(`"%d"`, q.version)
		stale := []string{fmt.Sprintf(`"%d"`, q.version+1), fmt.Sprintf(`"%d"`, q.version-1), "W/" + tag, `"x"`, `"", "0"`}
		before := w.snapshot(t)
		for _, match := range stale {
			q.send(op, s, header("If-Match", match)).WantProblem(t, 412, "stale-version")
		}
		w.unchanged(t, before, "a stale request")
		r := q.send(op, s, header("If-Match", tag)).Want(t, sc.status)
		if next := fmt.Sprintf(`"%d"`, q.version+1); op.Method == "PATCH" && r.Header.Get("ETag") != next {
			t.Errorf("ETag %s after the change, want %s", r.Header.Get("ETag"), next)
		}
		for _, match := range []string{"*", `"9999", VERSION`} {
			q := sc.ready(s)
			q.send(op, s, header("If-Match", strings.ReplaceAll(match, "VERSION", fmt.Sprintf(`"%d"`, q.version)))).Want(t, sc.status)
		}
	})
}
