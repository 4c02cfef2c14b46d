-- Projects, boards, columns, labels, tasks and comments.
-- +goose Up
create table app.projects (
  org_id      uuid not null references app.organizations (id) on delete cascade,
  id          uuid not null,
  key         text not null, -- the prefix of its tasks' keys; never changes
  name        text not null,
  description text not null,
  last_number int  not null default 0, -- of its newest task
  archived_at timestamptz,
  version     int  not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, key)
);

create table app.boards (
  org_id     uuid not null,
  id         uuid not null,
  project_id uuid not null,
  name       text not null,
  version    int  not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, project_id, id),
  foreign key (org_id, project_id) references app.projects (org_id, id) on delete cascade
);

create table app.columns (
  org_id     uuid not null,
  id         uuid not null,
  project_id uuid not null,
  board_id   uuid not null,
  name       text not null,
  status     text not null check (status in ('backlog', 'todo', 'in_progress', 'done', 'canceled')),
  wip_limit  int,
  rank       text collate "C" not null,
  version    int  not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, board_id, rank),
  unique (org_id, id, board_id, project_id, status),
  foreign key (org_id, project_id, board_id) references app.boards (org_id, project_id, id) on delete cascade
);

create table app.labels (
  org_id     uuid not null references app.organizations (id) on delete cascade,
  id         uuid not null,
  name       text not null,
  color      text not null,
  version    int  not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id)
);
create unique index labels_name_key on app.labels (org_id, lower(name));

-- A task's board, project and status are its column's, held together by one foreign key: a column cannot change its
-- status without its tasks. A trashed task may outlive its column; a live one cannot, so a column that still holds
-- tasks cannot be deleted, however the two race.
create table app.tasks (
  org_id       uuid not null,
  id           uuid not null,
  key          text not null, -- APP-12
  number       int  not null,
  project_id   uuid not null,
  board_id     uuid not null,
  column_id    uuid,
  title        text not null,
  description  text not null,
  status       text not null,
  priority     smallint not null check (priority between 0 and 4),
  due_at       timestamptz,
  parent_id    uuid,
  created_by   uuid not null,
  rank         text collate "C" not null,
  version      int  not null default 1,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  completed_at timestamptz,
  deleted_at   timestamptz,
  primary key (org_id, id),
  unique (org_id, key),
  unique (org_id, project_id, number),
  constraint tasks_rank_key unique (org_id, column_id, rank),
  constraint tasks_live_column check (column_id is not null or deleted_at is not null),
  foreign key (org_id, project_id, board_id) references app.boards (org_id, project_id, id) on delete cascade,
  constraint tasks_column_fkey foreign key (org_id, column_id, board_id, project_id, status)
    references app.columns (org_id, id, board_id, project_id, status) on delete set null (column_id),
  constraint tasks_parent_fkey foreign key (org_id, parent_id) references app.tasks (org_id, id) on delete set null (parent_id)
);
create index on app.tasks (org_id, created_at, id);
create index on app.tasks (org_id, updated_at, id);
create index on app.tasks (org_id, due_at, id) where due_at is not null;
create index on app.tasks (org_id, priority, id);
create index on app.tasks (org_id, status, created_at, id);
create index on app.tasks (org_id, created_by, created_at, id);
create index on app.tasks (org_id, board_id, created_at, id);
create index on app.tasks (org_id, project_id, created_at, id);
create index on app.tasks (org_id, parent_id) where parent_id is not null;

create table app.task_assignees (
  org_id  uuid not null,
  task_id uuid not null,
  user_id uuid not null,
  primary key (org_id, task_id, user_id),
  foreign key (org_id, task_id) references app.tasks (org_id, id) on delete cascade,
  constraint task_assignees_member_fkey foreign key (org_id, user_id) references app.memberships (org_id, user_id) on delete cascade
);
create index on app.task_assignees (org_id, user_id, task_id);

create table app.task_labels (
  org_id   uuid not null,
  task_id  uuid not null,
  label_id uuid not null,
  primary key (org_id, task_id, label_id),
  foreign key (org_id, task_id) references app.tasks (org_id, id) on delete cascade,
  constraint task_labels_label_fkey foreign key (org_id, label_id) references app.labels (org_id, id) on delete cascade
);
create index on app.task_labels (org_id, label_id, task_id);

-- The words of a task, apart from it: updates of the task stay cheap, and search has one small way past the policies.
create table app.task_search (
  org_id  uuid not null,
  task_id uuid not null,
  words   tsvector not null,
  primary key (org_id, task_id),
  foreign key (org_id, task_id) references app.tasks (org_id, id) on delete cascade
);
create index on app.task_search using gin (org_id, words) with (fastupdate = off);

