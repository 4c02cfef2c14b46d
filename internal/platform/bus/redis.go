package bus

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/redis/rueidis"
)

const (
	maxRedirects = 5
	pipelined    = 256 // commands that are sent together
	bufferBytes  = 8 << 10
	pingAfter    = 1500 * time.Millisecond // without an answer to anything
)

// NewRedis makes a bus over the sharded channels of Redis 7 or later, also of a cluster. Messages are up to 64 KiB. The URL
// is redis:// or rediss://; that is all that NewRedis checks. Run connects, and notices within some 5 seconds that a server
// does not answer.
func NewRedis(url string, log *slog.Logger) (Bus, error) {
	o, err := rueidis.ParseURL(url)
	if err != nil || o.DialCtxFn != nil { // its errors quote the password
		return nil, errors.New("parse Redis URL: it must be redis:// or rediss:// with host, port and number of the database")
	}
	o.ForceSingleClient = true // redirections are followed here, over as few connections as there are shards
	o.DisableRetry = true
	o.DisableCache = true
	o.AlwaysRESP2 = false
	o.PipelineMultiplex = -1 // one connection, for the order of messages
	o.BlockingPoolSize = 1
	o.RingScaleEachConn = 4 // one pipeline at a time, and pings
	o.ReadBufferEachConn = bufferBytes
	o.WriteBufferEachConn = bufferBytes
	o.Dialer.Timeout = patience
	o.Dialer.KeepAlive = pingAfter
	o.ConnWriteTimeout = patience // for the answer to a ping, too
	return &redis{newNode(maxMessage, log), o}, nil
}

// redis is a Bus over Redis.
type redis struct {
	*node
	options rueidis.ClientOption
}

// Run implements Bus.
func (r *redis) Run(ctx context.Context, receive func(uuid.UUID, []byte)) {
	r.run(ctx, "redis", receive, r.session)
}

func (r *redis) session(ctx context.Context, up func()) error {
	ctx, end := context.WithCancel(ctx)
	s := &session{redis: r, ctx: ctx, links: map[string]*link{}, shard: map[uint16]string{}, lost: make(chan error, 1)}
	defer s.close()
	defer end() // before close, which would wait for a server that does not answer
	if _, err := s.open(r.options.InitAddress[0]); err != nil {
		return err
	}
	if err := s.subscribe(r.orgs.all(), nil); err != nil {
		return err
	}
	up()
	for {
		var err error
		select {
		case err = <-s.lost:
		case <-r.orgs.ready:
			err = s.subscribe(r.orgs.changes())
		case <-r.queue.ready:
			err = s.publish(r.queue.take())
		}
		if err != nil {
			return err
		}
	}
}

// session is the time from connecting to Redis to losing it: the nodes of a cluster are lost together.
type session struct {
	*redis
	ctx   context.Context
	links map[string]*link  // by address
	shard map[uint16]string // address by slot, as far as it is known to differ from the first
	lost  chan error
}

// link is the connections to one server: one for commands and one for what is subscribed to.
type link struct {
	client   rueidis.Client
	listener rueidis.DedicatedClient
}

// open gives the link to an address.
func (s *session) open(address string) (*link, error) {
	if l := s.links[address]; l != nil {
		return l, nil
	}
	o := s.options
	o.InitAddress = []string{address}
	o.DialCtxFn = s.dial
	client, err := rueidis.NewClient(o)
	if err != nil {
		if client != nil {
			client.Close()
		}
		return nil, fmt.Errorf("connect: %w", err)
	}
	listener, _ := client.Dedicate()
	s.links[address] = &link{client, listener}
	gone := listener.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: s.onMessage, OnSubscription: s.onSubscription})
	go func() {
		err := cmp.Or(<-gone, rueidis.ErrClosing)
		select {
		case s.lost <- fmt.Errorf("listen: %w", err):
		default: // another one was first
		}
	}()
	return s.links[address], nil
}

