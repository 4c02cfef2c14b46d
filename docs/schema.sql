-- The schema that the migrations make, to read and to review; written by "make generate".

-- Name: app; Type: SCHEMA; Schema: -; Owner: postgres

CREATE SCHEMA app;

ALTER SCHEMA app OWNER TO postgres;

-- Name: alert_readers(uuid, uuid); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.alert_readers(p_org uuid, p_id uuid) RETURNS TABLE(email text, organization text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select m.email, o.name from app.files f join app.memberships m on m.org_id = f.org_id join app.organizations o on o.id = f.org_id
  where f.org_id = p_org and f.id = p_id and (m.role = 'admin' or m.user_id = f.uploaded_by) order by m.email $$;

ALTER FUNCTION app.alert_readers(p_org uuid, p_id uuid) OWNER TO plinth_entry;

-- Name: alerted(uuid, uuid); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.alerted(p_org uuid, p_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update app.files f set alert = false, due_at = null where f.org_id = p_org and f.id = p_id and f.alert $$;

ALTER FUNCTION app.alerted(p_org uuid, p_id uuid) OWNER TO plinth_entry;

-- Name: assignee_ids(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.assignee_ids(p_org uuid, p_task uuid) RETURNS uuid[]
    LANGUAGE plpgsql
    AS $$
begin
  return array(select a.user_id from app.task_assignees a where a.org_id = p_org and a.task_id = p_task order by 1);
end $$;

ALTER FUNCTION app.assignee_ids(p_org uuid, p_task uuid) OWNER TO postgres;

-- Name: begin_thumbnail(uuid, uuid, uuid, text); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.begin_thumbnail(p_org uuid, p_of uuid, p_id uuid, p_store text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  insert into app.objects (org_id, id, store, size, thumbnail_of, expires_at) values (p_org, p_id, p_store, 0, p_of, now() + interval '10 minutes') $$;

ALTER FUNCTION app.begin_thumbnail(p_org uuid, p_of uuid, p_id uuid, p_store text) OWNER TO plinth_entry;

-- Name: blocks_in_turn(uuid, uuid); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.blocks_in_turn(p_from uuid, p_to uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with recursive reached as (
    select p_from as id
    union
    select l.other_id from reached r join app.task_links l on l.org_id = app.current_org() and l.task_id = r.id and l.kind = 'blocks'
  )
  select exists (select from reached where id = p_to) $$;

ALTER FUNCTION app.blocks_in_turn(p_from uuid, p_to uuid) OWNER TO plinth_entry;

-- Name: board_lanes(uuid, uuid, text, integer); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.board_lanes(p_org uuid, p_board uuid, p_group_by text, p_most integer) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
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

ALTER FUNCTION app.board_lanes(p_org uuid, p_board uuid, p_group_by text, p_most integer) OWNER TO postgres;

-- Name: carried_fields(uuid, uuid, uuid, jsonb); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.carried_fields(p_org uuid, p_from uuid, p_to uuid, p_values jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
  select coalesce(jsonb_object_agg(e.key, e.value), '{}')
  from jsonb_each(p_values) e
  join app.fields o on o.org_id = p_org and o.project_id = p_from and o.key = e.key
  join app.fields n on n.org_id = p_org and n.project_id = p_to and n.key = e.key and n.type = o.type
  where n.type not in ('select', 'multi_select') or not exists (
    select from jsonb_array_elements(case when jsonb_typeof(e.value) = 'array' then e.value else jsonb_build_array(e.value) end) v
    where not exists (select from jsonb_array_elements(n.options) p where p -> 'value' = v)) $$;

ALTER FUNCTION app.carried_fields(p_org uuid, p_from uuid, p_to uuid, p_values jsonb) OWNER TO postgres;

-- Name: check_fields(uuid, uuid, jsonb); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.check_fields(p_org uuid, p_project uuid, p_values jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $_$
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
end $_$;

ALTER FUNCTION app.check_fields(p_org uuid, p_project uuid, p_values jsonb) OWNER TO postgres;

-- Name: check_later(uuid, uuid, integer, boolean); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.check_later(p_org uuid, p_id uuid, p_seconds integer, p_failed boolean) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update app.files f set due_at = now() + make_interval(secs => p_seconds), attempts = f.attempts + p_failed::int
  where f.org_id = p_org and f.id = p_id and f.due_at is not null $$;

ALTER FUNCTION app.check_later(p_org uuid, p_id uuid, p_seconds integer, p_failed boolean) OWNER TO plinth_entry;

-- Name: checked(uuid, uuid, text, text, text, text, text, text, text, text, boolean, uuid, text); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.checked(p_org uuid, p_id uuid, p_store text, p_begun_pin text, p_status text, p_result text, p_database text, p_sha256 text, p_content_type text, p_pin text, p_quarantined boolean, p_thumbnail uuid, p_thumbnail_pin text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION app.checked(p_org uuid, p_id uuid, p_store text, p_begun_pin text, p_status text, p_result text, p_database text, p_sha256 text, p_content_type text, p_pin text, p_quarantined boolean, p_thumbnail uuid, p_thumbnail_pin text) OWNER TO plinth_entry;

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

-- Name: column_has_room(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.column_has_room(p_org uuid, p_column uuid) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
declare
  v_limit int;
begin
  select c.wip_limit into v_limit from app.columns c where c.org_id = p_org and c.id = p_column and c.wip_mode = 'hard';
  if v_limit is null then return true; end if;
  perform pg_advisory_xact_lock(hashtextextended('column ' || p_column, 0));
  return v_limit > (select count(*) from app.tasks t where t.org_id = p_org and t.column_id = p_column
    and t.deleted_at is null and t.archived_at is null);
end $$;

ALTER FUNCTION app.column_has_room(p_org uuid, p_column uuid) OWNER TO postgres;

-- Name: comment_words(text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.comment_words(body text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select setweight(to_tsvector('simple', body), 'C') $$;

ALTER FUNCTION app.comment_words(body text) OWNER TO postgres;

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

-- Name: doom_objects(integer, text[]); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.doom_objects(p_most integer, p_stores text[]) RETURNS TABLE(org_id uuid, id uuid, store text, resumable boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION app.doom_objects(p_most integer, p_stores text[]) OWNER TO plinth_entry;

-- Name: doubt_file(uuid, text); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.doubt_file(p_id uuid, p_pin text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update app.files f set scan_status = 'pending', due_at = now(), attempts = 0
  where f.org_id = app.current_org() and f.id = p_id and f.scan_status in ('clean', 'skipped')
    and exists (select from app.objects o where o.org_id = f.org_id and o.id = f.id and o.pin = p_pin) $$;

ALTER FUNCTION app.doubt_file(p_id uuid, p_pin text) OWNER TO plinth_entry;

-- Name: empty_file_trash(integer, integer); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.empty_file_trash(p_days integer, p_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_count int;
begin
  delete from app.files f using (
    select o.org_id, o.file_id from app.files o where o.latest and o.deleted_at < now() - make_interval(days => p_days) order by o.deleted_at limit p_most) old
  where f.org_id = old.org_id and f.file_id = old.file_id;
  get diagnostics v_count = row_count;
  return v_count;
end $$;

ALTER FUNCTION app.empty_file_trash(p_days integer, p_most integer) OWNER TO plinth_entry;

-- Name: empty_trash(integer, integer); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.empty_trash(p_days integer, p_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_count int;
begin
  delete from app.tasks t using (
    select o.org_id, o.id from app.tasks o where o.deleted_at < now() - make_interval(days => p_days) order by o.deleted_at limit p_most) old
  where t.org_id = old.org_id and t.id = old.id and t.deleted_at < now() - make_interval(days => p_days); -- also after a wait for its restoration
  get diagnostics v_count = row_count;
  return v_count;
end $$;

ALTER FUNCTION app.empty_trash(p_days integer, p_most integer) OWNER TO plinth_entry;

-- Name: ended_sessions(); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.ended_sessions() RETURNS TABLE(id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select s.id from app.sessions s where s.ended_at > now() - interval '20 seconds' $$;

ALTER FUNCTION app.ended_sessions() OWNER TO plinth_entry;

-- Name: enqueue(text, uuid, integer); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.enqueue(p_kind text, p_job uuid, p_attempts integer DEFAULT 5) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into jobs.river_job (kind, args, max_attempts)
  values (p_kind, jsonb_build_object('org_id', app.current_org(), 'user_id', app.current_user_id(), 'job_id', p_job), p_attempts);
end $$;

ALTER FUNCTION app.enqueue(p_kind text, p_job uuid, p_attempts integer) OWNER TO plinth_entry;

-- Name: enter_invitation(bytea); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.enter_invitation(p_hash bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION app.enter_invitation(p_hash bytea) OWNER TO plinth_entry;

-- Name: enter_job(uuid, uuid, smallint); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.enter_job(p_user uuid, p_org uuid, p_need smallint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v app.memberships;
  v_scope text;
begin
  select * into v from app.memberships m where m.org_id = p_org and m.user_id = p_user;
  if v.role is null then perform app.refuse('org-denied'); end if;
  if app.role_rank(v.role) < p_need then perform app.refuse('forbidden'); end if;
  v_scope := app.set_scope(v.reseller_id, p_user, p_org, v.role, app.project_ranks(p_org, p_user, v.role));
end $$;

ALTER FUNCTION app.enter_job(p_user uuid, p_org uuid, p_need smallint) OWNER TO plinth_entry;

-- Name: enter_org(uuid, uuid, uuid, uuid, smallint); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.enter_org(p_reseller uuid, p_user uuid, p_session uuid, p_org uuid, p_need smallint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: events_held(); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.events_held() RETURNS double precision
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select coalesce(extract(epoch from now() - min(e.created_at)), 0)::float8 from app.events e
  where e.xid >= pg_snapshot_xmin(pg_current_snapshot()) $$;

ALTER FUNCTION app.events_held() OWNER TO plinth_entry;

-- Name: fail_job(uuid, text); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.fail_job(p_id uuid, p_fault text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update app.jobs set state = 'failed', fault = p_fault, finished_at = now(), version = version + 1
  where org_id = app.current_org() and id = p_id and created_by = app.current_user_id() and finished_at is null $$;

ALTER FUNCTION app.fail_job(p_id uuid, p_fault text) OWNER TO plinth_entry;

-- Name: field_operand(uuid, uuid, text, text, text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.field_operand(p_org uuid, p_project uuid, p_key text, p_op text, p_text text, p_place text DEFAULT 'query.filter'::text) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $_$
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
end $_$;

ALTER FUNCTION app.field_operand(p_org uuid, p_project uuid, p_key text, p_op text, p_text text, p_place text) OWNER TO postgres;

-- Name: field_rows(uuid, uuid, jsonb); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.field_rows(p_org uuid, p_project uuid, p_values jsonb) RETURNS TABLE(key text, slot smallint, value text, sort_key text)
    LANGUAGE sql STABLE
    AS $$
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

ALTER FUNCTION app.field_rows(p_org uuid, p_project uuid, p_values jsonb) OWNER TO postgres;

-- Name: files; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.files (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    file_id uuid NOT NULL,
    number integer NOT NULL,
    latest boolean NOT NULL,
    project_id uuid,
    task_id uuid,
    comment_id uuid,
    name text NOT NULL,
    content_type text NOT NULL,
    size bigint NOT NULL,
    sha256 text,
    scan_status text NOT NULL,
    scan_result text,
    scan_database text,
    scanned_at timestamp with time zone,
    due_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    alert boolean DEFAULT false NOT NULL,
    thumbnail_id uuid,
    uploaded_by uuid NOT NULL,
    uploaded_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by uuid NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT files_check CHECK ((((task_id IS NULL) = (project_id IS NULL)) AND ((comment_id IS NULL) OR (task_id IS NOT NULL)))),
    CONSTRAINT files_scan_status_check CHECK ((scan_status = ANY (ARRAY['pending'::text, 'clean'::text, 'infected'::text, 'unscannable'::text, 'failed'::text, 'skipped'::text])))
);

ALTER TABLE ONLY app.files FORCE ROW LEVEL SECURITY;

ALTER TABLE app.files OWNER TO postgres;

-- Name: file_json(app.files); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.file_json(f app.files) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
  select jsonb_build_object('id', f.file_id, 'name', f.name, 'content_type', f.content_type, 'size', f.size, 'sha256', f.sha256,
    'scan_status', f.scan_status, 'scan_result', f.scan_result, 'project_id', f.project_id, 'task_id', f.task_id, 'comment_id', f.comment_id,
    'number', f.number, 'thumbnail_id', f.thumbnail_id, 'uploaded_by', f.uploaded_by, 'uploaded_at', f.uploaded_at,
    'created_by', f.created_by, 'version', f.version, 'created_at', f.created_at, 'updated_at', f.updated_at, 'deleted_at', f.deleted_at) $$;

ALTER FUNCTION app.file_json(f app.files) OWNER TO postgres;

-- Name: file_place(uuid, uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.file_place(p_org uuid, p_task uuid, p_comment uuid) RETURNS TABLE(task_id uuid, project_id uuid, comment_id uuid)
    LANGUAGE plpgsql STABLE
    AS $$
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

ALTER FUNCTION app.file_place(p_org uuid, p_task uuid, p_comment uuid) OWNER TO postgres;

-- Name: forget_object(uuid, uuid); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.forget_object(p_org uuid, p_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from app.objects o where o.org_id = p_org and o.id = p_id and o.expires_at = '-infinity' $$;

ALTER FUNCTION app.forget_object(p_org uuid, p_id uuid) OWNER TO plinth_entry;

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

-- Name: found_project(uuid); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.found_project(p_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if app.current_rank() < 2 or exists (select from app.projects p where p.org_id = app.current_org() and p.id = p_id) then
    perform app.refuse('forbidden');
  end if;
  perform set_config('app.project_ranks', p_id || '=3 ' || current_setting('app.project_ranks', true), true);
end $$;

ALTER FUNCTION app.found_project(p_id uuid) OWNER TO plinth_entry;

-- Name: in_scope(); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.in_scope() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select current_setting('app.at', true) = extract(epoch from transaction_timestamp())::text $$;

ALTER FUNCTION app.in_scope() OWNER TO postgres;

-- Name: in_trash(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.in_trash(p_org uuid, p_task uuid) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
  select exists (select from app.tasks t where t.org_id = p_org and t.id = p_task and t.deleted_at is not null) $$;

ALTER FUNCTION app.in_trash(p_org uuid, p_task uuid) OWNER TO postgres;

-- Name: is_blocked(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.is_blocked(p_org uuid, p_task uuid) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
  select exists (select from app.task_links l join app.tasks b on b.org_id = p_org and b.id = l.task_id
    where l.org_id = p_org and l.other_id = p_task and l.kind = 'blocks' and b.status not in ('done', 'canceled') and b.deleted_at is null) $$;

ALTER FUNCTION app.is_blocked(p_org uuid, p_task uuid) OWNER TO postgres;

-- Name: is_date(text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.is_date(p text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
begin
  return p ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and to_char(p::date, 'YYYY-MM-DD') = p;
exception when others then
  return false;
end $_$;

ALTER FUNCTION app.is_date(p text) OWNER TO postgres;

-- Name: is_uuid(text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.is_uuid(p text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $_$
  select p ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' $_$;

ALTER FUNCTION app.is_uuid(p text) OWNER TO postgres;

-- Name: knows_object(text, uuid, uuid); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.knows_object(p_store text, p_org uuid, p_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select exists (select from app.objects o where o.org_id = p_org and o.id = p_id and o.store = p_store) $$;

ALTER FUNCTION app.knows_object(p_store text, p_org uuid, p_id uuid) OWNER TO plinth_entry;

-- Name: label_ids(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.label_ids(p_org uuid, p_task uuid) RETURNS uuid[]
    LANGUAGE plpgsql
    AS $$
begin
  return array(select l.label_id from app.task_labels l where l.org_id = p_org and l.task_id = p_task order by 1);
end $$;

ALTER FUNCTION app.label_ids(p_org uuid, p_task uuid) OWNER TO postgres;

-- Name: lane_tasks(uuid, uuid, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.lane_tasks(p_org uuid, p_board uuid, p_group_by text) RETURNS TABLE(column_id uuid, value text, name text, place text)
    LANGUAGE plpgsql STABLE
    AS $$
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

ALTER FUNCTION app.lane_tasks(p_org uuid, p_board uuid, p_group_by text) OWNER TO postgres;

-- Name: link_turned(text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.link_turned(p_kind text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select case p_kind when 'blocks' then 'blocked_by' when 'duplicates' then 'duplicated_by' else p_kind end $$;

ALTER FUNCTION app.link_turned(p_kind text) OWNER TO postgres;

-- Name: linked_content(uuid, uuid); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.linked_content(p_org uuid, p_id uuid) RETURNS TABLE(id uuid, file_id uuid, name text, content_type text, size bigint, sha256 text, scan_status text, uploaded_at timestamp with time zone, store text, pin text, quarantined boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select f.id, f.file_id, f.name, f.content_type, f.size, f.sha256, f.scan_status, f.uploaded_at, o.store, o.pin, o.quarantined
  from app.files f join app.objects o on o.org_id = f.org_id and o.id = f.id
  join app.files l on l.org_id = f.org_id and l.file_id = f.file_id and l.latest
  left join app.tasks t on t.org_id = f.org_id and t.id = f.task_id
  where f.org_id = p_org and f.id = p_id and l.deleted_at is null and t.deleted_at is null $$;

ALTER FUNCTION app.linked_content(p_org uuid, p_id uuid) OWNER TO plinth_entry;

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

-- Name: nth_rank(integer); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.nth_rank(p_n integer) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select case when p_n <= 62 then 'a' || substr(d, p_n, 1) else 'b' || substr(d, (p_n - 63) / 62 + 1, 1) || substr(d, (p_n - 63) % 62 + 1, 1) end
  from (values ('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')) digits(d) $$;

ALTER FUNCTION app.nth_rank(p_n integer) OWNER TO postgres;

-- Name: number_order(double precision); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.number_order(n double precision) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select lpad(to_hex((case when n < 0 then ~ ('x' || encode(float8send(n), 'hex'))::bit(64)
    else ('x' || encode(float8send(n + 0), 'hex'))::bit(64) # b'1000000000000000000000000000000000000000000000000000000000000000' end)::bigint), 16, '0') $$;

ALTER FUNCTION app.number_order(n double precision) OWNER TO postgres;

-- Name: object_moved(uuid, uuid, text, text, text); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.object_moved(p_org uuid, p_id uuid, p_pin text, p_store text, p_new_pin text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update app.objects o set store = p_store, pin = p_new_pin
  where o.org_id = p_org and o.id = p_id and o.pin = p_pin and o.store <> p_store and o.expires_at is null;
  return found;
end $$;

ALTER FUNCTION app.object_moved(p_org uuid, p_id uuid, p_pin text, p_store text, p_new_pin text) OWNER TO plinth_entry;

-- Name: objects_in(text, uuid, uuid, integer); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.objects_in(p_store text, p_org uuid, p_id uuid, p_most integer) RETURNS TABLE(org_id uuid, id uuid, size bigint, pin text, quarantined boolean, sha256 text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select o.org_id, o.id, o.size, o.pin, o.quarantined, f.sha256
  from app.objects o left join app.files f on f.org_id = o.org_id and f.id = o.id
  where o.store = p_store and o.pin is not null and o.expires_at is null and (o.org_id, o.id) > (p_org, p_id) order by o.org_id, o.id limit p_most $$;

ALTER FUNCTION app.objects_in(p_store text, p_org uuid, p_id uuid, p_most integer) OWNER TO plinth_entry;

-- Name: ordered_id(integer); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.ordered_id(p_counter integer) RETURNS uuid
    LANGUAGE sql PARALLEL SAFE
    AS $$
  select encode(
    substr(int8send((extract(epoch from transaction_timestamp()) * 1000)::bigint), 3) || substr(int4send(x'7000'::int + p_counter), 3)
    || substr(uuid_send(gen_random_uuid()), 9), 'hex')::uuid $$;

ALTER FUNCTION app.ordered_id(p_counter integer) OWNER TO postgres;

-- Name: payload_changes(jsonb, jsonb); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.payload_changes(p_before jsonb, p_after jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select case when p_before - '{version,updated_at,rank}'::text[] = p_after - '{version,updated_at,rank}'::text[] then '[]' else (
  select coalesce(jsonb_agg(jsonb_build_object('field', field, 'from', b.value, 'to', a.value) order by field collate "C"), '[]')
  from app.payload_fields(p_before) b full join app.payload_fields(p_after) a using (field)
  where case when b.value is null or a.value is null then coalesce(b.value, a.value) not in ('null', '[]', '{}') else b.value <> a.value end) end $$;

ALTER FUNCTION app.payload_changes(p_before jsonb, p_after jsonb) OWNER TO postgres;

-- Name: payload_fields(jsonb); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.payload_fields(p jsonb) RETURNS TABLE(field text, value jsonb)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select e.key, e.value from jsonb_each(p - '{version,updated_at,rank,blocked,reply_count,reactions,fields}'::text[]) e
  union all
  select 'fields.' || e.key, e.value from jsonb_each(case when jsonb_typeof(p -> 'fields') = 'object' then p -> 'fields' else '{}' end) e $$;

ALTER FUNCTION app.payload_fields(p jsonb) OWNER TO postgres;

-- Name: people_see(uuid, uuid, uuid[]); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.people_see(p_org uuid, p_project uuid, p_users uuid[]) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
  select cardinality(p_users) = 0 or not exists (
    select from app.memberships m join app.projects p on p.org_id = p_org and p.id = p_project
    where m.org_id = p_org and m.user_id = any(p_users)
      and (m.role = 'guest' or m.role = 'member' and p.private)
      and not exists (select from app.project_members x where x.org_id = p_org and x.project_id = p_project and x.user_id = m.user_id)) $$;

ALTER FUNCTION app.people_see(p_org uuid, p_project uuid, p_users uuid[]) OWNER TO postgres;

-- Name: priority_name(smallint); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.priority_name(p smallint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select (array['none', 'low', 'medium', 'high', 'urgent'])[p + 1] $$;

ALTER FUNCTION app.priority_name(p smallint) OWNER TO postgres;

-- Name: project_rank(uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.project_rank(p_project uuid) RETURNS smallint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select coalesce(
    substr(current_setting('app.project_ranks', true), nullif(strpos(current_setting('app.project_ranks', true), p_project::text), 0) + 37, 1),
    nullif(current_setting('app.project_default', true), ''), '0')::smallint $$;

ALTER FUNCTION app.project_rank(p_project uuid) OWNER TO postgres;

-- Name: project_ranks(uuid, uuid, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.project_ranks(p_org uuid, p_user uuid, p_role text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
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

ALTER FUNCTION app.project_ranks(p_org uuid, p_user uuid, p_role text) OWNER TO postgres;

-- Name: project_table(text, text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.project_table(name text, writer text DEFAULT 'member'::text, project text DEFAULT 'project_id'::text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
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
end $_$;

ALTER FUNCTION app.project_table(name text, writer text, project text) OWNER TO postgres;

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

-- Name: read_access(uuid, uuid[]); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.read_access(p_org uuid, p_users uuid[]) RETURNS TABLE(user_id uuid, role text, project_ranks text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select m.user_id, m.role, app.project_ranks(p_org, m.user_id, m.role)
  from app.memberships m where m.org_id = p_org and m.user_id = any(p_users) $$;

ALTER FUNCTION app.read_access(p_org uuid, p_users uuid[]) OWNER TO plinth_entry;

-- Name: read_events(timestamp with time zone, xid8, bigint, integer); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.read_events(p_since timestamp with time zone, p_xid xid8, p_id bigint, p_limit integer) RETURNS TABLE(xid xid8, id bigint, uid uuid, org_id uuid, kind text, entity_id uuid, project_id uuid, task_id uuid, board_id uuid, version integer, actor_id uuid, payload jsonb, created_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return query select e.xid, e.id, e.uid, e.org_id, e.kind, e.entity_id, e.project_id, e.task_id,
    (select t.board_id from app.tasks t where t.org_id = e.org_id and t.id = e.task_id), e.version, e.actor_id, e.payload, e.created_at
  from app.events e
  where e.created_at >= p_since and (e.xid, e.id) > (p_xid, p_id) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
  order by e.xid, e.id limit p_limit;
end $$;

ALTER FUNCTION app.read_events(p_since timestamp with time zone, p_xid xid8, p_id bigint, p_limit integer) OWNER TO plinth_entry;

-- Name: recheck_files(text, uuid, uuid, integer); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.recheck_files(p_database text, p_org uuid, p_id uuid, p_most integer, OUT last_org uuid, OUT last_id uuid, OUT more boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION app.recheck_files(p_database text, p_org uuid, p_id uuid, p_most integer, OUT last_org uuid, OUT last_id uuid, OUT more boolean) OWNER TO plinth_entry;

-- Name: refuse(text, text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.refuse(kind text, place text DEFAULT ''::text, why text DEFAULT ''::text) RETURNS boolean
    LANGUAGE plpgsql PARALLEL SAFE
    AS $$
begin
  raise exception using
    errcode = case when kind in ('session-ended', 'org-denied', 'forbidden') then '42501' else 'PLNTH' end,
    message = kind, constraint = kind, column = place, detail = why;
end $$;

ALTER FUNCTION app.refuse(kind text, place text, why text) OWNER TO postgres;

-- Name: replay_events(uuid, xid8, bigint, xid8, bigint, integer); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.replay_events(p_org uuid, p_xid xid8, p_id bigint, p_until_xid xid8, p_until_id bigint, p_limit integer) RETURNS TABLE(xid xid8, id bigint, uid uuid, org_id uuid, kind text, entity_id uuid, project_id uuid, task_id uuid, board_id uuid, version integer, actor_id uuid, payload jsonb, created_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if exists (select from app.event_floors f where f.org_id = p_org and (f.xid, f.id) > (p_xid, p_id)) then
    perform app.refuse('validation', 'query.cursor');
  end if;
  return query select e.xid, e.id, e.uid, e.org_id, e.kind, e.entity_id, e.project_id, e.task_id,
    (select t.board_id from app.tasks t where t.org_id = e.org_id and t.id = e.task_id), e.version, e.actor_id, e.payload, e.created_at
  from app.events e
  where e.org_id = p_org and (e.xid, e.id) > (p_xid, p_id) and (e.xid, e.id) <= (p_until_xid, p_until_id)
    and e.xid < pg_snapshot_xmin(pg_current_snapshot())
  order by e.xid, e.id limit p_limit;
end $$;

ALTER FUNCTION app.replay_events(p_org uuid, p_xid xid8, p_id bigint, p_until_xid xid8, p_until_id bigint, p_limit integer) OWNER TO plinth_entry;

-- Name: require(boolean, text, text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.require(ok boolean, kind text, place text DEFAULT ''::text, why text DEFAULT ''::text) RETURNS boolean
    LANGUAGE plpgsql COST 1000 PARALLEL SAFE
    AS $$ -- so that it is asked after all that tells which row is meant
begin
  return coalesce(ok, false) or app.refuse(kind, place, why);
end $$;

ALTER FUNCTION app.require(ok boolean, kind text, place text, why text) OWNER TO postgres;

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

CREATE FUNCTION app.search_tasks(q text) RETURNS TABLE(task_id uuid, score real)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET "pg_trgm.word_similarity_threshold" TO '0.35'
    AS $_$
declare
  v_words text[] := tsvector_to_array(to_tsvector('pg_catalog.simple', q));
  v_query tsquery;
begin
  select string_agg(quote_literal(w) || ':*', ' & ')::tsquery into v_query from unnest(v_words) w;
  if v_query is null then return; end if;
  return query execute 'select s.task_id, max(ts_rank(s.words, $2)) from app.task_search s
    where s.org_id = $1 and s.words @@ $2 group by s.task_id' using app.current_org(), v_query;
  if found then return; end if;
  return query execute 'select s.task_id, max((select sum(app.word_similarity(w, s.spelling)) from unnest($2) w))::real
    from app.task_search s where s.org_id = $1 and ' ||
    (select string_agg(format('s.spelling operator(app.%%>) %L', w), ' and ') from unnest(v_words) w) ||
    ' group by s.task_id' using app.current_org(), v_words;
end $_$;

ALTER FUNCTION app.search_tasks(q text) OWNER TO plinth_entry;

-- Name: sees_project(uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.sees_project(p_project uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select not (current_setting('app.sees_all', true) <> 't' and app.project_rank(p_project) = 0) $$;

ALTER FUNCTION app.sees_project(p_project uuid) OWNER TO postgres;

-- Name: set_scope(uuid, uuid, uuid, text, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text, p_ranks text DEFAULT ''::text) RETURNS text
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION app.set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text, p_ranks text) OWNER TO postgres;

-- Name: spelling(tsvector); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.spelling(words tsvector) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select left(array_to_string(tsvector_to_array(words), ' '), 4000) $$;

ALTER FUNCTION app.spelling(words tsvector) OWNER TO postgres;

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
  delete from app.sessions where expires_at < now() - interval '7 days';
  delete from app.jobs where finished_at < now() - interval '30 days';
  update app.jobs set state = 'failed', fault = 'unavailable', finished_at = now(), version = version + 1
  where finished_at is null and created_at < now() - interval '7 days' $$;

ALTER FUNCTION app.sweep() OWNER TO plinth_entry;

-- Name: take_checks(integer, integer); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.take_checks(p_most integer, p_seconds integer) RETURNS TABLE(org_id uuid, id uuid, file_id uuid, project_id uuid, name text, content_type text, size bigint, sha256 text, scan_status text, scan_result text, store text, pin text, quarantined boolean, alert boolean, attempts integer, thumbnail_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION app.take_checks(p_most integer, p_seconds integer) OWNER TO plinth_entry;

-- Name: take_storage(uuid, bigint, bigint); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.take_storage(p_org uuid, p_bytes bigint, p_quota bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION app.take_storage(p_org uuid, p_bytes bigint, p_quota bigint) OWNER TO postgres;

-- Name: task_id(uuid, uuid, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.task_id(p_org uuid, p_id uuid, p_key text) RETURNS uuid
    LANGUAGE plpgsql STABLE COST 10
    AS $$
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

ALTER FUNCTION app.task_id(p_org uuid, p_id uuid, p_key text) OWNER TO postgres;

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
      t.start_at, t.due_at, t.estimate, t.fields, t.mention_ids, t.parent_id, app.is_blocked(t.org_id, t.id) as blocked,
      t.created_by, t.rank, t.version, t.created_at, t.updated_at, t.completed_at, t.archived_at
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

-- Name: trim_events(integer, integer); Type: FUNCTION; Schema: app; Owner: plinth_entry

CREATE FUNCTION app.trim_events(p_days integer, p_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v record;
  v_xid xid8;
  v_id bigint;
  v_deleted int;
  v_total int := 0;
begin
  for v in select o.id as org_id, now() - make_interval(days => coalesce(o.event_days, p_days)) as cutoff
           from app.organizations o where coalesce(o.event_days, p_days) > 0 loop
    continue when not exists (select from app.events e where e.org_id = v.org_id and e.created_at < v.cutoff);
    select e.xid, e.id into v_xid, v_id from app.events e where e.org_id = v.org_id and e.created_at >= v.cutoff order by e.xid, e.id limit 1;
    with old as (
      select e.id, e.created_at from app.events e
      where e.org_id = v.org_id and e.xid < pg_snapshot_xmin(pg_current_snapshot())
        and (e.xid, e.id) < (coalesce(v_xid, '18446744073709551615'), coalesce(v_id, 0))
      order by e.xid, e.id limit p_limit - v_total
    ),
    gone as (
      delete from app.events e using old where e.org_id = v.org_id and e.id = old.id and e.created_at = old.created_at
      returning e.xid, e.id
    ),
    noted as (
      insert into app.event_floors (org_id, xid, id) select v.org_id, g.xid, g.id from gone g order by g.xid desc, g.id desc limit 1
      on conflict (org_id) do update set xid = excluded.xid, id = excluded.id
    )
    select count(*) into v_deleted from gone;
    v_total := v_total + v_deleted;
    exit when v_total >= p_limit;
  end loop;
  return v_total;
end $$;

ALTER FUNCTION app.trim_events(p_days integer, p_limit integer) OWNER TO plinth_entry;

-- Name: writable_board(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.writable_board(p_org uuid, p_id uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if exists (select from app.boards b where b.org_id = p_org and b.id = p_id and app.project_rank(b.project_id) < 2) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

ALTER FUNCTION app.writable_board(p_org uuid, p_id uuid) OWNER TO postgres;

-- Name: writable_checklist_item(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.writable_checklist_item(p_org uuid, p_id uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if exists (select from app.checklist_items i where i.org_id = p_org and i.id = p_id and app.project_rank(i.project_id) < 2) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

ALTER FUNCTION app.writable_checklist_item(p_org uuid, p_id uuid) OWNER TO postgres;

-- Name: writable_column(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.writable_column(p_org uuid, p_id uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if exists (select from app.columns c where c.org_id = p_org and c.id = p_id and app.project_rank(c.project_id) < 2) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

ALTER FUNCTION app.writable_column(p_org uuid, p_id uuid) OWNER TO postgres;

-- Name: writable_field(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.writable_field(p_org uuid, p_id uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if exists (select from app.fields f where f.org_id = p_org and f.id = p_id and app.project_rank(f.project_id) < 2) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

ALTER FUNCTION app.writable_field(p_org uuid, p_id uuid) OWNER TO postgres;

-- Name: writable_file(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.writable_file(p_org uuid, p_file uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_project uuid;
begin
  perform pg_advisory_xact_lock(hashtextextended('file ' || p_file, 0));
  select f.project_id into v_project from app.files f where f.org_id = p_org and f.file_id = p_file and f.latest;
  if v_project is not null and app.project_rank(v_project) < 2 then perform app.refuse('forbidden'); end if;
end $$;

ALTER FUNCTION app.writable_file(p_org uuid, p_file uuid) OWNER TO postgres;

-- Name: writable_project(uuid, uuid, integer); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.writable_project(p_org uuid, p_id uuid, p_rank integer DEFAULT 2) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if app.project_rank(p_id) < p_rank and exists (select from app.projects p where p.org_id = p_org and p.id = p_id) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

ALTER FUNCTION app.writable_project(p_org uuid, p_id uuid, p_rank integer) OWNER TO postgres;

-- Name: writable_task(uuid, uuid, text); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.writable_task(p_org uuid, p_id uuid, p_key text DEFAULT NULL::text) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_id uuid := app.task_id(p_org, p_id, p_key);
begin
  if exists (select from app.tasks t where t.org_id = p_org and t.id = v_id and app.project_rank(t.project_id) < 2) then
    perform app.refuse('forbidden');
  end if;
  return v_id;
end $$;

ALTER FUNCTION app.writable_task(p_org uuid, p_id uuid, p_key text) OWNER TO postgres;

-- Name: writable_template(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.writable_template(p_org uuid, p_id uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if exists (select from app.project_templates t where t.org_id = p_org and t.id = p_id and t.created_by <> app.current_user_id() and app.current_rank() < 3) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

ALTER FUNCTION app.writable_template(p_org uuid, p_id uuid) OWNER TO postgres;

-- Name: writable_view(uuid, uuid); Type: FUNCTION; Schema: app; Owner: postgres

CREATE FUNCTION app.writable_view(p_org uuid, p_id uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if exists (select from app.views v where v.org_id = p_org and v.id = p_id and v.owner_id <> app.current_user_id()
      and app.current_rank() < 3 and not (v.visibility = 'project' and app.project_rank(v.project_id) >= 3)) then
    perform app.refuse('forbidden');
  end if;
  return p_id;
end $$;

ALTER FUNCTION app.writable_view(p_org uuid, p_id uuid) OWNER TO postgres;

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

-- Name: checklist_items; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.checklist_items (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    project_id uuid NOT NULL,
    task_id uuid NOT NULL,
    text text NOT NULL,
    checked_at timestamp with time zone,
    checked_by uuid,
    rank text NOT NULL COLLATE pg_catalog."C",
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.checklist_items FORCE ROW LEVEL SECURITY;

ALTER TABLE app.checklist_items OWNER TO postgres;

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
    wip_mode text DEFAULT 'soft'::text NOT NULL,
    CONSTRAINT columns_status_check CHECK ((status = ANY (ARRAY['backlog'::text, 'todo'::text, 'in_progress'::text, 'done'::text, 'canceled'::text]))),
    CONSTRAINT columns_wip_mode_check CHECK ((wip_mode = ANY (ARRAY['soft'::text, 'hard'::text])))
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
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    parent_id uuid,
    mention_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT comments_tombstone CHECK (((deleted_at IS NULL) OR ((parent_id IS NULL) AND (body = ''::text) AND (mention_ids = '{}'::uuid[]))))
);

ALTER TABLE ONLY app.comments FORCE ROW LEVEL SECURITY;

ALTER TABLE app.comments OWNER TO postgres;

-- Name: event_floors; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.event_floors (
    org_id uuid NOT NULL,
    xid xid8 NOT NULL,
    id bigint NOT NULL
);

ALTER TABLE ONLY app.event_floors FORCE ROW LEVEL SECURITY;

ALTER TABLE app.event_floors OWNER TO postgres;

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
)
PARTITION BY RANGE (created_at);

ALTER TABLE ONLY app.events FORCE ROW LEVEL SECURITY;

ALTER TABLE app.events OWNER TO postgres;

-- Name: events_id_seq; Type: SEQUENCE; Schema: app; Owner: postgres

ALTER TABLE app.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME app.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: field_values; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.field_values (
    org_id uuid NOT NULL,
    task_id uuid NOT NULL,
    key text NOT NULL,
    slot smallint NOT NULL,
    project_id uuid NOT NULL,
    value text NOT NULL COLLATE pg_catalog."C",
    sort_key text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE ONLY app.field_values FORCE ROW LEVEL SECURITY;

ALTER TABLE app.field_values OWNER TO postgres;

-- Name: fields; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.fields (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    project_id uuid NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    options jsonb DEFAULT '[]'::jsonb NOT NULL,
    rank text NOT NULL COLLATE pg_catalog."C",
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT fields_type_check CHECK ((type = ANY (ARRAY['text'::text, 'number'::text, 'date'::text, 'select'::text, 'multi_select'::text, 'person'::text, 'checkbox'::text, 'url'::text])))
);

ALTER TABLE ONLY app.fields FORCE ROW LEVEL SECURITY;

ALTER TABLE app.fields OWNER TO postgres;

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

-- Name: job_failures; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.job_failures (
    org_id uuid NOT NULL,
    job_id uuid NOT NULL,
    index integer NOT NULL,
    created_by uuid NOT NULL,
    task text,
    kind text NOT NULL,
    detail text NOT NULL,
    errors jsonb DEFAULT '[]'::jsonb NOT NULL
);

ALTER TABLE ONLY app.job_failures FORCE ROW LEVEL SECURITY;

ALTER TABLE app.job_failures OWNER TO postgres;

-- Name: jobs; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.jobs (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    created_by uuid NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    total integer NOT NULL,
    done integer DEFAULT 0 NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    input jsonb NOT NULL,
    fault text,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT jobs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'canceled'::text, 'failed'::text])))
);

ALTER TABLE ONLY app.jobs FORCE ROW LEVEL SECURITY;

ALTER TABLE app.jobs OWNER TO postgres;

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

-- Name: objects; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.objects (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    store text NOT NULL,
    size bigint NOT NULL,
    pin text,
    quarantined boolean DEFAULT false NOT NULL,
    thumbnail_of uuid,
    expires_at timestamp with time zone,
    given_up boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT objects_size_check CHECK ((size >= 0)),
    CONSTRAINT objects_store_check CHECK ((store = ANY (ARRAY['dir'::text, 's3'::text])))
);

ALTER TABLE ONLY app.objects FORCE ROW LEVEL SECURITY;

ALTER TABLE app.objects OWNER TO postgres;

-- Name: organizations; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.organizations (
    id uuid NOT NULL,
    reseller_id uuid NOT NULL,
    name text NOT NULL,
    slug text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    event_days integer,
    storage_bytes bigint,
    CONSTRAINT organizations_event_days_check CHECK (((event_days >= 1) AND (event_days <= 36500))),
    CONSTRAINT organizations_storage_bytes_check CHECK ((storage_bytes >= 0))
);

ALTER TABLE ONLY app.organizations FORCE ROW LEVEL SECURITY;

ALTER TABLE app.organizations OWNER TO postgres;

-- Name: project_members; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.project_members (
    org_id uuid NOT NULL,
    project_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT project_members_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'member'::text, 'guest'::text])))
);

ALTER TABLE ONLY app.project_members FORCE ROW LEVEL SECURITY;

ALTER TABLE app.project_members OWNER TO postgres;

-- Name: project_templates; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.project_templates (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    content jsonb NOT NULL,
    created_by uuid NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.project_templates FORCE ROW LEVEL SECURITY;

ALTER TABLE app.project_templates OWNER TO postgres;

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
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    private boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY app.projects FORCE ROW LEVEL SECURITY;

ALTER TABLE app.projects OWNER TO postgres;

-- Name: reactions; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.reactions (
    org_id uuid NOT NULL,
    comment_id uuid NOT NULL,
    user_id uuid NOT NULL,
    emoji text NOT NULL,
    task_id uuid NOT NULL,
    project_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.reactions FORCE ROW LEVEL SECURITY;

ALTER TABLE app.reactions OWNER TO postgres;

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

-- Name: storage; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.storage (
    org_id uuid NOT NULL,
    bytes bigint NOT NULL,
    CONSTRAINT storage_bytes_check CHECK ((bytes >= 0))
);

ALTER TABLE ONLY app.storage FORCE ROW LEVEL SECURITY;

ALTER TABLE app.storage OWNER TO postgres;

-- Name: task_assignees; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.task_assignees (
    org_id uuid NOT NULL,
    task_id uuid NOT NULL,
    user_id uuid NOT NULL,
    project_id uuid NOT NULL,
    task_created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY app.task_assignees FORCE ROW LEVEL SECURITY;

ALTER TABLE app.task_assignees OWNER TO postgres;

-- Name: task_keys; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.task_keys (
    org_id uuid NOT NULL,
    key text NOT NULL,
    task_id uuid NOT NULL,
    project_id uuid NOT NULL
);

ALTER TABLE ONLY app.task_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE app.task_keys OWNER TO postgres;

-- Name: task_labels; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.task_labels (
    org_id uuid NOT NULL,
    task_id uuid NOT NULL,
    label_id uuid NOT NULL,
    project_id uuid NOT NULL,
    task_created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY app.task_labels FORCE ROW LEVEL SECURITY;

ALTER TABLE app.task_labels OWNER TO postgres;

-- Name: task_links; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.task_links (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    task_id uuid NOT NULL,
    project_id uuid NOT NULL,
    other_id uuid NOT NULL,
    other_project_id uuid NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_links_check CHECK ((task_id <> other_id)),
    CONSTRAINT task_links_kind_check CHECK ((kind = ANY (ARRAY['blocks'::text, 'relates'::text, 'duplicates'::text])))
);

ALTER TABLE ONLY app.task_links FORCE ROW LEVEL SECURITY;

ALTER TABLE app.task_links OWNER TO postgres;

-- Name: task_search; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.task_search (
    org_id uuid NOT NULL,
    task_id uuid NOT NULL,
    words tsvector NOT NULL,
    project_id uuid NOT NULL,
    doc_id uuid NOT NULL,
    spelling text NOT NULL
);

ALTER TABLE ONLY app.task_search FORCE ROW LEVEL SECURITY;

ALTER TABLE app.task_search OWNER TO postgres;

-- Name: task_watchers; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.task_watchers (
    org_id uuid NOT NULL,
    task_id uuid NOT NULL,
    user_id uuid NOT NULL,
    project_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.task_watchers FORCE ROW LEVEL SECURITY;

ALTER TABLE app.task_watchers OWNER TO postgres;

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
    start_at timestamp with time zone,
    estimate double precision,
    fields jsonb DEFAULT '{}'::jsonb NOT NULL,
    mention_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    archived_at timestamp with time zone,
    CONSTRAINT tasks_dates CHECK ((start_at <= due_at)),
    CONSTRAINT tasks_estimate_check CHECK (((estimate >= (0)::double precision) AND (estimate <= (1000000)::double precision))),
    CONSTRAINT tasks_live_column CHECK (((column_id IS NOT NULL) OR (deleted_at IS NOT NULL))),
    CONSTRAINT tasks_priority_check CHECK (((priority >= 0) AND (priority <= 4)))
);

ALTER TABLE ONLY app.tasks FORCE ROW LEVEL SECURITY;

ALTER TABLE app.tasks OWNER TO postgres;

-- Name: uploads; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.uploads (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    file_id uuid,
    task_id uuid,
    comment_id uuid,
    name text NOT NULL,
    content_type text NOT NULL,
    size bigint NOT NULL,
    sha256 text,
    multipart text,
    resumable boolean NOT NULL,
    created_by uuid NOT NULL,
    held_by uuid,
    held_until timestamp with time zone,
    wanted boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY app.uploads FORCE ROW LEVEL SECURITY;

ALTER TABLE app.uploads OWNER TO postgres;

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

-- Name: views; Type: TABLE; Schema: app; Owner: postgres

CREATE TABLE app.views (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    project_id uuid,
    owner_id uuid NOT NULL,
    name text NOT NULL,
    visibility text NOT NULL,
    filter text NOT NULL,
    sort text NOT NULL,
    group_by text NOT NULL,
    fields text[] NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT views_check CHECK (((visibility <> 'project'::text) OR (project_id IS NOT NULL))),
    CONSTRAINT views_visibility_check CHECK ((visibility = ANY (ARRAY['private'::text, 'project'::text, 'organization'::text])))
);

ALTER TABLE ONLY app.views FORCE ROW LEVEL SECURITY;

ALTER TABLE app.views OWNER TO postgres;

-- Name: boards boards_org_id_project_id_id_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.boards
    ADD CONSTRAINT boards_org_id_project_id_id_key UNIQUE (org_id, project_id, id);

-- Name: boards boards_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.boards
    ADD CONSTRAINT boards_pkey PRIMARY KEY (org_id, id);

-- Name: checklist_items checklist_items_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.checklist_items
    ADD CONSTRAINT checklist_items_pkey PRIMARY KEY (org_id, id);

-- Name: checklist_items checklist_items_rank_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.checklist_items
    ADD CONSTRAINT checklist_items_rank_key UNIQUE (org_id, task_id, rank);

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

-- Name: comments comments_project_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.comments
    ADD CONSTRAINT comments_project_key UNIQUE (org_id, id, task_id, project_id);

-- Name: event_floors event_floors_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.event_floors
    ADD CONSTRAINT event_floors_pkey PRIMARY KEY (org_id);

-- Name: events events_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (org_id, id, created_at);

-- Name: field_values field_values_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.field_values
    ADD CONSTRAINT field_values_pkey PRIMARY KEY (org_id, task_id, key, slot);

-- Name: fields fields_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.fields
    ADD CONSTRAINT fields_key UNIQUE (org_id, project_id, key);

-- Name: fields fields_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.fields
    ADD CONSTRAINT fields_pkey PRIMARY KEY (org_id, id);

-- Name: fields fields_rank_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.fields
    ADD CONSTRAINT fields_rank_key UNIQUE (org_id, project_id, rank);

-- Name: files files_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.files
    ADD CONSTRAINT files_pkey PRIMARY KEY (org_id, id);

-- Name: files files_version_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.files
    ADD CONSTRAINT files_version_key UNIQUE (org_id, file_id, number);

-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (org_id, actor_id, key);

-- Name: invitations invitations_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (org_id, id);

-- Name: job_failures job_failures_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.job_failures
    ADD CONSTRAINT job_failures_pkey PRIMARY KEY (org_id, job_id, index);

-- Name: jobs jobs_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (org_id, id);

-- Name: labels labels_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.labels
    ADD CONSTRAINT labels_pkey PRIMARY KEY (org_id, id);

-- Name: memberships memberships_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.memberships
    ADD CONSTRAINT memberships_pkey PRIMARY KEY (org_id, user_id);

-- Name: objects objects_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.objects
    ADD CONSTRAINT objects_pkey PRIMARY KEY (org_id, id);

-- Name: organizations organizations_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (id);

-- Name: organizations organizations_reseller_id_id_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.organizations
    ADD CONSTRAINT organizations_reseller_id_id_key UNIQUE (reseller_id, id);

-- Name: project_members project_members_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.project_members
    ADD CONSTRAINT project_members_pkey PRIMARY KEY (org_id, project_id, user_id);

-- Name: project_templates project_templates_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.project_templates
    ADD CONSTRAINT project_templates_pkey PRIMARY KEY (org_id, id);

-- Name: projects projects_org_id_key_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.projects
    ADD CONSTRAINT projects_org_id_key_key UNIQUE (org_id, key);

-- Name: projects projects_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (org_id, id);

-- Name: reactions reactions_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.reactions
    ADD CONSTRAINT reactions_pkey PRIMARY KEY (org_id, comment_id, emoji, user_id);

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

-- Name: storage storage_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.storage
    ADD CONSTRAINT storage_pkey PRIMARY KEY (org_id);

-- Name: task_assignees task_assignees_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_assignees
    ADD CONSTRAINT task_assignees_pkey PRIMARY KEY (org_id, task_id, user_id);

-- Name: task_keys task_keys_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_keys
    ADD CONSTRAINT task_keys_pkey PRIMARY KEY (org_id, key, task_id);

-- Name: task_labels task_labels_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_labels
    ADD CONSTRAINT task_labels_pkey PRIMARY KEY (org_id, task_id, label_id);

-- Name: task_links task_links_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_links
    ADD CONSTRAINT task_links_key UNIQUE (org_id, task_id, kind, other_id);

-- Name: task_links task_links_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_links
    ADD CONSTRAINT task_links_pkey PRIMARY KEY (org_id, id);

-- Name: task_search task_search_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_search
    ADD CONSTRAINT task_search_pkey PRIMARY KEY (org_id, task_id, doc_id);

-- Name: task_watchers task_watchers_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_watchers
    ADD CONSTRAINT task_watchers_pkey PRIMARY KEY (org_id, task_id, user_id);

-- Name: tasks tasks_org_id_key_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_org_id_key_key UNIQUE (org_id, key);

-- Name: tasks tasks_org_id_project_id_number_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_org_id_project_id_number_key UNIQUE (org_id, project_id, number);

-- Name: tasks tasks_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (org_id, id);

-- Name: tasks tasks_project_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_project_key UNIQUE (org_id, id, project_id);

-- Name: tasks tasks_rank_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_rank_key UNIQUE (org_id, column_id, rank);

-- Name: uploads uploads_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (org_id, id);

-- Name: users users_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

-- Name: users users_reseller_id_email_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.users
    ADD CONSTRAINT users_reseller_id_email_key UNIQUE (reseller_id, email);

-- Name: users users_reseller_id_id_key; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.users
    ADD CONSTRAINT users_reseller_id_id_key UNIQUE (reseller_id, id);

-- Name: views views_pkey; Type: CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.views
    ADD CONSTRAINT views_pkey PRIMARY KEY (org_id, id);

-- Name: comments_org_id_parent_id_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX comments_org_id_parent_id_id_idx ON app.comments USING btree (org_id, parent_id, id) WHERE (parent_id IS NOT NULL);

-- Name: comments_org_id_task_id_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX comments_org_id_task_id_id_idx ON app.comments USING btree (org_id, task_id, id);

-- Name: events_org_id_entity_id_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX events_org_id_entity_id_id_idx ON ONLY app.events USING btree (org_id, entity_id, id) WHERE (entity_id <> task_id);

-- Name: events_org_id_task_id_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX events_org_id_task_id_id_idx ON ONLY app.events USING btree (org_id, task_id, id) WHERE (task_id IS NOT NULL);

-- Name: events_org_id_xid_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX events_org_id_xid_id_idx ON ONLY app.events USING btree (org_id, xid, id);

-- Name: events_xid_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX events_xid_id_idx ON ONLY app.events USING btree (xid, id);

-- Name: field_values_org_id_key_sort_key_task_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX field_values_org_id_key_sort_key_task_id_idx ON app.field_values USING btree (org_id, key, sort_key, task_id) WHERE (slot = 0);

-- Name: field_values_org_id_key_value_task_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX field_values_org_id_key_value_task_id_idx ON app.field_values USING btree (org_id, key, value, task_id);

-- Name: fields_org_id_key_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX fields_org_id_key_idx ON app.fields USING btree (org_id, key);

-- Name: files_deleted_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX files_deleted_at_idx ON app.files USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);

-- Name: files_latest_key; Type: INDEX; Schema: app; Owner: postgres

CREATE UNIQUE INDEX files_latest_key ON app.files USING btree (org_id, file_id) WHERE latest;

-- Name: files_org_id_comment_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX files_org_id_comment_id_idx ON app.files USING btree (org_id, comment_id) WHERE (comment_id IS NOT NULL);

-- Name: files_org_id_due_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX files_org_id_due_at_idx ON app.files USING btree (org_id, due_at) WHERE (due_at IS NOT NULL);

-- Name: files_org_id_task_id_file_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX files_org_id_task_id_file_id_idx ON app.files USING btree (org_id, task_id, file_id) WHERE (task_id IS NOT NULL);

-- Name: idempotency_keys_created_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX idempotency_keys_created_at_idx ON app.idempotency_keys USING btree (created_at);

-- Name: invitations_org_id_email_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX invitations_org_id_email_idx ON app.invitations USING btree (org_id, email);

-- Name: invitations_token_hash_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE UNIQUE INDEX invitations_token_hash_idx ON app.invitations USING btree (token_hash);

-- Name: jobs_created_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX jobs_created_at_idx ON app.jobs USING btree (created_at) WHERE (finished_at IS NULL);

-- Name: jobs_finished_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX jobs_finished_at_idx ON app.jobs USING btree (finished_at) WHERE (finished_at IS NOT NULL);

-- Name: jobs_org_id_created_by_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX jobs_org_id_created_by_idx ON app.jobs USING btree (org_id, created_by);

-- Name: labels_name_key; Type: INDEX; Schema: app; Owner: postgres

CREATE UNIQUE INDEX labels_name_key ON app.labels USING btree (org_id, lower(name));

-- Name: memberships_user_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX memberships_user_id_idx ON app.memberships USING btree (user_id);

-- Name: objects_expires_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX objects_expires_at_idx ON app.objects USING btree (expires_at) WHERE (expires_at IS NOT NULL);

-- Name: project_members_org_id_user_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX project_members_org_id_user_id_idx ON app.project_members USING btree (org_id, user_id);

-- Name: projects_org_id_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX projects_org_id_id_idx ON app.projects USING btree (org_id, id) WHERE private;

-- Name: reactions_org_id_user_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX reactions_org_id_user_id_idx ON app.reactions USING btree (org_id, user_id);

-- Name: refresh_tokens_session_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX refresh_tokens_session_id_idx ON app.refresh_tokens USING btree (session_id);

-- Name: sessions_ended_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX sessions_ended_at_idx ON app.sessions USING btree (ended_at) WHERE (ended_at IS NOT NULL);

-- Name: sessions_expires_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX sessions_expires_at_idx ON app.sessions USING btree (expires_at);

-- Name: sessions_user_id_ip_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX sessions_user_id_ip_idx ON app.sessions USING btree (user_id, ip);

-- Name: socket_tickets_expires_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX socket_tickets_expires_at_idx ON app.socket_tickets USING btree (expires_at);

-- Name: task_assignees_org_id_user_id_task_created_at_task_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX task_assignees_org_id_user_id_task_created_at_task_id_idx ON app.task_assignees USING btree (org_id, user_id, task_created_at, task_id);

-- Name: task_keys_org_id_task_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX task_keys_org_id_task_id_idx ON app.task_keys USING btree (org_id, task_id);

-- Name: task_labels_org_id_label_id_task_created_at_task_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX task_labels_org_id_label_id_task_created_at_task_id_idx ON app.task_labels USING btree (org_id, label_id, task_created_at, task_id);

-- Name: task_links_org_id_other_id_kind_task_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX task_links_org_id_other_id_kind_task_id_idx ON app.task_links USING btree (org_id, other_id, kind, task_id);

-- Name: task_search_org_id_spelling_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX task_search_org_id_spelling_idx ON app.task_search USING gin (org_id, spelling app.gin_trgm_ops) WITH (fastupdate=off);

-- Name: task_search_org_id_words_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX task_search_org_id_words_idx ON app.task_search USING gin (org_id, words) WITH (fastupdate=off);

-- Name: task_watchers_org_id_user_id_task_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX task_watchers_org_id_user_id_task_id_idx ON app.task_watchers USING btree (org_id, user_id, task_id);

-- Name: tasks_deleted_at_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_deleted_at_idx ON app.tasks USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);

-- Name: tasks_org_id_board_id_created_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_board_id_created_at_id_idx ON app.tasks USING btree (org_id, board_id, created_at, id) WHERE ((deleted_at IS NULL) AND (archived_at IS NULL));

-- Name: tasks_org_id_created_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_created_at_id_idx ON app.tasks USING btree (org_id, created_at, id) WHERE ((deleted_at IS NULL) AND (archived_at IS NULL));

-- Name: tasks_org_id_created_at_id_idx1; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_created_at_id_idx1 ON app.tasks USING btree (org_id, created_at, id) WHERE ((archived_at IS NOT NULL) AND (deleted_at IS NULL));

-- Name: tasks_org_id_created_at_id_idx2; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_created_at_id_idx2 ON app.tasks USING btree (org_id, created_at, id) WHERE (deleted_at IS NOT NULL);

-- Name: tasks_org_id_created_by_created_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_created_by_created_at_id_idx ON app.tasks USING btree (org_id, created_by, created_at, id) WHERE ((deleted_at IS NULL) AND (archived_at IS NULL));

-- Name: tasks_org_id_due_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_due_at_id_idx ON app.tasks USING btree (org_id, due_at, id) WHERE ((due_at IS NOT NULL) AND (deleted_at IS NULL) AND (archived_at IS NULL));

-- Name: tasks_org_id_estimate_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_estimate_id_idx ON app.tasks USING btree (org_id, estimate, id) WHERE ((estimate IS NOT NULL) AND (deleted_at IS NULL) AND (archived_at IS NULL));

-- Name: tasks_org_id_parent_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_parent_id_idx ON app.tasks USING btree (org_id, parent_id) WHERE (parent_id IS NOT NULL);

-- Name: tasks_org_id_priority_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_priority_id_idx ON app.tasks USING btree (org_id, priority, id) WHERE ((deleted_at IS NULL) AND (archived_at IS NULL));

-- Name: tasks_org_id_project_id_created_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_project_id_created_at_id_idx ON app.tasks USING btree (org_id, project_id, created_at, id) WHERE ((deleted_at IS NULL) AND (archived_at IS NULL));

-- Name: tasks_org_id_rank_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_rank_id_idx ON app.tasks USING btree (org_id, rank, id) WHERE ((deleted_at IS NULL) AND (archived_at IS NULL));

-- Name: tasks_org_id_start_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_start_at_id_idx ON app.tasks USING btree (org_id, start_at, id) WHERE ((start_at IS NOT NULL) AND (deleted_at IS NULL) AND (archived_at IS NULL));

-- Name: tasks_org_id_status_created_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_status_created_at_id_idx ON app.tasks USING btree (org_id, status, created_at, id) WHERE ((deleted_at IS NULL) AND (archived_at IS NULL));

-- Name: tasks_org_id_updated_at_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX tasks_org_id_updated_at_id_idx ON app.tasks USING btree (org_id, updated_at, id) WHERE ((deleted_at IS NULL) AND (archived_at IS NULL));

-- Name: views_org_id_owner_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX views_org_id_owner_id_idx ON app.views USING btree (org_id, owner_id);

-- Name: views_org_id_project_id_idx; Type: INDEX; Schema: app; Owner: postgres

CREATE INDEX views_org_id_project_id_idx ON app.views USING btree (org_id, project_id);

-- Name: boards boards_org_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.boards
    ADD CONSTRAINT boards_org_id_project_id_fkey FOREIGN KEY (org_id, project_id) REFERENCES app.projects(org_id, id) ON DELETE CASCADE;

-- Name: checklist_items checklist_items_org_id_task_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.checklist_items
    ADD CONSTRAINT checklist_items_org_id_task_id_project_id_fkey FOREIGN KEY (org_id, task_id, project_id) REFERENCES app.tasks(org_id, id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: columns columns_org_id_project_id_board_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.columns
    ADD CONSTRAINT columns_org_id_project_id_board_id_fkey FOREIGN KEY (org_id, project_id, board_id) REFERENCES app.boards(org_id, project_id, id) ON DELETE CASCADE;

-- Name: comments comments_parent_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.comments
    ADD CONSTRAINT comments_parent_fkey FOREIGN KEY (org_id, parent_id) REFERENCES app.comments(org_id, id);

-- Name: comments comments_task_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.comments
    ADD CONSTRAINT comments_task_fkey FOREIGN KEY (org_id, task_id, project_id) REFERENCES app.tasks(org_id, id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: event_floors event_floors_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.event_floors
    ADD CONSTRAINT event_floors_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: events events_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE app.events
    ADD CONSTRAINT events_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: field_values field_values_org_id_task_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.field_values
    ADD CONSTRAINT field_values_org_id_task_id_project_id_fkey FOREIGN KEY (org_id, task_id, project_id) REFERENCES app.tasks(org_id, id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: fields fields_org_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.fields
    ADD CONSTRAINT fields_org_id_project_id_fkey FOREIGN KEY (org_id, project_id) REFERENCES app.projects(org_id, id) ON DELETE CASCADE;

-- Name: files files_comment_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.files
    ADD CONSTRAINT files_comment_fkey FOREIGN KEY (org_id, comment_id) REFERENCES app.comments(org_id, id) ON DELETE SET NULL (comment_id);

-- Name: files files_object_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.files
    ADD CONSTRAINT files_object_fkey FOREIGN KEY (org_id, id) REFERENCES app.objects(org_id, id);

-- Name: files files_task_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.files
    ADD CONSTRAINT files_task_fkey FOREIGN KEY (org_id, task_id, project_id) REFERENCES app.tasks(org_id, id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: invitations invitations_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.invitations
    ADD CONSTRAINT invitations_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: job_failures job_failures_org_id_job_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.job_failures
    ADD CONSTRAINT job_failures_org_id_job_id_fkey FOREIGN KEY (org_id, job_id) REFERENCES app.jobs(org_id, id) ON DELETE CASCADE;

-- Name: jobs jobs_org_id_created_by_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.jobs
    ADD CONSTRAINT jobs_org_id_created_by_fkey FOREIGN KEY (org_id, created_by) REFERENCES app.memberships(org_id, user_id) ON DELETE CASCADE;

-- Name: jobs jobs_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.jobs
    ADD CONSTRAINT jobs_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: labels labels_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.labels
    ADD CONSTRAINT labels_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: memberships memberships_reseller_id_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.memberships
    ADD CONSTRAINT memberships_reseller_id_org_id_fkey FOREIGN KEY (reseller_id, org_id) REFERENCES app.organizations(reseller_id, id) ON DELETE CASCADE;

-- Name: memberships memberships_reseller_id_user_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.memberships
    ADD CONSTRAINT memberships_reseller_id_user_id_fkey FOREIGN KEY (reseller_id, user_id) REFERENCES app.users(reseller_id, id) ON DELETE CASCADE;

-- Name: objects objects_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.objects
    ADD CONSTRAINT objects_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id);

-- Name: organizations organizations_reseller_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.organizations
    ADD CONSTRAINT organizations_reseller_id_fkey FOREIGN KEY (reseller_id) REFERENCES app.resellers(id);

-- Name: project_members project_members_member_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.project_members
    ADD CONSTRAINT project_members_member_fkey FOREIGN KEY (org_id, user_id) REFERENCES app.memberships(org_id, user_id) ON DELETE CASCADE;

-- Name: project_members project_members_project_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.project_members
    ADD CONSTRAINT project_members_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES app.projects(org_id, id) ON DELETE CASCADE;

-- Name: project_templates project_templates_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.project_templates
    ADD CONSTRAINT project_templates_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: projects projects_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.projects
    ADD CONSTRAINT projects_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: reactions reactions_org_id_comment_id_task_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.reactions
    ADD CONSTRAINT reactions_org_id_comment_id_task_id_project_id_fkey FOREIGN KEY (org_id, comment_id, task_id, project_id) REFERENCES app.comments(org_id, id, task_id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: reactions reactions_org_id_user_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.reactions
    ADD CONSTRAINT reactions_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES app.memberships(org_id, user_id) ON DELETE CASCADE;

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

-- Name: storage storage_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.storage
    ADD CONSTRAINT storage_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: task_assignees task_assignees_member_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_assignees
    ADD CONSTRAINT task_assignees_member_fkey FOREIGN KEY (org_id, user_id) REFERENCES app.memberships(org_id, user_id) ON DELETE CASCADE;

-- Name: task_assignees task_assignees_org_id_task_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_assignees
    ADD CONSTRAINT task_assignees_org_id_task_id_project_id_fkey FOREIGN KEY (org_id, task_id, project_id) REFERENCES app.tasks(org_id, id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: task_keys task_keys_org_id_task_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_keys
    ADD CONSTRAINT task_keys_org_id_task_id_project_id_fkey FOREIGN KEY (org_id, task_id, project_id) REFERENCES app.tasks(org_id, id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: task_labels task_labels_label_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_labels
    ADD CONSTRAINT task_labels_label_fkey FOREIGN KEY (org_id, label_id) REFERENCES app.labels(org_id, id) ON DELETE CASCADE;

-- Name: task_labels task_labels_org_id_task_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_labels
    ADD CONSTRAINT task_labels_org_id_task_id_project_id_fkey FOREIGN KEY (org_id, task_id, project_id) REFERENCES app.tasks(org_id, id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: task_links task_links_other_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_links
    ADD CONSTRAINT task_links_other_fkey FOREIGN KEY (org_id, other_id, other_project_id) REFERENCES app.tasks(org_id, id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: task_links task_links_task_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_links
    ADD CONSTRAINT task_links_task_fkey FOREIGN KEY (org_id, task_id, project_id) REFERENCES app.tasks(org_id, id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: task_search task_search_org_id_task_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_search
    ADD CONSTRAINT task_search_org_id_task_id_project_id_fkey FOREIGN KEY (org_id, task_id, project_id) REFERENCES app.tasks(org_id, id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: task_watchers task_watchers_member_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_watchers
    ADD CONSTRAINT task_watchers_member_fkey FOREIGN KEY (org_id, user_id) REFERENCES app.memberships(org_id, user_id) ON DELETE CASCADE;

-- Name: task_watchers task_watchers_org_id_task_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.task_watchers
    ADD CONSTRAINT task_watchers_org_id_task_id_project_id_fkey FOREIGN KEY (org_id, task_id, project_id) REFERENCES app.tasks(org_id, id, project_id) ON UPDATE CASCADE ON DELETE CASCADE;

-- Name: tasks tasks_column_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_column_fkey FOREIGN KEY (org_id, column_id, board_id, project_id, status) REFERENCES app.columns(org_id, id, board_id, project_id, status) ON DELETE SET NULL (column_id);

-- Name: tasks tasks_org_id_project_id_board_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_org_id_project_id_board_id_fkey FOREIGN KEY (org_id, project_id, board_id) REFERENCES app.boards(org_id, project_id, id) ON DELETE CASCADE;

-- Name: tasks tasks_parent_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.tasks
    ADD CONSTRAINT tasks_parent_fkey FOREIGN KEY (org_id, parent_id) REFERENCES app.tasks(org_id, id) ON DELETE SET NULL (parent_id);

-- Name: uploads uploads_object_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.uploads
    ADD CONSTRAINT uploads_object_fkey FOREIGN KEY (org_id, id) REFERENCES app.objects(org_id, id) ON DELETE CASCADE;

-- Name: users users_reseller_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.users
    ADD CONSTRAINT users_reseller_id_fkey FOREIGN KEY (reseller_id) REFERENCES app.resellers(id);

-- Name: views views_org_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.views
    ADD CONSTRAINT views_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.organizations(id) ON DELETE CASCADE;

-- Name: views views_org_id_owner_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.views
    ADD CONSTRAINT views_org_id_owner_id_fkey FOREIGN KEY (org_id, owner_id) REFERENCES app.memberships(org_id, user_id) ON DELETE CASCADE;

-- Name: views views_org_id_project_id_fkey; Type: FK CONSTRAINT; Schema: app; Owner: postgres

ALTER TABLE ONLY app.views
    ADD CONSTRAINT views_org_id_project_id_fkey FOREIGN KEY (org_id, project_id) REFERENCES app.projects(org_id, id) ON DELETE CASCADE;

-- Name: projects admin_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY admin_deletes ON app.projects AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= 3));

-- Name: tasks admin_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY admin_deletes ON app.tasks AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= 3));

-- Name: invitations admin_reads; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY admin_reads ON app.invitations AS RESTRICTIVE FOR SELECT TO plinth_app USING ((app.current_rank() >= 3));

-- Name: boards allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.boards TO plinth_app USING (true);

-- Name: checklist_items allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.checklist_items TO plinth_app USING (true);

-- Name: columns allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.columns TO plinth_app USING (true);

-- Name: comments allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.comments TO plinth_app USING (true);

-- Name: event_floors allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.event_floors TO plinth_app USING (true);

-- Name: events allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.events TO plinth_app USING (true);

-- Name: field_values allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.field_values TO plinth_app USING (true);

-- Name: fields allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.fields TO plinth_app USING (true);

-- Name: files allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.files TO plinth_app USING (true);

-- Name: idempotency_keys allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.idempotency_keys TO plinth_app USING (true);

-- Name: invitations allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.invitations TO plinth_app USING (true);

-- Name: job_failures allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.job_failures TO plinth_app USING (true);

-- Name: jobs allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.jobs TO plinth_app USING (true);

-- Name: labels allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.labels TO plinth_app USING (true);

-- Name: memberships allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.memberships TO plinth_app USING (true);

-- Name: objects allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.objects TO plinth_app USING (true);

-- Name: organizations allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.organizations TO plinth_app USING (true);

-- Name: project_members allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.project_members TO plinth_app USING (true);

-- Name: project_templates allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.project_templates TO plinth_app USING (true);

-- Name: projects allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.projects TO plinth_app USING (true);

-- Name: reactions allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.reactions TO plinth_app USING (true);

-- Name: refresh_tokens allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.refresh_tokens TO plinth_app USING (true);

-- Name: resellers allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.resellers TO plinth_app USING (true);

-- Name: sessions allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.sessions TO plinth_app USING (true);

-- Name: socket_tickets allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.socket_tickets TO plinth_app USING (true);

-- Name: storage allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.storage TO plinth_app USING (true);

-- Name: task_assignees allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.task_assignees TO plinth_app USING (true);

-- Name: task_keys allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.task_keys TO plinth_app USING (true);

-- Name: task_labels allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.task_labels TO plinth_app USING (true);

-- Name: task_links allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.task_links TO plinth_app USING (true);

-- Name: task_search allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.task_search TO plinth_app USING (true);

-- Name: task_watchers allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.task_watchers TO plinth_app USING (true);

-- Name: tasks allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.tasks TO plinth_app USING (true);

-- Name: uploads allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.uploads TO plinth_app USING (true);

-- Name: users allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.users TO plinth_app USING (true);

-- Name: views allow; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY allow ON app.views TO plinth_app USING (true);

-- Name: comments author_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY author_deletes ON app.comments AS RESTRICTIVE FOR DELETE TO plinth_app USING (((author_id = app.current_user_id()) OR (app.project_rank(project_id) >= 3) OR (deleted_at IS NOT NULL)));

-- Name: comments author_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY author_inserts ON app.comments AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((author_id = app.current_user_id()));

-- Name: comments author_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY author_updates ON app.comments AS RESTRICTIVE FOR UPDATE TO plinth_app USING (((author_id = app.current_user_id()) OR (app.project_rank(project_id) >= 3))) WITH CHECK (((author_id = app.current_user_id()) OR (deleted_at IS NOT NULL)));

-- Name: boards; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.boards ENABLE ROW LEVEL SECURITY;

-- Name: checklist_items; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.checklist_items ENABLE ROW LEVEL SECURITY;

-- Name: columns; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.columns ENABLE ROW LEVEL SECURITY;

-- Name: comments; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.comments ENABLE ROW LEVEL SECURITY;

-- Name: event_floors entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.event_floors TO plinth_entry USING (true) WITH CHECK (true);

-- Name: events entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.events TO plinth_entry USING (true) WITH CHECK (true);

-- Name: files entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.files TO plinth_entry USING (true) WITH CHECK (true);

-- Name: idempotency_keys entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.idempotency_keys TO plinth_entry USING (true);

-- Name: invitations entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.invitations TO plinth_entry USING (true) WITH CHECK (true);

-- Name: jobs entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.jobs TO plinth_entry USING (true);

-- Name: memberships entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.memberships TO plinth_entry USING (true) WITH CHECK (true);

-- Name: objects entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.objects TO plinth_entry USING (true) WITH CHECK (true);

-- Name: organizations entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.organizations FOR SELECT TO plinth_entry USING (true);

-- Name: project_members entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.project_members FOR SELECT TO plinth_entry USING (true);

-- Name: projects entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.projects FOR SELECT TO plinth_entry USING (true);

-- Name: sessions entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.sessions TO plinth_entry USING (true) WITH CHECK (true);

-- Name: socket_tickets entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.socket_tickets TO plinth_entry USING (true);

-- Name: storage entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.storage TO plinth_entry USING (true) WITH CHECK (true);

-- Name: task_links entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.task_links FOR SELECT TO plinth_entry USING (true);

-- Name: task_search entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.task_search FOR SELECT TO plinth_entry USING (true);

-- Name: tasks entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.tasks TO plinth_entry USING (true);

-- Name: uploads entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.uploads FOR SELECT TO plinth_entry USING (true);

-- Name: users entry; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY entry ON app.users FOR SELECT TO plinth_entry USING (true);

-- Name: event_floors; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.event_floors ENABLE ROW LEVEL SECURITY;

-- Name: events; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.events ENABLE ROW LEVEL SECURITY;

-- Name: field_values; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.field_values ENABLE ROW LEVEL SECURITY;

-- Name: fields; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.fields ENABLE ROW LEVEL SECURITY;

-- Name: files; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.files ENABLE ROW LEVEL SECURITY;

-- Name: idempotency_keys; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.idempotency_keys ENABLE ROW LEVEL SECURITY;

-- Name: invitations; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.invitations ENABLE ROW LEVEL SECURITY;

-- Name: job_failures; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.job_failures ENABLE ROW LEVEL SECURITY;

-- Name: jobs; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.jobs ENABLE ROW LEVEL SECURITY;

-- Name: labels; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.labels ENABLE ROW LEVEL SECURITY;

-- Name: memberships; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.memberships ENABLE ROW LEVEL SECURITY;

-- Name: objects; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.objects ENABLE ROW LEVEL SECURITY;

-- Name: organizations; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.organizations ENABLE ROW LEVEL SECURITY;

-- Name: events other_project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY other_project ON app.events AS RESTRICTIVE FOR SELECT TO plinth_app USING (((kind <> ALL (ARRAY['link.created'::text, 'link.deleted'::text])) OR app.sees_project(((payload ->> 'other_project_id'::text))::uuid)));

-- Name: task_links other_project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY other_project ON app.task_links AS RESTRICTIVE TO plinth_app USING (app.sees_project(other_project_id)) WITH CHECK (app.sees_project(other_project_id));

-- Name: job_failures own; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own ON app.job_failures AS RESTRICTIVE TO plinth_app USING (((created_by = app.current_user_id()) OR (app.current_rank() >= 3))) WITH CHECK (((created_by = app.current_user_id()) OR (app.current_rank() >= 3)));

-- Name: jobs own; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own ON app.jobs AS RESTRICTIVE TO plinth_app USING (((created_by = app.current_user_id()) OR (app.current_rank() >= 3))) WITH CHECK (((created_by = app.current_user_id()) OR (app.current_rank() >= 3)));

-- Name: socket_tickets own; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own ON app.socket_tickets AS RESTRICTIVE TO plinth_app USING ((user_id = app.current_user_id())) WITH CHECK ((user_id = app.current_user_id()));

-- Name: uploads own; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own ON app.uploads AS RESTRICTIVE TO plinth_app USING ((created_by = app.current_user_id())) WITH CHECK ((created_by = app.current_user_id()));

-- Name: project_templates own_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own_deletes ON app.project_templates AS RESTRICTIVE FOR DELETE TO plinth_app USING (((created_by = app.current_user_id()) OR (app.current_rank() >= 3)));

-- Name: reactions own_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own_deletes ON app.reactions AS RESTRICTIVE FOR DELETE TO plinth_app USING (((user_id = app.current_user_id()) OR (app.project_rank(project_id) >= 3) OR (EXISTS ( SELECT
   FROM app.comments c
  WHERE ((c.org_id = reactions.org_id) AND (c.id = reactions.comment_id) AND (c.author_id = app.current_user_id()))))));

-- Name: views own_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own_deletes ON app.views AS RESTRICTIVE FOR DELETE TO plinth_app USING (((owner_id = app.current_user_id()) OR (app.current_rank() >= 3) OR ((visibility = 'project'::text) AND (app.project_rank(project_id) >= 3))));

-- Name: project_templates own_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own_inserts ON app.project_templates AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((created_by = app.current_user_id()));

-- Name: reactions own_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own_inserts ON app.reactions AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((user_id = app.current_user_id()));

-- Name: views own_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own_inserts ON app.views AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK (((owner_id = app.current_user_id()) AND ((visibility <> 'project'::text) OR (app.project_rank(project_id) >= 2))));

-- Name: project_templates own_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own_updates ON app.project_templates AS RESTRICTIVE FOR UPDATE TO plinth_app USING (((created_by = app.current_user_id()) OR (app.current_rank() >= 3)));

-- Name: reactions own_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own_updates ON app.reactions AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((user_id = app.current_user_id()));

-- Name: views own_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY own_updates ON app.views AS RESTRICTIVE FOR UPDATE TO plinth_app USING (((owner_id = app.current_user_id()) OR (app.current_rank() >= 3) OR ((visibility = 'project'::text) AND (app.project_rank(project_id) >= 3))));

-- Name: boards project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.boards AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: checklist_items project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.checklist_items AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: columns project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.columns AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: comments project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.comments AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: events project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.events AS RESTRICTIVE FOR SELECT TO plinth_app USING (((project_id IS NULL) OR app.sees_project(project_id) OR ((kind = ANY (ARRAY['project_member.added'::text, 'project_member.updated'::text, 'project_member.removed'::text])) AND (entity_id = app.current_user_id()))));

-- Name: field_values project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.field_values AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: fields project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.fields AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: files project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.files AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: project_members project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.project_members AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: projects project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.projects AS RESTRICTIVE TO plinth_app USING (app.sees_project(id)) WITH CHECK (app.sees_project(id));

-- Name: reactions project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.reactions AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: task_assignees project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.task_assignees AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: task_keys project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.task_keys AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: task_labels project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.task_labels AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: task_links project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.task_links AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: task_search project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.task_search AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: task_watchers project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.task_watchers AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: tasks project; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY project ON app.tasks AS RESTRICTIVE TO plinth_app USING (app.sees_project(project_id)) WITH CHECK (app.sees_project(project_id));

-- Name: project_members; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.project_members ENABLE ROW LEVEL SECURITY;

-- Name: project_templates; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.project_templates ENABLE ROW LEVEL SECURITY;

-- Name: projects; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.projects ENABLE ROW LEVEL SECURITY;

-- Name: reactions; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.reactions ENABLE ROW LEVEL SECURITY;

-- Name: refresh_tokens; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.refresh_tokens ENABLE ROW LEVEL SECURITY;

-- Name: resellers; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.resellers ENABLE ROW LEVEL SECURITY;

-- Name: sessions; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.sessions ENABLE ROW LEVEL SECURITY;

-- Name: socket_tickets; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.socket_tickets ENABLE ROW LEVEL SECURITY;

-- Name: events staff; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY staff ON app.events AS RESTRICTIVE FOR SELECT TO plinth_app USING (((project_id IS NOT NULL) OR (kind <> ALL (ARRAY['file.created'::text, 'file.updated'::text, 'file.scanned'::text, 'file.deleted'::text, 'file.restored'::text])) OR (app.current_rank() >= 2)));

-- Name: storage; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.storage ENABLE ROW LEVEL SECURITY;

-- Name: task_assignees; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.task_assignees ENABLE ROW LEVEL SECURITY;

-- Name: task_keys; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.task_keys ENABLE ROW LEVEL SECURITY;

-- Name: task_labels; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.task_labels ENABLE ROW LEVEL SECURITY;

-- Name: task_links; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.task_links ENABLE ROW LEVEL SECURITY;

-- Name: task_search; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.task_search ENABLE ROW LEVEL SECURITY;

-- Name: task_watchers; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.task_watchers ENABLE ROW LEVEL SECURITY;

-- Name: tasks; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.tasks ENABLE ROW LEVEL SECURITY;

-- Name: boards tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.boards AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: checklist_items tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.checklist_items AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: columns tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.columns AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: comments tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.comments AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: event_floors tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.event_floors AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: events tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.events AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: field_values tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.field_values AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: fields tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.fields AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: files tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.files AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: idempotency_keys tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.idempotency_keys AS RESTRICTIVE TO plinth_app USING (((org_id = app.scope_org()) AND (actor_id = app.current_user_id()))) WITH CHECK (((org_id = app.scope_org()) AND (actor_id = app.current_user_id())));

-- Name: invitations tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.invitations AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: job_failures tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.job_failures AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: jobs tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.jobs AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: labels tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.labels AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: memberships tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.memberships AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: objects tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.objects AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: organizations tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.organizations AS RESTRICTIVE TO plinth_app USING ((id = app.current_org())) WITH CHECK (((id = app.current_org()) AND (reseller_id = app.current_reseller())));

-- Name: project_members tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.project_members AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: project_templates tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.project_templates AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: projects tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.projects AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: reactions tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.reactions AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: refresh_tokens tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.refresh_tokens AS RESTRICTIVE TO plinth_app USING (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (user_id = app.current_user_id())))) WITH CHECK (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (user_id = app.current_user_id()))));

-- Name: resellers tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.resellers AS RESTRICTIVE TO plinth_app USING ((id = app.current_reseller())) WITH CHECK ((id = app.current_reseller()));

-- Name: sessions tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.sessions AS RESTRICTIVE TO plinth_app USING (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (user_id = app.current_user_id())))) WITH CHECK (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (user_id = app.current_user_id()))));

-- Name: socket_tickets tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.socket_tickets AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: storage tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.storage AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: task_assignees tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.task_assignees AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: task_keys tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.task_keys AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: task_labels tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.task_labels AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: task_links tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.task_links AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: task_search tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.task_search AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: task_watchers tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.task_watchers AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: tasks tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.tasks AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: uploads tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.uploads AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: users tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.users AS RESTRICTIVE TO plinth_app USING (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (id = app.current_user_id())))) WITH CHECK (((reseller_id = app.current_reseller()) AND ((app.current_user_id() IS NULL) OR (id = app.current_user_id()))));

-- Name: views tenant; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY tenant ON app.views AS RESTRICTIVE TO plinth_app USING ((org_id = app.current_org())) WITH CHECK ((org_id = app.current_org()));

-- Name: uploads; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.uploads ENABLE ROW LEVEL SECURITY;

-- Name: users; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.users ENABLE ROW LEVEL SECURITY;

-- Name: views; Type: ROW SECURITY; Schema: app; Owner: postgres

ALTER TABLE app.views ENABLE ROW LEVEL SECURITY;

-- Name: views visible; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY visible ON app.views AS RESTRICTIVE TO plinth_app USING ((((owner_id = app.current_user_id()) OR (visibility <> 'private'::text)) AND ((project_id IS NULL) OR app.sees_project(project_id))));

-- Name: boards writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.boards AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: checklist_items writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.checklist_items AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: columns writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.columns AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: comments writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.comments AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: event_floors writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.event_floors AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: events writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.events AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: field_values writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.field_values AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: fields writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.fields AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: files writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.files AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: invitations writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.invitations AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: job_failures writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.job_failures AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: jobs writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.jobs AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: labels writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.labels AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: memberships writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.memberships AS RESTRICTIVE FOR DELETE TO plinth_app USING (((app.current_rank() >= 3) OR (user_id = app.current_user_id())));

-- Name: objects writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.objects AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: project_members writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.project_members AS RESTRICTIVE FOR DELETE TO plinth_app USING (((app.project_rank(project_id) >= 3) OR (user_id = app.current_user_id())));

-- Name: project_templates writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.project_templates AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: projects writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.projects AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(id) >= app.role_rank('member'::text)));

-- Name: reactions writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.reactions AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: socket_tickets writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.socket_tickets AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('guest'::text)));

-- Name: storage writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.storage AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: task_assignees writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.task_assignees AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_keys writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.task_keys AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_labels writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.task_labels AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_links writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.task_links AS RESTRICTIVE FOR DELETE TO plinth_app USING (((app.project_rank(project_id) >= 2) OR (app.project_rank(other_project_id) >= 2)));

-- Name: task_search writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.task_search AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_watchers writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.task_watchers AS RESTRICTIVE FOR DELETE TO plinth_app USING (((user_id = app.current_user_id()) OR (app.project_rank(project_id) >= 2)));

-- Name: tasks writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.tasks AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: uploads writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.uploads AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: views writer_deletes; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_deletes ON app.views AS RESTRICTIVE FOR DELETE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: boards writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.boards AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: checklist_items writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.checklist_items AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: columns writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.columns AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: comments writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.comments AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: event_floors writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.event_floors AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: events writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.events AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((
CASE
    WHEN (project_id IS NULL) THEN (app.current_rank() >= 2)
    ELSE (app.project_rank(project_id) >= 2)
END OR ((kind = ANY (ARRAY['member.removed'::text, 'project_member.removed'::text, 'watcher.added'::text, 'watcher.removed'::text])) AND (entity_id = app.current_user_id())) OR ((kind = ANY (ARRAY['link.created'::text, 'link.deleted'::text])) AND app.sees_project(project_id) AND (app.project_rank(((payload ->> 'other_project_id'::text))::uuid) >= 2))));

-- Name: field_values writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.field_values AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: fields writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.fields AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: files writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.files AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: invitations writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.invitations AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: job_failures writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.job_failures AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: jobs writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.jobs AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: labels writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.labels AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: memberships writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.memberships AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: objects writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.objects AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: organizations writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.organizations AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= 3));

-- Name: project_members writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.project_members AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('admin'::text)));

-- Name: project_templates writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.project_templates AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: projects writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.projects AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(id) >= app.role_rank('member'::text)));

-- Name: reactions writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.reactions AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: socket_tickets writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.socket_tickets AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('guest'::text)));

-- Name: storage writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.storage AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: task_assignees writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.task_assignees AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_keys writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.task_keys AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_labels writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.task_labels AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_links writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.task_links AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK (((app.project_rank(project_id) >= 2) OR (app.project_rank(other_project_id) >= 2)));

-- Name: task_search writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.task_search AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_watchers writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.task_watchers AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK (((user_id = app.current_user_id()) OR (app.project_rank(project_id) >= 2)));

-- Name: tasks writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.tasks AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: uploads writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.uploads AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: views writer_inserts; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_inserts ON app.views AS RESTRICTIVE FOR INSERT TO plinth_app WITH CHECK ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: boards writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.boards AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: checklist_items writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.checklist_items AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: columns writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.columns AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: comments writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.comments AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: event_floors writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.event_floors AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: events writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.events AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: field_values writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.field_values AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: fields writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.fields AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: files writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.files AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: invitations writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.invitations AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: job_failures writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.job_failures AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: jobs writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.jobs AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: labels writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.labels AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: memberships writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.memberships AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('admin'::text)));

-- Name: objects writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.objects AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: organizations writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.organizations AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= 3));

-- Name: project_members writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.project_members AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('admin'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('admin'::text)));

-- Name: project_templates writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.project_templates AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: projects writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.projects AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(id) >= app.role_rank('member'::text)));

-- Name: reactions writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.reactions AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: socket_tickets writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.socket_tickets AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('guest'::text)));

-- Name: storage writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.storage AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: task_assignees writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.task_assignees AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_keys writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.task_keys AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_labels writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.task_labels AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_links writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.task_links AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_search writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.task_search AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: task_watchers writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.task_watchers AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: tasks writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.tasks AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.project_rank(project_id) >= app.role_rank('member'::text))) WITH CHECK ((app.project_rank(project_id) >= app.role_rank('member'::text)));

-- Name: uploads writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.uploads AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: views writer_updates; Type: POLICY; Schema: app; Owner: postgres

CREATE POLICY writer_updates ON app.views AS RESTRICTIVE FOR UPDATE TO plinth_app USING ((app.current_rank() >= app.role_rank('member'::text)));

-- Name: SCHEMA app; Type: ACL; Schema: -; Owner: postgres

GRANT USAGE ON SCHEMA app TO plinth_app;
GRANT USAGE ON SCHEMA app TO plinth_entry;

-- Name: FUNCTION alert_readers(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.alert_readers(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.alert_readers(p_org uuid, p_id uuid) TO plinth_app;

-- Name: FUNCTION alerted(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.alerted(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.alerted(p_org uuid, p_id uuid) TO plinth_app;

-- Name: FUNCTION assignee_ids(p_org uuid, p_task uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.assignee_ids(p_org uuid, p_task uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.assignee_ids(p_org uuid, p_task uuid) TO plinth_app;

-- Name: FUNCTION begin_thumbnail(p_org uuid, p_of uuid, p_id uuid, p_store text); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.begin_thumbnail(p_org uuid, p_of uuid, p_id uuid, p_store text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.begin_thumbnail(p_org uuid, p_of uuid, p_id uuid, p_store text) TO plinth_app;

-- Name: FUNCTION blocks_in_turn(p_from uuid, p_to uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.blocks_in_turn(p_from uuid, p_to uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.blocks_in_turn(p_from uuid, p_to uuid) TO plinth_app;

-- Name: FUNCTION board_lanes(p_org uuid, p_board uuid, p_group_by text, p_most integer); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.board_lanes(p_org uuid, p_board uuid, p_group_by text, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.board_lanes(p_org uuid, p_board uuid, p_group_by text, p_most integer) TO plinth_app;

-- Name: FUNCTION carried_fields(p_org uuid, p_from uuid, p_to uuid, p_values jsonb); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.carried_fields(p_org uuid, p_from uuid, p_to uuid, p_values jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION app.carried_fields(p_org uuid, p_from uuid, p_to uuid, p_values jsonb) TO plinth_app;

-- Name: FUNCTION check_fields(p_org uuid, p_project uuid, p_values jsonb); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.check_fields(p_org uuid, p_project uuid, p_values jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION app.check_fields(p_org uuid, p_project uuid, p_values jsonb) TO plinth_app;

-- Name: FUNCTION check_later(p_org uuid, p_id uuid, p_seconds integer, p_failed boolean); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.check_later(p_org uuid, p_id uuid, p_seconds integer, p_failed boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION app.check_later(p_org uuid, p_id uuid, p_seconds integer, p_failed boolean) TO plinth_app;

-- Name: FUNCTION checked(p_org uuid, p_id uuid, p_store text, p_begun_pin text, p_status text, p_result text, p_database text, p_sha256 text, p_content_type text, p_pin text, p_quarantined boolean, p_thumbnail uuid, p_thumbnail_pin text); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.checked(p_org uuid, p_id uuid, p_store text, p_begun_pin text, p_status text, p_result text, p_database text, p_sha256 text, p_content_type text, p_pin text, p_quarantined boolean, p_thumbnail uuid, p_thumbnail_pin text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.checked(p_org uuid, p_id uuid, p_store text, p_begun_pin text, p_status text, p_result text, p_database text, p_sha256 text, p_content_type text, p_pin text, p_quarantined boolean, p_thumbnail uuid, p_thumbnail_pin text) TO plinth_app;

-- Name: FUNCTION claim_key(p_org uuid, p_key text, p_hash bytea); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.claim_key(p_org uuid, p_key text, p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.claim_key(p_org uuid, p_key text, p_hash bytea) TO plinth_app;

-- Name: FUNCTION column_has_room(p_org uuid, p_column uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.column_has_room(p_org uuid, p_column uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.column_has_room(p_org uuid, p_column uuid) TO plinth_app;

-- Name: FUNCTION comment_words(body text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.comment_words(body text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.comment_words(body text) TO plinth_app;

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

-- Name: FUNCTION doom_objects(p_most integer, p_stores text[]); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.doom_objects(p_most integer, p_stores text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION app.doom_objects(p_most integer, p_stores text[]) TO plinth_app;

-- Name: FUNCTION doubt_file(p_id uuid, p_pin text); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.doubt_file(p_id uuid, p_pin text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.doubt_file(p_id uuid, p_pin text) TO plinth_app;

-- Name: FUNCTION empty_file_trash(p_days integer, p_most integer); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.empty_file_trash(p_days integer, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.empty_file_trash(p_days integer, p_most integer) TO plinth_app;

-- Name: FUNCTION empty_trash(p_days integer, p_most integer); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.empty_trash(p_days integer, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.empty_trash(p_days integer, p_most integer) TO plinth_app;

-- Name: FUNCTION ended_sessions(); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.ended_sessions() FROM PUBLIC;
GRANT ALL ON FUNCTION app.ended_sessions() TO plinth_app;

-- Name: FUNCTION enqueue(p_kind text, p_job uuid, p_attempts integer); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.enqueue(p_kind text, p_job uuid, p_attempts integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.enqueue(p_kind text, p_job uuid, p_attempts integer) TO plinth_app;

-- Name: FUNCTION enter_invitation(p_hash bytea); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.enter_invitation(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.enter_invitation(p_hash bytea) TO plinth_app;

-- Name: FUNCTION enter_job(p_user uuid, p_org uuid, p_need smallint); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.enter_job(p_user uuid, p_org uuid, p_need smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION app.enter_job(p_user uuid, p_org uuid, p_need smallint) TO plinth_app;

-- Name: FUNCTION enter_org(p_reseller uuid, p_user uuid, p_session uuid, p_org uuid, p_need smallint); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.enter_org(p_reseller uuid, p_user uuid, p_session uuid, p_org uuid, p_need smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION app.enter_org(p_reseller uuid, p_user uuid, p_session uuid, p_org uuid, p_need smallint) TO plinth_app;

-- Name: FUNCTION enter_reseller(p_reseller uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.enter_reseller(p_reseller uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.enter_reseller(p_reseller uuid) TO plinth_app;

-- Name: FUNCTION enter_user(p_reseller uuid, p_user uuid, p_session uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.enter_user(p_reseller uuid, p_user uuid, p_session uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.enter_user(p_reseller uuid, p_user uuid, p_session uuid) TO plinth_app;

-- Name: FUNCTION events_held(); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.events_held() FROM PUBLIC;
GRANT ALL ON FUNCTION app.events_held() TO plinth_app;

-- Name: FUNCTION fail_job(p_id uuid, p_fault text); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.fail_job(p_id uuid, p_fault text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.fail_job(p_id uuid, p_fault text) TO plinth_app;

-- Name: FUNCTION field_operand(p_org uuid, p_project uuid, p_key text, p_op text, p_text text, p_place text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.field_operand(p_org uuid, p_project uuid, p_key text, p_op text, p_text text, p_place text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.field_operand(p_org uuid, p_project uuid, p_key text, p_op text, p_text text, p_place text) TO plinth_app;

-- Name: FUNCTION field_rows(p_org uuid, p_project uuid, p_values jsonb); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.field_rows(p_org uuid, p_project uuid, p_values jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION app.field_rows(p_org uuid, p_project uuid, p_values jsonb) TO plinth_app;

-- Name: TABLE files; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.files TO plinth_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.files TO plinth_entry;

-- Name: FUNCTION file_json(f app.files); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.file_json(f app.files) FROM PUBLIC;
GRANT ALL ON FUNCTION app.file_json(f app.files) TO plinth_app;
GRANT ALL ON FUNCTION app.file_json(f app.files) TO plinth_entry;

-- Name: FUNCTION file_place(p_org uuid, p_task uuid, p_comment uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.file_place(p_org uuid, p_task uuid, p_comment uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.file_place(p_org uuid, p_task uuid, p_comment uuid) TO plinth_app;

-- Name: FUNCTION forget_object(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.forget_object(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.forget_object(p_org uuid, p_id uuid) TO plinth_app;

-- Name: FUNCTION found_account(p_user uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.found_account(p_user uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.found_account(p_user uuid) TO plinth_app;

-- Name: FUNCTION found_org(p_org uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.found_org(p_org uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.found_org(p_org uuid) TO plinth_app;

-- Name: FUNCTION found_project(p_id uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.found_project(p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.found_project(p_id uuid) TO plinth_app;

-- Name: FUNCTION in_scope(); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.in_scope() FROM PUBLIC;
GRANT ALL ON FUNCTION app.in_scope() TO plinth_app;
GRANT ALL ON FUNCTION app.in_scope() TO plinth_entry;

-- Name: FUNCTION in_trash(p_org uuid, p_task uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.in_trash(p_org uuid, p_task uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.in_trash(p_org uuid, p_task uuid) TO plinth_app;

-- Name: FUNCTION is_blocked(p_org uuid, p_task uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.is_blocked(p_org uuid, p_task uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.is_blocked(p_org uuid, p_task uuid) TO plinth_app;

-- Name: FUNCTION is_date(p text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.is_date(p text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.is_date(p text) TO plinth_app;

-- Name: FUNCTION is_uuid(p text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.is_uuid(p text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.is_uuid(p text) TO plinth_app;

-- Name: FUNCTION knows_object(p_store text, p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.knows_object(p_store text, p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.knows_object(p_store text, p_org uuid, p_id uuid) TO plinth_app;

-- Name: FUNCTION label_ids(p_org uuid, p_task uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.label_ids(p_org uuid, p_task uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.label_ids(p_org uuid, p_task uuid) TO plinth_app;

-- Name: FUNCTION lane_tasks(p_org uuid, p_board uuid, p_group_by text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.lane_tasks(p_org uuid, p_board uuid, p_group_by text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.lane_tasks(p_org uuid, p_board uuid, p_group_by text) TO plinth_app;

-- Name: FUNCTION link_turned(p_kind text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.link_turned(p_kind text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.link_turned(p_kind text) TO plinth_app;

-- Name: FUNCTION linked_content(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.linked_content(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.linked_content(p_org uuid, p_id uuid) TO plinth_app;

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

-- Name: FUNCTION nth_rank(p_n integer); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.nth_rank(p_n integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.nth_rank(p_n integer) TO plinth_app;

-- Name: FUNCTION number_order(n double precision); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.number_order(n double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION app.number_order(n double precision) TO plinth_app;

-- Name: FUNCTION object_moved(p_org uuid, p_id uuid, p_pin text, p_store text, p_new_pin text); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.object_moved(p_org uuid, p_id uuid, p_pin text, p_store text, p_new_pin text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.object_moved(p_org uuid, p_id uuid, p_pin text, p_store text, p_new_pin text) TO plinth_app;

-- Name: FUNCTION objects_in(p_store text, p_org uuid, p_id uuid, p_most integer); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.objects_in(p_store text, p_org uuid, p_id uuid, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.objects_in(p_store text, p_org uuid, p_id uuid, p_most integer) TO plinth_app;

-- Name: FUNCTION ordered_id(p_counter integer); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.ordered_id(p_counter integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.ordered_id(p_counter integer) TO plinth_app;

-- Name: FUNCTION payload_changes(p_before jsonb, p_after jsonb); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.payload_changes(p_before jsonb, p_after jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION app.payload_changes(p_before jsonb, p_after jsonb) TO plinth_app;

-- Name: FUNCTION payload_fields(p jsonb); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.payload_fields(p jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION app.payload_fields(p jsonb) TO plinth_app;

-- Name: FUNCTION people_see(p_org uuid, p_project uuid, p_users uuid[]); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.people_see(p_org uuid, p_project uuid, p_users uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION app.people_see(p_org uuid, p_project uuid, p_users uuid[]) TO plinth_app;

-- Name: FUNCTION priority_name(p smallint); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.priority_name(p smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION app.priority_name(p smallint) TO plinth_app;

-- Name: FUNCTION project_rank(p_project uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.project_rank(p_project uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.project_rank(p_project uuid) TO plinth_app;
GRANT ALL ON FUNCTION app.project_rank(p_project uuid) TO plinth_entry;

-- Name: FUNCTION project_ranks(p_org uuid, p_user uuid, p_role text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.project_ranks(p_org uuid, p_user uuid, p_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.project_ranks(p_org uuid, p_user uuid, p_role text) TO plinth_entry;

-- Name: FUNCTION project_table(name text, writer text, project text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.project_table(name text, writer text, project text) FROM PUBLIC;

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

-- Name: FUNCTION read_access(p_org uuid, p_users uuid[]); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.read_access(p_org uuid, p_users uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION app.read_access(p_org uuid, p_users uuid[]) TO plinth_app;

-- Name: FUNCTION read_events(p_since timestamp with time zone, p_xid xid8, p_id bigint, p_limit integer); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.read_events(p_since timestamp with time zone, p_xid xid8, p_id bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.read_events(p_since timestamp with time zone, p_xid xid8, p_id bigint, p_limit integer) TO plinth_app;

-- Name: FUNCTION recheck_files(p_database text, p_org uuid, p_id uuid, p_most integer, OUT last_org uuid, OUT last_id uuid, OUT more boolean); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.recheck_files(p_database text, p_org uuid, p_id uuid, p_most integer, OUT last_org uuid, OUT last_id uuid, OUT more boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION app.recheck_files(p_database text, p_org uuid, p_id uuid, p_most integer, OUT last_org uuid, OUT last_id uuid, OUT more boolean) TO plinth_app;

-- Name: FUNCTION refuse(kind text, place text, why text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.refuse(kind text, place text, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.refuse(kind text, place text, why text) TO plinth_app;
GRANT ALL ON FUNCTION app.refuse(kind text, place text, why text) TO plinth_entry;

-- Name: FUNCTION replay_events(p_org uuid, p_xid xid8, p_id bigint, p_until_xid xid8, p_until_id bigint, p_limit integer); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.replay_events(p_org uuid, p_xid xid8, p_id bigint, p_until_xid xid8, p_until_id bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.replay_events(p_org uuid, p_xid xid8, p_id bigint, p_until_xid xid8, p_until_id bigint, p_limit integer) TO plinth_app;

-- Name: FUNCTION require(ok boolean, kind text, place text, why text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.require(ok boolean, kind text, place text, why text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.require(ok boolean, kind text, place text, why text) TO plinth_app;
GRANT ALL ON FUNCTION app.require(ok boolean, kind text, place text, why text) TO plinth_entry;

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

-- Name: FUNCTION sees_project(p_project uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.sees_project(p_project uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.sees_project(p_project uuid) TO plinth_app;
GRANT ALL ON FUNCTION app.sees_project(p_project uuid) TO plinth_entry;

-- Name: FUNCTION set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text, p_ranks text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text, p_ranks text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.set_scope(p_reseller uuid, p_user uuid, p_org uuid, p_role text, p_ranks text) TO plinth_entry;

-- Name: FUNCTION spelling(words tsvector); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.spelling(words tsvector) FROM PUBLIC;
GRANT ALL ON FUNCTION app.spelling(words tsvector) TO plinth_app;

-- Name: FUNCTION spend_ticket(p_hash bytea); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.spend_ticket(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.spend_ticket(p_hash bytea) TO plinth_app;

-- Name: FUNCTION stream_epoch(); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.stream_epoch() FROM PUBLIC;
GRANT ALL ON FUNCTION app.stream_epoch() TO plinth_app;

-- Name: FUNCTION sweep(); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.sweep() FROM PUBLIC;
GRANT ALL ON FUNCTION app.sweep() TO plinth_app;

-- Name: FUNCTION take_checks(p_most integer, p_seconds integer); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.take_checks(p_most integer, p_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.take_checks(p_most integer, p_seconds integer) TO plinth_app;

-- Name: FUNCTION take_storage(p_org uuid, p_bytes bigint, p_quota bigint); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.take_storage(p_org uuid, p_bytes bigint, p_quota bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION app.take_storage(p_org uuid, p_bytes bigint, p_quota bigint) TO plinth_app;
GRANT ALL ON FUNCTION app.take_storage(p_org uuid, p_bytes bigint, p_quota bigint) TO plinth_entry;

-- Name: FUNCTION task_id(p_org uuid, p_id uuid, p_key text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.task_id(p_org uuid, p_id uuid, p_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.task_id(p_org uuid, p_id uuid, p_key text) TO plinth_app;

-- Name: FUNCTION task_json(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.task_json(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.task_json(p_org uuid, p_id uuid) TO plinth_app;

-- Name: FUNCTION task_words(title text, description text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.task_words(title text, description text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.task_words(title text, description text) TO plinth_app;

-- Name: FUNCTION tenant_table(name text, writer text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.tenant_table(name text, writer text) FROM PUBLIC;

-- Name: FUNCTION trim_events(p_days integer, p_limit integer); Type: ACL; Schema: app; Owner: plinth_entry

REVOKE ALL ON FUNCTION app.trim_events(p_days integer, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.trim_events(p_days integer, p_limit integer) TO plinth_app;

-- Name: FUNCTION writable_board(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.writable_board(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.writable_board(p_org uuid, p_id uuid) TO plinth_app;

-- Name: FUNCTION writable_checklist_item(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.writable_checklist_item(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.writable_checklist_item(p_org uuid, p_id uuid) TO plinth_app;

-- Name: FUNCTION writable_column(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.writable_column(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.writable_column(p_org uuid, p_id uuid) TO plinth_app;

-- Name: FUNCTION writable_field(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.writable_field(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.writable_field(p_org uuid, p_id uuid) TO plinth_app;

-- Name: FUNCTION writable_file(p_org uuid, p_file uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.writable_file(p_org uuid, p_file uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.writable_file(p_org uuid, p_file uuid) TO plinth_app;

-- Name: FUNCTION writable_project(p_org uuid, p_id uuid, p_rank integer); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.writable_project(p_org uuid, p_id uuid, p_rank integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.writable_project(p_org uuid, p_id uuid, p_rank integer) TO plinth_app;

-- Name: FUNCTION writable_task(p_org uuid, p_id uuid, p_key text); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.writable_task(p_org uuid, p_id uuid, p_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.writable_task(p_org uuid, p_id uuid, p_key text) TO plinth_app;

-- Name: FUNCTION writable_template(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.writable_template(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.writable_template(p_org uuid, p_id uuid) TO plinth_app;

-- Name: FUNCTION writable_view(p_org uuid, p_id uuid); Type: ACL; Schema: app; Owner: postgres

REVOKE ALL ON FUNCTION app.writable_view(p_org uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION app.writable_view(p_org uuid, p_id uuid) TO plinth_app;

-- Name: TABLE boards; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.boards TO plinth_app;

-- Name: TABLE checklist_items; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.checklist_items TO plinth_app;

-- Name: TABLE columns; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.columns TO plinth_app;

-- Name: TABLE comments; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.comments TO plinth_app;

-- Name: TABLE event_floors; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT ON TABLE app.event_floors TO plinth_app;
GRANT SELECT,INSERT,UPDATE ON TABLE app.event_floors TO plinth_entry;

-- Name: TABLE events; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT ON TABLE app.events TO plinth_app;
GRANT SELECT,INSERT,DELETE ON TABLE app.events TO plinth_entry;

-- Name: TABLE field_values; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.field_values TO plinth_app;

-- Name: TABLE fields; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.fields TO plinth_app;

-- Name: TABLE idempotency_keys; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.idempotency_keys TO plinth_app;
GRANT SELECT,DELETE ON TABLE app.idempotency_keys TO plinth_entry;

-- Name: TABLE invitations; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.invitations TO plinth_app;
GRANT SELECT,UPDATE ON TABLE app.invitations TO plinth_entry;

-- Name: TABLE job_failures; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.job_failures TO plinth_app;

-- Name: TABLE jobs; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.jobs TO plinth_app;
GRANT SELECT,DELETE,UPDATE ON TABLE app.jobs TO plinth_entry;

-- Name: TABLE labels; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.labels TO plinth_app;

-- Name: TABLE objects; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.objects TO plinth_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.objects TO plinth_entry;

-- Name: TABLE organizations; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.organizations TO plinth_app;
GRANT SELECT ON TABLE app.organizations TO plinth_entry;

-- Name: TABLE project_members; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.project_members TO plinth_app;
GRANT SELECT ON TABLE app.project_members TO plinth_entry;

-- Name: TABLE project_templates; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.project_templates TO plinth_app;

-- Name: TABLE projects; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.projects TO plinth_app;
GRANT SELECT ON TABLE app.projects TO plinth_entry;

-- Name: TABLE reactions; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.reactions TO plinth_app;

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

-- Name: TABLE storage; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.storage TO plinth_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.storage TO plinth_entry;

-- Name: TABLE task_assignees; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.task_assignees TO plinth_app;

-- Name: TABLE task_keys; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.task_keys TO plinth_app;

-- Name: TABLE task_labels; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.task_labels TO plinth_app;

-- Name: TABLE task_links; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.task_links TO plinth_app;
GRANT SELECT ON TABLE app.task_links TO plinth_entry;

-- Name: TABLE task_search; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.task_search TO plinth_app;
GRANT SELECT ON TABLE app.task_search TO plinth_entry;

-- Name: TABLE task_watchers; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.task_watchers TO plinth_app;

-- Name: TABLE tasks; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.tasks TO plinth_app;
GRANT SELECT,DELETE ON TABLE app.tasks TO plinth_entry;

-- Name: TABLE uploads; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.uploads TO plinth_app;
GRANT SELECT ON TABLE app.uploads TO plinth_entry;

-- Name: TABLE users; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,UPDATE ON TABLE app.users TO plinth_app;
GRANT SELECT ON TABLE app.users TO plinth_entry;

-- Name: TABLE views; Type: ACL; Schema: app; Owner: postgres

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE app.views TO plinth_app;
