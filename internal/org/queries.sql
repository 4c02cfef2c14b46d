-- name: EnterNew :exec
select app.found_org(@org_id);

-- name: EnterInvitation :exec
select app.enter_invitation(@token_hash);

-- name: CreateOrganization :one
with created as (
  insert into app.organizations (id, reseller_id, name, slug) values (@id, app.current_reseller(), @name, @slug) returning *
),
admin as (
  insert into app.memberships (org_id, user_id, reseller_id, email, name, role)
  select created.id, u.id, u.reseller_id, u.email, u.name, 'admin' from created, app.users u where u.id = app.current_user_id()
  returning *
),
recorded as (
  insert into app.events (org_id, kind, entity_id, version, payload)
  select org_id, 'member.added', user_id, version, jsonb_build_object('user_id', user_id, 'email', email, 'name', name,
    'role', role, 'version', version, 'joined_at', created_at) from admin
)
select id, name, slug, 'admin'::text as role, version, created_at, updated_at from created;

-- name: GetOrganization :one
select o.id, o.name, o.slug, m.role, o.version, o.created_at, o.updated_at
from app.organizations o join app.memberships m on m.org_id = o.id and m.user_id = app.current_user_id()
where o.id = app.current_org();

-- name: ListOrganizations :many
select id::uuid, name::text, slug::text, role::text, version::int, created_at::timestamptz, updated_at::timestamptz
from app.my_organizations()
where sqlc.narg('after')::uuid is null or id > sqlc.narg('after')::uuid
order by 1 limit @more;

-- name: UpdateOrganization :one
with updated as (
  update app.organizations o set name = coalesce(sqlc.narg('name'), o.name), slug = coalesce(sqlc.narg('slug'), o.slug),
    version = o.version + 1, updated_at = now()
  where o.id = @org_id
    and app.require(sqlc.narg('versions')::int[] is null or o.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select u.id, u.name, u.slug, m.role, u.version, u.created_at, u.updated_at
  from updated u join app.memberships m on m.org_id = u.id and m.user_id = app.current_user_id()
),
recorded as (
  insert into app.events (org_id, kind, entity_id, version, payload)
  select id, 'org.updated', id, version, to_jsonb(resource) - 'role' from resource
)
select * from resource;

-- name: CreateInvitation :one
-- A newer invitation to an address takes the place of the older ones.
with free as (
  select @org_id::uuid as org_id where app.require(
    not exists (select from app.memberships m where m.org_id = @org_id and m.email = @email), 'already-member', 'body.email')
),
replaced as (
  update app.invitations i set revoked_at = now() from free
  where i.org_id = @org_id and i.email = @email and i.accepted_at is null and i.revoked_at is null
),
created as (
  insert into app.invitations (org_id, id, email, role, token_hash, invited_by, expires_at)
  select org_id, @id, @email, @role, @token_hash, app.current_user_id(), now() + interval '7 days' from free
  returning *
)
select c.id, c.email, c.role, 'pending'::text as status, c.created_at, c.expires_at, o.name as org_name, m.name as inviter
from created c join app.organizations o on o.id = c.org_id
join app.memberships m on m.org_id = c.org_id and m.user_id = app.current_user_id();

-- name: ListMembers :many
select user_id, email, name, role, version, created_at as joined_at
from app.memberships
where org_id = @org_id and (sqlc.narg('after')::uuid is null or user_id > sqlc.narg('after')::uuid)
order by user_id limit @more;

-- name: UpdateMember :one
with admins as (
  select a.user_id from app.memberships a where a.org_id = @org_id and a.role = 'admin'
),
updated as (
  update app.memberships m set role = @role, version = m.version + 1, updated_at = now()
  where m.org_id = @org_id and m.user_id = @user_id
    and app.require(sqlc.narg('versions')::int[] is null or m.version = any(sqlc.narg('versions')::int[]), 'stale-version')
    and app.require(@role = 'admin' or exists (select from admins a where a.user_id <> m.user_id), 'last-admin')
  returning *
),
resource as (
  select user_id, email, name, role, version, created_at as joined_at from updated
),
recorded as (
  insert into app.events (org_id, kind, entity_id, version, payload)
  select @org_id, 'member.updated', user_id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: DeleteMember :one
with admins as (
  select m.user_id from app.memberships m where m.org_id = @org_id and m.role = 'admin'
),
deleted as (
  delete from app.memberships m
  where m.org_id = @org_id and m.user_id = @user_id
    and app.require(sqlc.narg('versions')::int[] is null or m.version = any(sqlc.narg('versions')::int[]), 'stale-version')
    and app.require(m.role <> 'admin' or exists (select from admins a where a.user_id <> m.user_id), 'last-admin')
  returning *
),
resource as (
  select user_id, email, name, role, version + 1 as version, created_at as joined_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, version, payload)
  select @org_id, 'member.removed', user_id, version, to_jsonb(resource) from resource
)
select user_id from resource;

-- name: RequireSelfOrAdmin :exec
select app.require(@user_id::uuid = app.current_user_id() or app.current_rank() >= 3, 'forbidden');

-- name: LockAdmins :exec
-- Queued before a change of roles, so that two admins who step down at once cannot both be the last but one.
select pg_advisory_xact_lock(hashtextextended('admins ' || cast(@org_id::uuid as text), 0));
