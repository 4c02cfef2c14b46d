package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/pgembed"
	"github.com/plinth/plinth/migrations"
)

// house is a PostgreSQL of its own with a filled database, in a folder that goes with it.
type house struct {
	dir      string
	cluster  *pgembed.Cluster
	people   population
	secret   string   // of access tokens
	settings []string // of the server, besides those that it always has
}

// serverSettings go beyond the embedded server's: up to three copies of the data share what one has otherwise.
const serverSettings = "shared_buffers = 768MB\n"

// newHouse makes the folder. Whatever follows, close must be called.
func newHouse(people population) (*house, error) {
	dir, err := os.MkdirTemp("", "plinth-bench-")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	return &house{dir: dir, people: people, secret: rand.Text() + rand.Text()}, nil
}

// open starts the server and fills its database.
func (h *house) open(ctx context.Context) error {
	if err := h.start(ctx); err != nil {
		return err
	}
	return h.people.seed(ctx, h.url(pgembed.Database))
}

// start starts the server with an empty database.
func (h *house) start(ctx context.Context) (err error) {
	postgres := filepath.Join(h.dir, "postgres")
	err = errors.Join(
		os.Chmod(h.dir, 0o711),    //nolint:gosec // under root the server has an account of its own
		os.Mkdir(postgres, 0o711), //nolint:gosec // as above
		os.WriteFile(filepath.Join(postgres, "local.conf"), []byte(serverSettings), 0o644)) //nolint:gosec // as above
	if err != nil {
		return fmt.Errorf("prepare folder: %w", err)
	}
	if h.cluster, err = pgembed.Start(ctx, pgembed.Options{Dir: postgres, Log: slog.New(slog.DiscardHandler)}); err != nil {
		return err
	}
	if _, err := db.Migrate(ctx, h.url(pgembed.Database), migrations.FS); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func (h *house) url(database string) string { return h.cluster.URL(pgembed.Superuser, database) }

// environ are the server's settings: no limit is ever reached, and nothing is logged but errors.
func (h *house) environ() []string {
	const plenty = "1000000000"
	return append([]string{
		"DATABASE_URL=" + h.url(pgembed.Database), "JWT_SECRET=" + h.secret, "PLINTH_DATA_DIR=" + h.dir, "PLINTH_METRICS_ADDR=off",
		"PLINTH_LOG_LEVEL=error", "PLINTH_RATE_LIMIT_IP=" + plenty, "PLINTH_RATE_LIMIT_ACCOUNT=" + plenty, "PLINTH_RATE_LIMIT_ORG=" + plenty,
	}, h.settings...)
}

// config is environ as the app takes it.
func (h *house) config() (config.Config, error) {
	return config.Load(h.environ(), "", config.Overrides{})
}

// close ends the server and removes the folder.
func (h *house) close(ctx context.Context) error {
	var err error
	if h.cluster != nil {
		err = h.cluster.Stop(context.WithoutCancel(ctx))
	}
	return errors.Join(err, os.RemoveAll(h.dir))
}
