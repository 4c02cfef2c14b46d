-- Organizations of one shape: 5 members, 8 labels, 2 projects of 4 columns with 63 tasks each (or bench.tasks in all, where
-- that says otherwise than 504). The n-th task is in
-- organization n % orgs and there in column (n / orgs) % 8; columns, projects and users are numbered the same way.
set session_replication_role = replica; -- foreign keys hold by construction
set synchronous_commit = off;

create function pg_temp.id(kind int, n bigint) returns uuid language sql immutable as $$
  select format('0190000%s-0000-7000-8000-%s', kind, 100000000000 + n)::uuid $$;
create function pg_temp.orgs() returns int language sql stable as $$ select current_setting('bench.orgs')::int $$;
create function pg_temp.tasks() returns bigint language sql stable as $$ select current_setting('bench.tasks')::bigint * pg_temp.orgs() $$;
create function pg_temp.reseller() returns uuid language sql immutable as $$ select '00000000-0000-7000-8000-000000000001'::uuid $$;
create function pg_temp.digit(n bigint) returns text language sql immutable as $$
  select substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 1 + (n % 62)::int, 1) $$;

insert into app.users (id, reseller_id, email, name, password_hash)
select pg_temp.id(1, n), pg_temp.reseller(), 'user' || n || '@example.com', 'User ' || n, '-'
from generate_series(0, 5 * pg_temp.orgs() - 1) n;

insert into app.sessions (id, reseller_id, user_id, ip, user_agent, expires_at)
select pg_temp.id(2, n), pg_temp.reseller(), pg_temp.id(1, n), '127.0.0.1', 'bench', now() + interval '1 day'
from generate_series(0, 5 * pg_temp.orgs() - 1) n;

insert into app.organizations (id, reseller_id, name, slug)
select pg_temp.id(3, n), pg_temp.reseller(), 'Organization ' || n, 'organization-' || n
from generate_series(0, pg_temp.orgs() - 1) n;

insert into app.memberships (org_id, user_id, reseller_id, email, name, role)
select pg_temp.id(3, n % pg_temp.orgs()), pg_temp.id(1, n), pg_temp.reseller(), 'user' || n || '@example.com', 'User ' || n,
  case when n < pg_temp.orgs() then 'admin' else 'member' end
from generate_series(0, 5 * pg_temp.orgs() - 1) n;

insert into app.projects (org_id, id, key, name, description, last_number)
select pg_temp.id(3, n % pg_temp.orgs()), pg_temp.id(4, n), 'P' || n / pg_temp.orgs(), 'Project ' || n, '', 252
from generate_series(0, 2 * pg_temp.orgs() - 1) n;

insert into app.boards (org_id, id, project_id, name)
select pg_temp.id(3, n % pg_temp.orgs()), pg_temp.id(5, n), pg_temp.id(4, n), 'Board'
from generate_series(0, 2 * pg_temp.orgs() - 1) n;

insert into app.columns (org_id, id, project_id, board_id, name, status, rank)
select pg_temp.id(3, n % pg_temp.orgs()), pg_temp.id(6, n), pg_temp.id(4, n % (2 * pg_temp.orgs())), pg_temp.id(5, n % (2 * pg_temp.orgs())),
  s, s, 'a' || place
from generate_series(0, 8 * pg_temp.orgs() - 1) n, lateral (select n / (2 * pg_temp.orgs()) as place) p,
  lateral (select (array['backlog', 'todo', 'in_progress', 'done'])[place + 1] as s) q;

insert into app.labels (org_id, id, name, color)
select pg_temp.id(3, n % pg_temp.orgs()), pg_temp.id(8, n), 'label ' || n / pg_temp.orgs(), '#3b82f6'
from generate_series(0, 8 * pg_temp.orgs() - 1) n;

insert into app.tasks (org_id, id, key, number, project_id, board_id, column_id, title, description, status, priority,
  due_at, created_by, rank, created_at, updated_at, completed_at)
select c.org_id, pg_temp.id(7, n), p.key || '-' || number, number, c.project_id, c.board_id, c.id,
  'Check the ' || (array['login', 'export', 'invoice', 'search', 'report', 'upload', 'webhook'])[1 + n % 7] || ' of case ' || n,
  repeat('What was asked for, what was seen instead, and how to see it again. ', 3), c.status, n % 5,
  case when n % 3 = 0 then now() + make_interval(days => (n % 60)::int) end, pg_temp.id(1, n % pg_temp.orgs()),
  'b' || pg_temp.digit(place / 62) || pg_temp.digit(place) || 'V' || pg_temp.digit(n % 61 + 1), at, at,
  case when c.status = 'done' then at end
from generate_series(0, pg_temp.tasks() - 1) n,
  lateral (select n / (8 * pg_temp.orgs()) as place, (1 + n / (2 * pg_temp.orgs()))::int as number,
    now() - make_interval(mins => (pg_temp.tasks() - n)::int) as at) q,
  app.columns c, app.projects p
where c.org_id = pg_temp.id(3, n % pg_temp.orgs()) and c.id = pg_temp.id(6, n % (8 * pg_temp.orgs()))
  and p.org_id = c.org_id and p.id = c.project_id;

insert into app.task_search (org_id, task_id, project_id, doc_id, words, spelling)
select org_id, id, project_id, id, words, app.spelling(words)
from app.tasks, lateral (select app.task_words(title, description) as words offset 0) w;

insert into app.task_assignees (org_id, task_id, user_id, project_id, task_created_at)
select t.org_id, t.id, pg_temp.id(1, n % (5 * pg_temp.orgs())), t.project_id, t.created_at
from generate_series(0, pg_temp.tasks() - 1) n join app.tasks t on t.org_id = pg_temp.id(3, n % pg_temp.orgs()) and t.id = pg_temp.id(7, n)
where n % 4 <> 0;

insert into app.task_labels (org_id, task_id, label_id, project_id, task_created_at)
select t.org_id, t.id, pg_temp.id(8, n % pg_temp.orgs() + pg_temp.orgs() * l), t.project_id, t.created_at
from generate_series(0, pg_temp.tasks() - 1) n join app.tasks t on t.org_id = pg_temp.id(3, n % pg_temp.orgs()) and t.id = pg_temp.id(7, n),
  generate_series(0, 7) l where (n + l) % 5 = 0;
