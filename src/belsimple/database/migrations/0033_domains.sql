-- Domains that a tenant has proven to be its own, single sign-on as the only way, and the one owner who comes in without it.

create table identity.domain (
    tenant_id    uuid not null references identity.tenant on delete cascade,
    id           uuid not null default tenancy.new_id(),
    name         text not null check (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$' and char_length(name) <= 190),
    challenge    text not null check (challenge ~ '^[a-z2-7]{32}$'),      -- what the TXT record holds
    proven_at    timestamptz,                                             -- null: not proven, or not any more
    checked_at   timestamptz,
    failed_since timestamptz,
    provider_only boolean not null default false,
    created_at   timestamptz not null default now(),
    version      integer not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
alter table identity.domain enable row level security, force row level security;
create policy owner_only on identity.domain to :"owner" using (true) with check (true);
select audit.watch('identity.domain');
-- The owner who comes in with a password when the provider does not work. Its use is told to every owner.
alter table identity.policy add column break_glass_id uuid, add column provider_only boolean not null default false,
    add constraint policy_break_glass foreign key (tenant_id, break_glass_id) references identity.account;

create function identity.owns_domain(tenant uuid, p_name text) returns boolean language sql stable as $$
    select exists (select from identity.domain d where d.tenant_id = tenant and d.name = p_name and d.proven_at is not null)
$$;
-- Whether this account must come by a provider. A domain that is no longer proven still binds: losing a DNS record opens no door.
create function identity.must_use_provider(tenant uuid, account uuid) returns boolean language sql stable as $$
    select coalesce((select p.provider_only from identity.policy p where p.tenant_id = tenant), false)
        or exists (select from identity.domain d join identity.account a on a.tenant_id = d.tenant_id and a.id = account and d.name = pg_catalog.split_part(a.email, '@', 2) where d.tenant_id = tenant and d.provider_only)
$$;
create function identity.is_break_glass(tenant uuid, account uuid) returns boolean language sql stable as $$
    select exists (select from identity.policy p where p.tenant_id = tenant and p.break_glass_id = account)
$$;

-- As in 0029, and: who must come by a provider comes by nothing else, save the one owner, whose second factor is then asked for in any case.
create or replace function identity.verdict(tenant uuid, account uuid, p_proven text[], p_address inet, p_agent text) returns text language plpgsql stable as $$
declare
    policy   identity.policy;
    networks cidr[];
    strong   boolean := p_proven && array['otp', 'rec', 'hwk', 'idp'];
    owns     boolean := identity.has_factor(tenant, account);
    known    boolean := 'mail' = any (p_proven) or not identity.browser_is_new(tenant, account, p_agent, p_address);
    bound    boolean := identity.must_use_provider(tenant, account);
    excepted boolean := bound and identity.is_break_glass(tenant, account);
begin
    select p.* into policy from identity.policy p where p.tenant_id = tenant;
    select t.networks into networks from identity.tenant t where t.id = tenant;
    if not identity.in_networks(networks, p_address) then return 'refused_network'; end if;
    if bound and not excepted and not 'idp' = any (p_proven) then return 'refused_provider_only'; end if;
    if not excepted and not identity.way_allowed(policy.ways, p_proven) then
        -- Where only passkeys open, the password is good for making the first one, and for nothing else.
        if not ('pwd' = any (p_proven) and 'passkey' = any (policy.ways)) or identity.has_passkey(tenant, account) then return 'refused_way'; end if;
        if owns and not strong then return 'factor'; end if;
        return case when known then 'enrolment' else 'browser' end;
    end if;
    if owns and not strong then return 'factor'; end if;
    if (excepted or identity.must_have_factor(tenant, account)) and not strong then
        -- Nobody makes a factor of their own for an account whose password they stole: the mailbox is asked first.
        return case when known then 'enrolment' else 'browser' end;
    end if;
    -- A code can be talked out of somebody, or read off a copied page; a passkey cannot.
    if p_proven && array['otp', 'rec'] and not 'hwk' = any (p_proven) and not known then return 'browser'; end if;
    return null;
end $$;
create or replace function identity.end_unfit_sessions(p_tenant uuid, p_account uuid) returns void language sql as $$
    delete from identity.session s where s.tenant_id = p_tenant and (p_account is null or s.account_id = p_account) and s.id is distinct from context.session()
       and identity.verdict(s.tenant_id, s.account_id, s.proven || '{mail}', s.address, s.agent) in ('factor', 'enrolment', 'refused_way', 'refused_network', 'refused_provider_only')
$$;
-- Loud, whichever code opened the session: a mail to every owner, and the trail.
create function identity.break_glass_used() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if 'idp' = any (new.proven) or not identity.is_break_glass(new.tenant_id, new.account_id) or not identity.must_use_provider(new.tenant_id, new.account_id) then return null; end if;
    perform audit.record('break_glass_used', 'identity.account', new.account_id, jsonb_build_object('address', host(new.address), 'agent', new.agent));
    perform identity.tell('break_glass_used', new.tenant_id, g.account_id, jsonb_build_object('at', identity.stated(now()), 'email', u.email, 'address', coalesce(host(new.address), ''), 'agent', coalesce(new.agent, '')))
       from access.assignment g join access.role r on r.tenant_id = g.tenant_id and r.id = g.role_id and r.builtin and r.name = 'owner'
       join identity.account a on a.tenant_id = g.tenant_id and a.id = g.account_id and a.status = 'active' join identity.account u on u.tenant_id = g.tenant_id and u.id = new.account_id
      where g.tenant_id = new.tenant_id;
    return null;
end $$;
create trigger break_glass_used after insert on identity.session for each row execute function identity.break_glass_used();

-- The rules of single sign-on: for all, and who comes in without it.
create function identity.provider_policy() returns table (provider_only boolean, break_glass_id uuid, version integer) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.provider_only, p.break_glass_id, p.version from identity.policy p where p.tenant_id = context.tenant('settings:read')
$$;
create function identity.is_owner(tenant uuid, account uuid) returns boolean language sql stable as $$
    select exists (select from access.assignment g join access.role r on r.tenant_id = g.tenant_id and r.id = g.role_id where g.tenant_id = tenant and g.account_id = account and r.builtin and r.name = 'owner')
$$;
-- The owners who can be the one: with a password of their own.
create function identity.possible_break_glass() returns table (id uuid, name text, email text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.id, a.name, a.email from identity.account a join identity.password w on w.tenant_id = a.tenant_id and w.id = a.id
    where a.tenant_id = context.tenant('settings:read') and a.status = 'active' and identity.is_owner(a.tenant_id, a.id) order by a.name, a.id
$$;
-- Before anybody is shut out there must be a provider that works, and an owner who gets in without it.
create function identity.require_way_back(tenant uuid, p_break_glass uuid) returns void language plpgsql as $$
begin
    if not exists (select from identity.provider p where p.tenant_id = tenant and p.status = 'active') then
        raise exception 'There is no identity provider in use: nobody could sign in.' using errcode = 'BS409', hint = 'no-provider';
    end if;
    if p_break_glass is null or not identity.is_owner(tenant, p_break_glass)
       or not exists (select from identity.account a join identity.password w on w.tenant_id = a.tenant_id and w.id = a.id where a.tenant_id = tenant and a.id = p_break_glass and a.status = 'active') then
        raise exception 'Choose an owner with a password, who can sign in when the provider does not work.' using errcode = 'BS422', detail = '/break_glass_id';
    end if;
end $$;
create function identity.change_provider_policy(p_provider_only boolean, p_break_glass_id uuid, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare tenant uuid := context.tenant('settings:write', true);
begin
    perform from identity.tenant t where t.id = tenant for no key update;
    -- Whoever names the exception could name themselves: an owner's own matter.
    if not identity.is_owner(tenant, context.account()) then raise exception 'Only an owner may change this.' using errcode = 'BS403', hint = 'owners-only'; end if;
    if p_provider_only or exists (select from identity.domain d where d.tenant_id = tenant and d.provider_only) then perform identity.require_way_back(tenant, p_break_glass_id); end if;
    update identity.policy p set provider_only = p_provider_only, break_glass_id = p_break_glass_id, version = p.version + 1 where p.tenant_id = tenant and p.version = p_expected;
    if not found then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
    perform identity.end_unfit_sessions(tenant, null);
end $$;
-- The exception is an owner with a password for as long as anybody depends on it.
create function identity.keep_break_glass() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare held uuid := case tg_table_name when 'assignment' then (to_jsonb(old) ->> 'account_id')::uuid else (to_jsonb(old) ->> 'id')::uuid end;
begin
    if identity.is_break_glass(old.tenant_id, held) and exists (select from identity.tenant t where t.id = old.tenant_id and t.status <> 'removing')
       and (exists (select from identity.policy p where p.tenant_id = old.tenant_id and p.provider_only) or exists (select from identity.domain d where d.tenant_id = old.tenant_id and d.provider_only)) then
        perform identity.require_way_back(old.tenant_id, held);
    end if;
    return null;
end $$;
create trigger keep_break_glass after delete or update of role_id on access.assignment for each row execute function identity.keep_break_glass();
create trigger keep_break_glass after update of status on identity.account for each row when (new.status <> 'active') execute function identity.keep_break_glass();

-- As in 0029; and whoever signs in by a provider can go on doing so.
create function identity.is_linked(tenant uuid, account uuid) returns boolean language sql stable as $$
    select exists (select from identity.provider_account x join identity.provider p on p.tenant_id = x.tenant_id and p.id = x.provider_id and p.status = 'active' where x.tenant_id = tenant and x.account_id = account)
$$;
create or replace function identity.change_policy(p_ways text[], p_factor_role_ids uuid[], p_shortest_password integer, p_networks text[], p_most_sessions integer, p_expected integer, p_address inet) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant  uuid := context.tenant('settings:write', true);
    account uuid := context.account();
    nets    cidr[];
begin
    perform from identity.tenant t where t.id = tenant for no key update;
    begin
        nets := p_networks::cidr[];
    exception when invalid_text_representation then
        raise exception 'Write networks as 192.0.2.0/24 or 2001:db8::/32, one on each line.' using errcode = 'BS422', detail = '/networks';
    end;
    if not identity.in_networks(nets, p_address) then
        raise exception 'Your own address is not in these networks: you would shut yourself out.' using errcode = 'BS422', detail = '/networks';
    end if;
    if exists (select from unnest(p_factor_role_ids) w where not exists (select from access.role r where r.tenant_id = tenant and r.id = w)) then
        raise exception 'There is no such role.' using errcode = 'BS422', detail = '/factor_role_ids';
    end if;
    if not (('password' = any (p_ways) and exists (select from identity.password p where p.tenant_id = tenant and p.id = account)) or ('passkey' = any (p_ways) and identity.has_passkey(tenant, account))
            or ('provider' = any (p_ways) and identity.is_linked(tenant, account))) then
        raise exception 'You could not sign in yourself any more: add a passkey to your account first, or allow the password.' using errcode = 'BS422', detail = '/ways';
    end if;
    if exists (select from access.assignment g where g.tenant_id = tenant and g.account_id = account and g.role_id = any (p_factor_role_ids)) and not identity.has_factor(tenant, account) then
        raise exception 'You have no second factor yourself. Add one to your account first.' using errcode = 'BS422', detail = '/factor_role_ids';
    end if;
    update identity.tenant t set networks = nets, version = t.version + 1 where t.id = tenant and t.networks is distinct from nets;
    update identity.policy p set ways = p_ways, factor_role_ids = p_factor_role_ids, shortest_password = p_shortest_password, most_sessions = p_most_sessions, version = p.version + 1
     where p.tenant_id = tenant and p.version = p_expected;
    if not found then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
    perform identity.end_unfit_sessions(tenant, null);
end $$;

create function identity.domains(p_id uuid) returns table (id uuid, name text, challenge text, proven_at timestamptz, checked_at timestamptz, failed_since timestamptz, provider_only boolean, version integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.id, d.name, d.challenge, d.proven_at, d.checked_at, d.failed_since, d.provider_only, d.version from identity.domain d
    where d.tenant_id = context.tenant('settings:read') and (p_id is null or d.id = p_id) order by d.name
$$;
create function identity.add_domain(p_id uuid, p_name text, p_challenge text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare tenant uuid := context.tenant('settings:write', true);
begin
    perform from identity.tenant t where t.id = tenant for no key update;
    if (select count(*) from identity.domain d where d.tenant_id = tenant) >= 50 then
        raise exception 'A tenant has fifty domains at most.' using errcode = 'BS409', hint = 'too-many-domains';
    end if;
    if exists (select from identity.domain d where d.tenant_id = tenant and d.name = p_name) then
        raise exception 'This domain is in the list already.' using errcode = 'BS422', detail = '/name';
    end if;
    insert into identity.domain (tenant_id, id, name, challenge) values (tenant, p_id, p_name, p_challenge);
end $$;
create function identity.hold_domain(p_id uuid, p_expected integer) returns identity.domain language plpgsql as $$
declare d identity.domain;
begin
    select x.* into d from identity.domain x where x.tenant_id = context.tenant('settings:write', true) and x.id = p_id for no key update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    if d.version <> p_expected then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
    return d;
end $$;
create function identity.remove_domain(p_id uuid, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare d identity.domain := identity.hold_domain(p_id, p_expected);
begin
    delete from identity.domain x where x.tenant_id = d.tenant_id and x.id = p_id;
end $$;
create function identity.change_domain(p_id uuid, p_provider_only boolean, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare d identity.domain := identity.hold_domain(p_id, p_expected);
begin
    if p_provider_only then
        if d.proven_at is null then raise exception 'Prove first that the domain is yours.' using errcode = 'BS409', hint = 'domain-not-proven'; end if;
        perform identity.require_way_back(d.tenant_id, (select p.break_glass_id from identity.policy p where p.tenant_id = d.tenant_id));
    end if;
    update identity.domain x set provider_only = p_provider_only, version = x.version + 1 where x.tenant_id = d.tenant_id and x.id = p_id;
    if p_provider_only then perform identity.end_unfit_sessions(d.tenant_id, null); end if;
end $$;
-- What a look at the DNS found. Asked for by an admin, or by the worker each day: a domain whose record is gone for seven days is not proven any more.
create function identity.note_domain(d identity.domain, p_found boolean) returns void language sql as $$
    update identity.domain x set checked_at = pg_catalog.now(), failed_since = case when p_found then null else coalesce(x.failed_since, pg_catalog.now()) end,
           proven_at = case when p_found then coalesce(x.proven_at, pg_catalog.now()) when x.failed_since < pg_catalog.now() - interval '7 days' then null else x.proven_at end
     where x.tenant_id = d.tenant_id and x.id = d.id
$$;
-- Web has no say in what is proven: it asks, and the worker looks.
create function identity.check_domain(p_id uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from identity.domain x where x.tenant_id = context.tenant('settings:write', true) and x.id = p_id;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    perform jobs.defer('belsimple.domain', 'system', jsonb_build_object('id', p_id));
end $$;
create function identity.domains_due() returns table (id uuid, name text, challenge text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.id, d.name, d.challenge from identity.domain d join identity.tenant t on t.id = d.tenant_id and t.status = 'active'
    where d.proven_at is not null and (d.checked_at is null or d.checked_at < now() - interval '20 hours') order by d.checked_at nulls first limit 500
$$;
create function identity.domain_challenge(p_id uuid) returns table (name text, challenge text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.name, d.challenge from identity.domain d where d.id = p_id
$$;
create function identity.note_domain_look(p_id uuid, p_found boolean) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare d identity.domain;
begin
    select x.* into d from identity.domain x where x.id = p_id for no key update;
    if not found then return; end if;
    perform context.stamp(d.tenant_id, null, null, '', 'sweep');
    perform identity.note_domain(d, p_found);
    perform set_config('context.stamp', '', true);
end $$;
-- By the clock: what is over.
create function identity.sweep_providers() returns bigint language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare swept bigint;
begin
    delete from identity.provider_attempt x where x.at < now() - interval '30 days';
    get diagnostics swept = row_count;
    delete from identity.provider_replay r where r.expires_at < now() - interval '5 minutes';
    return swept;
end $$;

grant execute on function identity.provider_policy(), identity.possible_break_glass(), identity.change_provider_policy(boolean, uuid, integer), identity.domains(uuid), identity.add_domain(uuid, text, text),
    identity.remove_domain(uuid, integer), identity.change_domain(uuid, boolean, integer), identity.check_domain(uuid) to :"app";
grant execute on function identity.domains_due(), identity.domain_challenge(uuid), identity.note_domain_look(uuid, boolean), identity.sweep_providers() to :"worker";
