-- name: CreateTask :one
with place as (
  select c.id, c.board_id, c.project_id, c.status,
    (select t.rank from app.tasks t where t.org_id = @org_id and t.column_id = c.id order by t.rank desc limit 1) as last_rank
  from app.columns c where c.org_id = @org_id and c.id = @column_id
    and app.require(sqlc.narg('parent_id')::uuid is null or exists (select from app.tasks p
      where p.org_id = @org_id and p.id = sqlc.narg('parent_id') and p.deleted_at is null), 'not-found', 'body.parent_id')
),
numbered as (
  update app.projects p set last_number = p.last_number + 1 from place
  where p.org_id = @org_id and p.id = place.project_id
  returning p.key, p.last_number
),
created as (
  insert into app.tasks (org_id, id, key, number, project_id, board_id, column_id, title, description, status, priority,
    due_at, parent_id, created_by, rank, completed_at)
  select @org_id, @id, n.key || '-' || n.last_number, n.last_number, place.project_id, place.board_id, place.id, @title,
    @description, place.status, @priority, sqlc.narg('due_at'), sqlc.narg('parent_id'), app.current_user_id(),
    app.rank_between(place.last_rank, null), case when place.status = 'done' then now() end
  from place, numbered n
  returning *
),
assigned as (
  insert into app.task_assignees (org_id, task_id, user_id)
  select c.org_id, c.id, a from created c, unnest(@assignee_ids::uuid[]) a
),
labelled as (
  insert into app.task_labels (org_id, task_id, label_id)
  select c.org_id, c.id, l from created c, unnest(@label_ids::uuid[]) l
),
searchable as (
  insert into app.task_search (org_id, task_id, words)
  select org_id, id, app.task_words(title, description) from created
),
resource as (
  select id, key, number, project_id, board_id, column_id::uuid as column_id, title, description, status,
    app.priority_name(priority)::text as priority, @assignee_ids::uuid[] as assignee_ids, @label_ids::uuid[] as label_ids,
    due_at, parent_id, created_by, rank, version, created_at, updated_at, completed_at
  from created
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'task.created', id, project_id, id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: GetTask :one
-- The id or the key; coalesce of the two would keep the planner from the index under the policy.
select t.id, t.key, t.number, t.project_id, t.board_id, t.column_id::uuid as column_id, t.title, t.description, t.status,
  app.priority_name(t.priority)::text as priority,
  array(select a.user_id from app.task_assignees a where a.org_id = t.org_id and a.task_id = t.id order by 1)::uuid[] as assignee_ids,
  array(select l.label_id from app.task_labels l where l.org_id = t.org_id and l.task_id = t.id order by 1)::uuid[] as label_ids,
  t.due_at, t.parent_id, t.created_by, t.rank, t.version, t.created_at, t.updated_at, t.completed_at
from app.tasks t
where t.org_id = @org_id and t.deleted_at is null
  and t.id = case when sqlc.narg('id')::uuid is not null then sqlc.narg('id')::uuid else (select k.id from app.tasks k where k.org_id = @org_id and k.key = sqlc.narg('key')) end;

-- name: LockTree :exec
-- Queued before a change of parent, so that two changes at once cannot close a circle.
select pg_advisory_xact_lock(hashtextextended('task tree ' || cast(@org_id::uuid as text), 0));

-- name: UpdateTask :one
-- Changes a task and, where a column, a status or a neighbour is named, moves it.
with recursive old as (
  select t.* from app.tasks t
  where t.org_id = @org_id and t.deleted_at is null
    and t.id = case when sqlc.narg('id')::uuid is not null then sqlc.narg('id')::uuid else (select k.id from app.tasks k where k.org_id = @org_id and k.key = sqlc.narg('key')) end
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
    on n.org_id = @org_id and n.id = sqlc.narg('before_id') and n.id <> old.id and n.project_id = old.project_id and n.deleted_at is null
  where app.require(sqlc.narg('before_id')::uuid is null or n.id is not null, 'not-found', 'body.before_id')
),
after as (
  select n.id, n.column_id, n.rank from old left join app.tasks n
    on n.org_id = @org_id and n.id = sqlc.narg('after_id') and n.id <> old.id and n.project_id = old.project_id and n.deleted_at is null
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
  select c.id, c.board_id, c.status, c.id <> old.column_id or before.id is not null or after.id is not null as moved
  from old cross join before cross join after cross join named
  left join app.columns c on c.org_id = @org_id and c.id = named.column_id
  where app.require(named.column_id is not null, 'validation', 'body.status')
    and app.require(c.id is not null, 'not-found', 'body.column_id')
    and app.require(c.project_id = old.project_id, 'validation', 'body.column_id')
    and app.require(sqlc.narg('status')::text is null or c.status = sqlc.narg('status'), 'validation', 'body.status')
    and app.require(before.id is null or before.column_id = c.id, 'validation', 'body.before_id')
    and app.require(after.id is null or after.column_id = c.id, 'validation', 'body.after_id')
    and app.require(sqlc.narg('parent_id')::uuid is null or exists (select from above a where a.id = sqlc.narg('parent_id')), 'not-found', 'body.parent_id')
    and app.require(not exists (select from above a where a.id = old.id), 'validation', 'body.parent_id')
),
updated as (
  update app.tasks t set
    title = coalesce(sqlc.narg('title'), t.title), description = coalesce(sqlc.narg('description'), t.description),
    priority = coalesce(sqlc.narg('priority')::smallint, t.priority),
    due_at = case when @set_due_at::bool then sqlc.narg('due_at') else t.due_at end,
    parent_id = case when @set_parent_id::bool then sqlc.narg('parent_id') else t.parent_id end,
    board_id = goal.board_id, column_id = goal.id, status = goal.status,
    rank = case when not goal.moved then t.rank else app.rank_between(
      case when after.id is not null then after.rank
           when before.id is not null then (select n.rank from app.tasks n where n.org_id = @org_id and n.column_id = goal.id and n.rank < before.rank and n.id <> t.id order by n.rank desc limit 1)
           else (select n.rank from app.tasks n where n.org_id = @org_id and n.column_id = goal.id and n.id <> t.id order by n.rank desc limit 1) end,
      case when before.id is not null then before.rank
           when after.id is not null then (select n.rank from app.tasks n where n.org_id = @org_id and n.column_id = goal.id and n.rank > after.rank and n.id <> t.id order by n.rank limit 1) end) end,
    completed_at = case when goal.status <> 'done' then null when t.status = 'done' then t.completed_at else now() end,
    version = t.version + 1, updated_at = now()
  from old, goal, before, after
  where t.org_id = @org_id and t.id = old.id
  returning t.*, goal.moved
),
unassigned as (
  delete from app.task_assignees a using updated u
  where a.org_id = @org_id and a.task_id = u.id and @set_assignees::bool and a.user_id <> all(@assignee_ids::uuid[])
),
assigned as (
  insert into app.task_assignees (org_id, task_id, user_id)
  select u.org_id, u.id, a from updated u, unnest(@assignee_ids::uuid[]) a where @set_assignees::bool
  on conflict do nothing
),
unlabelled as (
  delete from app.task_labels l using updated u
  where l.org_id = @org_id and l.task_id = u.id and @set_labels::bool and l.label_id <> all(@label_ids::uuid[])
),
labelled as (
  insert into app.task_labels (org_id, task_id, label_id)
  select u.org_id, u.id, l from updated u, unnest(@label_ids::uuid[]) l where @set_labels::bool
  on conflict do nothing
),
searchable as (
  update app.task_search s set words = app.task_words(u.title, u.description) from updated u
  where s.org_id = @org_id and s.task_id = u.id and (sqlc.narg('title')::text is not null or sqlc.narg('description')::text is not null)
),
resource as (
  select u.id, u.key, u.number, u.project_id, u.board_id, u.column_id::uuid as column_id, u.title, u.description, u.status,
    app.priority_name(u.priority)::text as priority,
    (case when @set_assignees::bool then @assignee_ids::uuid[] else app.assignee_ids(@org_id, u.id) end)::uuid[] as assignee_ids,
    (case when @set_labels::bool then @label_ids::uuid[] else app.label_ids(@org_id, u.id) end)::uuid[] as label_ids,
    u.due_at, u.parent_id, u.created_by, u.rank, u.version, u.created_at, u.updated_at, u.completed_at
  from updated u
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, case when u.moved then 'task.moved' else 'task.updated' end, u.id, u.project_id, u.id, u.version, to_jsonb(resource)
  from resource join updated u using (id)
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
  select m.id, m.key, m.number, m.project_id, m.board_id, m.column_id::uuid as column_id, m.title, m.description, m.status,
    app.priority_name(m.priority)::text as priority,
    app.assignee_ids(@org_id, m.id)::uuid[] as assignee_ids, app.label_ids(@org_id, m.id)::uuid[] as label_ids,
    m.due_at, m.parent_id, m.created_by, m.rank, m.version, m.created_at, m.updated_at, m.completed_at
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
  where t.org_id = @org_id and t.deleted_at is null
    and t.id = case when sqlc.narg('id')::uuid is not null then sqlc.narg('id')::uuid else (select k.id from app.tasks k where k.org_id = @org_id and k.key = sqlc.narg('key')) end
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
  where t.org_id = @org_id and t.deleted_at is not null
    and t.id = case when sqlc.narg('id')::uuid is not null then sqlc.narg('id')::uuid else (select k.id from app.tasks k where k.org_id = @org_id and k.key = sqlc.narg('key')) end
    and app.require(c.id is not null, 'conflict')
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
  select r.id, r.key, r.number, r.project_id, r.board_id, r.column_id::uuid as column_id, r.title, r.description, r.status,
    app.priority_name(r.priority)::text as priority,
    app.assignee_ids(@org_id, r.id)::uuid[] as assignee_ids, app.label_ids(@org_id, r.id)::uuid[] as label_ids,
    r.due_at, r.parent_id, r.created_by, r.rank, r.version, r.created_at, r.updated_at, r.completed_at
  from restored r
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'task.restored', id, project_id, id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: RequireReferences :exec
-- Refuses a list whose filters name what is not in the organization.
select app.require(sqlc.narg('project_id')::uuid is null or exists (select from app.projects p where p.org_id = @org_id and p.id = sqlc.narg('project_id')), 'not-found', 'query.project_id'),
  app.require(sqlc.narg('board_id')::uuid is null or exists (select from app.boards b where b.org_id = @org_id and b.id = sqlc.narg('board_id')), 'not-found', 'query.board_id'),
  app.require(sqlc.narg('column_id')::uuid is null or exists (select from app.columns c where c.org_id = @org_id and c.id = sqlc.narg('column_id')), 'not-found', @column_place::text),
  app.require(sqlc.narg('label_id')::uuid is null or exists (select from app.labels l where l.org_id = @org_id and l.id = sqlc.narg('label_id')), 'not-found', 'query.label_id'),
  app.require(sqlc.narg('assignee_id')::uuid is null or exists (select from app.memberships m where m.org_id = @org_id and m.user_id = sqlc.narg('assignee_id')), 'not-found', 'query.assignee_id'),
  app.require(sqlc.narg('created_by')::uuid is null or exists (select from app.memberships m where m.org_id = @org_id and m.user_id = sqlc.narg('created_by'))
    or exists (select from app.tasks t where t.org_id = @org_id and t.created_by = sqlc.narg('created_by')), 'not-found', 'query.created_by');
