-- name: LockLinks :exec
-- Queued before a task comes to block another one, so that two links at once cannot close a circle.
select pg_advisory_xact_lock(hashtextextended('task links ' || cast(@org_id::uuid as text), 0));

-- name: CreateLink :one
-- Stores a link once, in the direction of its kind, or for a relation the lower id first. Each side's history gets an
-- event as seen from there.
with pair as (
  select t.id, t.project_id, o.id as other_id, o.project_id as other_project_id, o.key, o.title, o.status,
    case when @kind::text = 'relates' then o.id < t.id else @turned::bool end as turned
  from app.tasks t left join app.tasks o on o.org_id = @org_id and o.deleted_at is null
    and o.id = app.task_id(@org_id, sqlc.narg('other_id'), sqlc.narg('other_key'))
  where t.org_id = @org_id and t.deleted_at is null and t.id = app.writable_task(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))
    and app.require(o.id is not null, 'not-found', 'body.task_id')
    and app.require(o.id is distinct from t.id, 'validation', 'body.task_id', 'is the task itself')
),
allowed as (
  select p.* from pair p
  where app.require(@kind::text <> 'blocks' or not case when p.turned then app.blocks_in_turn(p.id, p.other_id) else app.blocks_in_turn(p.other_id, p.id) end,
    'validation', 'body.task_id', 'would close a circle of blocks')
),
created as (
  insert into app.task_links (org_id, id, kind, task_id, project_id, other_id, other_project_id, created_by)
  select @org_id, @id, @kind::text,
    case when a.turned then a.other_id else a.id end, case when a.turned then a.other_project_id else a.project_id end,
    case when a.turned then a.id else a.other_id end, case when a.turned then a.project_id else a.other_project_id end, app.current_user_id()
  from allowed a
  returning *
),
sides as (
  select id, kind, task_id, project_id, other_id, other_project_id, created_by, created_at from created
  union all
  select id, app.link_turned(kind), other_id, other_project_id, task_id, project_id, created_by, created_at from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'link.created', s.id, s.project_id, s.task_id, 1, to_jsonb(s) from sides s
)
select c.id, (case when a.turned then app.link_turned(c.kind) else c.kind end)::text as kind,
  a.other_id::uuid as other_id, a.key::text as key, a.title::text as title, a.status::text as status, c.created_by, c.created_at
from created c, allowed a;

-- name: RequireTask :exec
select app.require(exists (select from app.tasks t where t.org_id = @org_id and t.deleted_at is null
  and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))), 'not-found');

-- name: ListLinks :many
with own as materialized (
  select app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key')) as id
)
select l.id, (case when l.task_id = own.id then l.kind else app.link_turned(l.kind) end)::text as kind,
  o.id as other_id, o.key, o.title, o.status, l.created_by, l.created_at
from own
join app.task_links l on l.org_id = @org_id and (l.task_id = own.id or l.other_id = own.id)
join app.tasks o on o.org_id = @org_id and o.id = case when l.task_id = own.id then l.other_id else l.task_id end and o.deleted_at is null
where sqlc.narg('after')::uuid is null or l.id > sqlc.narg('after')::uuid
order by l.id limit @more;

-- name: RequireWritableTask :exec
-- Refuses a task that is seen but may not be written; an absent one passes, for the next statement to find nothing.
select app.writable_task(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'));

-- name: DeleteLink :one
with deleted as (
  delete from app.task_links l using app.tasks t, app.tasks o
  where l.org_id = @org_id and l.id = @id
    and t.org_id = @org_id and t.deleted_at is null and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))
    and o.org_id = @org_id and o.deleted_at is null
    and (l.task_id = t.id and l.other_id = o.id or l.task_id = o.id and l.other_id = t.id)
  returning l.*
),
sides as (
  select id, kind, task_id, project_id, other_id, other_project_id, created_by, created_at from deleted
  union all
  select id, app.link_turned(kind), other_id, other_project_id, task_id, project_id, created_by, created_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'link.deleted', s.id, s.project_id, s.task_id, 2, to_jsonb(s) from sides s
)
select id from deleted;
