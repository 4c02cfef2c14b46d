package bus_test

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/bus"
	"github.com/plinth/plinth/test/redis"
)

// TestRedisBreaks: whatever happens to Redis, callers never wait, and the nodes hear each other again by themselves, in all
// organizations that they have joined meanwhile.
func TestRedisBreaks(t *testing.T) {
	for name, breaks := range map[string]struct {
		end, begin func(*redis.Server, testing.TB)
	}{
		"killed":  {(*redis.Server).Kill, (*redis.Server).Restart},
		"stopped": {(*redis.Server).Stop, (*redis.Server).Continue},
	} {
		t.Run(name, func(t *testing.T) {
			server := redis.Start(t)
			open, org := overRedis(t, server.URL), uuid.New()
			a, b := run(t, open), run(t, open)
			b.Join(org)
			for range 300 {
				b.Join(uuid.New())
			}
			meet(t, org, a, b)
			for round := range 2 {
				breaks.end(server, t)
				until(t, "both notice", func() bool { return a.lost() == round+1 && b.lost() == round+1 })
				another := uuid.New()
				b.Join(another)
				a.Publish(org, []byte("stale"))
				breaks.begin(server, t)
				until(t, "both are back", func() bool { return a.back() == round+1 && b.back() == round+1 })
				meet(t, another, a, b)
				if got := b.heard(org); len(got) > 0 {
					t.Errorf("heard %q, which is out of date", got)
				}
				meet(t, org, a, b)
			}
			if a.lost() != 2 || b.lost() != 2 {
				t.Errorf("logged too much:\n%s%s", a.log, b.log)
			}
		})
	}
}

func TestRedisIsFlushed(t *testing.T) {
	server := redis.Start(t)
	open, org := overRedis(t, server.URL), uuid.New()
	a, b := run(t, open), run(t, open)
	b.Join(org)
	meet(t, org, a, b)
	if answer := server.Do(t, "FLUSHALL"); answer != "+OK" {
		t.Fatal(answer)
	}
	a.Publish(org, []byte("after"))
	until(t, "the next message arrives", func() bool { return len(b.heard(org)) == 1 })
	if a.lost()+b.lost() > 0 {
		t.Errorf("the connection was lost over it:\n%s%s", a.log, b.log)
	}
}

func TestRedisIsDownAtStart(t *testing.T) {
	server := redis.Start(t)
	server.Kill(t)
	open, org := overRedis(t, server.URL), uuid.New()
	a, b := run(t, open), run(t, open)
	b.Join(org)
	until(t, "both find nothing", func() bool { return a.lost() == 1 && b.lost() == 1 })
	server.Restart(t)
	meet(t, org, a, b)
	if a.back() != 1 || b.back() != 1 || a.lost() != 1 || b.lost() != 1 {
		t.Errorf("logged:\n%s%s", a.log, b.log)
	}
}

// TestFlood: more is published than the queue holds, before the server is missed, while it is, and with it there. What is
// kept is bounded, and what arrives in the end is recent.
func TestFlood(t *testing.T) {
	for name, breaks := range map[string]struct {
		end, begin func(*redis.Server, testing.TB)
	}{
		"killed":  {(*redis.Server).Kill, (*redis.Server).Restart},
		"stopped": {(*redis.Server).Stop, (*redis.Server).Continue},
	} {
		t.Run(name, func(t *testing.T) {
			server := redis.Start(t)
			open, org := overRedis(t, server.URL), uuid.New()
			a, b := run(t, open), run(t, open)
			b.Join(org)
			meet(t, org, a, b)
			flood := func(word string) {
				for i := range 20_000 {
					a.Publish(org, fmt.Appendf(nil, "%s %d %s", word, i, strings.Repeat("x", 1000)))
				}
			}
			breaks.end(server, t)
			flood("first")
			until(t, "the sender notices", func() bool { return a.lost() == 1 })
			flood("second")
			before := heap()
			flood("third")
			if grown := heap() - before; grown > 4<<20 {
				t.Errorf("the heap has grown by %d bytes", grown)
			}
			breaks.begin(server, t)
			meet(t, org, a, b)
			flood("fourth")
			meet(t, org, a, b)
		})
	}
}

// TestManyOrganizations are subscribed to at once, and each has its own.
func TestManyOrganizations(t *testing.T) {
	server := redis.Start(t)
	open := overRedis(t, server.URL)
	a, b := run(t, open), run(t, open)
	orgs := make([]uuid.UUID, 5000)
	for i := range orgs {
		orgs[i] = uuid.New()
		b.Join(orgs[i])
	}
	meet(t, orgs[len(orgs)-1], a, b)
	shards := func() string { return server.Do(t, "PUBSUB SHARDCHANNELS") }
	until(t, "all are subscribed to", func() bool { return shards() == "*5000" })
	for i, org := range orgs[:1000] {
		a.Publish(org, fmt.Append(nil, i))
	}
	for i, org := range orgs[:1000] {
		until(t, "each arrives", func() bool { return len(b.heard(org)) == 1 })
		if got := b.heard(org); got[0] != fmt.Sprint(i) {
			t.Errorf("heard %q, want %d", got, i)
		}
	}
	for _, org := range orgs {
		b.Leave(org)
	}
	until(t, "none is subscribed to", func() bool { return shards() == "*0" })
}

func TestStrangersMessagesAreDropped(t *testing.T) {
	server := redis.Start(t)
	open, org := overRedis(t, server.URL), uuid.New()
	a, b := run(t, open), run(t, open)
	b.Join(org)
	meet(t, org, a, b)
	channel := "plinth:{" + org.String() + "}"
	for _, text := range []string{"short", strings.Repeat("x", 16+64<<10+1)} {
		if answer := server.Do(t, "SPUBLISH "+channel+" "+text); answer != ":1" {
			t.Fatalf("SPUBLISH was answered %q", answer)
		}
	}
	a.Publish(org, []byte("canary"))
	until(t, "the canary arrives", func() bool { return len(b.heard(org)) > 0 })
	if got := b.heard(org); len(got) != 1 || got[0] != "canary" {
		t.Errorf("heard %d messages, the first of %d bytes", len(got), len(got[0]))
	}
}

func TestRedisPassword(t *testing.T) {
	server := redis.Start(t, "--requirepass", "hunter2")
	org := uuid.New()
	right := overRedis(t, strings.Replace(server.URL, "//", "//:hunter2@", 1))
	a, b := run(t, right), run(t, right)
	b.Join(org)
	meet(t, org, a, b)
	wrong := run(t, overRedis(t, strings.Replace(server.URL, "//", "//:hunter3@", 1)))
	none := run(t, overRedis(t, server.URL))
	until(t, "the others are refused", func() bool { return wrong.lost() == 1 && none.lost() == 1 })
	if log := a.log.String() + wrong.log.String() + none.log.String(); strings.Contains(log, "hunter") {
		t.Errorf("the password shows:\n%s", log)
	}
}

func TestRedisURLIsRefused(t *testing.T) {
	for _, url := range []string{
		"", "redis", "http://:hunter2@redis", "redis://:hunter2@redis/one", "redis://:hunter2@redis/0/1", "redis://:hun%ter2@redis",
		"unix://:hunter2@/run/redis.sock", "redis://:hunter2@redis:port",
	} {
		_, err := bus.NewRedis(url, slog.New(slog.NewTextHandler(io.Discard, nil)))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
