package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
)

// args are what app.enqueue stores of a job.
type args struct {
	Org  uuid.UUID `json:"org_id"`
	User uuid.UUID `json:"user_id"`
	ID   uuid.UUID `json:"job_id"`

	kind Kind // set where a worker is registered; River knows the kind of a stored job without it
}

// Kind implements river.JobArgs.
func (a args) Kind() string { return string(a.kind) }

// worker runs a handler for River.
type worker struct {
	river.WorkerDefaults[args]
	handle   Handler
	gaveUp   func(ctx context.Context, w *Work, cause error)
	pool     *db.Pool
	stopping <-chan struct{}
	log      *slog.Logger
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, j *river.Job[args]) error {
	run := &Work{
		Kind: Kind(j.Kind), Org: j.Args.Org, User: j.Args.User, ID: j.Args.ID,
		Attempt: j.Attempt, Last: j.Attempt >= j.MaxAttempts,
		pool: w.pool, yieldAt: time.Now().Add(turn), stopping: w.stopping,
	}
	err := w.attempt(ctx, run)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrUnfinished), stopped(ctx):
		return river.JobSnooze(0) // at once, and not counted
	}
	w.log.WarnContext(ctx, "job failed", "kind", run.Kind, "job", run.ID, "org", run.Org, "attempt", j.Attempt, "attempts", j.MaxAttempts,
		"cause", err.Error())
	if run.Last || refused(err) {
		w.tell(ctx, run, err)
	}
	if refused(err) {
		return river.JobCancel(failure{err})
	}
	return failure{err}
}

// attempt runs the handler; its panic is an error like others.
func (w *worker) attempt(ctx context.Context, run *Work) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return w.handle(ctx, run)
}

// tell notes that the job has been given up. The run may have used its time up.
func (w *worker) tell(ctx context.Context, run *Work, cause error) {
	if w.gaveUp == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
	defer cancel()
	w.gaveUp(ctx, run, cause)
}

// stopped tells a run that is cancelled with its process from one that took too long.
func stopped(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// refused tells that the job's user may not do what it does.
func refused(err error) bool {
	return fault.Is(err, fault.OrgDenied) || fault.Is(err, fault.Forbidden)
}

// failure is what River stores of an error: its kind, as the text may hold a tenant's values. The log has the text.
type failure struct{ cause error }

func (f failure) Error() string {
	var known *fault.Fault
	switch {
	case errors.As(f.cause, &known):
		return string(known.Kind)
	case errors.Is(f.cause, context.DeadlineExceeded):
		return context.DeadlineExceeded.Error()
	}
	return string(fault.Internal)
}

func (f failure) Unwrap() error { return f.cause }
