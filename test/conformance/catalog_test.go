package conformance_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/test/apitest"
)

// TestCatalog holds the schema to the rules of tenancy (threats 10, 51), from the catalog alone.
func TestCatalog(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	for _, problem := range catalogProblems(t.Context(), s.Owner) {
		t.Error(problem)
	}
}

// exemption is a thing that a rule does not hold for, and why that is safe.
type exemption map[string]string

// untenanted are the tables that belong to no organization, with what their policy compares instead.
func untenanted() map[string]string {
	const own = "((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (%s = app.current_user_id())))"
	return map[string]string{
		"resellers":      "(id = app.current_reseller())",
		"users":          fmt.Sprintf(own, "id"),
		"sessions":       fmt.Sprintf(own, "user_id"),
		"refresh_tokens": fmt.Sprintf(own, "user_id"),
	}
}

// differently are the tables of organizations whose policy is not the plain comparison: USING, then WITH CHECK.
func differently() map[string][2]string {
	const own = "((org_id = app.scope_org()) AND (actor_id = app.current_user_id()))"
	return map[string][2]string{
		"organizations":    {"(id = app.current_org())", "((id = app.current_org()) AND (reseller_id = app.current_reseller()))"}, // id is the organization
		"idempotency_keys": {own, own},                                                                                            // also of requests outside any organization
	}
}

// withoutWriters are the tables whose writers no role decides.
func withoutWriters() exemption {
	return exemption{
		"organizations.DELETE":    "nobody may delete one",
		"idempotency_keys.INSERT": "a guest retries too",
		"idempotency_keys.UPDATE": "a guest retries too",
		"idempotency_keys.DELETE": "only the sweep deletes",
	}
}

// beyondProject are the tables with a project that are not seen and written with it alone, and why.
func beyondProject() exemption {
	return exemption{
		"events": "those of no project are the organization's",
		"views":  "a view may name a project and still be its owner's alone, or the organization's",
	}
}

// primaryKeys are those that org_id does not lead.
func primaryKeys() exemption {
	return exemption{
		"organizations":  "its id is the organization",
		"socket_tickets": "found by the hash of a random token, before its organization is known",
	}
}

// uniqueIndexes are those without org_id: a duplicate would tell of a row elsewhere.
func uniqueIndexes() exemption {
	return exemption{
		"resellers_pkey":                      "no tenant's table",
		"users_pkey":                          "random ids; a user is in many organizations",
		"users_reseller_id_email_key":         "an account is one per brand; sign-up tells so on purpose",
		"users_reseller_id_id_key":            "for foreign keys; holds the primary key",
		"sessions_pkey":                       "random ids, made by the server",
		"sessions_reseller_id_user_id_id_key": "for foreign keys; holds the primary key",
		"refresh_tokens_pkey":                 "the hash of a random token",
		"organizations_pkey":                  "its id is the organization",
		"organizations_reseller_id_id_key":    "its id is the organization",
		"invitations_token_hash_idx":          "the hash of a random token, which comes without its organization",
		"socket_tickets_pkey":                 "the hash of a random token",
	}
}

// foreignKeys are those from a tenant's table to one that is none.
func foreignKeys() exemption {
	return exemption{
		"organizations_reseller_id_fkey":                     "the brand",
		"memberships_reseller_id_user_id_fkey":               "who is a member is a user of the brand",
		"socket_tickets_reseller_id_user_id_session_id_fkey": "a ticket dies with its session",
	}
}

