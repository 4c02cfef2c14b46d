-- Access within an organization: private projects, and members of a project with a role of their own.
-- +goose Up

-- A refusal may say why, in the error's detail.
drop function app.require(boolean, text, text);
drop function app.refuse(text, text);
-- +goose StatementBegin
create function app.refuse(kind text, place text default '', why text default '') returns boolean language plpgsql volatile parallel safe as $$
begin
  raise exception using
    errcode = case when kind in ('session-ended', 'org-denied', 'forbidden') then '42501' else 'PLNTH' end,
    message = kind, constraint = kind, column = place, detail = why;
end $$;

create function app.require(ok boolean, kind text, place text default '', why text default '') returns boolean language plpgsql volatile parallel safe
cost 1000 as $$ -- so that it is asked after all that tells which row is meant
begin
  return coalesce(ok, false) or app.refuse(kind, place, why);
end $$;
-- +goose StatementEnd
grant execute on function app.refuse, app.require to plinth_app, plinth_entry;

alter table app.projects add column private boolean not null default false; -- only its members and the admins see it
create index on app.projects (org_id, id) where private;

-- What a member of the organization is in one project. It narrows what a member may do, or makes a member its admin; a
-- guest reads, and sees no other projects.
create table app.project_members (
  org_id     uuid not null,
  project_id uuid not null,
  user_id    uuid not null,
  role       text not null check (role in ('admin', 'member', 'guest')),
  version    int  not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, project_id, user_id),
  constraint project_members_project_fkey foreign key (org_id, project_id) references app.projects (org_id, id) on delete cascade,
  constraint project_members_member_fkey foreign key (org_id, user_id) references app.memberships (org_id, user_id) on delete cascade
);
create index on app.project_members (org_id, user_id);

-- project_ranks lists the projects in which a member's rank is not what the role in the organization gives, as
-- "<id>=<rank>": 0 sees nothing, 1 reads, 2 writes, 3 administers. Admins have no exceptions.
-- It is PL/pgSQL, which keeps its plans: this runs ahead of every request.
-- +goose StatementBegin
create function app.project_ranks(p_org uuid, p_user uuid, p_role text) returns text language plpgsql stable parallel safe as $$
begin
  if p_role = 'admin' then return ''; end if;
  if p_role = 'guest' then
    return coalesce((select string_agg(m.project_id || '=1', ' ') from app.project_members m
      where m.org_id = p_org and m.user_id = p_user), '');
  end if;
  return coalesce((select string_agg(e.entry, ' ') from (
    select p.id || '=0' as entry from app.projects p where p.org_id = p_org and p.private
      and not exists (select from app.project_members m where m.org_id = p_org and m.project_id = p.id and m.user_id = p_user)
    union all
    select m.project_id || '=' || app.role_rank(m.role) from app.project_members m
    where m.org_id = p_org and m.user_id = p_user and m.role <> 'member') e), '');
end $$;
-- +goose StatementEnd

drop function app.set_scope(uuid, uuid, uuid, text);
-- +goose StatementBegin
create function app.set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text, p_ranks text default '') returns text language plpgsql as $$
begin
  return set_config('app.at', extract(epoch from transaction_timestamp())::text, true)
    || set_config('app.reseller_id', coalesce(p_reseller::text, ''), true)
    || set_config('app.user_id', coalesce(p_user::text, ''), true)
    || set_config('app.org_id', coalesce(p_org::text, ''), true)
    || set_config('app.role', coalesce(p_role, ''), true)
    || set_config('app.project_ranks', p_ranks, true)
    || set_config('app.project_default', case p_role when 'admin' then '3' when 'member' then '2' else '0' end, true)
    || set_config('app.sees_all', case when p_role = 'admin' or p_role = 'member' and strpos(p_ranks, '=0') = 0 then 't' else '' end, true);
end $$;
-- +goose StatementEnd
grant execute on function app.set_scope, app.project_ranks to plinth_entry;

-- project_rank is the running user's rank in a project. The tenant policy has seen to it that the settings are those of
-- this transaction.
create function app.project_rank(p_project uuid) returns smallint language sql stable parallel safe as $$
  select coalesce(
    substr(current_setting('app.project_ranks', true), nullif(strpos(current_setting('app.project_ranks', true), p_project::text), 0) + 37, 1),
    nullif(current_setting('app.project_default', true), ''), '0')::smallint $$;

-- It is written the way round from which the planner takes that most rows are seen.
create function app.sees_project(p_project uuid) returns boolean language sql stable parallel safe as $$
  select not (current_setting('app.sees_all', true) <> 't' and app.project_rank(p_project) = 0) $$;

