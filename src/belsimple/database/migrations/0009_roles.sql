-- Roles: four built in, more as a tenant defines them. Writing a thing implies reading it.

create function access.complete(permissions text[]) returns text[] language sql stable as $$
    select coalesce(pg_catalog.array_agg(distinct p order by p), '{}')
    from (select pg_catalog.unnest(permissions) as p union select pg_catalog.split_part(w, ':', 1) OPERATOR(pg_catalog.||) ':read' from pg_catalog.unnest(permissions) w where w like '%:write') x
    where p in (select name from access.permission)
$$;
create function access.complete_role() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from unnest(new.permissions) p where p not in (select name from access.permission)) then
        raise exception 'There is no such permission.' using errcode = 'BS422', detail = '/permissions';
    end if;
    new.permissions := access.complete(new.permissions);
    return new;
end $$;
create trigger complete_role before insert or update on access.role for each row execute function access.complete_role();

create function access.builtin_permissions(role text) returns text[] language sql stable as $$
    select coalesce(pg_catalog.array_agg(p.name), '{}') from access.permission p where role = 'owner' or role = any (p.default_roles)
$$;

-- After modules came or went: the built-in roles of every tenant follow, each tenant's trail says so.
create function access.refresh_builtin_roles() returns void language plpgsql as $$
declare t uuid;
begin
    for t in select distinct r.tenant_id from access.role r where r.builtin and r.permissions <> access.complete(access.builtin_permissions(r.name)) loop
        perform context.stamp(t, null, null, '', 'migration');
        update access.role r set permissions = access.builtin_permissions(r.name), version = r.version + 1
         where r.tenant_id = t and r.builtin and r.permissions <> access.complete(access.builtin_permissions(r.name));
    end loop;
    perform pg_catalog.set_config('context.stamp', '', true);
end $$;

