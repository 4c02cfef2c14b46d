-- The same tables without row-level security. The statements stay the same to the letter, so the functions that they ask
-- for the user and the rank in a project answer constants.
do $$
declare
  name regclass;
begin
  for name in select c.oid from pg_class c where c.relnamespace = 'app'::regnamespace and c.relrowsecurity loop
    execute format('alter table %s disable row level security, no force row level security', name);
  end loop;
end $$;
create or replace function app.current_user_id() returns uuid language sql stable parallel safe as $$
  select '01900001-0000-7000-8000-100000000000'::uuid $$;
create or replace function app.project_rank(p_project uuid) returns smallint language sql stable parallel safe as $$ select 3::smallint $$;
