-- The tenant scope: who is asking, for which organization, in which role.
-- +goose Up
create schema if not exists app;
create extension if not exists btree_gin with schema app;

-- plinth_app serves requests and is bound by every policy; plinth_entry owns the few functions that look past them.
-- Roles belong to the cluster, so another database's migration may be making them at this moment.
-- +goose StatementBegin
do $$
declare
  role_name text;
begin
  foreach role_name in array array['plinth_app', 'plinth_entry'] loop
    begin
      execute format('create role %I nologin nosuperuser nobypassrls nocreatedb nocreaterole noinherit', role_name);
    exception when duplicate_object or unique_violation then null;
    end;
    if not pg_has_role(current_user, role_name, 'member') then
      execute format('grant %I to current_user', role_name);
    end if;
  end loop;
end $$;
-- +goose StatementEnd

revoke all on schema app from public;
grant usage on schema app to plinth_app, plinth_entry;
-- Not "in schema app": that would only add to what PUBLIC may do everywhere.
alter default privileges revoke execute on functions from public;

-- refuse ends the statement with a problem of the given kind, at a place of the request where it has one. Access is
-- refused with 42501, all else with PLNTH; kind and place travel in the error's constraint and column fields.
-- +goose StatementBegin
create function app.refuse(kind text, place text default '') returns boolean language plpgsql volatile parallel safe as $$
begin
  raise exception using
    errcode = case when kind in ('session-ended', 'org-denied', 'forbidden') then '42501' else 'PLNTH' end,
    message = kind, constraint = kind, column = place;
end $$;
-- +goose StatementEnd

-- require is a condition that refuses instead of filtering: where ... and app.require(version = $1, 'stale-version').
-- +goose StatementBegin
create function app.require(ok boolean, kind text, place text default '') returns boolean language plpgsql volatile parallel safe as $$
begin
  return coalesce(ok, false) or app.refuse(kind, place);
end $$;
-- +goose StatementEnd

-- no_scope is where a query ends that names a tenant table outside a scope.
-- +goose StatementBegin
create function app.no_scope() returns text language plpgsql stable parallel safe as $$
begin
  raise exception 'no tenant scope' using errcode = '42501';
end $$;
-- +goose StatementEnd

-- in_scope is true while the settings belong to this very transaction. A setting that leaked into a pooled session
-- carries the timestamp of another one, so it is inert.
create function app.in_scope() returns boolean language sql stable parallel safe as $$
  select current_setting('app.at', true) = extract(epoch from transaction_timestamp())::text $$;

create function app.current_org() returns uuid language sql stable parallel safe as $$
  select (case when current_setting('app.at', true) = extract(epoch from transaction_timestamp())::text
          then coalesce(nullif(current_setting('app.org_id', true), ''), app.no_scope()) else app.no_scope() end)::uuid $$;

create function app.current_reseller() returns uuid language sql stable parallel safe as $$
  select (case when current_setting('app.at', true) = extract(epoch from transaction_timestamp())::text
          then coalesce(nullif(current_setting('app.reseller_id', true), ''), app.no_scope()) else app.no_scope() end)::uuid $$;

-- current_user_id is null in the scope of a reseller alone, where nobody is signed in yet.
create function app.current_user_id() returns uuid language sql stable parallel safe as $$
  select (case when app.in_scope() then nullif(current_setting('app.user_id', true), '') else app.no_scope() end)::uuid $$;

-- role_rank orders the roles: guest 1, member 2, admin 3; 0 is no role.
create function app.role_rank(role text) returns smallint language sql immutable parallel safe as $$
  select (case role when 'admin' then 3 when 'member' then 2 when 'guest' then 1 else 0 end)::smallint $$;

create function app.current_rank() returns smallint language sql stable parallel safe as $$
  select case when app.in_scope() then app.role_rank(current_setting('app.role', true)) else 0::smallint end $$;

-- set_scope binds the scope to the running transaction. Only the entry functions call it, the busy ones in an assignment:
-- PL/pgSQL runs no query for one, which makes it cheaper.
-- +goose StatementBegin
create function app.set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text) returns text language plpgsql as $$
begin
  return set_config('app.at', extract(epoch from transaction_timestamp())::text, true)
    || set_config('app.reseller_id', coalesce(p_reseller::text, ''), true)
    || set_config('app.user_id', coalesce(p_user::text, ''), true)
    || set_config('app.org_id', coalesce(p_org::text, ''), true)
    || set_config('app.role', coalesce(p_role, ''), true);
end $$;
-- +goose StatementEnd

-- tenant_table puts a table under its organization: rows are seen and written in their own organization's scope alone,
-- and written by no role below the writer's. The table has org_id and a primary key that begins with it.
-- +goose StatementBegin
create function app.tenant_table(name text, writer text default 'member') returns void language plpgsql as $$
begin
  execute format('alter table app.%I enable row level security', name);
  execute format('alter table app.%I force row level security', name);
  execute format('create policy allow on app.%I as permissive to plinth_app using (true)', name);
  execute format('create policy tenant on app.%I as restrictive to plinth_app '
    'using (org_id = app.current_org()) with check (org_id = app.current_org())', name);
  execute format('create policy writer_inserts on app.%I as restrictive for insert to plinth_app '
    'with check (app.current_rank() >= app.role_rank(%L))', name, writer);
  execute format('create policy writer_updates on app.%I as restrictive for update to plinth_app '
    'using (app.current_rank() >= app.role_rank(%L))', name, writer);
  execute format('create policy writer_deletes on app.%I as restrictive for delete to plinth_app '
    'using (app.current_rank() >= app.role_rank(%L))', name, writer);
  execute format('grant select, insert, update, delete on app.%I to plinth_app', name);
end $$;
-- +goose StatementEnd

grant execute on function app.refuse, app.require, app.no_scope, app.in_scope, app.current_org, app.current_reseller,
  app.current_user_id, app.role_rank, app.current_rank to plinth_app, plinth_entry;
grant execute on function app.set_scope to plinth_entry;