// definers are the functions that look past the policies, each with its reason.
func definers() exemption {
	return exemption{
		"enter_reseller":   "opens a brand's scope",
		"enter_user":       "opens a user's scope after a look at the session",
		"enter_org":        "opens an organization's scope after a look at session and membership",
		"enter_job":        "opens an organization's scope for a member's work in the background",
		"found_project":    "makes somebody the admin of a project that is not there yet",
		"read_access":      "the live side learns who sees which projects",
		"fail_job":         "ends a job whose user may not write any more",
		"empty_trash":      "deletes what was long in the trash everywhere",
		"enqueue":          "makes jobs, which plinth_app may not; takes user and organization from the scope",
		"blocks_in_turn":   "a circle may close through what its maker does not see",
		"found_org":        "opens the scope of an organization that is not there yet",
		"found_account":    "opens the scope of a user made in the same transaction",
		"enter_invitation": "finds the organization of an invitation's token and adds the member",
		"my_organizations": "lists organizations in no organization's scope",
		"read_events":      "the relay reads the events of all",
		"replay_events":    "what many missed is read once for all of them",
		"trim_events":      "deletes events past their days everywhere",
		"ended_sessions":   "connections of sessions that other nodes ended are to end",
		"events_held":      "the age of the oldest event that waits is nobody's",
		"stream_epoch":     "reads the cluster's identity",
		"search_tasks":     "text search would lose its index under the policy",
		"spend_ticket":     "a ticket comes without its organization",
		"sweep":            "deletes what is past its life everywhere",

		"linked_content":   "a signed link comes without its maker",
		"take_checks":      "contents of all organizations are checked, whoever sent them and is a member still",
		"check_later":      "likewise",
		"begin_thumbnail":  "likewise",
		"checked":          "likewise: members may not say what is clean",
		"doubt_file":       "a reader may find that a content is not what was stored; takes the organization from the scope",
		"alert_readers":    "finds the admins' addresses for a warning",
		"alerted":          "notes that they were told",
		"recheck_files":    "a new database of the scanner is for all",
		"empty_file_trash": "deletes what was long in the trash everywhere",
		"doom_objects":     "finds what nothing leads to, everywhere",
		"forget_object":    "notes that it is gone",
		"objects_in":       "an operator moves all between storages",
		"object_moved":     "notes that",
		"knows_object":     "an operator looks for what is in no table",
	}
}

// entries are what plinth_entry, who owns those functions, may do to the tables.
func entries() map[string]string {
	return map[string]string{
		"event_floors":     "INSERT, SELECT, UPDATE",
		"events":           "DELETE, INSERT, SELECT",
		"files":            "DELETE, INSERT, SELECT, UPDATE",
		"idempotency_keys": "DELETE, SELECT",
		"invitations":      "SELECT, UPDATE",
		"jobs":             "DELETE, SELECT, UPDATE",
		"memberships":      "INSERT, SELECT",
		"objects":          "DELETE, INSERT, SELECT, UPDATE",
		"organizations":    "SELECT",
		"project_members":  "SELECT",
		"projects":         "SELECT",
		"sessions":         "DELETE, SELECT",
		"socket_tickets":   "DELETE, SELECT",
		"storage":          "DELETE, INSERT, SELECT, UPDATE",
		"task_links":       "SELECT",
		"task_search":      "SELECT",
		"tasks":            "DELETE, SELECT",
		"uploads":          "SELECT",
		"users":            "SELECT",
	}
}

// audit collects the problems of a catalog, and the exemptions that were used.
type audit struct {
	ctx  context.Context
	conn querier

	problems []string
	used     map[string]bool
}

// catalogProblems says in what the schema breaks the rules of tenancy. Nothing is exempt but what is written above, and
// an exemption that matches nothing is a problem too.
func catalogProblems(ctx context.Context, conn querier) []string {
	a := &audit{ctx: ctx, conn: conn, used: map[string]bool{}}
	a.tables()
	a.partitions()
	a.policies()
	a.writers()
	a.projects()
	a.keys()
	a.indexes()
	a.foreignKeys()
	a.others()
	a.functions()
	a.roles()
	a.privileges()
	a.unused()
	return a.problems
}

func (a *audit) add(format string, args ...any) {
	a.problems = append(a.problems, fmt.Sprintf(format, args...))
}

// exempt reports whether a thing is exempt, and notes the use.
func (a *audit) exempt(list, name string, exempt bool) bool {
	if exempt {
		a.used[list+" "+name] = true
	}
	return exempt
}

func (a *audit) exempted(list string, of exemption, name string) bool {
	return a.exempt(list, name, of[name] != "")
}

