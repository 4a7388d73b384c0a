-- SAML 2.0 beside OpenID Connect: what a provider of that kind is trusted for, our keys for it, what it sent us, and signing out.

alter table identity.provider
    drop constraint provider_protocol_check, add constraint provider_protocol_check check (protocol in ('oidc', 'saml')),
    -- An entity id is a name that only looks like an address: http:// and urn: are common.
    drop constraint provider_issuer_check, add constraint provider_issuer_check check (char_length(issuer) between 1 and 500 and (protocol = 'saml' or issuer ~ '^https://')),
    drop constraint provider_algorithms_check, add constraint provider_algorithms_check check (cardinality(algorithms) > 0 and algorithms <@ case protocol
        when 'oidc' then '{RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA}'::text[]
        else '{rsa-sha256,rsa-sha384,rsa-sha512,rsa-pss-sha256,ecdsa-sha256,ecdsa-sha384,ecdsa-sha512}' end),   -- never SHA-1, and no shared secret
    add column sign_on_binding text not null default 'redirect' check (sign_on_binding in ('redirect', 'post')),
    add column logout_binding text not null default 'redirect' check (logout_binding in ('redirect', 'post')),
    add column certificates text[] not null default '{}' check (cardinality(certificates) <= 4 and pg_column_size(certificates) <= 24000),   -- DER in base64; no other key counts
    add column subject_attribute text check (subject_attribute ~ '^[!-~]{1,100}$'),   -- whose value is who somebody is; else the NameID
    add column signs_requests boolean not null default true,
    add column idp_initiated boolean not null default false,                          -- sign-ins that nobody here set off for
    add column encrypted_only boolean not null default false;
-- Our key pairs for one provider. One signs; while keys are rolled over there is another, which is published and opens what is encrypted for it.
create table identity.provider_key (
    tenant_id   uuid not null,
    provider_id uuid not null,
    id          uuid not null,
    certificate text not null check (char_length(certificate) <= 8000),
    sealed_key  bytea not null check (octet_length(sealed_key) <= 8000),              -- by part gate, bound to this row
    signs       boolean not null,
    created_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, provider_id) references identity.provider on delete cascade
);
create unique index provider_key_signs on identity.provider_key (tenant_id, provider_id) where signs;
create index provider_key_provider on identity.provider_key (tenant_id, provider_id);
-- What a provider's form brought, verified by gate, until the browser fetches it by a GET that its cookies go with. Used once.
create table identity.provider_arrival (
    handle_hash     bytea primary key check (octet_length(handle_hash) = 32),
    tenant_id       uuid not null,
    provider_id     uuid not null,
    provider_version integer not null,
    in_response_to  text,                                                             -- null: nobody here set off for it
    facts           jsonb not null,
    reason          text check (reason ~ '^[a-z_]{1,40}$'),
    expires_at      timestamptz not null default now() + interval '2 minutes',
    foreign key (tenant_id, provider_id) references identity.provider on delete cascade
);
create index provider_arrival_provider on identity.provider_arrival (tenant_id, provider_id, expires_at);
-- Whom a provider is to be told of after a session of theirs ended here.
create table identity.provider_farewell (
    handle_hash     bytea primary key check (octet_length(handle_hash) = 32),
    tenant_id       uuid not null,
    provider_id     uuid not null,
    name_id         text not null,
    name_id_format  text,
    session         text,
    expires_at      timestamptz not null default now() + interval '2 minutes',
    foreign key (tenant_id, provider_id) references identity.provider on delete cascade
);
create index provider_farewell_provider on identity.provider_farewell (tenant_id, provider_id, expires_at);
do $$ declare t regclass; begin
    foreach t in array array['identity.provider_key', 'identity.provider_arrival', 'identity.provider_farewell']::regclass[] loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;
select audit.watch('identity.provider_key', '{sealed_key}');
alter table identity.session add column provider_name_id text check (char_length(provider_name_id) <= 255), add column provider_name_id_format text check (char_length(provider_name_id_format) <= 255);

