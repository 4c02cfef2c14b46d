-- What a task has besides its place: dates, an estimate, checklists, links, watchers, custom fields, an archive, and keys
-- that outlive a move to another project.
-- +goose Up
alter table app.columns add column wip_mode text not null default 'soft' check (wip_mode in ('soft', 'hard'));

alter table app.tasks
  add column start_at    timestamptz,
  add column estimate    double precision check (estimate between 0 and 1000000),
  add column fields      jsonb not null default '{}', -- values of the project's custom fields, by key
  add column mention_ids uuid[] not null default '{}', -- members whom the description names
  add column archived_at timestamptz,
  add constraint tasks_dates check (start_at <= due_at);

-- A list shows what is neither in the trash nor archived; those two have small indexes of their own.
drop index app.tasks_org_id_created_at_id_idx, app.tasks_org_id_updated_at_id_idx, app.tasks_org_id_due_at_id_idx,
  app.tasks_org_id_priority_id_idx, app.tasks_org_id_status_created_at_id_idx, app.tasks_org_id_created_by_created_at_id_idx,
  app.tasks_org_id_board_id_created_at_id_idx, app.tasks_org_id_project_id_created_at_id_idx;
create index on app.tasks (org_id, created_at, id) where deleted_at is null and archived_at is null;
create index on app.tasks (org_id, updated_at, id) where deleted_at is null and archived_at is null;
create index on app.tasks (org_id, due_at, id) where due_at is not null and deleted_at is null and archived_at is null;
create index on app.tasks (org_id, priority, id) where deleted_at is null and archived_at is null;
create index on app.tasks (org_id, rank, id) where deleted_at is null and archived_at is null;
create index on app.tasks (org_id, status, created_at, id) where deleted_at is null and archived_at is null;
create index on app.tasks (org_id, created_by, created_at, id) where deleted_at is null and archived_at is null;
create index on app.tasks (org_id, board_id, created_at, id) where deleted_at is null and archived_at is null;
create index on app.tasks (org_id, project_id, created_at, id) where deleted_at is null and archived_at is null;
create index on app.tasks (org_id, start_at, id) where start_at is not null and deleted_at is null and archived_at is null;
create index on app.tasks (org_id, estimate, id) where estimate is not null and deleted_at is null and archived_at is null;
create index on app.tasks (org_id, created_at, id) where archived_at is not null and deleted_at is null;
create index on app.tasks (org_id, created_at, id) where deleted_at is not null;
create index on app.tasks (deleted_at) where deleted_at is not null;

-- The time of a task's creation never changes, so lists by a person or a label are read in its order from these alone.
alter table app.task_assignees add column task_created_at timestamptz;
alter table app.task_labels add column task_created_at timestamptz;
update app.task_assignees a set task_created_at = t.created_at from app.tasks t where t.org_id = a.org_id and t.id = a.task_id;
update app.task_labels a set task_created_at = t.created_at from app.tasks t where t.org_id = a.org_id and t.id = a.task_id;
alter table app.task_assignees alter column task_created_at set not null;
alter table app.task_labels alter column task_created_at set not null;
drop index app.task_assignees_org_id_user_id_task_id_idx, app.task_labels_org_id_label_id_task_id_idx;
create index on app.task_assignees (org_id, user_id, task_created_at, task_id);
create index on app.task_labels (org_id, label_id, task_created_at, task_id);

-- Keys of the projects that a task has left.
create table app.task_keys (
  org_id     uuid not null,
  key        text not null,
  task_id    uuid not null,
  project_id uuid not null, -- where the task is now
  primary key (org_id, key, task_id),
  foreign key (org_id, task_id, project_id) references app.tasks (org_id, id, project_id) on update cascade on delete cascade
);
create index on app.task_keys (org_id, task_id);

create table app.task_watchers (
  org_id     uuid not null,
  task_id    uuid not null,
  user_id    uuid not null,
  project_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (org_id, task_id, user_id),
  foreign key (org_id, task_id, project_id) references app.tasks (org_id, id, project_id) on update cascade on delete cascade,
  constraint task_watchers_member_fkey foreign key (org_id, user_id) references app.memberships (org_id, user_id) on delete cascade
);
create index on app.task_watchers (org_id, user_id, task_id);

create table app.checklist_items (
  org_id     uuid not null,
  id         uuid not null,
  project_id uuid not null,
  task_id    uuid not null,
  text       text not null,
  checked_at timestamptz,
  checked_by uuid,
  rank       text collate "C" not null,
  version    int  not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  constraint checklist_items_rank_key unique (org_id, task_id, rank),
  foreign key (org_id, task_id, project_id) references app.tasks (org_id, id, project_id) on update cascade on delete cascade
);

