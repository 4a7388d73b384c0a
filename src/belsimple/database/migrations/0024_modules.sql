-- Installed modules, what they declared, and what of theirs is still here after they were removed.

create table system.module (
    name       text primary key check (name ~ '^[a-z][a-z_]{1,30}$'),
    package    text not null,                                           -- the installed package, as its index calls it
    version    text not null,
    letters    text[] not null default '{}',                            -- what it may mail, as module.letter
    settings   text[] not null default '{}',                            -- what a tenant may set of it, as module.setting
    noted_at   timestamptz not null default now(),
    removed_at timestamptz
);
alter table system.module enable row level security, force row level security;
create policy owner_only on system.module to :"owner" using (true) with check (true);
insert into system.module (name, package, version) select distinct m.source, '', '' from system.migration m where m.source <> 'belsimple';

-- Removed modules leave their data: doctor says so, as whichever role it runs.
create function system.removed_modules() returns table (name text, package text, version text, removed_at timestamptz, tables bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select m.name, m.package, m.version, m.removed_at, (select count(*) from tenancy.protected p where split_part(p.relation, '.', 1) = m.name)
    from system.module m where m.removed_at is not null order by m.name
$$;
grant execute on function system.removed_modules() to :"app", :"gate", :"worker", :"operator", :"backup";
grant usage on schema system to :"backup";

-- A permission that no installed module declares any more is held by nobody and cannot be given: its tables have read and write permissions
-- still, which nobody has. Roles lose it when its module goes, and the built-in ones get it back when it returns.
alter table access.permission add column declared boolean not null default true;
create or replace function access.complete(permissions text[]) returns text[] language sql stable as $$
    select coalesce(pg_catalog.array_agg(distinct p order by p), '{}')
    from (select pg_catalog.unnest(permissions) as p union select pg_catalog.split_part(w, ':', 1) OPERATOR(pg_catalog.||) ':read' from pg_catalog.unnest(permissions) w where w like '%:write') x
    where p in (select name from access.permission where declared)
$$;
create or replace function access.complete_role() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from unnest(new.permissions) p where p not in (select name from access.permission where declared)) then
        raise exception 'There is no such permission.' using errcode = 'BS422', detail = '/permissions';
    end if;
    new.permissions := access.complete(new.permissions);
    return new;
end $$;
create or replace function access.builtin_permissions(role text) returns text[] language sql stable as $$
    select coalesce(pg_catalog.array_agg(p.name), '{}') from access.permission p where p.declared and (role = 'owner' or role = any (p.default_roles))
$$;
create function access.proper_permissions(r access.role) returns text[] language sql stable as $$
    select access.complete(case when r.builtin then access.builtin_permissions(r.name) else r.permissions end)
$$;
-- A role that a tenant made loses what is gone too: kept, it would come back some day to whoever was given the role in the meantime.
create or replace function access.refresh_builtin_roles() returns void language plpgsql as $$
declare t uuid;
begin
    for t in select distinct r.tenant_id from access.role r where r.permissions <> access.proper_permissions(r) loop
        perform context.stamp(t, null, null, '', 'migration');
        update access.role r set permissions = access.proper_permissions(r), version = r.version + 1 where r.tenant_id = t and r.permissions <> access.proper_permissions(r);
    end loop;
    perform pg_catalog.set_config('context.stamp', '', true);
end $$;
create or replace function access.permissions() returns table (name text, module text, description text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.name, p.module, p.description from access.permission p where p.declared and context.tenant('roles:read') is not null order by p.name
$$;

-- What a tenant sets of its modules. Modules read it whoever acts; people need settings:read and settings:write.
create table tenancy.setting (
    tenant_id uuid not null references identity.tenant on delete cascade,
    id        uuid not null default tenancy.new_id(),
    name      text not null check (name ~ '^[a-z][a-z_]{1,30}[.][a-z][a-z_]{0,39}$'),
    value     jsonb not null check (jsonb_typeof(value) in ('boolean', 'number', 'string') and pg_column_size(value) <= 4096),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
alter table tenancy.setting enable row level security, force row level security;
create policy owner_only on tenancy.setting to :"owner" using (true) with check (true);
select audit.watch('tenancy.setting');

create function tenancy.setting_value(p_name text) returns text language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.value::text from tenancy.setting s where s.tenant_id = context.tenant() and s.name = p_name
$$;
create function tenancy.settings() returns table (name text, value text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.name, s.value::text from tenancy.setting s where s.tenant_id = context.tenant('settings:read') order by s.name
$$;
-- Without a value the module's own default holds again.
create function tenancy.change_setting(p_name text, p_value jsonb) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare tenant uuid := context.tenant('settings:write', true);
begin
    if not exists (select from system.module m where m.removed_at is null and p_name = any (m.settings)) then
        raise exception 'There is no such setting.' using errcode = 'BS422', detail = '/values';
    end if;
    if p_value is null then
        delete from tenancy.setting s where s.tenant_id = tenant and s.name = p_name;
    else
        insert into tenancy.setting as s (tenant_id, name, value) values (tenant, p_name, p_value)
        on conflict (tenant_id, name) do update set value = excluded.value where s.value <> excluded.value;
    end if;
end $$;
grant execute on function tenancy.setting_value(text) to :"app", :"worker";
grant execute on function tenancy.settings(), tenancy.change_setting(text, jsonb) to :"app";

-- Letters of modules: their kind is module.letter.
alter table mail.message drop constraint message_kind_check;
alter table mail.message add constraint message_kind_check check (kind ~ '^[a-z_]{1,40}([.][a-z_]{1,40})?$');
create index message_account on mail.message (tenant_id, account_id, created_at);

-- A module's letter to somebody of the stamp's tenant, in the caller's transaction. An injection can say no more than an installed module's
-- letter says, to nobody outside the tenant, and not a hundred times.
create function mail.post_to_member(p_kind text, p_account uuid, p_facts jsonb) returns uuid language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant uuid := context.tenant(null, true);
    person record;
begin
    if not exists (select from system.module m where m.removed_at is null and p_kind = any (m.letters)) then
        raise exception 'no installed module has a letter of that kind' using errcode = '22023';
    end if;
    if jsonb_typeof(p_facts) is distinct from 'object' or pg_column_size(p_facts) > 4096 or exists (select from jsonb_each(p_facts) f where jsonb_typeof(f.value) in ('object', 'array')) then
        raise exception 'the facts of a letter are one object of plain values under 4 KiB' using errcode = '22023';
    end if;
    -- Locked: letters to one person are counted one after another.
    select a.email, a.language into person from identity.account a where a.tenant_id = tenant and a.id = p_account and a.status = 'active' for no key update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    perform identity.spare(count(*) filter (where m.account_id = p_account), 50), identity.spare(count(*), 2000)
       from mail.message m where m.tenant_id = tenant and m.kind like '%.%' and m.created_at > now() - interval '1 day';
    return mail.post(p_kind, tenant, p_account, person.email, person.language, p_facts);
end $$;
grant usage on schema mail to :"app";
grant execute on function mail.post_to_member(text, uuid, jsonb) to :"app", :"worker";
