package limit_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/platform/limit"
)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newLimiter() (*limit.Limiter, *clock) {
	c := &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	return limit.New(c.Now), c
}

var ten = limit.Policy{Name: "ten", Quota: 10, Window: time.Minute}

func TestQuotaIsSpentAndRefills(t *testing.T) {
	l, clock := newLimiter()
	for left := 9; left >= 0; left-- {
		if s := l.Take(ten, "a"); !s.Allowed || s.Remaining != left || s.Reset != time.Duration(10-left)*6*time.Second || s.Policy != ten {
			t.Fatalf("with %d left: %+v", left, s)
		}
	}
	if s := l.Take(ten, "a"); s.Allowed || s.Remaining != 0 || s.Reset != 6*time.Second {
		t.Errorf("over the quota: %+v", s)
	}
	clock.pass(5900 * time.Millisecond)
	if l.Take(ten, "a").Allowed {
		t.Error("allowed before one has refilled")
	}
	clock.pass(100 * time.Millisecond)
	if s := l.Take(ten, "a"); !s.Allowed || s.Remaining != 0 {
		t.Errorf("after one has refilled: %+v", s)
	}
	clock.pass(time.Hour)
	if s := l.Take(ten, "a"); !s.Allowed || s.Remaining != 9 {
		t.Errorf("after an hour: %+v, want no more than the quota", s)
	}
}

func TestKeysAndPoliciesAreCountedApart(t *testing.T) {
	l, _ := newLimiter()
	for range 11 {
		l.Take(ten, "a")
	}
	other := limit.Policy{Name: "other", Quota: 1, Window: time.Second}
	for _, s := range []limit.State{l.Take(ten, "b"), l.Take(other, "a"), l.Take(ten, "")} {
		if !s.Allowed {
			t.Errorf("%+v", s)
		}
	}
}

func TestPeekSpendsNothing(t *testing.T) {
	l, _ := newLimiter()
	for range 100 {
		if s := l.Peek(ten, "a"); !s.Allowed || s.Remaining != 10 || s.Reset != 0 {
			t.Fatalf("%+v", s)
		}
	}
	for range 10 {
		l.Take(ten, "a")
	}
	if s := l.Peek(ten, "a"); s.Allowed || s.Reset != 6*time.Second {
		t.Errorf("%+v", s)
	}
}

func TestFullBucketsAreForgottenAndSpentOnesAreNot(t *testing.T) {
	l, clock := newLimiter()
	for range 10 {
		l.Take(ten, "spent")
	}
	for i := range 50_000 { // far past the first sweep
		l.Take(limit.Policy{Name: "many", Quota: 1, Window: time.Millisecond}, fmt.Sprint(i))
		if i%1000 == 0 {
			clock.pass(time.Millisecond)
		}
	}
	if l.Take(ten, "spent").Allowed {
		t.Error("the sweep gave a spent quota back")
	}
}

func TestTogetherNoMoreThanTheQuota(t *testing.T) {
	l, _ := newLimiter()
	allowed := make(chan bool, 100)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { allowed <- l.Take(ten, "a").Allowed })
	}
	wg.Wait()
	close(allowed)
	n := 0
	for ok := range allowed {
		if ok {
			n++
		}
	}
	if n != 10 {
		t.Errorf("%d allowed, want 10", n)
	}
}
