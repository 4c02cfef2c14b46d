-- name: LockThread :exec
-- Queued before anything that changes a comment, what hangs on it, or the number of its replies: of what stands and falls
-- together, the first comment, its replies and the reactions to it, only one request at a time decides. The row itself
-- cannot be locked, as the policies hide it from who may not update it.
select pg_advisory_xact_lock(hashtextextended('thread ' || cast(case when c.parent_id is null then c.id else c.parent_id end as text), 0))
from app.comments c where c.org_id = @org_id and c.id = @id;

-- name: CreateComment :one
-- Adds a comment, or a reply to the thread of the one that it answers. Only who sees the project can be mentioned.
with place as (
  select t.id, t.project_id, case when a.parent_id is null then a.id else a.parent_id end as parent_id
  from app.tasks t left join app.comments a
    on a.org_id = @org_id and a.id = sqlc.narg('parent_id') and a.task_id = t.id and a.deleted_at is null
  where t.org_id = @org_id and t.deleted_at is null and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))
    and app.require(sqlc.narg('parent_id')::uuid is null or a.id is not null, 'not-found', 'body.parent_id')
),
created as (
  insert into app.comments (org_id, id, project_id, task_id, parent_id, author_id, body, mention_ids)
  select @org_id, @id, place.project_id, place.id, place.parent_id, app.current_user_id(), @body,
    case when cardinality(@emails::text[]) + cardinality(@people::uuid[]) = 0 then '{}' else array(
    select m.user_id from app.memberships m where m.org_id = @org_id and (m.email = any(@emails::text[]) or m.user_id = any(@people::uuid[]))
      and app.people_see(@org_id, place.project_id, array[m.user_id]) order by 1) end
  from place
  returning *
),
searchable as (
  insert into app.task_search (org_id, task_id, doc_id, project_id, words, spelling)
  select c.org_id, c.task_id, c.id, c.project_id, w.words, app.spelling(w.words)
  from created c cross join lateral app.comment_words(c.body) w(words)
),
resource as (
  select c.id, c.task_id, c.parent_id, c.author_id, c.body, c.mention_ids, 0::int as reply_count, '[]'::jsonb as reactions,
    c.version, c.created_at, c.updated_at, c.deleted_at
  from created c
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'comment.created', c.id, c.project_id, c.task_id, c.version, to_jsonb(resource) from resource join created c using (id)
)
select * from resource;

-- name: RequireTask :exec
-- Refuses a list of what there is not: the task, or the comment whose replies are asked for.
select app.require(exists (select from app.tasks t where t.org_id = @org_id and t.deleted_at is null
    and t.id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))), 'not-found'),
  app.require(sqlc.narg('parent_id')::uuid is null or exists (select from app.comments c where c.org_id = @org_id and c.id = sqlc.narg('parent_id')
    and c.task_id = app.task_id(@org_id, sqlc.narg('task_id'), sqlc.narg('task_key'))), 'not-found', 'query.parent_id');

-- name: RequireAuthor :exec
-- Refuses a comment of somebody else's, and any where one only reads; an absent one passes, for the next statement to
-- find nothing.
select app.require(app.project_rank(c.project_id) >= 2
  and (c.author_id = app.current_user_id() or @admins_may::bool and app.project_rank(c.project_id) >= 3), 'forbidden')
from app.comments c join app.tasks t on t.org_id = @org_id and t.id = c.task_id and t.deleted_at is null
where c.org_id = @org_id and c.id = @id and c.deleted_at is null;

