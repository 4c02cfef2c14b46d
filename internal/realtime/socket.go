package realtime

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/hub"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/realtime/realtimedb"
)

const (
	pingEvery    = 25 * time.Second
	pongWithin   = 60 * time.Second
	writeTimeout = 10 * time.Second
	lingerTime   = time.Second
	maxFrame     = 64 << 10 // bytes a client may send at once; more closes with 1009
	maxPerMinute = 120      // frames a client may send; more closes with 1008
)

// ServeHTTP opens a socket: it authenticates, checks the membership, says hello and then sends every event that was
// not committed by then.
func (v *Service) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	p, org, err := v.authenticateSocket(hr)
	if err != nil {
		api.WriteProblem(w, hr, err)
		return
	}
	api.RequestFrom(hr.Context()).Admitted(p, org)
	client := hub.NewClient(org, p.User, p.Session)
	v.Hub.Join(client) // before the look at the log, so that nothing falls between the two
	defer v.Hub.Leave(client)
	past, err := v.admit(hr.Context(), p, client)
	if err != nil {
		api.WriteProblem(w, hr, err)
		return
	}
	if !websocket.IsWebSocketUpgrade(hr) {
		w.Header().Set("Upgrade", "websocket")
		api.WriteProblem(w, hr, fault.New(fault.UpgradeRequired, ""))
		return
	}
	conn, err := v.upgrader.Upgrade(w, hr, nil)
	if err != nil {
		return // the upgrader has answered
	}
	defer func() { _ = conn.Close() }()
	s := &socket{conn: conn, client: client, past: past, now: v.Now, readDone: make(chan struct{})}
	expire := time.AfterFunc(p.ExpiresAt.Sub(v.Now()), func() { client.End(hub.SessionEnded) })
	defer expire.Stop()
	go s.read()
	if v.begin(hr, s, p) == nil {
		s.write()
	}
	s.linger()
	<-s.readDone
}

// begin says hello and, where the client names a cursor, sends what it missed.
func (v *Service) begin(hr *http.Request, s *socket, p authn.Principal) error {
	org, cursor := s.client.Org, hr.URL.Query().Get("cursor")
	if cursor == "" {
		return s.hello(v.Cursors.Seal(org, s.past.Horizon()))
	}
	from, err := v.Cursors.Open(org, cursor)
	if err != nil {
		s.resync()
		return err
	}
	if err := s.hello(cursor); err != nil {
		return err
	}
	until := s.past.Horizon()
	s.past = s.past.Settled() // the rest comes live, in its order
	return v.replay(hr.Context(), s, p, from, until)
}

// authenticateSocket tells who asks, from which page, and for which organization, without the database but for tickets.
func (v *Service) authenticateSocket(hr *http.Request) (authn.Principal, uuid.UUID, error) {
	org, err := orgOf(hr)
	if err != nil {
		return authn.Principal{}, uuid.Nil, err
	}
	if !v.originAllowed(hr) {
		return authn.Principal{}, uuid.Nil, fault.New(fault.OriginDenied, "")
	}
	token := tokenOf(hr)
	if token == "" {
		return authn.Principal{}, uuid.Nil, fault.New(fault.Unauthenticated, "Give a token as the query parameter token, in Authorization, or as a sub-protocol.")
	}
	p, err := v.authenticate(hr.Context(), token, org)
	return p, org, err
}

// admit checks the membership, tells the client's mailbox which projects it hears of, and gives the snapshot of what is
// committed: what REST shows by now.
func (v *Service) admit(ctx context.Context, p authn.Principal, client *hub.Client) (event.Snapshot, error) {
	least, _ := rbac.Least(rbac.EventRead)
	row, err := realtimedb.New(v.Pool.Org(p.Subject(), client.Org, int16(least))).GetAdmission(ctx)
	if err != nil {
		return event.Snapshot{}, err
	}
	access, err := parseAccess(row.Role, row.ProjectRanks)
	if err != nil {
		return event.Snapshot{}, err
	}
	client.Admit(access)
	return event.ParseSnapshot(row.Snapshot)
}

func orgOf(hr *http.Request) (uuid.UUID, error) {
	values := slices.Concat(hr.URL.Query()["org_id"], hr.Header.Values("X-Org-Id"))
	if len(values) == 0 {
		return uuid.Nil, fault.New(fault.OrgHeader, "Give the organization as the query parameter org_id.")
	}
	for _, value := range values {
		if id, err := uuid.Parse(value); err != nil || len(value) != 36 || id == uuid.Nil {
			return uuid.Nil, fault.New(fault.OrgHeader, "org_id must be a UUID.")
		}
		if !strings.EqualFold(value, values[0]) {
			return uuid.Nil, fault.New(fault.OrgMismatch, "")
		}
	}
	return uuid.MustParse(values[0]), nil
}