create or replace function identity.provider_facts(p identity.provider) returns text language sql immutable as $$
    select case p.protocol when 'oidc' then pg_catalog.to_jsonb(p) - 'sealed_secret' - 'role_ids' - 'created_at' - 'makes_accounts' - 'tried_version'
        else pg_catalog.jsonb_build_object('protocol', p.protocol, 'tenant_id', p.tenant_id, 'id', p.id, 'version', p.version, 'name', p.name, 'issuer', p.issuer,
            'sign_on_address', p.authorization_address, 'sign_on_binding', p.sign_on_binding, 'logout_address', p.logout_address, 'logout_binding', p.logout_binding,
            'certificates', p.certificates, 'algorithms', p.algorithms, 'subject_attribute', p.subject_attribute, 'signs_requests', p.signs_requests,
            'idp_initiated', p.idp_initiated, 'encrypted_only', p.encrypted_only) end::text
$$;
create function identity.is_filled_in(p identity.provider) returns boolean language sql immutable as $$
    select p.issuer is not null and case p.protocol when 'oidc' then p.client_id is not null else p.authorization_address is not null and p.certificates <> '{}' end
$$;

-- The tenant's own view: of all providers, and of what only those of this kind have.
drop function identity.providers(uuid);
create function identity.providers(p_id uuid)
returns table (id uuid, protocol text, name text, status text, issuer text, client_id text, has_secret boolean, client_authentication text, algorithms text[], scopes text, discovered boolean,
    authorization_address text, token_address text, keys_address text, userinfo_address text, logout_address text, makes_accounts boolean, role_ids uuid[], filled_in boolean, tried boolean,
    accounts bigint, rules text, created_at timestamptz, version integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.id, p.protocol, p.name, p.status, p.issuer, p.client_id, p.sealed_secret is not null, p.client_authentication, p.algorithms, p.scopes, p.discovered,
           p.authorization_address, p.token_address, p.keys_address, p.userinfo_address, p.logout_address, p.makes_accounts,
           array(select r.id from access.role r where r.tenant_id = p.tenant_id and r.id = any (p.role_ids) order by r.id), identity.is_filled_in(p), p.tried_version is not distinct from p.version,
           (select count(*) from identity.provider_account a where a.tenant_id = p.tenant_id and a.provider_id = p.id), identity.rules_of(p.tenant_id, p.id)::text, p.created_at, p.version
    from identity.provider p where p.tenant_id = context.tenant('settings:read') and (p_id is null or p.id = p_id) order by p.name, p.id
$$;
create function identity.saml_provider(p_id uuid) returns table (facts text, status text, tried boolean, keys text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select identity.provider_facts(p), p.status, p.tried_version is not distinct from p.version,
           (select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'certificate', k.certificate, 'signs', k.signs, 'created_at', k.created_at) order by k.created_at, k.id), '[]')
            from identity.provider_key k where k.tenant_id = p.tenant_id and k.provider_id = p.id)::text
    from identity.provider p where p.tenant_id = context.tenant('settings:read') and p.id = p_id and p.protocol = 'saml'
$$;
create function identity.add_saml_provider(p_id uuid, p_name text, p_key uuid, p_certificate text, p_sealed_key bytea) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform identity.add_provider(p_id, p_name);
    update identity.provider p set protocol = 'saml', algorithms = '{rsa-sha256,rsa-sha384,rsa-sha512,rsa-pss-sha256,ecdsa-sha256,ecdsa-sha384,ecdsa-sha512}'
     where p.tenant_id = context.tenant('settings:write', true) and p.id = p_id;
    insert into identity.provider_key (tenant_id, provider_id, id, certificate, sealed_key, signs) values (context.tenant('settings:write', true), p_id, p_key, p_certificate, p_sealed_key, true);
end $$;

-- What a provider is trusted for, of either kind. Another certificate beside those there are is a roll-over: whoever is under way arrives, and
-- nothing need be tried anew. When none of the old ones is left, it is another provider.
create or replace function identity.configure_provider(tenant uuid, p_id uuid, f jsonb, p_sealed_secret bytea, p_allowed text[]) returns void language plpgsql as $$
declare
    old    identity.provider;
    wanted identity.provider;
    same   boolean;
