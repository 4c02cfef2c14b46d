-- name: BeginObject :exec
-- Sets storage aside for an upload, and notes its object before the first byte is there.
with taken as (
  select app.take_storage(@org_id, @size, @quota)
)
insert into app.objects (org_id, id, store, size, expires_at)
select @org_id, @id, @store, @size, now() + make_interval(secs => @seconds::int) from taken;

-- name: GrowObject :one
-- Sets more storage aside for an upload under way, and gives it more time. False: it is under way no more.
with grown as (
  update app.objects o set size = o.size + @more, expires_at = now() + make_interval(secs => @seconds::int)
  where o.org_id = @org_id and o.id = @id and o.expires_at > now() and not o.given_up returning 1
),
taken as (
  select app.take_storage(@org_id, @more, @quota) from grown
)
select exists (select from taken) as grown;

-- name: DropObject :execrows
-- Gives back what an upload took that came to nothing. Its bytes are gone, or follow with the next sweep. Of a bucket only
-- after a while: a request that was given up there may still be obeyed.
with dropped as (
  update app.objects o set given_up = true, expires_at = case when o.store = 's3' then now() + interval '10 minutes' else '-infinity' end, size = 0
  from app.objects b where o.org_id = @org_id and o.id = @id and o.expires_at > '-infinity' and not o.given_up and b.org_id = o.org_id and b.id = o.id
  returning o.org_id, b.size as bytes
)
select app.take_storage(d.org_id, 0 - d.bytes, 0) from dropped d;

-- name: ForgetObject :exec
delete from app.objects o where o.org_id = @org_id and o.id = @id and o.expires_at = '-infinity';

-- name: BeginUpload :exec
-- Notes what is to be sent, where it may hang, and sets storage aside for it.
with place as (
  select p.task_id, p.comment_id from app.file_place(@org_id, sqlc.narg('task_id'), sqlc.narg('comment_id')) p(task_id, project_id, comment_id)
  where app.require(sqlc.narg('file_id')::uuid is null or exists (select from app.files f where f.org_id = @org_id and f.file_id = sqlc.narg('file_id')
      and f.latest and f.deleted_at is null and not app.in_trash(@org_id, f.task_id)), 'not-found', 'body.file_id')
),
taken as (
  select app.take_storage(@org_id, @size, @quota), place.task_id, place.comment_id from place
),
object as (
  insert into app.objects (org_id, id, store, size, expires_at)
  select @org_id, @id, @store, @size, now() + make_interval(secs => @seconds::int) from taken
  returning 1
)
insert into app.uploads (org_id, id, file_id, task_id, comment_id, name, content_type, size, sha256, multipart, resumable, created_by)
select @org_id, @id, sqlc.narg('file_id'), p.task_id, p.comment_id, @name, @content_type, @size, sqlc.narg('sha256'), sqlc.narg('multipart'), @resumable,
  app.current_user_id()
from taken p cross join object;

-- name: GetUpload :one
-- An own upload under way, to what its maker still may write to.
select u.id, u.file_id, u.task_id, u.comment_id, u.name, u.content_type, u.size, u.sha256, u.multipart, u.resumable, o.store
from app.uploads u join app.objects o on o.org_id = u.org_id and o.id = u.id
left join app.tasks t on t.org_id = u.org_id and t.id = u.task_id and t.deleted_at is null
left join app.files f on f.org_id = u.org_id and f.file_id = u.file_id and f.latest and f.deleted_at is null and not app.in_trash(f.org_id, f.task_id)
where u.org_id = @org_id and u.id = @id and o.expires_at > now() and not o.given_up and (u.task_id is null or t.id is not null) and (u.file_id is null or f.id is not null)
  and app.require((t.id is null or app.project_rank(t.project_id) >= 2) and (f.id is null or app.project_rank(f.project_id) >= 2), 'forbidden');

