package stream_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

func decode(text string, into any) { _ = json.Unmarshal([]byte(text), into) }

// TestChannelsAreAlike: an event is the same, byte for byte, on a socket, in a stream and in a page.
func TestChannelsAreAlike(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	start := seen(t, ada)
	socket, stream := ada.Listen(t), ada.Stream(t, "")
	p := newPlace(t, ada, "Engine", false)
	ada.Do(t, "POST", "/v1/tasks/"+p.task+"/comments", object{"body": "<b>& \u2028 \n\r data: x"}).Want(t, 201)
	mark(t, ada, "end")
	sockets := socket.Until(t, "label.created")
	for i, e := range sockets {
		got := stream.Next(t)
		if got.Raw != e.Raw || got.LastID != e.Cursor || got.Name != "" {
			t.Errorf("event %d in the stream is %s, id %s, want %s", i, got.Raw, got.LastID, e.Raw)
		}
	}
	var page struct{ Items []json.RawMessage }
	until(t, "the poller is there", func() bool {
		page.Items = nil
		decode(string(ada.Do(t, "GET", "/v1/events?limit=200&cursor="+start, nil).Want(t, 200).Body), &page)
		return len(page.Items) == len(sockets)
	})
	for i, e := range sockets {
		if string(page.Items[i]) != e.Raw {
			t.Errorf("event %d of the page is %s, want %s", i, page.Items[i], e.Raw)
		}
	}
}

// TestLastEventID: a stream goes on behind the last event of the one before, whose id wins over the address.
func TestLastEventID(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	first := ada.Stream(t, "")
	mark(t, ada, "one")
	one := first.Next(t)
	mark(t, ada, "two")
	two := first.Next(t)
	for name, again := range map[string]*apitest.Stream{
		"by header":        ada.Stream(t, "", apitest.Header{Name: "Last-Event-ID", Value: one.LastID}),
		"by address":       ada.Stream(t, "?cursor="+one.Cursor),
		"header and query": ada.Stream(t, "?cursor="+two.Cursor, apitest.Header{Name: "Last-Event-ID", Value: one.LastID}),
	} {
		if again.Hello.Cursor != one.Cursor || again.Hello.LastID != one.Cursor {
			t.Errorf("%s: hello %s with id %s", name, again.Hello.Raw, again.Hello.LastID)
		}
		if e := again.Next(t); e.Raw != two.Raw {
			t.Errorf("%s: %s, want %s", name, e.Raw, two.Raw)
		}
	}
	if hello := ada.Stream(t, "").Hello; hello.LastID != hello.Cursor {
		t.Errorf("the first id is %q, not hello's cursor", hello.LastID)
	}
	lost, resp := ada.OpenStream(t, "?cursor=nonsense")
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	if e := lost.Next(t); e.Raw != `{"type":"resync"}` || e.LastID != "" {
		t.Errorf("%s with id %q, want resync and none", e.Raw, e.LastID)
	}
	if more := lost.WantEnd(t); len(more) != 0 {
		t.Errorf("%d events behind resync", len(more))
	}
}