// unused says which exemptions stand for nothing any more.
func (a *audit) unused() {
	lists := map[string][]string{
		"untenanted": slices.Collect(maps.Keys(untenanted())), "differently": slices.Collect(maps.Keys(differently())),
		"withoutWriters": slices.Collect(maps.Keys(withoutWriters())), "beyondProject": slices.Collect(maps.Keys(beyondProject())), "primaryKeys": slices.Collect(maps.Keys(primaryKeys())),
		"uniqueIndexes": slices.Collect(maps.Keys(uniqueIndexes())), "foreignKeys": slices.Collect(maps.Keys(foreignKeys())),
		"definers": slices.Collect(maps.Keys(definers())), "entries": slices.Collect(maps.Keys(entries())),
		"rights": slices.Collect(maps.Keys(rights())),
	}
	for list, names := range lists {
		for _, name := range names {
			if !a.used[list+" "+name] {
				a.add("%s lists %s, which is not there", list, name)
			}
		}
	}
}

// each runs a query and calls f with every row's texts.
func (a *audit) each(sql string, f func(row []string)) {
	rows, err := a.conn.Query(a.ctx, sql)
	if err != nil {
		a.add("read catalog: %v", err)
		return
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]string, error) {
		values, err := row.Values()
		texts := make([]string, len(values))
		for i, v := range values {
			if v != nil {
				texts[i] = fmt.Sprint(v)
			}
		}
		return texts, err
	})
	if err != nil {
		a.add("read catalog: %v", err)
	}
	for _, row := range found {
		f(row)
	}
}

// tables: each enforces and forces row-level security, has a rule of access, and unless exempt an organization.
func (a *audit) tables() {
	a.each(`select c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relowner::regrole::text,
		coalesce((select t.attnotnull::text from pg_attribute t where t.attrelid = c.oid and t.attname = 'org_id' and not t.attisdropped
		  and t.atttypid = 'uuid'::regtype), 'absent')
		from pg_class c where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') order by 1`, func(row []string) {
		table := row[0]
		if row[1] != "true" {
			a.add("table %s does not enable row-level security", table)
		}
		if row[2] != "true" {
			a.add("table %s does not force row-level security", table)
		}
		if row[3] == "plinth_app" || row[3] == "plinth_entry" {
			a.add("table %s belongs to %s, whom its policies bind", table, row[3])
		}
		if _, ruled := rights()[table]; !a.exempt("rights", table, ruled) {
			a.add("table %s has no rule of access", table)
		}
		_, exempt := untenanted()[table]
		_, root := differently()[table]
		switch {
		case a.exempt("untenanted", table, exempt), root && row[4] == "absent":
		case row[4] == "absent":
			a.add("table %s has no org_id", table)
		case row[4] != "true":
			a.add("table %s has an org_id that may be null", table)
		}
	})
	// The queue's tables hold the ids of what is to be done, and nothing of it; test/jobs holds who may what there.
	a.each(`select relname from pg_class where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace not in
		('app'::regnamespace, 'log'::regnamespace, 'pg_catalog'::regnamespace, 'information_schema'::regnamespace)
		and relnamespace not in (select oid from pg_namespace where nspname like 'pg\_%') and relname <> 'goose_db_version'
		and not (relnamespace = (select oid from pg_namespace where nspname = 'jobs') and relname like 'river\_%')`, func(row []string) {
		a.add("relation %s is outside the schema app, where no rule reaches it", row[0])
	})
}

// partitions: the schema log holds those of the event log and nothing else. They are reached through it alone: nobody has a
// right to them, and they show nobody anything.
func (a *audit) partitions() {
	count := 0
	a.each(`select c.relname, coalesce((select i.inhparent::regclass::text from pg_inherits i where i.inhrelid = c.oid), ''),
		c.relrowsecurity and c.relforcerowsecurity, c.relowner::regrole::text,
		(select count(*) from pg_policies p where p.schemaname = 'log' and p.tablename = c.relname)
		  + (select count(*) from aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x where x.grantee <> c.relowner)
		from pg_class c where c.relnamespace = 'log'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')`, func(row []string) {
		count++
		switch {
		case row[1] != "app.events":
			a.add("log.%s is no partition of the event log", row[0])
		case row[2] != "true":
			a.add("partition %s does not force row-level security", row[0])
		case row[3] == "plinth_app" || row[3] == "plinth_entry":
			a.add("partition %s belongs to %s", row[0], row[3])
		case row[4] != "0":
			a.add("partition %s is to be reached past app.events", row[0])
		}
	})
	if count < 2 {
		a.add("the event log has %d partitions", count)
	}
}

