package db

import (
	"context"
	"database/sql"
	_ "embed" // for the grants
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// JobSchema holds the tables of River, which are nobody's tenant tables: a job names ids and holds no content.
const JobSchema = "jobs"

// jobStep is a place in the order of our migrations where River's own are applied, up to a version of its line. A River
// that brings a new version gets a new step: those that are out in the world stay as they are.
type jobStep struct {
	version, river int64
}

var jobSteps = [...]jobStep{{version: 10, river: 8}}

//go:embed jobs.sql
var jobGrants string

// jobMigrations are the steps for goose. River commits each of its migrations (an enum's new value may be used no sooner),
// so they have a connection of their own; a step that was cut short is taken up where it stopped.
func jobMigrations(url string) []*goose.Migration {
	var steps []*goose.Migration
	for _, step := range jobSteps {
		up := func(ctx context.Context, _ *sql.DB) error { return migrateJobs(ctx, url, int(step.river)) }
		steps = append(steps, goose.NewGoMigration(step.version, &goose.GoFunc{RunDB: up}, nil))
	}
	return steps
}

func migrateJobs(ctx context.Context, url string, version int) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return fmt.Errorf("connect as owner: %w", err)
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "create schema if not exists "+JobSchema); err != nil {
		return fmt.Errorf("create schema %s: %w", JobSchema, err)
	}
	river, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: JobSchema, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("read River's migrations: %w", err)
	}
	if _, err := river.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: version}); err != nil {
		return fmt.Errorf("migrate River to %d: %w", version, err)
	}
	if _, err := pool.Exec(ctx, jobGrants, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("grant what jobs need: %w", err)
	}
	return nil
}

// River gives the pool to River's client, and to nothing else. Its statements name JobSchema alone and are outside any
// tenant's scope.
func (p *Pool) River() *riverpgxv5.Driver { return riverpgxv5.New(p.pool) }
