-- name: CreateTicket :exec
insert into app.socket_tickets (hash, org_id, user_id, reseller_id, session_id, expires_at)
values (@hash, @org_id, app.current_user_id(), app.current_reseller(), @session_id, now() + interval '30 seconds');

-- name: SpendTicket :one
select reseller_id::uuid, user_id::uuid, session_id::uuid, org_id::uuid from app.spend_ticket(@hash);

-- name: GetSnapshot :one
select pg_current_snapshot()::text;
