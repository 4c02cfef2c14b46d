-- name: RequireWritableColumn :exec
select app.writable_column(@org_id, @column_id);

-- name: CreateTask :one
with place as (
  select c.id, c.board_id, c.project_id, c.status,
    (select t.rank from app.tasks t where t.org_id = @org_id and t.column_id = c.id order by t.rank desc limit 1) as last_rank
  from app.columns c where c.org_id = @org_id and c.id = @column_id
    and app.require(sqlc.narg('parent_id')::uuid is null or exists (select from app.tasks p
      where p.org_id = @org_id and p.id = sqlc.narg('parent_id') and p.deleted_at is null), 'not-found', 'body.parent_id')
    and app.require(app.people_see(@org_id, c.project_id, @assignee_ids::uuid[]), 'validation', 'body.assignee_ids', 'names somebody who does not see the project')
    and app.require(app.column_has_room(@org_id, c.id), 'wip-limit')
),
numbered as (
  update app.projects p set last_number = p.last_number + 1 from place
  where p.org_id = @org_id and p.id = place.project_id
  returning p.key, p.last_number
),
created as (
  insert into app.tasks (org_id, id, key, number, project_id, board_id, column_id, title, description, mention_ids, status, priority,
    start_at, due_at, estimate, fields, parent_id, created_by, rank, completed_at)
  select @org_id, @id, n.key || '-' || n.last_number, n.last_number, place.project_id, place.board_id, place.id, @title,
    @description, case when cardinality(@emails::text[]) + cardinality(@people::uuid[]) = 0 then '{}' else array(
    select m.user_id from app.memberships m where m.org_id = @org_id and (m.email = any(@emails::text[]) or m.user_id = any(@people::uuid[])) order by 1) end,
    place.status, @priority, sqlc.narg('start_at'), sqlc.narg('due_at'), sqlc.narg('estimate'),
    jsonb_strip_nulls(app.check_fields(@org_id, place.project_id, @fields::jsonb)), sqlc.narg('parent_id'), app.current_user_id(),
    app.rank_between(place.last_rank, null), case when place.status = 'done' then now() end
  from place, numbered n
  returning *
),
assigned as (
  insert into app.task_assignees (org_id, task_id, user_id, project_id, task_created_at)
  select c.org_id, c.id, a, c.project_id, c.created_at from created c, unnest(@assignee_ids::uuid[]) a
),
labelled as (
  insert into app.task_labels (org_id, task_id, label_id, project_id, task_created_at)
  select c.org_id, c.id, l, c.project_id, c.created_at from created c, unnest(@label_ids::uuid[]) l
),
filed as (
  insert into app.field_values (org_id, task_id, key, slot, project_id, value, sort_key)
  select c.org_id, c.id, r.key, r.slot, c.project_id, r.value, r.sort_key
  from created c cross join lateral app.field_rows(c.org_id, c.project_id, c.fields) r(key, slot, value, sort_key)
),
searchable as (
  insert into app.task_search (org_id, task_id, doc_id, project_id, words, spelling)
  select c.org_id, c.id, c.id, c.project_id, w.words, app.spelling(w.words)
  from created c cross join lateral app.task_words(c.title, c.description) w(words)
),
resource as (
  select c.id, c.key, c.number, c.project_id, c.board_id, c.column_id, c.title, c.description, c.status,
    app.priority_name(c.priority)::text as priority, @assignee_ids::uuid[] as assignee_ids, @label_ids::uuid[] as label_ids,
    c.start_at, c.due_at, c.estimate, c.fields, c.mention_ids, c.parent_id, false as blocked,
    c.created_by, c.rank, c.version, c.created_at, c.updated_at, c.completed_at, c.archived_at
  from created c
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'task.created', id, project_id, id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: ShareFields :exec
-- Queued before values of custom fields are written, so that no field and no option of it goes meanwhile. Values come along
-- to the project of a column or a neighbour.
select pg_advisory_xact_lock_shared(hashtextextended('fields ' || cast(p.id as text), 0))
from (
  select c.project_id as id from app.columns c where c.org_id = @org_id and c.id = sqlc.narg('column_id')::uuid
  union select n.project_id as id from app.tasks n where n.org_id = @org_id and n.id = any(@neighbours::uuid[])
  union select t.project_id as id from app.tasks t where t.org_id = @org_id and t.id = app.task_id(@org_id, sqlc.narg('id'), sqlc.narg('key'))
) p;

-- name: LockTask :exec
-- Queued before rows that hang on a task are replaced: the statement that follows sees those of the change before.
select t.id from app.tasks t where t.org_id = @org_id and t.id = app.task_id(@org_id, sqlc.narg('id'), sqlc.narg('key')) for no key update;

-- name: LockTree :exec
-- Queued before a change of parent, so that two changes at once cannot close a circle.
select pg_advisory_xact_lock(hashtextextended('task tree ' || cast(@org_id::uuid as text), 0));

-- name: RequireWritable :exec
select app.writable_task(@org_id, sqlc.narg('id'), sqlc.narg('key'));

-- name: UpdateTask :one
-- Changes a task and, where a column, a status or a neighbour is named, moves it. In another project it gets a new
-- number, keeps the values of fields that are there, too, and its old key goes on to find it.
with recursive old as (
  select t.* from app.tasks t
  where t.org_id = @org_id and t.deleted_at is null and t.id = app.task_id(@org_id, sqlc.narg('id'), sqlc.narg('key'))
    and app.require(sqlc.narg('versions')::int[] is null or t.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  for no key update
),
-- The parent to be and all above it must not be the task itself.
above as (
  select p.id, p.parent_id from app.tasks p where p.org_id = @org_id and p.id = sqlc.narg('parent_id') and p.deleted_at is null
  union
  select p.id, p.parent_id from above a join app.tasks p on p.org_id = @org_id and p.id = a.parent_id
),
before as (
  select n.id, n.column_id, n.rank from old left join app.tasks n
    on n.org_id = @org_id and n.id = sqlc.narg('before_id') and n.id <> old.id and n.deleted_at is null
  where app.require(sqlc.narg('before_id')::uuid is null or n.id is not null, 'not-found', 'body.before_id')
),
after as (
  select n.id, n.column_id, n.rank from old left join app.tasks n
    on n.org_id = @org_id and n.id = sqlc.narg('after_id') and n.id <> old.id and n.deleted_at is null
  where app.require(sqlc.narg('after_id')::uuid is null or n.id is not null, 'not-found', 'body.after_id')
),
named as (
  select coalesce(sqlc.narg('column_id'), before.column_id, after.column_id,
    case when sqlc.narg('status')::text is null or sqlc.narg('status') = old.status then old.column_id else
      (select c.id from app.columns c where c.org_id = @org_id and c.board_id = old.board_id and c.status = sqlc.narg('status')
       order by c.rank limit 1) end) as column_id
  from old, before, after
),
goal as (
  select c.id, c.board_id, c.project_id, c.status, c.id <> old.column_id or before.id is not null or after.id is not null as moved
  from old cross join before cross join after cross join named
  left join app.columns c on c.org_id = @org_id and c.id = named.column_id
  where app.require(named.column_id is not null, 'validation', 'body.status')
    and app.require(c.id is not null, 'not-found', 'body.column_id')
    and app.require(app.project_rank(c.project_id) >= 2, 'forbidden')
    and app.require(sqlc.narg('status')::text is null or c.status = sqlc.narg('status'), 'validation', 'body.status')
    and app.require(before.id is null or before.column_id = c.id, 'validation', 'body.before_id')
    and app.require(after.id is null or after.column_id = c.id, 'validation', 'body.after_id')
    and app.require(sqlc.narg('parent_id')::uuid is null or exists (select from above a where a.id = sqlc.narg('parent_id')), 'not-found', 'body.parent_id')
    and app.require(not exists (select from above a where a.id = old.id), 'validation', 'body.parent_id')
    and app.require(c.id = old.column_id or old.archived_at is not null or app.column_has_room(@org_id, c.id), 'wip-limit')
    and app.require(not @set_assignees::bool or app.people_see(@org_id, c.project_id, @assignee_ids::uuid[]), 'validation', 'body.assignee_ids', 'names somebody who does not see the project')
),
numbered as (
  update app.projects p set last_number = p.last_number + 1 from old, goal
  where p.org_id = @org_id and p.id = goal.project_id and goal.project_id <> old.project_id
  returning p.key, p.last_number
),
updated as (
  update app.tasks t set
    title = coalesce(sqlc.narg('title'), t.title), description = coalesce(sqlc.narg('description'), t.description),
    mention_ids = case when sqlc.narg('description')::text is null then t.mention_ids else case when cardinality(@emails::text[]) + cardinality(@people::uuid[]) = 0 then '{}' else array(
    select m.user_id from app.memberships m where m.org_id = @org_id and (m.email = any(@emails::text[]) or m.user_id = any(@people::uuid[])) order by 1) end end,
    priority = coalesce(sqlc.narg('priority')::smallint, t.priority),
    start_at = case when @set_start_at::bool then sqlc.narg('start_at') else t.start_at end,
    due_at = case when @set_due_at::bool then sqlc.narg('due_at') else t.due_at end,
    estimate = case when @set_estimate::bool then sqlc.narg('estimate') else t.estimate end,
    fields = jsonb_strip_nulls(case when goal.project_id = old.project_id then old.fields
      else app.carried_fields(@org_id, old.project_id, goal.project_id, old.fields) end || app.check_fields(@org_id, goal.project_id, @fields::jsonb)),
    parent_id = case when @set_parent_id::bool then sqlc.narg('parent_id') else t.parent_id end,
    key = coalesce(n.key || '-' || n.last_number, t.key), number = coalesce(n.last_number, t.number),
    project_id = goal.project_id, board_id = goal.board_id, column_id = goal.id, status = goal.status,
    rank = case when not goal.moved then t.rank else app.rank_between(
      case when after.id is not null then after.rank
           when before.id is not null then (select n.rank from app.tasks n where n.org_id = @org_id and n.column_id = goal.id and n.rank < before.rank and n.id <> t.id order by n.rank desc limit 1)
           else (select n.rank from app.tasks n where n.org_id = @org_id and n.column_id = goal.id and n.id <> t.id order by n.rank desc limit 1) end,
      case when before.id is not null then before.rank
           when after.id is not null then (select n.rank from app.tasks n where n.org_id = @org_id and n.column_id = goal.id and n.rank > after.rank and n.id <> t.id order by n.rank limit 1) end) end,
    completed_at = case when goal.status <> 'done' then null when t.status = 'done' then t.completed_at else now() end,
    version = t.version + 1, updated_at = now()
  from old, goal left join numbered n on true, before, after
  where t.org_id = @org_id and t.id = old.id
  returning t.*, goal.moved, old.key as old_key, old.project_id as old_project_id, old.board_id as old_board_id, old.column_id as old_column_id
),
renamed as (
  insert into app.task_keys (org_id, key, task_id, project_id)
  select u.org_id, u.old_key, u.id, u.project_id from updated u where u.key <> u.old_key
),
unassigned as (
  delete from app.task_assignees a using updated u
  where a.org_id = @org_id and a.task_id = u.id and @set_assignees::bool and a.user_id <> all(@assignee_ids::uuid[])
),
assigned as (
  insert into app.task_assignees (org_id, task_id, user_id, project_id, task_created_at)
  select u.org_id, u.id, a, u.project_id, u.created_at from updated u, unnest(@assignee_ids::uuid[]) a where @set_assignees::bool
  on conflict do nothing
),
unlabelled as (
  delete from app.task_labels l using updated u
  where l.org_id = @org_id and l.task_id = u.id and @set_labels::bool and l.label_id <> all(@label_ids::uuid[])
),
labelled as (
  insert into app.task_labels (org_id, task_id, label_id, project_id, task_created_at)
  select u.org_id, u.id, l, u.project_id, u.created_at from updated u, unnest(@label_ids::uuid[]) l where @set_labels::bool
  on conflict do nothing
),
refiled as (
  select u.id, r.key, r.slot, r.value, r.sort_key from updated u cross join lateral app.field_rows(u.org_id, u.project_id, u.fields) r(key, slot, value, sort_key)
  where @fields::jsonb <> '{}' or u.project_id <> u.old_project_id
),
unfiled as (
  delete from app.field_values v using updated u
  where v.org_id = @org_id and v.task_id = u.id and (@fields::jsonb <> '{}' or u.project_id <> u.old_project_id)
    and not exists (select from refiled r where r.key = v.key and r.slot = v.slot)
),
filed as (
  insert into app.field_values (org_id, task_id, key, slot, project_id, value, sort_key)
  select @org_id, r.id, r.key, r.slot, u.project_id, r.value, r.sort_key from refiled r join updated u using (id)
  on conflict (org_id, task_id, key, slot) do update set value = excluded.value, sort_key = excluded.sort_key
),
searchable as (
  update app.task_search s set words = w.words, spelling = app.spelling(w.words)
  from updated u cross join lateral app.task_words(u.title, u.description) w(words)
  where s.org_id = @org_id and s.task_id = u.id and s.doc_id = u.id and (sqlc.narg('title')::text is not null or sqlc.narg('description')::text is not null)
),
resource as (
  select u.id, u.key, u.number, u.project_id, u.board_id, u.column_id, u.title, u.description, u.status,
    app.priority_name(u.priority)::text as priority, (case when @set_assignees::bool then @assignee_ids::uuid[] else app.assignee_ids(@org_id, u.id) end)::uuid[] as assignee_ids, (case when @set_labels::bool then @label_ids::uuid[] else app.label_ids(@org_id, u.id) end)::uuid[] as label_ids,
    u.start_at, u.due_at, u.estimate, u.fields, u.mention_ids, u.parent_id, app.is_blocked(u.org_id, u.id)::bool as blocked,
    u.created_by, u.rank, u.version, u.created_at, u.updated_at, u.completed_at, u.archived_at
  from updated u
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, case when u.moved then 'task.moved' else 'task.updated' end, u.id, u.project_id, u.id, u.version, to_jsonb(resource)
  from resource join updated u using (id)
  returning task_id
),
-- Who watches the board that a task has left hears of it, also where its new one is not to be seen. It comes second: who
-- sees both has the version by then.
departed as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'task.left', u.old_board_id, u.old_project_id, u.id, u.version, jsonb_build_object('id', u.id, 'key', u.old_key,
    'project_id', u.old_project_id, 'board_id', u.old_board_id, 'column_id', u.old_column_id, 'version', u.version)
  from recorded r join updated u on u.id = r.task_id where u.board_id <> u.old_board_id
)
select * from resource;

-- name: ShareRanks :exec
-- Queued before a task is placed beside another one, so that no Rebalance gives the column other ranks meanwhile. What
-- goes to the end of a column needs no such care: Rebalance leaves all ranks below the last.
select pg_advisory_xact_lock_shared(hashtextextended('ranks ' || cast(@org_id::uuid as text), 0));

-- name: LockRanks :exec
select pg_advisory_xact_lock(hashtextextended('ranks ' || cast(@org_id::uuid as text), 0));

-- name: Rebalance :one
-- Gives the tasks of a column short ranks in the order they have. The new ranks are whole steps down from the first old
-- one, so none is in use. A trashed task follows unseen: its restoration makes the next version.
with recursive ordered as (
  select t.id, row_number() over (order by t.rank desc) as n
  from app.tasks t where t.org_id = @org_id and t.column_id = @column_id
),
steps as (
  select 1::bigint as n, app.rank_step(app.rank_whole(min(t.rank)), -1) as rank
  from app.tasks t where t.org_id = @org_id and t.column_id = @column_id
  union all
  select s.n + 1, app.rank_step(s.rank, -1) from steps s where s.n < (select count(*) from ordered)
),
moved as (
  update app.tasks t set rank = s.rank, version = t.version + (t.deleted_at is null)::int, updated_at = now()
  from ordered o join steps s using (n)
  where t.org_id = @org_id and t.column_id = @column_id and t.id = o.id
  returning t.*
),
resource as (
  select m.id, m.key, m.number, m.project_id, m.board_id, m.column_id, m.title, m.description, m.status,
    app.priority_name(m.priority)::text as priority, app.assignee_ids(@org_id, m.id)::uuid[] as assignee_ids, app.label_ids(@org_id, m.id)::uuid[] as label_ids,
    m.start_at, m.due_at, m.estimate, m.fields, m.mention_ids, m.parent_id, app.is_blocked(m.org_id, m.id)::bool as blocked,
    m.created_by, m.rank, m.version, m.created_at, m.updated_at, m.completed_at, m.archived_at
  from moved m where m.deleted_at is null
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'task.moved', id, project_id, id, version, to_jsonb(resource) from resource order by rank
)
select * from resource r where r.id = @id::uuid;

-- name: DeleteTask :one
with deleted as (
  update app.tasks t set deleted_at = now(), version = t.version + 1, updated_at = now()
  where t.org_id = @org_id and t.deleted_at is null and t.id = app.task_id(@org_id, sqlc.narg('id'), sqlc.narg('key'))
    and app.require(sqlc.narg('versions')::int[] is null or t.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'task.deleted', d.id, d.project_id, d.id, d.version, app.task_json(d.org_id, d.id)
  from deleted d
)
select id from deleted;

-- name: RestoreTask :one
-- Takes a task out of the trash: to its column, or where that is gone, to the board's first one of its status, or else
-- to the board's first.
with goal as (
  select t.id, c.id as column_id, c.status, c.id = t.column_id as same
  from app.tasks t left join lateral (
    select c.id, c.status from app.columns c where c.org_id = @org_id and c.board_id = t.board_id
    order by c.id = t.column_id desc nulls last, c.status = t.status desc, c.rank limit 1) c on true
  where t.org_id = @org_id and t.deleted_at is not null and t.id = app.task_id(@org_id, sqlc.narg('id'), sqlc.narg('key'))
    and app.require(c.id is not null, 'conflict')
    and app.require(t.archived_at is not null or app.column_has_room(@org_id, c.id), 'wip-limit')
),
restored as (
  update app.tasks t set deleted_at = null, column_id = g.column_id, status = g.status,
    rank = case when g.same then t.rank else app.rank_between((select n.rank from app.tasks n
      where n.org_id = @org_id and n.column_id = g.column_id order by n.rank desc limit 1), null) end,
    completed_at = case when g.status <> 'done' then null when t.status = 'done' then t.completed_at else now() end,
    version = t.version + 1, updated_at = now()
  from goal g where t.org_id = @org_id and t.id = g.id and t.deleted_at is not null
  returning t.*
),
resource as (
  select r.id, r.key, r.number, r.project_id, r.board_id, r.column_id, r.title, r.description, r.status,
    app.priority_name(r.priority)::text as priority, app.assignee_ids(@org_id, r.id)::uuid[] as assignee_ids, app.label_ids(@org_id, r.id)::uuid[] as label_ids,
    r.start_at, r.due_at, r.estimate, r.fields, r.mention_ids, r.parent_id, app.is_blocked(r.org_id, r.id)::bool as blocked,
    r.created_by, r.rank, r.version, r.created_at, r.updated_at, r.completed_at, r.archived_at
  from restored r
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'task.restored', id, project_id, id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: ArchiveTask :one
-- Takes a task off its board and out of the lists, or brings it back. What is so already keeps its time.
with archived as (
  update app.tasks t set archived_at = case when @archived::bool then coalesce(t.archived_at, now()) end, version = t.version + 1, updated_at = now()
  where t.org_id = @org_id and t.deleted_at is null and t.id = app.task_id(@org_id, sqlc.narg('id'), sqlc.narg('key'))
    and app.require(@archived::bool or t.archived_at is null or app.column_has_room(@org_id, t.column_id), 'wip-limit')
  returning *
),
resource as (
  select a.id, a.key, a.number, a.project_id, a.board_id, a.column_id, a.title, a.description, a.status,
    app.priority_name(a.priority)::text as priority, app.assignee_ids(@org_id, a.id)::uuid[] as assignee_ids, app.label_ids(@org_id, a.id)::uuid[] as label_ids,
    a.start_at, a.due_at, a.estimate, a.fields, a.mention_ids, a.parent_id, app.is_blocked(a.org_id, a.id)::bool as blocked,
    a.created_by, a.rank, a.version, a.created_at, a.updated_at, a.completed_at, a.archived_at
  from archived a
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, case when @archived::bool then 'task.archived' else 'task.unarchived' end, id, project_id, id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: DuplicateTask :one
-- Copies what a task is, not what happened to it: no comments, links, watchers or history. The checklist begins unchecked.
with source as (
  select t.*, c.id as goal_id, c.board_id as goal_board, c.project_id as goal_project, c.status as goal_status,
    (select n.rank from app.tasks n where n.org_id = @org_id and n.column_id = c.id order by n.rank desc limit 1) as last_rank
  from app.tasks t left join app.columns c on c.org_id = @org_id
    and c.id = case when sqlc.narg('column_id')::uuid is not null then sqlc.narg('column_id')::uuid else t.column_id end
  where t.org_id = @org_id and t.deleted_at is null and t.id = app.task_id(@org_id, sqlc.narg('id'), sqlc.narg('key'))
    and app.require(c.id is not null, 'not-found', 'body.column_id')
    and app.require(app.project_rank(c.project_id) >= 2, 'forbidden')
    and app.require(app.column_has_room(@org_id, c.id), 'wip-limit')
),
numbered as (
  update app.projects p set last_number = p.last_number + 1 from source s
  where p.org_id = @org_id and p.id = s.goal_project
  returning p.key, p.last_number
),
created as (
  insert into app.tasks (org_id, id, key, number, project_id, board_id, column_id, title, description, mention_ids, status, priority,
    start_at, due_at, estimate, fields, parent_id, created_by, rank, completed_at)
  select @org_id, @new_id, n.key || '-' || n.last_number, n.last_number, s.goal_project, s.goal_board, s.goal_id,
    case when sqlc.narg('title')::text is null then s.title else sqlc.narg('title') end, s.description, s.mention_ids, s.goal_status, s.priority, s.start_at, s.due_at, s.estimate,
    case when s.goal_project = s.project_id then s.fields else app.carried_fields(@org_id, s.project_id, s.goal_project, s.fields) end,
    s.parent_id, app.current_user_id(), app.rank_between(s.last_rank, null), case when s.goal_status = 'done' then now() end
  from source s, numbered n
  returning *
),
assigned as (
  insert into app.task_assignees (org_id, task_id, user_id, project_id, task_created_at)
  select c.org_id, c.id, a.user_id, c.project_id, c.created_at
  from created c, source s join app.task_assignees a on a.org_id = @org_id and a.task_id = s.id
  where app.people_see(@org_id, c.project_id, array[a.user_id])
  returning *
),
labelled as (
  insert into app.task_labels (org_id, task_id, label_id, project_id, task_created_at)
  select c.org_id, c.id, l.label_id, c.project_id, c.created_at
  from created c, source s join app.task_labels l on l.org_id = @org_id and l.task_id = s.id
  returning *
),
listed as (
  insert into app.checklist_items (org_id, id, project_id, task_id, text, rank)
  select c.org_id, gen_random_uuid(), c.project_id, c.id, i.text, i.rank
  from created c, source s join app.checklist_items i on i.org_id = @org_id and i.task_id = s.id
),
filed as (
  insert into app.field_values (org_id, task_id, key, slot, project_id, value, sort_key)
  select c.org_id, c.id, r.key, r.slot, c.project_id, r.value, r.sort_key
  from created c cross join lateral app.field_rows(c.org_id, c.project_id, c.fields) r(key, slot, value, sort_key)
),
searchable as (
  insert into app.task_search (org_id, task_id, doc_id, project_id, words, spelling)
  select c.org_id, c.id, c.id, c.project_id, w.words, app.spelling(w.words)
  from created c cross join lateral app.task_words(c.title, c.description) w(words)
),
resource as (
  select c.id, c.key, c.number, c.project_id, c.board_id, c.column_id, c.title, c.description, c.status,
    app.priority_name(c.priority)::text as priority, array(select a.user_id from assigned a order by 1)::uuid[] as assignee_ids, array(select l.label_id from labelled l order by 1)::uuid[] as label_ids,
    c.start_at, c.due_at, c.estimate, c.fields, c.mention_ids, c.parent_id, false as blocked,
    c.created_by, c.rank, c.version, c.created_at, c.updated_at, c.completed_at, c.archived_at
  from created c
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'task.created', id, project_id, id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: RequireReferences :exec
-- Refuses a list whose filters name what is not in the organization.
select app.require(sqlc.narg('project_id')::uuid is null or exists (select from app.projects p where p.org_id = @org_id and p.id = sqlc.narg('project_id')), 'not-found', @project_place::text),
  app.require(sqlc.narg('board_id')::uuid is null or exists (select from app.boards b where b.org_id = @org_id and b.id = sqlc.narg('board_id')), 'not-found', @board_place::text),
  app.require(sqlc.narg('column_id')::uuid is null or exists (select from app.columns c where c.org_id = @org_id and c.id = sqlc.narg('column_id')), 'not-found', @column_place::text),
  app.require(sqlc.narg('label_id')::uuid is null or exists (select from app.labels l where l.org_id = @org_id and l.id = sqlc.narg('label_id')), 'not-found', 'query.label_id'),
  app.require(sqlc.narg('assignee_id')::uuid is null or exists (select from app.memberships m where m.org_id = @org_id and m.user_id = sqlc.narg('assignee_id')), 'not-found', 'query.assignee_id'),
  app.require(sqlc.narg('created_by')::uuid is null or exists (select from app.memberships m where m.org_id = @org_id and m.user_id = sqlc.narg('created_by'))
    or exists (select from app.tasks t where t.org_id = @org_id and t.created_by = sqlc.narg('created_by')), 'not-found', 'query.created_by');

-- name: RequireField :exec
-- Refuses a list that compares a custom field which there is not, or with what it cannot hold; leaves the operand in a setting.
select set_config(@setting, coalesce(app.field_operand(@org_id, sqlc.narg('project_id'), @key, @op, sqlc.narg('operand'), @place), ''), true);

-- name: GetView :one
select id, project_id, version, filter, sort, group_by, fields from app.views where org_id = @org_id and id = @id;

-- name: LockTasks :exec
-- Before several tasks are changed in one transaction: in the order of their ids, so that two such transactions wait for
-- each other in one direction.
select t.id from app.tasks t
where t.org_id = @org_id and t.id = any(array(
  select u.id from unnest(@ids::uuid[]) u(id) union select app.task_id(@org_id, null, u.key) from unnest(@keys::text[]) u(key)))
order by t.id for no key update;
