-- name: CreateTemplate :one
with created as (
  insert into app.project_templates (org_id, id, name, description, content, created_by)
  select @org_id, @id, @name, @description, jsonb_build_object(
    'boards', (select coalesce(jsonb_agg(jsonb_build_object('name', b.name, 'columns',
        (select coalesce(jsonb_agg(jsonb_build_object('name', c.name, 'status', c.status, 'wip_limit', c.wip_limit, 'wip_mode', c.wip_mode) order by c.rank), '[]')
         from app.columns c where c.org_id = @org_id and c.board_id = b.id)) order by b.id), '[]')
      from app.boards b where b.org_id = @org_id and b.project_id = @project_id),
    'fields', (select coalesce(jsonb_agg(jsonb_build_object('key', f.key, 'name', f.name, 'type', f.type, 'options', f.options) order by f.rank), '[]')
      from app.fields f where f.org_id = @org_id and f.project_id = @project_id),
    'views', (select coalesce(jsonb_agg(jsonb_build_object('name', v.name, 'filter', v.filter, 'sort', v.sort, 'group_by', v.group_by, 'fields', v.fields) order by v.id), '[]')
      from app.views v where v.org_id = @org_id and v.project_id = @project_id and v.visibility = 'project')
    ), app.current_user_id()
  where app.require(exists (select from app.projects p where p.org_id = @org_id and p.id = @project_id), 'not-found', 'body.project_id')
    and app.require((select count(*) from app.boards b where b.org_id = @org_id and b.project_id = @project_id) <= 50
      and (select count(*) from app.columns c where c.org_id = @org_id and c.project_id = @project_id) <= 500
      and (select count(*) from app.views v where v.org_id = @org_id and v.project_id = @project_id and v.visibility = 'project') <= 100,
      'validation', 'body.project_id', 'has more than a template takes: 50 boards, 500 columns and 100 shared views')
  returning *
),
resource as (
  select id, name, description, content, created_by, version, created_at, updated_at from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, version, payload)
  select @org_id, 'project_template.created', id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: ListTemplates :many
select id, name, description, content, created_by, version, created_at, updated_at
from app.project_templates
where org_id = @org_id and (sqlc.narg('after')::uuid is null or id > sqlc.narg('after')::uuid)
order by id limit @more;

-- name: GetTemplate :one
select id, name, description, content, created_by, version, created_at, updated_at
from app.project_templates where org_id = @org_id and id = @id;

-- name: RequireWritable :exec
select app.writable_template(@org_id, @id);

-- name: UpdateTemplate :one
with updated as (
  update app.project_templates t set name = coalesce(sqlc.narg('name'), t.name), description = coalesce(sqlc.narg('description'), t.description),
    version = t.version + 1, updated_at = now()
  where t.org_id = @org_id and t.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or t.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, name, description, content, created_by, version, created_at, updated_at from updated
),
recorded as (
  insert into app.events (org_id, kind, entity_id, version, payload)
  select @org_id, 'project_template.updated', id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: DeleteTemplate :one
with deleted as (
  delete from app.project_templates t where t.org_id = @org_id and t.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or t.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, name, description, content, created_by, version + 1 as version, created_at, updated_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, version, payload)
  select @org_id, 'project_template.deleted', id, version, to_jsonb(resource) from resource
)
select id from resource;

-- name: EnterNew :exec
-- Queued before a project is made, whose admin its maker is.
select app.found_project(@id);

-- name: CreateProject :one
-- Makes a project as POST /v1/projects does, with what the template has, and an event for each. The key is the first of
-- the candidates that is free.
with template as (
  select t.content from (select) one left join app.project_templates t on t.org_id = @org_id and t.id = @template_id
  where app.require(t.id is not null, 'not-found')
),
chosen as (
  select c.key from unnest(@keys::text[]) with ordinality c(key, n)
  where not exists (select from app.projects p where p.org_id = @org_id and p.key = c.key)
  order by c.n limit 1
),
created as (
  insert into app.projects (org_id, id, key, name, description, private)
  select @org_id, @id, c.key, @name, @description, @private from template t left join chosen c on true
  where app.require(c.key is not null, 'key-taken', 'body.key', 'is in use')
  returning *
),
admin as (
  insert into app.project_members (org_id, project_id, user_id, role)
  select org_id, id, app.current_user_id(), 'admin' from created
  returning *
),
planned as materialized (
  select b.n, app.ordered_id(b.n::int) as id, b.board from template t cross join lateral jsonb_array_elements(t.content -> 'boards') with ordinality b(board, n)
),
new_boards as (
  insert into app.boards (org_id, id, project_id, name)
  select p.org_id, b.id, p.id, b.board ->> 'name' from created p, planned b
  returning *
),
new_columns as (
  insert into app.columns (org_id, id, project_id, board_id, name, status, wip_limit, wip_mode, rank)
  select p.org_id, app.ordered_id(c.n::int), p.id, b.id, c.place ->> 'name', c.place ->> 'status', (c.place ->> 'wip_limit')::int, c.place ->> 'wip_mode', app.nth_rank(c.n::int)
  from created p, planned b cross join lateral jsonb_array_elements(b.board -> 'columns') with ordinality c(place, n)
  returning *
),
new_fields as (
  insert into app.fields (org_id, id, project_id, key, name, type, options, rank)
  select p.org_id, app.ordered_id(f.n::int), p.id, f.field ->> 'key', f.field ->> 'name', f.field ->> 'type', f.field -> 'options', app.nth_rank(f.n::int)
  from created p, template t cross join lateral jsonb_array_elements(t.content -> 'fields') with ordinality f(field, n)
  returning *
),
new_views as (
  insert into app.views (org_id, id, project_id, owner_id, name, visibility, filter, sort, group_by, fields)
  select p.org_id, app.ordered_id(v.n::int), p.id, app.current_user_id(), v.view ->> 'name', 'project', v.view ->> 'filter', v.view ->> 'sort', v.view ->> 'group_by',
    array(select jsonb_array_elements_text(v.view -> 'fields'))
  from created p, template t cross join lateral jsonb_array_elements(t.content -> 'views') with ordinality v(view, n)
  returning *
),
resource as (
  select id, key, name, description, private, archived_at, version, created_at, updated_at from created
),
happened as (
  select 1 as place, '' as rank, 'project.created' as kind, r.id, r.version, to_jsonb(r) as payload from resource r
  union all
  select 2, '', 'project_member.added', a.user_id, a.version, jsonb_build_object('project_id', a.project_id, 'user_id', a.user_id,
    'email', m.email, 'name', m.name, 'role', a.role, 'version', a.version, 'created_at', a.created_at, 'updated_at', a.updated_at)
  from admin a join app.memberships m on m.org_id = a.org_id and m.user_id = a.user_id
  union all
  select 3, b.id::text, 'board.created', b.id, b.version, to_jsonb(b) - 'org_id' from new_boards b
  union all
  select 4, c.board_id::text || c.rank, 'column.created', c.id, c.version, to_jsonb(c) - 'org_id' from new_columns c
  union all
  select 5, f.rank, 'field.created', f.id, f.version, to_jsonb(f) - 'org_id' from new_fields f
  union all
  select 6, v.id::text, 'view.created', v.id, v.version, to_jsonb(v) - 'org_id' from new_views v
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, h.kind, h.id, @id, h.version, h.payload from happened h order by h.place, h.rank collate "C"
)
select * from resource;
