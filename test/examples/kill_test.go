package examples_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/plinth/plinth/test/binary"
)

const (
	kills   = 2
	writers = 3
	// perLife is how many events each listener receives at least, of each of the server's lives, with more under way. All
	// lives together fill the page beyond its limit.
	perLife = 200
	maxRows = 500
)

// TestListenersSurviveKill kills the server with its database in the middle of the stream, and holds what each listener
// received to what the server, asked afterwards, tells of the whole stream.
func TestListenersSurviveKill(t *testing.T) {
	t.Parallel()
	dir, address := binary.Dir(t), freeAddress(t)
	serve := func() *binary.Server {
		return binary.Serve(t, binary.Command(t, dir, nil, "serve", "--addr", address))
	}
	server := serve()
	ada := signUp(t, server.BaseURL)
	listeners := startAll(t, server.BaseURL, ada)

	writing := startWriters(t, ada)
	for life := range kills {
		waitForEvents(t, listeners, (life+1)*perLife)
		server.Kill(t)
		server = serve()
	}
	waitForEvents(t, listeners, (kills+1)*perLife)
	acknowledged := writing.stop()

	const last = "Celebrate with <b>cake</b> & tea"
	if err := ada.createTask(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	stream := ada.events(t)
	wantWritten(t, stream, append(acknowledged, last))
	for _, l := range listeners {
		wantStream(t, l, stream)
	}
	wantPage(t, listeners[2], last)
	for _, l := range listeners {
		l.stop() // before the server, so that screenshots show the page live
	}
}

// freeAddress is one that stays free while the server is down: its port is below those that outgoing connections get.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.N(10_000))
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no free port in a hundred")
	return ""
}

func waitForEvents(t *testing.T, listeners []*listener, n int) {
	t.Helper()
	for _, l := range listeners {
		until(t, fmt.Sprintf("%s receives %d events", l.name, n), func() bool { return len(l.events()) >= n })
	}
}

// writing is what writers do side by side until they are stopped.
type writing struct {
	writers sync.WaitGroup
	enough  atomic.Bool

	mu           sync.Mutex
	acknowledged []string
}

func startWriters(t *testing.T, a *account) *writing {
	t.Helper()
	w := &writing{}
	for n := range writers {
		w.writers.Go(func() {
			for i := 0; !w.enough.Load(); i++ {
				title := fmt.Sprintf("Writer %d, task %d", n, i)
				err := a.createTask(t.Context(), title)
				if t.Context().Err() != nil {
					return // the test has failed
				}
				if err != nil {
					t.Error(err)
					return
				}
				w.mu.Lock()
				w.acknowledged = append(w.acknowledged, title)
				w.mu.Unlock()
			}
		})
	}
	t.Cleanup(func() { w.stop() })
	return w
}

// stop returns the titles of the tasks that the server has acknowledged.
func (w *writing) stop() []string {
	w.enough.Store(true)
	w.writers.Wait()
	return w.acknowledged
}

// wantWritten expects the stream to tell of every acknowledged task once, and of no other.
func wantWritten(t *testing.T, stream []event, acknowledged []string) {
	t.Helper()
	times := map[string]int{}
	for _, e := range stream {
		if e.Type == "task.created" {
			times[e.Data.Title]++
		}
	}
	for _, title := range acknowledged {
		if times[title] != 1 {
			t.Errorf("the stream tells %d times of %q", times[title], title)
		}
		delete(times, title)
	}
	for _, title := range slices.Sorted(maps.Keys(times)) {
		t.Errorf("the stream tells of %q, which was not acknowledged", title)
	}
}

// wantStream expects the listener to receive exactly the stream, and to have said hello once.
func wantStream(t *testing.T, l *listener, stream []event) {
	t.Helper()
	last := stream[len(stream)-1].ID
	until(t, l.name+" receives the last event", func() bool { return slices.Contains(l.events(), last) })
	received := l.events()
	times := map[string]int{}
	for _, id := range received {
		times[id]++
	}
	missed := 0
	want := make([]string, len(stream))
	for i, e := range stream {
		want[i] = e.ID
		if times[e.ID] == 0 {
			missed++
		}
	}
	if !slices.Equal(received, want) {
		t.Errorf("%s received %d events, %d of them different, and missed %d of the stream's %d; or the order is not the stream's",
			l.name, len(received), len(times), missed, len(stream))
	}
	if hellos, resyncs := l.count("hello"), l.count("resync"); hellos != 1 || resyncs != 0 {
		t.Errorf("%s said hello %d times, and resync %d times", l.name, hellos, resyncs)
	}
}

// wantPage expects the newest task on top of a list that is not longer than it may be, markup shown as text, and no token
// left in the address.
func wantPage(t *testing.T, browser *listener, newest string) {
	t.Helper()
	until(t, "the page shows the last task", func() bool { return strings.Contains(browser.shown().Newest, newest) })
	page := browser.shown()
	if page.State != "live" || page.Rows != maxRows {
		t.Errorf("the page says %q and has %d rows", page.Text, page.Rows)
	}
	if strings.Contains(page.Address, "token") {
		t.Errorf("the token stays in the address: %s", page.Address)
	}
}
