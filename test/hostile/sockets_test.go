package hostile_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/test/apitest"
)

// refused holds the opening of a socket to a refusal.
func refused(t *testing.T, s *apitest.Server, what, query string, header http.Header, status int) {
	t.Helper()
	conn, resp, err := s.Dial(query, header)
	if err == nil {
		_ = conn.Close()
		t.Errorf("%s: the socket opened", what)
		return
	}
	if resp == nil || resp.StatusCode != status {
		t.Errorf("%s: %v, %v; want %d", what, resp, err, status)
	}
}

// Row 31: a page of another origin opens no socket, with whatever good token.
func TestForeignOrigins(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	query := "?org_id=" + ada.Org + "&token=" + ada.Token
	for _, origin := range []string{"https://evil.example", "http://evil.example:80", "null", "http://plinth.test.evil.example", "http://evil-plinth.test", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
		"http://plinth.test@evil.example", "http://evil.example#plinth.test", "file://", "file:///etc/passwd", "chrome-extension://plinth.test", "plinth.test", "//plinth.test", "http://", "http://203.0.113.9"} {
		refused(t, s, "origin "+origin, query, http.Header{"Origin": {origin}}, 403)
	}
	for _, origin := range []string{"http://plinth.test", "https://plinth.test", "http://localhost:5173", s.URL} {
		conn, _, err := s.Dial(query, http.Header{"Origin": {origin}})
		if err != nil {
			t.Errorf("origin %s: %v", origin, err)
			continue
		}
		_ = conn.Close()
	}
}

// Row 32: a ticket opens one socket, in its time and organization.
func TestTickets(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	second := ada.In(ada.Do(t, "POST", "/v1/orgs", map[string]any{"name": "Second"}).Want(t, 201).Text(t, "id"))
	make := func() string {
		return ada.Do(t, "POST", "/v1/ws/tickets", map[string]any{}).Want(t, 201).Text(t, "ticket")
	}
	once := make()
	conn, _, err := s.Dial("?org_id="+ada.Org+"&token="+once, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	refused(t, s, "used", "?org_id="+ada.Org+"&token="+once, nil, 401)
	refused(t, s, "of another organization", "?org_id="+second.Org+"&token="+make(), nil, 401)
	refused(t, s, "unknown", "?org_id="+ada.Org+"&token=plt_unknown", nil, 401)
	old := make()
	exec(t, s, "update app.socket_tickets set expires_at = expires_at - interval '30 seconds'")
	refused(t, s, "too old", "?org_id="+ada.Org+"&token="+old, nil, 401)
	ended := make()
	s.Anonymous().Do(t, "POST", "/v1/auth/logout", refresh(ada.Refresh)).Want(t, 204)
	refused(t, s, "of an ended session", "?org_id="+ada.Org+"&token="+ended, nil, 401)
}

// Row 32: of many who bring the same ticket at once, one gets in.
func TestOneTicketManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	ticket := ada.Do(t, "POST", "/v1/ws/tickets", map[string]any{}).Want(t, 201).Text(t, "ticket")
	var opened atomic.Int32
	got := together(t, 8, func(int) (*apitest.Response, error) {
		conn, resp, err := s.Dial("?org_id="+ada.Org+"&token="+ticket, nil)
		if err == nil {
			opened.Add(1)
			_ = conn.Close()
		}
		if resp == nil {
			return nil, err
		}
		return &apitest.Response{Status: resp.StatusCode}, nil
	})
	if opened.Load() != 1 || got[101] != 1 || got[401] != 7 {
		t.Errorf("answers by status: %v, want one 101 and seven 401", got)
	}
}

// Rows 2 and 3 at the socket: which organization is asked before who asks.
func TestSocketOrganization(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	token := "&token=" + ada.Token
	refused(t, s, "no organization", "?"+token[1:], nil, 400)
	refused(t, s, "malformed", "?org_id=x"+token, nil, 400)
	refused(t, s, "braced", "?org_id=%7B"+ada.Org+"%7D"+token, nil, 400)
	refused(t, s, "two", "?org_id="+ada.Org+"&org_id="+eve.Org+token, nil, 400)
	refused(t, s, "query and header", "?org_id="+ada.Org+token, http.Header{"X-Org-Id": {eve.Org}}, 400)
	refused(t, s, "not mine", "?org_id="+eve.Org+token, nil, 403)
	refused(t, s, "absent", "?org_id="+nobody+token, nil, 403)
	sameButID(t, "an organization that is not mine and one that is not there",
		s.Anonymous().Do(t, "GET", "/ws?org_id="+eve.Org+token, nil), s.Anonymous().Do(t, "GET", "/ws?org_id="+nobody+token, nil))
	s.Anonymous().Do(t, "GET", "/ws?org_id="+ada.Org+token, nil).WantProblem(t, 426, "upgrade-required")
}

