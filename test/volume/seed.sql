-- One organization of volume.tasks tasks, and twenty of a hundred. Whatever an id is of, it is made from a number:
-- pg_temp.id(kind, n). What is drawn comes from a hash of the number, so every load is the same.
set session_replication_role = replica; -- foreign keys hold by construction
set synchronous_commit = off;
set maintenance_work_mem = '256MB';
set work_mem = '64MB';

create function pg_temp.id(kind int, n bigint) returns uuid language sql immutable as $$
  select ('0190000' || kind || '-0000-7000-8000-' || 100000000000 + n)::uuid $$;
create function pg_temp.reseller() returns uuid language sql immutable as $$ select '00000000-0000-7000-8000-000000000001'::uuid $$;
-- draw is even in [0, 1); salt tells the draws for one number apart.
create function pg_temp.draw(n bigint, salt int) returns double precision language sql immutable as $$
  select (hashint8extended(n, salt) & 1048575) / 1048576.0::float8 $$;
-- zipf draws from 0 to most - 1, the k-th about as often as 1/(k+1).
create function pg_temp.zipf(n bigint, salt int, most int) returns int language sql immutable as $$
  select floor(power(most + 1, pg_temp.draw(n, salt)))::int - 1 $$;
create function pg_temp.word(k int) returns text language sql immutable as $$
  select (array['ba','co','di','fe','gu','la','mi','no','pe','ru','sa','to','vi','wo','ze','chi'])[1 + k % 16]
    || (array['r','n','l','s','m','t','k','x','nd','st','rm','lt'])[1 + k / 16 % 12]
    || (array['a','er','o','ine','us','ing','e','or'])[1 + k / 192 % 8] $$;
create function pg_temp.digit(n bigint) returns text language sql immutable as $$
  select substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 1 + (n % 62)::int, 1) $$;

-- An index that is made at the end is made much faster than one that grows.
create temp table later as
select pg_get_indexdef(i.indexrelid) as definition, i.indexrelid::regclass::text as name
from pg_index i join pg_class c on c.oid = i.indrelid
where c.relnamespace = 'app'::regnamespace and c.relname in ('tasks', 'task_search', 'task_assignees', 'task_labels', 'task_watchers', 'field_values', 'comments', 'events', 'task_links')
  and not exists (select from pg_constraint k where k.conindid = i.indexrelid);
do $$
declare
  name text;
begin
  for name in select l.name from later l loop execute 'drop index ' || name; end loop;
end $$;

-- The n-th user of the large organization: 0 its admin, 1 a member, 2 a guest, all others members; then one for each small one.
insert into app.users (id, reseller_id, email, name, password_hash)
select pg_temp.id(1, n), pg_temp.reseller(), 'user' || n || '@example.com', 'User ' || n, '-' from generate_series(0, 79) n;
insert into app.sessions (id, reseller_id, user_id, ip, user_agent, expires_at)
select pg_temp.id(2, n), pg_temp.reseller(), pg_temp.id(1, n), '127.0.0.1', 'volume', now() + interval '1 day' from generate_series(0, 79) n;
insert into app.organizations (id, reseller_id, name, slug)
select pg_temp.id(3, n), pg_temp.reseller(), 'Organization ' || n, 'organization-' || n from generate_series(0, 20) n;
insert into app.memberships (org_id, user_id, reseller_id, email, name, role)
select pg_temp.id(3, greatest(n - 59, 0)), pg_temp.id(1, n), pg_temp.reseller(), 'user' || n || '@example.com', 'User ' || n,
  case when n = 0 or n > 59 then 'admin' when n = 2 then 'guest' else 'member' end from generate_series(0, 79) n;

