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