// Row 34: a message over 64 KiB ends the socket, one of 64 KiB does not.
func TestLargeFrames(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	socket := ada.Listen(t)
	if err := socket.Conn.WriteMessage(websocket.BinaryMessage, make([]byte, 64<<10)); err != nil {
		t.Fatal(err)
	}
	ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Still here"}).Want(t, 201)
	socket.Until(t, "project.created")
	_ = socket.Conn.WriteMessage(websocket.BinaryMessage, make([]byte, 64<<10+1))
	socket.WantClose(t, websocket.CloseMessageTooBig)

	pieces := ada.Listen(t) // the limit is the message's, not the frame's
	w, err := pieces.Conn.NextWriter(websocket.TextMessage)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		_, _ = w.Write([]byte(strings.Repeat("x", 4096))) // the server may have hung up already
	}
	_ = w.Close()
	pieces.WantClose(t, websocket.CloseMessageTooBig)
}

// Row 34: more than 120 messages a minute end the socket.
func TestManyFrames(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	socket := ada.Listen(t)
	for range 120 {
		if err := socket.Conn.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Still here"}).Want(t, 201)
	socket.Until(t, "project.created")
	_ = socket.Conn.WriteMessage(websocket.TextMessage, []byte("one too many"))
	socket.WantClose(t, websocket.ClosePolicyViolation)
}

// Row 34: pings are frames too, each of which costs an answer.
func TestManyPings(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	socket := s.SignUp(t, "ada").Listen(t)
	for range 1000 {
		if err := socket.Conn.WriteControl(websocket.PingMessage, []byte("x"), time.Now().Add(patience)); err != nil {
			break // hung up
		}
	}
	socket.WantClose(t, websocket.ClosePolicyViolation)
}

// Row 34: who does not read is cut off with 4408, and neither writers nor other listeners wait for him.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	dialer := websocket.Dialer{ReadBufferSize: 512, NetDial: func(network, addr string) (net.Conn, error) {
		conn, err := net.Dial(network, addr)
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = errors.Join(err, tcp.SetReadBuffer(64<<10))
		}
		return conn, err
	}}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/ws?org_id="+ada.Org+"&token="+ada.Token, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	slow := &apitest.Socket{Conn: conn}
	slow.Next(t) // hello; from here on it reads nothing
	brisk := ada.Listen(t)

	// More than fits into the kernel's buffers and the mailbox together, and within the time that one write may take. They
	// come one by one: of all at once a reader may be too slow that is not.
	for n := range 24 {
		exec(t, s, `insert into app.events (org_id, kind, entity_id, version, actor_id, payload)
			select $1, 'project.updated', gen_random_uuid(), 1, $2, jsonb_build_object('number', $3::int, 'filler', repeat('x', 400000))`, ada.Org, ada.User, n)
		if e := brisk.Next(t); e.Data["number"] != float64(n) {
			t.Fatalf("event %.200s out of turn", e.Raw)
		}
	}
	ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Still here"}).Want(t, 201)
	brisk.Until(t, "project.created")
	if err := conn.UnderlyingConn().(*net.TCPConn).SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	slow.WantClose(t, 4408)
}

// Row 25: a socket outlives neither its token nor, where it came by a ticket, its session.
func TestSocketOfAnExpiringToken(t *testing.T) {
	t.Parallel()
	f := newForger(t, func(c *config.Config) { c.JWTSecret = jwtSecret })
	c := *f.ada
	c.Token = hs256([]byte(jwtSecret), f.header, with(f.claims, member{"exp", time.Now().Unix() + 2}))
	socket := c.Listen(t)
	socket.WantClose(t, 4401)
	c.Do(t, "GET", "/v1/me", nil).WantProblem(t, 401, "invalid-token")

	ticket := f.ada.Do(t, "POST", "/v1/ws/tickets", map[string]any{}).Want(t, 201).Text(t, "ticket")
	conn, _, err := f.server.Dial("?org_id="+f.ada.Org+"&token="+ticket, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	f.server.Anonymous().Do(t, "POST", "/v1/auth/logout", refresh(f.ada.Refresh)).Want(t, 204)
	(&apitest.Socket{Conn: conn}).WantClose(t, 4401)
}
