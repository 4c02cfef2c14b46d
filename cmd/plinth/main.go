// Command plinth is the whole service: plinth serve with nothing configured runs it.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/config"
)

type cli struct {
	Addr    string `help:"Address to serve on (PLINTH_ADDR)." placeholder:"HOST:PORT"`
	DataDir string `help:"Folder for data (PLINTH_DATA_DIR)." placeholder:"DIR"`

	Serve   serveCmd   `cmd:"" default:"1" help:"Serve the API."`
	Migrate migrateCmd `cmd:"" help:"Bring the database schema up to date, or tell where it is."`
	Doctor  doctorCmd  `cmd:"" help:"Check the settings, the database, the storage of files and the virus scanner, and say what is wrong."`
	Files   filesCmd   `cmd:"" help:"Move files between storages, or remove what is no file's."`
	Demo    demoCmd    `cmd:"" help:"Fill an organization with sample work."`
	Openapi openapiCmd `cmd:"" help:"Print the OpenAPI document."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

func main() {
	var c cli
	parsed := kong.Parse(&c, kong.Name("plinth"), kong.Description("A multi-tenant project-management backend."), kong.UsageOnError())
	if err := parsed.Run(&c); err != nil {
		fmt.Fprintln(os.Stderr, "plinth: "+oneLine(err))
		os.Exit(1)
	}
}

// oneLine keeps an error of several lines on one.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(c rune) bool { return c == '\n' || c == '\t' }), "; ")
}

// load reads the settings and makes the log that they ask for.
func (c *cli) load() (config.Config, *slog.Logger, error) {
	cfg, err := config.Load(os.Environ(), ".env", config.Overrides{Addr: c.Addr, DataDir: c.DataDir})
	if err != nil {
		return cfg, nil, err
	}
	options := &slog.HandlerOptions{Level: cfg.Level()}
	if cfg.LogFormat == "text" {
		return cfg, slog.New(slog.NewTextHandler(os.Stderr, options)), nil
	}
	return cfg, slog.New(slog.NewJSONHandler(os.Stderr, options)), nil
}

type serveCmd struct{}

// Run serves until SIGINT or SIGTERM; a second one ends the process at once.
func (serveCmd) Run(c *cli) error {
	cfg, log, err := c.load()
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := make(chan struct{})
	served := make(chan error, 1)
	go func() { served <- app.Serve(ctx, cfg, log, stop) }()
	select {
	case err := <-served:
		return err
	case <-signals:
		close(stop)
	}
	select {
	case err := <-served:
		return err
	case <-signals:
		return fmt.Errorf("ended by a second signal before draining was done")
	}
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run() error {
	_, err := fmt.Println("plinth " + app.Version)
	return err
}
