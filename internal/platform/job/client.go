package job

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/plinth/plinth/internal/platform/db"
)

const (
	workers   = 4                      // jobs that a process does at a time, each with one connection at most
	pollEvery = 500 * time.Millisecond // LISTEN does not pass poolers, and NOTIFY would slow every write down
	fetchGap  = 10 * time.Millisecond  // between looks for more while there are some
	turn      = 5 * time.Second        // after which a job is to leave its place to others

	// A killed process leaves its jobs behind as running. Only time tells them from those that run, so a run is short.
	runTime     = 20 * time.Second
	rescueAfter = 30 * time.Second

	softStop = 5 * time.Second  // jobs end by themselves; then they are cancelled
	hardStop = 15 * time.Second // what does not heed that is left behind, for another process to rescue
	tellTime = 5 * time.Second
)

// Client takes jobs on and runs them. Several processes may do so on one database; one of them at a time, chosen through
// the database, also puts failed jobs back in line, rescues those of killed processes and deletes old ones.
type Client struct {
	river    *river.Client[pgx.Tx] // nil without handlers
	stopping chan struct{}
	log      *slog.Logger
}

// New makes a client that works in the pool's role. Run starts it. Jobs of kinds without a handler are left to other
// processes. An error means a kind that River does not accept.
func New(pool *db.Pool, handlers *Workers, log *slog.Logger) (*Client, error) {
	c := &Client{stopping: make(chan struct{}), log: log}
	if len(handlers.handlers) == 0 {
		return c, nil
	}
	registry := river.NewWorkers()
	for kind, handle := range handlers.handlers {
		river.AddWorkerArgs(registry, args{kind: kind}, &worker{
			handle: handle, gaveUp: handlers.GaveUp, pool: pool, stopping: c.stopping, log: log,
		})
	}
	client, err := river.NewClient(pool.River(), &river.Config{
		Schema: db.JobSchema, Workers: registry, FetchOnlyKnownKinds: true,
		Queues:   map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		PollOnly: true, FetchPollInterval: pollEvery, FetchCooldown: fetchGap,
		CompletedJobRetentionPeriod: time.Hour, CancelledJobRetentionPeriod: 7 * 24 * time.Hour, DiscardedJobRetentionPeriod: 7 * 24 * time.Hour,
		JobTimeout: runTime, RescueStuckJobsAfter: rescueAfter, SoftStopTimeout: softStop,
		ReindexerIndexNames: []string{}, ReindexerSchedule: river.NeverSchedule(), // only an owner may
		Logger: slog.New(atLeast{log.Handler(), slog.LevelWarn}),
	})
	if err != nil {
		return nil, fmt.Errorf("make job client: %w", err)
	}
	c.river = client
	return c, nil
}

// Run works until ctx ends, and returns when the running jobs have come to a stop. What they leave undone goes on in
// another process or after a restart. Run is called once.
func (c *Client) Run(ctx context.Context) {
	if c.river == nil || !c.start(ctx) {
		return
	}
	<-ctx.Done() // has River stop too
	close(c.stopping)
	select {
	case <-c.river.Stopped():
	case <-time.After(hardStop):
		c.log.WarnContext(ctx, "jobs do not stop; they are left behind")
	}
}

// start waits for the database, and is false when ctx ended first.
func (c *Client) start(ctx context.Context) bool {
	for ctx.Err() == nil {
		err := c.river.Start(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() == nil {
			c.log.WarnContext(ctx, "jobs wait for the database", "cause", err.Error())
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return false
}

// atLeast drops what is below a level. River tells much of its own life.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}
