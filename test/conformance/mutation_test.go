package conformance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// mutation is a change of the schema that breaks a rule, and a part of the problem that must be seen.
type mutation struct{ sql, want string }

// testMutations breaks each rule and expects the checks to see what was not to be seen before: every policy is dropped,
// every table's enforcement taken off, and whatever else a migration might get wrong.
func (w *world) testMutations(t *testing.T, a, b resident) {
	rows, err := w.server.Owner.Query(t.Context(), "select policyname, tablename from pg_policies where schemaname = 'app' order by 2, 1")
	if err != nil {
		t.Fatal(err)
	}
	policies, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Name, Table string }])
	if err != nil || len(policies) == 0 {
		t.Fatalf("policies %v: %v", policies, err)
	}
	known := w.mutated(t, "select", a, b, nil)
	seen := func(table, sql, want string) {
		t.Helper()
		problems := w.mutated(t, sql, a, b, []string{table})
		problems = slices.DeleteFunc(problems, func(p string) bool { return slices.Contains(known, p) })
		if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, want) }) {
			t.Errorf("%s: nothing seen of %q among %q", sql, want, problems)
		}
	}
	for _, p := range policies {
		seen(p.Table, fmt.Sprintf("drop policy %s on app.%s", p.Name, p.Table), "")
	}
	for _, table := range w.tableNames(t) {
		seen(table, "alter table app."+table+" no force row level security", table+" does not force")
		seen(table, "alter table app."+table+" disable row level security", table+" does not enable")
		seen(table, "grant truncate on app."+table+" to plinth_app", "plinth_app on "+table)
	}
	for _, m := range mutations() {
		seen("tasks", m.sql, m.want)
	}
}

func mutations() []mutation {
	return []mutation{
		{"alter table app.socket_tickets alter org_id drop not null", "socket_tickets has an org_id that may be null"},
		{"alter table app.task_search drop constraint task_search_pkey", "task_search has no primary key"},
		{"create table app.notes (id uuid primary key)", "notes has no org_id"},
		{"create table app.notes (id uuid primary key, org_id uuid not null)", "primary key of notes begins with id"},
		{"create table app.notes (org_id uuid, id uuid, unique (org_id, id)); select app.tenant_table('notes')", "notes has an org_id that may be null"},
		{"create table app.notes (org_id uuid, id uuid, primary key (org_id, id)); select app.tenant_table('notes')", "notes has no rule of access"},
		{"create table public.notes (id uuid primary key)", "notes is outside the schema app"},
		{"create unique index on app.tasks (id)", "tasks_id_idx on tasks spans organizations"},
		{"create unique index i on app.labels (id); alter table app.comments add label_id uuid references app.labels (id)",
			"comments to labels can lead to another organization"},
		{"alter table app.labels add unique (id, org_id); alter table app.comments add label uuid, add foreign key (org_id, label) references app.labels (id, org_id)",
			"comments to labels can lead to another organization"},
		{"alter table app.labels add owner_id uuid references app.users (id)", "labels to users can lead"},
		{"create policy more on app.tasks as permissive to plinth_app using (true)", "tasks has 2 permissive policies"},
		{"create policy more on app.tasks using (true)", "policy more on tasks is for public"},
		{"create policy more on app.labels to plinth_entry using (true)", "policy more on labels lets plinth_entry past"},
		{"alter policy tenant on app.tasks using (true)", "policy tenant on tasks uses true"},
		{"alter policy tenant on app.tasks with check (true)", "policy tenant on tasks checks true"},
		{"alter policy writer_updates on app.tasks using (true)", "tasks has no policy writer_updates"},
		{"alter policy writer_updates on app.tasks with check (true)", "tasks has no policy writer_updates"},
		{"alter policy project on app.comments using (true)", "policy project on comments"},
		{"alter policy other_project on app.task_links with check (true)", "policy project on task_links"},
		{"create table app.notes (org_id uuid, project_id uuid, id uuid, primary key (org_id, id)); select app.tenant_table('notes')", "policy project on notes"},
		{"alter role plinth_app bypassrls", "role plinth_app bypasses"},
		{"alter role plinth_app superuser", "role plinth_app is a superuser"},
		{"alter role plinth_entry bypassrls", "role plinth_entry bypasses"},
		{"grant plinth_entry to plinth_app", "role plinth_app is a member of plinth_entry"},
		{"alter table app.tasks owner to plinth_app", "tasks belongs to plinth_app"},
		{"grant references, trigger on app.tasks to plinth_app", "plinth_app on tasks"},
		{"grant select on log.events_default to plinth_app", "partition events_default is to be reached"},
		{"create policy x on log.events_before to plinth_app using (true)", "partition events_before is to be reached"},
		{"alter table log.events_default no force row level security", "partition events_default does not force"},
		{"create table log.stray (id int)", "log.stray is no partition"},
		{"grant delete on app.events to plinth_app", "plinth_app on events"},
		{"grant update (payload) on app.events to plinth_app", "column events.payload has grants"},
		{"grant select on app.tasks to public", "PUBLIC on tasks"},
		{"grant insert on app.tasks to plinth_entry", "plinth_entry on tasks"},
		{"grant create on schema app to plinth_app", "plinth_app may create in the schema"},
		{"create view app.open_tasks as select * from app.tasks", "view open_tasks reads with its owner's rights"},
		{"create materialized view app.open_tasks as select * from app.tasks", "open_tasks is a materialised view"},
		{"create trigger renamed before update on app.tasks for each row execute function suppress_redundant_updates_trigger()", "trigger renamed on tasks"},
		{"create rule kept as on delete to app.tasks do instead nothing", "rule kept on tasks"},
		{"create function app.all_tasks() returns bigint language sql security definer as 'select count(*) from app.tasks'", "all_tasks is SECURITY DEFINER, unlisted"},
		{"alter function app.sweep() reset search_path", "sweep is SECURITY DEFINER without a fixed search_path"},
		{"alter function app.sweep() owner to current_user", "sweep looks past the policies as"},
		{"alter function app.sweep() security invoker", "definers lists sweep, which is not there"},
		{"grant execute on function app.sweep() to public", "sweep may be executed by PUBLIC"},
		{"create or replace function app.current_org() returns uuid language sql stable as $$ select nullif(current_setting('app.org_id', true), '')::uuid $$; " +
			"create or replace function app.project_rank(p_project uuid) returns smallint language sql stable as 'select 3::smallint'", "as guest: insert into app.tasks"},
	}
}