-- project_table puts a tenant's table under its projects: rows of a project are seen by those who see it, and written by
-- no lower rank in it than the writer's.
-- +goose StatementBegin
create function app.project_table(name text, writer text default 'member', project text default 'project_id') returns void language plpgsql as $$
begin
  execute format('drop policy writer_inserts on app.%I', name);
  execute format('drop policy writer_updates on app.%I', name);
  execute format('drop policy writer_deletes on app.%I', name);
  execute format('create policy project on app.%1$I as restrictive to plinth_app using (app.sees_project(%2$I)) with check (app.sees_project(%2$I))', name, project);
  execute format('create policy writer_inserts on app.%1$I as restrictive for insert to plinth_app '
    'with check (app.project_rank(%2$I) >= app.role_rank(%3$L))', name, project, writer);
  execute format('create policy writer_updates on app.%1$I as restrictive for update to plinth_app '
    'using (app.project_rank(%2$I) >= app.role_rank(%3$L)) with check (app.project_rank(%2$I) >= app.role_rank(%3$L))', name, project, writer);
  execute format('create policy writer_deletes on app.%1$I as restrictive for delete to plinth_app '
    'using (app.project_rank(%2$I) >= app.role_rank(%3$L))', name, project, writer);
end $$;
-- +goose StatementEnd
grant execute on function app.project_rank, app.sees_project to plinth_app, plinth_entry;

-- What hangs on a task is in the task's project, and moves there with it.
alter table app.tasks add constraint tasks_project_key unique (org_id, id, project_id);
alter table app.task_assignees add column project_id uuid;
alter table app.task_labels add column project_id uuid;
alter table app.task_search add column project_id uuid;
update app.task_assignees a set project_id = t.project_id from app.tasks t where t.org_id = a.org_id and t.id = a.task_id;
update app.task_labels a set project_id = t.project_id from app.tasks t where t.org_id = a.org_id and t.id = a.task_id;
update app.task_search a set project_id = t.project_id from app.tasks t where t.org_id = a.org_id and t.id = a.task_id;
alter table app.task_assignees alter column project_id set not null, drop constraint task_assignees_org_id_task_id_fkey,
  add foreign key (org_id, task_id, project_id) references app.tasks (org_id, id, project_id) on update cascade on delete cascade;
alter table app.task_labels alter column project_id set not null, drop constraint task_labels_org_id_task_id_fkey,
  add foreign key (org_id, task_id, project_id) references app.tasks (org_id, id, project_id) on update cascade on delete cascade;
alter table app.task_search alter column project_id set not null, drop constraint task_search_org_id_task_id_fkey,
  add foreign key (org_id, task_id, project_id) references app.tasks (org_id, id, project_id) on update cascade on delete cascade;
alter table app.comments drop constraint comments_org_id_task_id_fkey,
  add constraint comments_task_fkey foreign key (org_id, task_id, project_id) references app.tasks (org_id, id, project_id) on update cascade on delete cascade;

select app.tenant_table('project_members', 'admin');
select app.project_table('project_members', 'admin');
-- Anybody may leave.
drop policy writer_deletes on app.project_members;
create policy writer_deletes on app.project_members as restrictive for delete to plinth_app
  using (app.project_rank(project_id) >= 3 or user_id = app.current_user_id());

select app.project_table('projects', 'member', 'id');
select app.project_table(t) from unnest(array['boards', 'columns', 'tasks', 'task_assignees', 'task_labels', 'task_search', 'comments']) t;

create policy project on app.events as restrictive for select to plinth_app using (project_id is null or app.sees_project(project_id));
drop policy writer_inserts on app.events;
create policy writer_inserts on app.events as restrictive for insert to plinth_app with check (
  case when project_id is null then app.current_rank() >= 2 else app.project_rank(project_id) >= 2 end
  or kind in ('member.removed', 'project_member.removed') and entity_id = app.current_user_id());

-- What an organization's clients missed is read in the log's order.
create index on app.events (org_id, xid, id);

-- The writable functions are called ahead of a statement that changes something: what is seen but may not be written
-- refuses, where the policies would hide it and it would seem not to be there.
-- +goose StatementBegin
create function app.writable_project(p_org uuid, p_id uuid, p_rank int default 2) returns uuid language plpgsql stable as $$
begin
  if app.project_rank(p_id) < p_rank and exists (select from app.projects p where p.org_id = p_org and p.id = p_id) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

create function app.writable_board(p_org uuid, p_id uuid) returns uuid language plpgsql stable as $$
begin
  if exists (select from app.boards b where b.org_id = p_org and b.id = p_id and app.project_rank(b.project_id) < 2) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

create function app.writable_column(p_org uuid, p_id uuid) returns uuid language plpgsql stable as $$
begin
  if exists (select from app.columns c where c.org_id = p_org and c.id = p_id and app.project_rank(c.project_id) < 2) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

-- task_id finds a task by its id, its key, or a key that it had in another project.
create function app.task_id(p_org uuid, p_id uuid, p_key text) returns uuid language plpgsql stable cost 10 as $$
declare
  v_id uuid;
begin
  if p_id is not null then return p_id; end if;
  select t.id into v_id from app.tasks t where t.org_id = p_org and t.key = p_key;
  return v_id;
