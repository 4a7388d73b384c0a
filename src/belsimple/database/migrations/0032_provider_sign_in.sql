-- Signing in by a tenant's own identity provider. Part gate speaks with the provider and is trusted for what it says of the answer; here stand
-- which provider, which browser, which account, and the one exit.

-- The switched-on providers of a tenant, for the buttons of its sign-in page.
create function identity.providers_of(p_slug text) returns table (id uuid, name text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.id, p.name from identity.provider p join identity.tenant t on t.id = p.tenant_id where t.slug = p_slug and t.status = 'active' and p.status = 'active' order by p.name, p.id
$$;

-- Somebody who is nobody yet sets off to a provider. No row: there is none. The cookie's token is what state, nonce and PKCE are made of.
create function identity.begin_provider(p_slug text, p_provider uuid, p_pending_hash bytea, p_target text, p_address inet, p_agent text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into identity.pending_sign_in (token_hash, tenant_id, wants, provider_id, provider_version, target, address, agent)
    select p_pending_hash, p.tenant_id, 'provider', p.id, p.version, p_target, p_address, "left"(p_agent, 300)
    from identity.provider p join identity.tenant t on t.id = p.tenant_id
    where t.slug = p_slug and t.status = 'active' and p.id = p_provider and p.status = 'active' for share of t, p;
    return found;
end $$;
-- Somebody signed in sets off: to link the own account (fresh), to confirm who they are, or to try a provider that they look after.
create function identity.begin_own_provider(p_provider uuid, p_wants text, p_pending_hash bytea, p_target text, p_address inet, p_agent text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    self record;
    p    identity.provider;
begin
    select h.* into self from identity.hold_self() h;
    if p_wants = 'trial' then self.tenant := context.tenant('settings:write', true); end if;
    select x.* into p from identity.provider x where x.tenant_id = self.tenant and x.id = p_provider for share;
    if not found or (p_wants <> 'trial' and p.status <> 'active') or p_wants not in ('linking', 'trial', 'confirmation') then raise exception 'Not found.' using errcode = 'BS404'; end if;
    if p.issuer is null or p.client_id is null then
        raise exception 'The provider is not filled in yet.' using errcode = 'BS409', hint = 'provider-not-complete';
    end if;
    insert into identity.pending_sign_in (token_hash, tenant_id, account_id, wants, provider_id, provider_version, target, address, agent)
    values (p_pending_hash, self.tenant, self.account, p_wants, p.id, p.version, p_target, p_address, "left"(p_agent, 300));
end $$;

-- The one loader: the provider that a pending sign-in is with, as long as it is the very same that it began with. A disabled, changed or removed
-- one is not there, whatever its answer says.
create function identity.pending_provider(p_pending_hash bytea, p_agent text)
returns table (facts text, sealed_secret bytea, wants text, begun_at timestamptz, target text, slug text, language text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select identity.provider_facts(p), p.sealed_secret, s.wants, s.created_at, s.target, t.slug, coalesce(a.language, t.language)
    from identity.pending_sign_in s join identity.provider p on p.tenant_id = s.tenant_id and p.id = s.provider_id and p.version = s.provider_version
    join identity.tenant t on t.id = s.tenant_id and t.status = 'active' left join identity.account a on a.tenant_id = s.tenant_id and a.id = s.account_id
    where s.token_hash = p_pending_hash and s.expires_at > now() and (p.status = 'active' or s.wants = 'trial') and s.agent is not distinct from "left"(p_agent, 300)
$$;

create function identity.note_attempt(s identity.pending_sign_in, p_reason text, p_claims jsonb) returns void language plpgsql as $$
begin
    insert into identity.provider_attempt (tenant_id, provider_id, wants, reason, claims, account_id) values (s.tenant_id, s.provider_id, s.wants, p_reason,
        case when pg_catalog.pg_column_size(p_claims) <= 16384 then coalesce(p_claims, '{}') else '{}' end, s.account_id);
    delete from identity.provider_attempt x where x.tenant_id = s.tenant_id and x.provider_id = s.provider_id and x.id in (
        select o.id from identity.provider_attempt o where o.tenant_id = s.tenant_id and o.provider_id = s.provider_id order by o.id desc offset 50);
end $$;

-- What went wrong on the way: for the admin. `p_over`: the pending sign-in ends with it; else the way can be tried again.
create function identity.refuse_provider(p_pending_hash bytea, p_reason text, p_claims text, p_over boolean, p_address inet) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s identity.pending_sign_in;
begin
    select x.* into s from identity.pending_sign_in x where x.token_hash = p_pending_hash and x.provider_id is not null;
    if not found then return; end if;
    perform context.stamp(s.tenant_id, s.account_id, null, '', 'sign_in');
    perform identity.note_attempt(s, p_reason, p_claims::jsonb);
    if p_over then
        perform audit.record('sign_in_refused', 'identity.provider', s.provider_id, jsonb_build_object('address', host(p_address), 'reason', p_reason));
        perform security.failed_sign_in(p_address);
        delete from identity.pending_sign_in x where x.token_hash = p_pending_hash;
    end if;
    perform set_config('context.stamp', '', true);
end $$;

-- An account for somebody whom a provider knows and we do not: only with an address of a domain that the tenant has proven to be its own. A provider
-- can say anything; what it says of another's domain counts for nothing. Returns why not, or null.
create function identity.make_account(p identity.provider, p_claims jsonb, p_id uuid) returns text language plpgsql as $$
declare
    address text := pg_catalog.lower(p_claims ->> 'email');
    named   text := pg_catalog.btrim(pg_catalog.regexp_replace(coalesce(nullif(p_claims ->> 'name', ''), pg_catalog.concat_ws(' ', p_claims ->> 'given_name', p_claims ->> 'family_name')), '[\x01-\x1f\x7f]', ' ', 'g'));
begin
    if not p.makes_accounts then return 'no_account'; end if;
    if address is null or address !~ '^[^@[:space:][:cntrl:]]{1,64}@[a-z0-9.-]{1,190}$' then return 'no_address'; end if;
    if p_claims -> 'email_verified' = 'false'::jsonb then return 'address_not_verified'; end if;
    if not identity.owns_domain(p.tenant_id, pg_catalog.split_part(address, '@', 2)) then return 'foreign_address'; end if;
    if exists (select from identity.account a where a.tenant_id = p.tenant_id and a.email = address) then return 'not_linked'; end if;
    insert into identity.account (tenant_id, id, email, name, language)
    select p.tenant_id, p_id, address, pg_catalog."left"(coalesce(nullif(named, ''), address), 200), t.language from identity.tenant t where t.id = p.tenant_id;
    insert into access.assignment (tenant_id, account_id, role_id) select p.tenant_id, p_id, r.id from access.role r where r.tenant_id = p.tenant_id and r.id = any (p.role_ids);
    return null;
end $$;
-- The roles that rules speak of are held as the claims of this sign-in say, no more and no less. The last owner stays one.
create function identity.follow_rules(p identity.provider, p_claims jsonb, p_account uuid) returns void language plpgsql as $$
declare
    rules  jsonb  := identity.rules_of(p.tenant_id, p.id);
    wanted uuid[] := identity.roles_by(rules, p_claims);
begin
    insert into access.assignment (tenant_id, account_id, role_id) select p.tenant_id, p_account, w from pg_catalog.unnest(wanted) w on conflict do nothing;
    delete from access.assignment g where g.tenant_id = p.tenant_id and g.account_id = p_account and g.role_id <> all (wanted)
       and g.role_id in (select (r ->> 'role_id')::uuid from pg_catalog.jsonb_array_elements(rules) r);
exception when sqlstate 'BS409' then
    perform audit.record('last_owner_kept', 'identity.account', p_account);
end $$;

-- Whose provider's answer it is, verified by gate: an account of ours by (provider, issuer, subject), a new one, or nobody.
create function identity.account_of(p identity.provider, p_issuer text, p_subject text, p_claims jsonb, out account uuid, out reason text) language plpgsql as $$
begin
    select x.account_id into account from identity.provider_account x where x.tenant_id = p.tenant_id and x.provider_id = p.id and x.issuer = p_issuer and x.subject = p_subject;
    if account is null then
        account := tenancy.new_id();
        perform context.stamp(p.tenant_id, account, null, '', 'sign_in');
        reason := identity.make_account(p, p_claims, account);
        if reason is not null then account := null; return; end if;
        insert into identity.provider_account (tenant_id, provider_id, issuer, subject, account_id) values (p.tenant_id, p.id, p_issuer, p_subject, account);
    end if;
    perform from identity.account a where a.tenant_id = p.tenant_id and a.id = account for no key update;
    perform context.stamp(p.tenant_id, account, null, '', 'sign_in');
    if exists (select from identity.account a where a.tenant_id = p.tenant_id and a.id = account and a.status = 'active') then
        perform identity.follow_rules(p, p_claims, account);
    end if;
end $$;
-- Somebody who is not signed in: to the exit, as everybody. Outcome: open, or refused with its reason (told to nobody but the trail and the admin).
create function identity.prove_provider(p_pending_hash bytea, p_issuer text, p_subject text, p_claims text, p_session text, p_token_hash bytea, p_next_hash bytea, p_address inet, p_agent text)
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
        update identity.session x set provider_id = p.id, provider_session = p_session where x.token_hash = p_token_hash;
        update identity.provider_account x set used_at = now() where x.tenant_id = p.tenant_id and x.provider_id = p.id and x.issuer = p_issuer and x.subject = p_subject;
    end if;
    perform identity.note_attempt(s, who.reason, p_claims::jsonb);
    perform set_config('context.stamp', '', true);
    return query select case when who.reason is null then admitted.outcome else 'refused' end, admitted.session_id, s.account_id, who.reason;
end $$;

-- Somebody signed in, who set off in this browser (p_session_hash: the session that the return came with). Null: done; else why not.
create function identity.prove_own_provider(p_pending_hash bytea, p_session_hash bytea, p_issuer text, p_subject text, p_claims text, p_address inet, p_agent text) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    s      identity.pending_sign_in := identity.hold_pending(p_pending_hash, '{linking,trial,confirmation}', p_agent);
    p      identity.provider;
    x      identity.session;
    reason text;
begin
    if s.token_hash is null then return 'over'; end if;
    select q.* into p from identity.provider q where q.tenant_id = s.tenant_id and q.id = s.provider_id and q.version = s.provider_version and q.issuer = p_issuer and (q.status = 'active' or s.wants = 'trial') for share;
    select q.* into x from identity.session q join identity.account a on a.tenant_id = q.tenant_id and a.id = q.account_id and a.status = 'active'
     where q.token_hash = p_session_hash and q.tenant_id = s.tenant_id and q.account_id = s.account_id and q.expires_at > now();
    if p.id is null or x.id is null then return 'over'; end if;
    perform context.stamp(s.tenant_id, s.account_id, x.id, '', 'session');
    delete from identity.pending_sign_in q where q.token_hash = s.token_hash;
    if s.wants = 'linking' then reason := identity.link_account(p, s.account_id, p_issuer, p_subject);
    elsif s.wants = 'confirmation' then reason := identity.confirm_by_provider(p, x, p_issuer, p_subject);
    else
        update identity.provider q set tried_version = q.version where q.tenant_id = p.tenant_id and q.id = p.id;
    end if;
    perform identity.note_attempt(s, reason, p_claims::jsonb);
    perform set_config('context.stamp', '', true);
    return reason;
end $$;
create function identity.link_account(p identity.provider, p_account uuid, p_issuer text, p_subject text) returns text language plpgsql as $$
begin
    insert into identity.provider_account (tenant_id, provider_id, issuer, subject, account_id) values (p.tenant_id, p.id, p_issuer, p_subject, p_account) on conflict do nothing;
    if not found and not exists (select from identity.provider_account x where x.tenant_id = p.tenant_id and x.provider_id = p.id and x.issuer = p_issuer and x.subject = p_subject and x.account_id = p_account) then
        return 'linked_elsewhere';
    end if;
    perform identity.tell('provider_linked', p.tenant_id, p_account, pg_catalog.jsonb_build_object('provider', p.name, 'at', identity.stated(pg_catalog.now())));
    return null;
end $$;
create function identity.confirm_by_provider(p identity.provider, x identity.session, p_issuer text, p_subject text) returns text language plpgsql as $$
begin
    if not exists (select from identity.provider_account a where a.tenant_id = p.tenant_id and a.provider_id = p.id and a.issuer = p_issuer and a.subject = p_subject and a.account_id = x.account_id) then
        return 'somebody_else';
    end if;
    update identity.session s set authenticated_at = pg_catalog.now() where s.token_hash = x.token_hash;
    perform audit.record('reauthenticated', 'identity.session', x.id, pg_catalog.jsonb_build_object('by', 'idp'));
    return null;
end $$;

-- The own links, and whether one can confirm who one is by one of them.
create function identity.own_providers() returns table (id uuid, name text, linked boolean, linked_at timestamptz, used_at timestamptz) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.id, p.name, x.id is not null, x.created_at, x.used_at
    from identity.provider p left join lateral (select a.* from identity.provider_account a where a.tenant_id = p.tenant_id and a.provider_id = p.id and a.account_id = context.account() order by a.created_at limit 1) x on true
    where p.tenant_id = context.tenant() and (p.status = 'active' or x.id is not null) order by p.name, p.id
$$;
create function identity.unlink_provider(p_provider uuid) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare self record;
begin
    select h.* into self from identity.hold_self() h;
    -- Nobody takes away the only way in that they have.
    if not exists (select from identity.password p where p.tenant_id = self.tenant and p.id = self.account) and not identity.has_passkey(self.tenant, self.account)
       and not exists (select from identity.provider_account x where x.tenant_id = self.tenant and x.account_id = self.account and x.provider_id <> p_provider) then
        raise exception 'This is your only way to sign in. Add a passkey first.' using errcode = 'BS409', hint = 'only-way';
    end if;
    delete from identity.provider_account x where x.tenant_id = self.tenant and x.account_id = self.account and x.provider_id = p_provider;
    if not found then return false; end if;
    delete from identity.session x where x.tenant_id = self.tenant and x.account_id = self.account and x.provider_id = p_provider and x.id <> context.session();
    perform identity.tell('provider_unlinked', self.tenant, self.account, jsonb_build_object('provider', (select p.name from identity.provider p where p.tenant_id = self.tenant and p.id = p_provider),
        'at', identity.stated(now())));
    return true;
end $$;

-- Signing out: where the provider of this session wants to be told, so that it ends there too (RP-Initiated Logout 1.0).
create function identity.own_provider_logout() returns table (provider_id uuid, facts text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.id, identity.provider_facts(p) from identity.session s join identity.provider p on p.tenant_id = s.tenant_id and p.id = s.provider_id and p.status = 'active'
    where s.tenant_id = context.tenant() and s.account_id = context.account() and s.id = context.session()
$$;
-- A provider ends what it opened (Back-Channel Logout 1.0). Gate has verified the token; a token counts once. Returns how many sessions ended.
create function identity.active_provider(p_id uuid) returns table (facts text, sealed_secret bytea) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select identity.provider_facts(p), p.sealed_secret from identity.provider p join identity.tenant t on t.id = p.tenant_id where p.id = p_id and p.status = 'active' and t.status = 'active'
$$;
create function identity.end_provider_sessions(p_id uuid, p_version integer, p_issuer text, p_subject text, p_session text, p_token_id bytea, p_expires_at timestamptz) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    p     identity.provider;
    ended integer;
begin
    select x.* into p from identity.provider x where x.id = p_id and x.version = p_version and x.status = 'active' and x.issuer = p_issuer for share;
    if not found or (p_subject is null and p_session is null) then return null; end if;
    delete from identity.provider_replay r where r.tenant_id = p.tenant_id and r.expires_at < now() - interval '5 minutes';
    insert into identity.provider_replay values (p.tenant_id, p.id, p_token_id, p_expires_at) on conflict do nothing;
    if not found then return null; end if;
    perform context.stamp(p.tenant_id, null, null, '', 'provider');
    delete from identity.session s where s.tenant_id = p.tenant_id and s.provider_id = p.id and (p_session is null or s.provider_session = p_session)
       and (p_subject is null or s.account_id in (select x.account_id from identity.provider_account x where x.tenant_id = p.tenant_id and x.provider_id = p.id and x.issuer = p_issuer and x.subject = p_subject));
    get diagnostics ended = row_count;
    perform audit.record('provider_logout', 'identity.provider', p.id, jsonb_build_object('sessions', ended));
    perform set_config('context.stamp', '', true);
    return ended;
end $$;

grant execute on function identity.providers_of(text), identity.begin_provider(text, uuid, bytea, text, inet, text), identity.begin_own_provider(uuid, text, bytea, text, inet, text),
    identity.pending_provider(bytea, text), identity.refuse_provider(bytea, text, text, boolean, inet), identity.prove_provider(bytea, text, text, text, text, bytea, bytea, inet, text),
    identity.prove_own_provider(bytea, bytea, text, text, text, inet, text), identity.own_providers(), identity.unlink_provider(uuid), identity.own_provider_logout(),
    identity.active_provider(uuid), identity.end_provider_sessions(uuid, integer, text, text, text, bytea, timestamptz) to :"gate";