-- Projects 0 to 39 are of the large organization, 40 to 59 of the small ones; three boards in each, of five columns.
create temp table places as
select p, pg_temp.id(3, greatest(p - 39, 0)) as org_id, pg_temp.id(4, p) as project_id from generate_series(0, 59) p;
insert into app.projects (org_id, id, key, name, description, last_number, private)
select org_id, project_id, 'P' || p, 'Project ' || p, '', 1000000, p = 5 from places;
insert into app.project_members (org_id, project_id, user_id, role)
select pg_temp.id(3, 0), pg_temp.id(4, p), pg_temp.id(1, 2), 'guest' from unnest(array[20, 30, 39]) p;
insert into app.project_members (org_id, project_id, user_id, role)
select pg_temp.id(3, 0), pg_temp.id(4, p), pg_temp.id(1, n), 'member' from unnest(array[0, 5]) p, generate_series(3, 59) n;
insert into app.boards (org_id, id, project_id, name)
select org_id, pg_temp.id(5, 3 * p + b), project_id, 'Board ' || b from places, generate_series(0, 2) b;
insert into app.columns (org_id, id, project_id, board_id, name, status, rank)
select org_id, pg_temp.id(6, 5 * (3 * p + b) + s), project_id, pg_temp.id(5, 3 * p + b), status, status, 'a' || s
from places, generate_series(0, 2) b, generate_series(0, 4) s,
  lateral (select (array['backlog', 'todo', 'in_progress', 'done', 'canceled'])[s + 1] as status) x;
insert into app.labels (org_id, id, name, color)
select pg_temp.id(3, greatest(n - 49, 0)), pg_temp.id(8, n), 'label ' || n, '#3b82f6' from generate_series(0, 69) n;
insert into app.fields (org_id, id, project_id, key, name, type, options, rank)
select org_id, pg_temp.id(9, 10 * p + f), project_id, key, key, type, options::jsonb, 'a' || f
from places, (values (0, 'points', 'number', '[]'), (1, 'customer', 'text', '[]'),
  (2, 'severity', 'select', '[{"value": "low", "name": "Low"}, {"value": "high", "name": "High"}, {"value": "worst", "name": "Worst"}]')) d(f, key, type, options)
where p < 10;

-- The n-th task. The tasks of the small organizations come last.
create temp table drawn as
select n, case when n < size then pg_temp.id(3, 0) else pg_temp.id(3, 1 + (n - size) / 100) end as org_id, pg_temp.id(7, n) as id,
  p, p * 3 + floor(3 * pg_temp.draw(n, 2))::int as board, s, pg_temp.draw(n, 4) as fate,
  now() - make_interval(mins => (size + 2000 - n)::int) as created_at
from (select current_setting('volume.tasks')::bigint as size) q, generate_series(0, size + 1999) n,
  lateral (select case when n < size then pg_temp.zipf(n, 1, 40) else (40 + (n - size) / 100)::int end as p,
    case when d < 0.2 then 0 when d < 0.3 then 1 when d < 0.38 then 2 when d < 0.98 then 3 else 4 end as s
    from (select pg_temp.draw(n, 3) as d) x) y;
create temp table texts as
select n, (select string_agg(pg_temp.word(pg_temp.zipf(n, 100 + i, 1500)), ' ') from generate_series(1, 5) i)
    || case when n % 10 < 2 then ' report' else '' end || case when n % 20000 = 770 then ' zeppelin' else '' end as title,
  (select string_agg(pg_temp.word(pg_temp.zipf(n, 200 + i, 1500)), ' ') from generate_series(1, 12) i)
    || case when n % 10 = 2 then ' the report' else '' end as description
from drawn;

insert into app.tasks (org_id, id, key, number, project_id, board_id, column_id, title, description, status, priority,
  start_at, due_at, estimate, fields, mention_ids, parent_id, created_by, rank, created_at, updated_at, completed_at, archived_at, deleted_at)
