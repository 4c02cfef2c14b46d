-- What outlives a request: answers kept for retries, and tickets that open a socket.
-- +goose Up

-- org_id is the nil UUID for requests outside any organization.
create table app.idempotency_keys (
  org_id       uuid  not null,
  actor_id     uuid  not null,
  key          text  not null,
  request_hash bytea not null, -- SHA-256 of method, path and body
  status       int,            -- null until the answer is stored, in the same transaction
  headers      jsonb,
  body         bytea,
  created_at   timestamptz not null default now(),
  primary key (org_id, actor_id, key)
);
create index on app.idempotency_keys (created_at);

create table app.socket_tickets (
  hash        bytea primary key, -- SHA-256
  org_id      uuid not null,
  user_id     uuid not null,
  reseller_id uuid not null,
  session_id  uuid not null,
  expires_at  timestamptz not null,
  foreign key (org_id, user_id) references app.memberships (org_id, user_id) on delete cascade,
  foreign key (reseller_id, user_id, session_id) references app.sessions (reseller_id, user_id, id) on delete cascade
);
create index on app.socket_tickets (expires_at);

create function app.scope_org() returns uuid language sql stable parallel safe as $$
  select (case when app.in_scope() then coalesce(nullif(current_setting('app.org_id', true), ''),
    '00000000-0000-0000-0000-000000000000') else app.no_scope() end)::uuid $$;

alter table app.idempotency_keys enable row level security;
alter table app.idempotency_keys force row level security;
create policy allow on app.idempotency_keys as permissive to plinth_app using (true);
create policy tenant on app.idempotency_keys as restrictive to plinth_app
  using (org_id = app.scope_org() and actor_id = app.current_user_id())
  with check (org_id = app.scope_org() and actor_id = app.current_user_id());
grant select, insert, update on app.idempotency_keys to plinth_app;

select app.tenant_table('socket_tickets', 'guest');
create policy own on app.socket_tickets as restrictive to plinth_app
  using (user_id = app.current_user_id()) with check (user_id = app.current_user_id());
revoke update, delete on app.socket_tickets from plinth_app;

-- claim_key takes an Idempotency-Key for this transaction. It refuses with 'idempotency-replay' where the answer is
-- known, 'idempotency-mismatch' for another request and 'idempotency-in-flight' while another transaction holds the key.
-- +goose StatementBegin
create function app.claim_key(p_org uuid, p_key text, p_hash bytea) returns void language plpgsql as $$
declare
  v_actor uuid := app.current_user_id();
  v app.idempotency_keys;
begin
  if not pg_try_advisory_xact_lock(hashtextextended(p_org::text || v_actor::text || p_key, 0)) then
    perform app.refuse('idempotency-in-flight');
  end if;
  select * into v from app.idempotency_keys where org_id = p_org and actor_id = v_actor and key = p_key;
  if found and v.created_at > now() - interval '24 hours' then
    if v.request_hash <> p_hash then perform app.refuse('idempotency-mismatch'); end if;
    perform app.refuse('idempotency-replay');
  end if;
  insert into app.idempotency_keys (org_id, actor_id, key, request_hash) values (p_org, v_actor, p_key, p_hash)
  on conflict (org_id, actor_id, key) do update set request_hash = p_hash, created_at = now(), status = null;
end $$;

-- spend_ticket deletes a socket ticket and gives who it was made for; no row when it is unknown, used or too old.
create function app.spend_ticket(p_hash bytea) returns table (reseller_id uuid, user_id uuid, session_id uuid, org_id uuid)
language sql volatile security definer set search_path = '' as $$
  delete from app.socket_tickets t where t.hash = p_hash and t.expires_at > now()
  returning t.reseller_id, t.user_id, t.session_id, t.org_id $$;

-- sweep deletes what is past its life in every organization: kept answers, tickets and sessions.
create function app.sweep() returns void language sql volatile security definer set search_path = '' as $$
  delete from app.idempotency_keys where created_at < now() - interval '24 hours';
  delete from app.socket_tickets where expires_at < now();
  delete from app.sessions where expires_at < now() - interval '7 days' $$;
-- +goose StatementEnd
create policy entry on app.idempotency_keys as permissive to plinth_entry using (true);
create policy entry on app.socket_tickets as permissive to plinth_entry using (true);
grant select, delete on app.idempotency_keys, app.socket_tickets to plinth_entry;
grant create on schema app to plinth_entry;
alter function app.spend_ticket owner to plinth_entry;
alter function app.sweep owner to plinth_entry;
revoke create on schema app from plinth_entry;
grant execute on function app.scope_org, app.claim_key, app.spend_ticket, app.sweep to plinth_app;
grant execute on function app.scope_org to plinth_entry;
