-- name: CreateComment :one
with created as (
  insert into app.comments (org_id, id, project_id, task_id, author_id, body)
  select t.org_id, @id, t.project_id, t.id, app.current_user_id(), @body
  from app.tasks t where t.org_id = @org_id and t.deleted_at is null
    and t.id = case when sqlc.narg('task_id')::uuid is not null then sqlc.narg('task_id')::uuid else (select k.id from app.tasks k where k.org_id = @org_id and k.key = sqlc.narg('task_key')) end
  returning *
),
resource as (
  select id, task_id, author_id, body, version, created_at, updated_at from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'comment.created', c.id, c.project_id, c.task_id, c.version, to_jsonb(resource) from resource join created c using (id)
)
select * from resource;

-- name: RequireTask :exec
select app.require(exists (select from app.tasks t where t.org_id = @org_id and t.deleted_at is null
  and t.id = case when sqlc.narg('task_id')::uuid is not null then sqlc.narg('task_id')::uuid else (select k.id from app.tasks k where k.org_id = @org_id and k.key = sqlc.narg('task_key')) end), 'not-found');

-- name: ListComments :many
select c.id, c.task_id, c.author_id, c.body, c.version, c.created_at, c.updated_at
from app.comments c
where c.org_id = @org_id
  and c.task_id = case when sqlc.narg('task_id')::uuid is not null then sqlc.narg('task_id')::uuid else (select k.id from app.tasks k where k.org_id = @org_id and k.key = sqlc.narg('task_key')) end
  and (sqlc.narg('after')::uuid is null or c.id > sqlc.narg('after')::uuid)
order by c.id limit @more;

-- name: RequireAuthor :exec
-- Refuses a comment of somebody else's; an absent one passes, for the next statement to find nothing.
select app.require(c.author_id = app.current_user_id() or @admins_may::bool and app.current_rank() >= 3, 'forbidden')
from app.comments c where c.org_id = @org_id and c.id = @id;

-- name: UpdateComment :one
with updated as (
  update app.comments c set body = coalesce(sqlc.narg('body'), c.body), version = c.version + 1, updated_at = now()
  from app.tasks t
  where c.org_id = @org_id and c.id = @id and t.org_id = c.org_id and t.id = c.task_id and t.deleted_at is null
    and app.require(sqlc.narg('versions')::int[] is null or c.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning c.*
),
resource as (
  select id, task_id, author_id, body, version, created_at, updated_at from updated
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'comment.updated', c.id, c.project_id, c.task_id, c.version, to_jsonb(resource) from resource join updated c using (id)
)
select * from resource;

-- name: DeleteComment :one
with deleted as (
  delete from app.comments c using app.tasks t
  where c.org_id = @org_id and c.id = @id and t.org_id = c.org_id and t.id = c.task_id and t.deleted_at is null
    and app.require(sqlc.narg('versions')::int[] is null or c.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning c.*
),
resource as (
  select id, task_id, author_id, body, version + 1 as version, created_at, updated_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'comment.deleted', c.id, c.project_id, c.task_id, c.version + 1, to_jsonb(resource) from resource join deleted c using (id)
)
select id from resource;
