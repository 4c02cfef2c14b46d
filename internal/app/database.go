package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/pgembed"
	"github.com/plinth/plinth/migrations"
)

// Database is the PostgreSQL that the settings choose: a given one, or our own.
type Database struct {
	OwnerURL string // migrates
	AppURL   string // serves

	embedded bool
	options  pgembed.Options
	cluster  *pgembed.Cluster // nil where the database is a given one or another process's
	log      *slog.Logger
}

// OpenDatabase reaches the database, starting the embedded one where none is given.
func OpenDatabase(ctx context.Context, c config.Config, log *slog.Logger) (*Database, error) {
	if !c.Embedded() {
		owner := string(c.MigrateDatabaseURL)
		if owner == "" {
			owner = string(c.DatabaseURL)
		}
		return &Database{OwnerURL: owner, AppURL: string(c.DatabaseURL), log: log}, nil
	}
	d := &Database{embedded: true, log: log, options: embeddedOptions(c, log)}
	cluster, err := pgembed.Start(ctx, d.options)
	if err != nil {
		return nil, fmt.Errorf("start embedded PostgreSQL: %w", err)
	}
	d.cluster = cluster
	d.OwnerURL = cluster.URL(pgembed.Superuser, pgembed.Database)
	d.AppURL = cluster.URL(db.AppRole, pgembed.Database)
	return d, nil
}

// Migrate brings the schema up to date and returns how many migrations it applied. The embedded database lets the
// application's role log in by itself: its socket is closed to all but us, so no password is needed.
func (d *Database) Migrate(ctx context.Context) (int, error) {
	applied, err := db.Migrate(ctx, d.OwnerURL, migrations.FS)
	if err != nil {
		return 0, fmt.Errorf("migrate database: %w", err)
	}
	d.keepEventLog(ctx)
	if !d.embedded {
		return applied, nil
	}
	return applied, db.AllowLogin(ctx, d.OwnerURL)
}

// ReachDatabase is OpenDatabase for what may work beside a running server: an embedded database that a server has open
// is used as it is, and left open.
func ReachDatabase(ctx context.Context, c config.Config, log *slog.Logger) (*Database, error) {
	d, err := OpenDatabase(ctx, c, log)
	if !errors.Is(err, pgembed.ErrInUse) {
		return d, err
	}
	url, err := pgembed.Running(embeddedOptions(c, log))
	if err != nil {
		return nil, err
	}
	return &Database{embedded: true, OwnerURL: url(pgembed.Superuser, pgembed.Database), AppURL: url(db.AppRole, pgembed.Database), log: log}, nil
}

func embeddedOptions(c config.Config, log *slog.Logger) pgembed.Options {
	return pgembed.Options{
		Dir: filepath.Join(c.DataDir, "postgres"), CacheDir: filepath.Join(c.DataDir, "pgsql"), BinDir: c.PostgresBin, Log: log,
	}
}

// Prepare brings the schema up to date and verifies that the policies bind the application.
func (d *Database) Prepare(ctx context.Context, requirePatched bool) error {
	applied, err := d.Migrate(ctx)
	if err != nil {
		return err
	}
	if applied > 0 {
		d.log.Info("database migrated", "migrations", applied)
	}
	pool, err := db.Open(ctx, d.AppURL, db.Options{Size: 1})
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := db.Check(ctx, pool.Unscoped()); err != nil {
		return fmt.Errorf("the database does not isolate tenants: %w", err)
	}
	hole, err := db.Unpatched(ctx, pool.Unscoped())
	if err != nil {
		return err
	}
	if hole != "" && requirePatched {
		return errors.New(hole)
	}
	if hole != "" {
		d.log.Warn(hole)
	}
	return nil
}

const keepEvery = 24 * time.Hour

// KeepEventLog has the event log ready for the months to come, every day until ctx ends.
func (d *Database) KeepEventLog(ctx context.Context) {
	ticker := time.NewTicker(keepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		d.keepEventLog(ctx)
	}
}

// keepEventLog may be put off for a day: there are months ahead, and a default for what comes after them.
func (d *Database) keepEventLog(ctx context.Context) {
	if err := db.KeepEventLog(ctx, d.OwnerURL, time.Now()); err != nil && ctx.Err() == nil {
		d.log.Warn("months of the event log not made or dropped; it is tried again tomorrow", "cause", err.Error())
	}
}

// Supervise starts the embedded database again whenever it ends by itself, until ctx ends.
func (d *Database) Supervise(ctx context.Context) {
	for d.cluster != nil {
		select {
		case <-ctx.Done():
			return
		case <-d.cluster.Done():
		}
		d.log.Error("embedded PostgreSQL ended; starting it again", "cause", fmt.Sprint(d.cluster.Err()))
		d.restart(ctx)
	}
}

func (d *Database) restart(ctx context.Context) {
	_ = d.cluster.Stop(ctx) // lets go of the lock; the server is gone already
	for ctx.Err() == nil {
		cluster, err := pgembed.Start(ctx, d.options)
		if err == nil {
			d.cluster = cluster
			return
		}
		d.log.Error("embedded PostgreSQL does not start", "cause", err.Error())
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// Close stops the embedded database.
func (d *Database) Close(ctx context.Context) error {
	if d.cluster == nil {
		return nil
	}
	return d.cluster.Stop(ctx)
}
