-- What a signed-in person does with the own account, and what admins do with members. Actor and tenant come from the stamp, never from a parameter.

create function identity.me() returns table (id uuid, email text, name text, language text, zone text, version integer, tenant_id uuid, tenant_slug text, tenant_name text, roles text[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.id, a.email, a.name, a.language, a.zone, a.version, t.id, t.slug, t.name,
           (select coalesce(array_agg(r.name order by r.name), '{}') from access.assignment g join access.role r on r.tenant_id = g.tenant_id and r.id = g.role_id
             where g.tenant_id = a.tenant_id and g.account_id = a.id)
    from identity.account a join identity.tenant t on t.id = a.tenant_id
    where a.tenant_id = context.tenant() and a.id = context.account()
$$;
create function identity.change_me(p_name text, p_language text, p_zone text, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    update identity.account a set name = coalesce(p_name, a.name), language = coalesce(p_language, a.language), zone = coalesce(p_zone, a.zone), version = a.version + 1
     where a.tenant_id = context.tenant(null, true) and a.id = context.account() and (p_expected is null or a.version = p_expected);
    if not found then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
end $$;

create function identity.own_sessions() returns table (id uuid, created_at timestamptz, last_seen timestamptz, expires_at timestamptz, address text, agent text, current boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.id, s.created_at, s.last_seen, s.expires_at, host(s.address), s.agent, s.id = context.session()
    from identity.session s join identity.tenant t on t.id = s.tenant_id
    where s.tenant_id = context.tenant() and s.account_id = context.account() and s.expires_at > now() and s.last_seen > now() - make_interval(mins => t.session_idle_minutes)
    order by s.last_seen desc, s.id
$$;
create function identity.end_own_session(p_id uuid) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from identity.session s where s.tenant_id = context.tenant(null, true) and s.account_id = context.account() and s.id = p_id;
    return found;
end $$;

create function identity.own_password_parameters() returns table (salt bytea, memory_kib integer, iterations integer, lanes integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.salt, p.memory_kib, p.iterations, p.lanes from identity.password p where p.tenant_id = context.tenant() and p.id = context.account()
$$;
-- Whether the proof is right. A failure is counted, and kept because nothing is raised.
create function identity.prove_own_password(p_proof bytea) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant  uuid := context.tenant(null, true);
    account uuid := context.account();
    good    boolean;
begin
    perform from identity.password p where p.tenant_id = tenant and p.id = account for no key update;
    select p.verifier = sha256(p_proof) and coalesce((select f.failures from identity.sign_in_failure f where f.tenant_id = tenant and f.account_id = account and f.familiar), 0) < 100
      into good from identity.password p where p.tenant_id = tenant and p.id = account;
    if good is not true then
        perform identity.count_failure(tenant, account, true);
        perform audit.record('password_refused', 'identity.account', account);
        return false;
    end if;
    delete from identity.sign_in_failure f where f.tenant_id = tenant and f.account_id = account and f.familiar;   -- no longer in a row
    return true;
end $$;
create function identity.reauthenticate(p_proof bytea) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not identity.prove_own_password(p_proof) then return false; end if;
    update identity.session s set authenticated_at = now() where s.tenant_id = context.tenant(null, true) and s.account_id = context.account() and s.id = context.session();
    perform audit.record('reauthenticated', 'identity.session', context.session());
    return true;
end $$;
-- Every session ends by the trigger, this one too; the caller continues in a new one.
create function identity.change_own_password(p_proof bytea, p_salt bytea, p_memory_kib integer, p_iterations integer, p_lanes integer, p_verifier bytea,
    p_token_hash bytea, p_address inet, p_agent text) returns uuid language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare session uuid;
begin
    if not identity.prove_own_password(p_proof) then return null; end if;
    update identity.password p set salt = p_salt, memory_kib = p_memory_kib, iterations = p_iterations, lanes = p_lanes, verifier = p_verifier, changed_at = now()
     where p.tenant_id = context.tenant(null, true) and p.id = context.account();
    session := identity.open_session(context.tenant(null, true), context.account(), p_token_hash, p_address, p_agent);
    if session is null then raise exception 'no session' using errcode = '28000'; end if;   -- deactivated in this moment
    return session;
end $$;

-- Nobody grants or takes what they do not hold: else an admin could make or unmake an owner.
create function access.require_held(permissions text[]) returns void language plpgsql as $$
begin
    if not permissions OPERATOR(pg_catalog.<@) context.permissions() then
        raise exception 'This needs permissions that you do not hold yourself.' using errcode = 'BS403', hint = 'permission-not-held';
    end if;
end $$;

create function identity.members(p_id uuid, p_after_email text, p_limit integer)
returns table (id uuid, email text, name text, status text, roles text[], role_ids uuid[], created_at timestamptz, version integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.id, a.email, a.name, a.status, coalesce(array_agg(r.name order by r.name) filter (where r.id is not null), '{}'),
           coalesce(array_agg(r.id order by r.name) filter (where r.id is not null), '{}'), a.created_at, a.version
    from identity.account a
    left join access.assignment g on g.tenant_id = a.tenant_id and g.account_id = a.id
    left join access.role r on r.tenant_id = g.tenant_id and r.id = g.role_id
    where a.tenant_id = context.tenant('members:read') and (p_id is null or a.id = p_id) and (p_after_email is null or a.email > p_after_email)
    group by a.tenant_id, a.id order by a.email limit p_limit
$$;
create function identity.change_member(p_id uuid, p_status text, p_roles text[], p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant uuid := context.tenant('members:write', true);
    wanted uuid[];
begin
    -- All changes to who holds what in one tenant wait for each other: two owners cannot remove one another at once.
    perform from identity.tenant t where t.id = tenant for no key update;
    perform from identity.account a where a.tenant_id = tenant and a.id = p_id;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    perform access.require_held(string_to_array(nullif(access.permissions_of(tenant, p_id), ''), ','));
    update identity.account a set status = coalesce(p_status, a.status), version = a.version + 1
     where a.tenant_id = tenant and a.id = p_id and (p_expected is null or a.version = p_expected);
    if not found then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
    if p_roles is not null then
        select array_agg(r.id) into wanted from access.role r where r.tenant_id = tenant and (r.name = any (p_roles) or r.id::text = any (p_roles));
        if cardinality(coalesce(wanted, '{}')) <> cardinality(p_roles) then
            raise exception 'There is no such role.' using errcode = 'BS422', detail = '/roles';
        end if;
        perform access.require_held(r.permissions) from access.role r where r.tenant_id = tenant and r.id = any (wanted);
        insert into access.assignment (tenant_id, account_id, role_id) select tenant, p_id, w from unnest(wanted) w on conflict do nothing;
        delete from access.assignment g where g.tenant_id = tenant and g.account_id = p_id and g.role_id <> all (coalesce(wanted, '{}'));
    end if;
end $$;

-- The last owner cannot go, by whichever way: a role taken, an account deactivated or removed.
create function access.keep_an_owner() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from identity.tenant t where t.id = old.tenant_id and t.status <> 'removing' for no key update;
    if found and not exists (select from access.assignment g join access.role r on r.tenant_id = g.tenant_id and r.id = g.role_id
                             join identity.account a on a.tenant_id = g.tenant_id and a.id = g.account_id
                             where g.tenant_id = old.tenant_id and r.builtin and r.name = 'owner' and a.status = 'active') then
        raise exception 'A tenant keeps at least one active owner. Appoint another owner first.' using errcode = 'BS409', hint = 'last-owner';
    end if;
    return null;
end $$;
create trigger keep_an_owner after delete or update on access.assignment for each row execute function access.keep_an_owner();
create trigger keep_an_owner after delete or update of status on identity.account for each row execute function access.keep_an_owner();

create function identity.tenant_settings() returns table (id uuid, slug text, name text, session_idle_minutes integer, session_absolute_minutes integer, version integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.id, t.slug, t.name, t.session_idle_minutes, t.session_absolute_minutes, t.version from identity.tenant t where t.id = context.tenant('settings:read')
$$;
create function identity.change_tenant_settings(p_name text, p_idle integer, p_absolute integer, p_expected integer) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    update identity.tenant t set name = coalesce(p_name, t.name), session_idle_minutes = coalesce(p_idle, t.session_idle_minutes),
           session_absolute_minutes = coalesce(p_absolute, t.session_absolute_minutes), version = t.version + 1
     where t.id = context.tenant('settings:write', true) and t.version = p_expected;
    if not found then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
    -- A shorter limit holds for the sessions there are.
    update identity.session s set expires_at = least(s.expires_at, s.created_at + make_interval(mins => coalesce(p_absolute, 720))) where s.tenant_id = context.tenant(null, true);
end $$;

grant execute on function identity.me(), identity.change_me(text, text, text, integer), identity.own_sessions(), identity.end_own_session(uuid),
    identity.members(uuid, text, integer), identity.change_member(uuid, text, text[], integer),
    identity.tenant_settings(), identity.change_tenant_settings(text, integer, integer, integer) to :"app";
grant execute on function identity.end_own_session(uuid), identity.own_password_parameters(), identity.reauthenticate(bytea),
    identity.change_own_password(bytea, bytea, integer, integer, integer, bytea, bytea, inet, text), identity.me() to :"gate";
