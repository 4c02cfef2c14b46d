-- name: RequireTask :exec
-- One in the trash has its history, too.
select app.require(exists (select from app.tasks t where t.org_id = @org_id
  and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))), 'not-found');

-- name: ListActivity :many
-- An update is compared with what was recorded, and may be seen, of the same thing before; where nothing was, and for
-- what came or went, the whole of it is told. What changed nothing but a place among others is left out. The words of a
-- comment end with it. The limit and the offset keep the planner from reading all comments and from comparing twice.
select e.uid as id, e.kind, e.entity_id, e.actor_id, e.created_at as occurred_at, e.version,
  changes.list::jsonb as changes, (case when before.payload is null then shown.payload - 'blocked' end)::jsonb as data
from app.events e
left join lateral (select true as stands from app.comments c
  where e.kind like 'comment.%' and c.org_id = @org_id and c.id = e.entity_id and c.deleted_at is null limit 1) comment on true
cross join lateral (select e.kind like 'comment.%' and comment.stands is null as mute) words
cross join lateral (select case when words.mute then e.payload - '{body,mention_ids}'::text[] else e.payload end as payload) shown
left join lateral (
  (select p.payload from app.events p
   where e.entity_id = e.task_id and e.kind <> 'task.created'
     and p.org_id = @org_id and p.task_id = e.task_id and p.entity_id = p.task_id and p.id < e.id
   order by p.id desc limit 1)
  union all
  (select case when words.mute then p.payload - '{body,mention_ids}'::text[] else p.payload end from app.events p
   where e.kind like '%.updated' and e.entity_id <> e.task_id
     and p.org_id = @org_id and p.entity_id = e.entity_id and p.entity_id <> p.task_id and p.id < e.id
     and split_part(p.kind, '.', 1) = split_part(e.kind, '.', 1)
   order by p.id desc limit 1)
) before on true
cross join lateral (select case when before.payload is null then '[]' else app.payload_changes(before.payload, shown.payload) end as list offset 0) changes
where e.org_id = @org_id and e.task_id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))
  and (sqlc.narg('after')::uuid is null or e.id < (select a.id from app.events a
    where a.org_id = @org_id and a.task_id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key')) and a.uid = sqlc.narg('after')::uuid
    order by a.id desc limit 1))
  and e.kind <> 'task.left' -- told by task.moved
  and (before.payload is null or changes.list <> '[]' or e.kind in ('task.deleted', 'task.restored'))
order by e.id desc limit @more;
