-- name: GetJob :one
select id, kind, state, total, done, failed, fault, created_by, version, created_at, started_at, finished_at
from app.jobs where org_id = @org_id and id = @id;

-- name: ListJobs :many
select id, kind, state, total, done, failed, fault, created_by, version, created_at, started_at, finished_at
from app.jobs
where org_id = @org_id and (sqlc.narg('state')::text is null or state = sqlc.narg('state')::text)
  and (sqlc.narg('after')::uuid is null or id < sqlc.narg('after')::uuid)
order by id desc limit @more;

-- name: RequireJob :exec
select app.require(exists (select from app.jobs where org_id = @org_id and id = @id), 'not-found');

-- name: ListFailures :many
select index, task, kind, detail, errors from app.job_failures
where org_id = @org_id and job_id = @job_id and (sqlc.narg('after')::int is null or index > sqlc.narg('after')::int)
order by index limit @more;

-- name: LockJob :exec
-- Queued before a job is cancelled. Between its chunks nobody else holds the row, so the job stops where it is.
select id from app.jobs where org_id = @org_id and id = @id for update;

-- name: CancelJob :one
with canceled as (
  update app.jobs j set state = 'canceled', finished_at = now(), version = j.version + 1
  where j.org_id = @org_id and j.id = @id and j.state <> 'canceled' and app.require(j.finished_at is null, 'job-ended')
  returning j.*
)
select id, kind, state, total, done, failed, fault, created_by, version, created_at, started_at, finished_at from canceled
union all
select id, kind, state, total, done, failed, fault, created_by, version, created_at, started_at, finished_at
from app.jobs j where j.org_id = @org_id and j.id = @id and j.state = 'canceled';

-- name: GetInput :one
select input from app.jobs where org_id = @org_id and id = @id and finished_at is null;

-- name: TakeChunk :one
-- Holds the job to the end of the transaction: nobody else goes on with it or cancels it meanwhile.
select total, done from app.jobs where org_id = @org_id and id = @id and finished_at is null for update;

-- name: EndChunk :exec
with failures as (
  insert into app.job_failures (org_id, job_id, index, created_by, task, kind, detail, errors)
  select @org_id, @id, (f.v ->> 'index')::int, app.current_user_id(), f.v ->> 'task', f.v ->> 'kind', f.v ->> 'detail', f.v -> 'errors'
  from jsonb_array_elements(@failures::jsonb) f(v)
)
update app.jobs j set done = @done::int, failed = j.failed + jsonb_array_length(@failures::jsonb), version = j.version + 1,
  state = case when @done::int = j.total then 'succeeded' else 'running' end,
  started_at = case when j.started_at is null then now() else j.started_at end,
  finished_at = case when @done::int = j.total then clock_timestamp() end
where j.org_id = @org_id and j.id = @id;

-- name: FailJob :exec
select app.fail_job(@id, @fault);
