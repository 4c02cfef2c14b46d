// Package app wires the features to the platform: the only package that knows them all.
package app

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/background"
	"github.com/plinth/plinth/internal/file"
	"github.com/plinth/plinth/internal/identity"
	"github.com/plinth/plinth/internal/org"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/bus"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/docs"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/hub"
	"github.com/plinth/plinth/internal/platform/job"
	"github.com/plinth/plinth/internal/platform/limit"
	"github.com/plinth/plinth/internal/platform/mail"
	"github.com/plinth/plinth/internal/realtime"
)

// Version is the product's version, as the API document and the command tell it.
const Version = "0.1.0"

const title = "Plinth"

// Options are what an App is made from.
type Options struct {
	Config      config.Config
	DatabaseURL string // of the application's login; the schema is up to date
	Log         *slog.Logger
	Now         func() time.Time
	Mail        mail.Sender
	Bus         bus.Bus                                                              // to the other nodes; nil where there are none
	Jobs        *job.Workers                                                         // taken on while the App runs; nil leaves all to other processes
	Dial        func(ctx context.Context, network, address string) (net.Conn, error) // for tests that watch the wire
}

// App is the running service, less its listeners.
type App struct {
	Router *api.Router
	Pool   *db.Pool
	Hub    *hub.Hub
	Files  *file.Service

	live     *realtime.Service
	relay    *event.Relay
	from     event.Position
	jobs     *job.Client // nil where others take the jobs on
	log      *slog.Logger
	draining chan struct{}

	trashDays int // after which a task leaves the trash; 0 is never
	eventDays int // after which an event is deleted, where the organization's plan does not say; 0 is never
}

// New wires an App. Run must follow, for events to flow.
func New(ctx context.Context, o Options) (*App, error) {
	key, secret, err := keys(o.Config)
	if err != nil {
		return nil, err
	}
	pool, err := db.Open(ctx, o.DatabaseURL, db.Options{Size: o.Config.PoolSize, Dial: o.Dial})
	if err != nil {
		return nil, err
	}
	passwords, err := identity.NewPasswords()
	if err != nil {
		return nil, err
	}
	a := &App{Pool: pool, Hub: hub.New(), trashDays: o.Config.TrashDays, eventDays: o.Config.EventDays, log: o.Log, draining: make(chan struct{})}
	tokens := authn.NewTokens(key, o.Config.AccessTokenLife(), o.Now)
	limiter := limit.New(o.Now)
	if o.Bus == nil {
		o.Bus = bus.Alone()
	}
	log := event.Log{DB: pool.Unscoped()}
	a.live = &realtime.Service{Pool: pool, Log: log, Tokens: tokens, Hub: a.Hub, Bus: o.Bus, Now: o.Now, Logger: o.Log}
	a.relay = event.NewRelay(log, a.live.Deliver, o.Log)
	a.live.Wake = a.relay.Wake
	a.Router = api.NewRouter(api.Config{
		Title: title, Version: Version, Pool: pool, Tokens: tokens, Secret: derive(secret, "list cursors"),
		Limiter: limiter, Limits: limits(o.Config), BodyLimit: int64(o.Config.BodyLimit),
		Hosts: hosts(o.Config), TrustedProxies: o.Config.TrustedProxies, Log: o.Log, Now: o.Now, Wrote: a.live.Wrote,
	})
	a.live.ServesHost = a.Router.ServesHost
	a.measure()
	a.serviceRoutes()
	tasks := newTasks()
	if a.Files, err = newFiles(a, o, secret); err != nil {
		pool.Close()
		return nil, err
	}
	features(a.Router,
		&identity.Service{Tokens: tokens, Passwords: passwords, Limiter: limiter, RefreshLife: o.Config.RefreshTokenLife(), Now: o.Now,
			Found: foundOrg, SessionEnded: func(id uuid.UUID) { a.Hub.EndSessions(id) }},
		&org.Service{Mail: o.Mail, PublicURL: o.Config.PublicURL, MailError: a.mailFailed},
		a.live, tasks, a.Files)
	if o.Jobs != nil {
		tasks.HandleJobs(o.Jobs, a.live.Wrote)
		o.Jobs.GaveUp = a.gaveUp(o.Jobs.GaveUp)
		if a.jobs, err = job.New(pool, o.Jobs, o.Log); err != nil {
			pool.Close()
			return nil, err
		}
	}
	if err := a.startLive(ctx, derive(secret, "event stream")); err != nil {
		pool.Close()
		return nil, err
	}
	return a, nil
}