select d.org_id, d.id, 'P' || p || '-' || d.n + 1, d.n + 1, pg_temp.id(4, p), pg_temp.id(5, board), pg_temp.id(6, 5 * board + s), title, description,
  (array['backlog', 'todo', 'in_progress', 'done', 'canceled'])[s + 1],
  case when u < 0.01 then 4 when u < 0.11 then 3 when u < 0.4 then 2 when u < 0.6 then 1 else 0 end,
  case when pg_temp.draw(d.n, 6) < 0.5 then due - interval '7 days' end, due,
  case when pg_temp.draw(d.n, 7) < 0.3 then 1 + floor(20 * pg_temp.draw(d.n, 8)) end,
  case when p < 10 and pg_temp.draw(d.n, 9) < 0.6 then jsonb_build_object('points', floor(40 * pg_temp.draw(d.n, 10)),
    'severity', (array['low', 'high', 'worst'])[1 + pg_temp.zipf(d.n, 11, 3)], 'customer', pg_temp.word(pg_temp.zipf(d.n, 12, 300))) else '{}' end,
  case when d.n % 50 = 1 then array[pg_temp.id(1, d.n % 60)] else '{}' end,
  case when d.n % 10 = 3 and d.n > 1000 then pg_temp.id(7, d.n - 3 - d.n % 70) end,
  case when d.n < current_setting('volume.tasks')::bigint then pg_temp.id(1, pg_temp.zipf(d.n, 13, 60)) else pg_temp.id(1, 60 + p - 40) end,
  'd' || pg_temp.digit(m / 238328) || pg_temp.digit(m / 3844) || pg_temp.digit(m / 62) || pg_temp.digit(m) || 'V',
  d.created_at, d.created_at + (now() - d.created_at) * power(pg_temp.draw(d.n, 14), 3), case when s = 3 then d.created_at + interval '1 hour' end,
  case when fate between 0.01 and 0.06 then now() - fate * interval '100 days' end, case when fate < 0.01 then now() - fate * interval '1000 days' end
from drawn d join texts using (n),
  lateral (select pg_temp.draw(d.n, 5) as u, d.n * 7919 % 1000003 as m,
    case when d.n % 5 < 2 then d.created_at + make_interval(days => 1 + (d.n % 60)::int) end as due) x;

insert into app.task_search (org_id, task_id, project_id, doc_id, words, spelling)
select org_id, id, project_id, id, words, app.spelling(words) from app.tasks, lateral (select app.task_words(title, description) as words offset 0) w;

insert into app.task_assignees (org_id, task_id, user_id, project_id, task_created_at)
select org_id, id, who, pg_temp.id(4, p), created_at from (
  select distinct n, case when n >= size then pg_temp.id(1, 60 + p - 40) when n % (size / 20) = slot then pg_temp.id(1, 59)
    else pg_temp.id(1, pg_temp.zipf(n, 20 + slot, 59)) end as who
  from drawn, generate_series(0, 2) slot, (select current_setting('volume.tasks')::bigint as size) q
  where pg_temp.draw(n, 30 + slot) < (array[0.85, 0.35, 0.1])[slot + 1] or n < size and n % (size / 20) = slot) a join drawn using (n);
insert into app.task_labels (org_id, task_id, label_id, project_id, task_created_at)
select org_id, id, label, pg_temp.id(4, p), created_at from (
  select distinct n, case when n >= size then pg_temp.id(8, 50 + p - 40) when n % (size / 20) = slot + 1 then pg_temp.id(8, 49)
    else pg_temp.id(8, pg_temp.zipf(n, 40 + slot, 49)) end as label
  from drawn, generate_series(0, 2) slot, (select current_setting('volume.tasks')::bigint as size) q
  where pg_temp.draw(n, 50 + slot) < (array[0.9, 0.4, 0.2])[slot + 1] or n < size and n % (size / 20) = slot + 1) l join drawn using (n);
insert into app.task_watchers (org_id, task_id, user_id, project_id)
select org_id, id, pg_temp.id(1, pg_temp.zipf(n, 60, 60)), pg_temp.id(4, p) from drawn where n % 2 = 0 and n < current_setting('volume.tasks')::bigint;
insert into app.task_watchers (org_id, task_id, user_id, project_id)
select org_id, id, pg_temp.id(1, w), pg_temp.id(4, p) from drawn, generate_series(0, 59) w where n = 1001 on conflict do nothing;

insert into app.field_values (org_id, task_id, key, slot, project_id, value, sort_key)
select t.org_id, t.id, f.key, 0, t.project_id, v.value, case f.key when 'severity' then '0000' || array_position(array['low', 'high', 'worst'], v.value) else v.value end
from app.tasks t, (values ('points'), ('severity'), ('customer')) f(key),
  lateral (select case f.key when 'points' then app.number_order((t.fields ->> 'points')::float8) else t.fields ->> f.key end as value) v