// TestStreamRefusals are those of sockets.
func TestStreamRefusals(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	get := func(query string, headers ...apitest.Header) *apitest.Response {
		t.Helper()
		nobody := s.Anonymous()
		for _, name := range []string{"Authorization", "X-Org-Id"} { // which OpenStream sets
			headers = append(headers, apitest.Header{Name: name})
		}
		_, resp := nobody.OpenStream(t, query, headers...)
		if resp.StatusCode == http.StatusOK {
			t.Fatalf("the stream opened: %s", query)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return &apitest.Response{Status: resp.StatusCode, Header: resp.Header, Body: body}
	}
	auth := "?token=" + ada.Token + "&org_id="
	get("").WantProblem(t, 400, "org-header")
	get("?org_id="+ada.Org).WantProblem(t, 401, "unauthenticated")
	get("?token=x&org_id="+ada.Org).WantProblem(t, 401, "invalid-token")
	get(auth+eve.Org).WantProblem(t, 403, "org-denied")
	get(auth+nobody).WantProblem(t, 403, "org-denied")
	get(auth+ada.Org, apitest.Header{Name: "Origin", Value: "https://evil.example"}).WantProblem(t, 403, "origin-denied")
	ticket := ada.Do(t, "POST", "/v1/ws/tickets", object{}).Want(t, 201).Text(t, "ticket")
	if _, resp := s.Anonymous().OpenStream(t, "?org_id="+ada.Org+"&token="+ticket, apitest.Header{Name: "X-Org-Id", Value: ada.Org}); resp.StatusCode != 200 {
		t.Errorf("a ticket gets %d", resp.StatusCode)
	}
	get("?org_id="+ada.Org+"&token="+ticket).WantProblem(t, 401, "invalid-token")
	if r := s.Anonymous().Do(t, "HEAD", "/v1/events/stream"+auth+ada.Org, nil); r.Status != 200 || len(r.Body) != 0 {
		t.Errorf("HEAD: %d", r.Status)
	}
}

// TestLifeIsNoLatency: how long a connection lived is in no histogram of requests; that one was refused is.
func TestLifeIsNoLatency(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	stream, socket := ada.Stream(t, ""), ada.Listen(t)
	s.App.Hub.Close()
	stream.WantEnd(t)
	socket.WantClose(t, 1012)
	s.Anonymous().Do(t, "GET", "/ws", nil).WantProblem(t, 400, "org-header")
	var metrics string
	until(t, "the refusal is counted", func() bool {
		w := httptest.NewRecorder()
		s.App.Router.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		metrics = w.Body.String()
		return strings.Contains(metrics, `route="GET /ws",status="400"`)
	})
	for _, life := range []string{`route="GET /ws",status="101"`, `route="GET /v1/events/stream",status="200"`} {
		if strings.Contains(metrics, life) {
			t.Errorf("%s is counted", life)
		}
	}
}

// TestStreamsEnd with the reason that a socket is closed with (threat 25).
func TestStreamsEnd(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	ended := func(name string, stream *apitest.Stream, code string) {
		t.Helper()
		all := stream.WantEnd(t)
		if len(all) == 0 {
			t.Fatalf("%s: nothing said", name)
		}
		if last := all[len(all)-1]; last.Name != "close" || !strings.Contains(last.Raw, `"code":`+code) {
			t.Errorf("%s: the last is %s %s, want code %s", name, last.Name, last.Raw, code)
		}
	}
	gone := ada.Join(t, "gone", "member")
	stream := gone.Stream(t, "")
	ada.Do(t, "DELETE", "/v1/orgs/"+ada.Org+"/members/"+gone.User, nil).Want(t, 204)
	ended("a member removed", stream, "4403")
	out := ada.Join(t, "out", "member")
	stream = out.Stream(t, "")
	s.Anonymous().Do(t, "POST", "/v1/auth/logout", object{"refresh_token": out.Refresh}).Want(t, 204)
	ended("a session ended", stream, "4401")
	stream = ada.Stream(t, "")
	s.App.Hub.Close()
	ended("the server stops", stream, "1012")
}

// seen is the cursor of an event written now: hello's may lie before what is there already, while anybody writes.
func seen(t testing.TB, c *apitest.Client) string {
	t.Helper()
	socket := c.Listen(t)
	mark(t, c, "seen")
	events := socket.Until(t, "label.created")
	return events[len(events)-1].Cursor
}

// TestStormReadsOnce: connections that come back together from one place have the log read once for all of them.
func TestStormReadsOnce(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	cursor := seen(t, ada)
	const missed = 30
	for i := range missed {
		mark(t, ada, fmt.Sprint("missed ", i))
	}
	node, statements := tapped(t, s)
	back := ada.At(node)
	const clients = 40
	got := make(chan []string, clients)
	for range clients {
		go func() {
			var ids []string
			socket := back.ListenTo(t, "&cursor="+cursor)
			for range missed {
				ids = append(ids, socket.Next(t).ID)
			}
			got <- ids
		}()
	}
	first := <-got
	for range clients - 1 {
		if ids := <-got; strings.Join(ids, " ") != strings.Join(first, " ") {
			t.Error("two clients were told different events")
		}
	}
	if n := statements("replay_events"); n != 1 {
		t.Errorf("the log was read %d times for %d clients, want once", n, clients)
	}
	if n := statements("enter_org"); n < clients {
		t.Errorf("%d statements seen, fewer than clients", n)
	}
}

// TestReplayIsBounded: who missed more than can be replayed reads everything anew; who missed as much gets it, in pages.
func TestReplayIsBounded(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	cursor := seen(t, ada)
	insert := func(n int) {
		t.Helper()
		if _, err := s.Owner.Exec(t.Context(), `insert into app.events (org_id, kind, entity_id, version, actor_id, payload)
			select $1, 'label.updated', gen_random_uuid(), 1, $2, jsonb_build_object('number', n) from generate_series(1, $3::int) n`, ada.Org, ada.User, n); err != nil {
			t.Fatal(err)
		}
	}
	insert(10_000)
	fresh := ada.At(s.Node(t))
	socket := fresh.ListenTo(t, "&cursor="+cursor)
	for n := range 10_000 {
		if e := socket.Next(t); e.Data["number"] != float64(n+1) {
			t.Fatalf("event %d is %s", n, e.Raw)
		}
	}
	insert(1)
	if e := socket.Next(t); e.Data["number"] != float64(1) {
		t.Errorf("live: %s", e.Raw)
	}
	later := ada.At(s.Node(t))
	conn, _, err := later.Server.Dial("?token="+ada.Token+"&org_id="+ada.Org+"&cursor="+cursor, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	(&apitest.Socket{Conn: conn}).Until(t, "resync")
	(&apitest.Socket{Conn: conn}).WantClose(t, 1012)
}
