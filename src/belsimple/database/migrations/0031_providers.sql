-- A tenant's own identity providers: what they are, who of theirs is who of ours, and what their sign-ins came to.

-- Whatever a provider is trusted for stands here, never in a token: issuer, audience (client_id), algorithms, where its keys are. `version` rises
-- with each change. A draft is tried by its admin; only one whose present version was tried may be switched on.
create table identity.provider (
    tenant_id       uuid not null references identity.tenant on delete cascade,
    id              uuid not null default tenancy.new_id(),
    protocol        text not null default 'oidc' check (protocol in ('oidc')),
    name            text not null check (char_length(name) between 1 and 100),
    status          text not null default 'draft' check (status in ('draft', 'active', 'disabled')),
    issuer          text check (issuer ~ '^https://' and char_length(issuer) <= 500),
    client_id       text check (char_length(client_id) between 1 and 300),
    sealed_secret   bytea check (octet_length(sealed_secret) <= 2000),    -- by part gate, bound to this row
    client_authentication   text not null default 'basic' check (client_authentication in ('basic', 'post')),
    algorithms      text[] not null default '{RS256}' check (cardinality(algorithms) > 0
                        and algorithms <@ '{RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA}'),   -- asymmetric only
    scopes          text not null default 'openid email profile' check (scopes ~ '^openid( [!-~]+)*$' and char_length(scopes) <= 300),
    discovered      boolean not null default true,                        -- the addresses below are its metadata's, read anew each time
    authorization_address text check (authorization_address ~ '^https://' and char_length(authorization_address) <= 500),
    token_address   text check (token_address ~ '^https://' and char_length(token_address) <= 500),
    keys_address    text check (keys_address ~ '^https://' and char_length(keys_address) <= 500),
    userinfo_address text check (userinfo_address ~ '^https://' and char_length(userinfo_address) <= 500),
    logout_address  text check (logout_address ~ '^https://' and char_length(logout_address) <= 500),
    makes_accounts  boolean not null default true,                        -- just in time, at the first sign-in
    role_ids        uuid[] not null default '{}' check (cardinality(role_ids) <= 20),   -- of an account so made, besides what the rules give
    tried_version   integer,
    created_at      timestamptz not null default now(),
    version         integer not null default 1,
    primary key (tenant_id, id),
    unique (id)                                                           -- a return and a logout name it alone
);
-- Who of theirs is who of ours. The key is what no user of theirs can change; an e-mail address is not in it.
create table identity.provider_account (
    tenant_id   uuid not null,
    provider_id uuid not null,
    issuer      text not null,
    subject     text not null check (char_length(subject) between 1 and 255),
    account_id  uuid not null,
    id          uuid not null default tenancy.new_id(),
    created_at  timestamptz not null default now(),
    used_at     timestamptz,
    primary key (tenant_id, provider_id, issuer, subject),
    foreign key (tenant_id, provider_id) references identity.provider on delete cascade,
    foreign key (tenant_id, account_id) references identity.account on delete cascade
);
create index provider_account_account on identity.provider_account (tenant_id, account_id);
-- Whoever has this value in this claim holds this role, from sign-in to sign-in; roles that no rule names are left alone.
create table identity.provider_rule (
    tenant_id   uuid not null,
    id          uuid not null default tenancy.new_id(),
    provider_id uuid not null,
    claim       text not null check (claim ~ '^[A-Za-z0-9_.:/-]{1,200}$'),
    value       text not null check (char_length(value) between 1 and 300),
    role_id     uuid not null,
    primary key (tenant_id, id),
    unique (tenant_id, provider_id, claim, value, role_id),
    foreign key (tenant_id, provider_id) references identity.provider on delete cascade,
    foreign key (tenant_id, role_id) references access.role on delete cascade
);
-- What each sign-in came to, and what the provider said: for the admin who asks why. Secrets, codes and tokens are never here.
create table identity.provider_attempt (
    tenant_id   uuid not null,
    id          uuid not null default tenancy.new_id(),
    provider_id uuid not null,
    at          timestamptz not null default now(),
    wants       text not null check (wants in ('provider', 'linking', 'trial', 'confirmation')),
    reason      text check (reason ~ '^[a-z_]{1,40}$'),                   -- null: it went well
    claims      jsonb not null default '{}' check (pg_column_size(claims) <= 16384),
    account_id  uuid,
    primary key (tenant_id, id),
    foreign key (tenant_id, provider_id) references identity.provider on delete cascade
);
create index provider_attempt_provider on identity.provider_attempt (tenant_id, provider_id, id);
-- A setup link's subject: for whoever runs the identity provider and has no account here. Good once, for seven days.
create table identity.provider_setup (
    tenant_id   uuid not null,
    id          uuid not null default tenancy.new_id(),
    provider_id uuid not null,
    created_by  uuid not null,
    expires_at  timestamptz not null default now() + interval '7 days',
    used_at     timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, provider_id) references identity.provider on delete cascade
);
-- Logout tokens that were taken: the same one ends nothing twice. Kept until it would have expired anyway.
create table identity.provider_replay (
    tenant_id   uuid not null,
    provider_id uuid not null,
    token_id    bytea not null check (octet_length(token_id) = 32),       -- SHA-256 of its jti
    expires_at  timestamptz not null,
    primary key (tenant_id, provider_id, token_id),
    foreign key (tenant_id, provider_id) references identity.provider on delete cascade
);