// startLive finds the end of the event log, where the relay begins.
func (a *App) startLive(ctx context.Context, secret []byte) error {
	end, epoch, err := event.Log{DB: a.Pool.Unscoped()}.End(ctx)
	if err != nil {
		return err
	}
	a.from = end
	a.live.Start(end)
	a.live.Cursors, err = event.NewCursors(secret, epoch)
	return err
}

// Run relays events, sweeps and does jobs until ctx ends, and returns when all that has come to a stop. Jobs stop already
// when the App drains.
func (a *App) Run(ctx context.Context) {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { a.sweep(ctx) })
	beside.Go(func() { a.doJobs(ctx) })
	beside.Go(func() { a.live.Run(ctx) })
	if a.jobs != nil {
		beside.Go(func() { a.Files.Run(ctx) })
	}
	a.relay.Run(ctx, a.from)
}

func (a *App) doJobs(ctx context.Context) {
	if a.jobs == nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-a.draining:
			cancel()
		case <-ctx.Done():
		}
	}()
	a.jobs.Run(ctx)
}

// gaveUp notes on jobs that they failed for good, and tells who is to be told besides.
func (a *App) gaveUp(told func(context.Context, *job.Work, error)) func(context.Context, *job.Work, error) {
	return func(ctx context.Context, w *job.Work, cause error) {
		if err := background.GaveUp(ctx, w, cause); err != nil {
			a.log.ErrorContext(ctx, "job's failure not noted", "kind", w.Kind, "job", w.ID, "org", w.Org, "cause", err.Error())
		}
		if told != nil {
			told(ctx, w, cause)
		}
	}
}

const (
	sweepEvery = time.Hour
	trashBatch = 500  // tasks deleted in a transaction
	eventBatch = 5000 // events likewise
)

