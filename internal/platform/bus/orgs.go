package bus

import (
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// orgs are the organizations that a node has joined, and those of which the server is yet to be told.
type orgs struct {
	ready chan struct{} // yields when there are some to tell of

	mu      sync.Mutex
	joined  map[uuid.UUID]struct{}
	changed map[uuid.UUID]struct{}
}

func newOrgs() *orgs {
	return &orgs{ready: make(chan struct{}, 1), joined: map[uuid.UUID]struct{}{}, changed: map[uuid.UUID]struct{}{}}
}

func (o *orgs) join(org uuid.UUID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.joined[org]; !ok {
		o.joined[org] = struct{}{}
		o.tell(org)
	}
}

func (o *orgs) leave(org uuid.UUID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.joined[org]; ok {
		delete(o.joined, org)
		o.tell(org)
	}
}

// forgotten notes that the server sends no more of an organization's messages.
func (o *orgs) forgotten(org uuid.UUID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.joined[org]; ok {
		o.tell(org)
	}
}

func (o *orgs) tell(org uuid.UUID) {
	o.changed[org] = struct{}{}
	signal(o.ready)
}

func (o *orgs) has(org uuid.UUID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.joined[org]
	return ok
}

// all are the joined ones, for a server that knows of none.
func (o *orgs) all() []uuid.UUID {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changed = map[uuid.UUID]struct{}{}
	return slices.Collect(maps.Keys(o.joined))
}

// changes are the ones that were joined or left since the last call.
func (o *orgs) changes() (joined, left []uuid.UUID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for org := range o.changed {
		if _, ok := o.joined[org]; ok {
			joined = append(joined, org)
		} else {
			left = append(left, org)
		}
	}
	o.changed = map[uuid.UUID]struct{}{}
	return joined, left
}

// signal has a channel of one place yield, now or once it is read from.
func signal(ready chan<- struct{}) {
	select {
	case ready <- struct{}{}:
	default:
	}
}
