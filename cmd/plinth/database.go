package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/migrations"
)

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Apply the pending migrations."`
	Status migrateStatusCmd `cmd:"" help:"List the migrations."`
}

type migrateUpCmd struct{}

// Run applies the pending migrations.
func (migrateUpCmd) Run(c *cli) error {
	return c.withDatabase(func(ctx context.Context, _ config.Config, d *app.Database) error {
		applied, err := d.Migrate(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Printf("%d migrations applied\n", applied)
		return err
	})
}

type migrateStatusCmd struct{}

// Run lists the migrations and when each was applied.
func (migrateStatusCmd) Run(c *cli) error {
	return c.withDatabase(func(ctx context.Context, _ config.Config, d *app.Database) error {
		list, err := db.Migrations(ctx, d.OwnerURL, migrations.FS)
		if err != nil {
			return err
		}
		for _, m := range list {
			when := "pending"
			if !m.AppliedAt.IsZero() {
				when = m.AppliedAt.UTC().Format("2006-01-02 15:04:05")
			}
			if _, err := fmt.Printf("%-24s %s\n", m.Name, when); err != nil {
				return err
			}
		}
		return nil
	})
}

type doctorCmd struct{}

// Run checks the installation line by line and fails where something is wrong.
func (doctorCmd) Run(c *cli) error {
	return c.withDatabase(func(ctx context.Context, cfg config.Config, d *app.Database) error {
		fmt.Println("ok    settings")
		for _, name := range cfg.Unused() {
			fmt.Println("warn  " + name + " is set, but this version does not use it yet")
		}
		pool, err := db.Open(ctx, d.AppURL, db.Options{Size: 1})
		if err != nil {
			return err
		}
		defer pool.Close()
		failed := false
		report := func(what string, err error) {
			if err != nil {
				failed = true
				fmt.Println("FAIL  " + what + ": " + err.Error())
				return
			}
			fmt.Println("ok    " + what)
		}
		report("database answers", pool.Ping(ctx))
		report("migrations are applied", pendingMigrations(ctx, d.OwnerURL))
		report("policies bind the application", db.Check(ctx, pool.Unscoped()))
		hole, err := db.Unpatched(ctx, pool.Unscoped())
		switch {
		case err != nil:
			report("server version", err)
		case hole != "" && cfg.RequirePatchedPostgres:
			report("server version", errors.New(hole))
		case hole != "":
			fmt.Println("warn  server version: " + hole)
		default:
			report("server version", nil)
		}
		if failed {
			return errors.New("the installation is not healthy")
		}
		return nil
	})
}

func pendingMigrations(ctx context.Context, url string) error {
	list, err := db.Migrations(ctx, url, migrations.FS)
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.AppliedAt.IsZero() {
			return fmt.Errorf("%s is pending; run plinth migrate up", m.Name)
		}
	}
	return nil
}

// withDatabase reaches the configured database, quietly and also beside a running server, for one command.
func (c *cli) withDatabase(use func(context.Context, config.Config, *app.Database) error) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	ctx := context.Background()
	d, err := app.ReachDatabase(ctx, cfg, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		return err
	}
	return errors.Join(use(ctx, cfg, d), d.Close(ctx))
}

type openapiCmd struct {
	YAML bool `help:"Print YAML instead of JSON."`
}

// Run prints the document of the routes that this binary serves.
func (o openapiCmd) Run() error {
	doc, err := app.OpenAPI(o.YAML)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(doc, '\n'))
	return err
}
