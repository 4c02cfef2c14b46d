package bus_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/bus"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/redis"
)

// opener makes the bus of one more node.
type opener = func(*slog.Logger) bus.Bus

// onEach runs a test over each kind of bus.
func onEach(t *testing.T, test func(t *testing.T, open opener)) {
	t.Run("redis", func(t *testing.T) { test(t, overRedis(t, redis.Start(t).URL)) })
	t.Run("postgresql", func(t *testing.T) { test(t, overPostgres(apitest.Database(t)(db.AppRole))) })
}

func overRedis(t testing.TB, url string) opener {
	return func(log *slog.Logger) bus.Bus {
		b, err := bus.NewRedis(url, log)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func overPostgres(url string) opener {
	return func(log *slog.Logger) bus.Bus { return bus.NewPostgres(url, log) }
}

func TestMessagesReachTheOtherNodesInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		org := uuid.New()
		a, b, c := run(t, open), run(t, open), run(t, open)
		for _, n := range []*node{a, b, c} {
			n.Join(org)
		}
		meet(t, org, a, b, c)
		meet(t, org, b, a, c)
		var want []string
		for i := range 500 {
			text := fmt.Sprintf("%d \x00\xff\r\n'\\", i)
			want = append(want, text)
			a.Publish(org, []byte(text))
		}
		for _, n := range []*node{b, c} {
			until(t, "all messages arrive", func() bool { return len(n.heard(org)) >= len(want) })
			if got := n.heard(org); !slices.Equal(got, want) {
				t.Errorf("heard %d messages, want %d, or in another order", len(got), len(want))
			}
		}
		b.Publish(org, []byte("answer")) // the server has sent it after what the asker must not get back
		until(t, "the answer arrives", func() bool { return len(a.heard(org)) > 0 })
		if got := a.heard(org); !slices.Equal(got, []string{"answer"}) {
			t.Errorf("the sender heard %d messages, want the answer only", len(got))
		}
	})
}

// TestOthersHearNothing: the canary follows the secret in the same order, and arrives alone.
func TestOthersHearNothing(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		mine, theirs := uuid.New(), uuid.New()
		a, b := run(t, open), run(t, open)
		b.Join(theirs)
		meet(t, theirs, a, b)
		a.Publish(mine, []byte("secret"))
		a.Publish(uuid.Nil, []byte("nobody's"))
		a.Publish(theirs, []byte("canary"))
		until(t, "the canary arrives", func() bool { return len(b.heard(theirs)) > 0 })
		if got := b.all(); len(got) != 1 {
			t.Errorf("received %q, want the canary alone", got)
		}
		b.Leave(theirs)
		b.forget(theirs)
		b.Join(mine)
		meet(t, mine, a, b)
		a.Publish(theirs, []byte("late"))
		a.Publish(mine, []byte("canary"))
		until(t, "the canary arrives", func() bool { return len(b.heard(mine)) > 0 })
		if got := b.heard(theirs); len(got) > 0 {
			t.Errorf("heard %q after leaving", got)
		}
	})
}

func TestJoiningAgain(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		org := uuid.New()
		a, b := run(t, open), run(t, open)
		for range 50 {
			b.Join(org)
			b.Join(org)
			b.Leave(org)
		}
		b.Join(org)
		meet(t, org, a, b)
		a.Publish(org, []byte("once"))
		a.Publish(org, []byte("canary"))
		until(t, "the canary arrives", func() bool { return slices.Contains(b.heard(org), "canary") })
		if got := b.heard(org); !slices.Equal(got, []string{"once", "canary"}) {
			t.Errorf("heard %q", got)
		}
	})
}

func TestTooLongIsNotSent(t *testing.T) {
	for _, test := range []struct {
		name    string
		open    func(t *testing.T) opener
		longest int
	}{
		{"redis", func(t *testing.T) opener { return overRedis(t, redis.Start(t).URL) }, 64 << 10},
		{"postgresql", func(t *testing.T) opener { return overPostgres(apitest.Database(t)(db.AppRole)) }, 5967},
	} {
		t.Run(test.name, func(t *testing.T) {
			open, org := test.open(t), uuid.New()
			a, b := run(t, open), run(t, open)
			b.Join(org)
			meet(t, org, a, b)
			a.Publish(org, []byte(strings.Repeat("x", test.longest+1)))
			a.Publish(org, []byte(strings.Repeat("y", test.longest)))
			a.Publish(org, nil)
			until(t, "two arrive", func() bool { return len(b.heard(org)) >= 2 })
			if got := b.heard(org); len(got) != 2 || got[0] != strings.Repeat("y", test.longest) || got[1] != "" {
				t.Errorf("heard %d messages", len(got))
			}
			if a.lost()+b.lost() > 0 {
				t.Errorf("the connection was lost over it:\n%s%s", a.log, b.log)
			}
		})
	}
}

// TestNothingIsLeft: neither goroutines nor calls, of buses that were connected and of one that never was.
func TestNothingIsLeft(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		org := uuid.New()
		before := stacks()
		a, b := run(t, open), run(t, open)
		a.Join(org)
		b.Join(org)
		meet(t, org, a, b)
		b.end()
		a.Publish(org, []byte("late"))
		a.end()
		a.Publish(org, []byte("too late"))
		a.Join(uuid.New())
		if got := b.heard(org); len(got) > 0 {
			t.Errorf("heard %q after the end", got)
		}
		if before != "" {
			t.Fatalf("an earlier test has left:\n%s", before)
		}
		until(t, "all goroutines end", func() bool { return stacks() == "" })
	})
	t.Run("never connected", func(t *testing.T) {
		server := redis.Start(t)
		server.Kill(t)
		a := run(t, overRedis(t, server.URL))
		b := run(t, func(log *slog.Logger) bus.Bus { return bus.NewPostgres("postgresql:///none?host="+t.TempDir(), log) })
		until(t, "both find nothing", func() bool { return a.lost() > 0 && b.lost() > 0 })
		a.end()
		b.end()
		until(t, "all goroutines end", func() bool { return stacks() == "" })
	})
}

func TestAlone(t *testing.T) {
	n := run(t, func(*slog.Logger) bus.Bus { return bus.Alone() })
	n.Join(uuid.New())
	n.Publish(uuid.New(), nil)
	n.Leave(uuid.New())
	n.end()
}
