package realtime

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/hub"
	"github.com/plinth/plinth/internal/platform/rbac"
)

const (
	pingEvery    = 25 * time.Second
	pongWithin   = 60 * time.Second
	writeTimeout = 10 * time.Second
	maxFrame     = 64 << 10 // bytes a client may send at once; more closes with 1009
	maxPerMinute = 120      // frames a client may send; more closes with 1008
)

// ServeHTTP opens a socket: it authenticates, checks the membership, says hello and then sends every event.
func (v *Service) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	p, org, err := v.admit(hr)
	if err != nil {
		api.WriteProblem(w, hr, err)
		return
	}
	api.RequestFrom(hr.Context()).Admitted(p, org)
	if !websocket.IsWebSocketUpgrade(hr) {
		w.Header().Set("Upgrade", "websocket")
		api.WriteProblem(w, hr, fault.New(fault.UpgradeRequired, ""))
		return
	}
	conn, err := v.upgrader.Upgrade(w, hr, nil)
	if err != nil {
		return // the upgrader has answered
	}
	s := &socket{conn: conn, client: hub.NewClient(org, p.User, p.Session)}
	if hr.URL.Query().Get("cursor") != "" {
		s.resync()
		return
	}
	s.expire = time.AfterFunc(p.ExpiresAt.Sub(v.Now()), func() { s.client.End(hub.SessionEnded) })
	go s.read(v.Now)
	err = v.Hub.Join(s.client, func() (hub.Message, error) { return hello(org, v.Cursors.Seal(org, *v.position.Load())) })
	if err == nil {
		s.write()
	}
	v.Hub.Leave(s.client)
	s.expire.Stop()
	_ = conn.Close()
}

// admit checks who asks and for which organization, all before the upgrade.
func (v *Service) admit(hr *http.Request) (authn.Principal, uuid.UUID, error) {
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
	if err != nil {
		return authn.Principal{}, uuid.Nil, err
	}
	least, _ := rbac.Least(rbac.EventRead)
	_, err = v.Pool.Org(p.Subject(), org, int16(least)).Exec(hr.Context(), "select")
	return p, org, err
}

func orgOf(hr *http.Request) (uuid.UUID, error) {
	values := append(hr.URL.Query()["org_id"], hr.Header.Values("X-Org-Id")...)
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

// originAllowed holds a browser's Origin to our own hosts; other clients send none.
func (v *Service) originAllowed(hr *http.Request) bool {
	origin := hr.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && v.ServesHost(u.Host)
}

type socket struct {
	conn   *websocket.Conn
	client *hub.Client
	expire *time.Timer
}

// hello is the first frame; its cursor stands before every event that follows.
func hello(org uuid.UUID, cursor string) (hub.Message, error) {
	frame, err := json.Marshal(struct {
		Type   string    `json:"type"`
		OrgID  uuid.UUID `json:"org_id"`
		Cursor string    `json:"cursor"`
	}{"hello", org, cursor})
	if err != nil {
		return nil, fmt.Errorf("encode hello: %w", err)
	}
	return newMessage(frame)
}

// resync tells a client that asks for the past to read everything anew.
func (s *socket) resync() {
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	_ = s.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"resync"}`))
	s.close(hub.Restarting)
	_ = s.conn.Close()
}

// write sends what comes into the mailbox, and pings, until the connection is to end.
func (s *socket) write() {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-s.client.Ready():
			messages, reason := s.client.Take()
			for _, m := range messages {
				_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
				if err := s.conn.WritePreparedMessage(m.(message).PreparedMessage); err != nil {
					return
				}
			}
			if reason != 0 {
				s.close(reason)
				return
			}
		case <-ping.C:
			if err := s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)); err != nil {
				return
			}
		}
	}
}

func (s *socket) close(reason hub.Reason) {
	text := map[hub.Reason]string{
		hub.Restarting: "restarting", hub.SlowConsumer: "too slow", hub.SessionEnded: "session ended", hub.NotAMember: "not a member",
	}[reason]
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(int(reason), text), time.Now().Add(writeTimeout))
}

// gone ends the write loop of a connection that the client closed; nothing is left to tell it.
const gone hub.Reason = websocket.CloseNormalClosure

// read keeps the connection alive and bounds what the client sends; nothing it says has a meaning yet.
func (s *socket) read(now func() time.Time) {
	defer s.client.End(gone)
	s.conn.SetReadLimit(maxFrame)
	alive := func() error { return s.conn.SetReadDeadline(time.Now().Add(pongWithin)) }
	_ = alive()
	s.conn.SetPongHandler(func(string) error { return alive() })
	minute, count := now(), 0
	for {
		if _, _, err := s.conn.ReadMessage(); err != nil {
			return
		}
		if now().Sub(minute) > time.Minute {
			minute, count = now(), 0
		}
		if count++; count > maxPerMinute {
			s.client.End(websocket.ClosePolicyViolation)
			return
		}
	}
}
