-- The same tables without row-level security. The statements stay the same to the letter, so the function that they ask
-- for the user answers a constant.
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
