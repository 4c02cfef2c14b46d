-- name: CreateLabel :one
with created as (
  insert into app.labels (org_id, id, name, color) values (@org_id, @id, @name, @color) returning *
),
resource as (
  select id, name, color, version, created_at, updated_at from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, version, payload)
  select @org_id, 'label.created', id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: ListLabels :many
select id, name, color, version, created_at, updated_at
from app.labels
where org_id = @org_id and (sqlc.narg('after')::uuid is null or id > sqlc.narg('after')::uuid)
order by id limit @more;

-- name: UpdateLabel :one
with updated as (
  update app.labels l set name = coalesce(sqlc.narg('name'), l.name), color = coalesce(sqlc.narg('color'), l.color),
    version = l.version + 1, updated_at = now()
  where l.org_id = @org_id and l.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or l.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, name, color, version, created_at, updated_at from updated
),
recorded as (
  insert into app.events (org_id, kind, entity_id, version, payload)
  select @org_id, 'label.updated', id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: DeleteLabel :one
with deleted as (
  delete from app.labels l where l.org_id = @org_id and l.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or l.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, name, color, version + 1 as version, created_at, updated_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, version, payload)
  select @org_id, 'label.deleted', id, version, to_jsonb(resource) from resource
)
select id from resource;
