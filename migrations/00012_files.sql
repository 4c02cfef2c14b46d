-- Files: what is stored and what it takes of the quota, the files whose content it is, and uploads under way.
-- +goose Up

-- How many bytes an organization may store, which its plan may say; null leaves it to the installation.
alter table app.organizations add column storage_bytes bigint check (storage_bytes >= 0);

-- How many bytes an organization stores or has set aside for uploads. The row's lock is what a quota rests on.
create table app.storage (
  org_id uuid   not null primary key references app.organizations (id) on delete cascade,
  bytes  bigint not null check (bytes >= 0)
);

-- All that lies in a storage, under the key org_id/id. The row is there before the first byte, and goes after the last:
-- what a crash leaves behind is found here.
create table app.objects (
  org_id       uuid    not null references app.organizations (id),
  id           uuid    not null,
  store        text    not null check (store in ('dir', 's3')),
  size         bigint  not null check (size >= 0), -- what it takes of the quota
  pin          text,                               -- names the bytes that are meant; null until they are whole
  quarantined  boolean not null default false,     -- it lies under another key, which no link leads to
  thumbnail_of uuid,                               -- the object that it is a picture of
  expires_at   timestamptz,                        -- of what no file has yet; -infinity is doomed
  given_up     boolean not null default false,     -- it is to become no file, and waits for its end
  created_at   timestamptz not null default now(),
  primary key (org_id, id)
);
create index on app.objects (expires_at) where expires_at is not null;

-- A file is a row for each of its versions, and the latest of them says what the file is.
create table app.files (
  org_id        uuid    not null,
  id            uuid    not null, -- the content's: its object
  file_id       uuid    not null, -- what clients know the file by
  number        int     not null, -- of the version, from 1
  latest        boolean not null,
  project_id    uuid,
  task_id       uuid,
  comment_id    uuid,
  name          text    not null,
  content_type  text    not null, -- what the content looks like, not what its sender said
  size          bigint  not null,
  sha256        text,             -- in hex; null until somebody has read it all
  scan_status   text    not null check (scan_status in ('pending', 'clean', 'infected', 'unscannable', 'failed', 'skipped')),
  scan_result   text,             -- what was found, or why it could not be looked into
  scan_database text,             -- the scanner's, by then
  scanned_at    timestamptz,
  due_at        timestamptz,      -- when it is to be checked; null is never
  attempts      int     not null default 0,
  alert         boolean not null default false, -- somebody has to be told what was found
  thumbnail_id  uuid,
  uploaded_by   uuid    not null,
  uploaded_at   timestamptz not null default now(),
  created_by    uuid    not null,
  version       int     not null default 1,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  deleted_at    timestamptz,
  primary key (org_id, id),
  constraint files_version_key unique (org_id, file_id, number),
  constraint files_object_fkey foreign key (org_id, id) references app.objects (org_id, id),
  constraint files_task_fkey foreign key (org_id, task_id, project_id) references app.tasks (org_id, id, project_id) on update cascade on delete cascade,
  constraint files_comment_fkey foreign key (org_id, comment_id) references app.comments (org_id, id) on delete set null (comment_id),
  check ((task_id is null) = (project_id is null) and (comment_id is null or task_id is not null))
);
create unique index files_latest_key on app.files (org_id, file_id) where latest;
create index on app.files (org_id, task_id, file_id) where task_id is not null;
create index on app.files (org_id, comment_id) where comment_id is not null;
create index on app.files (org_id, due_at) where due_at is not null;
create index on app.files (deleted_at) where deleted_at is not null;

-- What somebody has announced to send, in pieces or past this program.
create table app.uploads (
  org_id       uuid   not null,
  id           uuid   not null, -- the object's
  file_id      uuid,            -- of which it is to be a version; null is a new file
  task_id      uuid,
  comment_id   uuid,
  name         text   not null,
  content_type text   not null,
  size         bigint not null,
  sha256       text,
  multipart    text,            -- the storage's name for an upload in parts
  resumable    boolean not null,
  created_by   uuid   not null,
  held_by      uuid,            -- the request that writes
  held_until   timestamptz,
  wanted       boolean not null default false, -- by another request
  created_at   timestamptz not null default now(),
  primary key (org_id, id),
  constraint uploads_object_fkey foreign key (org_id, id) references app.objects (org_id, id) on delete cascade
);

