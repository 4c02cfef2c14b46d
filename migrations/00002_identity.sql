-- Resellers (brands), their users, sessions and refresh tokens.
-- +goose Up
create table app.resellers (
  id         uuid primary key,
  name       text not null,
  created_at timestamptz not null default now()
);
insert into app.resellers (id, name) values ('00000000-0000-7000-8000-000000000001', 'Plinth');

create table app.users (
  id            uuid primary key,
  reseller_id   uuid not null references app.resellers (id),
  email         text not null, -- lower case
  name          text not null,
  password_hash text not null, -- argon2id, PHC form
  created_at    timestamptz not null default now(),
  unique (reseller_id, email),
  unique (reseller_id, id)
);

-- A session is one sign-in: a family of refresh tokens, and the access tokens that name it.
create table app.sessions (
  id          uuid primary key,
  reseller_id uuid not null,
  user_id     uuid not null,
  ip          text not null,
  user_agent  text not null,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  ended_at    timestamptz,
  foreign key (reseller_id, user_id) references app.users (reseller_id, id) on delete cascade,
  unique (reseller_id, user_id, id)
);
create index on app.sessions (user_id, ip);
create index on app.sessions (expires_at);

create table app.refresh_tokens (
  hash        bytea primary key, -- SHA-256; the token itself is never stored
  reseller_id uuid not null,
  user_id     uuid not null,
  session_id  uuid not null,
  used_at     timestamptz,
  created_at  timestamptz not null default now(),
  foreign key (reseller_id, user_id, session_id) references app.sessions (reseller_id, user_id, id) on delete cascade
);
create index on app.refresh_tokens (session_id);

-- These tables belong to a reseller, not to an organization. A signed-in user sees the own rows alone; the scope of a
-- reseller alone (sign-up, login, refresh) has no user yet and looks accounts up by e-mail or token.
-- +goose StatementBegin
create function app.reseller_table(name text, user_column text) returns void language plpgsql as $$
begin
  execute format('alter table app.%I enable row level security', name);
  execute format('alter table app.%I force row level security', name);
  execute format('create policy allow on app.%I as permissive to plinth_app using (true)', name);
  execute format('create policy tenant on app.%1$I as restrictive to plinth_app '
    'using (reseller_id = app.current_reseller() and (app.current_user_id() is null or %2$I = app.current_user_id())) '
    'with check (reseller_id = app.current_reseller() and (app.current_user_id() is null or %2$I = app.current_user_id()))',
    name, user_column);
end $$;
-- +goose StatementEnd
select app.reseller_table('users', 'id');
select app.reseller_table('sessions', 'user_id');
select app.reseller_table('refresh_tokens', 'user_id');

alter table app.resellers enable row level security;
alter table app.resellers force row level security;
create policy allow on app.resellers as permissive to plinth_app using (true);
create policy tenant on app.resellers as restrictive to plinth_app
  using (id = app.current_reseller()) with check (id = app.current_reseller());

grant select on app.resellers to plinth_app;
grant select, insert, update on app.users, app.sessions, app.refresh_tokens to plinth_app;

-- enter_reseller opens the scope of a reseller with nobody signed in.
-- +goose StatementBegin
create function app.enter_reseller(p_reseller uuid) returns void language plpgsql security definer set search_path = '' as $$
begin
  perform app.set_scope(p_reseller, null, null, null);
end $$;

-- enter_user opens a signed-in user's own scope; the session must still be live.
create function app.enter_user(p_reseller uuid, p_user uuid, p_session uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_scope text;
begin
  if not exists (select from app.sessions s where s.id = p_session and s.user_id = p_user and s.reseller_id = p_reseller
                 and s.ended_at is null and s.expires_at > now()) then
    perform app.refuse('session-ended');
  end if;
  v_scope := app.set_scope(p_reseller, p_user, null, null);
end $$;
-- +goose StatementEnd

create policy entry on app.sessions as permissive to plinth_entry using (true) with check (true);
grant select, delete on app.sessions to plinth_entry;

grant create on schema app to plinth_entry;
alter function app.enter_reseller owner to plinth_entry;
alter function app.enter_user owner to plinth_entry;
revoke create on schema app from plinth_entry;
grant execute on function app.enter_reseller, app.enter_user to plinth_app;
