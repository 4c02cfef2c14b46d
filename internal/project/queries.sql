-- name: EnterNew :exec
-- Queued before a project is made, whose admin its maker is.
select app.found_project(@id);

-- name: CreateProject :one
-- The key is the first of the candidates that is free.
with chosen as (
  select c.key from unnest(@keys::text[]) with ordinality c(key, n)
  where not exists (select from app.projects p where p.org_id = @org_id and p.key = c.key)
  order by c.n limit 1
),
created as (
  insert into app.projects (org_id, id, key, name, description, private)
  select @org_id, @id, chosen.key, @name, @description, @private from chosen
  returning *
),
admin as (
  insert into app.project_members (org_id, project_id, user_id, role)
  select org_id, id, app.current_user_id(), 'admin' from created
  returning *
),
resource as (
  select id, key, name, description, private, archived_at, version, created_at, updated_at from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'project.created', id, id, version, to_jsonb(resource) from resource
),
admin_recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select a.org_id, 'project_member.added', a.user_id, a.project_id, a.version, jsonb_build_object('project_id', a.project_id, 'user_id', a.user_id,
    'email', m.email, 'name', m.name, 'role', a.role, 'version', a.version, 'created_at', a.created_at, 'updated_at', a.updated_at)
  from admin a join app.memberships m on m.org_id = a.org_id and m.user_id = a.user_id
)
select * from resource;

-- name: GetProject :one
select id, key, name, description, private, archived_at, version, created_at, updated_at
from app.projects where org_id = @org_id and id = @id;

-- name: ListProjects :many
select id, key, name, description, private, archived_at, version, created_at, updated_at
from app.projects
where org_id = @org_id and (sqlc.narg('after')::uuid is null or id > sqlc.narg('after')::uuid)
order by id limit @more;

-- name: RequireRank :exec
select app.writable_project(@org_id, @id, @rank);

-- name: UpdateProject :one
with updated as (
  update app.projects p set name = coalesce(sqlc.narg('name'), p.name), description = coalesce(sqlc.narg('description'), p.description),
    private = coalesce(sqlc.narg('private'), p.private),
    archived_at = case sqlc.narg('archived')::bool when true then coalesce(p.archived_at, now()) when false then null else p.archived_at end,
    version = p.version + 1, updated_at = now()
  where p.org_id = @org_id and p.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or p.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, key, name, description, private, archived_at, version, created_at, updated_at from updated
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
  select id, key, name, description, private, archived_at, version + 1 as version, created_at, updated_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'project.deleted', id, id, version, to_jsonb(resource) from resource
)
select id from resource;

-- name: CreateMember :one
with project as (
  select p.org_id, p.id from app.projects p where p.org_id = @org_id and p.id = @project_id
    and app.require(exists (select from app.memberships m where m.org_id = @org_id and m.user_id = @user_id), 'not-found', 'body.user_id')
    and app.require(@role = 'guest' or not exists (select from app.memberships m where m.org_id = @org_id and m.user_id = @user_id and m.role = 'guest'),
      'validation', 'body.role', 'a guest of the organization is a guest of its projects')
),
created as (
  insert into app.project_members (org_id, project_id, user_id, role)
  select p.org_id, p.id, @user_id, @role from project p
  returning *
),
resource as (
  select c.project_id, c.user_id, m.email, m.name, c.role, c.version, c.created_at, c.updated_at
  from created c join app.memberships m on m.org_id = @org_id and m.user_id = c.user_id
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'project_member.added', user_id, project_id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: RequireProject :exec
select app.require(exists (select from app.projects p where p.org_id = @org_id and p.id = @id), 'not-found');

-- name: ListMembers :many
select x.project_id, x.user_id, m.email, m.name, x.role, x.version, x.created_at, x.updated_at
from app.project_members x join app.memberships m on m.org_id = x.org_id and m.user_id = x.user_id
where x.org_id = @org_id and x.project_id = @project_id and (sqlc.narg('after')::uuid is null or x.user_id > sqlc.narg('after')::uuid)
order by x.user_id limit @more;

-- name: UpdateMember :one
with updated as (
  update app.project_members x set role = coalesce(sqlc.narg('role'), x.role), version = x.version + 1, updated_at = now()
  where x.org_id = @org_id and x.project_id = @project_id and x.user_id = @user_id
    and app.require(sqlc.narg('versions')::int[] is null or x.version = any(sqlc.narg('versions')::int[]), 'stale-version')
    and app.require(sqlc.narg('role') = 'guest' or not exists (select from app.memberships m where m.org_id = @org_id and m.user_id = @user_id and m.role = 'guest'),
      'validation', 'body.role', 'a guest of the organization is a guest of its projects')
  returning *
),
resource as (
  select u.project_id, u.user_id, m.email, m.name, u.role, u.version, u.created_at, u.updated_at
  from updated u join app.memberships m on m.org_id = @org_id and m.user_id = u.user_id
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'project_member.updated', user_id, project_id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: DeleteMember :one
with deleted as (
  delete from app.project_members x
  where x.org_id = @org_id and x.project_id = @project_id and x.user_id = @user_id
    and app.require(sqlc.narg('versions')::int[] is null or x.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select d.project_id, d.user_id, m.email, m.name, d.role, d.version + 1 as version, d.created_at, d.updated_at
  from deleted d join app.memberships m on m.org_id = @org_id and m.user_id = d.user_id
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'project_member.removed', user_id, project_id, version, to_jsonb(resource) from resource
)
select user_id from resource;
