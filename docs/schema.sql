-- The schema that the migrations make, to read and to review; written by "make generate".

-- Name: app; Type: SCHEMA; Schema: -; Owner: postgres

CREATE SCHEMA app;

ALTER SCHEMA app OWNER TO postgres;

-- Name: assignee_ids(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.assignee_ids(p_org uuid, p_task uuid) RETURNS uuid[]
    LANGUAGE plpgsql
    AS $$
begin
  return array(select a.user_id from app.task_assignees a where a.org_id = p_org and a.task_id = p_task order by 1);
end $$;

ALTER FUNCTION app.assignee_ids(p_org uuid, p_task uuid) OWNER TO postgres;

-- Name: claim_key(uuid, text, bytea); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.claim_key(p_org uuid, p_key text, p_hash bytea) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION app.claim_key(p_org uuid, p_key text, p_hash bytea) OWNER TO postgres;

-- Name: current_org(); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.current_org() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select (case when current_setting('app.at', true) = extract(epoch from transaction_timestamp())::text
          then coalesce(nullif(current_setting('app.org_id', true), ''), app.no_scope()) else app.no_scope() end)::uuid $$;

ALTER FUNCTION app.current_org() OWNER TO postgres;

-- Name: current_rank(); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.current_rank() RETURNS smallint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select case when app.in_scope() then app.role_rank(current_setting('app.role', true)) else 0::smallint end $$;

ALTER FUNCTION app.current_rank() OWNER TO postgres;

-- Name: current_reseller(); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.current_reseller() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select (case when current_setting('app.at', true) = extract(epoch from transaction_timestamp())::text
          then coalesce(nullif(current_setting('app.reseller_id', true), ''), app.no_scope()) else app.no_scope() end)::uuid $$;

ALTER FUNCTION app.current_reseller() OWNER TO postgres;

-- Name: current_user_id(); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.current_user_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select (case when app.in_scope() then nullif(current_setting('app.user_id', true), '') else app.no_scope() end)::uuid $$;

ALTER FUNCTION app.current_user_id() OWNER TO postgres;

-- Name: enter_invitation(bytea); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.enter_invitation(p_hash bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION app.enter_invitation(p_hash bytea) OWNER TO plinth_entry;

-- Name: enter_org(uuid, uuid, uuid, uuid, smallint); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.enter_org(p_reseller uuid, p_user uuid, p_session uuid, p_org uuid, p_need smallint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION app.enter_org(p_reseller uuid, p_user uuid, p_session uuid, p_org uuid, p_need smallint) OWNER TO plinth_entry;

-- Name: enter_reseller(uuid); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.enter_reseller(p_reseller uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform app.set_scope(p_reseller, null, null, null);
end $$;

ALTER FUNCTION app.enter_reseller(p_reseller uuid) OWNER TO plinth_entry;

-- Name: enter_user(uuid, uuid, uuid); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.enter_user(p_reseller uuid, p_user uuid, p_session uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_scope text;
begin
  if not exists (select from app.sessions s where s.id = p_session and s.user_id = p_user and s.reseller_id = p_reseller
                 and s.ended_at is null and s.expires_at > now()) then
    perform app.refuse('session-ended');
  end if;
  v_scope := app.set_scope(p_reseller, p_user, null, null);
end $$;

ALTER FUNCTION app.enter_user(p_reseller uuid, p_user uuid, p_session uuid) OWNER TO plinth_entry;

-- Name: found_account(uuid); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.found_account(p_user uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if not exists (select from app.users u where u.id = p_user and u.reseller_id = app.current_reseller()
                 and u.xmin = pg_current_xact_id()::xid) then
    perform app.refuse('forbidden');
  end if;
  perform app.set_scope(app.current_reseller(), p_user, null, null);
end $$;

ALTER FUNCTION app.found_account(p_user uuid) OWNER TO plinth_entry;

-- Name: found_org(uuid); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.found_org(p_org uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if exists (select from app.organizations where id = p_org) then perform app.refuse('org-denied'); end if;
  perform app.set_scope(app.current_reseller(), app.current_user_id(), p_org, 'admin');
end $$;

ALTER FUNCTION app.found_org(p_org uuid) OWNER TO plinth_entry;

-- Name: in_scope(); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.in_scope() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select current_setting('app.at', true) = extract(epoch from transaction_timestamp())::text $$;

ALTER FUNCTION app.in_scope() OWNER TO postgres;

-- Name: label_ids(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.label_ids(p_org uuid, p_task uuid) RETURNS uuid[]
    LANGUAGE plpgsql
    AS $$
begin
  return array(select l.label_id from app.task_labels l where l.org_id = p_org and l.task_id = p_task order by 1);
end $$;

ALTER FUNCTION app.label_ids(p_org uuid, p_task uuid) OWNER TO postgres;

-- Name: memberships; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.memberships (
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    reseller_id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT memberships_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'member'::text, 'guest'::text])))
);

ALTER TABLE ONLY app.memberships FORCE ROW LEVEL SECURITY;

ALTER TABLE app.memberships OWNER TO postgres;

-- Name: member_json(app.memberships); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.member_json(m app.memberships) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
  select jsonb_build_object('user_id', m.user_id, 'email', m.email, 'name', m.name, 'role', m.role, 'version', m.version,
    'joined_at', m.created_at) $$;

ALTER FUNCTION app.member_json(m app.memberships) OWNER TO postgres;

-- Name: my_organizations(); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.my_organizations() RETURNS TABLE(id uuid, name text, slug text, role text, version integer, created_at timestamp with time zone, updated_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select o.id, o.name, o.slug, m.role, o.version, o.created_at, o.updated_at
  from app.memberships m join app.organizations o on o.id = m.org_id
  where m.user_id = app.current_user_id() and m.reseller_id = app.current_reseller() $$;

ALTER FUNCTION app.my_organizations() OWNER TO plinth_entry;

-- Name: no_scope(); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.no_scope() RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
begin
  raise exception 'no tenant scope' using errcode = '42501';
end $$;

ALTER FUNCTION app.no_scope() OWNER TO postgres;

-- Name: priority_name(smallint); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.priority_name(p smallint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select (array['none', 'low', 'medium', 'high', 'urgent'])[p + 1] $$;

ALTER FUNCTION app.priority_name(p smallint) OWNER TO postgres;

-- Name: rank_between(text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.rank_between(lo text, hi text) RETURNS text
    LANGUAGE plpgsql PARALLEL SAFE
    AS $$
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

ALTER FUNCTION app.rank_between(lo text, hi text) OWNER TO postgres;

-- Name: rank_exact_between(text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.rank_exact_between(lo text, hi text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
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

ALTER FUNCTION app.rank_exact_between(lo text, hi text) OWNER TO postgres;

-- Name: rank_midpoint(text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.rank_midpoint(lo text, hi text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
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

ALTER FUNCTION app.rank_midpoint(lo text, hi text) OWNER TO postgres;

-- Name: rank_step(text, integer); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.rank_step(whole text, step integer) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
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

ALTER FUNCTION app.rank_step(whole text, step integer) OWNER TO postgres;

-- Name: rank_whole(text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.rank_whole(rank text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select left(rank, case when rank >= 'a' collate "C" then ascii(rank) - 95 else 92 - ascii(rank) end) $$;

ALTER FUNCTION app.rank_whole(rank text) OWNER TO postgres;

-- Name: events; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.events (
    org_id uuid NOT NULL,
    id bigint NOT NULL,
    uid uuid DEFAULT gen_random_uuid() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    kind text NOT NULL,
    entity_id uuid NOT NULL,
    project_id uuid,
    task_id uuid,
    version integer NOT NULL,
    actor_id uuid DEFAULT app.current_user_id(),
    payload jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.events FORCE ROW LEVEL SECURITY;

ALTER TABLE app.events OWNER TO postgres;

-- Name: read_events(xid8, bigint, integer); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.read_events(p_xid xid8, p_id bigint, p_limit integer) RETURNS SETOF app.events
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select * from app.events e
  where (e.xid, e.id) > (p_xid, p_id) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
  order by e.xid, e.id limit p_limit $$;

ALTER FUNCTION app.read_events(p_xid xid8, p_id bigint, p_limit integer) OWNER TO plinth_entry;

-- Name: refuse(text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.refuse(kind text, place text DEFAULT ''::text) RETURNS boolean
    LANGUAGE plpgsql PARALLEL SAFE
    AS $$
begin
  raise exception using
    errcode = case when kind in ('session-ended', 'org-denied', 'forbidden') then '42501' else 'PLNTH' end,
    message = kind, constraint = kind, column = place;
end $$;

ALTER FUNCTION app.refuse(kind text, place text) OWNER TO postgres;

-- Name: require(boolean, text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.require(ok boolean, kind text, place text DEFAULT ''::text) RETURNS boolean
    LANGUAGE plpgsql PARALLEL SAFE
    AS $$
begin
  return coalesce(ok, false) or app.refuse(kind, place);
end $$;

ALTER FUNCTION app.require(ok boolean, kind text, place text) OWNER TO postgres;

-- Name: reseller_table(text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.reseller_table(name text, user_column text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
begin
  execute format('alter table app.%I enable row level security', name);
  execute format('alter table app.%I force row level security', name);
  execute format('create policy allow on app.%I as permissive to plinth_app using (true)', name);
  execute format('create policy tenant on app.%1$I as restrictive to plinth_app '
    'using (reseller_id = app.current_reseller() and (app.current_user_id() is null or %2$I = app.current_user_id())) '
    'with check (reseller_id = app.current_reseller() and (app.current_user_id() is null or %2$I = app.current_user_id()))',
    name, user_column);
end $_$;

ALTER FUNCTION app.reseller_table(name text, user_column text) OWNER TO postgres;

-- Name: role_rank(text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.role_rank(role text) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select (case role when 'admin' then 3 when 'member' then 2 when 'guest' then 1 else 0 end)::smallint $$;

ALTER FUNCTION app.role_rank(role text) OWNER TO postgres;

-- Name: scope_org(); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.scope_org() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select (case when app.in_scope() then coalesce(nullif(current_setting('app.org_id', true), ''),
    '00000000-0000-0000-0000-000000000000') else app.no_scope() end)::uuid $$;

ALTER FUNCTION app.scope_org() OWNER TO postgres;

-- Name: search_tasks(text); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.search_tasks(q text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  v_query tsquery;
begin
  select string_agg(quote_literal(w) || ':*', ' & ')::tsquery into v_query
  from unnest(tsvector_to_array(to_tsvector('simple', q))) w;
  if v_query is null then return; end if;
  return query execute 'select task_id from app.task_search where org_id = $1 and words @@ $2'
    using app.current_org(), v_query;
end $_$;

ALTER FUNCTION app.search_tasks(q text) OWNER TO plinth_entry;

-- Name: set_scope(uuid, uuid, uuid, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text) RETURNS text
    LANGUAGE plpgsql
    AS $$
begin
  return set_config('app.at', extract(epoch from transaction_timestamp())::text, true)
    || set_config('app.reseller_id', coalesce(p_reseller::text, ''), true)
    || set_config('app.user_id', coalesce(p_user::text, ''), true)
    || set_config('app.org_id', coalesce(p_org::text, ''), true)
    || set_config('app.role', coalesce(p_role, ''), true);
end $$;

ALTER FUNCTION app.set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text) OWNER TO postgres;

-- Name: spend_ticket(bytea); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.spend_ticket(p_hash bytea) RETURNS TABLE(reseller_id uuid, user_id uuid, session_id uuid, org_id uuid)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from app.socket_tickets t where t.hash = p_hash and t.expires_at > now()
  returning t.reseller_id, t.user_id, t.session_id, t.org_id $$;

ALTER FUNCTION app.spend_ticket(p_hash bytea) OWNER TO plinth_entry;

-- Name: stream_epoch(); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.stream_epoch() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select s.system_identifier || '.' || c.timeline_id from pg_control_system() s, pg_control_checkpoint() c $$;

ALTER FUNCTION app.stream_epoch() OWNER TO plinth_entry;

-- Name: sweep(); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.sweep() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from app.idempotency_keys where created_at < now() - interval '24 hours';
  delete from app.socket_tickets where expires_at < now();
  delete from app.sessions where expires_at < now() - interval '7 days' $$;

ALTER FUNCTION app.sweep() OWNER TO plinth_entry;

-- Name: task_json(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.task_json(p_org uuid, p_id uuid) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
begin
  return to_jsonb(r) from (
    select t.id, t.key, t.number, t.project_id, t.board_id, t.column_id, t.title, t.description, t.status,
      app.priority_name(t.priority) as priority,
      array(select a.user_id from app.task_assignees a where a.org_id = t.org_id and a.task_id = t.id order by 1) as assignee_ids,
      array(select l.label_id from app.task_labels l where l.org_id = t.org_id and l.task_id = t.id order by 1) as label_ids,
      t.due_at, t.parent_id, t.created_by, t.rank, t.version, t.created_at, t.updated_at, t.completed_at
    from app.tasks t where t.org_id = p_org and t.id = p_id) r;
end $$;

ALTER FUNCTION app.task_json(p_org uuid, p_id uuid) OWNER TO postgres;

-- Name: task_words(text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.task_words(title text, description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', description), 'B') $$;

ALTER FUNCTION app.task_words(title text, description text) OWNER TO postgres;

-- Name: tenant_table(text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.tenant_table(name text, writer text DEFAULT 'member'::text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION app.tenant_table(name text, writer text) OWNER TO postgres;

-- Name: boards; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.boards (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    project_id uuid NOT NULL,
    name text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.boards FORCE ROW LEVEL SECURITY;

ALTER TABLE app.boards OWNER TO postgres;

-- Name: columns; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.columns (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    project_id uuid NOT NULL,
    board_id uuid NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    wip_limit integer,
    rank text NOT NULL COLLATE pg_catalog."C",
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT columns_status_check CHECK ((status = ANY (ARRAY['backlog'::text, 'todo'::text, 'in_progress'::text, 'done'::text, 'canceled'::text])))
);

ALTER TABLE ONLY app.columns FORCE ROW LEVEL SECURITY;

ALTER TABLE app.columns OWNER TO postgres;

-- Name: comments; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.comments (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    project_id uuid NOT NULL,
    task_id uuid NOT NULL,
    author_id uuid NOT NULL,
    body text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.comments FORCE ROW LEVEL SECURITY;

ALTER TABLE app.comments OWNER TO postgres;

-- Name: events_id_seq; Type: SEQUENCE; Schema: app; Owner: postgres

ALTER TABLE app.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME app.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: idempotency_keys; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.idempotency_keys (
    org_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    headers jsonb,
    body bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.idempotency_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE app.idempotency_keys OWNER TO postgres;

-- Name: invitations; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.invitations (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    token_hash bytea NOT NULL,
    invited_by uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT invitations_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'member'::text, 'guest'::text])))
);

ALTER TABLE ONLY app.invitations FORCE ROW LEVEL SECURITY;

ALTER TABLE app.invitations OWNER TO postgres;

-- Name: labels; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.labels (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    color text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.labels FORCE ROW LEVEL SECURITY;

ALTER TABLE app.labels OWNER TO postgres;

-- Name: organizations; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.organizations (
    id uuid NOT NULL,
    reseller_id uuid NOT NULL,
    name text NOT NULL,
    slug text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.organizations FORCE ROW LEVEL SECURITY;

ALTER TABLE app.organizations OWNER TO postgres;

-- Name: projects; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.projects (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    last_number integer DEFAULT 0 NOT NULL,
    archived_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.projects FORCE ROW LEVEL SECURITY;

ALTER TABLE app.projects OWNER TO postgres;

-- Name: refresh_tokens; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.refresh_tokens (
    hash bytea NOT NULL,
    reseller_id uuid NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    used_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.refresh_tokens FORCE ROW LEVEL SECURITY;

ALTER TABLE app.refresh_tokens OWNER TO postgres;

-- Name: resellers; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.resellers (
    id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.resellers FORCE ROW LEVEL SECURITY;

ALTER TABLE app.resellers OWNER TO postgres;

-- Name: sessions; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.sessions (
    id uuid NOT NULL,
    reseller_id uuid NOT NULL,
    user_id uuid NOT NULL,
    ip text NOT NULL,
    user_agent text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);

ALTER TABLE ONLY app.sessions FORCE ROW LEVEL SECURITY;

ALTER TABLE app.sessions OWNER TO postgres;

-- Name: socket_tickets; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.socket_tickets (
    hash bytea NOT NULL,
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    reseller_id uuid NOT NULL,
    session_id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY app.socket_tickets FORCE ROW LEVEL SECURITY;

ALTER TABLE app.socket_tickets OWNER TO postgres;

-- Name: task_assignees; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.task_assignees (
    org_id uuid NOT NULL,
    task_id uuid NOT NULL,
    user_id uuid NOT NULL
);

ALTER TABLE ONLY app.task_assignees FORCE ROW LEVEL SECURITY;

ALTER TABLE app.task_assignees OWNER TO postgres;

-- Name: task_labels; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.task_labels (
    org_id uuid NOT NULL,
    task_id uuid NOT NULL,
    label_id uuid NOT NULL
);

ALTER TABLE ONLY app.task_labels FORCE ROW LEVEL SECURITY;

ALTER TABLE app.task_labels OWNER TO postgres;

-- Name: task_search; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.task_search (
    org_id uuid NOT NULL,
    task_id uuid NOT NULL,
    words tsvector NOT NULL
);

ALTER TABLE ONLY app.task_search FORCE ROW LEVEL SECURITY;

ALTER TABLE app.task_search OWNER TO postgres;

-- Name: tasks; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.tasks (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    key text NOT NULL,
    number integer NOT NULL,
    project_id uuid NOT NULL,
    board_id uuid NOT NULL,
    column_id uuid,
    title text NOT NULL,
    description text NOT NULL,
    status text NOT NULL,
    priority smallint NOT NULL,
    due_at timestamp with time zone,
    parent_id uuid,
    created_by uuid NOT NULL,
    rank text NOT NULL COLLATE pg_catalog."C",
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone,
    deleted_at timestamp with time zone,
    CONSTRAINT tasks_live_column CHECK (((column_id IS NOT NULL) OR (deleted_at IS NOT NULL))),
    CONSTRAINT tasks_priority_check CHECK (((priority >= 0) AND (priority <= 4)))
);

ALTER TABLE ONLY app.tasks FORCE ROW LEVEL SECURITY;

ALTER TABLE app.tasks OWNER TO postgres;

-- Name: users; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.users (
    id uuid NOT NULL,
    reseller_id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.users FORCE ROW LEVEL SECURITY;

ALTER TABLE app.users OWNER TO postgres;

-- Name: boards boards_org_id_project_id_id_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.boards
    ADD CONSTRAINT boards_org_id_project_id_id_key UNIQUE (org_id, project_id, id);

-- Name: boards boards_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.boards
    ADD CONSTRAINT boards_pkey PRIMARY KEY (org_id, id);

-- Name: columns columns_org_id_board_id_rank_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.columns
    ADD CONSTRAINT columns_org_id_board_id_rank_key UNIQUE (org_id, board_id, rank);

-- Name: columns columns_org_id_id_board_id_project_id_status_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.columns
    ADD CONSTRAINT columns_org_id_id_board_id_project_id_status_key UNIQUE (org_id, id, board_id, project_id, status);

-- Name: columns columns_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.columns
    ADD CONSTRAINT columns_pkey PRIMARY KEY (org_id, id);

-- Name: comments comments_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.comments
    ADD CONSTRAINT comments_pkey PRIMARY KEY (org_id, id);

-- Name: events events_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (org_id, id);

-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (org_id, actor_id, key);

-- Name: invitations invitations_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (org_id, id);

-- Name: labels labels_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.labels
    ADD CONSTRAINT labels_pkey PRIMARY KEY (org_id, id);

-- Name: memberships memberships_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.memberships
    ADD CONSTRAINT memberships_pkey PRIMARY KEY (org_id, user_id);

-- Name: organizations organizations_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (id);

-- Name: organizations organizations_reseller_id_id_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.organizations
    ADD CONSTRAINT organizations_reseller_id_id_key UNIQUE (reseller_id, id);

-- Name: projects projects_org_id_key_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.projects
    ADD CONSTRAINT projects_org_id_key_key UNIQUE (org_id, key);

-- Name: projects projects_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (org_id, id);

-- Name: refresh_tokens refresh_tokens_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (hash);

-- Name: resellers resellers_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.resellers
    ADD CONSTRAINT resellers_pkey PRIMARY KEY (id);

-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

-- Name: sessions sessions_reseller_id_user_id_id_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.sessions
    ADD CONSTRAINT sessions_reseller_id_user_id_id_key UNIQUE (reseller_id, user_id, id);

-- Name: socket_tickets socket_tickets_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.socket_tickets
    ADD CONSTRAINT socket_tickets_pkey PRIMARY KEY (hash);

-- Name: task_assignees task_assignees_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_assignees
    ADD CONSTRAINT task_assignees_pkey PRIMARY KEY (org_id, task_id, user_id);

-- Name: task_labels task_labels_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_labels
    ADD CONSTRAINT task_labels_pkey PRIMARY KEY (org_id, task_id, label_id);

-- Name: task_search task_search_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_search
    ADD CONSTRAINT task_search_pkey PRIMARY KEY (org_id, task_id);

-- Name: tasks tasks_org_id_key_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_org_id_key_key UNIQUE (org_id, key);

-- Name: tasks tasks_org_id_project_id_number_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_org_id_project_id_number_key UNIQUE (org_id, project_id, number);

-- Name: tasks tasks_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (org_id, id);

-- Name: tasks tasks_rank_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_rank_key UNIQUE (org_id, column_id, rank);

-- Name: users users_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

-- Name: users users_reseller_id_email_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.users
    ADD CONSTRAINT users_reseller_id_email_key UNIQUE (reseller_id, email);

-- Name: users users_reseller_id_id_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.users
    ADD CONSTRAINT users_reseller_id_id_key UNIQUE (reseller_id, id);

-- Name: comments_org_id_task_id_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX comments_org_id_task_id_id_idx ON app.comments USING btree (org_id, task_id, id);

-- Name: events_xid_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX events_xid_id_idx ON app.events USING btree (xid, id);

-- Name: idempotency_keys_created_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX idempotency_keys_created_at_idx ON app.idempotency_keys USING btree (created_at);

-- Name: invitations_org_id_email_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX invitations_org_id_email_idx ON app.invitations USING btree (org_id, email);

-- Name: invitations_token_hash_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE UNIQUE INDEX invitations_token_hash_idx ON app.invitations USING btree (token_hash);

-- Name: labels_name_key; Type: INDEX; Schema: app; Owner: postgres

CREATE UNIQUE INDEX labels_name_key ON app.labels USING btree (org_id, lower(name));

-- Name: memberships_user_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX memberships_user_id_idx ON app.memberships USING btree (user_id);

-- Name: refresh_tokens_session_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX refresh_tokens_session_id_idx ON app.refresh_tokens USING btree (session_id);

-- Name: sessions_expires_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX sessions_expires_at_idx ON app.sessions USING btree (expires_at);

-- Name: sessions_user_id_ip_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX sessions_user_id_ip_idx ON app.sessions USING btree (user_id, ip);

-- Name: socket_tickets_expires_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX socket_tickets_expires_at_idx ON app.socket_tickets USING btree (expires_at);

-- Name: task_assignees_org_id_user_id_task_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX task_assignees_org_id_user_id_task_id_idx ON app.task_assignees USING btree (org_id, user_id, task_id);

-- Name: task_labels_org_id_label_id_task_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX task_labels_org_id_label_id_task_id_idx ON app.task_labels USING btree (org_id, label_id, task_id);

-- Name: task_search_org_id_words_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX task_search_org_id_words_idx ON app.task_search USING gin (org_id, words) WITH (fastupdate=off);

-- Name: tasks_org_id_board_id_created_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_board_id_created_at_id_idx ON app.tasks USING btree (org_id, board_id, created_at, id);

-- Name: tasks_org_id_created_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_created_at_id_idx ON app.tasks USING btree (org_id, created_at, id);

-- Name: tasks_org_id_created_by_created_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_created_by_created_at_id_idx ON app.tasks USING btree (org_id, created_by, created_at, id);

-- Name: tasks_org_id_due_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_due_at_id_idx ON app.tasks USING btree (org_id, due_at, id) WHERE (due_at IS NOT NULL);

-- Name: tasks_org_id_parent_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_parent_id_idx ON app.tasks USING btree (org_id, parent_id) WHERE (parent_id IS NOT NULL);

-- Name: tasks_org_id_priority_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_priority_id_idx ON app.tasks USING btree (org_id, priority, id);

-- Name: tasks_org_id_project_id_created_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_project_id_created_at_id_idx ON app.tasks USING btree (org_id, project_id, created_at, id);

-- Name: tasks_org_id_status_created_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_status_created_at_id_idx ON app.tasks USING btree (org_id, status, created_at, id);

-- Name: tasks_org_id_updated_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_updated_at_id_idx ON app.tasks USING btree (org_id, updated_at, id);

-- Name: boards boards_org_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.boards
    ADD CONSTRAINT boards_org_id_project_id_fkey FOREIGN KEY (org_id, project_id) REFERENCES app.projects(org_id, id) ON DELETE CASCADE;

-- Name: columns columns_org_id_project_id_board_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.columns
    ADD CONSTRAINT columns_org_id_project_id_board_id_fkey FOREIGN KEY (org_id, project_id, board_id) REFERENCES app.boards(org_id, project_id, id) ON DELETE CASCADE;

-- Name: comments comments_org_id_task_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.comments
    ADD CONSTRAINT comments_org_id_task_id_fkey FOREIGN KEY (org_id, task_id) REFERENCES app.tasks(org_id, id) ON DELETE CASCADE;

-- Name: events events_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.events
    ADD CONSTRAINT events_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: invitations invitations_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.invitations
    ADD CONSTRAINT invitations_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: labels labels_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.labels
    ADD CONSTRAINT labels_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: memberships memberships_reseller_id_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.memberships
    ADD CONSTRAINT memberships_reseller_id_org_id_fkey FOREIGN KEY (reseller_id, org_id) REFERENCES app.organizations(reseller_id, id) ON DELETE CASCADE;

-- Name: memberships memberships_reseller_id_user_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.memberships
    ADD CONSTRAINT memberships_reseller_id_user_id_fkey FOREIGN KEY (reseller_id, user_id) REFERENCES app.users(reseller_id, id) ON DELETE CASCADE;

-- Name: organizations organizations_reseller_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.organizations
    ADD CONSTRAINT organizations_reseller_id_fkey FOREIGN KEY (reseller_id) REFERENCES app.resellers(id);

-- Name: projects projects_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.projects
    ADD CONSTRAINT projects_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: refresh_tokens refresh_tokens_reseller_id_user_id_session_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.refresh_tokens
    ADD CONSTRAINT refresh_tokens_reseller_id_user_id_session_id_fkey FOREIGN KEY (reseller_id, user_id, session_id) REFERENCES app.sessions(reseller_id, user_id, id) ON DELETE CASCADE;

-- Name: sessions sessions_reseller_id_user_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.sessions
    ADD CONSTRAINT sessions_reseller_id_user_id_fkey FOREIGN KEY (reseller_id, user_id) REFERENCES app.users(reseller_id, id) ON DELETE CASCADE;

-- Name: socket_tickets socket_tickets_org_id_user_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.socket_tickets
    ADD CONSTRAINT socket_tickets_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES app.memberships(org_id, user_id) ON DELETE CASCADE;

-- Name: socket_tickets socket_tickets_reseller_id_user_id_session_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.socket_tickets
    ADD CONSTRAINT socket_tickets_reseller_id_user_id_session_id_fkey FOREIGN KEY (reseller_id, user_id, session_id) REFERENCES app.sessions(reseller_id, user_id, id) ON DELETE CASCADE;

-- Name: task_assignees task_assignees_member_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_assignees
    ADD CONSTRAINT task_assignees_member_fkey FOREIGN KEY (org_id, user_id) REFERENCES app.memberships(org_id, user_id) ON DELETE CASCADE;

-- Name: task_assignees task_assignees_org_id_task_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_assignees
    ADD CONSTRAINT task_assignees_org_id_task_id_fkey FOREIGN KEY (org_id, task_id) REFERENCES app.tasks(org_id, id) ON DELETE CASCADE;

-- Name: task_labels task_labels_label_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_labels
    ADD CONSTRAINT task_labels_label_fkey FOREIGN KEY (org_id, label_id) REFERENCES app.labels(org_id, id) ON DELETE CASCADE;

-- Name: task_labels task_labels_org_id_task_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_labels
    ADD CONSTRAINT task_labels_org_id_task_id_fkey FOREIGN KEY (org_id, task_id) REFERENCES app.tasks(org_id, id) ON DELETE CASCADE;

-- Name: task_search task_search_org_id_task_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_search
    ADD CONSTRAINT task_search_org_id_task_id_fkey FOREIGN KEY (org_id, task_id) REFERENCES app.tasks(org_id, id) ON DELETE CASCADE;

-- Name: tasks tasks_column_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_column_fkey FOREIGN KEY (org_id, column_id, board_id, project_id, status) REFERENCES app.columns(org_id, id, board_id, project_id, status) ON DELETE SET NULL (column_id);

-- Name: tasks tasks_org_id_project_id_board_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_org_id_project_id_board_id_fkey FOREIGN KEY (org_id, project_id, board_id) REFERENCES app.boards(org_id, project_id, id) ON DELETE CASCADE;

-- Name: tasks tasks_parent_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_parent_fkey FOREIGN KEY (org_id, parent_id) REFERENCES app.tasks(org_id, id) ON DELETE SET NULL (parent_id);

-- Name: users users_reseller_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.users
    ADD CONSTRAINT users_reseller_id_fkey FOREIGN KEY (reseller_id) REFERENCES app.resellers(id);

-- Name: projects admin_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY admin_deletes ON app.projects AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= 3));

-- Name: tasks admin_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY admin_deletes ON app.tasks AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= 3));

-- Name: invitations admin_reads; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY admin_reads ON app.invitations AS RESTRICTIVE FOR SELECT TO plinth_app USING ((app.current_rank() >= 3));

-- Name: boards allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.boards TO plinth_app USING (true);

-- Name: columns allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.columns TO plinth_app USING (true);

-- Name: comments allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.comments TO plinth_app USING (true);

-- Name: events allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.events TO plinth_app USING (true);

-- Name: idempotency_keys allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.idempotency_keys TO plinth_app USING (true);

-- Name: invitations allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.invitations TO plinth_app USING (true);

-- Name: labels allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.labels TO plinth_app USING (true);

-- Name: memberships allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.memberships TO plinth_app USING (true);

-- Name: organizations allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.organizations TO plinth_app USING (true);

-- Name: projects allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.projects TO plinth_app USING (true);

-- Name: refresh_tokens allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.refresh_tokens TO plinth_app USING (true);

-- Name: resellers allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.resellers TO plinth_app USING (true);

-- Name: sessions allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.sessions TO plinth_app USING (true);

-- Name: socket_tickets allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.socket_tickets TO plinth_app USING (true);

-- Name: task_assignees allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.task_assignees TO plinth_app USING (true);

-- Name: task_labels allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.task_labels TO plinth_app USING (true);

-- Name: task_search allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.task_search TO plinth_app USING (true);

-- Name: tasks allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.tasks TO plinth_app USING (true);

-- Name: users allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.users TO plinth_app USING (true);

-- Name: comments author_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY author_deletes ON app.comments AS RESTRICTIVE FOR DELETE TO plinth_app USING (((author_id = app.current_user_id()) OR (app.current_rank() >= 3)));

-- Name: comments author_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY author_inserts ON app.comments AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((author_id = app.current_user_id()));

-- Name: comments author_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY author_updates ON app.comments AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((author_id = app.current_user_id()));

-- Name: boards; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.boards ENABLE ROW LEVEL SECURITY;

-- Name: columns; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.columns ENABLE ROW LEVEL SECURITY;

-- Name: comments; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.comments ENABLE ROW LEVEL SECURITY;

-- Name: events entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.events TO plinth_entry USING (true) WITH CHECK (true);

-- Name: idempotency_keys entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.idempotency_keys TO plinth_entry USING (true);

-- Name: invitations entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.invitations TO plinth_entry USING (true) WITH CHECK (true);

-- Name: memberships entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.memberships TO plinth_entry USING (true) WITH CHECK (true);

-- Name: organizations entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.organizations FOR SELECT TO plinth_entry USING (true);

-- Name: sessions entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.sessions TO plinth_entry USING (true) WITH CHECK (true);

-- Name: socket_tickets entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.socket_tickets TO plinth_entry USING (true);

-- Name: task_search entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.task_search FOR SELECT TO plinth_entry USING (true);

-- Name: users entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.users FOR SELECT TO plinth_entry USING (true);

-- Name: events; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.events ENABLE ROW LEVEL SECURITY;

-- Name: idempotency_keys; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.idempotency_keys ENABLE ROW LEVEL SECURITY;

-- Name: invitations; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.invitations ENABLE ROW LEVEL SECURITY;

-- Name: labels; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.labels ENABLE ROW LEVEL SECURITY;

-- Name: memberships; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.memberships ENABLE ROW LEVEL SECURITY;

-- Name: organizations; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.organizations ENABLE ROW LEVEL SECURITY;

-- Name: socket_tickets own; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own ON app.socket_tickets AS RESTRICTIVE TO plinth_app USING ((user_id = app.current_user_id())) WITH CHECK ((user_id = app.current_user_id()));

-- Name: projects; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.projects ENABLE ROW LEVEL SECURITY;

-- Name: refresh_tokens; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.refresh_tokens ENABLE ROW LEVEL SECURITY;

-- Name: resellers; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.resellers ENABLE ROW LEVEL SECURITY;

-- Name: sessions; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.sessions ENABLE ROW LEVEL SECURITY;

-- Name: socket_tickets; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.socket_tickets ENABLE ROW LEVEL SECURITY;

-- Name: task_assignees; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.task_assignees ENABLE ROW LEVEL SECURITY;

-- Name: task_labels; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.task_labels ENABLE ROW LEVEL SECURITY;

-- Name: task_search; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.task_search ENABLE ROW LEVEL SECURITY;

-- Name: tasks; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.tasks ENABLE ROW LEVEL SECURITY;

-- Name: boards tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.boards AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: columns tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.columns AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: comments tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.comments AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: events tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.events AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: idempotency_keys tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.idempotency_keys AS RESTRICTIVE TO plinth_app USING (((org_id = app.scope_org()) AND (actor_id = app.current_user_id()))) WITH CHECK (((org_id = app.scope_org()) AND (actor_id = app.current_user_id())));

-- Name: invitations tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.invitations AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: labels tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.labels AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: memberships tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.memberships AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: organizations tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.organizations AS RESTRICTIVE TO plinth_app USING ((id = app.current_org())) WITH CHECK (((id = app.current_org()) AND (reseller_id = app.current_reseller())));

-- Name: projects tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.projects AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: refresh_tokens tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.refresh_tokens AS RESTRICTIVE TO plinth_app USING (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (user_id = app.current_user_id())))) WITH CHECK (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (user_id = app.current_user_id()))));

-- Name: resellers tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.resellers AS RESTRICTIVE TO plinth_app USING ((id = app.current_reseller())) WITH CHECK ((id = app.current_reseller()));

-- Name: sessions tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.sessions AS RESTRICTIVE TO plinth_app USING (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (user_id = app.current_user_id())))) WITH CHECK (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (user_id = app.current_user_id()))));

-- Name: socket_tickets tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.socket_tickets AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: task_assignees tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.task_assignees AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: task_labels tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.task_labels AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: task_search tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.task_search AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: tasks tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.tasks AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: users tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.users AS RESTRICTIVE TO plinth_app USING (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (id = app.current_user_id())))) WITH CHECK (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (id = app.current_user_id()))));

-- Name: users; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.users ENABLE ROW LEVEL SECURITY;

-- Name: boards writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.boards AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: columns writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.columns AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: comments writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.comments AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: events writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.events AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: invitations writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.invitations AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: labels writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.labels AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: memberships writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.memberships AS RESTRICTIVE FOR DELETE TO plinth_app USING (((app.current_rank() >= 3) OR (user_id = app.current_user_id())));

-- Name: projects writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.projects AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: socket_tickets writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.socket_tickets AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('guest'::text)));

-- Name: task_assignees writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.task_assignees AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: task_labels writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.task_labels AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: task_search writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.task_search AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: tasks writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.tasks AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: boards writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.boards AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: columns writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.columns AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: comments writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.comments AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: events writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.events AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK (((app.current_rank() >= 2) OR ((kind = 'member.removed'::text) AND (entity_id = app.current_user_id()))));

-- Name: invitations writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.invitations AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: labels writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.labels AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: memberships writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.memberships AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: organizations writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.organizations AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= 3));

-- Name: projects writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.projects AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: socket_tickets writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.socket_tickets AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('guest'::text)));

-- Name: task_assignees writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.task_assignees AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: task_labels writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.task_labels AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: task_search writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.task_search AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: tasks writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.tasks AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: boards writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.boards AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: columns writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.columns AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: comments writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.comments AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: events writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.events AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: invitations writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.invitations AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: labels writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.labels AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: memberships writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.memberships AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: organizations writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.organizations AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= 3));

-- Name: projects writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.projects AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: socket_tickets writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.socket_tickets AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('guest'::text)));

-- Name: task_assignees writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.task_assignees AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: task_labels writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.task_labels AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: task_search writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.task_search AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: tasks writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.tasks AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: SCHEMA app; Type: ACL; Schema: -; Owner: postgres

GRANT USAGE ON SCHEMA app TO plinth_app;
GRANT USAGE ON SCHEMA app TO plinth_entry;

-- Name: FUNCTION assignee_ids(p_org uuid, p_task uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.assignee_ids(p_org uuid, p_task uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.assignee_ids(p_org uuid, p_task uuid) TO plinth_app;

-- Name: FUNCTION claim_key(p_org uuid, p_key text, p_hash bytea); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.claim_key(p_org uuid, p_key text, p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.claim_key(p_org uuid, p_key text, p_hash bytea) TO plinth_app;

-- Name: FUNCTION current_org(); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.current_org() FROM PUBLIC;
GRANT ALL ON FUNCTION app.current_org() TO plinth_app;
GRANT ALL ON FUNCTION app.current_org() TO plinth_entry;

-- Name: FUNCTION current_rank(); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.current_rank() FROM PUBLIC;
GRANT ALL ON FUNCTION app.current_rank() TO plinth_app;
GRANT ALL ON FUNCTION app.current_rank() TO plinth_entry;

-- Name: FUNCTION current_reseller(); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.current_reseller() FROM PUBLIC;
GRANT ALL ON FUNCTION app.current_reseller() TO plinth_app;
GRANT ALL ON FUNCTION app.current_reseller() TO plinth_entry;

-- Name: FUNCTION current_user_id(); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.current_user_id() FROM PUBLIC;
GRANT ALL ON FUNCTION app.current_user_id() TO plinth_app;
GRANT ALL ON FUNCTION app.current_user_id() TO plinth_entry;

-- Name: FUNCTION enter_invitation(p_hash bytea); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.enter_invitation(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.enter_invitation(p_hash bytea) TO plinth_app;

-- Name: FUNCTION enter_org(p_reseller uuid, p_user uuid, p_session uuid, p_org uuid, p_need smallint); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.enter_org(p_reseller uuid, p_user uuid, p_session uuid, p_org uuid, p_need smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION app.enter_org(p_reseller uuid, p_user uuid, p_session uuid, p_org uuid, p_need smallint) TO plinth_app;

-- Name: FUNCTION enter_reseller(p_reseller uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.enter_reseller(p_reseller uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.enter_reseller(p_reseller uuid) TO plinth_app;

-- Name: FUNCTION enter_user(p_reseller uuid, p_user uuid, p_session uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.enter_user(p_reseller uuid, p_user uuid, p_session uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.enter_user(p_reseller uuid, p_user uuid, p_session uuid) TO plinth_app;

-- Name: FUNCTION found_account(p_user uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.found_account(p_user uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.found_account(p_user uuid) TO plinth_app;

-- Name: FUNCTION found_org(p_org uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.found_org(p_org uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.found_org(p_org uuid) TO plinth_app;

-- Name: FUNCTION in_scope(); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.in_scope() FROM PUBLIC;
GRANT ALL ON FUNCTION app.in_scope() TO plinth_app;
GRANT ALL ON FUNCTION app.in_scope() TO plinth_entry;

-- Name: FUNCTION label_ids(p_org uuid, p_task uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.label_ids(p_org uuid, p_task uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.label_ids(p_org uuid, p_task uuid) TO plinth_app;

-- Name: TABLE memberships; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.memberships TO plinth_app;
GRANT SELECT,INSERT ON TABLE app.memberships TO plinth_entry;

-- Name: FUNCTION member_json(m app.memberships); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.member_json(m app.memberships) FROM PUBLIC;
GRANT ALL ON FUNCTION app.member_json(m app.memberships) TO plinth_app;
GRANT ALL ON FUNCTION app.member_json(m app.memberships) TO plinth_entry;

-- Name: FUNCTION my_organizations(); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.my_organizations() FROM PUBLIC;
GRANT ALL ON FUNCTION app.my_organizations() TO plinth_app;

-- Name: FUNCTION no_scope(); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.no_scope() FROM PUBLIC;
GRANT ALL ON FUNCTION app.no_scope() TO plinth_app;
GRANT ALL ON FUNCTION app.no_scope() TO plinth_entry;

-- Name: FUNCTION priority_name(p smallint); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.priority_name(p smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION app.priority_name(p smallint) TO plinth_app;

-- Name: FUNCTION rank_between(lo text, hi text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.rank_between(lo text, hi text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.rank_between(lo text, hi text) TO plinth_app;

-- Name: FUNCTION rank_exact_between(lo text, hi text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.rank_exact_between(lo text, hi text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.rank_exact_between(lo text, hi text) TO plinth_app;

-- Name: FUNCTION rank_midpoint(lo text, hi text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.rank_midpoint(lo text, hi text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.rank_midpoint(lo text, hi text) TO plinth_app;

-- Name: FUNCTION rank_step(whole text, step integer); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.rank_step(whole text, step integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.rank_step(whole text, step integer) TO plinth_app;

-- Name: FUNCTION rank_whole(rank text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.rank_whole(rank text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.rank_whole(rank text) TO plinth_app;

-- Name: TABLE events; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT ON TABLE app.events TO plinth_app;
GRANT SELECT,INSERT ON TABLE app.events TO plinth_entry;

-- Name: FUNCTION read_events(p_xid xid8, p_id bigint, p_limit integer); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.read_events(p_xid xid8, p_id bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.read_events(p_xid xid8, p_id bigint, p_limit integer) TO plinth_app;

-- Name: FUNCTION refuse(kind text, place text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.refuse(kind text, place text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.refuse(kind text, place text) TO plinth_app;
GRANT ALL ON FUNCTION app.refuse(kind text, place text) TO plinth_entry;

-- Name: FUNCTION require(ok boolean, kind text, place text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.require(ok boolean, kind text, place text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.require(ok boolean, kind text, place text) TO plinth_app;
GRANT ALL ON FUNCTION app.require(ok boolean, kind text, place text) TO plinth_entry;

-- Name: FUNCTION reseller_table(name text, user_column text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.reseller_table(name text, user_column text) FROM PUBLIC;

-- Name: FUNCTION role_rank(role text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.role_rank(role text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.role_rank(role text) TO plinth_app;
GRANT ALL ON FUNCTION app.role_rank(role text) TO plinth_entry;

-- Name: FUNCTION scope_org(); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.scope_org() FROM PUBLIC;
GRANT ALL ON FUNCTION app.scope_org() TO plinth_app;
GRANT ALL ON FUNCTION app.scope_org() TO plinth_entry;

-- Name: FUNCTION search_tasks(q text); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.search_tasks(q text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.search_tasks(q text) TO plinth_app;

-- Name: FUNCTION set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text) TO plinth_entry;

-- Name: FUNCTION spend_ticket(p_hash bytea); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.spend_ticket(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.spend_ticket(p_hash bytea) TO plinth_app;

-- Name: FUNCTION stream_epoch(); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.stream_epoch() FROM PUBLIC;
GRANT ALL ON FUNCTION app.stream_epoch() TO plinth_app;

-- Name: FUNCTION sweep(); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.sweep() FROM PUBLIC;
GRANT ALL ON FUNCTION app.sweep() TO plinth_app;

-- Name: FUNCTION task_json(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.task_json(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.task_json(p_org uuid, p_id uuid) TO plinth_app;

-- Name: FUNCTION task_words(title text, description text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.task_words(title text, description text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.task_words(title text, description text) TO plinth_app;

-- Name: FUNCTION tenant_table(name text, writer text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.tenant_table(name text, writer text) FROM PUBLIC;

-- Name: TABLE boards; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.boards TO plinth_app;

-- Name: TABLE columns; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.columns TO plinth_app;

-- Name: TABLE comments; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.comments TO plinth_app;

-- Name: TABLE idempotency_keys; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.idempotency_keys TO plinth_app;
GRANT SELECT,DELETE ON TABLE app.idempotency_keys TO plinth_entry;

-- Name: TABLE invitations; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.invitations TO plinth_app;
GRANT SELECT,UPDATE ON TABLE app.invitations TO plinth_entry;

-- Name: TABLE labels; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.labels TO plinth_app;

-- Name: TABLE organizations; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.organizations TO plinth_app;
GRANT SELECT ON TABLE app.organizations TO plinth_entry;

-- Name: TABLE projects; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.projects TO plinth_app;

-- Name: TABLE refresh_tokens; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.refresh_tokens TO plinth_app;

-- Name: TABLE resellers; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT ON TABLE app.resellers TO plinth_app;

-- Name: TABLE sessions; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.sessions TO plinth_app;
GRANT SELECT,DELETE ON TABLE app.sessions TO plinth_entry;

-- Name: TABLE socket_tickets; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT ON TABLE app.socket_tickets TO plinth_app;
GRANT SELECT,DELETE ON TABLE app.socket_tickets TO plinth_entry;

-- Name: TABLE task_assignees; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.task_assignees TO plinth_app;

-- Name: TABLE task_labels; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.task_labels TO plinth_app;

-- Name: TABLE task_search; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.task_search TO plinth_app;
GRANT SELECT ON TABLE app.task_search TO plinth_entry;

-- Name: TABLE tasks; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.tasks TO plinth_app;

-- Name: TABLE users; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.users TO plinth_app;
GRANT SELECT ON TABLE app.users TO plinth_entry;
