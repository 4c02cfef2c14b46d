package apitest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// patience bounds the wait for something that is to happen; it is no measure of speed.
const patience = 10 * time.Second

// Socket is a live connection.
type Socket struct {
	Conn  *websocket.Conn
	Hello Event
}

// Event is a frame that a socket received.
type Event struct {
	Type      string         `json:"type"`
	ID        string         `json:"id"`
	Cursor    string         `json:"cursor"`
	OrgID     string         `json:"org_id"`
	ActorID   string         `json:"actor_id"`
	ProjectID string         `json:"project_id"`
	TaskID    string         `json:"task_id"`
	CommentID string         `json:"comment_id"`
	Status    string         `json:"status"`
	Version   int            `json:"version"`
	Data      map[string]any `json:"data"`
	Raw       string         `json:"-"`
}

// Dial opens /ws with the query and headers given, and nothing else. The response is the refusal, where it is one.
func (s *Server) Dial(query string, header http.Header) (*websocket.Conn, *http.Response, error) {
	return websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/ws"+query, header)
}

// Listen opens a socket in the client's organization and reads its hello.
func (c *Client) Listen(t testing.TB) *Socket {
	t.Helper()
	return c.ListenTo(t, "")
}

// ListenTo is Listen with more of a query, such as "&cursor=...".
func (c *Client) ListenTo(t testing.TB, query string) *Socket {
	t.Helper()
	conn, _, err := c.Server.Dial("?token="+c.Token+"&org_id="+c.Org+query, nil)
	if err != nil {
		t.Fatalf("open socket: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &Socket{Conn: conn}
	s.Hello = s.Next(t)
	if s.Hello.Type != "hello" {
		t.Fatalf("first frame is %q", s.Hello.Raw)
	}
	return s
}

// Next is the next event; none within a generous time fails the test.
func (s *Socket) Next(t testing.TB) Event {
	t.Helper()
	must(t, s.Conn.SetReadDeadline(time.Now().Add(patience)))
	_, frame, err := s.Conn.ReadMessage()
	if err != nil {
		t.Fatalf("read socket: %v", err)
	}
	e := Event{Raw: string(frame)}
	must(t, json.Unmarshal(frame, &e))
	return e
}

// Send sends a frame.
func (s *Socket) Send(t testing.TB, frame any) {
	t.Helper()
	text, ok := frame.(string)
	if !ok {
		encoded, err := json.Marshal(frame)
		must(t, err)
		text = string(encoded)
	}
	must(t, s.Conn.WriteMessage(websocket.TextMessage, []byte(text)))
}

// Ask sends a frame and gives the first answer of the type, passing over what else comes.
func (s *Socket) Ask(t testing.TB, frame any, answer string) Event {
	t.Helper()
	s.Send(t, frame)
	seen := s.Until(t, answer)
	return seen[len(seen)-1]
}

// Until reads events up to the first of the type and gives all of them.
func (s *Socket) Until(t testing.TB, eventType string) []Event {
	t.Helper()
	var seen []Event
	for {
		e := s.Next(t)
		seen = append(seen, e)
		if e.Type == eventType {
			return seen
		}
	}
}

// WantClose reads until the server closes the socket, with the code.
func (s *Socket) WantClose(t testing.TB, code int) {
	t.Helper()
	must(t, s.Conn.SetReadDeadline(time.Now().Add(patience)))
	for {
		_, _, err := s.Conn.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case err == nil:
			continue
		case !errors.As(err, &closed):
			t.Fatalf("socket ended by %v, want close %d", err, code)
		case closed.Code != code:
			t.Fatalf("close code %d, want %d", closed.Code, code)
		}
		return
	}
}
