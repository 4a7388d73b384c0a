-- tenancy.protect is all that a module calls: after it, the table cannot be read or written outside its tenant, nor unseen.

create table tenancy.protected (
    relation         text primary key,                                   -- schema.table
    read_permission  text not null references access.permission,
    write_permission text not null references access.permission
);
alter table tenancy.protected enable row level security, force row level security;
create policy owner_only on tenancy.protected to :"owner" using (true) with check (true);

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

-- Which tables are protected is no secret: doctor asks as whichever role it runs.
create function tenancy.protected_tables() returns table (relation text, read_permission text, write_permission text) language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select relation, read_permission, write_permission from tenancy.protected $$;
grant execute on function tenancy.protected_tables() to :"app", :"gate", :"worker", :"operator", :"backup";
grant usage on schema tenancy to :"operator", :"backup";
