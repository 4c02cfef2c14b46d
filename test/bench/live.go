package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/pgembed"
)

// liveOptions are settings of -live alone.
type liveOptions struct {
	subscribers string
	idle, rooms int
	missed      int
	settle      time.Duration
}

func (o *liveOptions) flags(f *flag.FlagSet) {
	f.StringVar(&o.subscribers, "subscribers", "1000,5000", "with -live: sizes of the room; the last one is that of the storm")
	f.IntVar(&o.idle, "idle", 10_000, "with -live: idle connections")
	f.IntVar(&o.rooms, "rooms", 1_000, "with -live: organizations that the idle connections are spread over")
	f.IntVar(&o.missed, "missed", 50, "with -live: events that each has missed when it reconnects")
	f.DurationVar(&o.settle, "settle", 12*time.Second, "with -live: how long memory, and what the database counts, has to settle")
}

func (o options) roomSizes() (sizes []int, err error) {
	for text := range strings.SplitSeq(o.subscribers, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-subscribers %q is no list of sizes", o.subscribers)
		}
		sizes = append(sizes, n)
	}
	if min(o.seconds, o.rounds, o.connections, o.idle, o.rooms, o.missed) < 1 {
		return nil, errors.New("nothing to measure: every flag is 1 or more")
	}
	return sizes, nil
}

// spareFiles are those besides sockets.
const spareFiles = 500

// runLive measures fan-out, a storm of reconnects and memory, beside a fan-out without anything else.
func (o options) runLive(ctx context.Context) (err error) {
	sizes, err := o.roomSizes()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	most := slices.Max(sizes)
	if err := allowFiles(uint64(max(2*most, o.idle)) + spareFiles); err != nil {
		return err
	}
	busy := loadAverage() // before this program adds to it
	h, err := newHouse(population{orgs: o.rooms, room: max(most, o.idle)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close(ctx)) }()
	l, err := o.newLive(ctx, h)
	if err != nil {
		return err
	}
	fmt.Printf("PostgreSQL %s, %s, %d CPUs with load %s before, %d events in flight, %d rounds of %d s\n\n",
		h.cluster.Version(), runtime.Version(), runtime.NumCPU(), busy, o.connections, o.rounds, o.seconds)
	if err := l.underLoad(ctx, sizes); err != nil {
		return err
	}
	return l.memory(ctx)
}

// live is what all of -live works with.
type live struct {
	options
	house        *house
	tokens       []string
	plinth, bare string // programs
	frame        int    // bytes of an event's frame
}

func (o options) newLive(ctx context.Context, h *house) (*live, error) {
	l := &live{options: o, house: h}
	var err error
	if l.plinth, err = build(ctx, h.dir, plinthCommand); err != nil {
		return nil, err
	}
	if l.bare, err = build(ctx, h.dir, "github.com/plinth/plinth/test/bench"); err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "preparing %d organizations with %d members\n", o.rooms, h.people.users())
	if err := h.open(ctx); err != nil {
		return nil, err
	}
	l.tokens, err = tokens(h.secret, h.people.users())
	return l, err
}

// liveSide is a server, and how to listen and write to it.
type liveSide struct {
	name    string
	server  *server
	upgrade func(subscriber int, cursor string) []byte // the request of a socket
	request func(writer int) []byte                    // the request of an event
	status  int                                        // that answers the latter
	writers []*writer
}

const upgradeTail = " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGxpbnRoLWJlbmNoLWtleQ==\r\n"

// seat is where a subscriber sits: which user listens to which organization.
type seat func(subscriber int) (user, org int)

// oneRoom puts everybody into the first organization, each as a member of it.
func (l *live) oneRoom(subscriber int) (user, org int) {
	return membersPerOrg*l.rooms + subscriber, 0
}

// manyRooms spreads them over all organizations.
func (l *live) manyRooms(subscriber int) (user, org int) {
	return subscriber % (membersPerOrg * l.rooms), subscriber % l.rooms
}

