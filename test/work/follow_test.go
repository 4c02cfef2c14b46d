package work_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/plinth/plinth/test/apitest"
)

// A board is drawn from its snapshot and followed by its cursor: nothing that happened in between is missed.
func TestFollowFromASnapshot(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	ada := c.admin
	writing := make(chan struct{})
	go func() { // somebody else writes all the while
		defer close(writing)
		for i := range 60 {
			_, _ = ada.Try("POST", "/v1/columns/"+c.open.column+"/tasks", object{"title": fmt.Sprint("task ", i)})
		}
	}()
	drawn := map[string]float64{}
	shot := ada.Do(t, "GET", "/v1/boards/"+c.open.board+"/snapshot?limit=500", nil).Want(t, 200)
	for i := range shot.Len(t, "columns") {
		for j := range shot.Len(t, fmt.Sprintf("columns.%d.tasks", i)) {
			at := fmt.Sprintf("columns.%d.tasks.%d.", i, j)
			drawn[shot.Text(t, at+"id")] = shot.Number(t, at+"version")
		}
	}
	<-writing
	socket := resume(t, ada, shot.Text(t, "cursor"))
	ada.Do(t, "POST", "/v1/labels", object{"name": "end", "color": "#000000"}).Want(t, 201)
	for _, e := range socket.Until(t, "label.created") {
		if e.TaskID != "" && e.Data["board_id"] == c.open.board && float64(e.Version) > drawn[e.TaskID] {
			drawn[e.TaskID] = float64(e.Version)
		}
	}
	count := 0
	for i := range 2 {
		r := ada.Do(t, "GET", fmt.Sprintf("/v1/boards/%s/tasks?limit=200&sort=%s", c.open.board, []string{"created_at", "-created_at"}[i]), nil).Want(t, 200)
		count = r.Len(t, "items")
		for j := range count {
			id, version := r.Text(t, fmt.Sprintf("items.%d.id", j)), r.Number(t, fmt.Sprintf("items.%d.version", j))
			if drawn[id] != version {
				t.Errorf("task %s is drawn as version %v, want %v", id, drawn[id], version)
			}
		}
	}
	if count != 61 || len(drawn) != 61 {
		t.Errorf("%d tasks are drawn, the board has %d, want 61", len(drawn), count)
	}
}

// What a client missed while it was away comes first, in order, each event once; and the poller reads the same.
func TestResume(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	ada := c.admin
	first := ada.Listen(t)
	label := func(name string) {
		ada.Do(t, "POST", "/v1/labels", object{"name": name, "color": "#000000"}).Want(t, http.StatusCreated)
	}
	label("one")
	seen := first.Until(t, "label.created")
	cursor := seen[len(seen)-1].Cursor
	_ = first.Conn.Close()
	for i := range 20 {
		label(fmt.Sprint("missed ", i))
	}
	again := resume(t, ada, cursor)
	label("after")
	var got []apitest.Event
	for range 21 {
		got = append(got, again.Next(t))
	}
	for i, e := range got {
		want := fmt.Sprint("missed ", i)
		if i == 20 {
			want = "after"
		}
		if e.Data["name"] != want {
			t.Errorf("event %d is %v, want %s", i, e.Data["name"], want)
		}
	}
	// By polling, from the same place.
	var polled []string
	for deadline := time.Now().Add(10 * time.Second); len(polled) < 21 && time.Now().Before(deadline); {
		r := ada.Do(t, "GET", "/v1/events?limit=7&cursor="+cursor, nil).Want(t, 200)
		for i := range r.Len(t, "items") {
			polled = append(polled, r.Text(t, fmt.Sprintf("items.%d.id", i)))
			cursor = r.Text(t, fmt.Sprintf("items.%d.cursor", i))
		}
	}
	for i, id := range polled {
		if id != got[i].ID {
			t.Errorf("the poller's event %d is %s, the socket's %s", i, id, got[i].ID)
		}
	}
	if len(polled) != 21 {
		t.Errorf("the poller got %d events, want 21", len(polled))
	}
}

// A replay and a poll hold what the reader sees at that moment, and a cursor is good for its own organization alone.
func TestReplayFollowsAccess(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	ada := c.admin
	cursor := ada.Listen(t).Hello.Cursor
	ada.Do(t, "PATCH", "/v1/tasks/"+c.private.task, object{"title": "secret"}).Want(t, 200)
	ada.Do(t, "PATCH", "/v1/tasks/"+c.open.task, object{"title": "open"}).Want(t, 200)
	for name, x := range map[string]struct {
		who  *apitest.Client
		want string
	}{"an admin": {ada, "secret"}, "a member": {c.member, "open"}} {
		replayed := resume(t, x.who, cursor).Until(t, "task.updated")
		if e := replayed[len(replayed)-1]; e.Data["title"] != x.want {
			t.Errorf("%s is replayed %s, want %s first", name, e.Raw, x.want)
		}
	}
	eve := c.server.SignUp(t, "eve")
	eve.Do(t, "GET", "/v1/events?cursor="+cursor, nil).WantProblem(t, 422, "validation")
	for _, bad := range []string{cursor, "x", cursor[:len(cursor)-1], "AAAA" + cursor[4:]} {
		conn, _, err := c.server.Dial("?token="+eve.Token+"&org_id="+eve.Org+"&cursor="+bad, nil)
		if err != nil {
			t.Fatal(err)
		}
		if e := (&apitest.Socket{Conn: conn}).Next(t); e.Type != "resync" {
			t.Errorf("cursor %q: %s, want resync", bad, e.Raw)
		}
		_ = conn.Close()
	}
}

// resume opens a socket that goes on behind a cursor.
func resume(t *testing.T, c *apitest.Client, cursor string) *apitest.Socket {
	t.Helper()
	conn, _, err := c.Server.Dial("?token="+c.Token+"&org_id="+c.Org+"&cursor="+cursor, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &apitest.Socket{Conn: conn}
	if s.Hello = s.Next(t); s.Hello.Type != "hello" || s.Hello.Cursor != cursor {
		t.Fatalf("first frame %s, want a hello with %s", s.Hello.Raw, cursor)
	}
	return s
}