do $$ declare t regclass; begin
    foreach t in array array['identity.provider', 'identity.provider_account', 'identity.provider_rule', 'identity.provider_attempt', 'identity.provider_setup', 'identity.provider_replay']::regclass[] loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;
select audit.watch('identity.provider', '{sealed_secret}'), audit.watch('identity.provider_rule'), audit.watch('identity.provider_setup');
-- A link between two accounts comes and goes in the trail; its last use is the sign-in's.
create trigger audit_insert after insert on identity.provider_account referencing new table as new_rows for each statement execute function audit.capture();
create trigger audit_delete after delete on identity.provider_account referencing old table as old_rows for each statement execute function audit.capture();

-- Sessions know who opened them, so that a provider can end what it opened, and what it opened ends with it.
alter table identity.session add column provider_id uuid, add column provider_session text check (char_length(provider_session) <= 255),
    add constraint session_provider foreign key (tenant_id, provider_id) references identity.provider on delete cascade;
create index session_provider on identity.session (tenant_id, provider_id) where provider_id is not null;
alter table identity.pending_sign_in add column target text check (char_length(target) <= 1300),
    add constraint pending_sign_in_provider foreign key (tenant_id, provider_id) references identity.provider on delete cascade;
create index pending_sign_in_provider on identity.pending_sign_in (tenant_id, provider_id) where provider_id is not null;
alter table identity.pending_sign_in drop constraint pending_sign_in_wants_check,
    add constraint pending_sign_in_wants_check check (wants in ('factor', 'enrolment', 'browser', 'passkey', 'registration', 'reauthentication', 'provider', 'linking', 'trial', 'confirmation'));
alter table mail.link drop constraint link_purpose_check,
    add constraint link_purpose_check check (purpose in ('invitation', 'password_reset', 'email_change', 'operator_invitation', 'operator_reset', 'sign_in', 'provider_setup'));

-- What is under way with a provider is over when it changes; so is every session that it opened, when it is no longer the one that was trusted.
create function identity.provider_changed() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from identity.pending_sign_in s where s.tenant_id = new.tenant_id and s.provider_id = new.id and s.provider_version <> new.version;
    if (old.status = 'active' and new.status <> 'active') or old.issuer is distinct from new.issuer or old.client_id is distinct from new.client_id then
        delete from identity.session s where s.tenant_id = new.tenant_id and s.provider_id = new.id;
    end if;
    return null;
end $$;
create trigger provider_changed after update on identity.provider for each row execute function identity.provider_changed();

-- What part gate needs to speak to a provider, as JSON: nothing that it must keep from itself.
create function identity.provider_facts(p identity.provider) returns text language sql immutable as $$
    select (pg_catalog.to_jsonb(p) - 'sealed_secret' - 'role_ids' - 'created_at' - 'makes_accounts' - 'tried_version')::text
