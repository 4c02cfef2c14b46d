-- name: CreateView :one
-- A shared view is told of, to those who see its project where it has one; a private one to nobody.
with created as (
  insert into app.views (org_id, id, project_id, owner_id, name, visibility, filter, sort, group_by, fields)
  select @org_id, @id, sqlc.narg('project_id'), app.current_user_id(), @name, @visibility, @filter, @sort, @group_by, @fields::text[]
  where app.require(sqlc.narg('project_id')::uuid is null or exists (select from app.projects p
      where p.org_id = @org_id and p.id = sqlc.narg('project_id')), 'not-found', 'body.project_id')
    and app.require(@visibility <> 'project' or sqlc.narg('project_id')::uuid is not null, 'validation', 'body.project_id', 'a view for a project needs one')
  returning *
),
resource as (
  select id, project_id, owner_id, name, visibility, filter, sort, group_by, fields, version, created_at, updated_at from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'view.created', id, project_id, version, to_jsonb(resource) from resource where visibility <> 'private'
)
select * from resource;

-- name: RequireProject :exec
select app.require(exists (select from app.projects p where p.org_id = @org_id and p.id = @id), 'not-found', 'query.project_id');

-- name: ListViews :many
select id, project_id, owner_id, name, visibility, filter, sort, group_by, fields, version, created_at, updated_at
from app.views
where org_id = @org_id and (sqlc.narg('project_id')::uuid is null or project_id = sqlc.narg('project_id')::uuid)
  and (sqlc.narg('visibility')::text is null or visibility = sqlc.narg('visibility')::text)
  and (sqlc.narg('after')::uuid is null or id > sqlc.narg('after')::uuid)
order by id limit @more;

-- name: GetView :one
select id, project_id, owner_id, name, visibility, filter, sort, group_by, fields, version, created_at, updated_at
from app.views where org_id = @org_id and id = @id;

-- name: RequireWritable :exec
-- Queued before a view changes or goes: refuses whoever sees it but is neither its owner nor an admin of it.
select app.writable_view(@org_id, @id);

-- name: UpdateView :one
-- For those who cannot see it any more, a view that changes its audience is deleted, and what it became stays out of
-- what they are told; for its new audience it is created.
with old as (
  select v.* from app.views v where v.org_id = @org_id and v.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or v.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  for update
),
goal as (
  select coalesce(sqlc.narg('visibility'), old.visibility)::text as visibility,
    case when @set_project_id::bool then sqlc.narg('project_id')::uuid else old.project_id end as project_id
  from old
),
updated as (
  update app.views v set name = coalesce(sqlc.narg('name'), v.name), visibility = g.visibility, project_id = g.project_id,
    filter = coalesce(sqlc.narg('filter'), v.filter), sort = coalesce(sqlc.narg('sort'), v.sort),
    group_by = coalesce(sqlc.narg('group_by'), v.group_by), fields = coalesce(sqlc.narg('fields')::text[], v.fields),
    version = v.version + 1, updated_at = now()
  from old, goal g
  where v.org_id = @org_id and v.id = old.id
    and app.require(sqlc.narg('project_id')::uuid is null or exists (select from app.projects p
      where p.org_id = @org_id and p.id = sqlc.narg('project_id')), 'not-found', 'body.project_id')
    and app.require(g.visibility <> 'project' or g.project_id is not null, 'validation', 'body.project_id', 'a view for a project needs one')
  returning v.*
),
resource as (
  select id, project_id, owner_id, name, visibility, filter, sort, group_by, fields, version, created_at, updated_at from updated
),
change as (
  select old.project_id as from_project, old.visibility <> 'private' as was_shared, r.visibility <> 'private' as is_shared,
    old.project_id is not distinct from r.project_id as same_project
  from old, resource r
),
news as (
  select 1 as n, 'view.deleted' as kind, c.from_project as project_id, jsonb_build_object('id', r.id, 'project_id', c.from_project,
    'owner_id', r.owner_id, 'version', r.version) as payload
  from resource r, change c where c.was_shared and not (c.is_shared and c.same_project)
  union all
  select 2 as n, case when c.was_shared and c.same_project then 'view.updated' else 'view.created' end as kind, r.project_id as project_id, to_jsonb(r) as payload
  from resource r, change c where c.is_shared
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, news.kind, resource.id, news.project_id, resource.version, news.payload
  from resource, news order by news.n
)
select * from resource;

-- name: DeleteView :one
with deleted as (
  delete from app.views v where v.org_id = @org_id and v.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or v.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, project_id, owner_id, name, visibility, filter, sort, group_by, fields, version + 1 as version, created_at, updated_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'view.deleted', id, project_id, version, to_jsonb(resource) from resource where visibility <> 'private'
)
select id from resource;