// policies: one permissive policy lets plinth_app at the rows, a restrictive one called tenant cuts it down to the
// organization; only what is listed lets plinth_entry at them.
func (a *audit) policies() {
	permissive, tenant := map[string]int{}, map[string]int{}
	a.each(`select tablename, policyname, permissive, array_to_string(roles, ','), cmd, coalesce(qual, ''), coalesce(with_check, '')
		from pg_policies where schemaname = 'app' order by 1, 2`, func(row []string) {
		table, name, kind, roles, command, using, check := row[0], row[1], row[2], row[3], row[4], row[5], row[6]
		switch {
		case roles == "plinth_entry" && kind == "PERMISSIVE":
			if _, listed := entries()[table]; !a.exempt("entries", table, listed) {
				a.add("policy %s on %s lets plinth_entry past, unlisted", name, table)
			}
		case roles != "plinth_app":
			a.add("policy %s on %s is for %s", name, table, roles)
		case kind == "PERMISSIVE":
			permissive[table]++
		case name == "tenant" && command == "ALL":
			tenant[table]++
			a.comparison(table, using, check)
		}
	})
	names, err := tables(a.ctx, a.conn)
	if err != nil {
		a.add("read tables: %v", err)
	}
	for _, table := range names {
		if permissive[table] != 1 {
			a.add("table %s has %d permissive policies for plinth_app, want 1", table, permissive[table])
		}
		if tenant[table] != 1 {
			a.add("table %s has %d restrictive policies tenant, want 1", table, tenant[table])
		}
	}
}

// comparison checks what a policy called tenant compares.
func (a *audit) comparison(table, using, check string) {
	want := [2]string{"(org_id = app.current_org())", "(org_id = app.current_org())"}
	if special, ok := differently()[table]; a.exempt("differently", table, ok) {
		want = special
	}
	if special, ok := untenanted()[table]; ok {
		want = [2]string{special, special}
	}
	if using != want[0] {
		a.add("policy tenant on %s uses %s, want %s", table, using, want[0])
	}
	if check != want[1] {
		a.add("policy tenant on %s checks %s, want %s", table, check, want[1])
	}
}

// writers: every tenant's table has a restrictive policy that asks for a role, for each way to write. A table without a
// grant has them too, so that a grant alone opens nothing.
func (a *audit) writers() {
	policies := map[string]bool{}
	a.each(`select tablename, policyname, cmd from pg_policies where schemaname = 'app' and permissive = 'RESTRICTIVE' and roles = '{plinth_app}'
		and coalesce(qual, with_check) ~ 'app\.(current_rank\(\)|project_rank\(\w+\)) >='
		and coalesce(with_check, qual) ~ 'app\.(current_rank\(\)|project_rank\(\w+\)) >='`, func(row []string) {
		policies[row[0]+" "+row[1]+" "+row[2]] = true
	})
	names, err := tables(a.ctx, a.conn)
	if err != nil {
		a.add("read tables: %v", err)
	}
	for _, table := range names {
		if _, ok := untenanted()[table]; ok {
			continue
		}
		for command, name := range map[string]string{"INSERT": "writer_inserts", "UPDATE": "writer_updates", "DELETE": "writer_deletes"} {
			found := policies[table+" "+name+" "+command]
			if !found && !a.exempted("withoutWriters", withoutWriters(), table+"."+command) {
				a.add("table %s has no policy %s that asks for a role", table, name)
			}
		}
	}
}

