-- name: CreateTicket :exec
insert into app.socket_tickets (hash, org_id, user_id, reseller_id, session_id, expires_at)
values (@hash, @org_id, app.current_user_id(), app.current_reseller(), @session_id, now() + interval '30 seconds');

-- name: SpendTicket :one
select reseller_id::uuid, user_id::uuid, session_id::uuid, org_id::uuid from app.spend_ticket(@hash);

-- name: GetAdmission :one
select pg_current_snapshot()::text as snapshot, current_setting('app.role')::text as role, current_setting('app.project_ranks')::text as project_ranks;

-- name: ReadAccess :many
select user_id::uuid as user_id, role::text as role, project_ranks::text as project_ranks from app.read_access(@org_id, @user_ids::uuid[]);

-- name: ListEvents :many
-- Events of the organization behind a position, as far as every transaction before them has ended.
select cast(e.xid as text) as xid, e.id, e.uid, e.kind, e.entity_id, e.project_id, e.task_id, e.version, e.actor_id, e.payload, e.created_at
from app.events e
where e.org_id = @org_id and (e.xid, e.id) > (cast(@xid::text as xid8), @id::bigint) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
order by e.xid, e.id limit @more;
