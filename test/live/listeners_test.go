package live_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/plinth/plinth/test/apitest"
)

const (
	longestStay  = 3 * time.Second // on one connection
	longestPause = 100 * time.Millisecond
	mostFrames   = 60 // that a listener reads before it leaves by itself
)

// channel is a way to hear events. It stays with a node for a while; an error is a broken promise, and that a node is not
// there is none.
type channel func(context.Context, *listener, *node) error

// listener follows an organization's stream over many connections, each to some node, and goes on behind what it read.
type listener struct {
	name    string
	tenant  *tenant
	nodes   []*node
	who     *apitest.Client
	random  *rand.Rand
	channel channel
	// horizon is the first of the transactions that are yet to begin.
	horizon func(context.Context) (uint64, error)

	after  string // the event that it began behind; "" where it began with a hello, and hears of what came before at random
	since  uint64 // every event of a transaction from this one on is for it
	cursor string // of the frame that it read last

	mu     sync.Mutex
	heard  []string
	stays  int
	broken error
}

// run listens until ctx ends or a promise is broken.
func (l *listener) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := l.channel(ctx, l, l.nodes[l.random.IntN(len(l.nodes))])
		l.mu.Lock()
		l.stays++
		l.broken = err
		l.mu.Unlock()
		if err != nil {
			return
		}
		rest(ctx, l.random, longestPause)
	}
}

// rest lets a while pass, up to the longest.
func rest(ctx context.Context, random *rand.Rand, longest time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(upTo(random, longest)):
	}
}

func upTo(random *rand.Rand, longest time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(longest)))
}

// frame is what a listener looks at of an event.
type frame struct {
	Type   string `json:"type"`
	ID     string `json:"id"`
	Cursor string `json:"cursor"`
	OrgID  string `json:"org_id"`
}

// take notes an event.
func (l *listener) take(raw []byte) error {
	var f frame
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("frame %q: %w", raw, err)
	}
	if f.ID == "" || f.Cursor == "" {
		return fmt.Errorf("unexpected frame %s", raw)
	}
	if err := l.tenant.note(f, string(raw)); err != nil {
		return err
	}
	l.cursor = f.Cursor
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, f.ID)
	return nil
}

// last is the event that it heard last.
func (l *listener) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.heard) == 0 {
		return ""
	}
	return l.heard[len(l.heard)-1]
}

// failed is the promise that was broken to it; nil where none was.
func (l *listener) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

// away says whether a refusal tells of a node that is not there for now.
func away(resp *http.Response, err error) error {
	if err == nil || resp == nil || resp.StatusCode == http.StatusServiceUnavailable {
		return nil
	}
	content, _ := io.ReadAll(resp.Body)
	return fmt.Errorf("refused with %d: %s", resp.StatusCode, content)
}

