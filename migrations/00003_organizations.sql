-- Organizations, memberships, invitations, and the events that every change writes.
-- +goose Up
create table app.organizations (
  id          uuid primary key,
  reseller_id uuid not null references app.resellers (id),
  name        text not null,
  slug        text not null, -- a label for addresses; not unique, so that it tells nothing of other organizations
  version     int  not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  unique (reseller_id, id)
);

-- The e-mail address and name are the user's own, copied here so that a member list reads one tenant table.
create table app.memberships (
  org_id      uuid not null,
  user_id     uuid not null,
  reseller_id uuid not null,
  email       text not null,
  name        text not null,
  role        text not null check (role in ('admin', 'member', 'guest')),
  version     int  not null default 1,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (org_id, user_id),
  foreign key (reseller_id, org_id) references app.organizations (reseller_id, id) on delete cascade,
  foreign key (reseller_id, user_id) references app.users (reseller_id, id) on delete cascade
);
create index on app.memberships (user_id);

create table app.invitations (
  org_id      uuid not null references app.organizations (id) on delete cascade,
  id          uuid not null,
  email       text not null,
  role        text not null check (role in ('admin', 'member', 'guest')),
  token_hash  bytea not null, -- SHA-256; the token goes by mail only
  invited_by  uuid not null,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  accepted_at timestamptz,
  revoked_at  timestamptz, -- a newer invitation to the same address took its place
  primary key (org_id, id)
);
create unique index on app.invitations (token_hash);
create index on app.invitations (org_id, email);

-- One event per change, written in the statement that made it. Readers follow (xid, id) below the snapshot's horizon:
-- id alone is not commit order.
create table app.events (
  org_id     uuid   not null references app.organizations (id) on delete cascade,
  id         bigint not null generated always as identity,
  uid        uuid   not null default gen_random_uuid(), -- what clients know it by; the sequence would tell others' pace
  xid        xid8   not null default pg_current_xact_id(),
  kind       text   not null,
  entity_id  uuid   not null,
  project_id uuid,
  task_id    uuid,
  version    int    not null,
  actor_id   uuid   default app.current_user_id(),
  payload    jsonb  not null, -- the resource as the API answers it
  created_at timestamptz not null default now(),
  primary key (org_id, id)
);
create index on app.events (xid, id);

alter table app.organizations enable row level security;
alter table app.organizations force row level security;
create policy allow on app.organizations as permissive to plinth_app using (true);
create policy tenant on app.organizations as restrictive to plinth_app
  using (id = app.current_org()) with check (id = app.current_org() and reseller_id = app.current_reseller());
create policy writer_inserts on app.organizations as restrictive for insert to plinth_app with check (app.current_rank() >= 3);
create policy writer_updates on app.organizations as restrictive for update to plinth_app using (app.current_rank() >= 3);
grant select, insert, update on app.organizations to plinth_app;

select app.tenant_table('memberships', 'admin');
-- Anybody may leave.
drop policy writer_deletes on app.memberships;
create policy writer_deletes on app.memberships as restrictive for delete to plinth_app
  using (app.current_rank() >= 3 or user_id = app.current_user_id());

select app.tenant_table('invitations', 'admin');
create policy admin_reads on app.invitations as restrictive for select to plinth_app using (app.current_rank() >= 3);
revoke delete on app.invitations from plinth_app;

select app.tenant_table('events', 'member');
drop policy writer_inserts on app.events;
create policy writer_inserts on app.events as restrictive for insert to plinth_app
  with check (app.current_rank() >= 2 or kind = 'member.removed' and entity_id = app.current_user_id());
revoke update, delete on app.events from plinth_app;

-- enter_org opens an organization's scope for a member of at least the needed rank whose session is live.
-- +goose StatementBegin
create function app.enter_org(p_reseller uuid, p_user uuid, p_session uuid, p_org uuid, p_need smallint) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_role text;
  v_scope text;
begin
  select coalesce(m.role, '') into v_role
  from app.sessions s left join app.memberships m on m.org_id = p_org and m.user_id = s.user_id
  where s.id = p_session and s.user_id = p_user and s.reseller_id = p_reseller and s.ended_at is null and s.expires_at > now();
  if v_role is null then perform app.refuse('session-ended'); end if;
  if v_role = '' then perform app.refuse('org-denied'); end if;
  if app.role_rank(v_role) < p_need then perform app.refuse('forbidden'); end if;
  v_scope := app.set_scope(p_reseller, p_user, p_org, v_role);
