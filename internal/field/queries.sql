-- name: LockFields :exec
-- Queued before a field is made: refuses whoever only reads the project, and has the fields counted by one at a time.
select app.writable_project(@org_id, p.id), pg_advisory_xact_lock(hashtextextended('fields ' || cast(p.id as text), 0))
from app.projects p where p.org_id = @org_id and p.id = @project_id;

-- name: LockFieldsOf :exec
-- Queued before a field changes or goes: refuses whoever only reads the project. Whoever writes values holds the same lock,
-- shared: so the statement that follows sees every value that was checked by what the field was before.
select app.writable_field(@org_id, f.id), pg_advisory_xact_lock(hashtextextended('fields ' || cast(f.project_id as text), 0))
from app.fields f where f.org_id = @org_id and f.id = @id;

-- name: CreateField :one
-- The key is the first of the candidates that is free.
with project as (
  select p.org_id, p.id, (select f.rank from app.fields f where f.org_id = @org_id and f.project_id = p.id order by f.rank desc limit 1) as last_rank
  from app.projects p where p.org_id = @org_id and p.id = @project_id
    and app.require((select count(*) from app.fields f where f.org_id = @org_id and f.project_id = p.id) < @most::int,
      'conflict', 'path.project_id', 'the project has as many custom fields as a project can have: ' || @most::int)
),
chosen as (
  select c.key from unnest(@keys::text[]) with ordinality c(key, n), project
  where not exists (select from app.fields f where f.org_id = @org_id and f.project_id = project.id and f.key = c.key)
  order by c.n limit 1
),
named as (
  select p.*, c.key from project p left join chosen c on true
  where app.require(c.key is not null, 'name-taken', 'body.key', 'is in use in the project')
),
created as (
  insert into app.fields (org_id, id, project_id, key, name, type, options, rank)
  select n.org_id, @id, n.id, n.key, @name, @type, @options, app.rank_between(n.last_rank, null) from named n
  returning *
),
resource as (
  select id, project_id, key, name, type, options, rank, version, created_at, updated_at from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'field.created', id, project_id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: RequireProject :exec
select app.require(exists (select from app.projects p where p.org_id = @org_id and p.id = @id), 'not-found');

-- name: ListFields :many
select id, project_id, key, name, type, options, rank, version, created_at, updated_at
from app.fields
where org_id = @org_id and project_id = @project_id and (sqlc.narg('after')::text is null or rank > sqlc.narg('after')::text)
order by rank limit @more;

-- name: GetField :one
select id, project_id, key, name, type, options, rank, version, created_at, updated_at
from app.fields where org_id = @org_id and id = @id;

-- name: UpdateField :one
-- New options take the place of the old ones. Their order is that of the tasks that are sorted by them.
with old as (
  select f.* from app.fields f where f.org_id = @org_id and f.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or f.version = any(sqlc.narg('versions')::int[]), 'stale-version')
    and app.require(sqlc.narg('options')::jsonb is null or f.type in ('select', 'multi_select'),
      'validation', 'body.options', 'a field of this type has none')
  for update
),
before as (
  select n.id, n.rank from old left join app.fields n on n.org_id = @org_id and n.project_id = old.project_id and n.id = sqlc.narg('before_id') and n.id <> old.id
  where app.require(sqlc.narg('before_id')::uuid is null or n.id is not null, 'not-found', 'body.before_id')
),
after as (
  select n.id, n.rank from old left join app.fields n on n.org_id = @org_id and n.project_id = old.project_id and n.id = sqlc.narg('after_id') and n.id <> old.id
  where app.require(sqlc.narg('after_id')::uuid is null or n.id is not null, 'not-found', 'body.after_id')
),
missed as (
  select string_agg(gone.o ->> 'value', ', ' order by gone.n) as options
  from old cross join lateral jsonb_array_elements(old.options) with ordinality gone(o, n)
  where sqlc.narg('options')::jsonb is not null
    and not exists (select from jsonb_array_elements(sqlc.narg('options')::jsonb) kept(o) where kept.o ->> 'value' = gone.o ->> 'value')
    and exists (select from app.field_values v where v.org_id = @org_id and v.project_id = old.project_id and v.key = old.key
      and v.value = gone.o ->> 'value')
),
updated as (
  update app.fields f set name = coalesce(sqlc.narg('name'), f.name), options = coalesce(sqlc.narg('options'), f.options),
    rank = case when before.id is null and after.id is null then f.rank else app.rank_between(
      coalesce(after.rank, (select max(n.rank) from app.fields n where n.org_id = @org_id and n.project_id = old.project_id and n.rank < before.rank and n.id <> old.id)),
      coalesce(before.rank, (select min(n.rank) from app.fields n where n.org_id = @org_id and n.project_id = old.project_id and n.rank > after.rank and n.id <> old.id))) end,
    version = f.version + 1, updated_at = now()
  from old, before, after, missed
  where f.org_id = @org_id and f.id = old.id
    and app.require(missed.options is null, 'option-in-use', 'body.options', 'lacks what tasks have as value: ' || missed.options)
  returning f.*
),
resorted as (
  update app.field_values v set sort_key = lpad(place.n::text, 5, '0')
  from updated u cross join lateral jsonb_array_elements(u.options) with ordinality place(o, n)
  where sqlc.narg('options')::jsonb is not null and v.org_id = @org_id and v.project_id = u.project_id and v.key = u.key
    and v.value = place.o ->> 'value' and v.sort_key <> lpad(place.n::text, 5, '0')
),
resource as (
  select id, project_id, key, name, type, options, rank, version, created_at, updated_at from updated
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'field.updated', id, project_id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: DeleteField :one
-- Takes the field's values off its project's tasks, those in the archive and the trash too, each with an event. A trashed
-- task follows unseen: its restoration makes the next version. Where very many tasks have a value, the field's own event
-- stands for theirs: theirs would take longer than a request may.
with deleted as (
  delete from app.fields f where f.org_id = @org_id and f.id = @id
    and app.require(sqlc.narg('versions')::int[] is null or f.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, project_id, key, name, type, options, rank, version + 1 as version, created_at, updated_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, version, payload)
  select @org_id, 'field.deleted', id, project_id, version, to_jsonb(resource) from resource
),
unfiled as (
  delete from app.field_values v using deleted d
  where v.org_id = @org_id and v.project_id = d.project_id and v.key = d.key
  returning v.task_id, v.key
),
cleared as (
  update app.tasks t set fields = t.fields - u.key, version = t.version + (t.deleted_at is null)::int, updated_at = now()
  from (select distinct unfiled.task_id, unfiled.key from unfiled) u
  where t.org_id = @org_id and t.id = u.task_id
  returning t.*
),
tasks_recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'task.updated', c.id, c.project_id, c.id, c.version, app.task_json(c.org_id, c.id)
  from cleared c where c.deleted_at is null and (select count(*) from unfiled) <= @most_told::int
)
select id from resource;
