package realtime

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/hub"
)

const (
	pongWithin   = 60 * time.Second
	lingerTime   = time.Second
	maxFrame     = 64 << 10 // bytes a client may send at once; more closes with 1009
	maxPerMinute = 120      // frames a client may send; more closes with 1008
)

// serveSocket opens a WebSocket and returns: what the request held on to is free while the socket lives.
func (v *Service) serveSocket(w http.ResponseWriter, hr *http.Request) {
	c, err := v.open(hr, hr.URL.Query().Get("cursor"))
	if err != nil {
		api.WriteProblem(w, hr, err)
		return
	}
	if !websocket.IsWebSocketUpgrade(hr) {
		c.leave()
		w.Header().Set("Upgrade", "websocket")
		api.WriteProblem(w, hr, fault.New(fault.UpgradeRequired, ""))
		return
	}
	conn, err := v.upgrader.Upgrade(w, hr, nil)
	if err != nil {
		c.leave()
		return // the upgrader has answered
	}
	s := &socket{connection: c, conn: conn}
	c.out = s
	go v.guarded("socket", s.begin)
}

// socket is a connection over a WebSocket (RFC 6455).
type socket struct {
	*connection
	conn *websocket.Conn
}

func (s *socket) now() time.Time { return s.service.Now() }

// begin says what was missed, and leaves reading to a goroutine whose stack is small.
func (s *socket) begin() {
	switch err := s.connection.begin(api.Detached(s.request)); {
	case err == nil:
		s.Serve(s.write)
		go s.service.guarded("socket", s.run)
		return
	case errors.Is(err, errLost):
		s.resync()
	default:
		s.end(hub.Restarting)
	}
	s.finish()
}

// run reads until the end, of whichever side.
func (s *socket) run() {
	defer s.finish()
	s.receive()
	s.End(hub.Gone)
	<-s.done
}

// finish takes the socket out. What still comes is read and dropped for a moment: closing over it would reset the connection,
// and lose our close frame.
func (s *socket) finish() {
	s.leave()
	_, _ = io.Copy(io.Discard, s.conn.NetConn())
	_ = s.conn.Close()
}

// send implements output.
func (s *socket) send(f frame) error {
	_ = s.conn.SetWriteDeadline(s.now().Add(writeTimeout))
	return s.conn.WritePreparedMessage(f.socket)
}

// ping implements output.
func (s *socket) ping() error {
	return s.conn.WriteControl(websocket.PingMessage, nil, s.now().Add(writeTimeout))
}

// end implements output.
func (s *socket) end(reason hub.Reason) {
	if reason != hub.Gone {
		_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(int(reason), reason.String()), s.now().Add(writeTimeout))
	}
	s.linger()
}

// abort implements output.
func (s *socket) abort() { _ = s.conn.NetConn().Close() }

func (s *socket) linger() { _ = s.conn.SetReadDeadline(s.now().Add(lingerTime)) }

// resync tells a client that asks for what is not to be had any more to read everything anew.
func (s *socket) resync() {
	_ = s.conn.SetWriteDeadline(s.now().Add(writeTimeout))
	_ = s.conn.WriteMessage(websocket.TextMessage, resyncText)
	s.end(hub.Restarting)
}

// receive takes what the client sends, in bounds, until it ends or is cut off.
func (s *socket) receive() {
	s.conn.SetReadLimit(maxFrame)
	_ = s.conn.SetReadDeadline(s.now().Add(pongWithin))
	s.conn.SetPongHandler(func(string) error { return s.conn.SetReadDeadline(s.now().Add(pongWithin)) })
	frames := frameCount{now: s.now, minute: s.now()}
	pong := s.conn.PingHandler()
	s.conn.SetPingHandler(func(data string) error {
		if frames.tooMany() {
			s.End(hub.TooMany)
			return nil
		}
		return pong(data)
	})
	for {
		_, text, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		if frames.tooMany() {
			s.End(hub.TooMany)
		}
		if !s.Ended() {
			s.obey(text)
		}
	}
}

// frameCount counts what a client sends, pings too.
type frameCount struct {
	now    func() time.Time
	minute time.Time
	n      int
}

func (c *frameCount) tooMany() bool {
	if c.now().Sub(c.minute) > time.Minute {
		c.minute, c.n = c.now(), 0
	}
	c.n++
	return c.n > maxPerMinute
}
