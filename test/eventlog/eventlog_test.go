// Package eventlog_test holds the event log to what its readers rely on: partitions that nobody sees, order whatever order
// transactions end in, and a beginning that moves without leaving a gap.
package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/pgembed"
	"github.com/plinth/plinth/test/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m) }

// until polls the condition and fails the test when it does not come true.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func exec(t testing.TB, s *apitest.Server, sql string, args ...any) {
	t.Helper()
	if _, err := s.Owner.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func list(t testing.TB, s *apitest.Server, sql string, args ...any) []string {
	t.Helper()
	rows, err := s.Owner.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// write makes an event of an age, and gives the id that clients know it by.
func write(t testing.TB, s *apitest.Server, org string, days int) string {
	t.Helper()
	id := uuid.NewString()
	exec(t, s, `insert into app.events (org_id, uid, kind, entity_id, version, actor_id, payload, created_at)
		values ($1, $2, 'label.updated', gen_random_uuid(), 1, null, '{}', now() - make_interval(days => $3))`, org, id, days)
	return id
}

func events(t testing.TB, s *apitest.Server, org string) []string {
	t.Helper()
	return list(t, s, "select uid::text from app.events where org_id = $1 order by xid, id", org)
}

// TestMonths: an event lies in the partition of its month, or in the default one until its month is made.
func TestMonths(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	owner := s.DatabaseURL(pgembed.Superuser)
	ahead := time.Now().UTC().AddDate(0, 7, 0)
	exec(t, s, `insert into app.events (org_id, kind, entity_id, version, actor_id, payload, created_at) values ($1, 'x.y', gen_random_uuid(), 1, null, '{}', $2)`, ada.Org, ahead)
	where := func() string {
		return strings.Join(list(t, s, "select tableoid::regclass::text from app.events where kind = 'x.y'"), " ")
	}
	if got := where(); got != "log.events_default" {
		t.Errorf("an event of a month that is not made lies in %s", got)
	}
	if err := db.KeepEventLog(t.Context(), owner, ahead); err != nil {
		t.Fatal(err)
	}
	if got, want := where(), "log.events_"+ahead.Format("2006_01"); got != want {
		t.Errorf("once its month is made it lies in %s, want %s", got, want)
	}
	before := list(t, s, "select inhrelid::regclass::text from pg_inherits where inhparent = 'app.events'::regclass order by 1")
	if err := db.KeepEventLog(t.Context(), owner, ahead); err != nil { // again, for nothing
		t.Fatal(err)
	}
	if after := list(t, s, "select inhrelid::regclass::text from pg_inherits where inhparent = 'app.events'::regclass order by 1"); strings.Join(before, " ") != strings.Join(after, " ") {
		t.Errorf("partitions were %v, then %v", before, after)
	}
	pool, err := db.Open(t.Context(), s.DatabaseURL(db.AppRole), db.Options{Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := db.Check(t.Context(), pool.Unscoped()); err != nil {
		t.Error(err)
	}
	exec(t, s, "grant select on log.events_default to plinth_app")
	if err := db.Check(t.Context(), pool.Unscoped()); err == nil || !strings.Contains(err.Error(), "events_default") {
		t.Errorf("the check of a partition that is open to the application: %v", err)
	}
}

// TestEmptyMonthsGo, and those that hold something stay.
func TestEmptyMonthsGo(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	owner := s.DatabaseURL(pgembed.Superuser)
	now := time.Now()
	if err := db.KeepEventLog(t.Context(), owner, now); err != nil {
		t.Fatal(err)
	}
	next := now.UTC().AddDate(0, 0, 1-now.UTC().Day()).AddDate(0, 1, 0)
	exec(t, s, `insert into app.events (org_id, kind, entity_id, version, actor_id, payload, created_at) values ($1, 'x.y', gen_random_uuid(), 1, null, '{}', $2)`,
		ada.Org, next.AddDate(0, 1, 0))
	kept := len(events(t, s, ada.Org))
	if err := db.KeepEventLog(t.Context(), owner, now.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	there := " " + strings.Join(list(t, s, "select inhrelid::regclass::text from pg_inherits where inhparent = 'app.events'::regclass order by 1"), " ") + " "
	month := func(n int) string { return " log.events_" + next.AddDate(0, n, 0).Format("2006_01") + " " }
	if strings.Contains(there, month(0)) || !strings.Contains(there, month(1)) || strings.Contains(there, month(2)) || !strings.Contains(there, " log.events_before ") {
		t.Errorf("a year later there are%s", there)
	}
	if n := len(events(t, s, ada.Org)); n != kept {
		t.Errorf("%d events, want %d", n, kept)
	}
}

// TestRetention: each organization's log ends where its plan or the installation says, and what is left has no gap.
func TestRetention(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.WithConfig(func(c *config.Config) { c.EventDays = 30 }))
	ada, eve, bob := s.SignUp(t, "ada"), s.SignUp(t, "eve"), s.SignUp(t, "bob")
	exec(t, s, "delete from app.events")
	exec(t, s, "update app.organizations set event_days = 7 where id = $1", eve.Org)
	exec(t, s, "update app.organizations set event_days = 36500 where id = $1", bob.Org)
	ids := map[string][]string{}
	for _, org := range []string{ada.Org, eve.Org, bob.Org} {
		for _, days := range []int{60, 40, 10, 40, 9, 1} { // the second of 40 days ended late
			ids[org] = append(ids[org], write(t, s, org, days))
		}
	}
	cursors := map[*apitest.Client][]string{}
	for _, c := range []*apitest.Client{ada, eve, bob} {
		until(t, "all can be read", func() bool {
			r := c.Do(t, "GET", "/v1/events?limit=50", nil).Want(t, 200)
			cursors[c] = nil
			for i := range r.Len(t, "items") {
				cursors[c] = append(cursors[c], r.Text(t, fmt.Sprintf("items.%d.cursor", i)))
			}
			return len(cursors[c]) == 6
		})
	}
	if err := s.App.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		who     *apitest.Client
		deleted int
	}{"by the installation": {ada, 2}, "by its plan": {eve, 5}, "for ever": {bob, 0}} {
		if got, want := events(t, s, c.who.Org), ids[c.who.Org][c.deleted:]; strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		for i, cursor := range cursors[c.who] {
			r := c.who.Do(t, "GET", "/v1/events?cursor="+cursor, nil)
			if i < c.deleted-1 {
				if r.WantProblem(t, 422, "validation"); !strings.Contains(r.Text(t, "errors.0.message"), "older than what is kept") {
					t.Errorf("%s: %s", name, r.Body)
				}
				lost := c.who.At(s.Node(t))
				conn, _, err := lost.Server.Dial("?token="+c.who.Token+"&org_id="+c.who.Org+"&cursor="+cursor, nil)
				if err != nil {
					t.Fatal(err)
				}
				(&apitest.Socket{Conn: conn}).Until(t, "resync")
				_ = conn.Close()
				continue
			}
			if n := r.Want(t, 200).Len(t, "items"); n != 5-i {
				t.Errorf("%s: %d events behind number %d", name, n, i)
			}
		}
		if n := c.who.Do(t, "GET", "/v1/events", nil).Want(t, 200).Len(t, "items"); n != 6-c.deleted {
			t.Errorf("%s: %d events from the beginning", name, n)
		}
	}
}

// TestTrimmingGoesInSteps, whose limit leaves the rest for the next.
func TestTrimmingGoesInSteps(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	exec(t, s, "delete from app.events")
	var ids []string
	for range 5 {
		ids = append(ids, write(t, s, ada.Org, 50))
	}
	until(t, "nothing holds them", func() bool {
		return list(t, s, "select (max(xid::text::bigint) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint)::text from app.events")[0] == "true"
	})
	for step, want := range []string{"2", "2", "1", "0"} {
		if got := list(t, s, "select app.trim_events(7, 2)::text")[0]; got != want {
			t.Errorf("step %d deletes %s, want %s", step, got, want)
		}
		if left := events(t, s, ada.Org); strings.Join(left, " ") != strings.Join(ids[min(5, 2*step+2):], " ") {
			t.Errorf("after step %d: %v", step, left)
		}
	}
}

// TestReplayBounds: behind the one position, up to the other, one organization's alone, in the order of commits.
func TestReplayBounds(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	exec(t, s, "delete from app.events")
	late, err := s.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = late.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := late.Exec(t.Context(), `insert into app.events (org_id, kind, entity_id, version, actor_id, payload) values ($1, 'late.one', gen_random_uuid(), 1, null, '{}')`, ada.Org); err != nil {
		t.Fatal(err)
	}
	write(t, s, ada.Org, 0)
	write(t, s, eve.Org, 0)
	log := event.Log{DB: s.App.Pool.Unscoped()}
	all := event.Position{XID: 1 << 60}
	replay := func(from, until event.Position, limit int) []event.Record {
		t.Helper()
		records, err := log.Replay(t.Context(), uuid.MustParse(ada.Org), from, until, limit)
		if err != nil {
			t.Fatal(err)
		}
		return records
	}
	if got := replay(event.Position{}, all, 10); len(got) != 0 {
		t.Errorf("%d events behind a transaction that goes on", len(got))
	}
	if held, err := log.Held(t.Context()); err != nil || held <= 0 {
		t.Errorf("events are held for %v, %v", held, err)
	}
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []event.Record
	until(t, "both are there", func() bool { got = replay(event.Position{}, all, 10); return len(got) == 2 })
	if got[0].Kind != "late.one" || got[1].Kind != "label.updated" {
		t.Errorf("they come as %s, %s", got[0].Kind, got[1].Kind)
	}
	for name, c := range map[string]struct {
		from, until event.Position
		limit       int
		want        string
	}{
		"up to the first":   {event.Position{}, got[0].Position, 10, "late.one"},
		"behind the first":  {got[0].Position, all, 10, "label.updated"},
		"behind the second": {got[1].Position, all, 10, ""},
		"between the same":  {got[0].Position, got[0].Position, 10, ""},
		"one":               {event.Position{}, all, 1, "late.one"},
	} {
		var kinds []string
		for _, r := range replay(c.from, c.until, c.limit) {
			kinds = append(kinds, string(r.Kind))
		}
		if strings.Join(kinds, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, kinds, c.want)
		}
	}
	exec(t, s, "insert into app.event_floors (org_id, xid, id) values ($1, $2::text::xid8, $3)", ada.Org, fmt.Sprint(got[0].XID), got[0].ID)
	if _, err := log.Replay(t.Context(), uuid.MustParse(ada.Org), event.Position{}, all, 10); !errors.Is(err, event.ErrTrimmed) {
		t.Errorf("before the floor: %v", err)
	}
	if got := replay(got[0].Position, all, 10); len(got) != 1 {
		t.Errorf("at the floor: %d events", len(got))
	}
}

// TestEndedSessions are known on every node for a while.
func TestEndedSessions(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	s.Anonymous().Do(t, "POST", "/v1/auth/logout", map[string]any{"refresh_token": ada.Refresh}).Want(t, 204)
	log := event.Log{DB: s.App.Pool.Unscoped()}
	ended, err := log.EndedSessions(t.Context())
	want := list(t, s, "select id::text from app.sessions where user_id = $1", ada.User)[0]
	if err != nil || len(ended) != 1 || ended[0].String() != want {
		t.Errorf("ended are %v, %v, want %s", ended, err, want)
	}
	exec(t, s, "update app.sessions set ended_at = now() - interval '21 seconds' where user_id = $1", ada.User)
	if ended, err := log.EndedSessions(t.Context()); err != nil || len(ended) != 0 {
		t.Errorf("long after: %v, %v", ended, err)
	}
	eve.Do(t, "GET", "/v1/me", nil).Want(t, 200)
}

// TestRelayLooksAtFewMonths: a plan that is kept leaves out the partitions before the bound when it runs.
func TestRelayLooksAtFewMonths(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	conn, err := s.Owner.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, sql := range []string{"set plan_cache_mode = force_generic_plan",
		`prepare p (timestamptz) as select * from app.events e where e.created_at >= $1 and (e.xid, e.id) > ('3', 0) order by e.xid, e.id limit 10`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.KeepEventLog(t.Context(), s.DatabaseURL(pgembed.Superuser), time.Now()); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), "explain execute p (now() + interval '60 days')")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if text := strings.Join(plan, "\n"); err != nil || strings.Contains(text, "events_before") || !strings.Contains(text, "Subplans Removed") {
		t.Errorf("%v\n%s", err, text)
	}
}
