// Package realtime is the live side of the API: the WebSocket that carries an organization's events.
package realtime

import (
	"context"
	"log/slog"
	"sync"
	"time"

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

// Deliver hands an event to its organization's sockets, and ends those of a member it removes.
func (v *Service) Deliver(r event.Record) {
	err := v.Hub.Publish(r.Org, func() (hub.Message, error) {
		frame, err := event.NewFrame(r, v.Cursors.Seal(r.Org, r.Position))
		if err != nil {
			return nil, err
		}
		return newMessage(frame, r.Position)
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
	size int
	at   event.Position
}

func newMessage(frame []byte, at event.Position) (message, error) {
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, frame)
	return message{m, len(frame), at}, err
}

func (m message) Size() int { return m.size }

// Routes registers the socket and its tickets.
func Routes(r *api.Router, v *Service) {
	api.Post(r, "/v1/ws/tickets", CreateTicket, api.Op{ID: "create-socket-ticket", Tag: "Live", Summary: "Get a ticket that opens one socket",
		Doc: "Good once, for 30 seconds: for browsers, where a token in an address would be kept in histories.", Can: rbac.EventRead})
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
