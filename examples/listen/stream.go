package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	dialLimit = 10 * time.Second
	// silence is how long the server may say nothing: it pings every 25 seconds.
	silence  = 60 * time.Second
	minDelay = 200 * time.Millisecond
	maxDelay = 5 * time.Second
)

// Close codes of the server after which connecting again is of no use.
const (
	sessionEnded = 4401
	notAMember   = 4403
)

// stream follows an organization's events over lost connections: none is missed and none comes twice.
type stream struct {
	base, token, org string
	handle           func(frame []byte) error // of each event, and of the hello that begins the stream
	lost             func(why error)

	// cursor is that of the last frame handled, and empty until there is one. A program that keeps it on disk, in one
	// transaction with what the events did, survives its own end as well.
	cursor string
}

// errFinal marks what connecting again does not mend.
var errFinal = errors.New("the stream has ended")

// follow runs until ctx ends, handle fails, or the server refuses this token or organization. It never returns nil.
func (s *stream) follow(ctx context.Context) error {
	delay := minDelay
	for {
		greeted, err := s.connect(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, errFinal) {
			return err
		}
		s.lost(err)
		if greeted {
			delay = minDelay
		}
		if err := wait(ctx, delay); err != nil {
			return err
		}
		delay = min(2*delay, maxDelay)
	}
}

// wait takes between half of d and all of it, so that the clients of a server that restarts do not come all at once.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d/2 + rand.N(d/2)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// connect follows one connection to its end, and tells whether the server has said hello on it.
func (s *stream) connect(ctx context.Context) (greeted bool, err error) {
	conn, err := s.dial(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	pong := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		return errors.Join(conn.SetReadDeadline(time.Now().Add(silence)), pong(data))
	})
	for {
		if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return greeted, err
		}
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return greeted, closed(err)
		}
		greeted = true
		if err := s.take(frame); err != nil {
			return greeted, err
		}
	}
}

func (s *stream) dial(ctx context.Context) (*websocket.Conn, error) {
	query := url.Values{"org_id": {s.org}}
	if s.cursor != "" {
		query.Set("cursor", s.cursor)
	}
	address := strings.Replace(strings.TrimSuffix(s.base, "/"), "http", "ws", 1) + "/ws?" + query.Encode()
	// The token goes into a header: query strings end up in the logs of proxies.
	header := http.Header{"Authorization": {"Bearer " + s.token}}
	conn, resp, err := (&websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: dialLimit}).DialContext(ctx, address, header)
	switch {
	case err == nil:
		return conn, nil
	case resp == nil:
		return nil, err
	case isFinal(resp.StatusCode):
		return nil, fmt.Errorf("%w: %s refused: %s", errFinal, s.base, resp.Status)
	}
	return nil, fmt.Errorf("%s refused: %s", s.base, resp.Status)
}

// isFinal tells a request that is wrong, such as one whose token has expired, from one that came at a bad moment.
func isFinal(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
}

// closed explains the end of a connection.
func closed(err error) error {
	switch {
	case websocket.IsCloseError(err, sessionEnded):
		return fmt.Errorf("%w: the token has expired or its session was ended: sign in again, or POST /v1/auth/refresh", errFinal)
	case websocket.IsCloseError(err, notAMember):
		return fmt.Errorf("%w: you are no member of the organization any more", errFinal)
	}
	return err
}

// take handles a frame and only then moves the cursor: what failed halfway comes again. The hello of a connection that
// goes on where the last one broke off is no news.
func (s *stream) take(frame []byte) error {
	var f struct{ Type, Cursor string }
	if err := json.Unmarshal(frame, &f); err != nil {
		return fmt.Errorf("%w: read frame: %w", errFinal, err)
	}
	if f.Type == "hello" && s.cursor != "" {
		return nil
	}
	if err := s.handle(frame); err != nil {
		return fmt.Errorf("%w: %w", errFinal, err)
	}
	if f.Cursor != "" || f.Type == "resync" { // after which the next connection begins anew; signals have none either
		s.cursor = f.Cursor
	}
	return nil
}
