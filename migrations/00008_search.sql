-- Search over titles, descriptions and comments: ranked, by prefix, and forgiving of typing errors.
-- +goose Up
create extension if not exists pg_trgm with schema app;

-- One document per task and one per comment.
alter table app.task_search
  add column doc_id uuid, -- the task, or the comment
  add column spelling text not null default ''; -- its distinct words, for words that are misspelt
update app.task_search set doc_id = task_id, spelling = left(array_to_string(tsvector_to_array(words), ' '), 4000);
alter table app.task_search alter column doc_id set not null, alter column spelling drop default,
  drop constraint task_search_pkey, add primary key (org_id, task_id, doc_id);
create index on app.task_search using gin (org_id, spelling app.gin_trgm_ops) with (fastupdate = off);

create function app.spelling(words tsvector) returns text language sql immutable parallel safe as $$
  select left(array_to_string(tsvector_to_array(words), ' '), 4000) $$;

create function app.comment_words(body text) returns tsvector language sql immutable parallel safe as $$
  select setweight(to_tsvector('simple', body), 'C') $$;

insert into app.task_search (org_id, task_id, project_id, doc_id, words, spelling)
select org_id, task_id, project_id, id, app.comment_words(body), app.spelling(app.comment_words(body)) from app.comments;

drop function app.search_tasks(text);
-- search_tasks finds the tasks of the running organization with a title and description, or a comment, that hold every
-- word of the query, each as a prefix. Where there is none, words that are spelt alike will do. A higher score is a
-- better hit. The text operators are not leakproof, so under the policies they would lose their indexes; this function
-- looks past them, takes its organization from the scope alone, and its caller joins the ids to tasks that are seen.
-- +goose StatementBegin
create function app.search_tasks(q text) returns table (task_id uuid, score real) language plpgsql stable security definer
set search_path = '' set pg_trgm.word_similarity_threshold = 0.35 as $$
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
end $$;
-- +goose StatementEnd
grant usage on schema app to plinth_entry;
grant create on schema app to plinth_entry;
alter function app.search_tasks owner to plinth_entry;
revoke create on schema app from plinth_entry;
grant execute on function app.search_tasks, app.spelling, app.comment_words to plinth_app;
grant execute on function app.word_similarity(text, text), app.word_similarity_op(text, text), app.word_similarity_commutator_op(text, text) to plinth_app, plinth_entry;
