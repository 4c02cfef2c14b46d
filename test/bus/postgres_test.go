package bus_test

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/test/apitest"
)

func TestPostgresEndsTheConnection(t *testing.T) {
	s := apitest.New(t)
	open, org := overPostgres(s.DatabaseURL(db.AppRole)), uuid.New()
	a, b := run(t, open), run(t, open)
	b.Join(org)
	meet(t, org, a, b)
	for round := range 3 {
		another := uuid.New()
		exec(t, s, `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
		until(t, "both notice and are back", func() bool { return a.back() == round+1 && b.back() == round+1 })
		b.Join(another)
		meet(t, another, a, b)
		meet(t, org, a, b)
	}
	if a.lost() != 3 || b.lost() != 3 {
		t.Errorf("logged:\n%s%s", a.log, b.log)
	}
}

func TestPostgresFlood(t *testing.T) {
	open, org := overPostgres(apitest.Database(t)(db.AppRole)), uuid.New()
	a, b := run(t, open), run(t, open)
	b.Join(org)
	meet(t, org, a, b)
	for range 20_000 {
		a.Publish(org, []byte("again"))
		a.Publish(org, []byte(strings.Repeat("x", 5000)))
	}
	meet(t, org, a, b)
	if a.lost()+b.lost() > 0 {
		t.Errorf("the connection was lost over it:\n%s%s", a.log, b.log)
	}
}

func TestPostgresStrangersPayloadsAreDropped(t *testing.T) {
	s := apitest.New(t)
	open, org := overPostgres(s.DatabaseURL(db.AppRole)), uuid.New()
	a, b := run(t, open), run(t, open)
	b.Join(org)
	meet(t, org, a, b)
	node := uuid.New()
	for _, payload := range []string{
		"", "no base64!", base64.RawStdEncoding.EncodeToString(node[:]),
		base64.RawStdEncoding.EncodeToString(slices.Concat(node[:], org[:15])),
	} {
		exec(t, s, `select pg_notify('plinth_bus', $1)`, payload)
	}
	exec(t, s, `select pg_notify('plinth_bus', $1)`, base64.RawStdEncoding.EncodeToString(slices.Concat(node[:], org[:], []byte("canary"))))
	until(t, "the canary arrives", func() bool { return len(b.heard(org)) > 0 })
	if got := b.heard(org); len(got) != 1 || got[0] != "canary" {
		t.Errorf("heard %q", got)
	}
}

func exec(t testing.TB, s *apitest.Server, sql string, args ...any) {
	t.Helper()
	if _, err := s.Owner.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
