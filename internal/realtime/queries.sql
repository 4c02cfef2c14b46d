-- name: CreateTicket :exec
insert into app.socket_tickets (hash, org_id, user_id, reseller_id, session_id, expires_at)
values (@hash, @org_id, app.current_user_id(), app.current_reseller(), @session_id, now() + interval '30 seconds');

-- name: SpendTicket :one
select reseller_id::uuid, user_id::uuid, session_id::uuid, org_id::uuid from app.spend_ticket(@hash);

-- name: GetAdmission :one
select pg_current_snapshot()::text as snapshot, current_setting('app.role')::text as role, current_setting('app.project_ranks')::text as project_ranks,
  (select m.name from app.memberships m where m.org_id = app.current_org() and m.user_id = app.current_user_id())::text as name;

-- name: ReadAccess :many
select user_id::uuid as user_id, role::text as role, project_ranks::text as project_ranks from app.read_access(@org_id, @user_ids::uuid[]);

-- name: RequireKept :exec
select app.require(not exists (select from app.event_floors f where f.org_id = @org_id and (f.xid, f.id) > (cast(@xid::text as xid8), @id::bigint)),
  'validation', 'query.cursor', 'is older than what is kept of this stream; read everything anew');

-- name: ListEvents :many
-- Events of the organization behind a position, as far as every transaction before them has ended.
select cast(e.xid as text) as xid, e.id, e.uid, e.kind, e.entity_id, e.project_id, e.task_id, e.version, e.actor_id, e.payload, e.created_at
from app.events e
where e.org_id = @org_id and (e.xid, e.id) > (cast(@xid::text as xid8), @id::bigint) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
order by e.xid, e.id limit @more;

-- name: ListTopics :many
-- Of what a connection asks to follow, what the member sees, with its project.
select 'project'::text as kind, p.id, p.id as project_id from app.projects p where p.org_id = @org_id and p.id = any(@project_ids::uuid[])
union all
select 'board', b.id, b.project_id from app.boards b where b.org_id = @org_id and b.id = any(@board_ids::uuid[])
union all
select 'task', t.id, t.project_id from app.tasks t where t.org_id = @org_id and t.id = any(@task_ids::uuid[]) and t.deleted_at is null;