-- One task blocks, relates to or duplicates another. Relations are stored once, the lower id first.
create table app.task_links (
  org_id           uuid not null,
  id               uuid not null,
  kind             text not null check (kind in ('blocks', 'relates', 'duplicates')),
  task_id          uuid not null,
  project_id       uuid not null,
  other_id         uuid not null,
  other_project_id uuid not null,
  created_by       uuid not null,
  created_at       timestamptz not null default now(),
  primary key (org_id, id),
  constraint task_links_key unique (org_id, task_id, kind, other_id),
  check (task_id <> other_id),
  constraint task_links_task_fkey foreign key (org_id, task_id, project_id) references app.tasks (org_id, id, project_id) on update cascade on delete cascade,
  constraint task_links_other_fkey foreign key (org_id, other_id, other_project_id) references app.tasks (org_id, id, project_id) on update cascade on delete cascade
);
create index on app.task_links (org_id, other_id, kind, task_id);

-- The history of a task, and of what hangs on it.
create index on app.events (org_id, task_id, id) where task_id is not null;
create index on app.events (org_id, entity_id, id) where entity_id <> task_id;

-- A project's custom fields. The key and the type never change: values and filters stand on them.
create table app.fields (
  org_id     uuid not null,
  id         uuid not null,
  project_id uuid not null,
  key        text not null,
  name       text not null,
  type       text not null check (type in ('text', 'number', 'date', 'select', 'multi_select', 'person', 'checkbox', 'url')),
  options    jsonb not null default '[]', -- of select and multi_select: [{"value", "name", "color"}], in order
  rank       text collate "C" not null,
  version    int  not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  constraint fields_key unique (org_id, project_id, key),
  constraint fields_rank_key unique (org_id, project_id, rank),
  foreign key (org_id, project_id) references app.projects (org_id, id) on delete cascade
);
create index on app.fields (org_id, key);

-- The values again, one row each, as text whose byte order is theirs: for filters and sorting.
create table app.field_values (
  org_id     uuid not null,
  task_id    uuid not null,
  key        text not null,
  slot       smallint not null, -- counts the values of a multi_select
  project_id uuid not null,
  value      text collate "C" not null,
  sort_key   text collate "C" not null, -- the value, or the place of a select's option
  primary key (org_id, task_id, key, slot),
  foreign key (org_id, task_id, project_id) references app.tasks (org_id, id, project_id) on update cascade on delete cascade
);
create index on app.field_values (org_id, key, value, task_id);
create index on app.field_values (org_id, key, sort_key, task_id) where slot = 0;

alter table app.comments
  add column parent_id   uuid, -- the first comment of the thread
  add column mention_ids uuid[] not null default '{}',
  add column deleted_at  timestamptz, -- kept without its text while it has replies
  add constraint comments_parent_fkey foreign key (org_id, parent_id) references app.comments (org_id, id), -- nobody's reply goes with it
  add constraint comments_tombstone check (deleted_at is null or parent_id is null and body = '' and mention_ids = '{}');
create index on app.comments (org_id, parent_id, id) where parent_id is not null;
alter table app.comments add constraint comments_project_key unique (org_id, id, task_id, project_id);

create table app.reactions (
  org_id     uuid not null,
  comment_id uuid not null,
  user_id    uuid not null,
  emoji      text not null,
  task_id    uuid not null,
  project_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (org_id, comment_id, emoji, user_id),
  foreign key (org_id, comment_id, task_id, project_id) references app.comments (org_id, id, task_id, project_id) on update cascade on delete cascade,
  foreign key (org_id, user_id) references app.memberships (org_id, user_id) on delete cascade
);
create index on app.reactions (org_id, user_id);

create table app.views (
  org_id     uuid not null references app.organizations (id) on delete cascade,
  id         uuid not null,
  project_id uuid,
  owner_id   uuid not null,
  name       text not null,
  visibility text not null check (visibility in ('private', 'project', 'organization')),
  filter     text not null,
  sort       text not null,
  group_by   text not null,
  fields     text[] not null,
  version    int  not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  check (visibility <> 'project' or project_id is not null),
  foreign key (org_id, project_id) references app.projects (org_id, id) on delete cascade,
  foreign key (org_id, owner_id) references app.memberships (org_id, user_id) on delete cascade
);
create index on app.views (org_id, project_id);
create index on app.views (org_id, owner_id);

-- Boards, columns and fields to begin a project with, taken from another one.
create table app.project_templates (
  org_id      uuid not null references app.organizations (id) on delete cascade,
  id          uuid not null,
  name        text not null,
  description text not null,
  content     jsonb not null,
  created_by  uuid not null,
  version     int  not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (org_id, id)
);

-- Work that goes on in the background. Its operations and what failed of them are the owner's.
create table app.jobs (
  org_id      uuid not null references app.organizations (id) on delete cascade,
  id          uuid not null,
  kind        text not null,
  created_by  uuid not null,
  state       text not null default 'queued' check (state in ('queued', 'running', 'succeeded', 'canceled', 'failed')),
  total       int  not null,
  done        int  not null default 0, -- the failed ones too
  failed      int  not null default 0,
  input       jsonb not null,
  fault       text, -- the kind of what ended a failed one
  version     int  not null default 1,
  created_at  timestamptz not null default now(),
  started_at  timestamptz,
  finished_at timestamptz,
  primary key (org_id, id),
  foreign key (org_id, created_by) references app.memberships (org_id, user_id) on delete cascade
);
create index on app.jobs (org_id, created_by);
create index on app.jobs (finished_at) where finished_at is not null;
create index on app.jobs (created_at) where finished_at is null;