where t.fields ? f.key;

-- Task 1001 is where everything hangs: 300 comments, 60 watchers, 100 links, 150 things to check, 500 events.
create temp table talk as
select row_number() over () as c, n, i from drawn, generate_series(1, 300) i where n < current_setting('volume.tasks')::bigint and (n = 1001 or n % 10 = 4 and i <= 1 + n % 30 / 10);
insert into app.comments (org_id, id, project_id, task_id, author_id, body, parent_id)
select org_id, pg_temp.id(0, c), pg_temp.id(4, p), id, pg_temp.id(1, pg_temp.zipf(c, 70, 60)),
  (select string_agg(pg_temp.word(pg_temp.zipf(c, 300 + w, 1500)), ' ') from generate_series(1, 8) w),
  case when n = 1001 and i % 3 = 0 then pg_temp.id(0, c - i % 30) end
from talk join drawn using (n);
update app.comments c set parent_id = null where not exists (select from app.comments p where p.id = c.parent_id and p.task_id = c.task_id and p.id <> c.id);
insert into app.task_search (org_id, task_id, project_id, doc_id, words, spelling)
select org_id, task_id, project_id, id, words, app.spelling(words) from app.comments, lateral (select app.comment_words(body) as words offset 0) w;
insert into app.reactions (org_id, comment_id, user_id, emoji, task_id, project_id)
select org_id, id, pg_temp.id(1, u), '👍', task_id, project_id from app.comments, generate_series(3, 5) u where id < pg_temp.id(0, 3000);
insert into app.checklist_items (org_id, id, project_id, task_id, text, rank)
select org_id, pg_temp.id(9, 1000 + row_number() over ()), pg_temp.id(4, p), id, 'Item ' || i, 'b' || pg_temp.digit(i / 62) || pg_temp.digit(i) || 'V'
from drawn, generate_series(1, 150) i where n = 1001 or n % 20 = 6 and i < 5;
insert into app.task_links (org_id, id, kind, task_id, project_id, other_id, other_project_id, created_by)
select a.org_id, gen_random_uuid(), case when a.n % 3 = 0 then 'relates' else 'blocks' end, a.id, pg_temp.id(4, a.p), b.id, pg_temp.id(4, b.p), pg_temp.id(1, 3)
from drawn a join drawn b on b.n = a.n + 7 where a.n % 60 < 2 and b.n < current_setting('volume.tasks')::bigint;
insert into app.task_links (org_id, id, kind, task_id, project_id, other_id, other_project_id, created_by)
select a.org_id, gen_random_uuid(), 'relates', a.id, pg_temp.id(4, a.p), b.id, pg_temp.id(4, b.p), pg_temp.id(1, 3)
from drawn a join drawn b on b.n between a.n + 20 and a.n + 119 where a.n = 1001;
insert into app.events (org_id, kind, entity_id, project_id, task_id, version, actor_id, payload, created_at)
select org_id, case when i = 1 then 'task.created' else 'task.updated' end, id, pg_temp.id(4, p), id, i, pg_temp.id(1, 3),
  jsonb_build_object('id', id, 'title', 'Version ' || i, 'version', i, 'status', 'todo', 'fields', '{}'::jsonb), d.created_at
from drawn d, generate_series(1, 500) i where n = 1001 or n % 5 = 0 and i < 3;
insert into app.views (org_id, id, owner_id, name, visibility, filter, sort, group_by, fields)
select pg_temp.id(3, 0), pg_temp.id(9, 900000 + n), pg_temp.id(1, n % 60), 'View ' || n, case when n % 2 = 0 then 'organization' else 'private' end,
  'assignee = me', '-updated_at', 'status', '{}' from generate_series(0, 199) n;

do $$
declare
  definition text;
begin
  for definition in select l.definition from later l loop execute definition; end loop;
end $$;
-- Statistics stay what the next ANALYZE makes them.
do $$
declare
  name text;
begin
  for name in select c.oid::regclass from pg_class c where c.relnamespace = 'app'::regnamespace and c.relkind = 'r' loop
    execute 'alter table ' || name || ' set (autovacuum_enabled = off)';
  end loop;
end $$;