// socket is the channel of a WebSocket.
func socket(ctx context.Context, l *listener, n *node) error {
	query := url.Values{"token": {l.who.Token}, "org_id": {l.who.Org}}
	if l.cursor != "" {
		query.Set("cursor", l.cursor)
	}
	conn, resp, err := n.Dial("?"+query.Encode(), nil)
	if err != nil {
		return away(resp, err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(time.Now().Add(upTo(l.random, longestStay))); err != nil {
		return err
	}
	_, first, err := conn.ReadMessage()
	if err != nil {
		return ended(err)
	}
	if err := l.hello(ctx, first); err != nil {
		return err
	}
	for range l.random.IntN(mostFrames) {
		_, raw, err := conn.ReadMessage()
		if err != nil {
			return ended(err)
		}
		if err := l.take(raw); err != nil {
			return err
		}
	}
	l.leave(conn)
	return nil
}

// hello holds the first frame to the cursor that the listener named, or where it named none, begins there.
func (l *listener) hello(ctx context.Context, raw []byte) error {
	var f frame
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("hello %q: %w", raw, err)
	}
	switch {
	case f.Type != "hello":
		return fmt.Errorf("first frame is %s", raw)
	case l.cursor == f.Cursor:
		return nil
	case l.cursor != "":
		return fmt.Errorf("hello has cursor %s, not the %s that was named", f.Cursor, l.cursor)
	}
	l.cursor = f.Cursor
	if l.since > 0 { // it has begun before, and is owed what came since then
		return nil
	}
	var err error
	l.since, err = l.horizon(ctx)
	return err
}

// ended says whether a socket ended in one of the ways that a listener is to come back from.
func ended(err error) error {
	var closed *websocket.CloseError
	var network net.Error
	switch {
	case errors.As(err, &closed):
		switch closed.Code {
		case websocket.CloseAbnormalClosure, websocket.CloseServiceRestart, 4408:
			return nil
		}
	case errors.As(err, &network):
		return nil
	}
	return err
}

// leave ends a socket in one of the ways that clients do.
func (l *listener) leave(conn *websocket.Conn) {
	switch l.random.IntN(3) {
	case 0:
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	case 1:
		if tcp, ok := conn.NetConn().(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset
		}
	}
}

// get asks for a path of the stream's. A nil response is that of a node that is not there.
func (l *listener) get(ctx context.Context, n *node, path, lastEventID string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", n.URL+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+l.who.Token)
	req.Header.Set("X-Org-Id", l.who.Org)
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	resp, err := n.Transport.RoundTrip(req)
	if err != nil {
		return nil, nil
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, away(resp, errors.New("refused"))
}

// poll is the channel of one who asks for a page now and then.
func poll(ctx context.Context, l *listener, n *node) error {
	resp, err := l.get(ctx, n, "/v1/events?"+url.Values{"cursor": {l.cursor}, "limit": {strconv.Itoa(1 + l.random.IntN(200))}}.Encode(), "")
	if resp == nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil // cut off
	}
	var page struct {
		Items      []json.RawMessage
		NextCursor *string `json:"next_cursor"`
	}
	if err := json.Unmarshal(content, &page); err != nil {
		return fmt.Errorf("page %q: %w", content, err)
	}
	for _, item := range page.Items {
		if err := l.take(item); err != nil {
			return err
		}
	}
	if page.NextCursor != nil && *page.NextCursor != l.cursor {
		return fmt.Errorf("next_cursor is %s, the last event's is %s", *page.NextCursor, l.cursor)
	}
	return nil
}

// stream is the channel of server-sent events.
func stream(ctx context.Context, l *listener, n *node) error {
	ctx, cancel := context.WithTimeout(ctx, upTo(l.random, longestStay))
	defer cancel()
	resp, err := l.get(ctx, n, "/v1/events/stream", l.cursor)
	if resp == nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	events := bufio.NewReader(resp.Body)
	for i := range 1 + l.random.IntN(mostFrames) {
		e, err := readEvent(events)
		if err != nil {
			return nil // cut off, and what was not whole is not taken
		}
		switch {
		case e.kind == "close":
			return closed(e.data)
		case i == 0:
			err = l.hello(ctx, e.data)
		default:
			err = l.take(e.data)
		}
		if err != nil {
			return err
		}
		if e.id != l.cursor {
			return fmt.Errorf("id is %q, the event's cursor %s", e.id, l.cursor)
		}
	}
	return nil
}

// closed says whether a stream ended in one of the ways that a listener is to come back from.
func closed(raw []byte) error {
	var reason struct{ Code int }
	if err := json.Unmarshal(raw, &reason); err != nil {
		return fmt.Errorf("close %q: %w", raw, err)
	}
	return ended(&websocket.CloseError{Code: reason.Code})
}

// sent is one server-sent event.
type sent struct {
	kind, id string
	data     []byte
}

// readEvent reads the next event that has data; comments are passed over.
func readEvent(from *bufio.Reader) (sent, error) {
	var e sent
	for {
		line, err := from.ReadBytes('\n')
		if err != nil {
			return sent{}, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 && e.data != nil {
			return e, nil
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			e.kind = string(value)
		case "id":
			e.id = string(value)
		case "data":
			e.data = append(e.data, value...)
		}
	}
}

// check holds what the listener heard to the organization's events in their order: all of them from where it began, each
// once.
func (l *listener) check(truth []entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	place := make(map[string]int, len(truth))
	for i, e := range truth {
		place[e.id] = i
	}
	next := 0
	if l.after != "" {
		next = place[l.after] + 1
	}
	for i, id := range l.heard {
		at, ok := place[id]
		if !ok {
			return fmt.Errorf("event %d, %s, was never committed", i, id)
		}
		if at < next {
			return fmt.Errorf("event %d, %s, came again or late: it is number %d, and number %d had come", i, id, at, next-1)
		}
		if missing := l.owed(truth[next:at]); len(missing) > 0 {
			return fmt.Errorf("%d missing before event %d, %s: %s", len(missing), i, id, describe(missing))
		}
		next = at + 1
	}
	if missing := l.owed(truth[next:]); len(missing) > 0 {
		return fmt.Errorf("the last %d never came: %s", len(missing), describe(missing))
	}
	return nil
}

// owed are those of the events that the listener must hear.
func (l *listener) owed(events []entry) []entry {
	var owed []entry
	for _, e := range events {
		if e.xid >= l.since {
			owed = append(owed, e)
		}
	}
	return owed
}

func describe(events []entry) string {
	const most = 5
	var b strings.Builder
	for _, e := range events[:min(most, len(events))] {
		fmt.Fprintf(&b, "%s %s (%d, %d); ", e.kind, e.id, e.xid, e.position)
	}
	return b.String()
}
