-- tenancy.protect is all that a module calls: after it, the table cannot be read or written outside its tenant, nor unseen.

create table tenancy.protected (
    relation         text primary key,                                   -- schema.table
    read_permission  text not null references access.permission,
    write_permission text not null references access.permission
);
create table tenancy.searchable (relation text primary key references tenancy.protected, columns text[] not null);
do $$ declare t regclass; begin
    foreach t in array array['tenancy.protected', 'tenancy.searchable']::regclass[] loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;

-- One place for the two forms of a policy's condition: on one node the sub-select is evaluated once per statement.
create function tenancy.condition(permission text, writing boolean) returns text language sql immutable as $$
    select pg_catalog.format('tenant_id = (select context.tenant(%L, %L))', permission, writing)
$$;

create function tenancy.protect(t regclass, read text, write text, secret text[] default '{}') returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    relation text := (select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = t);
    readers  text := format('%I, %I', :'app', :'worker');
begin
    if split_part(read, ':', 1) <> split_part(write, ':', 1) or read not like '%:read' or write not like '%:write' then
        raise exception 'protect(%) needs a pair like thing:read and thing:write', relation using errcode = '22023';
    end if;
    insert into tenancy.protected values (relation, read, write);        -- the foreign keys refuse a permission that nobody declared
    execute format('alter table %s add column tenant_id uuid not null default context.tenant()', t);
    execute format('alter table %s add primary key (tenant_id, id)', t);
    execute format('alter table %s enable row level security, force row level security', t);
    perform tenancy.hide_statistics(t);
    execute format('create policy see on %s for select to %s using (%s)', t, readers, tenancy.condition(read, false));
    execute format('create policy add on %s for insert to %s with check (%s)', t, readers, tenancy.condition(write, true));
    execute format('create policy edit on %1$s for update to %2$s using (%3$s) with check (%3$s)', t, readers, tenancy.condition(write, true));
    execute format('create policy remove on %s for delete to %s using (%s)', t, readers, tenancy.condition(write, true));
    perform audit.watch(t, secret);
    execute format('grant select, insert, update, delete on %s to %s', t, readers);
end $$;

-- EXPLAIN's row estimates would name other tenants' common values.
create function tenancy.hide_statistics(t regclass) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare c name;
begin
    for c in select attname from pg_attribute where attrelid = t and attnum > 0 and not attisdropped
             and atttypid not in ('uuid'::regtype, 'timestamptz'::regtype, 'boolean'::regtype) and attgenerated = '' loop
        execute format('alter table %s alter column %I set statistics 0', t, c);
    end loop;
end $$;

-- Lower-cased words of letters and digits, each once. The query side asks this same function.
create function tenancy.words(value text) returns text[] language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
    select coalesce(array_agg(distinct left(w, 60)), '{}') from regexp_split_to_table(lower(normalize(value, nfkc)), '[^[:alnum:]]+') w where w <> ''
$$;
grant execute on function tenancy.words(text) to :"app", :"worker";

-- Word search that an index can serve under row security: full-text, trigram and LIKE operators are not leakproof, so the planner may
-- not use them before the tenant is proven; comparisons of text are. The words stand in a table of their own, kept by a trigger.
create function tenancy.searchable(t regclass, columns text[]) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    schema   text := (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = t);
    term     text := format('%I.%I', schema, (select relname || '_term' from pg_class where oid = t));
    relation text := (select format('%s.%s', schema, relname) from pg_class where oid = t);
    perm     text := (select p.read_permission from tenancy.protected p where p.relation = (select schema || '.' || c.relname from pg_class c where c.oid = t));
    body     text := (select string_agg(format('coalesce(n.%I, '''')', c), ' || '' '' || ') from unnest(columns) c);
    changed  text := (select string_agg(format('o.%I is distinct from n.%I', c, c), ' or ') from unnest(columns) c);
    keeper   text := format('%I.%I', schema, (select relname || '_term_keep' from pg_class where oid = t));
begin
    insert into tenancy.searchable values (relation, columns);
    execute format('create table %s (tenant_id uuid not null, term text collate "C" not null, id uuid not null, primary key (tenant_id, term, id),
                    foreign key (tenant_id, id) references %s on delete cascade)', term, t);
    execute format('create index on %s (tenant_id, id)', term);
    execute format('alter table %s enable row level security, force row level security', term);
    perform tenancy.hide_statistics(term::regclass);
    execute format('create policy see on %s for select to %I, %I using (%s)', term, :'app', :'worker', tenancy.condition(perm, false));
    -- The keeper is the platform's, and even it stays inside the tenant of the stamp.
    execute format('create policy keep on %s to %I using (tenant_id = (select context.tenant())) with check (tenant_id = (select context.tenant()))', term, :'owner');
    execute format('grant select on %s to %I, %I', term, :'app', :'worker');
    execute format($f$
        create function %1$s() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $k$
        begin
            if tg_op = 'UPDATE' then
                delete from %2$s x using old_rows o join new_rows n using (tenant_id, id) where x.tenant_id = o.tenant_id and x.id = o.id and (%4$s);
                insert into %2$s (tenant_id, term, id) select n.tenant_id, w, n.id from new_rows n join old_rows o using (tenant_id, id), unnest(tenancy.words(%3$s)) w
                where %4$s;
            else
                insert into %2$s (tenant_id, term, id) select n.tenant_id, w, n.id from new_rows n, unnest(tenancy.words(%3$s)) w;
            end if;
            return null;
        end $k$ $f$, keeper, term, body, changed);
    execute format('create trigger term_insert after insert on %s referencing new table as new_rows for each statement execute function %s()', t, keeper);
    execute format('create trigger term_update after update on %s referencing old table as old_rows new table as new_rows for each statement execute function %s()', t, keeper);
end $$;

-- Which tables are protected is no secret: doctor asks as whichever role it runs.
create function tenancy.protected_tables() returns table (relation text, read_permission text, write_permission text) language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select relation, read_permission, write_permission from tenancy.protected $$;
create function tenancy.searchable_tables() returns table (relation text) language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select relation from tenancy.searchable $$;
grant execute on function tenancy.protected_tables(), tenancy.searchable_tables() to :"app", :"gate", :"worker", :"operator";
grant usage on schema tenancy to :"operator";
