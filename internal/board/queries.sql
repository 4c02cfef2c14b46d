-- name: CreateBoard :one
with created as (
  insert into app.boards (org_id, id, project_id, name)
  select p.org_id, @id, p.id, @name from app.projects p where p.org_id = @org_id and p.id = @project_id
  returning *
),
resource as (
  select id, project_id, name, version, created_at, updated_at from created
),
new_columns as (
  insert into app.columns (org_id, id, project_id, board_id, name, status, rank)
  select @org_id, (@column_ids::uuid[])[i], created.project_id, created.id, (@column_names::text[])[i],
    (@column_statuses::text[])[i], 'a' || (i - 1)
  from created, generate_subscripts(@column_ids::uuid[], 1) i
  returning *
),
column_resources as (
  select id, project_id, board_id, name, status, wip_limit, rank, version, created_at, updated_at from new_columns
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'board.created', id, project_id, version, to_jsonb(resource) from resource
),
columns_recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'column.created', id, project_id, version, to_jsonb(column_resources) from column_resources order by rank
)
select id, project_id, name, version, created_at, updated_at,
  (select coalesce(jsonb_agg(to_jsonb(c) order by c.rank), '[]') from column_resources c)::jsonb as columns
from resource;

-- name: GetBoard :one
select b.id, b.project_id, b.name, b.version, b.created_at, b.updated_at,
  (select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'project_id', c.project_id, 'board_id', c.board_id, 'name', c.name,
     'status', c.status, 'wip_limit', c.wip_limit, 'rank', c.rank, 'version', c.version, 'created_at', c.created_at,
     'updated_at', c.updated_at) order by c.rank), '[]')
   from app.columns c where c.org_id = b.org_id and c.board_id = b.id)::jsonb as columns
from app.boards b where b.org_id = @org_id and b.id = @id;

-- name: RequireProject :exec
select app.require(exists (select from app.projects p where p.org_id = @org_id and p.id = @id), 'not-found');

-- name: ListBoards :many
select id, project_id, name, version, created_at, updated_at
from app.boards
where org_id = @org_id and project_id = @project_id and (sqlc.narg('after')::uuid is null or id > sqlc.narg('after')::uuid)
order by id limit @more;

-- name: UpdateBoard :one
with updated as (
  update app.boards b set name = coalesce(sqlc.narg('name'), b.name), version = b.version + 1, updated_at = now()
  where b.org_id = @org_id and b.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or b.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, project_id, name, version, created_at, updated_at from updated
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'board.updated', id, project_id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: DeleteBoard :one
-- A board with live tasks stays: its columns' tasks would go with it.
with deleted as (
  delete from app.boards b where b.org_id = @org_id and b.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or b.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, project_id, name, version + 1 as version, created_at, updated_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'board.deleted', id, project_id, version, to_jsonb(resource) from resource
)
select id from resource;

-- name: CreateColumn :one
with created as (
  insert into app.columns (org_id, id, project_id, board_id, name, status, wip_limit, rank)
  select b.org_id, @id, b.project_id, b.id, @name, @status, sqlc.narg('wip_limit'), app.rank_between(
    (select c.rank from app.columns c where c.org_id = @org_id and c.board_id = b.id order by c.rank desc limit 1), null)
  from app.boards b where b.org_id = @org_id and b.id = @board_id
  returning *
),
resource as (
  select id, project_id, board_id, name, status, wip_limit, rank, version, created_at, updated_at from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'column.created', id, project_id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: RequireBoard :exec
select app.require(exists (select from app.boards b where b.org_id = @org_id and b.id = @id), 'not-found');

-- name: ListColumns :many
select id, project_id, board_id, name, status, wip_limit, rank, version, created_at, updated_at
from app.columns
where org_id = @org_id and board_id = @board_id and (sqlc.narg('after')::text is null or rank > sqlc.narg('after')::text)
order by rank limit @more;

-- name: UpdateColumn :one
-- Changes a column, and its tasks' status along with its own, each with an event. A task that comes in meanwhile breaks
-- the foreign key, and the statement runs again. A trashed task follows unseen: its restoration makes the next version.
with old as (
  select c.* from app.columns c where c.org_id = @org_id and c.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or c.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  for update
),
before as (
  select n.id, n.rank from old left join app.columns n on n.org_id = @org_id and n.board_id = old.board_id and n.id = sqlc.narg('before_id') and n.id <> old.id
  where app.require(sqlc.narg('before_id')::uuid is null or n.id is not null, 'not-found', 'body.before_id')
),
after as (
  select n.id, n.rank from old left join app.columns n on n.org_id = @org_id and n.board_id = old.board_id and n.id = sqlc.narg('after_id') and n.id <> old.id
  where app.require(sqlc.narg('after_id')::uuid is null or n.id is not null, 'not-found', 'body.after_id')
),
updated as (
  update app.columns c set name = coalesce(sqlc.narg('name'), c.name), status = coalesce(sqlc.narg('status'), c.status),
    wip_limit = case when @set_wip_limit::bool then sqlc.narg('wip_limit') else c.wip_limit end,
    rank = case when before.id is null and after.id is null then c.rank else app.rank_between(
      coalesce(after.rank, (select max(n.rank) from app.columns n where n.org_id = @org_id and n.board_id = old.board_id and n.rank < before.rank and n.id <> old.id)),
      coalesce(before.rank, (select min(n.rank) from app.columns n where n.org_id = @org_id and n.board_id = old.board_id and n.rank > after.rank and n.id <> old.id))) end,
    version = c.version + 1, updated_at = now()
  from old, before, after
  where c.org_id = @org_id and c.id = old.id
  returning c.*
),
resource as (
  select id, project_id, board_id, name, status, wip_limit, rank, version, created_at, updated_at from updated
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'column.updated', id, project_id, version, to_jsonb(resource) from resource
),
followed as (
  update app.tasks t set status = r.status, version = t.version + (t.deleted_at is null)::int, updated_at = now(),
    completed_at = case when r.status <> 'done' then null when t.status = 'done' then t.completed_at else now() end
  from old, resource r
  where t.org_id = @org_id and t.column_id = old.id and r.status <> old.status
  returning t.*
),
tasks_recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'task.updated', f.id, f.project_id, f.id, f.version, app.task_json(f.org_id, f.id)
  from followed f where f.deleted_at is null
)
select * from resource;

-- name: DeleteColumn :one
with deleted as (
  delete from app.columns c where c.org_id = @org_id and c.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or c.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, project_id, board_id, name, status, wip_limit, rank, version + 1 as version, created_at, updated_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'column.deleted', id, project_id, version, to_jsonb(resource) from resource
)
select id from resource;
