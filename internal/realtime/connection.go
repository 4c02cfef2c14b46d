package realtime

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

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

// writeTimeout is how long one write to a client may take.
const writeTimeout = 10 * time.Second

// connection is a live connection of one member to one organization, of either kind.
type connection struct {
	*hub.Client
	service *Service
	who     authn.Principal
	name    string // of the member, as others see it
	request string // the id of the request that opened it

	past   event.Snapshot // what it saw is not sent
	resume *resumption    // nil where no cursor was given
	expiry *time.Timer

	out    output
	broken bool          // a write failed
	done   chan struct{} // closed when the last is written
}

// resumption is where a client goes on that has been here before.
type resumption struct {
	cursor      string
	from, until event.Position // what lies between them the log must tell; the rest comes by the hub
	lost        bool           // the cursor is none of this stream in its present life
}

// output writes to a client. Its calls come one at a time.
type output interface {
	send(frame) error
	ping() error
	end(hub.Reason) // tells the client why
	abort()         // after a defect of ours
}

// open admits a client: it authenticates, joins the organization's room, and checks the membership and what the client wants
// to follow. The caller must leave the connection when it ends.
func (v *Service) open(hr *http.Request, cursor string) (*connection, error) {
	p, org, err := v.authenticateRequest(hr)
	if err != nil {
		return nil, err
	}
	api.RequestFrom(hr.Context()).Admitted(p, org)
	wanted, err := readTopics(hr.URL.Query())
	if err != nil {
		return nil, err
	}
	c := &connection{Client: hub.NewClient(org, p.User, p.Session), service: v, who: p, request: api.RequestFrom(hr.Context()).ID, done: make(chan struct{})}
	c.join(cursor) // before the look at the log, so that nothing falls between the two
	if err := v.admit(hr.Context(), c, wanted); err != nil {
		v.Hub.Leave(c.Client)
		return nil, err
	}
	c.expiry = time.AfterFunc(p.ExpiresAt.Sub(v.Now()), func() { c.End(hub.SessionEnded) })
	return c, nil
}

func (c *connection) join(cursor string) {
	v := c.service
	if cursor == "" {
		v.Hub.Join(c.Client)
		return
	}
	from, err := v.Cursors.Open(c.Org, cursor)
	if err != nil {
		c.resume = &resumption{lost: true}
		return
	}
	until := v.Hub.Resume(c.Client, from)
	c.resume = &resumption{cursor: cursor, from: from, until: until}
}

// admit checks the membership, tells the mailbox which projects it hears of and what it follows, and notes what is
// committed: what REST shows by now.
func (v *Service) admit(ctx context.Context, c *connection, wanted topics) error {
	least, _ := rbac.Least(rbac.EventRead)
	row, err := realtimedb.New(v.Pool.Org(c.who.Subject(), c.Org, int16(least))).GetAdmission(ctx)
	if err != nil {
		return err
	}
	access, err := parseAccess(row.Role, row.ProjectRanks)
	if err != nil {
		return err
	}
	follows, err := v.find(ctx, c, wanted)
	if err != nil {
		return err
	}
	c.name = row.Name
	c.Admit(access, follows)
	if c.resume == nil {
		c.past, err = event.ParseSnapshot(row.Snapshot)
	}
	return err
}

// begin says hello and sends what a client that comes back has missed; then its mailbox is served.
func (c *connection) begin(ctx context.Context) error {
	cursor := c.service.Cursors.Seal(c.Org, c.past.Horizon())
	if c.resume != nil {
		if c.resume.lost {
			return errLost
		}
		cursor = c.resume.cursor
	}
	hello, err := newNote(struct {
		Type   string    `json:"type"`
		OrgID  uuid.UUID `json:"org_id"`
		Cursor string    `json:"cursor"`
	}{"hello", c.Org, cursor})
	if err != nil {
		return err
	}
	hello.cursor = cursor
	if err := c.out.send(hello); err != nil {
		return err
	}
	return c.replay(ctx)
}

// write is what the mailbox is served by.
func (c *connection) write(messages []hub.Message, reason hub.Reason) {
	defer func() {
		if reason != 0 {
			close(c.done)
		}
	}()
	c.service.guarded("live connection", func() {
		thrown := true
		defer func() {
			if thrown {
				c.out.abort()
			}
		}()
		c.writeAll(messages)
		if reason != 0 {
			c.out.end(reason)
		}
		thrown = false
	})
}

func (c *connection) writeAll(messages []hub.Message) {
	for _, m := range messages {
		if c.broken {
			return
		}
		if err := c.writeOne(m); err != nil {
			c.broken = true
			c.End(hub.Gone)
		}
	}
}

func (c *connection) writeOne(m hub.Message) error {
	switch m := m.(type) {
	case ping:
		return c.out.ping()
	case message:
		if c.past.Saw(m.record.Position) {
			return nil
		}
		return c.out.send(m.frame)
	case frame:
		return c.out.send(m)
	}
	return nil
}

// tell puts a note for this client alone into its mailbox.
func (c *connection) tell(content any) {
	note, err := newNote(content)
	if err != nil {
		c.service.Logger.Error("note not sent", "cause", err.Error())
		return
	}
	c.Send(note)
}

// leave takes the connection out of the hub and of sight.
func (c *connection) leave() {
	c.expiry.Stop()
	c.service.presence.leave(c)
	c.service.Hub.Leave(c.Client)
}

// authenticateRequest tells who asks, from which page, and for which organization, without the database but for tickets.
func (v *Service) authenticateRequest(hr *http.Request) (authn.Principal, uuid.UUID, error) {
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
