// Package bus_test runs several nodes' buses over a real Redis and a real PostgreSQL, and breaks these.
package bus_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/bus"
	"github.com/plinth/plinth/test/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m) }

// patience bounds the wait for what must happen; it is no measure of speed.
const patience = 30 * time.Second

// until polls the condition and fails the test when it does not come true.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		<-tick.C
	}
}

// node is a running bus with what it has received and logged.
type node struct {
	bus.Bus
	log *logBuffer

	stop    context.CancelFunc
	stopped chan struct{}

	mu       sync.Mutex
	received []string // "organization message"
}

// run starts a bus that is made with a log.
func run(t testing.TB, open func(*slog.Logger) bus.Bus) *node {
	t.Helper()
	log := &logBuffer{}
	n := &node{Bus: open(slog.New(slog.NewTextHandler(log, nil))), log: log, stopped: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	n.stop = stop
	go func() {
		defer close(n.stopped)
		n.Run(ctx, n.receive)
	}()
	t.Cleanup(n.end)
	return n
}

func (n *node) end() {
	n.stop()
	<-n.stopped
}

func (n *node) receive(org uuid.UUID, message []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.received = append(n.received, org.String()+" "+string(message))
}

func (n *node) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.received)
}

// heard are the messages of an organization so far.
func (n *node) heard(org uuid.UUID) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var heard []string
	for _, entry := range n.received {
		if text, ok := strings.CutPrefix(entry, org.String()+" "); ok {
			heard = append(heard, text)
		}
	}
	return heard
}

// meet waits until what one node publishes to the organization arrives at the others, and has them forget what they have
// heard of it.
func meet(t testing.TB, org uuid.UUID, from *node, to ...*node) {
	t.Helper()
	hello := uuid.NewString()
	until(t, "the nodes hear each other", func() bool {
		from.Publish(org, []byte(hello))
		return !slices.ContainsFunc(to, func(n *node) bool { return !slices.Contains(n.heard(org), hello) })
	})
	last := uuid.NewString() // nothing is in its way now, and nothing comes after it
	from.Publish(org, []byte(last))
	for _, n := range to {
		until(t, "the last of the greetings", func() bool { return slices.Contains(n.heard(org), last) })
		n.forget(org)
	}
}

func (n *node) forget(org uuid.UUID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.received = slices.DeleteFunc(n.received, func(entry string) bool { return strings.HasPrefix(entry, org.String()) })
}

// logBuffer keeps a log that is being written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// lost and back count what has been logged of the connection.
func (n *node) lost() int { return strings.Count(n.log.String(), "level=WARN") }

func (n *node) back() int { return strings.Count(n.log.String(), "level=INFO") }

// stacks are those of the goroutines that run code of the bus or of what it stands on.
func stacks() string {
	all := make([]byte, 4<<20)
	all = all[:runtime.Stack(all, true)]
	var ours []string
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if strings.Contains(stack, "platform/bus.") || strings.Contains(stack, "rueidis") {
			ours = append(ours, stack)
		}
	}
	return strings.Join(ours, "\n\n")
}

// heap is what is allocated after a collection, in bytes.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