// dial connects for as long as the session lasts, whatever the connection waits for then.
func (s *session) dial(_ context.Context, address string, dialer *net.Dialer, config *tls.Config) (net.Conn, error) {
	dial := dialer.DialContext
	if config != nil {
		dial = (&tls.Dialer{NetDialer: dialer, Config: config}).DialContext
	}
	conn, err := dial(s.ctx, "tcp", address)
	if err == nil {
		context.AfterFunc(s.ctx, func() { _ = conn.Close() })
	}
	return conn, err
}

func (s *session) close() {
	for _, l := range s.links {
		l.listener.Close()
		l.client.Close()
	}
}

func (s *session) onMessage(m rueidis.PubSubMessage) {
	org, ok := orgOf(m.Channel)
	if from, text, whole := openFrame(m.Message); ok && whole {
		s.deliver(from, org, text)
	}
}

// onSubscription notices that a slot moves away: its server ends the subscriptions.
func (s *session) onSubscription(c rueidis.PubSubSubscription) {
	if org, ok := orgOf(c.Channel); ok && c.Kind == "sunsubscribe" {
		s.orgs.forgotten(org)
	}
}

func (s *session) subscribe(joined, left []uuid.UUID) error {
	var commands []command
	for _, org := range joined {
		commands = append(commands, func(b rueidis.Builder) rueidis.Completed { return b.Ssubscribe().Channel(channel(org)).Build() })
	}
	for _, org := range left {
		commands = append(commands, func(b rueidis.Builder) rueidis.Completed { return b.Sunsubscribe().Channel(channel(org)).Build() })
	}
	if err := s.send(commands, func(l *link) rueidis.CommandClient { return l.listener }); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	return nil
}

func (s *session) publish(messages []message) error {
	var commands []command
	for _, m := range messages {
		commands = append(commands, func(b rueidis.Builder) rueidis.Completed {
			return b.Spublish().Channel(channel(m.org)).Message(frame(m.text, s.id)).Build()
		})
	}
	if err := s.send(commands, func(l *link) rueidis.CommandClient { return l.client }); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// command makes a command anew each time that it is sent, for rueidis reuses it.
type command func(rueidis.Builder) rueidis.Completed

// send sends commands, each to the server of its slot.
func (s *session) send(commands []command, by func(*link) rueidis.CommandClient) error {
	for some := range slices.Chunk(commands, pipelined) {
		for redirects := 0; len(some) > 0; redirects++ {
			if redirects > maxRedirects {
				return errors.New("redirected too often")
			}
			moved, err := s.pipeline(some, by)
			if err != nil {
				return err
			}
			some = moved
		}
	}
	return nil
}

// pipeline sends commands together, and gives those whose slots turn out to be elsewhere.
func (s *session) pipeline(commands []command, by func(*link) rueidis.CommandClient) (moved []command, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	for address, b := range s.batches(commands) {
		l, err := s.open(address)
		if err != nil {
			return nil, err
		}
		for i, result := range by(l).DoMulti(ctx, b.built...) {
			err := result.Error()
			if to, ok := movedTo(err); ok {
				s.shard[b.slots[i]] = to
				moved = append(moved, b.commands[i])
			} else if err != nil {
				return nil, err
			}
		}
	}
	return moved, nil
}

// batch is what goes to one server.
type batch struct {
	commands []command
	built    []rueidis.Completed
	slots    []uint16
}

func (s *session) batches(commands []command) map[string]*batch {
	first := s.options.InitAddress[0]
	builder := s.links[first].client.B()
	batches := map[string]*batch{}
	for _, c := range commands {
		built := c(builder)
		address := cmp.Or(s.shard[built.Slot()], first)
		b := batches[address]
		if b == nil {
			b = &batch{}
			batches[address] = b
		}
		b.commands, b.built, b.slots = append(b.commands, c), append(b.built, built), append(b.slots, built.Slot())
	}
	return batches
}

// movedTo tells which server of a cluster has the slot, where an error says so.
func movedTo(err error) (address string, ok bool) {
	if refusal, is := rueidis.IsRedisErr(err); is {
		return refusal.IsMoved()
	}
	return "", false
}
