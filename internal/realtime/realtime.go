// Package realtime is the live side of the API: an organization's events over WebSockets, as Server-Sent Events and by
// polling, and who is looking at what.
package realtime

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/bus"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/hub"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Service joins live connections to the event log.
type Service struct {
	Pool       *db.Pool
	Log        event.Log
	Tokens     *authn.Tokens
	Hub        *hub.Hub
	Bus        bus.Bus // to the other nodes
	Cursors    *event.Cursors
	ServesHost func(hostport string) bool // which origins may open a connection
	Wake       func()                     // tells the relay that events were written
	Now        func() time.Time
	Logger     *slog.Logger

	upgrader websocket.Upgrader
	presence *presence
	replays  *replays

	counted, collected int // connections at the last tick, and at the last collection
}

// Start readies the service, whose fields are set by then, to serve events behind a position.
func (v *Service) Start(at event.Position) {
	v.upgrader = websocket.Upgrader{
		ReadBufferSize: 256, WriteBufferPool: &sync.Pool{}, HandshakeTimeout: 10 * time.Second,
		CheckOrigin: v.originAllowed, Subprotocols: []string{"bearer"},
	}
	v.presence = newPresence(v.Bus, v.Now)
	v.replays = &replays{now: v.Now, pages: map[replayKey]*replayedPage{}}
	v.Hub.Begin(at)
	v.Hub.Opened, v.Hub.Emptied = v.Bus.Join, v.Bus.Leave
}

const (
	tickEvery     = time.Second
	pingTicks     = 25 // each connection is pinged once in so many ticks
	sessionsEvery = 500 * time.Millisecond
)

// Run does what connections need besides events, until ctx ends: it pings them, ends those of sessions that other nodes
// ended, and hears the other nodes.
func (v *Service) Run(ctx context.Context) {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { v.Bus.Run(ctx, v.hear) })
	beside.Go(func() { v.every(ctx, tickEvery, v.tick) })
	v.every(ctx, sessionsEvery, func() { v.endSessions(ctx) })
}

func (v *Service) every(ctx context.Context, d time.Duration, f func()) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			v.guarded("tick", f)
		}
	}
}

// guarded runs f, whose panic costs no more than what it was doing.
func (v *Service) guarded(what string, f func()) {
	defer func() {
		if thrown := recover(); thrown != nil {
			v.Logger.Error("panic", "in", what, "panic", fmt.Sprint(thrown))
		}
	}()
	f()
}

func (v *Service) tick() {
	for _, c := range v.Hub.Tick(pingTicks) {
		c.Send(ping{})
	}
	v.replays.forget()
	v.presence.tick()
	v.collect(v.Hub.Len())
}

// collectAfter is how many new connections are worth a collection.
const collectAfter = 1000

// collect frees what many handshakes have left behind, once they have come to rest: idle connections make no garbage, and
// would carry it along for minutes.
func (v *Service) collect(open int) {
	v.collected = min(v.collected, open)
	if open == v.counted && open > v.collected+collectAfter {
		debug.FreeOSMemory()
		v.collected = open
	}
	v.counted = open
}

// endSessions ends the connections of sessions that ended lately, on whatever node.
func (v *Service) endSessions(ctx context.Context) {
	if v.Hub.Len() == 0 {
		return
	}
	ended, err := v.Log.EndedSessions(ctx)
	if err != nil {
		if ctx.Err() == nil {
			v.Logger.Warn("ended sessions not read", "cause", err.Error())
		}
		return
	}
	v.Hub.EndSessions(ended...)
}

// Wrote tells this node and the others that an organization has new events. The nil UUID is one that is not known.
func (v *Service) Wrote(org uuid.UUID) {
	v.Wake()
	if org != uuid.Nil {
		v.Bus.Publish(org, wakeMessage)
	}
}

// Deliver hands an event to its organization's connections, and ends those of a member it removes. An event that changes
// who sees what takes effect before it goes out.
func (v *Service) Deliver(ctx context.Context, r event.Record) {
	v.guarded("delivery", func() { v.deliver(ctx, r) })
}

func (v *Service) deliver(ctx context.Context, r event.Record) {
	if changesAccess(r.Kind) {
		v.refreshAccess(ctx, r.Org)
	}
	if r.Kind == event.TaskMoved && r.ProjectID != nil {
		v.presence.moved(r.Org, r.EntityID, *r.ProjectID)
	}
	err := v.Hub.Publish(r.Org, r.Position, func() (hub.Message, error) { return v.newMessage(r) })
	if err != nil {
		v.Logger.Error("event not delivered live", "event", r.UID, "cause", err.Error())
	}
	if r.Kind == event.MemberRemoved {
		v.Hub.EndMember(r.Org, r.EntityID)
	}
}

// Routes registers the live routes.
func Routes(r *api.Router, v *Service) {
	api.Post(r, "/v1/ws/tickets", CreateTicket, api.Op{ID: "create-socket-ticket", Tag: "Live", Summary: "Get a ticket that opens one connection",
		Doc: "Good once, for 30 seconds, on /ws and /v1/events/stream: for browsers, where a token in an address would be kept in histories.", Can: rbac.EventRead})
	api.Get(r, "/v1/events", v.ListEvents, api.Op{ID: "list-events", Tag: "Live", Summary: "Page through the event stream",
		Doc: "In the order of commits; the last event's cursor asks for what came since.", Can: rbac.EventRead})
	r.HandleStream("/v1/events/stream", http.HandlerFunc(v.serveStream), api.Stream{ID: "stream-events", Tag: "Live", Summary: "Follow the event stream as Server-Sent Events",
		Doc:    "The events of list-events as they happen, each with its cursor as id. Last-Event-ID goes on behind an event, as a browser does by itself.",
		Status: http.StatusOK, Media: "text/event-stream", Query: streamQuery(), Faults: streamFaults()})
	r.HandleStream("/ws", http.HandlerFunc(v.serveSocket), api.Stream{ID: "open-socket", Tag: "Live", Summary: "Follow the event stream over a WebSocket",
		Doc:    "The same events, and besides subscriptions, presence and signals. The token may come as sub-protocol, too: bearer, <token>.",
		Status: http.StatusSwitchingProtocols, Query: streamQuery(), Faults: append(streamFaults(), fault.UpgradeRequired)})
}

func streamQuery() []huma.Param {
	topic := func(kind string) huma.Param {
		return huma.Param{Name: kind + "_id", In: "query", Description: "Follow this " + kind + " alone, and what belongs to no project; may be repeated.",
			Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, Format: "uuid"}}}
	}
	return []huma.Param{
		{Name: "cursor", In: "query", Description: "Of the last event seen: what was missed comes first.", Schema: &huma.Schema{Type: huma.TypeString}},
		topic("project"), topic("board"), topic("task"),
	}
}

func streamFaults() []fault.Kind {
	return []fault.Kind{fault.OrgHeader, fault.Unauthenticated, fault.OrgDenied, fault.NotFound, fault.Misdirected, fault.Validation, fault.RateLimited, fault.Unavailable}
}