create table app.comments (
  org_id     uuid not null,
  id         uuid not null,
  project_id uuid not null,
  task_id    uuid not null,
  author_id  uuid not null,
  body       text not null,
  version    int  not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, task_id) references app.tasks (org_id, id) on delete cascade
);
create index on app.comments (org_id, task_id, id);

select app.tenant_table(t) from unnest(array['boards', 'columns', 'labels', 'tasks', 'task_assignees', 'task_labels',
  'task_search', 'comments']) t;
select app.tenant_table('projects');
-- Deleting a project takes all that is in it.
create policy admin_deletes on app.projects as restrictive for delete to plinth_app using (app.current_rank() >= 3);
-- Tasks go to the trash; only a project's deletion removes them.
create policy admin_deletes on app.tasks as restrictive for delete to plinth_app using (app.current_rank() >= 3);
-- A comment is its author's; an admin may delete it, and nobody may write in another's name.
create policy author_inserts on app.comments as restrictive for insert to plinth_app with check (author_id = app.current_user_id());
create policy author_updates on app.comments as restrictive for update to plinth_app using (author_id = app.current_user_id());
create policy author_deletes on app.comments as restrictive for delete to plinth_app
  using (author_id = app.current_user_id() or app.current_rank() >= 3);

create function app.priority_name(p smallint) returns text language sql immutable parallel safe as $$
  select (array['none', 'low', 'medium', 'high', 'urgent'])[p + 1] $$;

-- What follows is volatile, and so looks anew: a statement that waited for another one's change to a task must not tell
-- of the task's people and labels as they were before.
-- +goose StatementBegin
create function app.assignee_ids(p_org uuid, p_task uuid) returns uuid[] language plpgsql volatile as $$
begin
  return array(select a.user_id from app.task_assignees a where a.org_id = p_org and a.task_id = p_task order by 1);
end $$;

create function app.label_ids(p_org uuid, p_task uuid) returns uuid[] language plpgsql volatile as $$
begin
  return array(select l.label_id from app.task_labels l where l.org_id = p_org and l.task_id = p_task order by 1);
end $$;

-- task_json is a task as the API answers it, with what the running statement has done to it.
create function app.task_json(p_org uuid, p_id uuid) returns jsonb language plpgsql volatile as $$
begin
  return to_jsonb(r) from (
    select t.id, t.key, t.number, t.project_id, t.board_id, t.column_id, t.title, t.description, t.status,
      app.priority_name(t.priority) as priority,
      array(select a.user_id from app.task_assignees a where a.org_id = t.org_id and a.task_id = t.id order by 1) as assignee_ids,
      array(select l.label_id from app.task_labels l where l.org_id = t.org_id and l.task_id = t.id order by 1) as label_ids,
      t.due_at, t.parent_id, t.created_by, t.rank, t.version, t.created_at, t.updated_at, t.completed_at
    from app.tasks t where t.org_id = p_org and t.id = p_id) r;
end $$;
-- +goose StatementEnd

create function app.task_words(title text, description text) returns tsvector language sql immutable parallel safe as $$
  select setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', description), 'B') $$;

-- search_tasks finds the tasks of the running organization that hold every word of the query, the last as a prefix.
-- The text operators are not leakproof, so under the policy they would lose their index; this function looks past it
-- and takes its organization from the scope alone.
-- +goose StatementBegin
create function app.search_tasks(q text) returns setof uuid language plpgsql stable security definer set search_path = '' as $$
declare
  v_query tsquery;
begin
  select string_agg(quote_literal(w) || ':*', ' & ')::tsquery into v_query
  from unnest(tsvector_to_array(to_tsvector('simple', q))) w;
  if v_query is null then return; end if;
  return query execute 'select task_id from app.task_search where org_id = $1 and words @@ $2'
    using app.current_org(), v_query;
end $$;
-- +goose StatementEnd
create policy entry on app.task_search as permissive for select to plinth_entry using (true);
grant select on app.task_search to plinth_entry;
grant create on schema app to plinth_entry;
alter function app.search_tasks owner to plinth_entry;
revoke create on schema app from plinth_entry;

-- Ranks are fractional indexes (npm fractional-indexing): an integer part whose first character tells its length, and a
-- fraction, in base 62 in byte order.

-- rank_midpoint is a fraction strictly between lo and hi; '' is the low end and null the open high end.
-- +goose StatementBegin
create function app.rank_midpoint(lo text, hi text) returns text language plpgsql immutable parallel safe as $$
declare
  digits constant text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  head text := '';
  d_lo int;
  d_hi int;