// tokenOf finds the token: in the query, in Authorization, or behind "bearer" in Sec-WebSocket-Protocol.
func tokenOf(hr *http.Request) string {
	if token := hr.URL.Query().Get("token"); token != "" {
		return token
	}
	if scheme, token, ok := strings.Cut(hr.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	if protocols := websocket.Subprotocols(hr); len(protocols) == 2 && strings.EqualFold(protocols[0], "bearer") {
		return protocols[1]
	}
	return ""
}

// originAllowed holds a browser's Origin to our own names, or to the very host it speaks to; other clients send none.
func (v *Service) originAllowed(hr *http.Request) bool {
	origin := hr.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	_, notAddress := netip.ParseAddr(u.Hostname()) // everybody has one, so it names nobody
	return strings.EqualFold(u.Host, hr.Host) || notAddress != nil && v.ServesHost(u.Host)
}

type socket struct {
	conn   *websocket.Conn
	client *hub.Client
	past   event.Snapshot // what it saw is not sent
	now    func() time.Time

	readDone chan struct{}
}

// hello is the first frame; its cursor stands before every event that follows.
func (s *socket) hello(cursor string) error {
	frame, err := json.Marshal(struct {
		Type   string    `json:"type"`
		OrgID  uuid.UUID `json:"org_id"`
		Cursor string    `json:"cursor"`
	}{"hello", s.client.Org, cursor})
	if err != nil {
		return fmt.Errorf("encode hello: %w", err)
	}
	_ = s.conn.SetWriteDeadline(s.now().Add(writeTimeout))
	return s.conn.WriteMessage(websocket.TextMessage, frame)
}

// resync tells a client that asks for the past to read everything anew.
func (s *socket) resync() {
	_ = s.conn.SetWriteDeadline(s.now().Add(writeTimeout))
	_ = s.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"resync"}`))
	s.close(hub.Restarting)
}

// write sends what comes into the mailbox, and pings, until the connection is to end.
func (s *socket) write() {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-s.client.Ready():
			messages, reason := s.client.Take()
			if s.send(messages) != nil {
				return
			}
			if reason != 0 {
				s.close(reason)
				return
			}
		case <-ping.C:
			if err := s.conn.WriteControl(websocket.PingMessage, nil, s.now().Add(writeTimeout)); err != nil {
				return
			}
		}
	}
}

func (s *socket) send(messages []hub.Message) error {
	for _, m := range messages {
		frame := m.(message)
		if s.past.Saw(frame.record.Position) {
			continue
		}
		_ = s.conn.SetWriteDeadline(s.now().Add(writeTimeout))
		if err := s.conn.WritePreparedMessage(frame.PreparedMessage); err != nil {
			return err
		}
	}
	return nil
}

func (s *socket) close(reason hub.Reason) {
	text := map[hub.Reason]string{
		hub.Restarting: "restarting", hub.SlowConsumer: "too slow", hub.SessionEnded: "session ended", hub.NotAMember: "not a member",
	}[reason]
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(int(reason), text), s.now().Add(writeTimeout))
}

// gone ends the write loop of a connection that the client closed; nothing is left to tell it.
const gone hub.Reason = websocket.CloseNormalClosure

// read keeps the connection alive and bounds what the client sends; nothing it says has a meaning yet. What comes after
// the end is read and dropped for a moment: closing over it would reset the connection, and lose our close frame.
func (s *socket) read() {
	defer close(s.readDone)
	s.receive()
	s.client.End(gone)
	s.linger()
	_, _ = io.Copy(io.Discard, s.conn.NetConn())
}

func (s *socket) linger() { _ = s.conn.SetReadDeadline(s.now().Add(lingerTime)) }

func (s *socket) receive() {
	s.conn.SetReadLimit(maxFrame)
	_ = s.conn.SetReadDeadline(s.now().Add(pongWithin))
	s.conn.SetPongHandler(func(string) error { return s.conn.SetReadDeadline(s.now().Add(pongWithin)) })
	frames := frameCount{now: s.now, minute: s.now()}
	pong := s.conn.PingHandler()
	s.conn.SetPingHandler(func(data string) error {
		if frames.tooMany() {
			s.client.End(websocket.ClosePolicyViolation)
			return nil
		}
		return pong(data)
	})
	for {
		if _, _, err := s.conn.ReadMessage(); err != nil {
			return
		}
		if frames.tooMany() {
			s.client.End(websocket.ClosePolicyViolation)
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
