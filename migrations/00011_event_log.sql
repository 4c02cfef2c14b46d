-- The event log in months, how long it is kept, and what the live side reads of it.
-- +goose Up

-- The partitions are in a schema that nobody uses: they are reached through app.events alone, and without policies of their
-- own they show nobody anything. Further months are made while the program runs (internal/platform/db, KeepEventLog).
create schema log;

drop function app.read_events(xid8, bigint, int);
-- In one block, which the query generator passes over: to it the table stays as it is.
-- +goose StatementBegin
do $$
declare
  v_policy text;
begin
  alter table app.events rename to events_before;
  alter table app.events_before set schema log;
  for v_policy in select policyname from pg_policies where schemaname = 'log' loop
    execute format('drop policy %I on log.events_before', v_policy);
  end loop;
  alter table log.events_before drop constraint events_pkey, alter column id drop identity;
  revoke all on log.events_before from plinth_app, plinth_entry;

  create table app.events (
    org_id     uuid   not null references app.organizations (id) on delete cascade,
    id         bigint not null generated always as identity,
    uid        uuid   not null default gen_random_uuid(),
    xid        xid8   not null default pg_current_xact_id(),
    kind       text   not null,
    entity_id  uuid   not null,
    project_id uuid,
    task_id    uuid,
    version    int    not null,
    actor_id   uuid   default app.current_user_id(),
    payload    jsonb  not null,
    created_at timestamptz not null default now(),
    primary key (org_id, id, created_at)
  ) partition by range (created_at);
  create index on app.events (xid, id);
  create index on app.events (org_id, xid, id);
  create index on app.events (org_id, task_id, id) where task_id is not null;
  create index on app.events (org_id, entity_id, id) where entity_id <> task_id;

  -- What was written so far, and will be this month.
  perform setval(pg_get_serial_sequence('app.events', 'id'), coalesce((select max(id) from log.events_before), 0) + 1, false);
  execute format('alter table app.events attach partition log.events_before for values from (minvalue) to (%L)',
    date_trunc('month', now() at time zone 'UTC' + interval '1 month') at time zone 'UTC');
  -- A month that was not made in time fails no write.
  create table log.events_default partition of app.events default;
  alter table log.events_default enable row level security;
  alter table log.events_default force row level security;
end $$;
-- +goose StatementEnd

select app.tenant_table('events', 'member');
create policy entry on app.events as permissive to plinth_entry using (true) with check (true);
-- Who was put in or out of a project hears of that, as on live connections.
create policy project on app.events as restrictive for select to plinth_app using (project_id is null or app.sees_project(project_id)
  or kind in ('project_member.added', 'project_member.updated', 'project_member.removed') and entity_id = app.current_user_id());
create policy other_project on app.events as restrictive for select to plinth_app
  using (kind not in ('link.created', 'link.deleted') or app.sees_project((payload ->> 'other_project_id')::uuid));
drop policy writer_inserts on app.events;
create policy writer_inserts on app.events as restrictive for insert to plinth_app with check (
  case when project_id is null then app.current_rank() >= 2 else app.project_rank(project_id) >= 2 end
  or kind in ('member.removed', 'project_member.removed', 'watcher.added', 'watcher.removed') and entity_id = app.current_user_id()
  or kind in ('link.created', 'link.deleted') and app.sees_project(project_id) and app.project_rank((payload ->> 'other_project_id')::uuid) >= 2);
revoke update, delete on app.events from plinth_app;
grant select, insert, delete on app.events to plinth_entry;

-- How many days an organization's events are kept, which its plan may say; null leaves it to the installation.
alter table app.organizations add column event_days int check (event_days between 1 and 36500);

-- Where an organization's log begins that has been trimmed: behind the newest event that is gone.
create table app.event_floors (
  org_id uuid   not null primary key references app.organizations (id) on delete cascade,
  xid    xid8   not null,
  id     bigint not null
);
select app.tenant_table('event_floors', 'admin');
revoke insert, update, delete on app.event_floors from plinth_app;
create policy entry on app.event_floors as permissive to plinth_entry using (true) with check (true);
grant select, insert, update on app.event_floors to plinth_entry;

create index on app.sessions (ended_at) where ended_at is not null;

-- +goose StatementBegin

-- trim_events deletes events that are past their organization's days, at most p_limit, and says how many. It begins at the
-- oldest and deletes none behind one that stays, so that what is left has no gap. p_days is the installation's word; 0 keeps.
create function app.trim_events(p_days int, p_limit int) returns int language plpgsql volatile security definer set search_path = '' as $$
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

-- read_events gives every organization's events in commit order to the relay, which fans them out to their own rooms, with
-- the board that a task is on. p_since bounds the months that are looked at: no event behind the position is older.
create function app.read_events(p_since timestamptz, p_xid xid8, p_id bigint, p_limit int)
returns table (xid xid8, id bigint, uid uuid, org_id uuid, kind text, entity_id uuid, project_id uuid, task_id uuid, board_id uuid,
  version int, actor_id uuid, payload jsonb, created_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
begin
  return query select e.xid, e.id, e.uid, e.org_id, e.kind, e.entity_id, e.project_id, e.task_id,
    (select t.board_id from app.tasks t where t.org_id = e.org_id and t.id = e.task_id), e.version, e.actor_id, e.payload, e.created_at
  from app.events e
  where e.created_at >= p_since and (e.xid, e.id) > (p_xid, p_id) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
  order by e.xid, e.id limit p_limit;
end $$;

-- replay_events gives an organization's events between two positions, the second included, for those who come back: the live
-- side knows who may see what of them. Where some are gone it refuses.
create function app.replay_events(p_org uuid, p_xid xid8, p_id bigint, p_until_xid xid8, p_until_id bigint, p_limit int)
returns table (xid xid8, id bigint, uid uuid, org_id uuid, kind text, entity_id uuid, project_id uuid, task_id uuid, board_id uuid,
  version int, actor_id uuid, payload jsonb, created_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
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

-- ended_sessions are those that ended within the last seconds, on whatever node.
create function app.ended_sessions() returns table (id uuid) language sql stable security definer set search_path = '' as $$
  select s.id from app.sessions s where s.ended_at > now() - interval '20 seconds' $$;

-- events_held is for how many seconds the oldest event waits that is committed, but behind a transaction that goes on.
create function app.events_held() returns float8 language sql stable security definer set search_path = '' as $$
  select coalesce(extract(epoch from now() - min(e.created_at)), 0)::float8 from app.events e
  where e.xid >= pg_snapshot_xmin(pg_current_snapshot()) $$;
-- +goose StatementEnd
grant create on schema app to plinth_entry;
alter function app.trim_events owner to plinth_entry;
alter function app.read_events owner to plinth_entry;
alter function app.replay_events owner to plinth_entry;
alter function app.ended_sessions owner to plinth_entry;
alter function app.events_held owner to plinth_entry;
revoke create on schema app from plinth_entry;
grant execute on function app.trim_events, app.read_events, app.replay_events, app.ended_sessions, app.events_held to plinth_app;
