-- Search by words, for modules: tenancy.searchable(table, columns) after tenancy.protect. See docs/decisions/0004.

create table tenancy.searchable (relation text primary key references tenancy.protected, columns text[] not null);
alter table tenancy.searchable enable row level security, force row level security;
create policy owner_only on tenancy.searchable to :"owner" using (true) with check (true);

-- Words of letters and digits as search sees them: lower case, without accents, each once. The query side asks this same function.
create function tenancy.words(value text) returns text[] language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
    select coalesce(array_agg(distinct left(w, 60) collate "C"), '{}')
      from regexp_split_to_table(lower(regexp_replace(normalize(value, nfkd), E'[\\u0300-\\u036f]', '', 'g')), '[^[:alnum:]]+') w where w <> ''
$$;

-- Word search that an index can serve under row security: full-text, trigram and LIKE operators are not leakproof, so the planner may
-- not use them before the tenant is proven; comparisons of text are. Two tables kept by a trigger: TABLE_term, one row a word, finds rare
-- words by range; TABLE_words, one line a row (' word word'), checks the other words and walks newest first where every word is common.
create function tenancy.searchable(t regclass, columns text[]) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    schema   text := (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = t);
    base     text := (select c.relname from pg_class c where c.oid = t);
    term     text := format('%I.%I', schema, base || '_term');
    line     text := format('%I.%I', schema, base || '_words');
    keeper   text := format('%I.%I', schema, base || '_keep_words');
    perm     text := (select p.read_permission from tenancy.protected p where p.relation = schema || '.' || base);
    body     text := (select string_agg(format('new.%I', c), ', ') from unnest(columns) c);
    changed  text := (select format('(old.tenant_id, old.id, %s) is distinct from (new.tenant_id, new.id, %s)',
                             string_agg(format('old.%I', c), ', '), string_agg(format('new.%I', c), ', ')) from unnest(columns) c);
    kept     text;
begin
    insert into tenancy.searchable values (schema || '.' || base, columns);
    execute format('create table %s (tenant_id uuid not null, term text collate "C" not null, id uuid not null, primary key (tenant_id, term, id))', term);
    execute format('create table %s (tenant_id uuid not null, id uuid not null, words text not null, primary key (tenant_id, id))', line);
    foreach kept in array array[term, line] loop
        execute format('alter table %s enable row level security, force row level security', kept);
        perform tenancy.hide_statistics(kept::regclass);
        execute format('create policy see on %s for select to %I, %I using (%s)', kept, :'app', :'worker', tenancy.condition(perm, false));
        -- The keeper is the platform's, and even it stays inside the tenant of the stamp.
        execute format('create policy keep on %s to %I using (tenant_id = (select context.tenant())) with check (tenant_id = (select context.tenant()))', kept, :'owner');
        execute format('grant select on %s to %I, %I', kept, :'app', :'worker');
    end loop;
    execute format($f$
        create function %1$s() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $k$
        declare gone text; made text[];
        begin
            if tg_op <> 'INSERT' then
                delete from %3$s l where l.tenant_id = old.tenant_id and l.id = old.id returning l.words into gone;
                delete from %2$s x where x.tenant_id = old.tenant_id and x.id = old.id and x.term = any (string_to_array(ltrim(gone), ' '));
            end if;
            if tg_op <> 'DELETE' then
                made := tenancy.words(concat_ws(' ', %4$s));
                insert into %3$s (tenant_id, id, words) values (new.tenant_id, new.id, ' ' || array_to_string(made, ' '));
                insert into %2$s (tenant_id, term, id) select new.tenant_id, w, new.id from unnest(made) w;
            end if;
            return null;
        end $k$ $f$, keeper, term, line, body);
    -- For each row and with WHEN: a change that touches no searched column then costs nothing (a statement trigger cost 1.2 ms, this 0).
    execute format('create trigger words_insert after insert on %s for each row execute function %s()', t, keeper);
    execute format('create trigger words_update after update on %s for each row when (%s) execute function %s()', t, changed, keeper);
    execute format('create trigger words_delete after delete on %s for each row execute function %s()', t, keeper);
end $$;

grant execute on function tenancy.words(text) to :"app", :"worker";

create function tenancy.searchable_tables() returns table (relation text) language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select relation from tenancy.searchable $$;
grant execute on function tenancy.searchable_tables() to :"app", :"gate", :"worker", :"operator", :"backup";