create table app.job_failures (
  org_id     uuid not null,
  job_id     uuid not null,
  index      int  not null, -- of the operation
  created_by uuid not null,
  task       text, -- as the operation names it; null where it makes one
  kind       text not null, -- of the fault
  detail     text not null,
  errors     jsonb not null default '[]', -- the places that are wrong: [{"location", "message"}]
  primary key (org_id, job_id, index),
  foreign key (org_id, job_id) references app.jobs (org_id, id) on delete cascade
);

select app.tenant_table(t) from unnest(array['task_keys', 'task_watchers', 'checklist_items', 'task_links', 'fields',
  'field_values', 'reactions', 'views', 'project_templates', 'jobs', 'job_failures']) t;
select app.project_table(t) from unnest(array['task_keys', 'task_watchers', 'checklist_items', 'task_links', 'fields',
  'field_values', 'reactions']) t;
create policy other_project on app.task_links as restrictive to plinth_app using (app.sees_project(other_project_id)) with check (app.sees_project(other_project_id));

-- A link is made and taken away by who writes on either side and sees the other. Its events, one per side, are for those
-- who see both.
drop policy writer_inserts on app.task_links;
create policy writer_inserts on app.task_links as restrictive for insert to plinth_app
  with check (app.project_rank(project_id) >= 2 or app.project_rank(other_project_id) >= 2);
drop policy writer_deletes on app.task_links;
create policy writer_deletes on app.task_links as restrictive for delete to plinth_app
  using (app.project_rank(project_id) >= 2 or app.project_rank(other_project_id) >= 2);
create policy other_project on app.events as restrictive for select to plinth_app
  using (kind not in ('link.created', 'link.deleted') or app.sees_project((payload ->> 'other_project_id')::uuid));

-- A guest may watch what there is to see. Whoever writes may add and remove others.
drop policy writer_inserts on app.task_watchers;
create policy writer_inserts on app.task_watchers as restrictive for insert to plinth_app
  with check (user_id = app.current_user_id() or app.project_rank(project_id) >= 2);
drop policy writer_deletes on app.task_watchers;
create policy writer_deletes on app.task_watchers as restrictive for delete to plinth_app
  using (user_id = app.current_user_id() or app.project_rank(project_id) >= 2);
drop policy writer_inserts on app.events;
create policy writer_inserts on app.events as restrictive for insert to plinth_app with check (
  case when project_id is null then app.current_rank() >= 2 else app.project_rank(project_id) >= 2 end
  or kind in ('member.removed', 'project_member.removed', 'watcher.added', 'watcher.removed') and entity_id = app.current_user_id()
  or kind in ('link.created', 'link.deleted') and app.sees_project(project_id) and app.project_rank((payload ->> 'other_project_id')::uuid) >= 2);

-- An admin may delete another's comment, which leaves a tombstone where it has replies, and may change it in no other
-- way. The tombstone has no author any more: it goes with the last reply, whoever deletes that.
drop policy author_updates on app.comments;
create policy author_updates on app.comments as restrictive for update to plinth_app
  using (author_id = app.current_user_id() or app.project_rank(project_id) >= 3)
  with check (author_id = app.current_user_id() or deleted_at is not null);
drop policy author_deletes on app.comments;
create policy author_deletes on app.comments as restrictive for delete to plinth_app
  using (author_id = app.current_user_id() or app.project_rank(project_id) >= 3 or deleted_at is not null);

-- A reaction is one's own, and goes with the comment that it is to, whoever may delete that.
create policy own_inserts on app.reactions as restrictive for insert to plinth_app with check (user_id = app.current_user_id());
create policy own_updates on app.reactions as restrictive for update to plinth_app using (user_id = app.current_user_id());
create policy own_deletes on app.reactions as restrictive for delete to plinth_app
  using (user_id = app.current_user_id() or app.project_rank(project_id) >= 3 or exists (
    select from app.comments c where c.org_id = reactions.org_id and c.id = reactions.comment_id and c.author_id = app.current_user_id()));

-- A private view is its owner's, a shared one everybody's; one of a project only where that is seen. It is changed by its
-- owner and, while it is shared, by admins of either.
create policy visible on app.views as restrictive to plinth_app
  using ((owner_id = app.current_user_id() or visibility <> 'private') and (project_id is null or app.sees_project(project_id)));
create policy own_inserts on app.views as restrictive for insert to plinth_app
  with check (owner_id = app.current_user_id() and (visibility <> 'project' or app.project_rank(project_id) >= 2));
create policy own_updates on app.views as restrictive for update to plinth_app
  using (owner_id = app.current_user_id() or app.current_rank() >= 3 or visibility = 'project' and app.project_rank(project_id) >= 3);
create policy own_deletes on app.views as restrictive for delete to plinth_app
  using (owner_id = app.current_user_id() or app.current_rank() >= 3 or visibility = 'project' and app.project_rank(project_id) >= 3);