$$;
-- The roles that rules give to claims. A claim is a text or a list of texts; groups within "realm_access.roles" are found by that path.
create function identity.claim_values(p_claims jsonb, p_claim text) returns text[] language sql immutable as $$
    select case pg_catalog.jsonb_typeof(found) when 'array' then array(select e #>> '{}' from pg_catalog.jsonb_array_elements(found) e) when 'object' then '{}' when 'null' then '{}'
           else array_remove(array[found #>> '{}'], null) end
    from (select coalesce(p_claims -> p_claim, p_claims #> pg_catalog.string_to_array(p_claim, '.')) as found) f
$$;
create function identity.roles_by(p_rules jsonb, p_claims jsonb) returns uuid[] language sql immutable as $$
    select coalesce(pg_catalog.array_agg(distinct (r ->> 'role_id')::uuid), '{}') from pg_catalog.jsonb_array_elements(p_rules) r
    where r ->> 'value' = any (identity.claim_values(p_claims, r ->> 'claim'))
$$;
create function identity.rules_of(tenant uuid, provider uuid) returns jsonb language sql stable as $$
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('claim', r.claim, 'value', r.value, 'role_id', r.role_id) order by r.claim, r.value, r.id), '[]')
    from identity.provider_rule r where r.tenant_id = tenant and r.provider_id = provider
$$;

-- The tenant's own view of its providers.
create function identity.providers(p_id uuid)
returns table (id uuid, name text, status text, issuer text, client_id text, has_secret boolean, client_authentication text, algorithms text[], scopes text, discovered boolean,
    authorization_address text, token_address text, keys_address text, userinfo_address text, logout_address text, makes_accounts boolean, role_ids uuid[], tried boolean, accounts bigint,
    rules text, created_at timestamptz, version integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.id, p.name, p.status, p.issuer, p.client_id, p.sealed_secret is not null, p.client_authentication, p.algorithms, p.scopes, p.discovered,
           p.authorization_address, p.token_address, p.keys_address, p.userinfo_address, p.logout_address, p.makes_accounts,
           array(select r.id from access.role r where r.tenant_id = p.tenant_id and r.id = any (p.role_ids) order by r.id), p.tried_version is not distinct from p.version,
           (select count(*) from identity.provider_account a where a.tenant_id = p.tenant_id and a.provider_id = p.id), identity.rules_of(p.tenant_id, p.id)::text, p.created_at, p.version
    from identity.provider p where p.tenant_id = context.tenant('settings:read') and (p_id is null or p.id = p_id) order by p.name, p.id
$$;
create function identity.hold_provider(p_id uuid, p_expected integer) returns identity.provider language plpgsql as $$
declare p identity.provider;
begin
    select x.* into p from identity.provider x where x.tenant_id = context.tenant('settings:write', true) and x.id = p_id for no key update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    if p.version <> p_expected then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
    return p;
end $$;
-- Roles that sign-ins will give: nobody hands out through a provider what they do not hold themselves.
create function identity.require_roles(p_ids uuid[], p_pointer text) returns void language plpgsql as $$
begin
    if exists (select from pg_catalog.unnest(p_ids) w where not exists (select from access.role r where r.tenant_id = context.tenant('settings:write', true) and r.id = w)) then
        raise exception 'There is no such role.' using errcode = 'BS422', detail = p_pointer;
    end if;
    perform access.require_held(r.permissions) from access.role r where r.tenant_id = context.tenant('settings:write', true) and r.id = any (p_ids);
end $$;
create function identity.add_provider(p_id uuid, p_name text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from identity.tenant t where t.id = context.tenant('settings:write', true) for no key update;
    if (select count(*) from identity.provider p where p.tenant_id = context.tenant('settings:write', true)) >= 10 then
        raise exception 'A tenant has ten identity providers at most.' using errcode = 'BS409', hint = 'too-many-providers';
    end if;
    insert into identity.provider (tenant_id, id, name) values (context.tenant('settings:write', true), p_id, p_name);
end $$;
-- What it is trusted for. Another issuer, client, algorithm or address must be tried anew before it counts; another name or secret need not.
create function identity.configure_provider(tenant uuid, p_id uuid, f jsonb, p_sealed_secret bytea, p_allowed text[]) returns void language plpgsql as $$
declare
    old    identity.provider;
    wanted identity.provider;
    same   boolean;
begin
    select x.* into old from identity.provider x where x.tenant_id = tenant and x.id = p_id for no key update;
    wanted := pg_catalog.jsonb_populate_record(old, coalesce((select pg_catalog.jsonb_object_agg(e.key, e.value) from pg_catalog.jsonb_each(f) e where e.key = any (p_allowed)), '{}'));
    same := (wanted.issuer, wanted.client_id, wanted.client_authentication, wanted.scopes, wanted.discovered, wanted.authorization_address, wanted.token_address, wanted.keys_address, wanted.userinfo_address)
        is not distinct from (old.issuer, old.client_id, old.client_authentication, old.scopes, old.discovered, old.authorization_address, old.token_address, old.keys_address, old.userinfo_address)
        and wanted.algorithms OPERATOR(pg_catalog.<@) old.algorithms and wanted.algorithms OPERATOR(pg_catalog.@>) old.algorithms;
    update identity.provider p set name = wanted.name, issuer = wanted.issuer, client_id = wanted.client_id, sealed_secret = coalesce(p_sealed_secret, p.sealed_secret),
           client_authentication = wanted.client_authentication, algorithms = wanted.algorithms, scopes = wanted.scopes, discovered = wanted.discovered, authorization_address = wanted.authorization_address,
           token_address = wanted.token_address, keys_address = wanted.keys_address, userinfo_address = wanted.userinfo_address, logout_address = wanted.logout_address,
           version = p.version + 1,
           status = case when same then p.status else 'draft' end, tried_version = case when same and p.tried_version = p.version then p.version + 1 end
     where p.tenant_id = tenant and p.id = p_id;
end $$;
create function identity.change_provider(p_id uuid, p_fields text, p_sealed_secret bytea, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare p identity.provider := identity.hold_provider(p_id, p_expected);
begin
    perform identity.configure_provider(p.tenant_id, p_id, p_fields::jsonb, p_sealed_secret, '{name,issuer,client_id,client_authentication,algorithms,scopes,discovered,authorization_address,token_address,keys_address,userinfo_address,logout_address}');
end $$;
create function identity.set_provider_status(p_id uuid, p_status text, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare p identity.provider := identity.hold_provider(p_id, p_expected);
begin
    if p_status = 'active' and p.tried_version is distinct from p.version then
        raise exception 'Test the sign-in first: it counts once it has worked as it stands now.' using errcode = 'BS409', hint = 'provider-not-tried';
    end if;
    update identity.provider x set status = p_status, version = x.version + 1, tried_version = case when x.tried_version = x.version then x.version + 1 end
     where x.tenant_id = p.tenant_id and x.id = p_id;
end $$;
create function identity.remove_provider(p_id uuid, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare p identity.provider := identity.hold_provider(p_id, p_expected);
begin
    delete from identity.provider x where x.tenant_id = p.tenant_id and x.id = p_id;
end $$;
-- Who becomes what here: whether accounts are made, the roles that each of them gets, and the rules.
create function identity.change_rules(p_id uuid, p_makes_accounts boolean, p_role_ids uuid[], p_rules text, p_expected integer) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare p identity.provider := identity.hold_provider(p_id, p_expected);
begin
    -- What the old rules gave is taken, too: whoever changes them holds all of it.
    perform identity.require_roles(array(select x.role_id from identity.provider_rule x where x.tenant_id = p.tenant_id and x.provider_id = p_id), '/rules');
    perform identity.require_roles(array(select (r ->> 'role_id')::uuid from jsonb_array_elements(p_rules::jsonb) r), '/rules');
    perform identity.require_roles(p_role_ids, '/role_ids');
    delete from identity.provider_rule x where x.tenant_id = p.tenant_id and x.provider_id = p_id;
    insert into identity.provider_rule (tenant_id, provider_id, claim, value, role_id)
    select distinct p.tenant_id, p_id, r ->> 'claim', r ->> 'value', (r ->> 'role_id')::uuid from jsonb_array_elements(p_rules::jsonb) r;
    update identity.provider x set makes_accounts = p_makes_accounts, role_ids = p_role_ids, version = x.version + 1, tried_version = case when x.tried_version = x.version then x.version + 1 end
     where x.tenant_id = p.tenant_id and x.id = p_id;
end $$;
-- The last sign-ins, and the roles that these rules would have given. Claims are people's own: for whoever may change the provider.
create function identity.provider_attempts(p_id uuid, p_rules text) returns table (id uuid, at timestamptz, wants text, reason text, claims text, account text, role_ids uuid[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select x.id, x.at, x.wants, x.reason, jsonb_pretty(x.claims), a.name, identity.roles_by(coalesce(p_rules::jsonb, identity.rules_of(x.tenant_id, x.provider_id)), x.claims)
    from identity.provider_attempt x left join identity.account a on a.tenant_id = x.tenant_id and a.id = x.account_id
    where x.tenant_id = context.tenant('settings:write') and x.provider_id = p_id order by x.id desc limit 20
$$;

-- A setup link. The page behind it fills in a draft and nothing else: it switches nothing on, and sees no secret.
create function identity.begin_setup(p_id uuid, p_token_hash bytea, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    p     identity.provider := identity.hold_provider(p_id, p_expected);
    setup uuid := tenancy.new_id();
begin
    if p.status = 'active' then raise exception 'This provider is in use. Switch it off first.' using errcode = 'BS409', hint = 'provider-in-use'; end if;
    update identity.provider_setup s set used_at = now() where s.tenant_id = p.tenant_id and s.provider_id = p_id and s.used_at is null;   -- one at a time
    insert into identity.provider_setup (tenant_id, id, provider_id, created_by) values (p.tenant_id, setup, p_id, context.account());
    perform mail.add_link('provider_setup', p.tenant_id, setup, p_token_hash);
end $$;
create function identity.may_still(tenant uuid, p_account uuid, p_permission text) returns boolean language sql stable as $$
    select p_permission = any (pg_catalog.string_to_array(access.permissions_of(tenant, p_account), ','))
       and exists (select from identity.account a where a.tenant_id = tenant and a.id = p_account and a.status = 'active')
$$;
create function identity.setup_shown(p_token_hash bytea) returns table (tenant_id uuid, provider_id uuid, tenant_name text, name text, issuer text, client_id text, language text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.id, p.id, t.name, p.name, p.issuer, p.client_id, t.language
    from mail.link l join identity.provider_setup s on s.tenant_id = l.tenant_id and s.id = l.subject_id and s.used_at is null and s.expires_at > now()
    join identity.provider p on p.tenant_id = s.tenant_id and p.id = s.provider_id and p.status <> 'active' join identity.tenant t on t.id = s.tenant_id and t.status = 'active'
    where l.token_hash = p_token_hash and l.purpose = 'provider_setup' and identity.may_still(s.tenant_id, s.created_by, 'settings:write')
$$;
create function identity.use_setup(p_token_hash bytea, p_fields text, p_sealed_secret bytea) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    s    record;
    used boolean;
begin
    select x.* into s from identity.setup_shown(p_token_hash) x;
    if not found then return false; end if;
    perform context.stamp(s.tenant_id, null, null, '', 'setup_link');
    update identity.provider_setup x set used_at = now() from mail.link l
     where l.token_hash = p_token_hash and x.tenant_id = l.tenant_id and x.id = l.subject_id and x.used_at is null;
    used := found;
    if used then
        perform identity.configure_provider(s.tenant_id, s.provider_id, p_fields::jsonb, p_sealed_secret, '{issuer,client_id,client_authentication}');
    end if;
    perform set_config('context.stamp', '', true);
    return used;
end $$;

grant execute on function identity.providers(uuid), identity.add_provider(uuid, text), identity.set_provider_status(uuid, text, integer), identity.remove_provider(uuid, integer),
    identity.change_rules(uuid, boolean, uuid[], text, integer), identity.provider_attempts(uuid, text), identity.begin_setup(uuid, bytea, integer) to :"app";
grant execute on function identity.providers(uuid), identity.provider_attempts(uuid, text), identity.change_provider(uuid, text, bytea, integer), identity.setup_shown(bytea), identity.use_setup(bytea, text, bytea) to :"gate";
