package jobs_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// TestRights holds the grants in the schema jobs to this list, so that neither a new River nor we widen them unseen.
func TestRights(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	rows, err := h.Owner.Query(t.Context(), `
		select grantee || ' ' || name || ': ' || string_agg(privilege, ', ' order by privilege) from (
		  select x.grantee::regrole::text as grantee, n.nspname::text as name, x.privilege_type as privilege
		    from pg_namespace n, aclexplode(n.nspacl) x where n.nspname = 'jobs' and x.grantee <> n.nspowner
		  union all select coalesce(nullif(x.grantee, 0)::regrole::text, 'PUBLIC'), c.relname, x.privilege_type
		    from pg_class c, aclexplode(c.relacl) x where c.relnamespace = 'jobs'::regnamespace and x.grantee <> c.relowner
		  union all select x.grantee::regrole::text, c.relname || '.' || a.attname, x.privilege_type
		    from pg_class c join pg_attribute a on a.attrelid = c.oid, aclexplode(a.attacl) x where c.relnamespace = 'jobs'::regnamespace
		  union all select coalesce(nullif(x.grantee, 0)::regrole::text, 'PUBLIC'), p.proname, x.privilege_type
		    from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
		    where p.pronamespace = 'jobs'::regnamespace and x.grantee <> p.proowner) g
		group by grantee, name order by grantee, name collate "C"`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"plinth_app jobs: USAGE",
		"plinth_app river_job: DELETE, SELECT",
		"plinth_app river_job.attempt: UPDATE",
		"plinth_app river_job.attempted_at: UPDATE",
		"plinth_app river_job.attempted_by: UPDATE",
		"plinth_app river_job.errors: UPDATE",
		"plinth_app river_job.finalized_at: UPDATE",
		"plinth_app river_job.metadata: UPDATE",
		"plinth_app river_job.scheduled_at: UPDATE",
		"plinth_app river_job.state: UPDATE",
		"plinth_app river_job_state_in_bitmask: EXECUTE",
		"plinth_app river_leader: DELETE, INSERT, SELECT, UPDATE",
		"plinth_app river_queue: DELETE, INSERT, SELECT, UPDATE",
		"plinth_entry jobs: USAGE",
		"plinth_entry river_job: INSERT",
		"plinth_entry river_job_id_seq: USAGE",
		"plinth_entry river_job_state_in_bitmask: EXECUTE",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
}

// TestTheApplicationForgesNoJob has a hostile statement in a tenant's scope and outside any: neither makes a job for
// another organization or turns one into it.
func TestTheApplicationForgesNoJob(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	ana, eve := h.SignUp(t, "ana"), h.SignUp(t, "eve")
	id := h.ask(t, ana)
	for name, sql := range map[string]string{
		"make":    `insert into jobs.river_job (id, kind, args, max_attempts) values (1000, 'chore', '{}', 1)`,
		"turn":    `update jobs.river_job set args = '{}'`,
		"become":  `update jobs.river_job set kind = 'other'`,
		"empty":   `truncate jobs.river_job`,
		"trigger": `create trigger t after insert on jobs.river_job execute function app.no_scope()`,
		"table":   `create table jobs.mine ()`,
	} {
		if _, err := h.scope(t, eve).Exec(t.Context(), sql); !denied(err) {
			t.Errorf("%s in a scope: %v", name, err)
		}
		if _, err := h.pool.Unscoped().Exec(t.Context(), sql); !denied(err) {
			t.Errorf("%s outside a scope: %v", name, err)
		}
	}
	if _, err := h.pool.Unscoped().Exec(t.Context(), "select app.enqueue('chore', $1)", id); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a job of nobody: %v", err)
	}
	if _, err := h.scope(t, eve).Exec(t.Context(), "select app.enqueue('chore', $1)", id); err != nil { // another's row
		t.Fatal(err)
	}
	var org, user string
	if err := h.Owner.QueryRow(t.Context(), "select args->>'org_id', args->>'user_id' from jobs.river_job order by id desc limit 1").Scan(&org, &user); err != nil {
		t.Fatal(err)
	}
	if org != eve.Org || user != eve.User {
		t.Errorf("a job asked for by %s in %s is of %s in %s", eve.User, eve.Org, user, org)
	}
}

func denied(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42501"
}

// TestEntryAsksForMembership holds the job's way into an organization to the user's role there at this moment.
func TestEntryAsksForMembership(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	ana, eve := h.SignUp(t, "ana"), h.SignUp(t, "eve")
	guest := ana.Join(t, "gus", "guest")
	enter := func(user, org string, need rbac.Role) error {
		_, err := h.pool.Job(uuid.MustParse(user), uuid.MustParse(org), int16(need)).Exec(t.Context(), "select from app.chores")
		return err
	}
	if err := enter(ana.User, ana.Org, rbac.Admin); err != nil {
		t.Errorf("an admin: %v", err)
	}
	if err := enter(guest.User, ana.Org, rbac.Guest); err != nil {
		t.Errorf("a guest who reads: %v", err)
	}
	if err := enter(guest.User, ana.Org, rbac.Member); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a guest who would write: %v", err)
	}
	if err := enter(eve.User, ana.Org, rbac.Guest); !fault.Is(err, fault.OrgDenied) {
		t.Errorf("a stranger: %v", err)
	}
	if err := enter(uuid.NewString(), ana.Org, rbac.Guest); !fault.Is(err, fault.OrgDenied) {
		t.Errorf("nobody: %v", err)
	}
}