begin
    select x.* into old from identity.provider x where x.tenant_id = tenant and x.id = p_id for no key update;
    wanted := pg_catalog.jsonb_populate_record(old, coalesce((select pg_catalog.jsonb_object_agg(e.key, e.value) from pg_catalog.jsonb_each(f) e where e.key = any (p_allowed)), '{}'));
    same := (wanted.issuer, wanted.client_id, wanted.client_authentication, wanted.scopes, wanted.discovered, wanted.authorization_address, wanted.token_address, wanted.keys_address, wanted.userinfo_address,
             wanted.sign_on_binding, wanted.subject_attribute, wanted.signs_requests)
        is not distinct from (old.issuer, old.client_id, old.client_authentication, old.scopes, old.discovered, old.authorization_address, old.token_address, old.keys_address, old.userinfo_address,
             old.sign_on_binding, old.subject_attribute, old.signs_requests)
        and wanted.algorithms OPERATOR(pg_catalog.<@) old.algorithms and wanted.algorithms OPERATOR(pg_catalog.@>) old.algorithms
        and (wanted.certificates = old.certificates or wanted.certificates OPERATOR(pg_catalog.&&) old.certificates);
    if wanted.certificates OPERATOR(pg_catalog.@>) old.certificates and pg_catalog.to_jsonb(wanted) - 'certificates' - 'name' = pg_catalog.to_jsonb(old) - 'certificates' - 'name' and p_sealed_secret is null then
        update identity.pending_sign_in s set provider_version = old.version + 1 where s.tenant_id = tenant and s.provider_id = p_id and s.provider_version = old.version;
        update identity.provider_arrival a set provider_version = old.version + 1 where a.tenant_id = tenant and a.provider_id = p_id and a.provider_version = old.version;
    end if;
    update identity.provider p set name = wanted.name, issuer = wanted.issuer, client_id = wanted.client_id, sealed_secret = coalesce(p_sealed_secret, p.sealed_secret),
           client_authentication = wanted.client_authentication, algorithms = wanted.algorithms, scopes = wanted.scopes, discovered = wanted.discovered, authorization_address = wanted.authorization_address,
           token_address = wanted.token_address, keys_address = wanted.keys_address, userinfo_address = wanted.userinfo_address, logout_address = wanted.logout_address,
           sign_on_binding = wanted.sign_on_binding, logout_binding = wanted.logout_binding, certificates = wanted.certificates, subject_attribute = wanted.subject_attribute,
           signs_requests = wanted.signs_requests, idp_initiated = wanted.idp_initiated, encrypted_only = wanted.encrypted_only,
           version = p.version + 1,
           status = case when same then p.status else 'draft' end, tried_version = case when same and p.tried_version = p.version then p.version + 1 end
     where p.tenant_id = tenant and p.id = p_id;
end $$;
-- The provider of one kind, to be changed.
create function identity.hold_provider(p_id uuid, p_expected integer, p_protocol text) returns identity.provider language plpgsql as $$
declare p identity.provider := identity.hold_provider(p_id, p_expected);
begin
    if p.protocol <> p_protocol then raise exception 'Not found.' using errcode = 'BS404'; end if;
    return p;