create function access.roles(p_id uuid) returns table (id uuid, name text, builtin boolean, permissions text[], members integer, version integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select r.id, r.name, r.builtin, r.permissions, (select count(*)::integer from access.assignment g where g.tenant_id = r.tenant_id and g.role_id = r.id), r.version
    from access.role r where r.tenant_id = context.tenant('roles:read') and (p_id is null or r.id = p_id) order by not r.builtin, r.name
$$;
create function access.permissions() returns table (name text, module text, description text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.name, p.module, p.description from access.permission p where context.tenant('roles:read') is not null order by p.name
$$;
create function access.create_role(p_name text, p_permissions text[]) returns uuid language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare role uuid := tenancy.new_id();
begin
    perform access.require_held(access.complete(p_permissions));
    insert into access.role (tenant_id, id, name, permissions) values (context.tenant('roles:write', true), role, p_name, p_permissions);
    return role;
end $$;
create function access.changeable_role(p_id uuid, p_expected integer) returns access.role language plpgsql as $$
declare r access.role;
begin
    select x.* into r from access.role x where x.tenant_id = context.tenant('roles:write', true) and x.id = p_id for no key update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    if r.builtin then raise exception 'A built-in role cannot be changed. Make a role of your own instead.' using errcode = 'BS409', hint = 'builtin-role'; end if;
    if r.version <> p_expected then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
    perform access.require_held(r.permissions);
    return r;
end $$;
create function access.change_role(p_id uuid, p_name text, p_permissions text[], p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare r access.role := access.changeable_role(p_id, p_expected);
begin
    perform access.require_held(access.complete(p_permissions));
    update access.role x set name = coalesce(p_name, x.name), permissions = coalesce(p_permissions, x.permissions), version = x.version + 1
     where x.tenant_id = r.tenant_id and x.id = p_id;
end $$;
create function access.delete_role(p_id uuid, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare r access.role := access.changeable_role(p_id, p_expected);
begin
    if exists (select from access.assignment g where g.tenant_id = r.tenant_id and g.role_id = p_id) then
        raise exception 'Members still hold this role. Take it from them first.' using errcode = 'BS409', hint = 'role-in-use';
    end if;
    delete from access.role x where x.tenant_id = r.tenant_id and x.id = p_id;
end $$;
grant execute on function access.roles(uuid), access.permissions(), access.create_role(text, text[]), access.change_role(uuid, text, text[], integer), access.delete_role(uuid, integer) to :"app";

-- Tenants: made by the operator's command; no service role may.
create function tenancy.create_tenant(p_slug text, p_name text, p_owner_email text, p_token_hash bytea, p_actor text, p_synthetic boolean) returns uuid language plpgsql as $$
declare
    tenant uuid := tenancy.new_id();
    role   text;
begin
    perform context.stamp(tenant, null, null, '', 'command');
    insert into identity.tenant (id, slug, name, synthetic) values (tenant, p_slug, p_name, p_synthetic);
    foreach role in array array['owner', 'admin', 'member', 'auditor'] loop
        insert into access.role (tenant_id, name, builtin, permissions) values (tenant, role, true, access.builtin_permissions(role));
    end loop;
    perform tenancy.invite(tenant, p_owner_email, 'owner', p_token_hash, interval '7 days');
    perform audit.record_system(p_actor, 'tenant_created', jsonb_build_object('tenant', tenant, 'slug', p_slug));
    perform set_config('context.stamp', '', true);
    return tenant;
end $$;
create function tenancy.invite(tenant uuid, p_email text, p_role text, p_token_hash bytea, valid interval) returns uuid language plpgsql as $$
declare invitation uuid := tenancy.new_id();
begin
    insert into identity.invitation (tenant_id, id, email, role_ids, token_hash, expires_at)
    select tenant, invitation, pg_catalog.lower(p_email), array[r.id], p_token_hash, now() + valid from access.role r where r.tenant_id = tenant and r.name = p_role;
    if not found then raise exception 'There is no role %.', p_role using errcode = 'BS404'; end if;
    return invitation;
end $$;
-- A command's invitation into a tenant that exists, for demo data and synthetic tenants.
create function tenancy.invite_member(p_slug text, p_email text, p_role text, p_token_hash bytea) returns void language plpgsql as $$
declare tenant uuid := (select t.id from identity.tenant t where t.slug = p_slug);
begin
    if tenant is null then raise exception 'There is no tenant %.', p_slug using errcode = 'BS404'; end if;
    perform context.stamp(tenant, null, null, '', 'command');
    perform tenancy.invite(tenant, p_email, p_role, p_token_hash, interval '1 hour');
    perform set_config('context.stamp', '', true);
end $$;
create function tenancy.tenants() returns table (id uuid, slug text, name text, status text, synthetic boolean, accounts bigint, created_at timestamptz) language sql stable as $$
    select t.id, t.slug, t.name, t.status, t.synthetic, (select count(*) from identity.account a where a.tenant_id = t.id), t.created_at from identity.tenant t order by t.slug
$$;
-- Suspension refuses everything of a tenant's at once (its sessions end by trigger) and loses nothing.
create function tenancy.set_status(p_slug text, p_status text, p_actor text) returns void language plpgsql as $$
declare tenant uuid := (select t.id from identity.tenant t where t.slug = p_slug);
begin
    if tenant is null then raise exception 'There is no tenant %.', p_slug using errcode = 'BS404'; end if;
    perform context.stamp(tenant, null, null, '', 'command');
    update identity.tenant t set status = p_status, version = t.version + 1 where t.id = tenant and t.status <> p_status;
    perform audit.record_system(p_actor, 'tenant_' || p_status, jsonb_build_object('tenant', tenant, 'slug', p_slug));
    perform set_config('context.stamp', '', true);
end $$;
-- A probe's tenant leaves again; its trail stays. Only a tenant made as synthetic can be removed this way, and only once its modules' rows are gone
-- (their foreign-key-free tables are emptied by the probe itself, inside the tenant).
create function tenancy.remove_synthetic(p_slug text, p_actor text) returns void language plpgsql as $$
declare tenant uuid := (select t.id from identity.tenant t where t.slug = p_slug and t.synthetic);
begin
    if tenant is null then raise exception 'There is no synthetic tenant %.', p_slug using errcode = 'BS404'; end if;
    perform context.stamp(tenant, null, null, '', 'command');
    update identity.tenant t set status = 'removing' where t.id = tenant;
    delete from identity.invitation i where i.tenant_id = tenant;
    delete from access.assignment g where g.tenant_id = tenant;
    delete from identity.account a where a.tenant_id = tenant;
    delete from access.role r where r.tenant_id = tenant;
    delete from identity.tenant t where t.id = tenant;
    perform audit.record_system(p_actor, 'synthetic_tenant_removed', jsonb_build_object('tenant', tenant, 'slug', p_slug));
    perform set_config('context.stamp', '', true);
end $$;
