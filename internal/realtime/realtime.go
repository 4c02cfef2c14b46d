// Package realtime is the live side of the API: the WebSocket that carries an organization's events.
package realtime

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/hub"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Service joins sockets to the event log.
type Service struct {
	Pool       *db.Pool
	Tokens     *authn.Tokens
	Hub        *hub.Hub
	Cursors    *event.Cursors
	ServesHost func(hostport string) bool // which origins may open a socket
	Now        func() time.Time
	Log        *slog.Logger

	upgrader websocket.Upgrader
}

// Start readies the service to serve; its fields are set by then.
func (v *Service) Start() {
	v.upgrader = websocket.Upgrader{
		ReadBufferSize: 1024, WriteBufferPool: &sync.Pool{}, HandshakeTimeout: 10 * time.Second,
		CheckOrigin: v.originAllowed, Subprotocols: []string{"bearer"},
	}
}

// Deliver hands an event to its organization's sockets, and ends those of a member it removes. An event that changes who
// sees what takes effect before it goes out.
func (v *Service) Deliver(ctx context.Context, r event.Record) {
	if changesAccess(r.Kind) {
		v.refreshAccess(ctx, r.Org)
	}
	err := v.Hub.Publish(r.Org, func() (hub.Message, error) {
		frame, err := event.NewFrame(r, v.Cursors.Seal(r.Org, r.Position))
		if err != nil {
			return nil, err
		}
		return newMessage(frame, r)
	})
	if err != nil {
		v.Log.Error("event not delivered live", "event", r.UID, "cause", err.Error())
	}
	if r.Kind == event.MemberRemoved {
		v.Hub.EndMember(r.Org, r.EntityID)
	}
}

// message is a frame that is compressed and masked once for all its receivers.
type message struct {
	*websocket.PreparedMessage
	size   int
	record event.Record // without its payload
	other  *uuid.UUID   // the other project of a link's event
}

func newMessage(frame []byte, r event.Record) (message, error) {
	var link struct {
		OtherProjectID *uuid.UUID `json:"other_project_id"`
	}
	if strings.HasPrefix(string(r.Kind), "link.") {
		if err := json.Unmarshal(r.Payload, &link); err != nil {
			return message{}, fmt.Errorf("read payload of event %s: %w", r.UID, err)
		}
	}
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, frame)
	r.Payload = nil
	return message{m, len(frame), r, link.OtherProjectID}, err
}

// Size implements hub.Message.
func (m message) Size() int { return m.size }

// IsFor implements hub.Message: an event is for who sees its project, or was put in or out of it; one of a link between two
// projects for who sees both.
func (m message) IsFor(c *hub.Client) bool {
	r := m.record
	if m.other != nil && !c.Sees(*m.other) {
		return false
	}
	aboutOneself := r.EntityID == c.User && strings.HasPrefix(string(r.Kind), "project_member.")
	return r.ProjectID == nil || c.Sees(*r.ProjectID) || aboutOneself
}

// Routes registers the socket and its tickets.
func Routes(r *api.Router, v *Service) {
	api.Post(r, "/v1/ws/tickets", CreateTicket, api.Op{ID: "create-socket-ticket", Tag: "Live", Summary: "Get a ticket that opens one socket",
		Doc: "Good once, for 30 seconds: for browsers, where a token in an address would be kept in histories.", Can: rbac.EventRead})
	api.Get(r, "/v1/events", v.ListEvents, api.Op{ID: "list-events", Tag: "Live", Summary: "Page through the event stream",
		Doc: "In the order of commits; the last event's cursor asks for what came since.", Can: rbac.EventRead})
	r.Handle("GET /ws", v)
}

// TicketInput is the request of CreateTicket.
type TicketInput struct{}

// Ticket opens one socket.
type Ticket struct {
	Ticket    string `json:"ticket" doc:"Give it as token to /ws."`
	ExpiresIn int    `json:"expires_in" doc:"Seconds." example:"30"`
}

// CreateTicket makes a single-use ticket for the caller, session and organization.
func CreateTicket(ctx context.Context, s *db.Scope, _ *TicketInput) (*Ticket, error) {
	return createTicket(ctx, s, s.Subject().Session)
}