-- A template is its maker's to change, and the admins'.
create policy own_inserts on app.project_templates as restrictive for insert to plinth_app with check (created_by = app.current_user_id());
create policy own_updates on app.project_templates as restrictive for update to plinth_app using (created_by = app.current_user_id() or app.current_rank() >= 3);
create policy own_deletes on app.project_templates as restrictive for delete to plinth_app using (created_by = app.current_user_id() or app.current_rank() >= 3);

create policy own on app.jobs as restrictive to plinth_app
  using (created_by = app.current_user_id() or app.current_rank() >= 3) with check (created_by = app.current_user_id() or app.current_rank() >= 3);
create policy own on app.job_failures as restrictive to plinth_app
  using (created_by = app.current_user_id() or app.current_rank() >= 3) with check (created_by = app.current_user_id() or app.current_rank() >= 3);
revoke delete on app.jobs, app.job_failures from plinth_app;

-- number_order writes a number so that the byte order of texts is that of numbers (the IEEE 754 bits, the sign turned).
create function app.number_order(n double precision) returns text language sql immutable parallel safe as $$
  select lpad(to_hex((case when n < 0 then ~ ('x' || encode(float8send(n), 'hex'))::bit(64)
    else ('x' || encode(float8send(n + 0), 'hex'))::bit(64) # b'1000000000000000000000000000000000000000000000000000000000000000' end)::bigint), 16, '0') $$;

-- check_fields refuses values that are not as the project's custom fields say, and gives them back; an empty list as null.
-- +goose StatementBegin
create function app.check_fields(p_org uuid, p_project uuid, p_values jsonb) returns jsonb language plpgsql stable as $$
declare
  v_key text;
  v jsonb;
  f app.fields;
  v_place text;
  v_text text;
begin
  for v_key, v in select * from jsonb_each(p_values) loop
    v_place := case when v_key ~ '^[a-z][a-z0-9_]{0,62}$' then 'body.fields.' || v_key else 'body.fields' end;
    select * into f from app.fields d where d.org_id = p_org and d.project_id = p_project and d.key = v_key;
    if f.id is null then perform app.refuse('validation', v_place, 'the project has no such field'); end if;
    v_text := v #>> '{}';
    if jsonb_typeof(v) = 'null' then continue; end if;
    case f.type
      when 'number' then
        perform app.require(jsonb_typeof(v) = 'number' and length(v_text) <= 330 and (v = '0' or abs(v_text::numeric) between 1e-300 and 1e300),
          'validation', v_place, 'must be a number, in size from 1e-300 to 1e300, or 0');
      when 'checkbox' then
        perform app.require(jsonb_typeof(v) = 'boolean', 'validation', v_place, 'must be true or false');
      when 'text' then
        perform app.require(jsonb_typeof(v) = 'string' and length(v_text) between 1 and 500, 'validation', v_place, 'must be a text of 1 to 500 characters');
      when 'url' then
        perform app.require(jsonb_typeof(v) = 'string' and v_text ~ '^https?://[!-~]+$' and length(v_text) <= 2000, 'validation', v_place,
          'must be an http or https address of at most 2000 characters');
      when 'date' then
        perform app.require(jsonb_typeof(v) = 'string' and app.is_date(v_text), 'validation', v_place, 'must be a date such as 2026-12-01');
      when 'person' then
        perform app.require(jsonb_typeof(v) = 'string' and app.is_uuid(v_text), 'validation', v_place, 'must be the id of a member');
        perform app.require(exists (select from app.memberships m where m.org_id = p_org and m.user_id = v_text::uuid),
          'not-found', v_place, 'no such member');
        perform app.require(app.people_see(p_org, p_project, array[v_text::uuid]), 'validation', v_place, 'names somebody who does not see the project');
      when 'select' then
        perform app.require(jsonb_typeof(v) = 'string' and exists (select from jsonb_array_elements(f.options) o where o ->> 'value' = v_text),
          'validation', v_place, 'must be one of the field''s options');
      when 'multi_select' then
        perform app.require(jsonb_typeof(v) = 'array', 'validation', v_place, 'must be a list of the field''s options');
        perform app.require(
          (select count(distinct e) = jsonb_array_length(v) and coalesce(bool_and(jsonb_typeof(e) = 'string' and exists (
             select from jsonb_array_elements(f.options) o where o -> 'value' = e)), true) from jsonb_array_elements(v) e),
          'validation', v_place, 'must hold options of the field, each once');
        if v = '[]' then p_values := jsonb_set(p_values, array[v_key], 'null'); end if;
    end case;
  end loop;
  return p_values;
end $$;

create function app.is_date(p text) returns boolean language plpgsql immutable as $$
begin
  return p ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and to_char(p::date, 'YYYY-MM-DD') = p;
exception when others then
  return false;
end $$;

-- field_operand writes what a filter compares a custom field with: the value as field_values holds it, its sort_key for
-- <, <=, > and >=, or a pattern for : and for *, which stands for a prefix. It refuses what no project knows, or what two
-- of them take for different things.
create function app.field_operand(p_org uuid, p_project uuid, p_key text, p_op text, p_text text,
  p_place text default 'query.filter') returns text language plpgsql stable as $$
declare
  v_types text[] := array(select distinct f.type from app.fields f where f.org_id = p_org and f.key = p_key
    and (p_project is null or f.project_id = p_project));
  v_type text := v_types[1];
  v_ordered boolean := p_op in ('<', '<=', '>', '>=');
  v_value text := lower(p_text);
  v_places bigint[];
begin
  if v_type is null then
    perform app.refuse('validation', p_place, 'there is no custom field ' || p_key);
  elsif cardinality(v_types) > 1 then
    perform app.refuse('validation', p_place, 'the custom field ' || p_key || ' has another type in another project; name the project_id');
  elsif p_text is null then -- only its being there matters
    return null;
  elsif v_ordered and v_type in ('multi_select', 'person', 'checkbox', 'url') then
    perform app.refuse('validation', p_place, 'fields.' || p_key || ': it takes =, !=, :; not ' || p_op);
  elsif p_op = '*' and v_type not in ('text', 'url') then
    perform app.refuse('validation', p_place, 'fields.' || p_key || ': a star is for texts only');
  elsif v_type = 'number' then
    begin
      v_value := case when p_text ~ '^[-+.0-9eE]+$' then app.number_order(p_text::double precision) end;
    exception when others then
      v_value := null;
    end;
    perform app.require(v_value is not null, 'validation', p_place, 'fields.' || p_key || ': expected a number');
  elsif v_type = 'date' and not app.is_date(p_text) then
    perform app.refuse('validation', p_place, 'fields.' || p_key || ': expected a date such as "2026-12-01"');
  elsif v_type = 'checkbox' and p_text not in ('true', 'false') then
    perform app.refuse('validation', p_place, 'fields.' || p_key || ': expected true or false');
  elsif v_type = 'person' and p_text = 'me' then
    v_value := app.current_user_id();
  elsif v_type = 'person' and not app.is_uuid(v_value) then
    perform app.require(strpos(p_text, '@') > 0, 'validation', p_place, 'fields.' || p_key || ': expected me, an e-mail address or a user''s id');
    v_value := (select m.user_id from app.memberships m where m.org_id = p_org and m.email = v_value);
  elsif v_type in ('select', 'multi_select') then
    v_places := array(select distinct o.n from app.fields f cross join lateral jsonb_array_elements(f.options) with ordinality o(o, n)
      where f.org_id = p_org and f.key = p_key and (p_project is null or f.project_id = p_project) and o.o ->> 'value' = v_value);
    perform app.require(cardinality(v_places) > 0, 'validation', p_place, 'fields.' || p_key || ': expected the value of one of its options');
    if v_ordered then
      perform app.require(cardinality(v_places) = 1, 'validation', p_place,
        'the custom field ' || p_key || ' has its options in another order in another project; name the project_id');
      return lpad(v_places[1]::text, 5, '0');
    end if;
  end if;
  if p_op in (':', '*') then
    v_value := regexp_replace(v_value, '([\\%_])', '\\\1', 'g');
    return case when v_type not in ('text', 'url') then v_value when p_op = ':' then '%' || v_value || '%' else v_value || '%' end;
  end if;
  return v_value;
end $$;

-- field_rows gives the rows of field_values for a task's values.
create function app.field_rows(p_org uuid, p_project uuid, p_values jsonb)
returns table (key text, slot smallint, value text, sort_key text) language sql stable as $$
  select e.key, coalesce(o.n - 1, 0)::smallint, r.value,
    case when f.type in ('select', 'multi_select') then lpad((select p.n from jsonb_array_elements(f.options) with ordinality p(o, n)
      where p.o ->> 'value' = r.value)::text, 5, '0') else r.value end
  from jsonb_each(p_values) e
  join app.fields f on f.org_id = p_org and f.project_id = p_project and f.key = e.key
  left join lateral jsonb_array_elements_text(case when jsonb_typeof(e.value) = 'array' then e.value else '[]' end)
    with ordinality o(v, n) on true
  cross join lateral (select case f.type
    when 'number' then app.number_order((e.value #>> '{}')::double precision)
    when 'multi_select' then o.v
    else lower(e.value #>> '{}') end as value) r
  where r.value is not null $$;

-- carried_fields are the values that a task keeps in another project: those of fields of the same key and type there,
-- as far as they are options of it.
create function app.carried_fields(p_org uuid, p_from uuid, p_to uuid, p_values jsonb) returns jsonb language sql stable as $$
  select coalesce(jsonb_object_agg(e.key, e.value), '{}')
  from jsonb_each(p_values) e
  join app.fields o on o.org_id = p_org and o.project_id = p_from and o.key = e.key
  join app.fields n on n.org_id = p_org and n.project_id = p_to and n.key = e.key and n.type = o.type
  where n.type not in ('select', 'multi_select') or not exists (
    select from jsonb_array_elements(case when jsonb_typeof(e.value) = 'array' then e.value else jsonb_build_array(e.value) end) v
    where not exists (select from jsonb_array_elements(n.options) p where p -> 'value' = v)) $$;

-- column_has_room tells whether one more task may come into a column: always, but for a hard limit that is reached. Whoever
-- asks of a column with one holds its lock from then on, and counts anew behind the one before.
create function app.column_has_room(p_org uuid, p_column uuid) returns boolean language plpgsql volatile as $$
declare
  v_limit int;
begin
  select c.wip_limit into v_limit from app.columns c where c.org_id = p_org and c.id = p_column and c.wip_mode = 'hard';
  if v_limit is null then return true; end if;
  perform pg_advisory_xact_lock(hashtextextended('column ' || p_column, 0));
  return v_limit > (select count(*) from app.tasks t where t.org_id = p_org and t.column_id = p_column
    and t.deleted_at is null and t.archived_at is null);
end $$;

-- lane_tasks gives for each live task of a board what it is grouped by, as text: an assignee, a label or a value of a
-- custom field each, and null where there is none. The place orders the lanes.
create function app.lane_tasks(p_org uuid, p_board uuid, p_group_by text)
returns table (column_id uuid, value text, name text, place text) language plpgsql stable as $$
declare
  f app.fields;
begin
  if p_group_by = 'assignee' then
    return query select t.column_id, a.user_id::text, m.name, lower(m.name)
      from app.tasks t left join app.task_assignees a on a.org_id = t.org_id and a.task_id = t.id
      left join app.memberships m on m.org_id = t.org_id and m.user_id = a.user_id
      where t.org_id = p_org and t.board_id = p_board and t.deleted_at is null and t.archived_at is null;
  elsif p_group_by = 'label' then
    return query select t.column_id, l.label_id::text, n.name, lower(n.name)
      from app.tasks t left join app.task_labels l on l.org_id = t.org_id and l.task_id = t.id
      left join app.labels n on n.org_id = t.org_id and n.id = l.label_id
      where t.org_id = p_org and t.board_id = p_board and t.deleted_at is null and t.archived_at is null;
  elsif p_group_by = 'priority' then
    return query select t.column_id, app.priority_name(t.priority), app.priority_name(t.priority), (4 - t.priority)::text
      from app.tasks t where t.org_id = p_org and t.board_id = p_board and t.deleted_at is null and t.archived_at is null;
  elsif p_group_by = 'status' then
    return query select t.column_id, t.status, t.status, array_position(array['backlog', 'todo', 'in_progress', 'done', 'canceled'], t.status)::text
      from app.tasks t where t.org_id = p_org and t.board_id = p_board and t.deleted_at is null and t.archived_at is null;
  elsif p_group_by = 'parent' then
    return query select t.column_id, t.parent_id::text, p.title, t.parent_id::text
      from app.tasks t left join app.tasks p on p.org_id = t.org_id and p.id = t.parent_id and p.deleted_at is null
      where t.org_id = p_org and t.board_id = p_board and t.deleted_at is null and t.archived_at is null;
  else
    select d.* into f from app.boards b join app.fields d on d.org_id = b.org_id and d.project_id = b.project_id
    where b.org_id = p_org and b.id = p_board and d.key = substr(p_group_by, length('fields.') + 1);
    if f.id is null then perform app.refuse('validation', 'query.group_by', 'names a field that the project does not have'); end if;
    return query select t.column_id, v.value, n.name, case when f.type = 'number' then app.number_order(v.value::double precision)
        when f.type in ('select', 'multi_select') then lpad(o.n::text, 5, '0') else lower(n.name) end
      from app.tasks t
      left join lateral jsonb_array_elements_text(case when jsonb_typeof(t.fields -> f.key) = 'array' then t.fields -> f.key
        else jsonb_build_array(t.fields -> f.key) end) v(value) on true
      left join lateral (select e.n, e.o ->> 'name' as name from jsonb_array_elements(f.options) with ordinality e(o, n)
        where e.o ->> 'value' = v.value) o on true
      left join lateral (select case when f.type in ('select', 'multi_select') then o.name when f.type <> 'person' then v.value
        when app.is_uuid(v.value) then (select m.name from app.memberships m where m.org_id = p_org and m.user_id = v.value::uuid) end as name) n on true
      where t.org_id = p_org and t.board_id = p_board and t.deleted_at is null and t.archived_at is null;
  end if;
end $$;

-- board_lanes counts them: [{"value", "name", "task_count", "columns": [{"column_id", "task_count"}]}], the lane of those
-- without a value last.
create function app.board_lanes(p_org uuid, p_board uuid, p_group_by text, p_most int) returns jsonb language plpgsql stable as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('value', l.value, 'name', l.name, 'task_count', l.task_count, 'columns', l.columns)
      order by l.value is null, l.place collate "C" nulls last, l.value), '[]')
    from (
      select t.value, t.name, t.place, sum(t.task_count) as task_count,
        jsonb_agg(jsonb_build_object('column_id', t.column_id, 'task_count', t.task_count) order by c.rank) as columns
      from (select x.column_id, x.value, x.name, x.place, count(*) as task_count from app.lane_tasks(p_org, p_board, p_group_by) x group by 1, 2, 3, 4) t
      join app.columns c on c.org_id = p_org and c.id = t.column_id
      group by t.value, t.name, t.place
      order by t.value is null, t.place collate "C" nulls last, t.value limit p_most) l);
end $$;

create function app.is_uuid(p text) returns boolean language sql immutable parallel safe as $$
  select p ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' $$;

-- people_see tells whether all of the given members see a project; who is no member is left to the foreign key.
create function app.people_see(p_org uuid, p_project uuid, p_users uuid[]) returns boolean language sql stable as $$
  select cardinality(p_users) = 0 or not exists (
    select from app.memberships m join app.projects p on p.org_id = p_org and p.id = p_project
    where m.org_id = p_org and m.user_id = any(p_users)
      and (m.role = 'guest' or m.role = 'member' and p.private)
      and not exists (select from app.project_members x where x.org_id = p_org and x.project_id = p_project and x.user_id = m.user_id)) $$;

-- is_blocked tells whether an open task that the running user sees blocks this one.
create function app.is_blocked(p_org uuid, p_task uuid) returns boolean language sql stable as $$
  select exists (select from app.task_links l join app.tasks b on b.org_id = p_org and b.id = l.task_id
    where l.org_id = p_org and l.other_id = p_task and l.kind = 'blocks' and b.status not in ('done', 'canceled') and b.deleted_at is null) $$;

-- blocks_in_turn tells whether a task blocks another one, itself or by what it blocks: a link back would close a circle.
-- It also follows links that the running user does not see.
create function app.blocks_in_turn(p_from uuid, p_to uuid) returns boolean language sql stable security definer set search_path = '' as $$
  with recursive reached as (
    select p_from as id
    union
    select l.other_id from reached r join app.task_links l on l.org_id = app.current_org() and l.task_id = r.id and l.kind = 'blocks'
  )
  select exists (select from reached where id = p_to) $$;

-- link_turned is the kind of a link as its other task has it.
create function app.link_turned(p_kind text) returns text language sql immutable parallel safe as $$
  select case p_kind when 'blocks' then 'blocked_by' when 'duplicates' then 'duplicated_by' else p_kind end $$;

create function app.writable_checklist_item(p_org uuid, p_id uuid) returns uuid language plpgsql stable as $$
begin
  if exists (select from app.checklist_items i where i.org_id = p_org and i.id = p_id and app.project_rank(i.project_id) < 2) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

-- payload_fields takes an event's payload apart, custom fields one by one: what can be told of a change. Places among
-- others are no news, and what other things make of it is not its own state.
create function app.payload_fields(p jsonb) returns table (field text, value jsonb) language sql immutable parallel safe as $$
  select e.key, e.value from jsonb_each(p - '{version,updated_at,rank,blocked,reply_count,reactions,fields}'::text[]) e
  union all
  select 'fields.' || e.key, e.value from jsonb_each(case when jsonb_typeof(p -> 'fields') = 'object' then p -> 'fields' else '{}' end) e $$;

-- payload_changes compares two payloads of one thing, as [{"field", "from", "to"}]. What an older payload does not have
-- yet was empty.
create function app.payload_changes(p_before jsonb, p_after jsonb) returns jsonb language sql immutable parallel safe as $$
  select case when p_before - '{version,updated_at,rank}'::text[] = p_after - '{version,updated_at,rank}'::text[] then '[]' else (
  select coalesce(jsonb_agg(jsonb_build_object('field', field, 'from', b.value, 'to', a.value) order by field collate "C"), '[]')
  from app.payload_fields(p_before) b full join app.payload_fields(p_after) a using (field)
  where case when b.value is null or a.value is null then coalesce(b.value, a.value) not in ('null', '[]', '{}') else b.value <> a.value end) end $$;

create function app.writable_field(p_org uuid, p_id uuid) returns uuid language plpgsql stable as $$
begin
  if exists (select from app.fields f where f.org_id = p_org and f.id = p_id and app.project_rank(f.project_id) < 2) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

create function app.writable_template(p_org uuid, p_id uuid) returns uuid language plpgsql stable as $$
begin
  if exists (select from app.project_templates t where t.org_id = p_org and t.id = p_id and t.created_by <> app.current_user_id() and app.current_rank() < 3) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

-- ordered_id is a UUIDv7 (RFC 9562) with a counter in its 12 bits behind the time: for rows of one statement, which lists
-- show in the order that they were made in.
create function app.ordered_id(p_counter int) returns uuid language sql volatile parallel safe as $$
  select encode(
    substr(int8send((extract(epoch from transaction_timestamp()) * 1000)::bigint), 3) || substr(int4send(x'7000'::int + p_counter), 3)
    || substr(uuid_send(gen_random_uuid()), 9), 'hex')::uuid $$;

-- nth_rank is the nth of ranks, from 1, that are set at once.
create function app.nth_rank(p_n int) returns text language sql immutable parallel safe as $$
  select case when p_n <= 62 then 'a' || substr(d, p_n, 1) else 'b' || substr(d, (p_n - 63) / 62 + 1, 1) || substr(d, (p_n - 63) % 62 + 1, 1) end
  from (values ('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')) digits(d) $$;

create function app.writable_view(p_org uuid, p_id uuid) returns uuid language plpgsql stable as $$
begin
  if exists (select from app.views v where v.org_id = p_org and v.id = p_id and v.owner_id <> app.current_user_id()
      and app.current_rank() < 3 and not (v.visibility = 'project' and app.project_rank(v.project_id) >= 3)) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

-- enqueue leaves a job to the background, as the running user in the running organization. The queue's schema comes with a
-- later migration.
create function app.enqueue(p_kind text, p_job uuid, p_attempts int default 5) returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into jobs.river_job (kind, args, max_attempts)
  values (p_kind, jsonb_build_object('org_id', app.current_org(), 'user_id', app.current_user_id(), 'job_id', p_job), p_attempts);
end $$;

-- fail_job notes that the running user's job was given up. That user may not write any more by then.
create function app.fail_job(p_id uuid, p_fault text) returns void language sql volatile security definer set search_path = '' as $$
  update app.jobs set state = 'failed', fault = p_fault, finished_at = now(), version = version + 1
  where org_id = app.current_org() and id = p_id and created_by = app.current_user_id() and finished_at is null $$;

-- empty_trash deletes up to a number of tasks, of all organizations, that have been in the trash for longer than the given
-- days, and tells how many. What hangs on them goes, too; their sub-tasks stay.
create function app.empty_trash(p_days int, p_most int) returns int language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
begin
  delete from app.tasks t using (
    select o.org_id, o.id from app.tasks o where o.deleted_at < now() - make_interval(days => p_days) order by o.deleted_at limit p_most) old
  where t.org_id = old.org_id and t.id = old.id and t.deleted_at < now() - make_interval(days => p_days); -- also after a wait for its restoration
  get diagnostics v_count = row_count;
  return v_count;
end $$;

-- sweep deletes what is past its life in every organization: kept answers, tickets, sessions and jobs. A job that has
-- not ended in a week was lost.
create or replace function app.sweep() returns void language sql volatile security definer set search_path = '' as $$
  delete from app.idempotency_keys where created_at < now() - interval '24 hours';
  delete from app.socket_tickets where expires_at < now();
  delete from app.sessions where expires_at < now() - interval '7 days';
  delete from app.jobs where finished_at < now() - interval '30 days';
  update app.jobs set state = 'failed', fault = 'unavailable', finished_at = now(), version = version + 1
  where finished_at is null and created_at < now() - interval '7 days' $$;

create or replace function app.task_id(p_org uuid, p_id uuid, p_key text) returns uuid language plpgsql stable cost 10 as $$
declare
  v_id uuid;
begin
  if p_id is not null then return p_id; end if;
  select t.id into v_id from app.tasks t where t.org_id = p_org and t.key = p_key;
  if v_id is null then
    select k.task_id into v_id from app.task_keys k where k.org_id = p_org and k.key = p_key order by k.task_id desc limit 1;
  end if;
  return v_id;
end $$;

create or replace function app.task_json(p_org uuid, p_id uuid) returns jsonb language plpgsql volatile as $$
begin
  return to_jsonb(r) from (
    select t.id, t.key, t.number, t.project_id, t.board_id, t.column_id, t.title, t.description, t.status,
      app.priority_name(t.priority) as priority,
      array(select a.user_id from app.task_assignees a where a.org_id = t.org_id and a.task_id = t.id order by 1) as assignee_ids,
      array(select l.label_id from app.task_labels l where l.org_id = t.org_id and l.task_id = t.id order by 1) as label_ids,
      t.start_at, t.due_at, t.estimate, t.fields, t.mention_ids, t.parent_id, app.is_blocked(t.org_id, t.id) as blocked,
      t.created_by, t.rank, t.version, t.created_at, t.updated_at, t.completed_at, t.archived_at
    from app.tasks t where t.org_id = p_org and t.id = p_id) r;
end $$;
-- +goose StatementEnd

create policy entry on app.task_links as permissive for select to plinth_entry using (true);
create policy entry on app.jobs as permissive to plinth_entry using (true);
create policy entry on app.tasks as permissive to plinth_entry using (true);
grant select on app.task_links to plinth_entry;
grant select, update, delete on app.jobs to plinth_entry;
grant select, delete on app.tasks to plinth_entry;
grant create on schema app to plinth_entry;
alter function app.blocks_in_turn owner to plinth_entry;
alter function app.enqueue owner to plinth_entry;
alter function app.fail_job owner to plinth_entry;
alter function app.empty_trash owner to plinth_entry;
revoke create on schema app from plinth_entry;
grant execute on function app.number_order, app.is_date, app.writable_field, app.writable_view, app.writable_template, app.ordered_id, app.nth_rank, app.check_fields, app.field_rows, app.field_operand, app.carried_fields, app.column_has_room, app.lane_tasks, app.board_lanes, app.is_uuid, app.people_see, app.is_blocked, app.blocks_in_turn,
  app.enqueue, app.fail_job, app.empty_trash, app.task_id, app.link_turned, app.writable_checklist_item, app.payload_fields, app.payload_changes to plinth_app;
