// Package hub holds the live connections of this process, in a room per organization.
package hub

import (
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// Reason is why a connection is ended, as a WebSocket close code (RFC 6455, 7.4; 4000 and up are ours).
type Reason int

// The reasons.
const (
	Restarting   Reason = 1012 // connect again
	SlowConsumer Reason = 4408 // too far behind; connect again
	SessionEnded Reason = 4401 // the token expired, or its session ended
	NotAMember   Reason = 4403 // no member of the organization any more
)

// MaxBehind is how many bytes a connection may lag before it is cut off.
const MaxBehind = 1 << 20

// Message is something to send, encoded once for all its receivers.
type Message interface {
	Size() int
	IsFor(*Client) bool // asked as soon as the client's access is known
}

// Client is a connection's mailbox. The publisher never waits for its reader.
type Client struct {
	Org, User, Session uuid.UUID

	mu     sync.Mutex
	access *Access // nil until it is known
	queue  []Message
	behind int
	reason Reason
	ready  chan struct{}
}

// NewClient makes a mailbox.
func NewClient(org, user, session uuid.UUID) *Client {
	return &Client{Org: org, User: user, Session: session, ready: make(chan struct{}, 1)}
}

// Access is which of an organization's projects a connection may hear of: all or none, but for the exceptions.
type Access struct {
	All    bool
	Except map[uuid.UUID]bool
}

// Admit gives the connection its first access, unless a later one has been set by now. What came before and is not for it
// leaves the mailbox.
func (c *Client) Admit(a *Access) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.access == nil {
		c.setAccess(a)
	}
}

// SetAccess changes what the connection hears of from here on.
func (c *Client) SetAccess(a *Access) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setAccess(a)
}

func (c *Client) setAccess(a *Access) {
	first := c.access == nil
	c.access = a
	if first {
		c.queue = slices.DeleteFunc(c.queue, func(m Message) bool { return !m.IsFor(c) })
	}
}

// Sees reports whether the connection may hear of the project. A Message's IsFor calls it.
func (c *Client) Sees(project uuid.UUID) bool { return c.access.All != c.access.Except[project] }

// Ready yields when there is something to Take.
func (c *Client) Ready() <-chan struct{} { return c.ready }

// Take empties the mailbox. A reason other than 0 says that nothing follows and the connection ends.
func (c *Client) Take() ([]Message, Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.queue
	c.queue, c.behind = nil, 0
	return taken, c.reason
}

// End ends the connection after what is in the mailbox; a slow one loses that.
func (c *Client) End(reason Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end(reason)
}

func (c *Client) end(reason Reason) {
	if c.reason == 0 {
		c.reason = reason
	}
	if reason == SlowConsumer {
		c.queue = nil
	}
	c.signal()
}

func (c *Client) put(m Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason != 0 || c.access != nil && !m.IsFor(c) {
		return
	}
	if c.behind += m.Size(); c.behind > MaxBehind {
		c.end(SlowConsumer)
		return
	}
	c.queue = append(c.queue, m)
	c.signal()
}

func (c *Client) signal() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// Hub is the set of rooms. The zero value is not ready; use New.
type Hub struct {
	mu     sync.RWMutex
	rooms  map[uuid.UUID]map[*Client]struct{}
	closed bool
	empty  chan struct{}
}

// New makes an empty hub.
func New() *Hub {
	return &Hub{rooms: map[uuid.UUID]map[*Client]struct{}{}, empty: make(chan struct{})}
}

// Join puts a client into its organization's room: from here on its mailbox misses nothing.
func (h *Hub) Join(c *Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		c.End(Restarting)
		return
	}
	room := h.rooms[c.Org]
	if room == nil {
		room = map[*Client]struct{}{}
		h.rooms[c.Org] = room
	}
	room[c] = struct{}{}
}

// Leave takes a client out.
func (h *Hub) Leave(c *Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	room := h.rooms[c.Org]
	delete(room, c)
	if len(room) > 0 || h.rooms[c.Org] == nil {
		return
	}
	delete(h.rooms, c.Org)
	if h.closed && len(h.rooms) == 0 {
		close(h.empty)
	}
}

// Publish hands the message, made only where somebody listens, to the organization's room.
func (h *Hub) Publish(org uuid.UUID, message func() (Message, error)) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	room := h.rooms[org]
	if len(room) == 0 {
		return nil
	}
	m, err := message()
	if err != nil {
		return err
	}
	for c := range room {
		c.put(m)
	}
	return nil
}

// Clients are the connections to an organization.
func (h *Hub) Clients(org uuid.UUID) []*Client {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Collect(maps.Keys(h.rooms[org]))
}

// EndMember ends a user's connections to an organization.
func (h *Hub) EndMember(org, user uuid.UUID) {
	h.each(func(c *Client) {
		if c.Org == org && c.User == user {
			c.End(NotAMember)
		}
	})
}

// EndSession ends the connections of a session.
func (h *Hub) EndSession(session uuid.UUID) {
	h.each(func(c *Client) {
		if c.Session == session {
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
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, room := range h.rooms {
		for c := range room {
			f(c)
		}
	}
}
