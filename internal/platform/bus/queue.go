package bus

import (
	"slices"
	"sync"

	"github.com/google/uuid"
)

const (
	queueLength = 1024
	queueBytes  = 1 << 20
)

// message is one to send.
type message struct {
	org  uuid.UUID
	text string
}

// queue holds what waits to be sent. What goes beyond its bounds is lost.
type queue struct {
	ready chan struct{} // yields when there is something to take

	mu      sync.Mutex
	waiting []message
	bytes   int
}

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1)} }

func (q *queue) put(m message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == queueLength || q.bytes+len(m.text) > queueBytes {
		return
	}
	q.waiting = append(q.waiting, m)
	q.bytes += len(m.text)
	signal(q.ready)
}

// take empties the queue. Of equal messages it gives the last, since the last word on something counts.
func (q *queue) take() []message {
	q.mu.Lock()
	taken := q.waiting
	q.waiting, q.bytes = nil, 0
	q.mu.Unlock()

	seen := make(map[message]struct{}, len(taken))
	slices.Reverse(taken)
	taken = slices.DeleteFunc(taken, func(m message) bool {
		_, again := seen[m]
		seen[m] = struct{}{}
		return again
	})
	slices.Reverse(taken)
	return taken
}