end $$;

create function app.writable_task(p_org uuid, p_id uuid, p_key text default null) returns uuid language plpgsql stable as $$
declare
  v_id uuid := app.task_id(p_org, p_id, p_key);
begin
  if exists (select from app.tasks t where t.org_id = p_org and t.id = v_id and app.project_rank(t.project_id) < 2) then
    perform app.refuse('forbidden');
  end if;
  return v_id;
end $$;

-- found_project makes the running user the admin of a project about to be made, who then adds its members.
create function app.found_project(p_id uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  if app.current_rank() < 2 or exists (select from app.projects p where p.org_id = app.current_org() and p.id = p_id) then
    perform app.refuse('forbidden');
  end if;
  perform set_config('app.project_ranks', p_id || '=3 ' || current_setting('app.project_ranks', true), true);
end $$;

create or replace function app.enter_org(p_reseller uuid, p_user uuid, p_session uuid, p_org uuid, p_need smallint) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_role text;
  v_ranks text;
  v_scope text;
begin
  select coalesce(m.role, ''), app.project_ranks(p_org, p_user, m.role) into v_role, v_ranks
  from app.sessions s left join app.memberships m on m.org_id = p_org and m.user_id = s.user_id
  where s.id = p_session and s.user_id = p_user and s.reseller_id = p_reseller and s.ended_at is null and s.expires_at > now();
  if v_role is null then perform app.refuse('session-ended'); end if;
  if v_role = '' then perform app.refuse('org-denied'); end if;
  if app.role_rank(v_role) < p_need then perform app.refuse('forbidden'); end if;
  v_scope := app.set_scope(p_reseller, p_user, p_org, v_role, v_ranks);
end $$;

-- enter_job opens an organization's scope for work that a member left to the background: there is no session, but the
-- member must still be one, with at least the needed rank.
create function app.enter_job(p_user uuid, p_org uuid, p_need smallint) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v app.memberships;
  v_scope text;
begin
  select * into v from app.memberships m where m.org_id = p_org and m.user_id = p_user;
  if v.role is null then perform app.refuse('org-denied'); end if;
  if app.role_rank(v.role) < p_need then perform app.refuse('forbidden'); end if;
  v_scope := app.set_scope(v.reseller_id, p_user, p_org, v.role, app.project_ranks(p_org, p_user, v.role));
end $$;

create or replace function app.enter_invitation(p_hash bytea) returns void language plpgsql security definer set search_path = '' as $$
declare
  v app.invitations;
  v_user uuid := app.current_user_id();
  v_role text;
begin
  select * into v from app.invitations where token_hash = p_hash for update;
  if v.id is null or v.accepted_at is not null or v.revoked_at is not null or v.expires_at <= now()
     or not exists (select from app.organizations o where o.id = v.org_id and o.reseller_id = app.current_reseller()) then
    perform app.refuse('invitation-gone');
  end if;
  if v.email <> (select u.email from app.users u where u.id = v_user) then perform app.refuse('forbidden'); end if;
  update app.invitations set accepted_at = now() where org_id = v.org_id and id = v.id;
  insert into app.memberships (org_id, user_id, reseller_id, email, name, role)
  select v.org_id, u.id, u.reseller_id, u.email, u.name, v.role from app.users u where u.id = v_user
  on conflict do nothing;
  if found then
    insert into app.events (org_id, kind, entity_id, version, actor_id, payload)
    select m.org_id, 'member.added', m.user_id, m.version, m.user_id, app.member_json(m)
    from app.memberships m where m.org_id = v.org_id and m.user_id = v_user;
  end if;
  select m.role into v_role from app.memberships m where m.org_id = v.org_id and m.user_id = v_user;
  perform app.set_scope(app.current_reseller(), v_user, v.org_id, v_role, app.project_ranks(v.org_id, v_user, v_role));
end $$;

-- read_access tells the live side which projects the given members of an organization see, after a change to that.
create function app.read_access(p_org uuid, p_users uuid[]) returns table (user_id uuid, role text, project_ranks text)
language sql stable security definer set search_path = '' as $$
  select m.user_id, m.role, app.project_ranks(p_org, m.user_id, m.role)
  from app.memberships m where m.org_id = p_org and m.user_id = any(p_users) $$;
-- +goose StatementEnd

create policy entry on app.projects as permissive for select to plinth_entry using (true);
create policy entry on app.project_members as permissive for select to plinth_entry using (true);
grant select on app.projects, app.project_members to plinth_entry;
grant create on schema app to plinth_entry;
alter function app.found_project owner to plinth_entry;
alter function app.enter_job owner to plinth_entry;
alter function app.read_access owner to plinth_entry;
revoke create on schema app from plinth_entry;
grant execute on function app.writable_project, app.writable_board, app.writable_column, app.task_id, app.writable_task,
  app.found_project, app.enter_job, app.read_access to plinth_app;