// projects: what belongs to a project is seen by those who see the project.
func (a *audit) projects() {
	a.each(`select c.relname, case when c.relname = 'projects' then 'id' else t.attname end, coalesce(p.qual, '') , coalesce(p.with_check, '')
		from pg_class c join pg_attribute t on t.attrelid = c.oid and not t.attisdropped and (t.attname like '%project_id' or c.relname = 'projects' and t.attname = 'id')
		left join pg_policies p on p.schemaname = 'app' and p.tablename = c.relname and p.permissive = 'RESTRICTIVE' and p.cmd = 'ALL'
		  and p.policyname = case t.attname when 'other_project_id' then 'other_project' else 'project' end
		where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') order by 1, 2`, func(row []string) {
		want := "app.sees_project(" + row[1] + ")"
		if (row[2] != want || row[3] != want) && !a.exempted("beyondProject", beyondProject(), row[0]) {
			a.add("policy project on %s compares %s of %q and checks %q, want %s", row[0], row[1], row[2], row[3], want)
		}
	})
}

// keys: org_id leads every primary key.
func (a *audit) keys() {
	a.each(`select c.relname, coalesce((select t.attname from pg_index i join pg_attribute t on t.attrelid = c.oid and t.attnum = i.indkey[0]
		where i.indrelid = c.oid and i.indisprimary), '') from pg_class c
		where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') order by 1`, func(row []string) {
		_, exempt := untenanted()[row[0]]
		switch {
		case row[1] == "":
			a.add("table %s has no primary key", row[0])
		case !exempt && row[1] != "org_id" && !a.exempted("primaryKeys", primaryKeys(), row[0]):
			a.add("the primary key of %s begins with %s, not org_id", row[0], row[1])
		}
	})
}

// indexes: no unique index spans organizations.
func (a *audit) indexes() {
	a.each(`select x.relname, c.relname, exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'org_id' and t.attnum = any(i.indkey::int2[]))
		from pg_index i join pg_class x on x.oid = i.indexrelid join pg_class c on c.oid = i.indrelid
		where c.relnamespace = 'app'::regnamespace and i.indisunique order by 1`, func(row []string) {
		if row[2] != "true" && !a.exempted("uniqueIndexes", uniqueIndexes(), row[0]) {
			a.add("unique index %s on %s spans organizations", row[0], row[1])
		}
	})
}

// foreignKeys: none between tenants' tables can lead to another organization, as the check of a key sees past every
// policy. org_id stands on both sides, or meets the id of an organization.
func (a *audit) foreignKeys() {
	a.each(`select f.conname, c.relname, r.relname,
		  (select string_agg(x.attname || '=' || y.attname, ',' order by k.n) from unnest(f.conkey, f.confkey) with ordinality k(x, y, n)
		   join pg_attribute x on x.attrelid = f.conrelid and x.attnum = k.x join pg_attribute y on y.attrelid = f.confrelid and y.attnum = k.y)
		from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_class r on r.oid = f.confrelid
		where f.contype = 'f' and c.relnamespace = 'app'::regnamespace order by 1`, func(row []string) {
		name, from, to, pairs := row[0], row[1], row[2], strings.Split(row[3], ",")
		_, fromNone := untenanted()[from]
		_, toNone := untenanted()[to]
		meets := "org_id=org_id"
		if to == "organizations" {
			meets = "org_id=id"
		}
		switch {
		case fromNone && toNone, slices.Contains(pairs, meets):
		case toNone && a.exempted("foreignKeys", foreignKeys(), name):
		default:
			a.add("foreign key %s from %s to %s can lead to another organization (%s)", name, from, to, row[3])
		}
	})
}

// others: nothing that looks at rows with its owner's eyes, and nothing that acts behind a statement's back.
func (a *audit) others() {
	a.each(`select relname, relkind::text, coalesce(reloptions::text, '') from pg_class
		where relnamespace = 'app'::regnamespace and relkind in ('v', 'm', 'f')`, func(row []string) {
		switch {
		case row[1] != "v":
			a.add("%s is a materialised view or a foreign table, which no policy binds", row[0])
		case !strings.Contains(row[2], "security_invoker=true") && !strings.Contains(row[2], "security_invoker=on"):
			a.add("view %s reads with its owner's rights", row[0])
		}
	})
	a.each(`select t.tgname, c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
		where c.relnamespace = 'app'::regnamespace and not t.tgisinternal`, func(row []string) {
		a.add("trigger %s on %s", row[0], row[1])
	})
	a.each(`select r.rulename, c.relname from pg_rewrite r join pg_class c on c.oid = r.ev_class
		where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p')`, func(row []string) {
		a.add("rule %s on %s", row[0], row[1])
	})
}