select app.tenant_table('storage');
select app.tenant_table('objects');
select app.tenant_table('uploads');
create policy own on app.uploads as restrictive to plinth_app using (created_by = app.current_user_id()) with check (created_by = app.current_user_id());

-- A file that hangs on nothing is the organization's: without a project the rank is that of the role, and a guest has none.
select app.tenant_table('files');
select app.project_table('files');

-- So with the events of such files.
create policy staff on app.events as restrictive for select to plinth_app
  using (project_id is not null or kind not in ('file.created', 'file.updated', 'file.scanned', 'file.deleted', 'file.restored') or app.current_rank() >= 2);

create policy entry on app.storage as permissive to plinth_entry using (true) with check (true);
create policy entry on app.objects as permissive to plinth_entry using (true) with check (true);
create policy entry on app.files as permissive to plinth_entry using (true) with check (true);
grant select, insert, update, delete on app.storage, app.objects, app.files to plinth_entry;
create policy entry on app.uploads as permissive for select to plinth_entry using (true);
grant select on app.uploads to plinth_entry;

-- take_storage sets bytes aside, and refuses more than the quota (the installation's, where the plan says nothing; 0 is
-- none). Negative bytes are given back.
-- +goose StatementBegin
create function app.take_storage(p_org uuid, p_bytes bigint, p_quota bigint) returns void language plpgsql volatile as $$
declare
  v_bytes bigint;
  v_quota bigint;
begin
  if p_bytes <= 0 then
    update app.storage s set bytes = s.bytes + p_bytes where s.org_id = p_org and p_bytes < 0;
    delete from app.storage s where s.org_id = p_org and s.bytes = 0;
    return;
  end if;
  insert into app.storage as s (org_id, bytes) values (p_org, p_bytes)
    on conflict (org_id) do update set bytes = s.bytes + p_bytes returning s.bytes into v_bytes;
  select case when o.storage_bytes is null then nullif(p_quota, 0) else o.storage_bytes end into v_quota from app.organizations o where o.id = p_org;
  if v_bytes > v_quota then perform app.refuse('quota'); end if;
end $$;

-- file_json is a file as the API answers it.
create function app.file_json(f app.files) returns jsonb language sql stable as $$
  select jsonb_build_object('id', f.file_id, 'name', f.name, 'content_type', f.content_type, 'size', f.size, 'sha256', f.sha256,
    'scan_status', f.scan_status, 'scan_result', f.scan_result, 'project_id', f.project_id, 'task_id', f.task_id, 'comment_id', f.comment_id,
    'number', f.number, 'thumbnail_id', f.thumbnail_id, 'uploaded_by', f.uploaded_by, 'uploaded_at', f.uploaded_at,
    'created_by', f.created_by, 'version', f.version, 'created_at', f.created_at, 'updated_at', f.updated_at, 'deleted_at', f.deleted_at) $$;

-- writable_file is called ahead of a statement that changes a file, like its sisters; it also has changes to one file queue.
create function app.writable_file(p_org uuid, p_file uuid) returns void language plpgsql volatile as $$
declare
  v_project uuid;
begin
  perform pg_advisory_xact_lock(hashtextextended('file ' || p_file, 0));
  select f.project_id into v_project from app.files f where f.org_id = p_org and f.file_id = p_file and f.latest;
  if v_project is not null and app.project_rank(v_project) < 2 then perform app.refuse('forbidden'); end if;
end $$;

-- in_trash tells whether a file hangs on a task that is in the trash.
create function app.in_trash(p_org uuid, p_task uuid) returns boolean language sql stable as $$
  select exists (select from app.tasks t where t.org_id = p_org and t.id = p_task and t.deleted_at is not null) $$;

-- file_place is where a file is to hang: on a task, on a comment and with it on its task, or on nothing.
create function app.file_place(p_org uuid, p_task uuid, p_comment uuid) returns table (task_id uuid, project_id uuid, comment_id uuid)
language plpgsql stable as $$
begin
  comment_id := p_comment;
  if p_comment is not null then
    select t.id, t.project_id into task_id, project_id from app.comments c join app.tasks t on t.org_id = c.org_id and t.id = c.task_id and t.deleted_at is null
    where c.org_id = p_org and c.id = p_comment and c.deleted_at is null;
    if task_id is null then perform app.refuse('not-found', 'body.comment_id'); end if;
    if p_task <> task_id then perform app.refuse('validation', 'body.comment_id', 'is not a comment of this task'); end if;
  elsif p_task is not null then
    select t.id, t.project_id into task_id, project_id from app.tasks t where t.org_id = p_org and t.id = p_task and t.deleted_at is null;
    if task_id is null then perform app.refuse('not-found', 'body.task_id'); end if;
  end if;
  if task_id is not null and app.project_rank(project_id) < 2 then perform app.refuse('forbidden'); end if;
  return next;
