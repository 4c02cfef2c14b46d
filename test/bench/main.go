// Command bench measures the hot path against the database's own floor, in one run on one machine: the statements of
// each operation by pgbench without row-level security, the same ones through a tenant's scope in Go, and the whole
// request over HTTP. The three take turns in short rounds. Only the ratios mean anything beyond the machine.
//
// With -lists it measures pages of lists in an organization of 200,000 tasks against looking up a task by its key. With
// -live it measures the sockets: fan-out, memory and a storm of reconnects, against a fan-out without anything else. With
// -files it measures uploads and downloads against copies, bare HTTP and bare S3.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/pgembed"
)

type options struct {
	seconds, rounds, connections, orgs int
	lists, live, files                 bool
	timeout                            time.Duration
	liveOptions
	filesOptions
}

func main() {
	var o options
	flag.IntVar(&o.seconds, "seconds", 2, "how long a round measures one side of one operation")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of each operation")
	flag.IntVar(&o.connections, "connections", 16, "connections of each side")
	flag.IntVar(&o.orgs, "orgs", 200, "organizations, of 504 tasks each")
	flag.BoolVar(&o.lists, "lists", false, "measure lists in place of all else; of the other settings -rounds and -timeout count")
	flag.BoolVar(&o.live, "live", false, "measure sockets in place of all else; -connections are then the events in flight, -orgs do not count")
	flag.BoolVar(&o.files, "files", false, "measure files in place of all else; of the other settings -seconds, for small files, -rounds and -timeout count")
	o.liveOptions.flags(flag.CommandLine)
	o.filesOptions.flags(flag.CommandLine)
	flag.DurationVar(&o.timeout, "timeout", 15*time.Minute, "when to give up")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := o.run
	switch {
	case flag.Arg(0) == bareCommand:
		run = func(ctx context.Context) error { return serveBare(ctx, flag.Args()[1:]) }
	case flag.Arg(0) == bareFilesCommand:
		run = func(ctx context.Context) error { return serveBareFiles(ctx, flag.Args()[1:]) }
	case o.lists:
		run = o.runLists
	case o.live:
		run = o.runLive
	case o.files:
		run = o.runFiles
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
		os.Exit(1) //nolint:gocritic // the signals end with the process
	}
}

func (o options) run(ctx context.Context) (err error) {
	if min(o.seconds, o.rounds, o.connections) < 1 || o.orgs < 2 {
		return errors.New("nothing to measure: every flag is 1 or more, and -orgs 2")
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	busy := loadAverage() // before this program adds to it
	h, err := newHouse(population{orgs: o.orgs, tasks: tasksPerOrg})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close(ctx)) }()
	program, err := build(ctx, h.dir, plinthCommand)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "preparing %d organizations with %d tasks\n", o.orgs, o.orgs*tasksPerOrg)
	if err := h.open(ctx); err != nil {
		return err
	}
	s, err := o.openSides(ctx, h, program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	fmt.Printf("PostgreSQL %s, %s, %d CPUs with load %s before, %d connections, %d organizations, %d tasks, %d rounds of %d s\n\n",
		h.cluster.Version(), runtime.Version(), runtime.NumCPU(), busy, o.connections, o.orgs, o.orgs*tasksPerOrg, o.rounds, o.seconds)
	fmt.Print(tableHead)
	for _, op := range operations {
		t, err := o.measure(ctx, s, op)
		if err != nil {
			return err
		}
		fmt.Print(t.row(op.name))
	}
	return nil
}

// loadAverage is the machine's load of the last minute: what else went on tells how far to trust the figures.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// sides are the three ways to do an operation, each on a database of its own with the same data, so that none works on
// what another left behind.
type sides struct {
	statements map[string][]statement
	floor      *floor
	pool       *db.Pool
	server     *server
	clients    []*client
	people     population
}

func (o options) openSides(ctx context.Context, h *house, program string) (_ *sides, err error) {
	const floorDatabase, scopeDatabase = "bench_floor", "bench_scope"
	for _, to := range []string{floorDatabase, scopeDatabase} {
		if err := clone(ctx, h.url("postgres"), pgembed.Database, to); err != nil {
			return nil, err
		}
	}
	if err := unbind(ctx, h.url(floorDatabase)); err != nil {
		return nil, err
	}
	pgbench, err := findPgbench()
	if err != nil {
		return nil, err
	}
	s := &sides{
		people: h.people,
		floor:  &floor{program: pgbench, url: h.url(floorDatabase), dir: h.dir, people: h.people, clients: o.connections},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	tokens, err := tokens(h.secret, o.orgs)
	if err != nil {
		return nil, err
	}
	if s.statements, err = h.statements(ctx, h.url(scopeDatabase), tokens); err != nil {
		return nil, err
	}
	if s.pool, err = db.Open(ctx, h.url(scopeDatabase), db.Options{Size: o.connections}); err != nil {
		return nil, err
	}
	return s, s.serve(ctx, h, program, o.connections, tokens)
}

// statements are those of every operation.
func (h *house) statements(ctx context.Context, url string, tokens []string) (map[string][]statement, error) {
	cfg, err := h.config()
	if err != nil {
		return nil, err
	}
	all := map[string][]statement{}
	for _, op := range operations {
		if all[op.name], err = statementsOf(ctx, cfg, url, op, tokens); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// serve starts the server and connects the clients.
func (s *sides) serve(ctx context.Context, h *house, program string, connections int, tokens []string) (err error) {
	if s.server, err = startPlinth(ctx, program, h); err != nil {
		return err
	}
	for i := range connections {
		c, err := dial(ctx, s.server.addr, h.people, tokens, uint64(i))
		if err != nil {
			return err
		}
		s.clients = append(s.clients, c)
	}
	return nil
}

func (s *sides) close() error {
	for _, c := range s.clients {
		_ = c.conn.Close()
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if s.server == nil {
		return nil
	}
	return s.server.stop()
}

// warmUp is how long the sides that keep their connections go before they count.
const warmUp = 300 * time.Millisecond

// measure lets the sides take turns, each round begun by another.
func (o options) measure(ctx context.Context, s *sides, op operation) (*trial, error) {
	span := time.Duration(o.seconds) * time.Second
	statements := s.statements[op.name]
	inScope := make([]func(context.Context) error, o.connections)
	overHTTP := make([]func(context.Context) error, o.connections)
	for i := range o.connections {
		inScope[i] = scopeWorker(s.pool, s.people, statements, uint64(i))
		overHTTP[i] = s.clients[i].worker(op)
	}
	var t trial
	turns := []func() error{
		func() error {
			rate, err := s.floor.run(ctx, statements, span)
			t.floor = append(t.floor, rate)
			return err
		},
		func() error {
			r, err := load(ctx, warmUp, span, inScope)
			t.scope = append(t.scope, r.rate)
			return err
		},
		func() error {
			r, err := load(ctx, warmUp, span, overHTTP)
			t.http = append(t.http, r.rate)
			t.latencies = append(t.latencies, r.latencies...)
			return err
		},
	}
	for round := range o.rounds {
		for turn := range turns {
			if err := turns[(round+turn)%len(turns)](); err != nil {
				return nil, fmt.Errorf("%s: %w", op.name, err)
			}
		}
	}
	return &t, nil
}