// sweep deletes what is past its life, at start and every hour.
func (a *App) sweep(ctx context.Context) {
	timer := time.NewTicker(sweepEvery)
	defer timer.Stop()
	for {
		if err := a.Sweep(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("sweep failed", "cause", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
	}
}

// Sweep deletes what is past its life now.
func (a *App) Sweep(ctx context.Context) error {
	if _, err := a.Pool.Unscoped().Exec(ctx, "select app.sweep()"); err != nil {
		return err
	}
	for count := trashBatch; a.trashDays > 0 && count == trashBatch; {
		if err := a.Pool.Unscoped().QueryRow(ctx, "select app.empty_trash($1, $2)", a.trashDays, trashBatch).Scan(&count); err != nil {
			return fmt.Errorf("empty the trash: %w", err)
		}
	}
	for count := eventBatch; count == eventBatch; {
		if err := a.Pool.Unscoped().QueryRow(ctx, "select app.trim_events($1, $2)", a.eventDays, eventBatch).Scan(&count); err != nil {
			return fmt.Errorf("trim the event log: %w", err)
		}
	}
	return nil
}

// Drain makes the service unready and sends its sockets and resumable uploads elsewhere. The channel is closed when the
// sockets have gone.
func (a *App) Drain() <-chan struct{} {
	close(a.draining)
	a.Files.Drain()
	return a.Hub.Close()
}

// Close gives the database connections back.
func (a *App) Close() { a.Pool.Close() }

func (a *App) mailFailed(ctx context.Context, err error) {
	a.log.ErrorContext(ctx, "mail not handed over", "request_id", api.RequestFrom(ctx).ID, "cause", err.Error())
}

func (a *App) serviceRoutes() {
	a.Router.AddTag("Auth", "Accounts and sessions.")
	a.Router.AddTag("Organizations", "The tenants.")
	a.Router.AddTag("Members", "Who is in an organization, and who is invited.")
	a.Router.AddTag("Projects", "What boards belong to.")
	a.Router.AddTag("Project members", "Who sees and changes a project.")
	a.Router.AddTag("Custom fields", "What a project's tasks have besides.")
	a.Router.AddTag("Project templates", "Projects to begin others with.")
	a.Router.AddTag("Boards", "Tasks in columns.")
	a.Router.AddTag("Columns", "The places of a board, each with a status.")
	a.Router.AddTag("Labels", "Names with a colour, for tasks.")
	a.Router.AddTag("Tasks", "The work.")
	a.Router.AddTag("Checklists", "Small steps of a task.")
	a.Router.AddTag("Links", "What tasks have to do with each other.")
	a.Router.AddTag("Watchers", "Who wants to hear of a task.")
	a.Router.AddTag("Activity", "What happened to a task.")
	a.Router.AddTag("Views", "Lists of tasks to come back to.")
	a.Router.AddTag("Files", "What people attach.")
	a.Router.AddTag("Jobs", "Work in the background.")
	a.Router.AddTag("Comments", "What people say about it.")
	a.Router.AddTag("Checklists", "The small steps of a task.")
	a.Router.AddTag("Links", "What tasks have to do with each other.")
	a.Router.AddTag("Watchers", "Who wants to hear of a task.")
	a.Router.AddTag("Activity", "What happened to a task.")
	a.Router.AddTag("Live", "Events as they happen.")
	page := docs.Handler(title, "/openapi.json", api.NotFound)
	a.Router.Handle("GET /docs", page)
	a.Router.Handle("GET /docs/", page)
	a.Router.Handle("GET /{$}", http.RedirectHandler("/docs", http.StatusFound))
	a.Router.Handle("GET /healthz", http.HandlerFunc(healthy))
	a.Router.Handle("GET /readyz", http.HandlerFunc(a.ready))
}

// healthy says that the process serves.
func healthy(w http.ResponseWriter, _ *http.Request) { writeStatus(w, "ok") }

// ready says that the service can answer: the database does, and no shutdown is under way.
func (a *App) ready(w http.ResponseWriter, hr *http.Request) {
	ctx, cancel := context.WithTimeout(hr.Context(), 2*time.Second)
	defer cancel()
	err := a.Pool.Ping(ctx)
	select {
	case <-a.draining:
		err = api.Unavailable(errors.New("shutting down"))
	default:
	}
	if err != nil {
		api.WriteProblem(w, hr, api.Unavailable(err))
		return
	}
	writeStatus(w, "ready")
}

func writeStatus(w http.ResponseWriter, status string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, "{\"status\":%q}\n", status)
}

func limits(c config.Config) api.Limits {
	perMinute := func(name string, quota int) limit.Policy {
		return limit.Policy{Name: name, Quota: quota, Window: time.Minute}
	}
	return api.Limits{IP: perMinute("ip", c.RateLimitIP), Account: perMinute("account", c.RateLimitAccount), Org: perMinute("org", c.RateLimitOrg)}
}

func hosts(c config.Config) []string {
	names := c.Hosts
	if u, err := url.Parse(c.PublicURL); err == nil && u.Hostname() != "" {
		names = append(names, u.Hostname())
	}
	return names
}

// keys gives the key of access tokens and the secret that other keys derive from. With the embedded database both come
// from a random secret in the data directory, unless they are set.
func keys(c config.Config) (authn.Key, []byte, error) {
	secret := []byte(c.JWTSecret)
	private, err := c.SigningKey()
	if err != nil {
		return authn.Key{}, nil, err
	}
	if len(secret) == 0 && private != nil {
		secret = private.Seed()
	}
	if len(secret) == 0 {
		if secret, err = config.Secret(c.DataDir, "jwt"); err != nil {
			return authn.Key{}, nil, err
		}
	}
	if c.JWTAlgorithm != "EdDSA" {
		return authn.HS256(secret), secret, nil
	}
	if private == nil {
		private = ed25519.NewKeyFromSeed(derive(secret, "EdDSA"))
	}
	return authn.EdDSA(private), secret, nil
}

func derive(secret []byte, purpose string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(purpose))
	return h.Sum(nil)
}
