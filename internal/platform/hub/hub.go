// Package hub holds the live connections of this process, in a room per organization.
package hub

import (
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// Position is a place in the order of what is published, that of the event log.
type Position struct {
	XID uint64
	ID  int64
}

// Before reports whether p comes before q.
func (p Position) Before(q Position) bool {
	return p.XID < q.XID || p.XID == q.XID && p.ID < q.ID
}

// Hub is the set of rooms. The zero value is not ready; use New.
type Hub struct {
	// Opened and Emptied are called when the first connection to an organization comes and when the last one has left.
	// They must not block, nor call the hub.
	Opened, Emptied func(org uuid.UUID)

	mu     sync.Mutex
	rooms  map[uuid.UUID]*room
	at     Position // up to where everything has been published
	ticks  int
	joined int // so far
	closed bool
	empty  chan struct{}
}

// room is an organization's connections, and what was published to them lately.
type room struct {
	clients map[*Client]struct{}
	since   Position // behind it the history is complete
	history []published
	size    int // of the history, in bytes
}

type published struct {
	Message
	at   Position
	tick int
}

// A room remembers what was published within so many ticks, up to so much: for connections that were cut together and
// come back together.
const (
	historyTicks = 30
	historyCount = 1000
	historySize  = 256 << 10 // bytes
)

// New makes an empty hub.
func New() *Hub {
	return &Hub{rooms: map[uuid.UUID]*room{}, empty: make(chan struct{}), Opened: func(uuid.UUID) {}, Emptied: func(uuid.UUID) {}}
}

// Begin says behind which position publishing will begin.
func (h *Hub) Begin(at Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = at
}

// Join puts a client into its organization's room: from here on its mailbox misses nothing.
func (h *Hub) Join(c *Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.join(c)
}

// Resume is Join for a client that has everything up to a position. What the room remembers from behind it is put in the
// mailbox; what else there is behind it, up to the position that Resume gives, the client must find elsewhere.
func (h *Hub) Resume(c *Client, from Position) Position {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.from = from
	r := h.join(c)
	if r == nil {
		return from
	}
	for _, m := range r.history {
		c.event(m.at, m.Message)
	}
	return r.since
}

func (h *Hub) join(c *Client) *room {
	if h.closed {
		c.End(Restarting)
		return nil
	}
	r := h.rooms[c.Org]
	if r == nil {
		r = &room{clients: map[*Client]struct{}{}, since: h.at}
		h.rooms[c.Org] = r
		h.Opened(c.Org)
	}
	h.joined++
	c.turn = h.joined
	r.clients[c] = struct{}{}
	return r
}

// Leave takes a client out.
func (h *Hub) Leave(c *Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[c.Org]
	if r == nil {
		return
	}
	delete(r.clients, c)
	if len(r.clients) > 0 {
		return
	}
	delete(h.rooms, c.Org)
	h.Emptied(c.Org)
	if h.closed && len(h.rooms) == 0 {
		close(h.empty)
	}
}

// Publish hands the message at a position, made only where somebody listens, to the organization's room. Positions only
// ever rise.
func (h *Hub) Publish(org uuid.UUID, at Position, message func() (Message, error)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = at
	r := h.rooms[org]
	if r == nil {
		return nil
	}
	m, err := message()
	if err != nil {
		return err
	}
	r.remember(published{m, at, h.ticks})
	for c := range r.clients {
		c.event(at, m)
	}
	return nil
}

func (r *room) remember(m published) {
	r.history = append(r.history, m)
	r.size += m.Size()
	for len(r.history) > historyCount || r.size > historySize {
		r.forget(1)
	}
}

// forget drops the oldest n messages.
func (r *room) forget(n int) {
	for _, m := range r.history[:n] {
		r.since = m.at
		r.size -= m.Size()
	}
	clear(r.history[:n])
	if r.history = r.history[n:]; len(r.history) == 0 {
		r.history = nil
	}
}

// Tick is to be called every second. It forgets what was published long ago, and gives the clients whose turn it is, once
// in so many ticks.
func (h *Hub) Tick(turns int) []*Client {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ticks++
	var turn []*Client
	for _, r := range h.rooms {
		old := slices.IndexFunc(r.history, func(m published) bool { return m.tick > h.ticks-historyTicks })
		if old < 0 {
			old = len(r.history)
		}
		r.forget(old)
		for c := range r.clients {
			if c.turn%turns == h.ticks%turns {
				turn = append(turn, c)
			}
		}
	}
	return turn
}

// Clients are the connections to an organization.
func (h *Hub) Clients(org uuid.UUID) []*Client {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.rooms[org]; r != nil {
		return slices.Collect(maps.Keys(r.clients))
	}
	return nil
}

// EndMember ends a user's connections to an organization.
func (h *Hub) EndMember(org, user uuid.UUID) {
	for _, c := range h.Clients(org) {
		if c.User == user {
			c.End(NotAMember)
		}
	}
}

// EndSessions ends the connections of sessions.
func (h *Hub) EndSessions(sessions ...uuid.UUID) {
	h.each(func(c *Client) {
		if slices.Contains(sessions, c.Session) {
			c.End(SessionEnded)
		}
	})
}

// Close ends all connections, and those that come later. The channel is closed when the last one has left.
func (h *Hub) Close() <-chan struct{} {
	h.mu.Lock()
	if !h.closed && len(h.rooms) == 0 {
		close(h.empty)
	}
	h.closed = true
	h.mu.Unlock()
	h.each(func(c *Client) { c.End(Restarting) })
	return h.empty
}

// Len is how many connections there are.
func (h *Hub) Len() int {
	n := 0
	h.each(func(*Client) { n++ })
	return n
}

func (h *Hub) each(f func(*Client)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.rooms {
		for c := range r.clients {
			f(c)
		}
	}
}
