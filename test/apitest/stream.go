package apitest

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Stream is a connection to /v1/events/stream.
type Stream struct {
	Hello  StreamEvent
	events chan StreamEvent
}

// StreamEvent is one of Server-Sent Events.
type StreamEvent struct {
	Event
	LastID string // the id, of this or an earlier event, that a browser would come back with
	Name   string
}

// OpenStream asks for the event stream with the query and headers given, as the client in its organization. A header without a
// value is not sent.
func (c *Client) OpenStream(t testing.TB, query string, headers ...Header) (*Stream, *http.Response) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Server.URL+"/v1/events/stream"+query, nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+c.Token)
	req.Header.Set("X-Org-Id", c.Org)
	for _, h := range headers {
		req.Header.Del(h.Name)
	}
	for _, h := range headers {
		if h.Value != "" {
			req.Header.Add(h.Name, h.Value)
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	must(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	s := &Stream{events: make(chan StreamEvent, 10_000)}
	if resp.StatusCode == http.StatusOK {
		go s.read(bufio.NewReader(resp.Body))
	}
	return s, resp
}

// Stream opens the event stream and reads its hello.
func (c *Client) Stream(t testing.TB, query string, headers ...Header) *Stream {
	t.Helper()
	s, resp := c.OpenStream(t, query, headers...)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("stream answers %d, %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	if s.Hello = s.Next(t); s.Hello.Type != "hello" {
		t.Fatalf("first event is %q", s.Hello.Raw)
	}
	return s
}

// read parses the stream (HTML Living Standard, 9.2.6), as far as the server uses its syntax.
func (s *Stream) read(from *bufio.Reader) {
	defer close(s.events)
	var next StreamEvent
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "\n" && next.Raw != "":
			if json.Unmarshal([]byte(next.Raw), &next.Event) == nil {
				s.events <- next
			}
			next = StreamEvent{LastID: next.LastID}
		case name == "id":
			next.LastID = value
		case name == "event":
			next.Name = value
		case name == "data":
			next.Raw = value
		}
	}
}

// Next is the next event; none within a generous time, or the end of the stream, fails the test.
func (s *Stream) Next(t testing.TB) StreamEvent {
	t.Helper()
	select {
	case e, ok := <-s.events:
		if !ok {
			t.Fatal("the stream has ended")
		}
		return e
	case <-time.After(patience):
		t.Fatal("no event")
	}
	return StreamEvent{}
}

// WantEnd fails the test unless the stream ends, and gives what came before.
func (s *Stream) WantEnd(t testing.TB) []StreamEvent {
	t.Helper()
	var before []StreamEvent
	for deadline := time.After(patience); ; {
		select {
		case e, ok := <-s.events:
			if !ok {
				return before
			}
			before = append(before, e)
		case <-deadline:
			t.Fatal("the stream goes on")
		}
	}
}
