// Package job does work after the request that asked for it, on River (https://riverqueue.com).
//
// A job names an organization, the user for whom it works and a row of a tenant's table that says what to do; it holds no
// content. It is made in the transaction that writes this row, by Enqueue or by app.enqueue in a statement, and so exists
// exactly when the row does. A Handler works in the user's scope, like a request.
//
// A job runs at least once: a process may be killed after the work and before River has noted it. Handlers therefore note
// their progress in the transaction that makes it.
package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/db"
)

// Kind names what a job does, in letters, digits and the signs - _ . : It is stored, so it does not change.
type Kind string

// Enqueue makes a job in the scope's organization for its user, in the transaction of the scope's next query: it is
// there when that query's changes are. The id is what the handler reads its work by. Within half a second a process takes
// the job on.
func Enqueue(ctx context.Context, s *db.Scope, kind Kind, id uuid.UUID) error {
	_, err := s.Ahead().Exec(ctx, "select app.enqueue($1, $2)", string(kind), id)
	return err
}

// Handler does a job or a part of it. Nil ends the job, ErrUnfinished has it go on, another error has it tried again
// later, and a refused scope (the user has left or may no longer do this) ends it as a failure at once.
type Handler func(ctx context.Context, w *Work) error

// ErrUnfinished has a job run again soon, in this process or another one: it has got on and has more to do. That is no
// failure and takes none of its attempts.
var ErrUnfinished = errors.New("job is unfinished")

// Work is one run of a job.
type Work struct {
	Kind    Kind
	Org     uuid.UUID
	User    uuid.UUID // for whom the job works
	ID      uuid.UUID // of the row that says what to do
	Attempt int       // from 1; runs that end in ErrUnfinished are not counted
	Last    bool      // a failure now is final

	pool     *db.Pool
	yieldAt  time.Time
	stopping <-chan struct{}
}

// Scope is the scope of the job's organization and user, whose role there must be need or higher at this moment.
func (w *Work) Scope(need int16) *db.Scope { return w.pool.Job(w.User, w.Org, need) }

// Yield says, at a point where the work can be left, whether to leave it with ErrUnfinished: the process is stopping, or
// others have waited long enough.
func (w *Work) Yield() bool {
	select {
	case <-w.stopping:
		return true
	default:
		return !time.Now().Before(w.yieldAt)
	}
}

// Workers are the handlers of a process.
type Workers struct {
	// GaveUp is told of a job that has failed for good, with the cause: to note it where its user looks. The scope may
	// refuse the user by then. Nil tells nobody.
	GaveUp func(ctx context.Context, w *Work, cause error)

	handlers map[Kind]Handler
}

// Handle registers the handler of a kind. A second one for the same kind panics, as two routes of one path do.
func (w *Workers) Handle(kind Kind, h Handler) {
	if w.handlers == nil {
		w.handlers = map[Kind]Handler{}
	}
	if w.handlers[kind] != nil {
		panic(fmt.Sprintf("job: two handlers for %q", kind))
	}
	w.handlers[kind] = h
}
