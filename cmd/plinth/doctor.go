package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/scan"
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
		checks := []check{
			{"database answers, migrations are applied", func() error { return pendingMigrations(ctx, d.OwnerURL) }},
			{"the application can log in", func() error { return pool.Ping(ctx) }},
			{"policies bind the application", func() error { return db.Check(ctx, pool.Unscoped()) }},
			{"server version", func() error { return versionProblem(ctx, pool, cfg.RequirePatchedPostgres) }},
		}
		for _, check := range slices.Concat(checks, fileChecks(ctx, cfg)) {
			if err := check.run(); err != nil {
				fmt.Println("FAIL  " + check.what + ": " + oneLine(err))
				return errors.New("the installation is not healthy")
			}
			fmt.Println("ok    " + check.what)
		}
		return nil
	})
}

// check is one thing that may be wrong.
type check struct {
	what string
	run  func() error
}

// scannerPatience is for a scanner that has a small file to look at.
const scannerPatience = 20 * time.Second

// fileChecks are those of where files are kept, and of what scans them.
func fileChecks(ctx context.Context, cfg config.Config) []check {
	checks := []check{{"files can be kept in the data directory", func() error {
		stores, err := app.OpenStores(cfg)
		if err != nil {
			return err
		}
		return stores.Dir.Check(ctx)
	}}}
	if cfg.S3Bucket != "" {
		checks = append(checks, check{"files can be kept in the bucket", func() error {
			stores, err := app.OpenStores(cfg)
			if err != nil {
				return err
			}
			return stores.S3.Check(ctx)
		}})
	}
	if cfg.ClamdAddr != "" {
		clamd := scan.New(cfg.ClamdAddr, scan.Patience(scannerPatience, scannerPatience))
		checks = append(checks, check{"the virus scanner answers", func() error { return scannerProblem(ctx, clamd) }})
	}
	return checks
}

// scannerProblem fails for a scanner that does not answer, and warns of one that passes what it has not looked through.
func scannerProblem(ctx context.Context, clamd *scan.Clamd) error {
	if err := clamd.Ping(ctx); err != nil {
		return err
	}
	alerts, err := clamd.AlertsExceeded(ctx)
	if err == nil && !alerts {
		fmt.Println("warn  clamd calls clean what it did not look through, as past MaxFileSize or MaxRecursion: set AlertExceedsMax yes in clamd.conf")
	}
	return err
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
