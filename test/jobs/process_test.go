package jobs_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/job"
)

func TestStoppedProcessHandsItsJobsOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	id := h.ask(t, h.SignUp(t, "ana"))
	working, leave := make(chan struct{}), make(chan bool, 1)
	first := h.startProcess(t, handlers(func(ctx context.Context, w *job.Work) error {
		close(working)
		for !w.Yield() {
			if ctx.Err() != nil { // cancelled before it was asked to leave
				leave <- false
				return ctx.Err()
			}
		}
		leave <- true
		return job.ErrUnfinished
	}))
	receive(t, "the job is worked", working)
	first.end()
	if !receive(t, "the job leaves", leave) {
		t.Error("the job was cancelled before Yield asked it to leave")
	}
	if s := h.stored(t, id); s.State != "available" || s.Attempt != 0 || len(s.Errors) != 0 {
		t.Errorf("a stopped process leaves %+v", s)
	}
	h.startProcess(t, handlers(do))
	h.awaitState(t, id, "completed")
	if n := h.timesDone(t, id); n != 1 {
		t.Errorf("chore was done %d times", n)
	}
}

func TestJobThatDoesNotLeaveIsCancelled(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	id := h.ask(t, h.SignUp(t, "ana"))
	working := make(chan struct{})
	first := h.startProcess(t, handlers(func(ctx context.Context, _ *job.Work) error {
		close(working)
		<-ctx.Done()
		return errors.New("interrupted")
	}))
	receive(t, "the job is worked", working)
	first.end()
	if s := h.stored(t, id); s.State != "available" || s.Attempt != 0 || len(s.Errors) != 0 {
		t.Errorf("a cancelled job is left as %+v", s)
	}
}

// TestJobOfAKilledProcessIsDoneAgain leaves a job as kill -9 does: running, of a process that is no more.
func TestJobOfAKilledProcessIsDoneAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	ana := h.SignUp(t, "ana")
	killed, alive := h.ask(t, ana), h.ask(t, ana)
	mark := func(id uuid.UUID, ago string) {
		h.exec(t, `update jobs.river_job set state = 'running', attempt = 1, attempted_by = '{killed}', attempted_at = now() - $2::text::interval
			where args->>'job_id' = $1`, id.String(), ago)
	}
	mark(killed, "31 seconds")
	mark(alive, "1 second") // may still be running
	h.startProcess(t, handlers(do))
	if s := h.awaitState(t, killed, "completed"); s.Attempt != 2 || h.timesDone(t, killed) != 1 {
		t.Errorf("rescued as %+v, done %d times", s, h.timesDone(t, killed))
	}
	if s := h.stored(t, alive); s.State != "running" || h.timesDone(t, alive) != 0 {
		t.Errorf("a job that may be running was taken away: %+v", s)
	}
}

func TestAnotherProcessTakesTheLeadOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	leader := func() string {
		var id string
		if err := h.Owner.QueryRow(t.Context(), "select coalesce(max(leader_id), '') from jobs.river_leader").Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := h.startProcess(t, handlers(do))
	await(t, "the first process leads", func() bool { return leader() != "" })
	was := leader()
	h.startProcess(t, handlers(do))
	first.end()
	await(t, "the second process leads", func() bool { is := leader(); return is != "" && is != was })
}

// TestJobsWaitForTheDatabase starts a process while the database is away, as after a restart of the machine.
func TestJobsWaitForTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	id := h.ask(t, h.SignUp(t, "ana"))
	var refused atomic.Int32
	var there atomic.Bool
	h.startProcessOver(t, handlers(do), func(ctx context.Context, network, address string) (net.Conn, error) {
		if there.Load() {
			return h.Wire.Dial(ctx, network, address)
		}
		refused.Add(1)
		return nil, syscall.ECONNREFUSED
	})
	await(t, "the process finds no database", func() bool { return refused.Load() > 0 })
	there.Store(true)
	h.awaitState(t, id, "completed")
}

// TestJobsOfUnknownKindsAreLeft is what lets an old version run beside a new one.
func TestJobsOfUnknownKindsAreLeft(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	ana := h.SignUp(t, "ana")
	unknown := h.ask(t, ana)
	h.exec(t, "update jobs.river_job set kind = 'of_the_next_version'")
	known := h.ask(t, ana)
	h.startProcess(t, handlers(do))
	h.awaitState(t, known, "completed")
	if s := h.stored(t, unknown); s.State != "available" || s.Attempt != 0 {
		t.Errorf("a job without a handler: %+v", s)
	}
}
