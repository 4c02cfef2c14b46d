package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/plinth/plinth/internal/platform/bus"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/job"
	"github.com/plinth/plinth/internal/platform/mail"
)

const (
	drainTime      = 30 * time.Second
	maxHeaderBytes = 32 << 10
	defaultMetrics = "127.0.0.1:9464"
)

// Serve runs the service until stop is closed, then drains it. A second signal is the process's to handle.
func Serve(ctx context.Context, c config.Config, log *slog.Logger, stop <-chan struct{}) (err error) {
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Addr, err)
	}
	defer func() { _ = listener.Close() }()
	if c.PublicURL == "" {
		c.PublicURL = config.Origin(listener.Addr().String())
	}
	for _, name := range c.Unused() {
		log.Warn(name + " is set, but this version does not use it yet")
	}
	if err := os.MkdirAll(c.DataDir, 0o755); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	database, err := startDatabase(ctx, c, log, stop)
	if err != nil || database == nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close(context.WithoutCancel(ctx))) }()
	sender, closeMail, err := openMail(ctx, c, log)
	if err != nil {
		return err
	}
	defer closeMail()
	between, err := openBus(c, database, log)
	if err != nil {
		return err
	}
	a, err := New(ctx, Options{Config: c, DatabaseURL: database.AppURL, Log: log, Now: time.Now, Mail: sender, Bus: between, Jobs: &job.Workers{}})
	if err != nil {
		return err
	}
	defer a.Close()
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer func() { cancel(); running.Wait() }() // before the database is closed
	running.Go(func() { database.Supervise(ctx) })
	running.Go(func() { database.KeepEventLog(ctx) })
	running.Go(func() { a.Run(ctx) })
	closeMetrics, err := a.serveMetrics(c)
	if err != nil {
		return err
	}
	defer closeMetrics()
	return a.serve(ctx, listener, stop)
}

// startDatabase opens and prepares the database; a stop meanwhile gives it up, and is no error: then both are nil.
func startDatabase(ctx context.Context, c config.Config, log *slog.Logger, stop <-chan struct{}) (*Database, error) {
	starting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-starting.Done():
		}
	}()
	d, err := OpenDatabase(starting, c, log)
	if err == nil {
		if err = d.Prepare(starting, c.RequirePatchedPostgres); err == nil {
			return d, nil
		}
		err = errors.Join(err, d.Close(context.WithoutCancel(ctx)))
	}
	select {
	case <-stop:
		log.Info("stopped before it was ready")
		return nil, nil
	default:
		return nil, err
	}
}

func (a *App) serve(ctx context.Context, listener net.Listener, stop <-chan struct{}) error {
	server := &http.Server{
		Handler: a.Router, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	a.log.Info("ready: http://" + listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-stop:
	}
	a.log.Info("draining")
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	socketsGone := a.Drain()
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close()
		return fmt.Errorf("drain: %w", err)
	}
	select {
	case <-socketsGone:
	case <-ctx.Done():
	}
	a.log.Info("stopped")
	return nil
}

// serveMetrics opens the metrics' own listener. A default address that is taken is left alone with a warning.
func (a *App) serveMetrics(c config.Config) (func(), error) {
	if c.MetricsAddr == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", c.MetricsAddr)
	if err != nil && c.MetricsAddr == defaultMetrics {
		a.log.Warn("no metrics: the default address is taken; set PLINTH_METRICS_ADDR", "address", c.MetricsAddr)
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listen for metrics on %s: %w", c.MetricsAddr, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.Router.Metrics())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with closing
	return func() { _ = server.Close() }, nil
}

// openBus chooses Redis, or the database where other nodes may share it.
func openBus(c config.Config, d *Database, log *slog.Logger) (bus.Bus, error) {
	switch {
	case c.RedisURL != "":
		return bus.NewRedis(string(c.RedisURL), log)
	case c.Embedded():
		return bus.Alone(), nil
	}
	return bus.NewPostgres(d.OwnerURL, log), nil
}

// openMail chooses SMTP behind a queue, or files in the data directory.
func openMail(ctx context.Context, c config.Config, log *slog.Logger) (mail.Sender, func(), error) {
	if c.SMTPURL == "" {
		files, err := mail.NewFiles(c.DataDir, c.MailFrom)
		return files, func() {}, err
	}
	smtp, err := mail.NewSMTP(string(c.SMTPURL), c.MailFrom)
	if err != nil {
		return nil, nil, err
	}
	queue := mail.NewQueue(ctx, smtp, func(f mail.Failure) {
		log.Warn("mail not delivered", "mail", f.ID, "attempt", f.Attempt, "final", f.Final, "cause", f.Err.Error())
	})
	return queue, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		if err := queue.Close(ctx); err != nil {
			log.Warn("mail left behind", "cause", err.Error())
		}
	}, nil
}
