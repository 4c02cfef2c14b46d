// Package apitest runs the whole app over a database of its own, for tests that speak HTTP to it.
//
// A test package calls Main from its TestMain: it starts one PostgreSQL for the package. New clones a migrated database
// for a test in a fraction of a second.
package apitest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/job"
	"github.com/plinth/plinth/internal/platform/mail"
	"github.com/plinth/plinth/internal/platform/pgembed"
	"github.com/plinth/plinth/migrations"
)

const template = "plinth_template"

// cluster is the package's PostgreSQL; Main sets it before any test runs.
var cluster *pgembed.Cluster

var databases atomic.Int64

// Tests are a package's tests: its *testing.M, or that with something more around it.
type Tests interface{ Run() int }

// Main runs a package's tests with a PostgreSQL of their own.
func Main(m Tests) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "apitest:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m Tests) (int, error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "plinth-test-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		return 1, err
	}
	pg := filepath.Join(dir, "pg")
	if err := os.Mkdir(pg, 0o755); err != nil {
		return 1, err
	}
	fast := "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 200\n"
	if err := os.WriteFile(filepath.Join(pg, "local.conf"), []byte(fast), 0o644); err != nil {
		return 1, err
	}
	cluster, err = pgembed.Start(ctx, pgembed.Options{Dir: pg, CacheDir: filepath.Join(os.TempDir(), "plinth-pgsql"), Log: quiet()})
	if err != nil {
		return 1, err
	}
	defer func() { _ = cluster.Stop(ctx) }()
	if err := makeTemplate(ctx); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

func makeTemplate(ctx context.Context) error {
	if err := adminExec(ctx, "create database "+template); err != nil {
		return err
	}
	url := cluster.URL(pgembed.Superuser, template)
	if _, err := db.Migrate(ctx, url, migrations.FS); err != nil {
		return err
	}
	return db.AllowLogin(ctx, url)
}

func adminExec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, cluster.URL(pgembed.Superuser, "postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// Option changes what a Server is made from.
type Option func(*app.Options)

// WithConfig changes the settings.
func WithConfig(change func(*config.Config)) Option {
	return func(o *app.Options) { change(&o.Config) }
}

// WithStoppedClock stops the app's clock, so that no quota refills while a slow machine works.
func WithStoppedClock() Option {
	at := time.Now()
	return func(o *app.Options) { o.Now = func() time.Time { return at } }
}

// WithLog keeps the log.
func WithLog(w io.Writer) Option {
	return func(o *app.Options) { o.Log = slog.New(slog.NewJSONHandler(w, nil)) }
}

// WithJobs has the app take these jobs on, beside its own. Without it no server looks for jobs: most tests need none, and
// some count what goes over the wire.
func WithJobs(handlers *job.Workers) Option {
	return func(o *app.Options) { o.Jobs = handlers }
}

// Server is the app over a fresh database, behind a real listener.
type Server struct {
	URL   string
	App   *app.App
	Owner *pgxpool.Pool // a superuser, whom no policy binds: for looking behind the scenes
	Mail  *Mailbox
	Wire  *Wire

	Transport http.RoundTripper // that clients send through; a test may put itself in between

	name    string
	relay   relay
	options app.Options
}

// relay is the running of the app beside its requests.
type relay struct {
	stop    context.CancelFunc
	stopped chan struct{}
}

// New starts a Server for a test.
func New(t testing.TB, options ...Option) *Server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{Mail: &Mailbox{}, Wire: &Wire{}, Transport: http.DefaultTransport, name: clone(t)}
	owner, err := pgxpool.New(ctx, s.DatabaseURL(pgembed.Superuser))
	must(t, err)
	s.Owner = owner

	cfg, err := config.Load([]string{"PLINTH_ADDR=127.0.0.1:0", "PLINTH_DATA_DIR=" + t.TempDir()}, "", config.Overrides{})
	must(t, err)
	cfg.PublicURL = "http://plinth.test"
	o := app.Options{Config: cfg, DatabaseURL: s.DatabaseURL(db.AppRole), Log: quiet(), Now: time.Now, Mail: s.Mail, Dial: s.Wire.Dial}
	for _, option := range options {
		option(&o)
	}
	s.options = o
	t.Cleanup(func() {
		cancel()
		owner.Close()
	})
	s.start(t)
	return s
}

// start runs the app and serves its requests.
func (s *Server) start(t testing.TB, options ...Option) {
	t.Helper()
	o := s.options
	for _, option := range options {
		option(&o)
	}
	running, stop := context.WithCancel(context.Background())
	a, err := app.New(running, o)
	must(t, err)
	s.App, s.relay = a, relay{stop, make(chan struct{})}
	go func() { a.Run(running); close(s.relay.stopped) }()
	listener := httptest.NewServer(a.Router)
	s.URL = listener.URL
	t.Cleanup(func() {
		a.Hub.Close()
		listener.Close()
		s.StopRelay()
		a.Close()
	})
}

// Database makes a database for processes that a test starts itself. It gives the URL that reaches it as a role.
func Database(t testing.TB) (url func(role string) string) {
	t.Helper()
	name := clone(t)
	return func(role string) string { return cluster.URL(role, name) }
}

// clone makes a migrated database, which goes when the test ends.
func clone(t testing.TB) (name string) {
	t.Helper()
	name = fmt.Sprintf("plinth_%d", databases.Add(1))
	must(t, adminExec(t.Context(), "create database "+name+" template "+template))
	t.Cleanup(func() { must(t, adminExec(context.Background(), "drop database "+name+" with (force)")) })
	return name
}

// StopRelay ends the relay of events, the sweep and the jobs for good, so that Wire counts requests alone.
func (s *Server) StopRelay() {
	s.relay.stop()
	<-s.relay.stopped
}

// Node runs the app another time over the database, as another process that serves requests, until the test ends.
func (s *Server) Node(t testing.TB, options ...Option) *Server {
	t.Helper()
	node := *s
	node.start(t, options...)
	return &node
}

// At is the client at another node.
func (c *Client) At(node *Server) *Client {
	other := *c
	other.Server = node
	return &other
}

// DatabaseURL reaches the server's database as a role.
func (s *Server) DatabaseURL(role string) string { return cluster.URL(role, s.name) }

// DataDir is the folder with what the server keeps besides its database.
func (s *Server) DataDir() string { return s.options.Config.DataDir }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Mailbox keeps the mail that is sent.
type Mailbox struct {
	mu       sync.Mutex
	messages []mail.Message
}

// Send implements mail.Sender.
func (b *Mailbox) Send(_ context.Context, m mail.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, m)
	return nil
}

// Len is how many messages have been sent.
func (b *Mailbox) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.messages)
}

// To gives the messages to an address, oldest first.
func (b *Mailbox) To(address string) []mail.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []mail.Message
	for _, m := range b.messages {
		if m.To == address {
			found = append(found, m)
		}
	}
	return found
}