// functions: those that look past the policies are listed, belong to plinth_entry and cannot be led astray by a search
// path; none of the schema's is everybody's.
func (a *audit) functions() {
	a.each(`select p.proname, p.prosecdef, p.proowner::regrole::text, coalesce(p.proconfig::text, ''),
		  exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x where x.grantee = 0 and x.privilege_type = 'EXECUTE')
		from pg_proc p where p.pronamespace = 'app'::regnamespace
		  and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e') order by 1`,
		func(row []string) {
			name := row[0]
			if row[4] == "true" {
				a.add("function %s may be executed by PUBLIC", name)
			}
			if row[1] != "true" {
				return
			}
			if !a.exempted("definers", definers(), name) {
				a.add("function %s is SECURITY DEFINER, unlisted", name)
			}
			if row[2] != "plinth_entry" {
				a.add("function %s looks past the policies as %s", name, row[2])
			}
			if !strings.Contains(row[3], `search_path=`) {
				a.add("function %s is SECURITY DEFINER without a fixed search_path", name)
			}
		})
}

// roles: neither of the two can pass the policies or become somebody who can.
func (a *audit) roles() {
	count := 0
	a.each(`select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
		  (select coalesce(string_agg(m.roleid::regrole::text, ','), '') from pg_auth_members m where m.member = r.oid)
		from pg_roles r where rolname in ('plinth_app', 'plinth_entry')`, func(row []string) {
		count++
		for i, right := range []string{"is a superuser", "bypasses row-level security", "creates roles", "creates databases", "replicates"} {
			if row[i+1] == "true" {
				a.add("role %s %s", row[0], right)
			}
		}
		if row[6] != "" {
			a.add("role %s is a member of %s", row[0], row[6])
		}
	})
	if count != 2 {
		a.add("%d of the roles plinth_app and plinth_entry are there", count)
	}
}

// privileges: on each table plinth_app holds exactly what its rule of access needs, plinth_entry what is listed, and
// PUBLIC nothing. None of them may truncate, refer to or hang a trigger on a table.
func (a *audit) privileges() {
	granted := map[string]string{}
	a.each(`select c.relname, case when x.grantee = 0 then 'PUBLIC' else x.grantee::regrole::text end,
		  string_agg(x.privilege_type, ', ' order by x.privilege_type)
		from pg_class c, aclexplode(coalesce(c.relacl, acldefault(case when c.relkind = 'S' then 's' else 'r' end::"char", c.relowner))) x
		where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and x.grantee <> c.relowner
		group by 1, 2 order by 1, 2`, func(row []string) { granted[row[1]+" on "+row[0]] = row[2] })
	a.each(`select c.relname, t.attname, t.attacl::text from pg_attribute t join pg_class c on c.oid = t.attrelid
		where c.relnamespace = 'app'::regnamespace and t.attacl is not null and not t.attisdropped`, func(row []string) {
		a.add("column %s.%s has grants of its own: %s", row[0], row[1], row[2])
	})
	wanted := map[string]string{}
	for table, r := range rights() {
		wanted["plinth_app on "+table] = r.privileges()
	}
	for table, privileges := range entries() {
		wanted["plinth_entry on "+table] = privileges
	}
	for _, who := range slices.Sorted(maps.Keys(granted)) {
		if wanted[who] != granted[who] {
			a.add("%s: %s is granted, want %q", who, granted[who], wanted[who])
		}
	}
	for _, who := range slices.Sorted(maps.Keys(wanted)) {
		if granted[who] == "" {
			a.add("%s: nothing is granted, want %s", who, wanted[who])
		}
	}
	a.each(`select x.grantee::regrole::text from pg_namespace n, aclexplode(n.nspacl) x
		where n.nspname = 'app' and (x.privilege_type = 'CREATE' and x.grantee <> n.nspowner or x.grantee = 0)`, func(row []string) {
		a.add("%s may create in the schema, or PUBLIC may use it", row[0])
	})
}
