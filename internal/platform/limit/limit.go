// Package limit counts requests against token buckets, in this process.
package limit

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Policy is a named quota: so many requests in a window, which refill steadily and may be spent at once.
type Policy struct {
	Name   string
	Quota  int
	Window time.Duration
}

// State is what is left of a policy for one key.
type State struct {
	Policy    Policy
	Allowed   bool
	Remaining int
	Reset     time.Duration // until the quota is whole again; where not Allowed, until one request is
}

// Limiter holds a bucket per policy and key. Full buckets are forgotten, so its size follows the recent callers.
type Limiter struct {
	now func() time.Time

	mu      sync.Mutex
	buckets map[bucketKey]*rate.Limiter
	sweepAt int
}

type bucketKey struct{ policy, key string }

const firstSweep = 10_000

// New makes a limiter on the clock.
func New(now func() time.Time) *Limiter {
	return &Limiter{now: now, buckets: map[bucketKey]*rate.Limiter{}, sweepAt: firstSweep}
}

// Take spends one request of the key's quota, where one is left.
func (l *Limiter) Take(p Policy, key string) State {
	now := l.now()
	b := l.bucket(p, key, now)
	return state(p, b, b.AllowN(now, 1), now)
}

// Refund gives back a request that Take allowed.
func (l *Limiter) Refund(p Policy, key string) {
	now := l.now()
	l.bucket(p, key, now).AllowN(now, -1)
}

// Peek tells what Take would, without spending.
func (l *Limiter) Peek(p Policy, key string) State {
	now := l.now()
	b := l.bucket(p, key, now)
	return state(p, b, b.TokensAt(now) >= 1, now)
}

func (l *Limiter) bucket(p Policy, key string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := bucketKey{p.Name, key}
	if b, ok := l.buckets[id]; ok {
		return b
	}
	if len(l.buckets) >= l.sweepAt {
		l.sweep(now)
	}
	b := rate.NewLimiter(rate.Limit(float64(p.Quota)/p.Window.Seconds()), p.Quota)
	l.buckets[id] = b
	return b
}

// sweep forgets the buckets that are full again.
func (l *Limiter) sweep(now time.Time) {
	for id, b := range l.buckets {
		if b.TokensAt(now) >= float64(b.Burst()) {
			delete(l.buckets, id)
		}
	}
	l.sweepAt = max(firstSweep, 2*len(l.buckets))
}

func state(p Policy, b *rate.Limiter, allowed bool, now time.Time) State {
	left := b.TokensAt(now)
	missing := float64(p.Quota) - left
	if !allowed {
		missing = 1 - left
	}
	seconds := math.Max(0, missing) * p.Window.Seconds() / float64(p.Quota)
	return State{p, allowed, int(math.Max(0, left)), time.Duration(math.Ceil(seconds)) * time.Second}
}
