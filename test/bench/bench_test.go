package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/pgembed"
	"github.com/plinth/plinth/internal/platform/scan"
	"github.com/plinth/plinth/test/clamd"
)

// BenchmarkRequest does each operation over one loopback connection with the server in this process, so that -benchmem
// counts what a request allocates (the client allocates nothing) and -cpuprofile shows where it spends its time.
func BenchmarkRequest(b *testing.B) {
	people := population{orgs: 20, tasks: tasksPerOrg}
	h, err := newHouse(people)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := h.close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	if err := h.open(b.Context()); err != nil {
		b.Fatal(err)
	}
	cfg, err := h.config()
	if err != nil {
		b.Fatal(err)
	}
	a, err := app.New(b.Context(), app.Options{
		Config: cfg, DatabaseURL: h.url(pgembed.Database), Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(a.Close)
	s := httptest.NewServer(a.Router)
	b.Cleanup(s.Close)
	tokens, err := tokens(h.secret, people.orgs)
	if err != nil {
		b.Fatal(err)
	}
	c, err := dial(b.Context(), s.Listener.Addr().String(), people, tokens, 1)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.conn.Close() })
	for _, op := range operations {
		b.Run(op.name, func(b *testing.B) {
			work := c.worker(op)
			for b.Loop() {
				if err := work(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestLive goes through all of -live with few connections. It fails where an event is lost or comes twice.
func TestLive(t *testing.T) {
	o := options{seconds: 1, rounds: 1, connections: 2, timeout: 5 * time.Minute,
		liveOptions: liveOptions{subscribers: "10,20", idle: 20, rooms: 4, missed: 5, settle: time.Second}}
	if err := o.runLive(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestFiles goes through all of -files with little. It fails where something else arrives than was sent.
func TestFiles(t *testing.T) {
	o := options{seconds: 1, rounds: 1, timeout: 5 * time.Minute, filesOptions: filesOptions{size: leastSize, gateway: "../../.bin/versitygw"}}
	if err := o.runFiles(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkScan has clamd look through streams, with hardly any signatures: what the way there and back takes.
func BenchmarkScan(b *testing.B) {
	scanner, content := scan.New(clamd.Start(b).Addr), randomBytes(64*mib)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		v, err := scanner.Scan(b.Context(), bytes.NewReader(content))
		if err != nil || v.Status != scan.Clean {
			b.Fatalf("%+v, %v", v, err)
		}
	}
}
