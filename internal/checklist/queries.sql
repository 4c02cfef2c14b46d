-- name: LockChecklist :exec
-- Queued before an item is added, so that the items of a task are counted by one at a time.
select pg_advisory_xact_lock(hashtextextended('checklist ' || cast(t.id as text), 0))
from app.tasks t where t.org_id = @org_id and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'));

-- name: CreateItem :one
with created as (
  insert into app.checklist_items (org_id, id, project_id, task_id, text, checked_at, checked_by, rank)
  select t.org_id, @id, t.project_id, t.id, @text, case when @checked::bool then now() end, case when @checked::bool then app.current_user_id() end,
    app.rank_between((select i.rank from app.checklist_items i where i.org_id = @org_id and i.task_id = t.id order by i.rank desc limit 1), null)
  from app.tasks t
  where t.org_id = @org_id and t.deleted_at is null and t.id = app.writable_task(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))
    and app.require((select count(*) from app.checklist_items i where i.org_id = @org_id and i.task_id = t.id) < @most::int, 'validation', 'body',
      'the checklist of a task holds at most ' || @most::int || ' items')
  returning *
),
resource as (
  select id, task_id, text, (checked_at is not null)::bool as checked, checked_at, checked_by, rank, version, created_at, updated_at from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'checklist_item.created', c.id, c.project_id, c.task_id, c.version, to_jsonb(resource) from resource join created c using (id)
)
select * from resource;

-- name: RequireTask :exec
select app.require(exists (select from app.tasks t where t.org_id = @org_id and t.deleted_at is null
  and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))), 'not-found');

-- name: ListItems :many
select i.id, i.task_id, i.text, (i.checked_at is not null)::bool as checked, i.checked_at, i.checked_by, i.rank, i.version, i.created_at, i.updated_at
from app.checklist_items i
where i.org_id = @org_id and i.task_id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))
  and (sqlc.narg('after')::text is null or i.rank > sqlc.narg('after')::text)
order by i.rank limit @more;

-- name: RequireWritable :exec
select app.writable_checklist_item(@org_id, @id);

-- name: UpdateItem :one
with old as (
  select i.* from app.checklist_items i
  where i.org_id = @org_id and i.id = @id
    and exists (select from app.tasks t where t.org_id = @org_id and t.id = i.task_id and t.deleted_at is null)
    and app.require(sqlc.narg('versions')::int[] is null or i.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  for update
),
before as (
  select n.id, n.rank from old left join app.checklist_items n on n.org_id = @org_id and n.task_id = old.task_id and n.id = sqlc.narg('before_id') and n.id <> old.id
  where app.require(sqlc.narg('before_id')::uuid is null or n.id is not null, 'not-found', 'body.before_id')
),
after as (
  select n.id, n.rank from old left join app.checklist_items n on n.org_id = @org_id and n.task_id = old.task_id and n.id = sqlc.narg('after_id') and n.id <> old.id
  where app.require(sqlc.narg('after_id')::uuid is null or n.id is not null, 'not-found', 'body.after_id')
),
updated as (
  update app.checklist_items i set text = coalesce(sqlc.narg('text'), i.text),
    checked_at = case sqlc.narg('checked')::bool when true then coalesce(i.checked_at, now()) when false then null else i.checked_at end,
    checked_by = case sqlc.narg('checked')::bool when true then case when i.checked_at is null then app.current_user_id() else i.checked_by end
      when false then null else i.checked_by end,
    rank = case when before.id is null and after.id is null then i.rank else app.rank_between(
      coalesce(after.rank, (select max(n.rank) from app.checklist_items n where n.org_id = @org_id and n.task_id = old.task_id and n.rank < before.rank and n.id <> old.id)),
      coalesce(before.rank, (select min(n.rank) from app.checklist_items n where n.org_id = @org_id and n.task_id = old.task_id and n.rank > after.rank and n.id <> old.id))) end,
    version = i.version + 1, updated_at = now()
  from old, before, after
  where i.org_id = @org_id and i.id = old.id
  returning i.*
),
resource as (
  select id, task_id, text, (checked_at is not null)::bool as checked, checked_at, checked_by, rank, version, created_at, updated_at from updated
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'checklist_item.updated', u.id, u.project_id, u.task_id, u.version, to_jsonb(resource) from resource join updated u using (id)
)
select * from resource;

-- name: DeleteItem :one
with deleted as (
  delete from app.checklist_items i
  where i.org_id = @org_id and i.id = @id
    and exists (select from app.tasks t where t.org_id = @org_id and t.id = i.task_id and t.deleted_at is null)
    and app.require(sqlc.narg('versions')::int[] is null or i.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select id, task_id, text, (checked_at is not null)::bool as checked, checked_at, checked_by, rank, version + 1 as version, created_at, updated_at from deleted
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'checklist_item.deleted', d.id, d.project_id, d.task_id, d.version + 1, to_jsonb(resource) from resource join deleted d using (id)
)
select id from resource;