end $$;
create or replace function identity.change_provider(p_id uuid, p_fields text, p_sealed_secret bytea, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare p identity.provider := identity.hold_provider(p_id, p_expected, 'oidc');
begin
    perform identity.configure_provider(p.tenant_id, p_id, p_fields::jsonb, p_sealed_secret, '{name,issuer,client_id,client_authentication,algorithms,scopes,discovered,authorization_address,token_address,keys_address,userinfo_address,logout_address}');
end $$;
create function identity.change_saml_provider(p_id uuid, p_fields text, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare p identity.provider := identity.hold_provider(p_id, p_expected, 'saml');
begin
    perform identity.configure_provider(p.tenant_id, p_id, p_fields::jsonb, null,
        '{name,issuer,authorization_address,sign_on_binding,logout_address,logout_binding,certificates,algorithms,subject_attribute,signs_requests,idp_initiated,encrypted_only}');
end $$;

-- Our keys for one provider: another is added and published, then signs, then the old one goes. Whoever is under way arrives all the same.
create function identity.hold_provider_keys(p_id uuid) returns uuid language plpgsql as $$
declare tenant uuid := context.tenant('settings:write', true);
begin
    perform from identity.provider p where p.tenant_id = tenant and p.id = p_id and p.protocol = 'saml' for no key update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    return tenant;
end $$;
create function identity.add_provider_key(p_id uuid, p_key uuid, p_certificate text, p_sealed_key bytea) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare tenant uuid := identity.hold_provider_keys(p_id);
begin
    if (select count(*) from identity.provider_key k where k.tenant_id = tenant and k.provider_id = p_id) >= 2 then
        raise exception 'There are two keys already. Remove the one that does not sign first.' using errcode = 'BS409', hint = 'too-many-keys';
    end if;
    insert into identity.provider_key (tenant_id, provider_id, id, certificate, sealed_key, signs) values (tenant, p_id, p_key, p_certificate, p_sealed_key, false);
end $$;
create function identity.sign_with_key(p_id uuid, p_key uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare tenant uuid := identity.hold_provider_keys(p_id);
begin
    perform from identity.provider_key k where k.tenant_id = tenant and k.provider_id = p_id and k.id = p_key;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    update identity.provider_key k set signs = false where k.tenant_id = tenant and k.provider_id = p_id and k.signs and k.id <> p_key;
    update identity.provider_key k set signs = true where k.tenant_id = tenant and k.provider_id = p_id and not k.signs and k.id = p_key;
end $$;
create function identity.remove_provider_key(p_id uuid, p_key uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare tenant uuid := identity.hold_provider_keys(p_id);
begin
    if exists (select from identity.provider_key k where k.tenant_id = tenant and k.provider_id = p_id and k.id = p_key and k.signs) then
        raise exception 'This key signs. Let the other one sign first.' using errcode = 'BS409', hint = 'key-signs';
    end if;
    delete from identity.provider_key k where k.tenant_id = tenant and k.provider_id = p_id and k.id = p_key;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
end $$;

-- A setup link fills in a draft of either kind.
drop function identity.setup_shown(bytea);
create function identity.setup_shown(p_token_hash bytea) returns table (tenant_id uuid, provider_id uuid, protocol text, tenant_name text, name text, issuer text, client_id text, language text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.id, p.id, p.protocol, t.name, p.name, p.issuer, p.client_id, t.language
    from mail.link l join identity.provider_setup s on s.tenant_id = l.tenant_id and s.id = l.subject_id and s.used_at is null and s.expires_at > now()
    join identity.provider p on p.tenant_id = s.tenant_id and p.id = s.provider_id and p.status <> 'active' join identity.tenant t on t.id = s.tenant_id and t.status = 'active'
    where l.token_hash = p_token_hash and l.purpose = 'provider_setup' and identity.may_still(s.tenant_id, s.created_by, 'settings:write')
$$;
create or replace function identity.use_setup(p_token_hash bytea, p_fields text, p_sealed_secret bytea) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
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
        perform identity.configure_provider(s.tenant_id, s.provider_id, p_fields::jsonb, p_sealed_secret,
            case s.protocol when 'oidc' then '{issuer,client_id,client_authentication}'::text[] else '{issuer,authorization_address,sign_on_binding,logout_address,logout_binding,certificates}' end);
    end if;
    perform set_config('context.stamp', '', true);
    return used;
end $$;

create or replace function identity.begin_own_provider(p_provider uuid, p_wants text, p_pending_hash bytea, p_target text, p_address inet, p_agent text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    self record;
    p    identity.provider;
begin
    select h.* into self from identity.hold_self() h;
    if p_wants = 'trial' then self.tenant := context.tenant('settings:write', true); end if;
    select x.* into p from identity.provider x where x.tenant_id = self.tenant and x.id = p_provider for share;
    if not found or (p_wants <> 'trial' and p.status <> 'active') or p_wants not in ('linking', 'trial', 'confirmation') then raise exception 'Not found.' using errcode = 'BS404'; end if;
    if not identity.is_filled_in(p) then
        raise exception 'The provider is not filled in yet.' using errcode = 'BS409', hint = 'provider-not-complete';
    end if;
    insert into identity.pending_sign_in (token_hash, tenant_id, account_id, wants, provider_id, provider_version, target, address, agent)
    values (p_pending_hash, self.tenant, self.account, p_wants, p.id, p.version, p_target, p_address, "left"(p_agent, 300));
end $$;

-- Gate's own view of a provider of this kind, whatever its status: a draft is tried. `keys`: the one that signs comes first.
create function identity.saml_party(p_id uuid) returns table (facts text, status text, key_ids uuid[], certificates text[], sealed_keys bytea[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select identity.provider_facts(p), p.status, array_agg(k.id order by k.signs desc, k.created_at, k.id), array_agg(k.certificate order by k.signs desc, k.created_at, k.id),
           array_agg(k.sealed_key order by k.signs desc, k.created_at, k.id)
    from identity.provider p join identity.tenant t on t.id = p.tenant_id and t.status = 'active' join identity.provider_key k on k.tenant_id = p.tenant_id and k.provider_id = p.id
    where p.id = p_id and p.protocol = 'saml' group by p.tenant_id, p.id
$$;
-- What a provider's form brought. An assertion counts once: whoever brings it again is refused. Null: kept, else why not.
create function identity.keep_arrival(p_provider uuid, p_version integer, p_handle_hash bytea, p_in_response_to text, p_facts text, p_reason text, p_assertion_hash bytea, p_replay_until timestamptz) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    p      identity.provider;
    reason text := p_reason;
begin
    select x.* into p from identity.provider x join identity.tenant t on t.id = x.tenant_id and t.status = 'active' where x.id = p_provider and x.version = p_version and x.protocol = 'saml' for share of x;
    if not found then return 'over'; end if;
    delete from identity.provider_arrival a where a.tenant_id = p.tenant_id and a.provider_id = p.id and a.expires_at < now();
    if reason is null then
        insert into identity.provider_replay (tenant_id, provider_id, token_id, expires_at) values (p.tenant_id, p.id, p_assertion_hash, p_replay_until) on conflict do nothing;
        if not found then reason := 'replayed'; end if;
    end if;
    insert into identity.provider_arrival (handle_hash, tenant_id, provider_id, provider_version, in_response_to, facts, reason)
    values (p_handle_hash, p.tenant_id, p.id, p.version, p_in_response_to, p_facts::jsonb, reason);
    return reason;
end $$;
-- For the browser that set off with this request, and no other; null: for one that did not set off at all. A refusal is told to whoever holds its handle.
create function identity.take_arrival(p_provider uuid, p_handle_hash bytea, p_in_response_to text) returns table (facts text, reason text)
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    delete from identity.provider_arrival a using identity.provider p where a.handle_hash = p_handle_hash and a.provider_id = p_provider and a.expires_at > now()
       and p.tenant_id = a.tenant_id and p.id = a.provider_id and p.version = a.provider_version
       and (a.reason is not null or a.in_response_to is not distinct from p_in_response_to)
    returning a.facts::text, a.reason
$$;
-- One that nobody here set off for, before its person says that they want it. No row where its provider may not send any.
create function identity.unasked_arrival(p_provider uuid, p_handle_hash bytea) returns table (facts text, tenant_name text, provider_name text, language text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.facts::text, t.name, p.name, t.language from identity.provider_arrival a
    join identity.provider p on p.tenant_id = a.tenant_id and p.id = a.provider_id and p.version = a.provider_version and p.status = 'active' and p.idp_initiated
    join identity.tenant t on t.id = p.tenant_id and t.status = 'active'
    where a.handle_hash = p_handle_hash and a.provider_id = p_provider and a.expires_at > now() and a.in_response_to is null and a.reason is null
$$;
create function identity.begin_unasked(p_provider uuid, p_handle_hash bytea, p_pending_hash bytea, p_address inet, p_agent text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into identity.pending_sign_in (token_hash, tenant_id, wants, provider_id, provider_version, address, agent)
    select p_pending_hash, p.tenant_id, 'provider', p.id, p.version, p_address, "left"(p_agent, 300)
    from identity.provider p where p.id = p_provider and exists (select from identity.unasked_arrival(p_provider, p_handle_hash)) for share of p;
    return found;
end $$;

-- What went wrong on the way: for the admin, and in the trail. `p_over`: the pending sign-in ends with it; else the way can be tried again, for
-- anybody can send a browser back with something that counts for nothing.
create or replace function identity.refuse_provider(p_pending_hash bytea, p_reason text, p_claims text, p_over boolean, p_address inet) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s identity.pending_sign_in;
begin
    select x.* into s from identity.pending_sign_in x where x.token_hash = p_pending_hash and x.provider_id is not null;
    if not found then return; end if;
    perform context.stamp(s.tenant_id, s.account_id, null, '', 'sign_in');
    perform identity.note_attempt(s, p_reason, p_claims::jsonb);
    perform audit.record('sign_in_refused', 'identity.provider', s.provider_id, jsonb_build_object('address', host(p_address), 'reason', p_reason));
    if p_over then
        perform security.failed_sign_in(p_address);
        delete from identity.pending_sign_in x where x.token_hash = p_pending_hash;
    end if;
    perform set_config('context.stamp', '', true);
end $$;

-- What is under way with a provider is over when it changes.
create or replace function identity.provider_changed() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from identity.pending_sign_in s where s.tenant_id = new.tenant_id and s.provider_id = new.id and s.provider_version <> new.version;
    delete from identity.provider_arrival a where a.tenant_id = new.tenant_id and a.provider_id = new.id and a.provider_version <> new.version;
    if (old.status = 'active' and new.status <> 'active') or old.issuer is distinct from new.issuer or old.client_id is distinct from new.client_id then
        delete from identity.session s where s.tenant_id = new.tenant_id and s.provider_id = new.id;
    end if;
    return null;
end $$;
-- A session knows by which name the provider knows its person, so that either can end what they opened together. On its way in, and nowhere else.
create or replace function identity.prove_provider(p_pending_hash bytea, p_issuer text, p_subject text, p_claims text, p_session text, p_token_hash bytea, p_next_hash bytea, p_address inet, p_agent text)
returns table (outcome text, session_id uuid, account_id uuid, reason text) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    s        identity.pending_sign_in := identity.hold_pending(p_pending_hash, '{provider}', p_agent);
    p        identity.provider;
    who      record;
    admitted record;
begin
    if s.token_hash is null then return; end if;
    select x.* into p from identity.provider x where x.tenant_id = s.tenant_id and x.id = s.provider_id and x.version = s.provider_version and x.status = 'active' and x.issuer = p_issuer for share;
    if not found then return; end if;
    perform context.stamp(s.tenant_id, null, null, '', 'sign_in');
    select null::text as outcome, null::uuid as session_id into admitted;
    select f.* into who from identity.account_of(p, p_issuer, p_subject, p_claims::jsonb) f;
    s.account_id := who.account;
    if who.account is not null then
        select g.* into admitted from identity.go_on(s, 'idp', p_token_hash, p_next_hash, p_address, p_agent) g;
        if admitted.outcome is null then who.reason := 'not_admitted'; end if;
    else
        perform audit.record('sign_in_refused', 'identity.provider', p.id, jsonb_build_object('address', host(p_address), 'reason', who.reason));
        delete from identity.pending_sign_in x where x.token_hash = s.token_hash;
    end if;
    if admitted.outcome = 'open' then
        update identity.session x set provider_id = p.id, provider_session = p_session, provider_name_id = case p.protocol when 'saml' then p_claims::jsonb ->> 'name_id' end,
               provider_name_id_format = case p.protocol when 'saml' then p_claims::jsonb ->> 'name_id_format' end,
               expires_at = least(x.expires_at, case p.protocol when 'saml' then to_timestamp((p_claims::jsonb ->> 'session_ends')::double precision) end) where x.token_hash = p_token_hash;
        update identity.provider_account x set used_at = now() where x.tenant_id = p.tenant_id and x.provider_id = p.id and x.issuer = p_issuer and x.subject = p_subject;
    end if;
    perform identity.note_attempt(s, who.reason, p_claims::jsonb);
    perform set_config('context.stamp', '', true);
    return query select case when who.reason is null then admitted.outcome else 'refused' end, admitted.session_id, s.account_id, who.reason;
end $$;

-- Signing out here: the provider that opened the caller's session, and the handle by which gate tells it whose session ended.
create function identity.begin_farewell(p_handle_hash bytea) returns uuid language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare found_one record;
begin
    select p.id, p.protocol, s.tenant_id, s.provider_name_id, s.provider_name_id_format, s.provider_session into found_one
    from identity.session s join identity.provider p on p.tenant_id = s.tenant_id and p.id = s.provider_id and p.status = 'active'
    where s.tenant_id = context.tenant() and s.account_id = context.account() and s.id = context.session();
    if found_one.protocol = 'saml' and found_one.provider_name_id is not null then
        delete from identity.provider_farewell f where f.tenant_id = found_one.tenant_id and f.provider_id = found_one.id and f.expires_at < now();
        insert into identity.provider_farewell (handle_hash, tenant_id, provider_id, name_id, name_id_format, session)
        values (p_handle_hash, found_one.tenant_id, found_one.id, found_one.provider_name_id, found_one.provider_name_id_format, found_one.provider_session);
    end if;
    return found_one.id;
end $$;
create function identity.take_farewell(p_provider uuid, p_handle_hash bytea) returns table (name_id text, name_id_format text, session text) language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    delete from identity.provider_farewell f where f.handle_hash = p_handle_hash and f.provider_id = p_provider and f.expires_at > now() returning f.name_id, f.name_id_format, f.session
$$;
-- A provider ends what it opened (SAML profiles, 4.4). Gate has verified the request; it counts once. How many sessions ended; null: it does not count.
create function identity.end_named_sessions(p_id uuid, p_version integer, p_name_id text, p_sessions text[], p_request_hash bytea, p_expires_at timestamptz) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    p     identity.provider;
    ended integer;
begin
    select x.* into p from identity.provider x where x.id = p_id and x.version = p_version and x.status = 'active' and x.protocol = 'saml' for share;
    if not found then return null; end if;
    insert into identity.provider_replay (tenant_id, provider_id, token_id, expires_at) values (p.tenant_id, p.id, p_request_hash, p_expires_at) on conflict do nothing;
    if not found then return null; end if;
    perform context.stamp(p.tenant_id, null, null, '', 'provider');
    delete from identity.session s where s.tenant_id = p.tenant_id and s.provider_id = p.id and s.provider_name_id = p_name_id and (p_sessions = '{}' or s.provider_session = any (p_sessions));
    get diagnostics ended = row_count;
    perform audit.record('provider_logout', 'identity.provider', p.id, jsonb_build_object('sessions', ended));
    perform set_config('context.stamp', '', true);
    return ended;
end $$;
create or replace function identity.sweep_providers() returns bigint language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare swept bigint;
begin
    delete from identity.provider_attempt x where x.at < now() - interval '30 days';
    get diagnostics swept = row_count;
    delete from identity.provider_replay r where r.expires_at < now() - interval '5 minutes';
    delete from identity.provider_arrival a where a.expires_at < now();
    delete from identity.provider_farewell f where f.expires_at < now();
    return swept;
end $$;

grant execute on function identity.providers(uuid) to :"app";
-- The pages of both kinds are gate's; switching on and off, removing and handing over are buttons on them.
grant execute on function identity.set_provider_status(uuid, text, integer), identity.remove_provider(uuid, integer), identity.begin_setup(uuid, bytea, integer) to :"gate";
grant execute on function identity.providers(uuid), identity.saml_provider(uuid), identity.add_saml_provider(uuid, text, uuid, text, bytea), identity.change_saml_provider(uuid, text, integer),
    identity.add_provider_key(uuid, uuid, text, bytea), identity.sign_with_key(uuid, uuid), identity.remove_provider_key(uuid, uuid), identity.setup_shown(bytea), identity.saml_party(uuid),
    identity.keep_arrival(uuid, integer, bytea, text, text, text, bytea, timestamptz), identity.take_arrival(uuid, bytea, text), identity.unasked_arrival(uuid, bytea),
    identity.begin_unasked(uuid, bytea, bytea, inet, text), identity.begin_farewell(bytea), identity.take_farewell(uuid, bytea),
    identity.end_named_sessions(uuid, integer, text, text[], bytea, timestamptz) to :"gate";