end $$;

-- found_org turns the running user's scope into that of an organization about to be made, as its first admin.
create function app.found_org(p_org uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from app.organizations where id = p_org) then perform app.refuse('org-denied'); end if;
  perform app.set_scope(app.current_reseller(), app.current_user_id(), p_org, 'admin');
end $$;

-- found_account does the same at sign-up, for a user made in this very transaction.
create function app.found_account(p_user uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from app.users u where u.id = p_user and u.reseller_id = app.current_reseller()
                 and u.xmin = pg_current_xact_id()::xid) then
    perform app.refuse('forbidden');
  end if;
  perform app.set_scope(app.current_reseller(), p_user, null, null);
end $$;

-- enter_invitation opens the scope of the organization that invited the running user, with the invited role, and spends
-- the invitation. 410 when it is unknown, spent, expired or replaced; 403 when it was meant for another address.
create function app.enter_invitation(p_hash bytea) returns void language plpgsql security definer set search_path = '' as $$
declare
  v app.invitations;
  v_user uuid := app.current_user_id();
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
  perform app.set_scope(app.current_reseller(), v_user, v.org_id,
    (select m.role from app.memberships m where m.org_id = v.org_id and m.user_id = v_user));
end $$;

-- my_organizations lists the organizations of the running user, who is in no organization's scope.
create function app.my_organizations() returns table (id uuid, name text, slug text, role text, version int,
  created_at timestamptz, updated_at timestamptz) language sql stable security definer set search_path = '' as $$
  select o.id, o.name, o.slug, m.role, o.version, o.created_at, o.updated_at
  from app.memberships m join app.organizations o on o.id = m.org_id
  where m.user_id = app.current_user_id() and m.reseller_id = app.current_reseller() $$;

-- read_events gives every organization's events in commit order to the relay, which fans them out to their own rooms.
create function app.read_events(p_xid xid8, p_id bigint, p_limit int) returns setof app.events
language sql stable security definer set search_path = '' as $$
  select * from app.events e
  where (e.xid, e.id) > (p_xid, p_id) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
  order by e.xid, e.id limit p_limit $$;

-- stream_epoch names this server's life of the log: a restore or another server begins a new one, and cursors of the
-- old one mean nothing in it.
create function app.stream_epoch() returns text language sql stable security definer set search_path = '' as $$
  select s.system_identifier || '.' || c.timeline_id from pg_control_system() s, pg_control_checkpoint() c $$;

-- member_json is a membership as the API answers it.
create function app.member_json(m app.memberships) returns jsonb language sql stable as $$
  select jsonb_build_object('user_id', m.user_id, 'email', m.email, 'name', m.name, 'role', m.role, 'version', m.version,
    'joined_at', m.created_at) $$;
-- +goose StatementEnd

create policy entry on app.organizations as permissive for select to plinth_entry using (true);
create policy entry on app.users as permissive for select to plinth_entry using (true);
create policy entry on app.memberships as permissive to plinth_entry using (true) with check (true);
create policy entry on app.invitations as permissive to plinth_entry using (true) with check (true);
create policy entry on app.events as permissive to plinth_entry using (true) with check (true);
grant select on app.organizations, app.users to plinth_entry;
grant select, insert on app.memberships, app.events to plinth_entry;
grant select, update on app.invitations to plinth_entry;

grant create on schema app to plinth_entry;
alter function app.enter_org owner to plinth_entry;
alter function app.found_org owner to plinth_entry;
alter function app.found_account owner to plinth_entry;
alter function app.enter_invitation owner to plinth_entry;
alter function app.my_organizations owner to plinth_entry;
alter function app.stream_epoch owner to plinth_entry;
alter function app.read_events owner to plinth_entry;
revoke create on schema app from plinth_entry;
grant execute on function app.enter_org, app.found_org, app.found_account, app.enter_invitation, app.my_organizations,
  app.read_events, app.stream_epoch, app.member_json to plinth_app;
grant execute on function app.member_json to plinth_entry;