// servePlinth starts the real server.
func (l *live) servePlinth(ctx context.Context, at seat) (*liveSide, error) {
	s, err := startPlinth(ctx, l.plinth, l.house)
	if err != nil {
		return nil, err
	}
	create := operations[2]
	head, body := create.request()
	return &liveSide{
		name: "plinth", server: s, status: create.status,
		upgrade: func(subscriber int, cursor string) []byte {
			user, org := at(subscriber)
			query := "?org_id=" + orgID.id(org).String()
			if cursor != "" {
				query += "&cursor=" + cursor
			}
			return []byte("GET /ws" + query + upgradeTail + "Authorization: Bearer " + l.tokens[user] + "\r\n\r\n")
		},
		request: func(writer int) []byte {
			d := draw{column: l.rooms * (writer % columnsPerOrg), title: 100_000 + writer}
			out := append(head.appendTo(nil, d), l.tokens[0]+"\r\n\r\n"...)
			return body.appendTo(out, d)
		},
	}, nil
}

// serveBare starts the other one. Its cursor is how many frames to send at once.
func (l *live) serveBare(ctx context.Context) (*liveSide, error) {
	s, err := startBare(ctx, l.bare, l.frame)
	if err != nil {
		return nil, err
	}
	return &liveSide{
		name: "bare", server: s, status: 200,
		upgrade: func(_ int, cursor string) []byte { return []byte("GET /ws?replay=" + cursor + upgradeTail + "\r\n") },
		request: func(int) []byte {
			return []byte("POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
		},
	}, nil
}

// writer makes events, over a connection of its own.
type writer struct {
	*client
	request []byte
	status  int
}

// openWriters connects those who write.
func (s *liveSide) openWriters(ctx context.Context, n int) ([]*writer, error) {
	list := make([]*writer, n)
	for i := range list {
		c, err := dial(ctx, s.server.addr, population{}, nil, 0)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = c.conn.Close() })
		list[i] = &writer{c, s.request(i), s.status}
	}
	return list, nil
}

// publish makes one event.
func (w *writer) publish() error {
	w.out = append(w.out[:0], w.request...)
	if err := w.exchange(w.status); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return nil
}

// transactions is how many the server's database has committed, as far as its sessions have told: those that do nothing
// any more tell within ten seconds.
func (h *house) transactions(ctx context.Context) (n int64, err error) {
	err = onConnection(ctx, h.url("postgres"), func(c *pgx.Conn) error {
		return c.QueryRow(ctx, "select xact_commit from pg_stat_database where datname = $1", pgembed.Database).Scan(&n)
	})
	return n, err
}

// underLoad measures rooms of each size, and the storm in the last.
func (l *live) underLoad(ctx context.Context, sizes []int) (err error) {
	plinth, err := l.servePlinth(ctx, l.oneRoom)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plinth.server.stop()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the writers' connections go before the servers do
	if plinth.writers, err = plinth.openWriters(ctx, l.connections); err != nil {
		return err
	}
	if l.frame, err = frameOf(ctx, plinth); err != nil {
		return err
	}
	bare, err := l.serveBare(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.server.stop()) }()
	if bare.writers, err = bare.openWriters(ctx, l.connections); err != nil {
		return err
	}
	fmt.Printf("Fan-out, frames of %d bytes:\n\n%s", l.frame, fanOutHead)
	for _, size := range sizes[:len(sizes)-1] {
		if err := l.room(ctx, plinth, bare, size, l.fanOut); err != nil {
			return err
		}
	}
	return l.room(ctx, plinth, bare, sizes[len(sizes)-1], l.fanOut, l.storms)
}

// room fills a room of each side, measures, and empties them.
func (l *live) room(ctx context.Context, plinth, bare *liveSide, size int, measures ...func(ctx context.Context, plinth, bare *audience) error) error {
	p, err := connect(ctx, plinth, size, calmly, "", ignore)
	if err != nil {
		return err
	}
	defer p.close()
	b, err := connect(ctx, bare, size, calmly, "", ignore)
	if err != nil {
		return err
	}
	defer b.close()
	for _, measure := range measures {
		if err := measure(ctx, p, b); err != nil {
			return err
		}
	}
	return nil
}

// calmly is how many connect at once when there is no storm.
const calmly = 64

func ignore(int, int) error { return nil }

// frameOf is the size of an event's frame.
func frameOf(ctx context.Context, side *liveSide) (int, error) {
	t := newLatencyTrial(1, 1)
	a, err := connect(ctx, side, 1, 1, "", t.arrived)
	if err != nil {
		return 0, err
	}
	defer a.close()
	if err := side.writers[0].publish(); err != nil {
		return 0, err
	}
	err = a.wait(t.done)
	return int(a.subscribers[0].bytes.Load()), err
}
