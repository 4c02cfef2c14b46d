-- name: CreateUser :exec
insert into app.users (id, reseller_id, email, name, password_hash)
values (@id, app.current_reseller(), @email, @name, @password_hash);

-- name: CreateSession :exec
with session as (
  insert into app.sessions (id, reseller_id, user_id, ip, user_agent, expires_at)
  values (@id, app.current_reseller(), @user_id, @ip, @user_agent, now() + make_interval(mins => @life_minutes::int))
)
insert into app.refresh_tokens (hash, reseller_id, user_id, session_id)
values (@token_hash, app.current_reseller(), @user_id, @id);

-- name: GetUser :one
select id, email, name, created_at from app.users where id = @id;

-- name: GetCredentials :one
-- known_address: the account has signed in from there before.
select u.id, u.email, u.name, u.created_at, u.password_hash,
  exists (select from app.sessions s where s.user_id = u.id and s.ip = @ip)::bool as known_address
from app.users u where u.reseller_id = app.current_reseller() and u.email = @email;

-- name: RotateRefreshToken :one
-- Spends the token and stores its successor. A token that was spent before the request came in is a reused one and ends
-- the session; one that was spent while the request was already on its way (waited, in seconds) lost a race.
with old as (
  select r.hash, r.reseller_id, r.user_id, r.session_id, r.used_at is not null as used,
    s.ended_at is null and s.expires_at > now() as live,
    coalesce(r.used_at > transaction_timestamp() - make_interval(secs => @waited::float8), false) as raced
  from app.refresh_tokens r join app.sessions s on s.id = r.session_id
  where r.hash = @hash for update of r
),
spent as (
  update app.refresh_tokens r set used_at = clock_timestamp() from old where r.hash = old.hash and not old.used and old.live
),
successor as (
  insert into app.refresh_tokens (hash, reseller_id, user_id, session_id)
  select @successor::bytea, reseller_id, user_id, session_id from old where not old.used and old.live
),
session as (
  update app.sessions s set
    ended_at = case when old.used then now() end,
    expires_at = case when old.used then s.expires_at else now() + make_interval(mins => @life_minutes::int) end
  from old where s.id = old.session_id and old.live and not (old.used and old.raced)
)
select reseller_id, user_id, session_id, used::bool, live::bool, raced::bool from old;

-- name: EndSession :one
update app.sessions s set ended_at = coalesce(s.ended_at, now())
from app.refresh_tokens r where r.hash = @hash and s.id = r.session_id
returning s.id;

-- name: GetMe :one
select u.id, u.email, u.name,
  (select coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'name', o.name, 'role', o.role) order by o.name, o.id), '[]')
   from app.my_organizations() o)::jsonb as orgs
from app.users u where u.id = app.current_user_id();

-- name: EnterNewAccount :exec
select app.found_account(@user_id);
