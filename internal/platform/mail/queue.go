package mail

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

var (
	// ErrFull reports that the queue holds as many messages as it may.
	ErrFull = errors.New("mail queue is full")
	// ErrClosed reports that the queue takes no more messages.
	ErrClosed = errors.New("mail queue is closed")
)

const (
	queueCapacity = 1000
	firstDelay    = 5 * time.Second
	longestDelay  = 10 * time.Minute
	giveUpAfter   = time.Hour
)

// Failure is an attempt to send that failed. It has no part of the message that
// may be secret, so that it can be logged.
type Failure struct {
	ID      string
	To      string
	Attempt int
	// Final means that the message is dropped: it was rejected, an hour has
	// passed, or the queue was closed.
	Final bool
	Err   error
}

// Queue is a [Sender] that takes messages at once and sends them one after
// another in the background through another Sender, trying again for an hour.
// It holds up to 1,000 in memory: they do not outlive the process.
type Queue struct {
	sender Sender
	report func(Failure)
	cancel context.CancelFunc
	wake   chan struct{}
	done   chan struct{}

	mu       sync.Mutex
	waiting  schedule
	accepted int // waiting or being sent
	closed   bool
	lost     int
}

// NewQueue starts a queue in front of sender. The values of ctx go to the
// sender, but its end does not stop the queue: [Queue.Close] does. report hears
// of each failure, and must not block.
func NewQueue(ctx context.Context, sender Sender, report func(Failure)) *Queue {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	q := &Queue{sender: sender, report: report, cancel: cancel, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go q.work(ctx)
	return q
}

// Send takes the message over without waiting. Its errors are [ErrRejected],
// [ErrFull] and [ErrClosed].
func (q *Queue) Send(_ context.Context, message Message) error {
	if err := message.check(); err != nil {
		return err
	}
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case q.accepted >= queueCapacity:
		return ErrFull
	}
	q.accepted++
	heap.Push(&q.waiting, &entry{message: message.prepared(), since: now, due: now})
	q.signal()
	return nil
}

// Close takes no more messages, tries those that wait at once, and returns when
// all are sent or dropped. When ctx ends first, those that are left are dropped
// and the error counts them.
func (q *Queue) Close(ctx context.Context) error {
	q.hurry()
	select {
	case <-q.done:
	case <-ctx.Done():
		q.cancel()
		<-q.done
	}
	q.cancel()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lost > 0 {
		return fmt.Errorf("%d messages left unsent: %w", q.lost, ErrClosed)
	}
	return nil
}

func (q *Queue) hurry() {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.closed = true
	for _, e := range q.waiting {
		e.due = now
	}
	heap.Init(&q.waiting)
	q.signal()
}

// signal has the worker look again. One pending signal is enough.
func (q *Queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *Queue) work(ctx context.Context) {
	defer close(q.done)
	for {
		e, wait, ok := q.next()
		switch {
		case ctx.Err() != nil:
			q.abandon(e)
			return
		case e != nil:
			q.deliver(ctx, e)
		case !ok:
			return
		default:
			q.sleep(ctx, wait)
		}
	}
}

// next takes out the message that is due. Without one it says how long until the
// next is, or that none will ever be.
func (q *Queue) next() (e *entry, wait time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil, giveUpAfter, !q.closed
	}
	if wait := time.Until(q.waiting[0].due); wait > 0 {
		return nil, wait, true
	}
	return heap.Pop(&q.waiting).(*entry), 0, true
}

func (q *Queue) sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-q.wake:
	case <-ctx.Done():
	}
}

func (q *Queue) deliver(ctx context.Context, e *entry) {
	e.attempts++
	err := q.sender.Send(ctx, e.message)
	if err == nil {
		q.forget()
		return
	}
	if ctx.Err() != nil {
		q.abandon(e)
		return
	}
	delay := backoff(e.attempts)
	final := errors.Is(err, ErrRejected) || time.Since(e.since)+delay > giveUpAfter
	if final {
		q.forget()
	} else {
		q.postpone(e, delay)
	}
	q.report(e.failure(err, final))
}

func (q *Queue) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.accepted--
}

func (q *Queue) postpone(e *entry, delay time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e.due = time.Now().Add(delay)
	heap.Push(&q.waiting, e)
}

// abandon drops what waits, and e unless it is nil.
func (q *Queue) abandon(e *entry) {
	q.mu.Lock()
	left := q.waiting
	if e != nil {
		left = append(left, e)
	}
	q.waiting = nil
	q.lost += len(left)
	q.accepted -= len(left)
	q.mu.Unlock()
	for _, e := range left {
		q.report(e.failure(ErrClosed, true))
	}
}

// backoff is the wait after so many attempts: doubling from 5 seconds to 10
// minutes, and spread from half to one and a half of that, so that the messages
// of an outage do not come back all together.
func backoff(attempts int) time.Duration {
	delay := longestDelay
	if attempts <= 7 { // 5 s << 7 is past the longest
		delay = firstDelay << (attempts - 1)
	}
	return delay/2 + rand.N(delay)
}

type entry struct {
	message  Message
	since    time.Time
	due      time.Time
	attempts int
}

func (e *entry) failure(err error, final bool) Failure {
	return Failure{ID: e.message.ID, To: e.message.To, Attempt: e.attempts, Final: final, Err: err}
}

// schedule is a heap with the message that is due first on top.
type schedule []*entry

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].due.Before(s[j].due) }
func (s schedule) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *schedule) Push(e any)        { *s = append(*s, e.(*entry)) }

func (s *schedule) Pop() any {
	last := len(*s) - 1
	e := (*s)[last]
	(*s)[last] = nil
	*s = (*s)[:last]
	return e
}
