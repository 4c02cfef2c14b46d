-- What the roles may do to River's tables. Run by the owner after River's own migrations, and safe to run again.
revoke all on schema jobs from public;
revoke all on all tables in schema jobs from plinth_app, plinth_entry;
grant usage on schema jobs to plinth_app, plinth_entry;

-- The workers run in plinth_app. It takes jobs on, ends them and sweeps them away, and no more: it can neither make one
-- nor change whose a job is and what it does (kind, args), so nobody who speaks as plinth_app forges another tenant's.
grant select, delete on jobs.river_job to plinth_app;
grant update (state, attempt, attempted_at, attempted_by, errors, finalized_at, metadata, scheduled_at) on jobs.river_job to plinth_app;
grant select, insert, update, delete on jobs.river_queue, jobs.river_leader to plinth_app;

-- app.enqueue alone makes jobs; it runs as plinth_entry and takes organization and user from the scope.
grant insert on jobs.river_job to plinth_entry;
grant usage on sequence jobs.river_job_id_seq to plinth_entry;

-- It stands in the condition of an index.
grant execute on function jobs.river_job_state_in_bitmask to plinth_app, plinth_entry;
