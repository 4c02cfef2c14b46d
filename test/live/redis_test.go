package live_test

import (
	"testing"

	"github.com/plinth/plinth/test/redis"
)

// unruly is a Redis to which evils happen in any order.
type unruly struct {
	*redis.Server
	down, paused bool
}

func (r *unruly) kill(t testing.TB) {
	t.Helper()
	if !r.down {
		r.Kill(t)
	}
	r.down, r.paused = true, false
}

func (r *unruly) pause(t testing.TB) {
	t.Helper()
	if !r.down && !r.paused {
		r.Stop(t)
		r.paused = true
	}
}

// start has it serve again, whatever happened to it.
func (r *unruly) start(t testing.TB) {
	t.Helper()
	switch {
	case r.down:
		r.Restart(t)
	case r.paused:
		r.Continue(t)
	}
	r.down, r.paused = false, false
}

// flush empties it, where it runs.
func (r *unruly) flush(t testing.TB) {
	t.Helper()
	if !r.down && !r.paused {
		r.Do(t, "FLUSHALL")
	}
}