-- name: UpdateComment :one
with updated as (
  update app.comments c set body = coalesce(sqlc.narg('body'), c.body),
    mention_ids = case when sqlc.narg('body')::text is null then c.mention_ids
      when cardinality(@emails::text[]) + cardinality(@people::uuid[]) = 0 then '{}' else array(
      select m.user_id from app.memberships m where m.org_id = @org_id and (m.email = any(@emails::text[]) or m.user_id = any(@people::uuid[]))
        and app.people_see(@org_id, c.project_id, array[m.user_id]) order by 1) end,
    version = c.version + 1, updated_at = now()
  from app.tasks t
  where c.org_id = @org_id and c.id = @id and c.deleted_at is null and t.org_id = c.org_id and t.id = c.task_id and t.deleted_at is null
    and app.require(sqlc.narg('versions')::int[] is null or c.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning c.*
),
searchable as (
  update app.task_search s set words = w.words, spelling = app.spelling(w.words)
  from updated u cross join lateral app.comment_words(u.body) w(words)
  where s.org_id = @org_id and s.task_id = u.task_id and s.doc_id = u.id and sqlc.narg('body')::text is not null
),
resource as (
  select u.id, u.task_id, u.parent_id, u.author_id, u.body, u.mention_ids,
    (select count(*) from app.comments r where r.org_id = @org_id and r.parent_id = u.id)::int as reply_count,
    (select coalesce(jsonb_agg(jsonb_build_object('emoji', e.emoji, 'count', cardinality(e.user_ids), 'user_ids', e.user_ids) order by e.since, e.emoji), '[]')
      from (select x.emoji, array_agg(x.user_id order by x.created_at, x.user_id) as user_ids, min(x.created_at) as since
        from app.reactions x where x.org_id = @org_id and x.comment_id = u.id group by x.emoji) e)::jsonb as reactions,
    u.version, u.created_at, u.updated_at, u.deleted_at
  from updated u
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'comment.updated', c.id, c.project_id, c.task_id, c.version, to_jsonb(resource) from resource join updated c using (id)
)
select * from resource;

-- name: DeleteComment :one
-- Deletes a comment, or where it has replies all that it says. A tombstone that loses its last reply goes with it.
with target as (
  select c.*, (select count(*) from app.comments r where r.org_id = @org_id and r.parent_id = c.id)::int as reply_count
  from app.comments c join app.tasks t on t.org_id = @org_id and t.id = c.task_id and t.deleted_at is null
  where c.org_id = @org_id and c.id = @id and c.deleted_at is null
    and app.require(sqlc.narg('versions')::int[] is null or c.version = any(sqlc.narg('versions')::int[]), 'stale-version')
),
removed as (
  delete from app.comments c using target d where c.org_id = @org_id and c.id = d.id and d.reply_count = 0
  returning c.*
),
buried as (
  update app.comments c set body = '', mention_ids = '{}', deleted_at = now(), version = c.version + 1, updated_at = now()
  from target d where c.org_id = @org_id and c.id = d.id and d.reply_count > 0
  returning c.*
),
unreacted as (
  delete from app.reactions x using buried b where x.org_id = @org_id and x.comment_id = b.id
),
unsearchable as (
  delete from app.task_search s using target d where s.org_id = @org_id and s.task_id = d.task_id and s.doc_id = d.id
),
emptied as (
  delete from app.comments c using removed d
  where c.org_id = @org_id and c.id = d.parent_id and c.deleted_at is not null
    and not exists (select from app.comments r where r.org_id = @org_id and r.parent_id = c.id and r.id <> d.id)
  returning c.*
),
gone as (
  select 1 as turn, d.id, d.project_id, d.task_id, d.parent_id, d.author_id, d.reply_count, d.version, d.created_at, now() as deleted_at from target d
  union all
  select 2, e.id, e.project_id, e.task_id, e.parent_id, e.author_id, 0, e.version, e.created_at, e.deleted_at from emptied e
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'comment.deleted', g.id, g.project_id, g.task_id, g.version + 1, jsonb_build_object('id', g.id, 'task_id', g.task_id,
    'parent_id', g.parent_id, 'author_id', g.author_id, 'body', '', 'mention_ids', '[]'::jsonb, 'reply_count', g.reply_count, 'reactions', '[]'::jsonb,
    'version', g.version + 1, 'created_at', g.created_at, 'updated_at', now(), 'deleted_at', g.deleted_at)
  from gone g order by g.turn
)
select id from target;

-- name: AddReaction :one
-- A reaction that is there already stays as it is.
with target as (
  select c.id, c.task_id, c.project_id, c.version
  from app.comments c join app.tasks t on t.org_id = @org_id and t.id = c.task_id and t.deleted_at is null
  where c.org_id = @org_id and c.id = @comment_id and c.deleted_at is null
    and app.require(app.project_rank(c.project_id) >= 2, 'forbidden')
    and app.require((select count(distinct x.emoji) from app.reactions x
      where x.org_id = @org_id and x.comment_id = c.id and x.emoji <> @emoji) < @most::int, 'conflict', 'body.emoji',
      'would be one kind too many: a comment has at most ' || @most::int)
),
added as (
  insert into app.reactions (org_id, comment_id, user_id, emoji, task_id, project_id)
  select @org_id, c.id, app.current_user_id(), @emoji, c.task_id, c.project_id from target c
  on conflict do nothing
  returning *
),
resource as (
  select c.id as comment_id, c.task_id, app.current_user_id()::uuid as user_id, @emoji::text as emoji from target c
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'reaction.added', c.id, c.project_id, c.task_id, c.version, to_jsonb(resource)
  from resource cross join added join target c on c.id = added.comment_id
)
select * from resource;

-- name: RemoveReaction :one
with target as (
  select c.id, c.task_id, c.project_id, c.version
  from app.comments c join app.tasks t on t.org_id = @org_id and t.id = c.task_id and t.deleted_at is null
  where c.org_id = @org_id and c.id = @comment_id and c.deleted_at is null
    and app.require(app.project_rank(c.project_id) >= 2, 'forbidden')
    and app.require(sqlc.narg('versions')::int[] is null or c.version = any(sqlc.narg('versions')::int[]), 'stale-version')
),
removed as (
  delete from app.reactions x using target c
  where x.org_id = @org_id and x.comment_id = c.id and x.emoji = @emoji and x.user_id = app.current_user_id()
  returning x.*
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'reaction.removed', c.id, c.project_id, c.task_id, c.version,
    jsonb_build_object('comment_id', x.comment_id, 'task_id', x.task_id, 'user_id', x.user_id, 'emoji', x.emoji)
  from removed x join target c on c.id = x.comment_id
)
select exists (select from removed) as removed from target;
