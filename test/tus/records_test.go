package tus_test

import (
	"context"
	"errors"
	"path"
	"sync"

	"github.com/plinth/plinth/internal/platform/tus"
)

var (
	errNotFound = errors.New("no such upload")
	errFull     = errors.New("the quota is used up")
	errBroken   = errors.New("the database is away")
)

type askerKey struct{}

func asker(ctx context.Context) string {
	name, _ := ctx.Value(askerKey{}).(string)
	return name
}

// record is an upload that a client has begun.
type record struct {
	tus.Found
	owner    string
	finishes int // that have succeeded
	holder   *holder
}

type holder struct {
	wanted func()
	gone   chan struct{}
}

// records keeps uploads in memory. It may be that of several servers at once.
type records struct {
	finishing func(key string, f tus.Finished) error

	mu       sync.Mutex
	all      map[string]*record
	refuse   error // of Begin
	breaks   int   // so many Finish fail, after they have taken the bytes
	lockFail error
	atLock   func(wanted func()) // is called by the next Lock, before it locks
}

func newRecords() *records { return &records{all: map[string]*record{}} }

func (r *records) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// get is the record of the upload at a place.
func (r *records) get(where string) record {
	r.mu.Lock()
	defer r.mu.Unlock()
	if found := r.all[path.Base(where)]; found != nil {
		return *found
	}
	return record{}
}

func (r *records) Begin(ctx context.Context, u tus.Upload) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		return "", r.refuse
	}
	key := "0190a5b0-0000-7000-8000-00000000beef/" + u.ID
	r.all[u.ID] = &record{Found: tus.Found{Upload: u, Key: key}, owner: asker(ctx)}
	return key, nil
}

func (r *records) Find(ctx context.Context, id string) (tus.Found, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.all[id]
	if found == nil || found.owner != asker(ctx) {
		return tus.Found{}, errNotFound
	}
	return found.Found, nil
}

func (r *records) Finish(_ context.Context, id string, f tus.Finished) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.all[id]
	if err := r.finishing(found.Key, f); err != nil {
		return err
	}
	if r.breaks > 0 {
		r.breaks--
		return errBroken
	}
	found.Finished = true
	found.finishes++
	return nil
}

func (r *records) Abort(_ context.Context, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, id)
	return nil
}

func (r *records) Lock(ctx context.Context, id string, wanted func()) (func(), error) {
	if before := r.takeAtLock(); before != nil {
		before(wanted)
	}
	me := &holder{wanted: wanted, gone: make(chan struct{})}
	for {
		other, err := r.hold(id, me)
		if err != nil {
			return nil, err
		}
		if other == nil {
			return func() { r.letGo(id, me) }, nil
		}
		other.wanted()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-other.gone:
		}
	}
}

// hold takes a lock, or returns who has it.
func (r *records) hold(id string, me *holder) (*holder, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lockFail != nil {
		return nil, r.lockFail
	}
	found := r.all[id]
	if found == nil {
		return nil, errNotFound
	}
	if found.holder == nil {
		found.holder = me
		return nil, nil
	}
	return found.holder, nil
}

func (r *records) letGo(id string, me *holder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if found := r.all[id]; found != nil {
		found.holder = nil
	}
	close(me.gone)
}

func (r *records) takeAtLock() func(func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.atLock
	r.atLock = nil
	return before
}

// held tells whether a request holds the upload.
func (r *records) held(where string) bool { return r.get(where).holder != nil }
