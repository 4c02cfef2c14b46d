package mail_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth/plinth/internal/platform/mail"
)

// outbox is a Sender that keeps what it is given.
type outbox struct {
	mu       sync.Mutex
	fail     error
	sent     []mail.Message
	attempts []time.Time
}

func (o *outbox) Send(_ context.Context, m mail.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.attempts = append(o.attempts, time.Now())
	if o.fail != nil {
		return o.fail
	}
	o.sent = append(o.sent, m)
	return nil
}

func (o *outbox) mend() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail = nil
}

func (o *outbox) state() (sent []mail.Message, attempts []time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent), slices.Clone(o.attempts)
}

// failures keeps what a queue reports.
type failures struct {
	mu  sync.Mutex
	all []mail.Failure
}

func (f *failures) report(failure mail.Failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, failure)
}

func (f *failures) list() []mail.Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all)
}

func send(t *testing.T, s mail.Sender, to string) {
	t.Helper()
	if err := s.Send(t.Context(), mail.Message{To: to}); err != nil {
		t.Errorf("to %s: %v", to, err)
	}
}

func closeQueue(t *testing.T, q *mail.Queue) {
	t.Helper()
	if err := q.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestQueueSendsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, failed := &outbox{}, &failures{}
		ctx, cancel := context.WithCancel(t.Context())
		q := mail.NewQueue(ctx, out, failed.report)
		cancel() // does not stop it
		for i := range 5 {
			send(t, q, fmt.Sprintf("u%d@example.org", i))
			synctest.Wait()
		}
		sent, _ := out.state()
		for i, m := range sent {
			if m.To != fmt.Sprintf("u%d@example.org", i) || m.ID == "" {
				t.Errorf("message %d is %+v", i, m)
			}
		}
		if len(sent) != 5 || len(failed.list()) != 0 {
			t.Errorf("%d sent, failures %v", len(sent), failed.list())
		}
		closeQueue(t, q)
		if err := q.Send(t.Context(), mail.Message{To: "a@example.org"}); !errors.Is(err, mail.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		closeQueue(t, q)
	})
}

func TestQueueOutlastsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, failed := &outbox{fail: errors.New("down")}, &failures{}
		q := mail.NewQueue(t.Context(), out, failed.report)
		defer closeQueue(t, q)
		headers := map[string]string{"X-Org": "a"}
		if err := q.Send(t.Context(), mail.Message{To: "a@example.org", Headers: headers}); err != nil {
			t.Fatal(err)
		}
		headers["X-Org"] = "b" // the queue has its own
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		_, attempts := out.state()
		if len(attempts) < 6 || len(attempts) > 12 {
			t.Errorf("%d attempts in 20 minutes", len(attempts))
		}
		out.mend()
		time.Sleep(15 * time.Minute) // the longest wait
		synctest.Wait()
		sent, _ := out.state()
		if len(sent) != 1 || sent[0].Headers["X-Org"] != "a" {
			t.Fatalf("sent %+v", sent)
		}
		for i, f := range failed.list() {
			if f.Final || f.Attempt != i+1 || f.To != "a@example.org" || f.ID != sent[0].ID {
				t.Errorf("failure %d: %+v", i, f)
			}
		}
	})
}

func TestQueueBacksOffAndGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, failed := &outbox{fail: errors.New("down")}, &failures{}
		q := mail.NewQueue(t.Context(), out, failed.report)
		defer closeQueue(t, q)
		send(t, q, "a@example.org")
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		_, attempts := out.state()
		base := 5 * time.Second
		for i := 1; i < len(attempts); i++ {
			wait := attempts[i].Sub(attempts[i-1])
			if wait < base/2 || wait > base*3/2 {
				t.Errorf("wait %d is %v, want about %v", i, wait, base)
			}
			base = min(2*base, 10*time.Minute)
		}
		if life := attempts[len(attempts)-1].Sub(attempts[0]); life > time.Hour || life < 40*time.Minute {
			t.Errorf("gave up after %v", life)
		}
		all := failed.list()
		if last := all[len(all)-1]; !last.Final || len(all) != len(attempts) || slices.ContainsFunc(all[:len(all)-1], func(f mail.Failure) bool { return f.Final }) {
			t.Errorf("failures %+v", all)
		}
	})
}