end $$;

-- linked_content is what a signed link leads to, as long as it may be had: the link stands for its maker's rights.
create function app.linked_content(p_org uuid, p_id uuid)
returns table (id uuid, file_id uuid, name text, content_type text, size bigint, sha256 text, scan_status text, uploaded_at timestamptz,
  store text, pin text, quarantined boolean)
language sql stable security definer set search_path = '' as $$
  select f.id, f.file_id, f.name, f.content_type, f.size, f.sha256, f.scan_status, f.uploaded_at, o.store, o.pin, o.quarantined
  from app.files f join app.objects o on o.org_id = f.org_id and o.id = f.id
  join app.files l on l.org_id = f.org_id and l.file_id = f.file_id and l.latest
  left join app.tasks t on t.org_id = f.org_id and t.id = f.task_id
  where f.org_id = p_org and f.id = p_id and l.deleted_at is null and t.deleted_at is null $$;

-- take_checks gives contents that are to be checked to the caller for some seconds, fairly to the organizations that have
-- some: the oldest of each, in any order of the organizations.
create function app.take_checks(p_most int, p_seconds int)
returns table (org_id uuid, id uuid, file_id uuid, project_id uuid, name text, content_type text, size bigint, sha256 text, scan_status text, scan_result text,
  store text, pin text, quarantined boolean, alert boolean, attempts int, thumbnail_id uuid)
language plpgsql volatile security definer set search_path = '' as $$
begin
  return query
  with recursive orgs as (
    (select f.org_id from app.files f where f.due_at is not null order by f.org_id limit 1)
    union all
    select (select f.org_id from app.files f where f.due_at is not null and f.org_id > o.org_id order by f.org_id limit 1) from orgs o where o.org_id is not null
  ),
  next as (
    select d.org_id, d.id from orgs o cross join lateral (
      select f.org_id, f.id from app.files f where f.org_id = o.org_id and f.due_at <= now() order by f.due_at limit p_most) d
    order by random() limit p_most
  )
  update app.files f set due_at = now() + make_interval(secs => p_seconds)
  from next n join app.objects o on o.org_id = n.org_id and o.id = n.id
  where f.org_id = n.org_id and f.id = n.id and f.due_at <= now()
  returning f.org_id, f.id, f.file_id, f.project_id, f.name, f.content_type, f.size, f.sha256, f.scan_status, f.scan_result, o.store, o.pin, o.quarantined, f.alert,
    f.attempts, f.thumbnail_id;
end $$;

-- check_later keeps a content from being checked for some seconds, whether by others or at all.
create function app.check_later(p_org uuid, p_id uuid, p_seconds int, p_failed boolean) returns void
language sql volatile security definer set search_path = '' as $$
  update app.files f set due_at = now() + make_interval(secs => p_seconds), attempts = f.attempts + p_failed::int
  where f.org_id = p_org and f.id = p_id and f.due_at is not null $$;

-- begin_thumbnail notes a picture of a content before it is stored. It takes nothing of the quota.
create function app.begin_thumbnail(p_org uuid, p_of uuid, p_id uuid, p_store text) returns void language sql volatile security definer set search_path = '' as $$
  insert into app.objects (org_id, id, store, size, thumbnail_of, expires_at) values (p_org, p_id, p_store, 0, p_of, now() + interval '10 minutes') $$;

-- checked notes what a check found. Where it is news it is an event; where it is an infection, somebody has to be told of it.
-- Where the object was put elsewhere or pinned anew since its check began, it is checked once more instead.
create function app.checked(p_org uuid, p_id uuid, p_store text, p_begun_pin text, p_status text, p_result text, p_database text, p_sha256 text,
  p_content_type text, p_pin text, p_quarantined boolean, p_thumbnail uuid, p_thumbnail_pin text) returns void language plpgsql volatile security definer set search_path = '' as $$
declare
  v_before app.files;
  v app.files;
