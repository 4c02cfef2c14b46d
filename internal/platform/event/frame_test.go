package event_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/event"
)

func newCursors(t *testing.T, secret, epoch string) *event.Cursors {
	t.Helper()
	c, err := event.NewCursors([]byte(secret), epoch)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCursorsAreOfOneOrganizationEpochAndSecret(t *testing.T) {
	org, at := uuid.New(), event.Position{XID: 7, ID: 9}
	c := newCursors(t, "secret", "epoch")
	seen := map[string]string{}
	for name, cursor := range map[string]string{
		"here":                 c.Seal(org, at),
		"another organization": c.Seal(uuid.New(), at),
		"another epoch":        newCursors(t, "secret", "epoch 2").Seal(org, at),
		"another secret":       newCursors(t, "secret 2", "epoch").Seal(org, at),
		"the next transaction": c.Seal(org, event.Position{XID: 8, ID: 9}),
		"the next event":       c.Seal(org, event.Position{XID: 7, ID: 10}),
	} {
		if other, ok := seen[cursor]; ok {
			t.Errorf("%s and %s have the same cursor", name, other)
		}
		seen[cursor] = name
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil || len(raw) != 32 {
			t.Errorf("%s: %q, %v", name, cursor, err)
		}
	}
	if c.Seal(org, at) != newCursors(t, "secret", "epoch").Seal(org, at) {
		t.Error("the same position has two cursors")
	}
}

// TestCursorsHideTheirPosition: neighbours look nothing alike, so that nobody counts others' events.
func TestCursorsHideTheirPosition(t *testing.T) {
	org := uuid.New()
	c := newCursors(t, "secret", "epoch")
	a, _ := base64.RawURLEncoding.DecodeString(c.Seal(org, event.Position{XID: 1, ID: 1}))
	b, _ := base64.RawURLEncoding.DecodeString(c.Seal(org, event.Position{XID: 1, ID: 2}))
	same := 0
	for i := range a {
		if a[i] == b[i] {
			same++
		}
	}
	if same > 8 {
		t.Errorf("%d of %d bytes are the same", same, len(a))
	}
}

func record(kind event.Type, payload string) event.Record {
	project, task, actor := uuid.New(), uuid.New(), uuid.New()
	return event.Record{UID: uuid.New(), Org: uuid.New(), Kind: kind, EntityID: uuid.New(), ProjectID: &project, TaskID: &task, ActorID: &actor,
		Version: 3, Payload: []byte(payload), At: time.Date(2026, 1, 2, 4, 4, 5, 0, time.FixedZone("", 3600))}
}

func frame(t *testing.T, r event.Record) map[string]any {
	t.Helper()
	text, err := event.NewFrame(r, "cursor")
	if err != nil {
		t.Fatal(err)
	}
	var f map[string]any
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFrameOfATask(t *testing.T) {
	r := record(event.TaskMoved, `{"id":"x","status":"done","title":"T"}`)
	f := frame(t, r)
	want := map[string]any{"type": "task.moved", "id": r.UID.String(), "cursor": "cursor", "org_id": r.Org.String(), "occurred_at": "2026-01-02T03:04:05Z",
		"actor_id": r.ActorID.String(), "project_id": r.ProjectID.String(), "task_id": r.TaskID.String(), "status": "done", "version": 3.0}
	for name, value := range want {
		if f[name] != value {
			t.Errorf("%s is %v, want %v", name, f[name], value)
		}
	}
	if data := f["data"].(map[string]any); data["title"] != "T" {
		t.Errorf("data %v", data)
	}
	if len(f) != len(want)+1 {
		t.Errorf("members %v", slices.Sorted(maps.Keys(f)))
	}
}

func TestFrameOfACommentNamesIt(t *testing.T) {
	r := record(event.CommentCreated, `{"body":"Well."}`)
	f := frame(t, r)
	if f["comment_id"] != r.EntityID.String() || f["task_id"] != r.TaskID.String() {
		t.Errorf("%v", f)
	}
	if _, ok := f["status"]; ok {
		t.Error("a comment has a status")
	}
}

func TestFrameOfAnOrganization(t *testing.T) {
	r := record(event.OrgUpdated, `{"name":"N"}`)
	r.ProjectID, r.TaskID, r.ActorID = nil, nil, nil
	f := frame(t, r)
	for _, name := range []string{"project_id", "task_id", "comment_id", "status"} {
		if _, ok := f[name]; ok {
			t.Errorf("%s is there", name)
		}
	}
	if actor, ok := f["actor_id"]; !ok || actor != nil {
		t.Errorf("actor_id %v, want null", actor)
	}
}

func TestFrameOfABrokenPayload(t *testing.T) {
	r := record(event.TaskCreated, `{"status":`)
	if _, err := event.NewFrame(r, ""); err == nil || !strings.Contains(err.Error(), r.UID.String()) {
		t.Errorf("error %v, want one that names the event", err)
	}
}

// TestSnapshots: what a snapshot saw is below xmax and was not running.
func TestSnapshots(t *testing.T) {
	s, err := event.ParseSnapshot("100:105:100,103")
	if err != nil {
		t.Fatal(err)
	}
	for xid, want := range map[uint64]bool{99: true, 100: false, 101: true, 103: false, 104: true, 105: false, 200: false} {
		if got := s.Saw(event.Position{XID: xid, ID: 1}); got != want {
			t.Errorf("saw %d: %v", xid, got)
		}
	}
	if s.Horizon() != (event.Position{XID: 100}) {
		t.Errorf("horizon %v", s.Horizon())
	}
	for _, text := range []string{"", "1:2", "a:2:", "1:2:3:4", "-1:2:", "18446744073709551616:1:"} {
		if _, err := event.ParseSnapshot(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