-- name: ResumeUpload :one
-- GetUpload for who goes on with it, which gives it more time.
with upload as (
  select u.org_id, u.id, u.name, u.size, u.resumable, o.store
  from app.uploads u join app.objects o on o.org_id = u.org_id and o.id = u.id
  left join app.tasks t on t.org_id = u.org_id and t.id = u.task_id and t.deleted_at is null
  left join app.files f on f.org_id = u.org_id and f.file_id = u.file_id and f.latest and f.deleted_at is null and not app.in_trash(f.org_id, f.task_id)
  where u.org_id = @org_id and u.id = @id and o.expires_at > now() and not o.given_up and (u.task_id is null or t.id is not null) and (u.file_id is null or f.id is not null)
    and app.require((t.id is null or app.project_rank(t.project_id) >= 2) and (f.id is null or app.project_rank(f.project_id) >= 2), 'forbidden')
),
prolonged as (
  update app.objects o set expires_at = now() + make_interval(secs => @seconds::int) from upload u where o.org_id = @org_id and o.id = u.id and u.resumable
)
select u.name, u.size, u.resumable, u.store from upload u;

-- name: HoldUpload :one
-- Lets one request write to an upload. Whoever wants it meanwhile says so, and the holder hears of it.
with held as (
  update app.uploads u set held_by = @holder, held_until = now() + make_interval(secs => @seconds::int), wanted = false
  where u.org_id = @org_id and u.id = @id and (u.held_until is null or u.held_until < now() or u.held_by = @holder)
  returning 1
),
asked as (
  update app.uploads u set wanted = true where u.org_id = @org_id and u.id = @id and u.held_until >= now() and u.held_by <> @holder and not u.wanted
  returning 1
)
select exists (select from held) as held, exists (select from app.uploads u where u.org_id = @org_id and u.id = @id) as known,
  exists (select from asked) as asked;

-- name: KeepUpload :one
-- Goes on holding, and tells whether somebody waits.
update app.uploads u set held_until = now() + make_interval(secs => @seconds::int)
where u.org_id = @org_id and u.id = @id and u.held_by = @holder returning u.wanted;

-- name: LetUpload :exec
update app.uploads u set held_by = null, held_until = null, wanted = false where u.org_id = @org_id and u.id = @id and u.held_by = @holder;

-- name: LockFile :exec
select app.writable_file(@org_id, @file_id);

