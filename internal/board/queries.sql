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
  select id, project_id, board_id, name, status, wip_limit, wip_mode, rank, version, created_at, updated_at from new_columns
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
  (select coalesce(jsonb_agg(to_jsonb(r) order by r.rank), '[]') from (
     select c.id, c.project_id, c.board_id, c.name, c.status, c.wip_limit, c.wip_mode, c.rank, c.version, c.created_at, c.updated_at,
       n.task_count, coalesce(n.task_count > c.wip_limit, false) as over_limit
     from app.columns c cross join lateral (select count(*) as task_count from app.tasks t
       where t.org_id = c.org_id and t.column_id = c.id and t.deleted_at is null and t.archived_at is null) n
     where c.org_id = b.org_id and c.board_id = b.id) r)::jsonb as columns,
  (case when sqlc.narg('group_by')::text is not null then app.board_lanes(b.org_id, b.id, sqlc.narg('group_by')::text, @most_lanes::int) end)::jsonb as lanes
from app.boards b where b.org_id = @org_id and b.id = @id;

-- name: GetSnapshot :one
-- A whole board as of one moment, and which: all that hangs on its tasks is joined, not looked up task by task.
with places as materialized (
  select c.id, c.project_id, c.board_id, c.name, c.status, c.wip_limit, c.wip_mode, c.rank, c.version, c.created_at, c.updated_at, n.task_count
  from app.columns c cross join lateral (select count(*) as task_count from app.tasks t
    where t.org_id = c.org_id and t.column_id = c.id and t.deleted_at is null and t.archived_at is null) n
  where c.org_id = @org_id and c.board_id = @id
),
shown as materialized (
  select t.* from places p cross join lateral (select t.* from app.tasks t
    where t.org_id = @org_id and t.column_id = p.id and t.deleted_at is null and t.archived_at is null
    order by t.rank limit @most_tasks::int) t
),
assigned as materialized (
  select a.task_id, array_agg(a.user_id order by a.user_id) as ids
  from shown s join app.task_assignees a on a.org_id = @org_id and a.task_id = s.id group by a.task_id
),
labelled as materialized (
  select l.task_id, array_agg(l.label_id order by l.label_id) as ids
  from shown s join app.task_labels l on l.org_id = @org_id and l.task_id = s.id group by l.task_id
),
blocked as materialized (
  select distinct k.other_id as task_id
  from shown s join app.task_links k on k.org_id = @org_id and k.other_id = s.id and k.kind = 'blocks'
  join app.tasks b on b.org_id = @org_id and b.id = k.task_id and b.status not in ('done', 'canceled') and b.deleted_at is null
),
resources as materialized (
  select s.id, s.key, s.number, s.project_id, s.board_id, s.column_id, s.title, s.description, s.status,
    app.priority_name(s.priority) as priority, coalesce(a.ids, '{}') as assignee_ids, coalesce(l.ids, '{}') as label_ids,
    s.start_at, s.due_at, s.estimate, s.fields, s.mention_ids, s.parent_id, b.task_id is not null as blocked,
    s.created_by, s.rank, s.version, s.created_at, s.updated_at, s.completed_at, s.archived_at
  from shown s left join assigned a on a.task_id = s.id left join labelled l on l.task_id = s.id left join blocked b on b.task_id = s.id
),
filled as (
  select r.column_id, json_agg(row_to_json(r) order by r.rank) as tasks, max(r.rank) as last_rank, (array_agg(r.id order by r.rank desc))[1] as last_id
  from resources r group by r.column_id
),
people as (
  select unnest(a.ids) as id from assigned a
  union select s.created_by from shown s
  union select unnest(s.mention_ids) from shown s
  union select case when app.is_uuid(s.fields ->> f.key) then cast(s.fields ->> f.key as uuid) end
  from shown s join app.fields f on f.org_id = @org_id and f.project_id = s.project_id and f.type = 'person'
)
select b.id, b.project_id, b.name, b.version, b.created_at, b.updated_at, pg_current_snapshot()::text as seen,
  (select coalesce(json_agg(row_to_json(c) order by c.rank), '[]') from (
     select p.id, p.project_id, p.board_id, p.name, p.status, p.wip_limit, p.wip_mode, p.rank, p.version, p.created_at, p.updated_at,
       p.task_count, coalesce(p.task_count > p.wip_limit, false) as over_limit,
       coalesce(f.tasks, '[]') as tasks, case when p.task_count > @most_tasks::int then json_build_object('v', f.last_rank, 'i', f.last_id) end as last
     from places p left join filled f on f.column_id = p.id) c)::json as columns,
  (select coalesce(json_agg(row_to_json(n) order by n.id), '[]') from (
     select n.id, n.name, n.color, n.version, n.created_at, n.updated_at from app.labels n
     where n.org_id = @org_id and n.id in (select unnest(l.ids) from labelled l)) n)::json as labels,
  (select coalesce(json_agg(json_build_object('user_id', m.user_id, 'name', m.name) order by m.user_id), '[]')
   from people e join app.memberships m on m.org_id = @org_id and m.user_id = e.id)::json as members,
  (case when sqlc.narg('group_by')::text is not null then app.board_lanes(b.org_id, b.id, sqlc.narg('group_by')::text, @most_lanes::int) end)::jsonb as lanes