begin
  select * into v_before from app.files f where f.org_id = p_org and f.id = p_id for update;
  if v_before.id is null then return; end if;
  update app.objects o set pin = p_pin, quarantined = p_quarantined
  where o.org_id = p_org and o.id = p_id and o.store = p_store and o.pin is not distinct from p_begun_pin;
  if not found then
    update app.files f set due_at = now() where f.org_id = p_org and f.id = p_id;
    return;
  end if;
  update app.objects o set pin = p_thumbnail_pin, expires_at = null where o.org_id = p_org and o.id = p_thumbnail and p_thumbnail_pin is not null;
  update app.files f set scan_status = p_status, scan_result = p_result, sha256 = p_sha256, content_type = p_content_type,
    scan_database = p_database, scanned_at = now(), thumbnail_id = p_thumbnail, attempts = 0,
    alert = p_status = 'infected' and f.scan_status <> 'infected',
    due_at = case when p_status = 'infected' and f.scan_status <> 'infected' then now() end
  where f.org_id = p_org and f.id = p_id returning * into v;
  if v.latest and app.file_json(v) is distinct from app.file_json(v_before) then
    update app.files f set version = f.version + 1, updated_at = now() where f.org_id = p_org and f.id = p_id returning * into v;
    insert into app.events (org_id, kind, entity_id, project_id, task_id, version, actor_id, payload)
    values (p_org, 'file.scanned', v.file_id, v.project_id, v.task_id, v.version, null, app.file_json(v));
  end if;
end $$;

-- doubt_file has a content of the running organization checked again whose object is not the one that was pinned. Who
-- finds out may be a reader; nobody gets the content until then. One that has another pin by now has been moved.
create function app.doubt_file(p_id uuid, p_pin text) returns void language sql volatile security definer set search_path = '' as $$
  update app.files f set scan_status = 'pending', due_at = now(), attempts = 0
  where f.org_id = app.current_org() and f.id = p_id and f.scan_status in ('clean', 'skipped')
    and exists (select from app.objects o where o.org_id = f.org_id and o.id = f.id and o.pin = p_pin) $$;

-- alert_readers are whom to tell of an infected file: who uploaded it, and the admins.
create function app.alert_readers(p_org uuid, p_id uuid) returns table (email text, organization text)
language sql stable security definer set search_path = '' as $$
  select m.email, o.name from app.files f join app.memberships m on m.org_id = f.org_id join app.organizations o on o.id = f.org_id
  where f.org_id = p_org and f.id = p_id and (m.role = 'admin' or m.user_id = f.uploaded_by) order by m.email $$;

create function app.alerted(p_org uuid, p_id uuid) returns void language sql volatile security definer set search_path = '' as $$
  update app.files f set alert = false, due_at = null where f.org_id = p_org and f.id = p_id and f.alert $$;

-- recheck_files has contents checked again that were looked at with another database of the scanner, or not at all: the next
-- ones behind a key, which it gives back with whether there are more.
create function app.recheck_files(p_database text, p_org uuid, p_id uuid, p_most int, out last_org uuid, out last_id uuid, out more boolean)
language plpgsql volatile security definer set search_path = '' as $$
begin
  with next as (
    select f.org_id, f.id, f.scan_status, f.scan_database, f.due_at from app.files f where (f.org_id, f.id) > (p_org, p_id) order by f.org_id, f.id limit p_most
  ),
  due as (
    update app.files f set due_at = now() from next n where f.org_id = n.org_id and f.id = n.id and f.due_at is null
      and n.scan_status in ('clean', 'skipped', 'unscannable', 'failed') and n.scan_database is distinct from p_database
  ),
  ends as (select n.org_id, n.id from next n order by n.org_id desc, n.id desc limit 1)
  select e.org_id, e.id, (select count(*) from next) = p_most into last_org, last_id, more from ends e;
  more := coalesce(more, false);
end $$;

-- empty_file_trash deletes files that have been in the trash for longer than the given days, and tells how many.
create function app.empty_file_trash(p_days int, p_most int) returns int language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
begin
  delete from app.files f using (
    select o.org_id, o.file_id from app.files o where o.latest and o.deleted_at < now() - make_interval(days => p_days) order by o.deleted_at limit p_most) old
  where f.org_id = old.org_id and f.file_id = old.file_id;
  get diagnostics v_count = row_count;
  return v_count;
end $$;

