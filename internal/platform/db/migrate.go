package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver that goose connects with
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Migration is a step of the schema and whether it has been applied.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero while pending
}

// Migrate applies the pending migrations as the owner that the URL names. Several processes may start at once: a session
// lock lets one of them work. It returns how many it applied.
func Migrate(ctx context.Context, url string, files fs.FS) (int, error) {
	applied := 0
	err := withProvider(url, files, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		applied = len(results)
		var partial *goose.PartialError
		if errors.As(err, &partial) {
			return fmt.Errorf("migration %s: %w", sourceName(partial.Failed.Source), partial.Err)
		}
		return err
	})
	return applied, err
}

// Migrations lists all migrations in order.
func Migrations(ctx context.Context, url string, files fs.FS) ([]Migration, error) {
	var list []Migration
	err := withProvider(url, files, func(p *goose.Provider) error {
		status, err := p.Status(ctx)
		for _, s := range status {
			list = append(list, Migration{s.Source.Version, sourceName(s.Source), s.AppliedAt})
		}
		return err
	})
	return list, err
}

// sourceName is the name of a migration's file; a step of River's has none.
func sourceName(s *goose.Source) string {
	return cmp.Or(s.Path, fmt.Sprintf("%05d_jobs", s.Version))
}

func withProvider(url string, files fs.FS, use func(*goose.Provider) error) error {
	conn, err := sql.Open("pgx", url)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { _ = conn.Close() }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
	if err != nil {
		return fmt.Errorf("make migration lock: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, conn, files, goose.WithSessionLocker(locker), goose.WithGoMigrations(jobMigrations(url)...))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return use(p)
}

// AllowLogin lets the application's role log in, as the owner that the URL names.
func AllowLogin(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect as owner: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "alter role "+AppRole+" login"); err != nil {
		return fmt.Errorf("let %s log in: %w", AppRole, err)
	}
	return nil
}
