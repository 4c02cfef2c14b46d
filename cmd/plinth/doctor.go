package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/migrations"
)

type doctorCmd struct{}

// Run checks the installation line by line, up to the first thing that is wrong.
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
		checks := []struct {
			what string
			run  func() error
		}{
			{"database answers, migrations are applied", func() error { return pendingMigrations(ctx, d.OwnerURL) }},
			{"the application can log in", func() error { return pool.Ping(ctx) }},
			{"policies bind the application", func() error { return db.Check(ctx, pool.Unscoped()) }},
			{"server version", func() error { return versionProblem(ctx, pool, cfg.RequirePatchedPostgres) }},
		}
		for _, check := range checks {
			if err := check.run(); err != nil {
				fmt.Println("FAIL  " + check.what + ": " + oneLine(err))
				return errors.New("the installation is not healthy")
			}
			fmt.Println("ok    " + check.what)
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

// versionProblem fails for a server with known holes where the settings refuse one, and else warns.
func versionProblem(ctx context.Context, pool *db.Pool, refuse bool) error {
	hole, err := db.Unpatched(ctx, pool.Unscoped())
	if err != nil || hole == "" {
		return err
	}
	if refuse {
		return errors.New(hole)
	}
	fmt.Println("warn  " + hole)
	return nil
}
