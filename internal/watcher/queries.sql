-- name: LockWatchers :exec
-- Queued before somebody comes to watch, so that of two requests for the same one the later sees the row of the first.
select pg_advisory_xact_lock(hashtextextended('watchers ' || cast(t.id as text), 0))
from app.tasks t where t.org_id = @org_id and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'));

-- name: AddWatcher :one
-- Who watches already goes on to, without an event.
with person as (
  select t.id as task_id, t.project_id, m.user_id, m.name, m.email
  from app.tasks t left join app.memberships m on m.org_id = @org_id and m.user_id = @user_id
  where t.org_id = @org_id and t.deleted_at is null and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))
    and app.require(m.user_id is not null, 'not-found', 'body.user_id', 'no such member')
    and app.require(app.people_see(@org_id, t.project_id, array[@user_id::uuid]), 'validation', 'body.user_id', 'is somebody who does not see the project')
),
added as (
  insert into app.task_watchers (org_id, task_id, user_id, project_id)
  select @org_id, p.task_id, p.user_id, p.project_id from person p
  on conflict do nothing
  returning *
),
resource as (
  select a.task_id, a.user_id, p.name, p.email, a.created_at from added a, person p
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'watcher.added', a.user_id, a.project_id, a.task_id, 1, to_jsonb(resource) from resource join added a using (user_id)
)
select p.user_id::uuid as user_id, p.name::text as name, p.email::text as email, coalesce(a.created_at, w.created_at)::timestamptz as created_at
from person p left join added a on true
left join app.task_watchers w on w.org_id = @org_id and w.task_id = p.task_id and w.user_id = p.user_id;

-- name: RequireTask :exec
select app.require(exists (select from app.tasks t where t.org_id = @org_id and t.deleted_at is null
  and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))), 'not-found');

-- name: ListWatchers :many
select m.user_id, m.name, m.email, w.created_at
from app.task_watchers w join app.memberships m on m.org_id = w.org_id and m.user_id = w.user_id
where w.org_id = @org_id and w.task_id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))
  and (sqlc.narg('after')::uuid is null or w.user_id > sqlc.narg('after')::uuid)
order by w.user_id limit @more;

-- name: RequireOwnOrWriter :exec
-- Refuses to put others on a task that may not be written, or to take them off it; an absent task passes, for the next
-- statement to find nothing.
select app.require(app.project_rank(t.project_id) >= 2, 'forbidden')
from app.tasks t where t.org_id = @org_id and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))
  and @user_id::uuid <> app.current_user_id();

-- name: RemoveWatcher :one
with removed as (
  delete from app.task_watchers w using app.tasks t
  where t.org_id = @org_id and t.deleted_at is null and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))
    and w.org_id = @org_id and w.task_id = t.id and w.user_id = @user_id
  returning w.*
),
resource as (
  select r.task_id, r.user_id, m.name, m.email, r.created_at
  from removed r join app.memberships m on m.org_id = @org_id and m.user_id = r.user_id
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'watcher.removed', r.user_id, r.project_id, r.task_id, 2, to_jsonb(resource) from resource join removed r using (user_id)
)
select user_id from removed;