// The messages of an outage are spread out, and one that fails does not hold up
// the others.
func TestQueueSpreadsAndDoesNotBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, failed := &outbox{fail: errors.New("down")}, &failures{}
		q := mail.NewQueue(t.Context(), out, failed.report)
		defer closeQueue(t, q)
		for range 20 {
			send(t, q, "a@example.org")
		}
		synctest.Wait()
		out.mend()
		send(t, q, "b@example.org")
		synctest.Wait()
		if sent, _ := out.state(); len(sent) != 1 || sent[0].To != "b@example.org" {
			t.Errorf("sent at once: %+v", sent)
		}
		time.Sleep(8 * time.Second)
		synctest.Wait()
		sent, attempts := out.state()
		times := slices.Compact(attempts[21:])
		if len(sent) != 21 || len(times) < 15 {
			t.Errorf("%d sent, at %d different times", len(sent), len(times))
		}
	})
}

func TestQueueDropsTheRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, failed := &outbox{fail: fmt.Errorf("%w: no such user", mail.ErrRejected)}, &failures{}
		q := mail.NewQueue(t.Context(), out, failed.report)
		send(t, q, "a@example.org")
		synctest.Wait()
		if all := failed.list(); len(all) != 1 || !all[0].Final || !errors.Is(all[0].Err, mail.ErrRejected) {
			t.Errorf("failures %+v", all)
		}
		closeQueue(t, q)
		if err := q.Send(t.Context(), mail.Message{To: "a@example.org\r\nBcc: b@example.org"}); !errors.Is(err, mail.ErrRejected) {
			t.Errorf("malformed: %v", err)
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, failed := &outbox{fail: errors.New("down")}, &failures{}
		q := mail.NewQueue(t.Context(), out, failed.report)
		for range 1000 {
			send(t, q, "a@example.org")
		}
		if err := q.Send(t.Context(), mail.Message{To: "a@example.org"}); !errors.Is(err, mail.ErrFull) {
			t.Errorf("the 1,001st: %v", err)
		}
		out.mend()
		time.Sleep(time.Minute)
		synctest.Wait()
		send(t, q, "b@example.org")
		closeQueue(t, q)
		if sent, _ := out.state(); len(sent) != 1001 {
			t.Errorf("%d sent", len(sent))
		}
	})
}

func TestCloseTriesTheWaitingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, failed := &outbox{fail: errors.New("down")}, &failures{}
		q := mail.NewQueue(t.Context(), out, failed.report)
		send(t, q, "a@example.org")
		synctest.Wait()
		out.mend()
		start := time.Now()
		closeQueue(t, q)
		if sent, _ := out.state(); len(sent) != 1 || time.Since(start) != 0 {
			t.Errorf("%d sent after %v", len(sent), time.Since(start))
		}
	})
}

func TestCloseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := &failures{}
		stuck := senderFunc(func(ctx context.Context, _ mail.Message) error {
			<-ctx.Done()
			return ctx.Err()
		})
		q := mail.NewQueue(t.Context(), stuck, failed.report)
		send(t, q, "a@example.org")
		send(t, q, "b@example.org")
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		err := q.Close(ctx)
		if err == nil || !strings.Contains(err.Error(), "2 messages") || time.Since(start) != 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		all := failed.list()
		if len(all) != 2 || !all[0].Final || !all[1].Final {
			t.Errorf("failures %+v", all)
		}
	})
}

type senderFunc func(context.Context, mail.Message) error

func (f senderFunc) Send(ctx context.Context, m mail.Message) error { return f(ctx, m) }

// With a real server: down, then back on the same port.
func TestQueueDeliversWhenTheServerIsBack(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	down := make(chan mail.Failure, 100)
	q := mail.NewQueue(t.Context(), newSMTP(t, "smtp://"+addr), func(f mail.Failure) { down <- f })
	for i := range 3 {
		send(t, q, fmt.Sprintf("u%d@example.org", i))
		if f := <-down; f.Final || f.Attempt != 1 {
			t.Errorf("failure %+v", f)
		}
	}
	s := startServer(t, listen(t, addr))
	closeQueue(t, q) // tries again at once
	got := map[string]bool{}
	for range 3 {
		got[receive(t, s).to] = true
	}
	if len(got) != 3 || len(down) != 0 {
		t.Errorf("received by %v, %d more failures", got, len(down))
	}
}
