-- name: CreateProject :one
-- The key is the first of the candidates that is free.
with chosen as (
  select c.key from unnest(@keys::text[]) with ordinality c(key, n)
  where not exists (select from app.projects p where p.org_id = @org_id and p.key = c.key)
  order by c.n limit 1
),
created as (
  insert into app.projects (org_id, id, key, name, description)
  select @org_id, @id, chosen.key, @name, @description from chosen
  returning *
),
resource as (
  select id, key, name, description, archived_at, version, created_at, updated_at from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'project.created', id, id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: GetProject :one
select id, key, name, description, archived_at, version, created_at, updated_at
from app.projects where org_id = @org_id and id = @id;

-- name: ListProjects :many
select id, key, name, description, archived_at, version, created_at, updated_at
from app.projects
where org_id = @org_id and (sqlc.narg('after')::uuid is null or id > sqlc.narg('after')::uuid)
order by id limit @more;

-- name: UpdateProject :one
with updated as (
  update app.projects p set name = coalesce(sqlc.narg('name'), p.name), description = coalesce(sqlc.narg('description'), p.description),
    archived_at = case sqlc.narg('archived')::bool when true then coalesce(p.archived_at, now()) when false then null else p.archived_at end,
    version = p.version + 1, updated_at = now()
  where p.org_id = @org_id and p.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or p.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, key, name, description, archived_at, version, created_at, updated_at from updated
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'project.updated', id, id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: DeleteProject :one
-- The tasks go first: a column does not let go of live ones.
with emptied as (
  delete from app.tasks t where t.org_id = @org_id and t.project_id = @id
),
deleted as (
  delete from app.projects p where p.org_id = @org_id and p.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or p.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, key, name, description, archived_at, version + 1 as version, created_at, updated_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'project.deleted', id, id, version, to_jsonb(resource) from resource
)
select id from resource;