-- doom_objects finds up to a number of objects that nothing leads to: uploads that were not finished in time, and what is
-- left of files that are gone. They stop counting, and those in the given storages are to be removed there.
create function app.doom_objects(p_most int, p_stores text[]) returns table (org_id uuid, id uuid, store text, resumable boolean)
language plpgsql volatile security definer set search_path = '' as $$
declare
  v record;
begin
  for v in
    with lost as (
      select o.org_id, o.id from app.objects o where o.expires_at < now() and o.expires_at > '-infinity'
      union all
      (select o.org_id, o.id from app.objects o where o.expires_at is null
        and not exists (select from app.files f where f.org_id = o.org_id and f.id = case when o.thumbnail_of is null then o.id else o.thumbnail_of end))
      limit p_most
    ),
    doomed as (
      update app.objects o set expires_at = '-infinity', size = 0 from lost l join app.objects b on b.org_id = l.org_id and b.id = l.id
      where o.org_id = l.org_id and o.id = l.id and (o.expires_at is null or o.expires_at < now())
      returning o.org_id, b.size
    )
    select d.org_id, sum(d.size)::bigint as bytes from doomed d group by d.org_id order by d.org_id
  loop
    perform app.take_storage(v.org_id, -v.bytes, 0);
  end loop;
  return query select o.org_id, o.id, o.store, exists (select from app.uploads u where u.org_id = o.org_id and u.id = o.id and u.resumable)
    from app.objects o where o.expires_at = '-infinity' and o.store = any(p_stores) limit p_most;
end $$;

-- forget_object notes that a doomed object's bytes are gone.
create function app.forget_object(p_org uuid, p_id uuid) returns void language sql volatile security definer set search_path = '' as $$
  delete from app.objects o where o.org_id = p_org and o.id = p_id and o.expires_at = '-infinity' $$;

-- objects_in lists whole objects of a storage, behind a key.
create function app.objects_in(p_store text, p_org uuid, p_id uuid, p_most int)
returns table (org_id uuid, id uuid, size bigint, pin text, quarantined boolean, sha256 text)
language sql stable security definer set search_path = '' as $$
  select o.org_id, o.id, o.size, o.pin, o.quarantined, f.sha256
  from app.objects o left join app.files f on f.org_id = o.org_id and f.id = o.id
  where o.store = p_store and o.pin is not null and o.expires_at is null and (o.org_id, o.id) > (p_org, p_id) order by o.org_id, o.id limit p_most $$;

-- object_moved notes that an object lies in another storage now. False: it has changed meanwhile, and nothing is noted.
create function app.object_moved(p_org uuid, p_id uuid, p_pin text, p_store text, p_new_pin text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  update app.objects o set store = p_store, pin = p_new_pin
  where o.org_id = p_org and o.id = p_id and o.pin = p_pin and o.store <> p_store and o.expires_at is null;
  return found;
end $$;

-- knows_object tells whether an object of ours lies in a storage, for who looks through the storage.
create function app.knows_object(p_store text, p_org uuid, p_id uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select from app.objects o where o.org_id = p_org and o.id = p_id and o.store = p_store) $$;
-- +goose StatementEnd

grant create on schema app to plinth_entry;
alter function app.linked_content owner to plinth_entry;
alter function app.take_checks owner to plinth_entry;
alter function app.check_later owner to plinth_entry;
alter function app.begin_thumbnail owner to plinth_entry;
alter function app.checked owner to plinth_entry;
alter function app.doubt_file owner to plinth_entry;
alter function app.alert_readers owner to plinth_entry;
alter function app.alerted owner to plinth_entry;
alter function app.recheck_files owner to plinth_entry;
alter function app.empty_file_trash owner to plinth_entry;
alter function app.doom_objects owner to plinth_entry;
alter function app.forget_object owner to plinth_entry;
alter function app.objects_in owner to plinth_entry;
alter function app.object_moved owner to plinth_entry;
alter function app.knows_object owner to plinth_entry;
revoke create on schema app from plinth_entry;
grant execute on function app.take_storage, app.file_json to plinth_app, plinth_entry;
grant execute on function app.file_place, app.writable_file, app.in_trash, app.linked_content, app.take_checks, app.check_later, app.begin_thumbnail, app.checked, app.doubt_file, app.alert_readers, app.alerted, app.recheck_files,
  app.empty_file_trash, app.doom_objects, app.forget_object, app.objects_in, app.object_moved, app.knows_object to plinth_app;