begin
  loop
    while hi is not null and coalesce(nullif(left(lo, 1), ''), '0') = left(hi, 1) loop
      head := head || left(hi, 1);
      lo := substr(lo, 2);
      hi := substr(hi, 2);
    end loop;
    d_lo := case when lo = '' then 0 else strpos(digits, left(lo, 1)) - 1 end;
    d_hi := case when hi is null then 62 else strpos(digits, left(hi, 1)) - 1 end;
    if d_hi - d_lo > 1 then return head || substr(digits, (d_lo + d_hi + 1) / 2 + 1, 1); end if;
    if length(hi) > 1 then return head || left(hi, 1); end if;
    head := head || substr(digits, d_lo + 1, 1);
    lo := substr(lo, 2);
    hi := null;
  end loop;
end $$;

-- rank_step is the next integer part up (by 1) or down (by -1), or null past the last one.
create function app.rank_step(whole text, step int) returns text language plpgsql immutable parallel safe as $$
declare
  digits constant text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  full_digit constant text := case when step > 0 then 'z' else '0' end;
  zero_digit constant text := case when step > 0 then '0' else 'z' end;
  head text := left(whole, 1);
  body text := substr(whole, 2);
  i int := length(body);
begin
  while i > 0 and substr(body, i, 1) = full_digit loop
    body := overlay(body placing zero_digit from i for 1);
    i := i - 1;
  end loop;
  if i > 0 then
    return head || overlay(body placing substr(digits, strpos(digits, substr(body, i, 1)) + step, 1) from i for 1);
  end if;
  if step > 0 then
    if head = 'z' then return null; end if;
    if head = 'Z' then return 'a0'; end if;
    return chr(ascii(head) + 1) || case when head >= 'a' collate "C" then body || '0' else substr(body, 2) end;
  end if;
  if head = 'A' then return null; end if;
  if head = 'a' then return 'Zz'; end if;
  return chr(ascii(head) - 1) || case when head <= 'Z' collate "C" then body || 'z' else substr(body, 2) end;
end $$;

create function app.rank_whole(rank text) returns text language sql immutable parallel safe as $$
  select left(rank, case when rank >= 'a' collate "C" then ascii(rank) - 95 else 92 - ascii(rank) end) $$;

-- rank_exact_between is the shortest rank strictly between lo and hi; null is an open end.
create function app.rank_exact_between(lo text, hi text) returns text language plpgsql immutable parallel safe as $$
declare
  lowest constant text := 'A' || repeat('0', 26); -- no rank by itself: nothing could come before it
  w_lo text := app.rank_whole(lo);
  w_hi text := app.rank_whole(hi);
  whole text;
begin
  if lo is null and hi is null then return 'a0'; end if;
  if lo is null then
    if w_hi = lowest then return w_hi || app.rank_midpoint('', substr(hi, length(w_hi) + 1)); end if;
    if w_hi < hi collate "C" then return w_hi; end if;
    whole := app.rank_step(w_hi, -1);
    return whole || case when whole = lowest then app.rank_midpoint('', null) else '' end;
  end if;
  if hi is not null and w_lo = w_hi then
    return w_lo || app.rank_midpoint(substr(lo, length(w_lo) + 1), substr(hi, length(w_hi) + 1));
  end if;
  whole := app.rank_step(w_lo, 1);
  if whole is not null and (hi is null or whole < hi collate "C") then return whole; end if;
  return w_lo || app.rank_midpoint(substr(lo, length(w_lo) + 1), null);
end $$;

-- rank_between adds two random characters, so that two clients who place something at the same spot at the same time
-- rarely choose the same rank; a unique key settles the rest.
create function app.rank_between(lo text, hi text) returns text language plpgsql volatile parallel safe as $$
declare
  digits constant text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  tail constant text := substr(digits, 1 + floor(random() * 62)::int, 1) || substr(digits, 2 + floor(random() * 61)::int, 1);
  rank text;
begin
  if lo >= hi collate "C" then perform app.refuse('conflict'); end if;
  -- Before the first, a whole step down: the whole part itself would leave the tail no room.
  rank := coalesce(case when lo is null then app.rank_step(app.rank_whole(hi), -1) end, app.rank_exact_between(lo, hi));
  while rank || tail >= hi collate "C" loop
    rank := app.rank_exact_between(rank, hi);
  end loop;
  return rank || tail;
end $$;
-- +goose StatementEnd

grant execute on function app.priority_name, app.assignee_ids, app.label_ids, app.task_json, app.task_words, app.search_tasks, app.rank_midpoint, app.rank_step,
  app.rank_whole, app.rank_exact_between, app.rank_between to plinth_app;