-- name: CreateFile :one
-- Makes a file of an object that is whole now.
with place as (
  select p.task_id, p.project_id, p.comment_id from app.file_place(@org_id, sqlc.narg('task_id'), sqlc.narg('comment_id')) p(task_id, project_id, comment_id)
),
pledge as (
  select o.size as bytes from app.objects o, place where o.org_id = @org_id and o.id = @id and o.expires_at > now() and not o.given_up for update of o
),
taken as (
  select app.take_storage(@org_id, sqlc.arg('size')::bigint - pledge.bytes, @quota) from pledge
),
object as (
  update app.objects o set size = @size, pin = @pin::text, expires_at = null from taken where o.org_id = @org_id and o.id = @id
  returning 1
),
announced as (
  delete from app.uploads u using object where u.org_id = @org_id and u.id = @id
),
created as (
  insert into app.files (org_id, id, file_id, number, latest, project_id, task_id, comment_id, name, content_type, size, sha256, scan_status, due_at,
    uploaded_by, created_by)
  select @org_id, @id, @id, 1, true, p.project_id, p.task_id, p.comment_id, @name, @content_type, @size, sqlc.narg('sha256'), @scan_status,
    case when @due::bool then now() end, app.current_user_id(), app.current_user_id()
  from place p cross join object
  returning *
),
resource as (
  select c.file_id as id, c.name, c.content_type, c.size, c.sha256, c.scan_status, c.scan_result, c.project_id, c.task_id, c.comment_id, c.number,
    c.thumbnail_id, c.uploaded_by, c.uploaded_at, c.created_by, c.version, c.created_at, c.updated_at, c.deleted_at
  from created c
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'file.created', id, project_id, task_id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: AddVersion :one
-- Makes an object that is whole now the latest version of a file. LockFile is queued ahead.
with pledge as (
  select o.size as bytes from app.objects o where o.org_id = @org_id and o.id = @id and o.expires_at > now() and not o.given_up for update of o
),
replaced as (
  update app.files f set latest = false from pledge
  where f.org_id = @org_id and f.file_id = @file_id and f.latest and f.deleted_at is null and not app.in_trash(@org_id, f.task_id)
  returning f.*
),
taken as (
  select app.take_storage(@org_id, sqlc.arg('size')::bigint - pledge.bytes, @quota) from pledge, replaced
),
object as (
  update app.objects o set size = @size, pin = @pin::text, expires_at = null from taken where o.org_id = @org_id and o.id = @id
  returning 1
),
announced as (
  delete from app.uploads u using object where u.org_id = @org_id and u.id = @id
),
created as (
  insert into app.files (org_id, id, file_id, number, latest, project_id, task_id, comment_id, name, content_type, size, sha256, scan_status, due_at,
    uploaded_by, created_by, version, created_at)
  select @org_id, @id, r.file_id, r.number + 1, true, r.project_id, r.task_id, r.comment_id, @name, @content_type, @size, sqlc.narg('sha256'), @scan_status,
    case when @due::bool then now() end, app.current_user_id(), r.created_by, r.version + 1, r.created_at
  from replaced r cross join object
  returning *
),
resource as (
  select c.file_id as id, c.name, c.content_type, c.size, c.sha256, c.scan_status, c.scan_result, c.project_id, c.task_id, c.comment_id, c.number,
    c.thumbnail_id, c.uploaded_by, c.uploaded_at, c.created_by, c.version, c.created_at, c.updated_at, c.deleted_at
  from created c
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'file.updated', id, project_id, task_id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: GetFile :one
select f.file_id as id, f.name, f.content_type, f.size, f.sha256, f.scan_status, f.scan_result, f.project_id, f.task_id, f.comment_id, f.number,
  f.thumbnail_id, f.uploaded_by, f.uploaded_at, f.created_by, f.version, f.created_at, f.updated_at, f.deleted_at
from app.files f
where f.org_id = @org_id and f.file_id = @file_id and f.latest and not app.in_trash(@org_id, f.task_id);

-- name: RequirePlace :exec
-- Refuses a list of what there is not.
select app.require(sqlc.narg('comment_id')::uuid is null or exists (select from app.comments c where c.org_id = @org_id and c.id = sqlc.narg('comment_id')),
    'not-found', 'query.comment_id'),
  app.require(sqlc.narg('task_id')::uuid is null or exists (select from app.tasks t where t.org_id = @org_id and t.id = sqlc.narg('task_id') and t.deleted_at is null),
    'not-found', 'query.task_id');

-- name: ListFiles :many
-- The newest first: of the organization, of a task or of a comment; or what is in the trash.
select f.file_id as id, f.name, f.content_type, f.size, f.sha256, f.scan_status, f.scan_result, f.project_id, f.task_id, f.comment_id, f.number,
  f.thumbnail_id, f.uploaded_by, f.uploaded_at, f.created_by, f.version, f.created_at, f.updated_at, f.deleted_at
from app.files f
where f.org_id = @org_id and f.latest and (f.deleted_at is not null) = @trashed::bool and not app.in_trash(@org_id, f.task_id)
  and (sqlc.narg('task_id')::uuid is null or f.task_id = sqlc.narg('task_id'))
  and (sqlc.narg('comment_id')::uuid is null or f.comment_id = sqlc.narg('comment_id'))
  and (sqlc.narg('scan_status')::text is null or f.scan_status = sqlc.narg('scan_status'))
  and (sqlc.narg('after')::uuid is null or f.file_id < sqlc.narg('after')::uuid)
order by f.file_id desc limit @more;

-- name: RequireFile :exec
select app.require(exists (select from app.files f where f.org_id = @org_id and f.file_id = @file_id and f.latest and not app.in_trash(@org_id, f.task_id)), 'not-found');

-- name: ListVersions :many
select f.number, f.name, f.content_type, f.size, f.sha256, f.scan_status, f.scan_result, f.uploaded_by, f.uploaded_at
from app.files f
where f.org_id = @org_id and f.file_id = @file_id and (sqlc.narg('before')::int is null or f.number < sqlc.narg('before')::int)
order by f.number desc limit @more;

-- name: UpdateFile :one
-- Renames a file, or hangs it on a task or a comment: a loose one on any, one that hangs already on another in its project.
-- Whoever saw a loose file and does not see the project is told that it is gone. LockFile is queued ahead.
with place as (
  select f.project_id as from_project, p.task_id, p.project_id, p.comment_id
  from app.files f cross join app.file_place(@org_id, sqlc.narg('task_id'), sqlc.narg('comment_id')) p(task_id, project_id, comment_id)
  where f.org_id = @org_id and f.file_id = @file_id and f.latest and f.deleted_at is null and not app.in_trash(@org_id, f.task_id)
    and app.require(p.task_id is null or f.project_id is null or f.project_id = p.project_id, 'validation', 'body.task_id', 'is in another project than the file')
    and app.require(sqlc.narg('versions')::int[] is null or f.version = any(sqlc.narg('versions')::int[]), 'stale-version')
),
changed as (
  update app.files f set
    name = case when f.latest and sqlc.narg('name')::text is not null then sqlc.narg('name') else f.name end,
    project_id = case when p.task_id is not null then p.project_id else f.project_id end,
    task_id = case when p.task_id is not null then p.task_id else f.task_id end,
    comment_id = case when p.task_id is not null then p.comment_id else f.comment_id end,
    version = f.version + 1, updated_at = now()
  from place p where f.org_id = @org_id and f.file_id = @file_id
  returning f.*
),
resource as (
  select c.file_id as id, c.name, c.content_type, c.size, c.sha256, c.scan_status, c.scan_result, c.project_id, c.task_id, c.comment_id, c.number,
    c.thumbnail_id, c.uploaded_by, c.uploaded_at, c.created_by, c.version, c.created_at, c.updated_at, c.deleted_at
  from changed c where c.latest
),
happened as (
  select 1 as turn, 'file.deleted' as kind, null::uuid as project_id, null::uuid as task_id, r.version, to_jsonb(r) as payload
  from resource r cross join place p where p.from_project is null and r.project_id is not null
  union all
  select 2, case when p.from_project is null and r.project_id is not null then 'file.created' else 'file.updated' end, r.project_id, r.task_id, r.version, to_jsonb(r)
  from resource r cross join place p
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, h.kind, @file_id, h.project_id, h.task_id, h.version, h.payload from happened h order by h.turn
)
select * from resource;

-- name: TrashFile :one
-- LockFile is queued ahead.
with changed as (
  update app.files f set deleted_at = now(), updated_at = now(), version = f.version + 1
  where f.org_id = @org_id and f.file_id = @file_id and f.latest and f.deleted_at is null and not app.in_trash(@org_id, f.task_id)
    and app.require(sqlc.narg('versions')::int[] is null or f.version = any(sqlc.narg('versions')::int[]), 'stale-version')
  returning *
),
resource as (
  select c.file_id as id, c.name, c.content_type, c.size, c.sha256, c.scan_status, c.scan_result, c.project_id, c.task_id, c.comment_id, c.number,
    c.thumbnail_id, c.uploaded_by, c.uploaded_at, c.created_by, c.version, c.created_at, c.updated_at, c.deleted_at
  from changed c
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'file.deleted', id, project_id, task_id, version, to_jsonb(resource) from resource
)
select id from resource;

-- name: RestoreFile :one
-- LockFile is queued ahead.
with changed as (
  update app.files f set deleted_at = null, updated_at = now(), version = f.version + 1
  where f.org_id = @org_id and f.file_id = @file_id and f.latest and f.deleted_at is not null and not app.in_trash(@org_id, f.task_id)
  returning *
),
resource as (
  select c.file_id as id, c.name, c.content_type, c.size, c.sha256, c.scan_status, c.scan_result, c.project_id, c.task_id, c.comment_id, c.number,
    c.thumbnail_id, c.uploaded_by, c.uploaded_at, c.created_by, c.version, c.created_at, c.updated_at, c.deleted_at
  from changed c
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'file.restored', id, project_id, task_id, version, to_jsonb(resource) from resource
)
select * from resource;

-- name: PurgeFile :one
-- Deletes a file for good, with all its versions: of one's own, or as an admin. What it took of the quota is free at once;
-- the bytes follow. LockFile is queued ahead.
with target as (
  select f.* from app.files f
  where f.org_id = @org_id and f.file_id = @file_id and f.latest and not app.in_trash(@org_id, f.task_id)
    and app.require(f.created_by = app.current_user_id() or app.project_rank(f.project_id) >= 3, 'forbidden')
    and app.require(sqlc.narg('versions')::int[] is null or f.version = any(sqlc.narg('versions')::int[]), 'stale-version')
),
purged as (
  delete from app.files f using target t where f.org_id = @org_id and f.file_id = t.file_id returning f.id, f.file_id
),
doomed as (
  update app.objects o set expires_at = '-infinity', size = 0
  from purged p join app.objects b on b.org_id = @org_id and b.id = p.id
  where o.org_id = @org_id and o.id = p.id
  returning b.size
),
given as (
  select app.take_storage(@org_id, 0 - coalesce(sum(d.size), 0)::bigint, 0) from doomed d
),
resource as (
  select t.file_id as id, t.name, t.content_type, t.size, t.sha256, t.scan_status, t.scan_result, t.project_id, t.task_id, t.comment_id, t.number,
    null::uuid as thumbnail_id, t.uploaded_by, t.uploaded_at, t.created_by, t.version + 1 as version, t.created_at, now() as updated_at,
    coalesce(t.deleted_at, now()) as deleted_at
  from target t
),
recorded as (
  insert into app.events (org_id, kind, entity_id, project_id, task_id, version, payload)
  select @org_id, 'file.deleted', r.id, r.project_id, r.task_id, r.version, to_jsonb(r) from resource r cross join target t where t.deleted_at is null
)
select r.id from resource r cross join given;

-- name: Rescan :one
-- Has the latest version checked once more. LockFile is queued ahead.
with due as (
  update app.files f set due_at = now(), attempts = 0
  where f.org_id = @org_id and f.file_id = @file_id and f.latest and f.deleted_at is null and not app.in_trash(@org_id, f.task_id)
  returning *
)
select c.file_id as id, c.name, c.content_type, c.size, c.sha256, c.scan_status, c.scan_result, c.project_id, c.task_id, c.comment_id, c.number,
  c.thumbnail_id, c.uploaded_by, c.uploaded_at, c.created_by, c.version, c.created_at, c.updated_at, c.deleted_at
from due c;

-- name: GetContent :one
-- What a download needs: of the latest version, or of the one that is asked for.
select f.id, f.file_id, f.name, f.content_type, f.size, coalesce(f.sha256, '')::text as sha256, f.scan_status, f.uploaded_at,
  o.store, coalesce(o.pin, '')::text as pin, o.quarantined
from app.files f join app.objects o on o.org_id = f.org_id and o.id = f.id
where f.org_id = @org_id and f.file_id = @file_id and (sqlc.narg('number')::int is null and f.latest or f.number = sqlc.narg('number')::int)
  and not app.in_trash(@org_id, f.task_id)
  and exists (select from app.files l where l.org_id = @org_id and l.file_id = f.file_id and l.latest and l.deleted_at is null);

-- name: GetThumbnail :one
select f.scan_status, o.id, o.store, coalesce(o.pin, '')::text as pin
from app.files f join app.objects o on o.org_id = f.org_id and o.id = f.thumbnail_id
where f.org_id = @org_id and f.file_id = @file_id and f.latest and f.deleted_at is null and not app.in_trash(@org_id, f.task_id);

-- name: Doubt :exec
select app.doubt_file(@id, @pin);

-- name: GetUsage :one
select coalesce((select s.bytes from app.storage s where s.org_id = @org_id), 0)::bigint as bytes,
  coalesce((select sum(o.size) from app.objects o where o.org_id = @org_id and o.expires_at > now()), 0)::bigint as reserved,
  (select case when o.storage_bytes is null then @quota::bigint else o.storage_bytes end from app.organizations o where o.id = @org_id)::bigint as quota,
  exists (select from app.organizations o where o.id = @org_id and o.storage_bytes is not null) as granted;

-- name: GetFileOf :one
-- The file that an upload of one's own has become.
select f.file_id as id, f.name, f.content_type, f.size, f.sha256, f.scan_status, f.scan_result, f.project_id, f.task_id, f.comment_id, f.number,
  f.thumbnail_id, f.uploaded_by, f.uploaded_at, f.created_by, f.version, f.created_at, f.updated_at, f.deleted_at
from app.files c join app.files f on f.org_id = c.org_id and f.file_id = c.file_id and f.latest
where c.org_id = @org_id and c.id = @id and c.uploaded_by = app.current_user_id() and not app.in_trash(@org_id, f.task_id);

-- name: GetLinkedContent :one
select l.id::uuid as id, l.file_id::uuid as file_id, l.name::text as name, l.content_type::text as content_type, l.size::bigint as size, coalesce(l.sha256, '')::text as sha256,
  l.scan_status::text as scan_status, l.uploaded_at::timestamptz as uploaded_at, l.store::text as store, coalesce(l.pin, '')::text as pin, l.quarantined::bool as quarantined
from app.linked_content(@org_id, @id) l;

-- name: TakeChecks :many
select t.org_id::uuid as org_id, t.id::uuid as id, t.file_id::uuid as file_id, t.name::text as name, t.content_type::text as content_type, t.size::bigint as size,
  coalesce(t.sha256, '')::text as sha256, t.scan_status::text as scan_status, coalesce(t.scan_result, '')::text as scan_result, t.store::text as store, coalesce(t.pin, '')::text as pin,
  t.quarantined::bool as quarantined, t.alert::bool as alert, t.attempts::int as attempts,
  coalesce(t.thumbnail_id, '00000000-0000-0000-0000-000000000000')::uuid as thumbnail_id
from app.take_checks(@most, @seconds) t(org_id, id, file_id, project_id, name, content_type, size, sha256, scan_status, scan_result, store, pin, quarantined, alert,
  attempts, thumbnail_id);

-- name: CheckLater :exec
select app.check_later(@org_id, @id, @seconds, @failed);

-- name: BeginThumbnail :exec
select app.begin_thumbnail(@org_id, @content, @id, @store);

-- name: Checked :exec
select app.checked(@org_id, @id, @store, sqlc.narg('begun_pin'), @status, sqlc.narg('result'), sqlc.narg('database'), sqlc.narg('sha256'), @content_type, sqlc.narg('pin'), @quarantined,
  sqlc.narg('thumbnail'), sqlc.narg('thumbnail_pin'));

-- name: AlertReaders :many
select r.email::text as email, r.organization::text as organization from app.alert_readers(@org_id, @id) r;

-- name: Alerted :exec
select app.alerted(@org_id, @id);

-- name: RecheckFiles :one
select coalesce(r.last_org, @org_id)::uuid as last_org, coalesce(r.last_id, @id)::uuid as last_id, r.more::bool as more
from app.recheck_files(@database, @org_id, @id, @most) r;

-- name: EmptyTrash :one
select app.empty_file_trash(@days, @most)::int;

-- name: DoomObjects :many
select d.org_id::uuid as org_id, d.id::uuid as id, d.store::text as store, d.resumable::bool as resumable
from app.doom_objects(@most, @stores::text[]) d;

-- name: ForgetDoomed :exec
select app.forget_object(@org_id, @id);

-- name: ObjectsIn :many
select o.org_id::uuid as org_id, o.id::uuid as id, o.size::bigint as size, o.pin::text as pin, o.quarantined::bool as quarantined, coalesce(o.sha256, '')::text as sha256
from app.objects_in(@store, @org_id, @id, @most) o;

-- name: ObjectMoved :one
select app.object_moved(@org_id, @id, @pin, @store, @new_pin)::bool;

-- name: KnowsObject :one
select app.knows_object(@store, @org_id, @id)::bool;
