package jobs_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/job"
	"github.com/plinth/plinth/internal/platform/rbac"
)

func TestTwoProcessesDoEachJobOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, handlers(do))
	h.startProcess(t, handlers(do))
	ana := h.SignUp(t, "ana")
	var asked []uuid.UUID
	for range 40 {
		asked = append(asked, h.ask(t, ana))
	}
	for _, id := range asked {
		if s := h.awaitState(t, id, "completed"); s.Attempt != 1 || s.WorkedBy != 1 {
			t.Errorf("job took %d attempts of %d processes", s.Attempt, s.WorkedBy)
		}
		if n := h.timesDone(t, id); n != 1 {
			t.Errorf("chore was done %d times", n)
		}
	}
}

func TestJobExistsExactlyWhenItsRowDoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	ana := h.SignUp(t, "ana")
	id := h.ask(t, ana)
	if _, err := h.tryAsk(t, ana, id); !fault.Is(err, fault.Conflict) {
		t.Fatalf("the second chore of one id: %v", err)
	}
	guest := ana.Join(t, "gus", "guest")
	if _, err := h.tryAsk(t, guest, uuid.New()); !fault.Is(err, fault.Forbidden) {
		t.Fatalf("a guest's chore: %v", err)
	}
	var n int
	if err := h.Owner.QueryRow(t.Context(), "select count(*) from jobs.river_job").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d jobs of 1 chore: %v", n, err)
	}
}

func TestFailedJobIsTriedAgainLater(t *testing.T) {
	t.Parallel()
	const secret = "the tenant's own words"
	h := newHouse(t, handlers(func(ctx context.Context, w *job.Work) error {
		switch w.Attempt {
		case 1:
			return errors.New(secret)
		case 2:
			panic(secret)
		}
		return do(ctx, w)
	}))
	id := h.ask(t, h.SignUp(t, "ana"))

	var waits []time.Duration
	await(t, "two failed attempts", func() bool {
		s := h.stored(t, id)
		if len(s.Errors) == len(waits)+1 && s.State != "running" {
			waits = append(waits, s.Waits)
		}
		return len(waits) == 2
	})
	if waits[0] < 500*time.Millisecond || waits[1] < 10*waits[0] {
		t.Errorf("waits %v between attempts do not grow", waits)
	}
	h.exec(t, "update jobs.river_job set scheduled_at = now() where args->>'job_id' = $1", id.String())
	s := h.awaitState(t, id, "completed")
	if s.Attempt != 3 || h.timesDone(t, id) != 1 {
		t.Errorf("completed at attempt %d, done %d times", s.Attempt, h.timesDone(t, id))
	}
	for _, text := range s.Errors {
		if text != string(fault.Internal) {
			t.Errorf("stored error %q holds more than its kind", text)
		}
	}
}

// report is what GaveUp is told.
type report struct {
	id    uuid.UUID
	last  bool
	cause error
}

func reporting(h job.Handler) (*job.Workers, <-chan report) {
	reports := make(chan report, 10)
	w := handlers(h)
	w.GaveUp = func(_ context.Context, w *job.Work, cause error) { reports <- report{w.ID, w.Last, cause} }
	return w, reports
}

func TestLastFailureIsTold(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	w, reports := reporting(func(context.Context, *job.Work) error { return broken })
	h := newHouse(t, nil)
	id := h.ask(t, h.SignUp(t, "ana"))
	h.exec(t, "update jobs.river_job set max_attempts = 2")
	h.startProcess(t, w)
	if r := receive(t, "report", reports); r.id != id || !r.last || !errors.Is(r.cause, broken) {
		t.Errorf("told %+v", r)
	}
	if s := h.awaitState(t, id, "discarded"); s.Attempt != 2 {
		t.Errorf("given up at attempt %d", s.Attempt)
	}
	if len(reports) > 0 {
		t.Errorf("told again: %+v", <-reports)
	}
}

func TestJobOfOneWhoHasLeftEndsAtOnce(t *testing.T) {
	t.Parallel()
	w, reports := reporting(do)
	h := newHouse(t, nil)
	ana := h.SignUp(t, "ana")
	ben := ana.Join(t, "ben", "member")
	id := h.ask(t, ben)
	ana.Do(t, "DELETE", "/v1/orgs/"+ana.Org+"/members/"+ben.User, nil).Want(t, http.StatusNoContent)
	h.startProcess(t, w)
	if r := receive(t, "report", reports); r.id != id || !fault.Is(r.cause, fault.OrgDenied) {
		t.Errorf("told %+v", r)
	}
	if s := h.awaitState(t, id, "cancelled"); s.Attempt != 1 || !strings.HasSuffix(strings.Join(s.Errors, " "), ": "+string(fault.OrgDenied)) {
		t.Errorf("job %+v", s)
	}
	if n := h.timesDone(t, id); n != 0 {
		t.Errorf("chore was done %d times", n)
	}
}

func TestJobSeesItsOrganizationAlone(t *testing.T) {
	t.Parallel()
	seen := make(chan []uuid.UUID, 1)
	w := handlers(func(ctx context.Context, w *job.Work) error {
		rows, err := w.Scope(int16(rbac.Guest)).Query(ctx, "select org_id from app.chores")
		if err != nil {
			return err
		}
		var orgs []uuid.UUID
		for rows.Next() {
			var org uuid.UUID
			if err := rows.Scan(&org); err != nil {
				return err
			}
			orgs = append(orgs, org)
		}
		seen <- orgs
		return rows.Err()
	})
	h := newHouse(t, nil)
	ana, eve := h.SignUp(t, "ana"), h.SignUp(t, "eve")
	h.ask(t, eve)
	h.exec(t, "delete from jobs.river_job")
	h.ask(t, ana)
	h.startProcess(t, w)
	if orgs := receive(t, "what the job sees", seen); len(orgs) != 1 || orgs[0].String() != ana.Org {
		t.Errorf("a job of %s sees rows of %v", ana.Org, orgs)
	}
}

func TestUnfinishedJobGoesOn(t *testing.T) {
	t.Parallel()
	const parts = 3
	var mu sync.Mutex
	attempts := map[int]int{}
	h := newHouse(t, handlers(func(ctx context.Context, w *job.Work) error {
		mu.Lock()
		defer mu.Unlock()
		attempts[w.Attempt]++
		if err := do(ctx, w); err != nil {
			return err
		}
		if attempts[1] < parts {
			return job.ErrUnfinished
		}
		return nil
	}))
	id := h.ask(t, h.SignUp(t, "ana"))
	s := h.awaitState(t, id, "completed")
	if n := h.timesDone(t, id); n != parts || s.Attempt != 1 || s.Snoozes != parts-1 || len(s.Errors) != 0 {
		t.Errorf("after %d parts of %d: %+v", n, parts, s)
	}
}
