-- Members of organization 0 besides its five, each with a session; bench.members says how many.
set session_replication_role = replica;
set synchronous_commit = off;

insert into app.users (id, reseller_id, email, name, password_hash)
select pg_temp.id(1, n), pg_temp.reseller(), 'user' || n || '@example.com', 'User ' || n, '-'
from generate_series(5 * pg_temp.orgs(), 5 * pg_temp.orgs() + current_setting('bench.members')::int - 1) n;

insert into app.sessions (id, reseller_id, user_id, ip, user_agent, expires_at)
select pg_temp.id(2, n), pg_temp.reseller(), pg_temp.id(1, n), '127.0.0.1', 'bench', now() + interval '1 day'
from generate_series(5 * pg_temp.orgs(), 5 * pg_temp.orgs() + current_setting('bench.members')::int - 1) n;

insert into app.memberships (org_id, user_id, reseller_id, email, name, role)
select pg_temp.id(3, 0), pg_temp.id(1, n), pg_temp.reseller(), 'user' || n || '@example.com', 'User ' || n, 'member'
from generate_series(5 * pg_temp.orgs(), 5 * pg_temp.orgs() + current_setting('bench.members')::int - 1) n;