from app.boards b where b.org_id = @org_id and b.id = @id;

-- name: RequireProject :exec
select app.require(exists (select from app.projects p where p.org_id = @org_id and p.id = @id), 'not-found');

-- name: ListBoards :many
select id, project_id, name, version, created_at, updated_at
from app.boards
where org_id = @org_id and project_id = @project_id and (sqlc.narg('after')::uuid is null or id > sqlc.narg('after')::uuid)
order by id limit @more;

-- name: RequireWritableBoard :exec
select app.writable_board(@org_id, @id);

-- name: RequireWritableColumn :exec
select app.writable_column(@org_id, @id);

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
  insert into app.columns (org_id, id, project_id, board_id, name, status, wip_limit, wip_mode, rank)
  select b.org_id, @id, b.project_id, b.id, @name, @status, sqlc.narg('wip_limit'), @wip_mode, app.rank_between(
    (select c.rank from app.columns c where c.org_id = @org_id and c.board_id = b.id order by c.rank desc limit 1), null)
  from app.boards b where b.org_id = @org_id and b.id = @board_id
  returning *
),
resource as (
  select id, project_id, board_id, name, status, wip_limit, wip_mode, rank, version, created_at, updated_at from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'column.created', id, project_id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: RequireBoard :exec
select app.require(exists (select from app.boards b where b.org_id = @org_id and b.id = @id), 'not-found');

-- name: ListColumns :many
select id, project_id, board_id, name, status, wip_limit, wip_mode, rank, version, created_at, updated_at
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
    wip_limit = case when @set_wip_limit::bool then sqlc.narg('wip_limit') else c.wip_limit end, wip_mode = coalesce(sqlc.narg('wip_mode'), c.wip_mode),
    rank = case when before.id is null and after.id is null then c.rank else app.rank_between(
      coalesce(after.rank, (select max(n.rank) from app.columns n where n.org_id = @org_id and n.board_id = old.board_id and n.rank < before.rank and n.id <> old.id)),
      coalesce(before.rank, (select min(n.rank) from app.columns n where n.org_id = @org_id and n.board_id = old.board_id and n.rank > after.rank and n.id <> old.id))) end,
    version = c.version + 1, updated_at = now()
  from old, before, after
  where c.org_id = @org_id and c.id = old.id
  returning c.*
),
resource as (
  select id, project_id, board_id, name, status, wip_limit, wip_mode, rank, version, created_at, updated_at from updated
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
  select id, project_id, board_id, name, status, wip_limit, wip_mode, rank, version + 1 as version, created_at, updated_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'column.deleted', id, project_id, version, to_jsonb(resource) from resource
)
select id from resource;
