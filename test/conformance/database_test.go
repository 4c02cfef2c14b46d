package conformance_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/plinth/plinth/internal/platform/event"
)

// querier is a connection, a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// tables lists the tables of the schema.
func tables(ctx context.Context, q querier) ([]string, error) {
	rows, err := q.Query(ctx, "select relname from pg_class where relnamespace = 'app'::regnamespace and relkind in ('r', 'p') order by 1")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// digestsQuery reads a digest of the rows of every table.
func digestsQuery(t testing.TB, owner *pgxpool.Pool) string {
	t.Helper()
	names, err := tables(t.Context(), owner)
	if err != nil || len(names) == 0 {
		t.Fatalf("tables %v: %v", names, err)
	}
	var parts []string
	for _, name := range names {
		if name == "storage" { // what was set aside and given back again counts as not written
			parts = append(parts, "select 'storage ' || coalesce(string_agg(s::text, ' ' order by s.org_id), '') from app.storage s")
			continue
		}
		parts = append(parts, "select '"+name+" '||count(*)||' '||coalesce(sum(xmin::text::bigint), 0) from app."+pgx.Identifier{name}.Sanitize())
	}
	return strings.Join(parts, " union all ")
}

// snapshot is the state of the whole database, as how many rows there are and which transactions wrote them: equal
// snapshots mean that nothing was written.
func (w *world) snapshot(t testing.TB) []string {
	t.Helper()
	rows, err := w.server.Owner.Query(t.Context(), w.digests)
	if err != nil {
		t.Fatal(err)
	}
	state, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(state)
	return state
}

// unchanged fails the test where something was written since the snapshot.
func (w *world) unchanged(t testing.TB, since []string, what string) {
	t.Helper()
	now := w.snapshot(t)
	for i := range now {
		if now[i] != since[i] {
			t.Errorf("%s wrote: %s, before %s", what, now[i], since[i])
		}
	}
}

// recorded is an event as it stands in the log.
type recorded struct {
	ID      int64
	UID     string
	Org     string
	Kind    event.Type
	Entity  string
	Project *string
	Actor   *string
	Version int
	Payload json.RawMessage
}

// lastEvent is the id of the newest event.
func (w *world) lastEvent(t testing.TB) int64 {
	t.Helper()
	var id int64
	if err := w.server.Owner.QueryRow(t.Context(), "select coalesce(max(id), 0) from app.events").Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// eventsSince are the events behind an id, of all organizations.
func (w *world) eventsSince(t testing.TB, id int64) []recorded {
	t.Helper()
	rows, err := w.server.Owner.Query(t.Context(), `select id, uid::text, org_id::text, kind, entity_id::text, project_id::text, actor_id::text, version, payload
		from app.events where id > $1 order by id`, id)
	if err != nil {
		t.Fatal(err)
	}
	events, err := pgx.CollectRows(rows, pgx.RowToStructByPos[recorded])
	if err != nil {
		t.Fatal(err)
	}
	return events
}
