// Package jobs_test runs background jobs on real databases: how they are made, worked, tried again, stopped and handed
// from one process to another.
package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/job"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m) }

const chore job.Kind = "chore"

const (
	deadline = time.Minute
	lookEach = 10 * time.Millisecond
)

// chores is a tenant's table, whose rows the tests' jobs work on.
const chores = `
create table app.chores (org_id uuid not null, id uuid not null, done int not null default 0, primary key (org_id, id));
select app.tenant_table('chores')`

// house is a server with chores, and a process's handlers.
type house struct {
	*apitest.Server
	pool *db.Pool
}

// newHouse makes a server; it takes no jobs on unless handlers are given.
func newHouse(t *testing.T, handlers *job.Workers) house {
	t.Helper()
	var options []apitest.Option
	if handlers != nil {
		options = append(options, apitest.WithJobs(handlers))
	}
	h := house{Server: apitest.New(t, options...)}
	h.pool = h.App.Pool
	h.exec(t, chores)
	return h
}

func (h house) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if len(args) == 0 {
		args = []any{pgx.QueryExecModeSimpleProtocol}
	}
	if _, err := h.Owner.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// scope is the scope of somebody's request.
func (h house) scope(t testing.TB, who *apitest.Client) *db.Scope {
	t.Helper()
	user := uuid.MustParse(who.User)
	var session uuid.UUID
	if err := h.Owner.QueryRow(t.Context(), "select id from app.sessions where user_id = $1", user).Scan(&session); err != nil {
		t.Fatal(err)
	}
	subject := db.Subject{Reseller: api.DefaultReseller, User: user, Session: session}
	return h.pool.Org(subject, uuid.MustParse(who.Org), int16(rbac.Guest))
}

// ask makes a chore and its job, in one transaction, and returns the chore.
func (h house) ask(t testing.TB, who *apitest.Client) uuid.UUID {
	t.Helper()
	id, err := h.tryAsk(t, who, uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (h house) tryAsk(t testing.TB, who *apitest.Client, id uuid.UUID) (uuid.UUID, error) {
	t.Helper()
	s := h.scope(t, who)
	if err := job.Enqueue(t.Context(), s, chore, id); err != nil {
		return id, err
	}
	_, err := s.Exec(t.Context(), "insert into app.chores (org_id, id) values ($1, $2)", s.Org(), id)
	return id, err
}

// do notes in the tenant's row that the chore was done once more.
func do(ctx context.Context, w *job.Work) error {
	tag, err := w.Scope(int16(rbac.Member)).Exec(ctx, "update app.chores set done = done + 1 where org_id = $1 and id = $2", w.Org, w.ID)
	if err == nil && tag.RowsAffected() != 1 {
		err = errors.New("the chore is not there")
	}
	return err
}

func handlers(h job.Handler) *job.Workers {
	w := &job.Workers{}
	w.Handle(chore, h)
	return w
}

// process is another process on the same database.
type process struct {
	stop context.CancelFunc
	done chan struct{}
}

// startProcess runs a process that does jobs, until the test ends or stop.
func (h house) startProcess(t *testing.T, handlers *job.Workers) *process {
	t.Helper()
	return h.startProcessOver(t, handlers, h.Wire.Dial)
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func (h house) startProcessOver(t *testing.T, handlers *job.Workers, dial dialer) *process {
	t.Helper()
	pool, err := db.Open(t.Context(), h.DatabaseURL(db.AppRole), db.Options{Size: 8, Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	client, err := job.New(pool, handlers, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &process{stop, make(chan struct{})}
	go func() { client.Run(ctx); close(p.done) }()
	t.Cleanup(func() { p.end(); pool.Close() })
	return p
}

// end stops the process and waits for it.
func (p *process) end() {
	p.stop()
	<-p.done
}

// stored is a job as River has it.
type stored struct {
	State    string
	Attempt  int
	Errors   []string
	Waits    time.Duration // from its last attempt to the next
	Snoozes  int
	WorkedBy int
}

func (h house) stored(t testing.TB, id uuid.UUID) stored {
	t.Helper()
	var s stored
	err := h.Owner.QueryRow(t.Context(), `select state::text, attempt,
		array(select e->>'error' from unnest(errors) e), coalesce(scheduled_at - attempted_at, '0'), coalesce((metadata->>'snoozes')::int, 0),
		coalesce(cardinality(attempted_by), 0) from jobs.river_job where args->>'job_id' = $1::text`, id.String()).
		Scan(&s.State, &s.Attempt, &s.Errors, &s.Waits, &s.Snoozes, &s.WorkedBy)
	if err != nil {
		t.Fatalf("job of %s: %v", id, err)
	}
	return s
}

// await looks until the condition holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	limit := time.After(deadline)
	look := time.NewTicker(lookEach)
	defer look.Stop()
	for !holds() {
		select {
		case <-limit:
			t.Fatalf("not within %s: %s", deadline, what)
		case <-look.C:
		}
	}
}

func (h house) awaitState(t testing.TB, id uuid.UUID, states ...string) stored {
	t.Helper()
	var s stored
	await(t, "job is "+states[0], func() bool {
		s = h.stored(t, id)
		return slices.Contains(states, s.State)
	})
	return s
}

// receive waits for a value.
func receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(deadline):
		t.Fatalf("not within %s: %s", deadline, what)
		panic("unreachable")
	}
}

func (h house) timesDone(t testing.TB, id uuid.UUID) int {
	t.Helper()
	var n int
	if err := h.Owner.QueryRow(t.Context(), "select done from app.chores where id = $1", id).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
