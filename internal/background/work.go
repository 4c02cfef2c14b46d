package background

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/background/backgrounddb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/job"
	"github.com/plinth/plinth/internal/platform/rbac"
)

const (
	// chunk is how many operations share a transaction. PostgreSQL keeps track of up to 64 savepoints cheaply.
	chunk = 50

	// attempts bounds how often is run again what lost a race with others.
	attempts = 5
)

// Plan is a job's input as its feature reads it: operations, counted from 0.
type Plan interface {
	// Lock takes the locks that the operations from one to before the other need, in an order that all such transactions keep.
	Lock(ctx context.Context, s *db.Scope, from, to int) error
	// Do does an operation. Its refusal names places in the request that made the job.
	Do(ctx context.Context, s *db.Scope, index int) error
	// Task is what an operation calls its task; empty where it makes one.
	Task(index int) string
}

// Open reads the input of a job.
type Open func(input []byte) (Plan, error)

// Handle has a process do the jobs of a kind. Wrote is called when events may have been written.
//
// A chunk of operations, how far the job has come by it and what failed of it are one transaction, which begins with the
// lock of the job's row. So each operation takes effect once, however often a process is killed, and in whichever processes
// the job runs; and between two chunks the job can be cancelled.
func Handle(workers *job.Workers, kind job.Kind, open Open, wrote func(org uuid.UUID)) {
	workers.Handle(kind, func(ctx context.Context, w *job.Work) error {
		input, err := backgrounddb.New(scope(w)).GetInput(ctx, backgrounddb.GetInputParams{OrgID: w.Org, ID: w.ID})
		if errors.Is(err, db.ErrNoRows) {
			return nil // it has been cancelled, or is gone with its user
		}
		if err != nil {
			return err
		}
		plan, err := open(input)
		if err != nil {
			return fmt.Errorf("read the job's input: %w", err)
		}
		for {
			more, err := goOn(ctx, w, plan)
			wrote(w.Org)
			switch {
			case err != nil || !more:
				return err
			case w.Yield():
				return job.ErrUnfinished
			}
		}
	})
}

func scope(w *job.Work) *db.Scope {
	least, _ := rbac.Least(rbac.JobWrite)
	return w.Scope(int16(least))
}

// goOn does the next chunk, again where it lost a race as a whole, and tells whether there is more.
func goOn(ctx context.Context, w *job.Work, plan Plan) (more bool, err error) {
	for range attempts {
		s := scope(w)
		err = s.Together(ctx, func() error {
			more, err = doChunk(ctx, s, w, plan)
			return err
		})
		if !retryable(err) || ctx.Err() != nil {
			return more, err
		}
	}
	return false, err
}

// failure is an operation that was refused, as it is stored.
type failure struct {
	Index  int                `json:"index"`
	Task   *string            `json:"task"`
	Kind   fault.Kind         `json:"kind"`
	Detail string             `json:"detail"`
	Errors []api.ProblemError `json:"errors"`
}

func doChunk(ctx context.Context, s *db.Scope, w *job.Work, plan Plan) (more bool, err error) {
	q := backgrounddb.New(s)
	taken, err := q.TakeChunk(ctx, backgrounddb.TakeChunkParams{OrgID: w.Org, ID: w.ID})
	if errors.Is(err, db.ErrNoRows) {
		return false, nil // cancelled meanwhile
	}
	if err != nil {
		return false, err
	}
	from, to := int(taken.Done), int(min(taken.Total, taken.Done+chunk))
	if err := plan.Lock(ctx, s, from, to); err != nil {
		return false, err
	}
	failures := []failure{}
	for i := from; i < to; i++ {
		refused, err := Attempt(ctx, s, func() error { return plan.Do(ctx, s, i) })
		if err != nil {
			return false, err
		}
		if refused != nil {
			failures = append(failures, failed(i, plan.Task(i), refused))
		}
	}
	stored, err := json.Marshal(failures)
	if err != nil {
		return false, fmt.Errorf("encode failures: %w", err)
	}
	return to < int(taken.Total), q.EndChunk(ctx, backgrounddb.EndChunkParams{OrgID: w.Org, ID: w.ID, Done: int32(to), Failures: stored})
}

func failed(index int, task string, refused *fault.Fault) failure {
	f := failure{Index: index, Kind: refused.Kind, Detail: refused.Detail, Errors: []api.ProblemError{}}
	if task != "" {
		f.Task = &task
	}
	for _, field := range refused.Fields {
		f.Errors = append(f.Errors, api.ProblemError(field))
	}
	return f
}

// Attempt runs one of several operations in the scope's transaction, again where it lost a race. What it was refused for
// comes back as refused, with all that it did undone; an error means that the whole transaction is to be given up.
func Attempt(ctx context.Context, s *db.Scope, do func() error) (refused *fault.Fault, err error) {
	for attempt := 1; ; attempt++ {
		why, lost := s.Try(ctx, do)
		if lost != nil {
			return nil, lost
		}
		if why == nil {
			return nil, nil
		}
		if retryable(why) && !db.Deadlocked(why) && attempt < attempts {
			continue
		}
		if _, answerable := api.RefusalOf(why); !answerable || db.Deadlocked(why) || !errors.As(why, &refused) {
			return nil, why
		}
		return refused, nil
	}
}

func retryable(err error) bool {
	var f *fault.Fault
	return errors.As(err, &f) && f.Retryable
}

// GaveUp notes on a job that it failed for good, and why; it fits job.Workers. A job whose user has left the organization
// is gone, too.
func GaveUp(ctx context.Context, w *job.Work, cause error) error {
	kind := fault.Internal
	var f *fault.Fault
	if errors.As(cause, &f) {
		kind = f.Kind
	}
	err := backgrounddb.New(w.Scope(int16(rbac.Guest))).FailJob(ctx, backgrounddb.FailJobParams{ID: w.ID, Fault: string(kind)})
	if fault.Is(err, fault.OrgDenied) {
		return nil
	}
	return err
}
