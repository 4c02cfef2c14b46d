package hub

import (
	"slices"
	"sync"

	"github.com/google/uuid"
)

// Reason is why a connection is ended, as a WebSocket close code (RFC 6455, 7.4; 4000 and up are ours).
type Reason int

// The reasons.
const (
	Gone         Reason = 1000 // the client left; nobody is there to be told
	TooMany      Reason = 1008 // it sent more than it may
	Restarting   Reason = 1012 // connect again
	SessionEnded Reason = 4401 // the token expired, or its session ended
	NotAMember   Reason = 4403 // no member of the organization any more
	SlowConsumer Reason = 4408 // too far behind; connect again
)

func (r Reason) String() string {
	switch r {
	case TooMany:
		return "too many messages"
	case Restarting:
		return "restarting"
	case SessionEnded:
		return "session ended"
	case NotAMember:
		return "not a member"
	case SlowConsumer:
		return "too slow"
	}
	return ""
}

// MaxBehind is how many bytes a connection may lag before it is cut off.
const MaxBehind = 1 << 20

// Message is something to send, encoded once for all its receivers.
type Message interface {
	Size() int
	IsFor(*Client) bool // asked as soon as the client's access is known; it may call Sees and Follows
}

// Topic is a part of an organization that a connection can follow, or somebody look at.
type Topic struct {
	Kind Kind
	ID   uuid.UUID
}

// Kind is the kind of a topic.
type Kind string

// The kinds.
const (
	Project Kind = "project"
	Board   Kind = "board"
	Task    Kind = "task"
)

// Client is a connection's mailbox. The publisher never waits for its reader.
type Client struct {
	Org, User, Session uuid.UUID

	turn int // the hub's

	mu      sync.Mutex
	from    Position            // what lies at it or before is not for the client
	access  *Access             // nil until it is known
	follows map[Topic]uuid.UUID // by topic, the project that it is in; nil follows everything
	queue   []Message
	behind  int
	reason  Reason
	write   func([]Message, Reason)
	writing bool
}

// NewClient makes a mailbox.
func NewClient(org, user, session uuid.UUID) *Client {
	return &Client{Org: org, User: user, Session: session}
}

// Access is which of an organization's projects a connection may hear of: all or none, but for the exceptions.
type Access struct {
	All    bool
	Except map[uuid.UUID]bool
}

// Sees reports whether the access covers the project.
func (a *Access) Sees(project uuid.UUID) bool { return a.All != a.Except[project] }

// Admit gives the connection its first access, unless a later one has been set by now, and what it follows. What came
// before and is not for it leaves the mailbox.
func (c *Client) Admit(a *Access, follows map[Topic]uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.follows = follows
	if c.access == nil {
		c.access = a
	}
	c.dropUnseen()
	c.queue = slices.DeleteFunc(c.queue, func(m Message) bool { return !m.IsFor(c) })
	c.behind = 0
	for _, m := range c.queue {
		c.behind += m.Size()
	}
}

// SetAccess changes what the connection hears of from here on, and gives the topics that it can follow no longer.
func (c *Client) SetAccess(a *Access) []Topic {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.access = a
	return c.dropUnseen()
}

func (c *Client) dropUnseen() []Topic {
	var lost []Topic
	for topic, project := range c.follows {
		if !c.access.Sees(project) {
			lost = append(lost, topic)
			delete(c.follows, topic)
		}
	}
	return lost
}

// Follow narrows what the connection hears of to the topics that it follows and what belongs to no project, and reports
// false where it follows most topics or its access does not cover the project any more.
func (c *Client) Follow(topic Topic, project uuid.UUID, most int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.follows[topic]; !known && len(c.follows) >= most || !c.access.Sees(project) {
		return false
	}
	if c.follows == nil {
		c.follows = map[Topic]uuid.UUID{}
	}
	c.follows[topic] = project
	return true
}

// Unfollow ends it.
func (c *Client) Unfollow(topic Topic) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.follows, topic)
}

// Sees reports whether the connection may hear of the project. A Message's IsFor calls it.
func (c *Client) Sees(project uuid.UUID) bool { return c.access.Sees(project) }

// SeesAll reports whether the connection may hear of everything but some projects, as guests may not. A Message's IsFor
// calls it.
func (c *Client) SeesAll() bool { return c.access.All }

// Follows reports whether the connection follows everything or one of the topics. A Message's IsFor calls it.
func (c *Client) Follows(topics []Topic) bool {
	if c.follows == nil {
		return true
	}
	return slices.ContainsFunc(topics, func(t Topic) bool { _, ok := c.follows[t]; return ok })
}

// CanSee reports whether the connection's access covers the project at this moment.
func (c *Client) CanSee(project uuid.UUID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.access != nil && c.access.Sees(project)
}

// Hears reports whether a message that is sent past the mailbox is for the connection.
func (c *Client) Hears(m Message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return m.IsFor(c)
}

// Serve hands what comes into the mailbox to write, in order, one call at a time, in a goroutine that lives while there is
// something to write. The last call has a reason, and nothing follows it.
func (c *Client) Serve(write func([]Message, Reason)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write = write
	if len(c.queue) > 0 || c.reason != 0 {
		c.wake()
	}
}

func (c *Client) wake() {
	if c.write != nil && !c.writing {
		c.writing = true
		go c.drain(c.write)
	}
}

func (c *Client) drain(write func([]Message, Reason)) {
	for {
		messages, reason := c.Take()
		if len(messages) == 0 && reason == 0 {
			return
		}
		write(messages, reason)
		if reason != 0 {
			return
		}
	}
}

// Take empties the mailbox. A reason other than 0 says that nothing follows and the connection ends.
func (c *Client) Take() ([]Message, Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.queue
	c.queue, c.behind = nil, 0
	c.writing = len(taken) > 0 || c.reason != 0
	return taken, c.reason
}

// End ends the connection after what is in the mailbox; a slow one loses that.
func (c *Client) End(reason Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end(reason)
}

// Ended reports whether the connection is to end.
func (c *Client) Ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason != 0
}

func (c *Client) end(reason Reason) {
	if c.reason != 0 {
		return
	}
	c.reason = reason
	if reason == SlowConsumer {
		c.queue = nil
	}
	c.wake()
}

// Send puts a message into the mailbox.
func (c *Client) Send(m Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(m)
}

// Signal is Send for what nobody misses: a client that lags does not get it.
func (c *Client) Signal(m Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.behind < MaxBehind/4 {
		c.put(m)
	}
}

// event puts in what the log holds at a position.
func (c *Client) event(at Position, m Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.from.Before(at) {
		c.put(m)
	}
}

func (c *Client) put(m Message) {
	if c.reason != 0 || c.access != nil && !m.IsFor(c) {
		return
	}
	if c.behind += m.Size(); c.behind > MaxBehind {
		c.end(SlowConsumer)
		return
	}
	c.queue = append(c.queue, m)
	c.wake()
}
