-- One exit: every way of signing in ends in identity.admit. It holds the tenant's policy against what the person has shown, opens the
-- session, or keeps the sign-in pending until what is missing is there. No other function opens a session from outside.

-- What a tenant demands. `ways`: by which one may sign in; `factor_role_ids`: who must show a second factor (whoever has one, always must);
-- `most_sessions`: of one account at once, null for any number. Networks stand at the tenant: context.enter asks for them in each request.
create table identity.policy (
    tenant_id         uuid primary key references identity.tenant on delete cascade,
    id                uuid generated always as (tenant_id) stored,
    ways              text[] not null default '{password,passkey,provider}' check (cardinality(ways) > 0 and ways <@ '{password,passkey,provider}'),
    factor_role_ids   uuid[] not null default '{}' check (cardinality(factor_role_ids) <= 100),
    shortest_password integer not null default 15 check (shortest_password between 15 and 64),
    most_sessions     integer check (most_sessions between 1 and 50),
    version           integer not null default 1
);
-- From where; empty for anywhere.
alter table identity.tenant add column networks cidr[] not null default '{}' check (cardinality(networks) <= 100);

-- The second factors. A TOTP secret (RFC 6238) is sealed by part gate; `last_step` is the newest time step used, so that no code works twice.
create table identity.totp (
    tenant_id    uuid not null,
    id           uuid not null,                                          -- the account
    sealed       bytea not null check (octet_length(sealed) between 32 and 200),
    last_step    bigint not null default 0,
    created_at   timestamptz not null default now(),
    confirmed_at timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, id) references identity.account on delete cascade
);
-- Ten random codes, each good once: 80 bits, so a plain hash is enough.
create table identity.recovery_code (
    tenant_id  uuid not null,
    account_id uuid not null,
    id         uuid not null default tenancy.new_id(),
    code_hash  bytea not null check (octet_length(code_hash) = 32),
    used_at    timestamptz,
    primary key (tenant_id, id),
    unique (tenant_id, account_id, code_hash),
    foreign key (tenant_id, account_id) references identity.account on delete cascade
);
-- WebAuthn credentials (Level 3). `sign_count` and `backed_up` as the authenticator last said.
create table identity.passkey (
    tenant_id     uuid not null,
    account_id    uuid not null,
    id            uuid not null default tenancy.new_id(),
    credential_id bytea not null unique check (octet_length(credential_id) between 16 and 1023),
    public_key    bytea not null check (octet_length(public_key) <= 2048),
    sign_count    bigint not null default 0,
    backed_up     boolean not null default false,
    transports    text[] not null default '{}' check (cardinality(transports) <= 10),
    name          text not null check (char_length(name) between 1 and 100),
    created_at    timestamptz not null default now(),
    used_at       timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references identity.account on delete cascade
);
create index passkey_account on identity.passkey (tenant_id, account_id);

-- A sign-in under way, or a passkey's ceremony, bound to one browser by a cookie whose hash this is. It dies after ten minutes, and at once
-- when the account, its password, its factors or the tenant's policy change (triggers below). A passkey answers a challenge that gate
-- derives from the cookie's token: it belongs to this row, and is over with it. One that an identity provider is to answer (`provider`, or
-- `linking` for somebody signed in) holds the provider and its version: an answer to a provider that was changed meanwhile counts for nothing.
create table identity.pending_sign_in (
    token_hash       bytea primary key check (octet_length(token_hash) = 32),
    tenant_id        uuid references identity.tenant on delete cascade,   -- null: a passkey will say who it is
    account_id       uuid,                                                -- null: the passkey or the provider will
    id               uuid not null default tenancy.new_id(),
    proven           text[] not null default '{}',                        -- RFC 8176: pwd, otp, hwk; and idp, rec (a recovery code), mail
    wants            text not null check (wants in ('factor', 'enrolment', 'browser', 'passkey', 'registration', 'reauthentication', 'provider', 'linking')),
    provider_id      uuid,
    provider_version integer,
    failures         integer not null default 0,
    address          inet,
    agent            text check (char_length(agent) <= 300),
    created_at       timestamptz not null default now(),
    expires_at       timestamptz not null default now() + interval '10 minutes',
    confirmed_at     timestamptz,                                         -- the mailbox said yes
    check ((tenant_id is null) = (wants = 'passkey')),
    check ((account_id is null) = (wants in ('passkey', 'provider'))),
    check ((provider_id is null) = (provider_version is null)),
    check (provider_id is not null or wants not in ('provider', 'linking')),
    foreign key (tenant_id, account_id) references identity.account on delete cascade
);
create index pending_sign_in_account on identity.pending_sign_in (tenant_id, account_id);
create index pending_sign_in_expires_at on identity.pending_sign_in (expires_at);
create index pending_sign_in_id on identity.pending_sign_in (id);

-- What was shown when it was opened. Called by the exit and by a change of password alone, as 0007 has it; the default is the release's before.
alter table identity.session add column proven text[] not null default '{pwd}';
drop function identity.open_session(uuid, uuid, bytea, inet, text);
create function identity.open_session(tenant uuid, account uuid, p_token_hash bytea, p_address inet, p_agent text, p_proven text[] default '{pwd}') returns uuid language plpgsql as $$
declare
    session uuid := tenancy.new_id();
begin
    insert into identity.session (token_hash, tenant_id, account_id, id, expires_at, address, agent, proven)
    select p_token_hash, tenant, account, session, pg_catalog.now() + pg_catalog.make_interval(mins => t.session_absolute_minutes), p_address, pg_catalog."left"(p_agent, 300), p_proven
    from identity.tenant t join identity.account a on a.tenant_id = t.id and a.id = account
    where t.id = tenant and t.status = 'active' and a.status = 'active' for share of t, a;
    if not found then return null; end if;
    return session;
end $$;

do $$ declare t regclass; begin
    foreach t in array array['identity.policy', 'identity.totp', 'identity.recovery_code', 'identity.passkey', 'identity.pending_sign_in']::regclass[] loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;

-- Every tenant has a policy from its first moment.
insert into identity.policy (tenant_id) select t.id from identity.tenant t;
create function identity.give_policy() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into identity.policy (tenant_id) values (new.id);
    return null;
end $$;
create trigger give_policy after insert on identity.tenant for each row execute function identity.give_policy();
select audit.watch('identity.policy');
-- Factors come and go in the trail; their use is told by the sign-in.
do $$ declare t record; begin
    for t in select * from (values ('identity.totp', '''sealed'', ''last_step'''), ('identity.passkey', '''credential_id'', ''public_key'', ''sign_count'''),
                                   ('identity.recovery_code', '''code_hash''')) v(name, secret) loop
        execute format('create trigger audit_insert after insert on %s referencing new table as new_rows for each statement execute function audit.capture(%s)', t.name, t.secret);
        execute format('create trigger audit_delete after delete on %s referencing old table as old_rows for each statement execute function audit.capture(%s)', t.name, t.secret);
    end loop;
end $$;

-- What ends a pending sign-in. The whole account's go, whichever of them was begun by a stranger who knows the password.
create function identity.end_pending_sign_ins() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    row_of  jsonb := to_jsonb(coalesce(new, old));
    tenant  uuid := coalesce(row_of ->> 'tenant_id', row_of ->> 'id')::uuid;
    account uuid := case when tg_table_name not in ('tenant', 'policy') then coalesce(row_of ->> 'account_id', row_of ->> 'id')::uuid end;
begin
    delete from identity.pending_sign_in s where s.tenant_id = tenant and (account is null or s.account_id = account);
    return null;
end $$;
create trigger end_pending_sign_ins after update of status, email on identity.account for each row
    when (old.status is distinct from new.status or old.email is distinct from new.email) execute function identity.end_pending_sign_ins();
create trigger end_pending_sign_ins after update of verifier on identity.password for each row
    when (old.verifier is distinct from new.verifier and old.rehashed_at is not distinct from new.rehashed_at) execute function identity.end_pending_sign_ins();
create trigger end_pending_sign_ins after update of status, networks on identity.tenant for each row
    when (new.status <> 'active' or old.networks is distinct from new.networks) execute function identity.end_pending_sign_ins();
create trigger end_pending_sign_ins after update on identity.policy for each row execute function identity.end_pending_sign_ins();
create trigger end_pending_sign_ins after update of confirmed_at on identity.totp for each row execute function identity.end_pending_sign_ins();
create trigger end_pending_sign_ins_gone after delete on identity.totp for each row when (old.confirmed_at is not null) execute function identity.end_pending_sign_ins();
create trigger end_pending_sign_ins after insert or delete on identity.passkey for each row execute function identity.end_pending_sign_ins();
create trigger end_pending_sign_ins after insert or delete on access.assignment for each row execute function identity.end_pending_sign_ins();

-- Every factor that comes or goes is told to its person, whichever way it went; and recovery codes go with the last factor they stand in for.
create function identity.tell_of_factor() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    row_of  jsonb := to_jsonb(coalesce(new, old));
    tenant  uuid := row_of ->> 'tenant_id';
    account uuid := coalesce(row_of ->> 'account_id', row_of ->> 'id');
begin
    perform identity.tell(case tg_op when 'DELETE' then 'factor_removed' else 'factor_added' end, tenant, account,
        jsonb_build_object('factor', tg_table_name, 'at', identity.stated(now())));
    if tg_op = 'DELETE' and not identity.has_factor(tenant, account) then
        delete from identity.recovery_code c where c.tenant_id = tenant and c.account_id = account;
    end if;
    return null;
end $$;
create trigger tell_of_factor after update of confirmed_at on identity.totp for each row
    when (old.confirmed_at is null and new.confirmed_at is not null) execute function identity.tell_of_factor();
create trigger tell_of_factor_gone after delete on identity.totp for each row when (old.confirmed_at is not null) execute function identity.tell_of_factor();
create trigger tell_of_factor after insert or delete on identity.passkey for each row execute function identity.tell_of_factor();
create function identity.tell_of_recovery_code() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform audit.record('recovery_code_used', 'identity.account', new.account_id);
    perform identity.tell('recovery_code_used', new.tenant_id, new.account_id, jsonb_build_object('at', identity.stated(now()),
        'left', (select count(*) from identity.recovery_code c where c.tenant_id = new.tenant_id and c.account_id = new.account_id and c.used_at is null)));
    return null;
end $$;
create trigger tell_of_recovery_code after update of used_at on identity.recovery_code for each row
    when (old.used_at is null and new.used_at is not null) execute function identity.tell_of_recovery_code();
-- A new set of codes is another way in: one mail for the ten.
create function identity.tell_of_recovery_codes() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform identity.tell('factor_added', n.tenant_id, n.account_id, jsonb_build_object('factor', 'recovery_code', 'at', identity.stated(now())))
       from (select distinct r.tenant_id, r.account_id from new_rows r) n;
    return null;
end $$;
create trigger tell_of_recovery_codes after insert on identity.recovery_code referencing new table as new_rows for each statement execute function identity.tell_of_recovery_codes();

create function identity.has_factor(tenant uuid, account uuid) returns boolean language sql stable as $$
    select exists (select from identity.totp f where f.tenant_id = tenant and f.id = account and f.confirmed_at is not null)
        or exists (select from identity.passkey k where k.tenant_id = tenant and k.account_id = account)
$$;
create function identity.has_passkey(tenant uuid, account uuid) returns boolean language sql stable as $$
    select exists (select from identity.passkey k where k.tenant_id = tenant and k.account_id = account)
$$;
create function identity.must_have_factor(tenant uuid, account uuid) returns boolean language sql stable as $$
    select exists (select from access.assignment g join identity.policy p on p.tenant_id = g.tenant_id where g.tenant_id = tenant and g.account_id = account and g.role_id = any (p.factor_role_ids))
$$;
-- A passkey that has verified its user is two factors by itself, with a password before it or without.
create function identity.way_allowed(p_ways text[], p_proven text[]) returns boolean language sql immutable as $$
    select ('password' = any (p_ways) and 'pwd' = any (p_proven)) or ('passkey' = any (p_ways) and 'hwk' = any (p_proven)) or ('provider' = any (p_ways) and 'idp' = any (p_proven))
$$;
create function identity.in_networks(p_networks cidr[], p_address inet) returns boolean language sql immutable as $$
    select pg_catalog.cardinality(p_networks) = 0 or coalesce((select pg_catalog.bool_or(p_address <<= n) from pg_catalog.unnest(p_networks) n), false)
$$;
-- A browser nobody signed in with before, for an account that has signed in before.
create function identity.browser_is_new(tenant uuid, account uuid, p_agent text, p_address inet) returns boolean language sql stable as $$
    select exists (select from identity.familiar_browser b where b.tenant_id = tenant and b.account_id = account)
       and not exists (select from identity.familiar_browser b where b.tenant_id = tenant and b.account_id = account and b.browser = identity.browser(p_agent, p_address))
$$;

-- What the policy says to this account with these proofs: null (come in), factor, enrolment, browser, or refused_way and refused_network.
-- The exit asks it, and so does a change of policy, of the sessions there are.
create function identity.verdict(tenant uuid, account uuid, p_proven text[], p_address inet, p_agent text) returns text language plpgsql stable as $$
declare
    policy   identity.policy;
    networks cidr[];
    strong   boolean := p_proven && array['otp', 'rec', 'hwk', 'idp'];
    owns     boolean := identity.has_factor(tenant, account);
    known    boolean := 'mail' = any (p_proven) or not identity.browser_is_new(tenant, account, p_agent, p_address);
begin
    select p.* into policy from identity.policy p where p.tenant_id = tenant;
    select t.networks into networks from identity.tenant t where t.id = tenant;
    if not identity.in_networks(networks, p_address) then return 'refused_network'; end if;
    if not identity.way_allowed(policy.ways, p_proven) then
        -- Where only passkeys open, the password is good for making the first one, and for nothing else.
        if not ('pwd' = any (p_proven) and 'passkey' = any (policy.ways)) or identity.has_passkey(tenant, account) then return 'refused_way'; end if;
        if owns and not strong then return 'factor'; end if;
        return case when known then 'enrolment' else 'browser' end;
    end if;
    if owns and not strong then return 'factor'; end if;
    if identity.must_have_factor(tenant, account) and not strong then
        -- Nobody makes a factor of their own for an account whose password they stole: the mailbox is asked first.
        return case when known then 'enrolment' else 'browser' end;
    end if;
    -- A code can be talked out of somebody, or read off a copied page; a passkey cannot.
    if p_proven && array['otp', 'rec'] and not 'hwk' = any (p_proven) and not known then return 'browser'; end if;
    return null;
end $$;

-- The exit. outcome: open (session_id is the session's), factor, enrolment or browser (a pending sign-in stands under p_pending_hash), or
-- refused_state, refused_network, refused_way, refused_mails. The caller has stamped the tenant and the account; the rows are held, so that a
-- deactivation or another policy that comes at the same time either prevents the session or ends it.
create function identity.admit(tenant uuid, account uuid, p_proven text[], p_token_hash bytea, p_pending_hash bytea, p_address inet, p_agent text)
returns table (outcome text, session_id uuid) language plpgsql as $$
declare
    most   integer;
    wanted text;
    opened uuid;
begin
    perform from identity.tenant t join identity.account a on a.tenant_id = t.id and a.id = account
      where t.id = tenant and t.status = 'active' and a.status = 'active' for share of t, a;
    if not found then return query select 'refused_state', null::uuid; return; end if;
    select p.most_sessions into most from identity.policy p where p.tenant_id = tenant for share;
    wanted := identity.verdict(tenant, account, p_proven, p_address, p_agent);
    if wanted = 'browser' and not identity.ask_mailbox(tenant, account) then wanted := 'refused_mails'; end if;
    if wanted like 'refused%' then return query select wanted, null::uuid; return; end if;
    if wanted is not null then
        perform identity.suspend_sign_in(tenant, account, p_proven, wanted, p_pending_hash, p_address, p_agent);
        return query select wanted, null::uuid;
        return;
    end if;
    opened := identity.open_session(tenant, account, p_token_hash, p_address, p_agent, p_proven);
    if most is not null then                                             -- OFFSET null would be none, and end this one too
        delete from identity.session s where s.tenant_id = tenant and s.account_id = account and s.id in (
            select o.id from identity.session o where o.tenant_id = tenant and o.account_id = account and o.id <> opened order by o.last_seen desc, o.id desc offset most - 1);
    end if;
    insert into identity.familiar_address select tenant, account, identity.network(p_address), pg_catalog.now() where p_address is not null
    on conflict on constraint familiar_address_pkey do update set last_at = pg_catalog.now();
    perform audit.record('sign_in', 'identity.session', opened, pg_catalog.jsonb_build_object(
        'method', case when 'idp' = any (p_proven) then 'provider' when 'pwd' = any (p_proven) then 'password' else 'passkey' end, 'proven', p_proven, 'address', pg_catalog.host(p_address)));
    return query select 'open', opened;
end $$;
-- Ten mails an hour that ask whether a browser is the person's own: a stranger who knows the password fills no mailbox.
create function identity.ask_mailbox(tenant uuid, account uuid) returns boolean language sql stable as $$
    select pg_catalog.count(*) < 10 from mail.message m
    where m.tenant_id = tenant and m.account_id = account and m.kind = 'browser_confirmation' and m.created_at > pg_catalog.now() - interval '1 hour'
$$;
create function identity.suspend_sign_in(tenant uuid, account uuid, p_proven text[], p_wants text, p_pending_hash bytea, p_address inet, p_agent text) returns void language plpgsql as $$
declare made uuid := tenancy.new_id();
begin
    insert into identity.pending_sign_in (token_hash, tenant_id, account_id, id, proven, wants, address, agent)
    values (p_pending_hash, tenant, account, made, p_proven, p_wants, p_address, pg_catalog."left"(p_agent, 300));
    if p_wants = 'browser' then
        perform identity.tell('browser_confirmation', tenant, account, pg_catalog.jsonb_build_object('at', identity.stated(pg_catalog.now()), 'agent', coalesce(p_agent, ''),
            'address', coalesce(pg_catalog.host(p_address), '')), 'sign_in', made);
    end if;
end $$;
alter table mail.link drop constraint link_purpose_check,
    add constraint link_purpose_check check (purpose in ('invitation', 'password_reset', 'email_change', 'operator_invitation', 'operator_reset', 'sign_in'));
create or replace function mail.patience(p_link text) returns interval language sql immutable as $$
    select case when p_link = 'sign_in' then interval '10 minutes' when p_link in ('password_reset', 'operator_reset') then interval '1 hour' else interval '24 hours' end
$$;

-- A refusal, told to nobody but the trail, where its reason stands. Failures of strangers and of the person's own addresses are counted apart.
create function identity.refuse_sign_in(tenant uuid, account uuid, p_familiar boolean, p_reason text, p_address inet) returns void language plpgsql as $$
begin
    perform identity.count_failure(tenant, account, p_familiar);
    perform audit.record('sign_in_refused', 'identity.account', account, pg_catalog.jsonb_build_object('address', pg_catalog.host(p_address), 'reason', p_reason));
    perform security.failed_sign_in(p_address);
end $$;
create function identity.is_familiar(tenant uuid, account uuid, p_address inet) returns boolean language sql stable as $$
    select exists (select from identity.familiar_address f where f.tenant_id = tenant and f.account_id = account and f.network = identity.network(p_address))
$$;
-- A hundred failures in a row, passwords and codes together, close the side they came from (NIST SP 800-63B-4, 3.2.2).
create function identity.is_closed(tenant uuid, account uuid, p_familiar boolean) returns boolean language sql stable as $$
    select coalesce((select f.failures >= 100 from identity.sign_in_failure f where f.tenant_id = tenant and f.account_id = account and f.familiar = p_familiar), false)
$$;
-- Not before the session is open: who knows the password and guesses codes must not begin to count anew by giving it once more.
create function identity.forget_failures(tenant uuid, account uuid, p_familiar boolean) returns void language sql as $$
    delete from identity.sign_in_failure f where f.tenant_id = tenant and f.account_id = account and (f.familiar = p_familiar or p_familiar)
$$;

-- A password, proven. No row: refused, and looks the same whatever the reason. Other outcomes: see identity.admit.
create function identity.prove_password(p_slug text, p_email text, p_proof bytea, p_token_hash bytea, p_pending_hash bytea, p_address inet, p_agent text)
returns table (outcome text, session_id uuid, account_id uuid, outdated boolean) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    who      record;
    known    boolean;
    admitted record;
    reason   text := 'password';
begin
    select t.id as tenant, a.id as account, p.verifier, t.status = 'active' and a.status = 'active' as open,
           (p.memory_kib, p.iterations, p.lanes) is distinct from (h.memory_kib, h.iterations, h.lanes) as outdated
      into who
      from identity.tenant t join identity.account a on a.tenant_id = t.id join identity.password p on p.tenant_id = a.tenant_id and p.id = a.id
      cross join identity.hashing h
     where t.slug = p_slug and a.email = p_email
       for no key update of p;                                           -- raced guesses are counted one by one; a password changed meanwhile is read anew
    if not found then
        perform security.failed_sign_in(p_address);
        return;
    end if;
    known := identity.is_familiar(who.tenant, who.account, p_address);
    perform context.stamp(who.tenant, who.account, null, '', 'sign_in');
    if sha256(p_proof) = who.verifier and who.open and not identity.is_closed(who.tenant, who.account, known) then
        select a.* into admitted from identity.admit(who.tenant, who.account, '{pwd}', p_token_hash, p_pending_hash, p_address, p_agent) a;
        if admitted.outcome not like 'refused%' then
            if admitted.outcome = 'open' then perform identity.forget_failures(who.tenant, who.account, known); end if;
            perform set_config('context.stamp', '', true);
            return query select admitted.outcome, admitted.session_id, who.account, who.outdated;
            return;
        end if;
        reason := substr(admitted.outcome, 9);
    end if;
    perform identity.refuse_sign_in(who.tenant, who.account, known, reason, p_address);
    perform set_config('context.stamp', '', true);
end $$;

-- The release before knows no pending sign-ins: with it, whoever needs a second factor does not come in.
create or replace function identity.sign_in(p_slug text, p_email text, p_proof bytea, p_token_hash bytea, p_address inet, p_agent text)
returns table (session_id uuid, account_id uuid, outdated boolean) language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select p.session_id, p.account_id, p.outdated from identity.prove_password(p_slug, p_email, p_proof, p_token_hash, sha256(p_token_hash), p_address, p_agent) p where p.outcome = 'open'
$$;

-- The pending sign-in that a cookie names, held to the end of the transaction. The tenant and the account are held before it: a change of
-- factors, a deactivation and a policy take them in that order too. The browser is the one it began in, or it does not count.
create function identity.hold_pending(p_pending_hash bytea, p_wants text[], p_agent text) returns identity.pending_sign_in language plpgsql as $$
declare s identity.pending_sign_in;
begin
    perform from identity.pending_sign_in x join identity.tenant t on t.id = x.tenant_id where x.token_hash = p_pending_hash for share of t;
    perform from identity.pending_sign_in x join identity.account a on a.tenant_id = x.tenant_id and a.id = x.account_id where x.token_hash = p_pending_hash for no key update of a;
    select x.* into s from identity.pending_sign_in x
     where x.token_hash = p_pending_hash and x.expires_at > pg_catalog.clock_timestamp() and x.wants = any (p_wants)
       and x.agent is not distinct from pg_catalog."left"(p_agent, 300) for no key update;
    return s;
end $$;

-- What the page of a pending sign-in shows. Reading consumes nothing.
create function identity.pending_shown(p_pending_hash bytea)
returns table (wants text, tenant_id uuid, account_id uuid, slug text, email text, name text, language text, has_totp boolean, has_passkey boolean, totp_allowed boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.wants, s.tenant_id, a.id, t.slug, a.email, a.name, a.language,
           exists (select from identity.totp f where f.tenant_id = s.tenant_id and f.id = s.account_id and f.confirmed_at is not null),
           identity.has_passkey(s.tenant_id, s.account_id), 'password' = any (p.ways)
    from identity.pending_sign_in s left join identity.tenant t on t.id = s.tenant_id left join identity.policy p on p.tenant_id = s.tenant_id
    left join identity.account a on a.tenant_id = s.tenant_id and a.id = s.account_id
    where s.token_hash = p_pending_hash and s.expires_at > now()
$$;
-- The sealed secret, for whoever has proven the password in this browser: not for an injection that has no pending sign-in's token.
create function identity.pending_totp(p_pending_hash bytea) returns table (tenant_id uuid, account_id uuid, sealed bytea, last_step bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select f.tenant_id, f.id, f.sealed, f.last_step from identity.pending_sign_in s join identity.totp f on f.tenant_id = s.tenant_id and f.id = s.account_id
    where s.token_hash = p_pending_hash and s.expires_at > now() and 'pwd' = any (s.proven)
      and case s.wants when 'factor' then f.confirmed_at is not null when 'enrolment' then f.confirmed_at is null end
$$;
-- The passkeys that may answer: the account's own, by their public parts; none where a passkey is to say who it is.
create function identity.pending_passkeys(p_pending_hash bytea) returns table (credential_id bytea, transports text[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.credential_id, k.transports from identity.pending_sign_in s join identity.passkey k on k.tenant_id = s.tenant_id and k.account_id = s.account_id
    where s.token_hash = p_pending_hash and s.expires_at > now() order by k.created_at
$$;
-- What gate verifies an answer against. Public parts only; one that is another account's is not there.
create function identity.pending_passkey(p_pending_hash bytea, p_credential_id bytea) returns table (account_id uuid, public_key bytea, sign_count bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.account_id, k.public_key, k.sign_count from identity.pending_sign_in s
    join identity.passkey k on k.credential_id = p_credential_id and (s.wants = 'passkey' or (s.wants in ('factor', 'reauthentication') and (k.tenant_id, k.account_id) = (s.tenant_id, s.account_id)))
    where s.token_hash = p_pending_hash and s.expires_at > now()
$$;

-- Goes on by one more proof: through the exit again. The pending sign-in is used up whatever comes of it.
create function identity.go_on(s identity.pending_sign_in, p_proof text, p_token_hash bytea, p_next_hash bytea, p_address inet, p_agent text)
returns table (outcome text, session_id uuid) language plpgsql as $$
declare
    known    boolean := identity.is_familiar(s.tenant_id, s.account_id, p_address);
    admitted record;
begin
    delete from identity.pending_sign_in x where x.token_hash = s.token_hash;
    select a.* into admitted from identity.admit(s.tenant_id, s.account_id, s.proven || p_proof, p_token_hash, p_next_hash, p_address, p_agent) a;
    if admitted.outcome like 'refused%' then
        perform identity.refuse_sign_in(s.tenant_id, s.account_id, known, pg_catalog.substr(admitted.outcome, 9), p_address);
        return;
    end if;
    if admitted.outcome = 'open' then perform identity.forget_failures(s.tenant_id, s.account_id, known); end if;
    return query select admitted.outcome, admitted.session_id;
end $$;
-- A wrong code: five, and the password must be given again.
create function identity.refuse_proof(s identity.pending_sign_in, p_reason text, p_address inet) returns void language plpgsql as $$
begin
    perform identity.refuse_sign_in(s.tenant_id, s.account_id, identity.is_familiar(s.tenant_id, s.account_id, p_address), p_reason, p_address);
    update identity.pending_sign_in x set failures = x.failures + 1 where x.token_hash = s.token_hash;
    delete from identity.pending_sign_in x where x.token_hash = s.token_hash and x.failures >= 5;
end $$;

-- Gate has compared the code; the database sees to it that its time step was never used. p_step null: the code was wrong.
create function identity.prove_totp(p_pending_hash bytea, p_step bigint, p_token_hash bytea, p_next_hash bytea, p_address inet, p_agent text)
returns table (outcome text, session_id uuid, account_id uuid) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    s    identity.pending_sign_in := identity.hold_pending(p_pending_hash, '{factor}', p_agent);
    good boolean := false;
begin
    if s.token_hash is null then return; end if;
    perform context.stamp(s.tenant_id, s.account_id, null, '', 'sign_in');
    if not identity.is_closed(s.tenant_id, s.account_id, identity.is_familiar(s.tenant_id, s.account_id, p_address)) then
        update identity.totp f set last_step = p_step where f.tenant_id = s.tenant_id and f.id = s.account_id and f.confirmed_at is not null and p_step > f.last_step;
        good := found;
    end if;
    if good then
        return query select g.outcome, g.session_id, s.account_id from identity.go_on(s, 'otp', p_token_hash, p_next_hash, p_address, p_agent) g;
    else
        perform identity.refuse_proof(s, 'code', p_address);
    end if;
    perform set_config('context.stamp', '', true);
end $$;
create function identity.prove_recovery_code(p_pending_hash bytea, p_code_hash bytea, p_token_hash bytea, p_next_hash bytea, p_address inet, p_agent text)
returns table (outcome text, session_id uuid, account_id uuid) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    s    identity.pending_sign_in := identity.hold_pending(p_pending_hash, '{factor}', p_agent);
    good boolean := false;
begin
    if s.token_hash is null then return; end if;
    perform context.stamp(s.tenant_id, s.account_id, null, '', 'sign_in');
    if not identity.is_closed(s.tenant_id, s.account_id, identity.is_familiar(s.tenant_id, s.account_id, p_address)) then
        update identity.recovery_code c set used_at = now() where c.tenant_id = s.tenant_id and c.account_id = s.account_id and c.code_hash = p_code_hash and c.used_at is null;
        good := found;
    end if;
    if good then
        return query select g.outcome, g.session_id, s.account_id from identity.go_on(s, 'rec', p_token_hash, p_next_hash, p_address, p_agent) g;
    else
        perform identity.refuse_proof(s, 'recovery_code', p_address);
    end if;
    perform set_config('context.stamp', '', true);
end $$;

-- A passkey's ceremony begins for nobody in particular: a discoverable passkey says whose it is.
create function identity.begin_passkey(p_pending_hash bytea, p_address inet, p_agent text) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    insert into identity.pending_sign_in (token_hash, wants, address, agent) values (p_pending_hash, 'passkey', p_address, "left"(p_agent, 300))
$$;
-- The use of a passkey: its signature counter must rise, unless the authenticator has none (WebAuthn Level 3, 7.2, step 22): a copy shows.
create function identity.use_passkey(tenant uuid, account uuid, p_credential_id bytea, p_sign_count bigint, p_backed_up boolean) returns boolean language plpgsql as $$
begin
    update identity.passkey k set sign_count = p_sign_count, backed_up = p_backed_up, used_at = pg_catalog.now()
     where k.tenant_id = tenant and k.account_id = account and k.credential_id = p_credential_id and (p_sign_count > k.sign_count or (p_sign_count = 0 and k.sign_count = 0));
    return found;
end $$;
-- Gate has verified the signature over this row's challenge (p_verified), and is trusted for that: see docs/decisions/0032.
create function identity.prove_passkey(p_pending_hash bytea, p_credential_id bytea, p_verified boolean, p_sign_count bigint, p_backed_up boolean, p_token_hash bytea, p_next_hash bytea, p_address inet, p_agent text)
returns table (outcome text, session_id uuid, account_id uuid) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    k record;
    s identity.pending_sign_in;
begin
    -- Whose it is, and that one's rows first: as in hold_pending.
    select x.tenant_id, x.account_id into k from identity.passkey x where x.credential_id = p_credential_id;
    if not found then
        perform security.failed_sign_in(p_address);
        delete from identity.pending_sign_in x where x.token_hash = p_pending_hash and x.wants = 'passkey';
        return;
    end if;
    perform from identity.tenant t where t.id = k.tenant_id for share;
    perform from identity.account a where a.tenant_id = k.tenant_id and a.id = k.account_id for no key update;
    s := identity.hold_pending(p_pending_hash, '{passkey,factor}', p_agent);
    if s.token_hash is null or (s.account_id is not null and (s.tenant_id, s.account_id) is distinct from (k.tenant_id, k.account_id)) then return; end if;
    s.tenant_id := k.tenant_id;
    s.account_id := k.account_id;
    perform context.stamp(s.tenant_id, s.account_id, null, '', 'sign_in');
    if p_verified and identity.use_passkey(k.tenant_id, k.account_id, p_credential_id, p_sign_count, p_backed_up) then
        return query select g.outcome, g.session_id, k.account_id from identity.go_on(s, 'hwk', p_token_hash, p_next_hash, p_address, p_agent) g;
    else
        -- Not counted against the account: a passkey's id is no secret, and nobody guesses a signature. Its challenge is over.
        perform audit.record('sign_in_refused', 'identity.account', s.account_id, jsonb_build_object('address', host(p_address), 'reason', case when p_verified then 'sign_count' else 'signature' end));
        perform security.failed_sign_in(p_address);
        delete from identity.pending_sign_in x where x.token_hash = s.token_hash;
    end if;
    perform set_config('context.stamp', '', true);
end $$;

-- The browser's yes, from the mailbox. Asking consumes nothing.
create function identity.browser_shown(p_link_hash bytea) returns table (slug text, email text, language text, zone text, agent text, address text, at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.slug, a.email, a.language, a.zone, s.agent, host(s.address), s.created_at
    from mail.link l join identity.pending_sign_in s on s.tenant_id = l.tenant_id and s.id = l.subject_id and s.wants = 'browser' and s.confirmed_at is null
    join identity.tenant t on t.id = s.tenant_id join identity.account a on a.tenant_id = s.tenant_id and a.id = s.account_id
    where l.token_hash = p_link_hash and l.purpose = 'sign_in' and s.expires_at > now() and t.status = 'active' and a.status = 'active'
$$;
-- Yes lets the browser that waits go on, and no other: the one that follows the link gets nothing by it. No ends it.
create function identity.answer_browser(p_link_hash bytea, p_yes boolean, p_address inet) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    link mail.link;
    s    identity.pending_sign_in;
begin
    select l.* into link from mail.link l where l.token_hash = p_link_hash and l.purpose = 'sign_in';
    if not found or not exists (select from identity.browser_shown(p_link_hash)) then return false; end if;
    select x.* into s from identity.pending_sign_in x where x.tenant_id = link.tenant_id and x.id = link.subject_id and x.wants = 'browser' and x.confirmed_at is null and x.expires_at > now() for no key update;
    if not found then return false; end if;
    perform context.stamp(s.tenant_id, s.account_id, null, '', 'sign_in');
    if p_yes then
        update identity.pending_sign_in x set confirmed_at = now() where x.token_hash = s.token_hash;
    else
        delete from identity.pending_sign_in x where x.token_hash = s.token_hash;
    end if;
    perform audit.record(case when p_yes then 'browser_confirmed' else 'browser_denied' end, 'identity.account', s.account_id,
        jsonb_build_object('address', host(s.address), 'agent', s.agent, 'answered_from', host(p_address)));
    perform set_config('context.stamp', '', true);
    return true;
end $$;
-- The waiting browser goes on. No row: nobody has said yes yet, or there is nothing to go on with.
create function identity.prove_browser(p_pending_hash bytea, p_token_hash bytea, p_next_hash bytea, p_address inet, p_agent text)
returns table (outcome text, session_id uuid, account_id uuid) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s identity.pending_sign_in := identity.hold_pending(p_pending_hash, '{browser}', p_agent);
begin
    if s.token_hash is null or s.confirmed_at is null then return; end if;
    perform context.stamp(s.tenant_id, s.account_id, null, '', 'sign_in');
    return query select g.outcome, g.session_id, s.account_id from identity.go_on(s, 'mail', p_token_hash, p_next_hash, p_address, p_agent) g;
    perform set_config('context.stamp', '', true);
end $$;

-- Making factors: in a pending sign-in that wants enrolment, or signed in. An unconfirmed secret is replaced; a confirmed one stays until it is removed.
create function identity.keep_totp(tenant uuid, account uuid, p_sealed bytea) returns void language plpgsql as $$
begin
    delete from identity.totp f where f.tenant_id = tenant and f.id = account and f.confirmed_at is null;
    if exists (select from identity.totp f where f.tenant_id = tenant and f.id = account) then
        raise exception 'There is an authenticator app already. Remove it first.' using errcode = 'BS409', hint = 'totp-exists';
    end if;
    insert into identity.totp (tenant_id, id, sealed) values (tenant, account, p_sealed);
end $$;
create function identity.confirm(tenant uuid, account uuid, p_step bigint) returns boolean language plpgsql as $$
begin
    update identity.totp f set confirmed_at = pg_catalog.now(), last_step = p_step
     where f.tenant_id = tenant and f.id = account and f.confirmed_at is null and p_step > f.last_step and f.created_at > pg_catalog.now() - interval '1 hour';
    return found;
end $$;
create function identity.keep_passkey(tenant uuid, account uuid, p_credential_id bytea, p_public_key bytea, p_sign_count bigint, p_backed_up boolean, p_transports text[], p_name text) returns uuid language plpgsql as $$
declare made uuid;
begin
    if (select pg_catalog.count(*) from identity.passkey k where k.tenant_id = tenant and k.account_id = account) >= 20 then
        raise exception 'An account has twenty passkeys at most. Remove one first.' using errcode = 'BS409', hint = 'too-many-passkeys';
    end if;
    insert into identity.passkey (tenant_id, account_id, credential_id, public_key, sign_count, backed_up, transports, name)
    values (tenant, account, p_credential_id, p_public_key, p_sign_count, p_backed_up, p_transports, p_name) on conflict (credential_id) do nothing returning id into made;
    if made is null then
        raise exception 'This passkey is registered already.' using errcode = 'BS409', hint = 'passkey-exists';
    end if;
    return made;
end $$;
create function identity.keep_recovery_codes(tenant uuid, account uuid, p_hashes bytea[]) returns void language plpgsql as $$
begin
    delete from identity.recovery_code c where c.tenant_id = tenant and c.account_id = account;
    insert into identity.recovery_code (tenant_id, account_id, code_hash) select tenant, account, h from pg_catalog.unnest(p_hashes) h;
end $$;

create function identity.enrol_totp(p_pending_hash bytea, p_sealed bytea, p_agent text) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s identity.pending_sign_in := identity.hold_pending(p_pending_hash, '{enrolment}', p_agent);
begin
    if s.token_hash is null then return false; end if;
    perform context.stamp(s.tenant_id, s.account_id, null, '', 'sign_in');
    perform identity.keep_totp(s.tenant_id, s.account_id, p_sealed);
    perform set_config('context.stamp', '', true);
    return true;
end $$;
create function identity.prove_enrolled_totp(p_pending_hash bytea, p_step bigint, p_codes bytea[], p_token_hash bytea, p_next_hash bytea, p_address inet, p_agent text)
returns table (outcome text, session_id uuid, account_id uuid) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s identity.pending_sign_in := identity.hold_pending(p_pending_hash, '{enrolment}', p_agent);
begin
    if s.token_hash is null then return; end if;
    perform context.stamp(s.tenant_id, s.account_id, null, '', 'sign_in');
    if identity.confirm(s.tenant_id, s.account_id, p_step) then
        perform identity.keep_recovery_codes(s.tenant_id, s.account_id, p_codes);
        return query select g.outcome, g.session_id, s.account_id from identity.go_on(s, 'otp', p_token_hash, p_next_hash, p_address, p_agent) g;
    else
        perform identity.refuse_proof(s, 'code', p_address);
    end if;
    perform set_config('context.stamp', '', true);
end $$;
create function identity.prove_enrolled_passkey(p_pending_hash bytea, p_credential_id bytea, p_public_key bytea, p_sign_count bigint, p_backed_up boolean, p_transports text[], p_name text, p_codes bytea[],
    p_token_hash bytea, p_next_hash bytea, p_address inet, p_agent text)
returns table (outcome text, session_id uuid, account_id uuid) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s identity.pending_sign_in := identity.hold_pending(p_pending_hash, '{enrolment}', p_agent);
begin
    if s.token_hash is null then return; end if;
    perform context.stamp(s.tenant_id, s.account_id, null, '', 'sign_in');
    perform identity.keep_passkey(s.tenant_id, s.account_id, p_credential_id, p_public_key, p_sign_count, p_backed_up, p_transports, p_name);
    perform identity.keep_recovery_codes(s.tenant_id, s.account_id, p_codes);
    return query select g.outcome, g.session_id, s.account_id from identity.go_on(s, 'hwk', p_token_hash, p_next_hash, p_address, p_agent) g;
    perform set_config('context.stamp', '', true);
end $$;

-- Signed in: what one has, and its making and removing. The account is held first, as in hold_pending. Who calls is in the stamp.
create function identity.hold_self(out tenant uuid, out account uuid) language plpgsql as $$
begin
    tenant := context.tenant(null, true);
    account := context.account();
    perform from identity.account a where a.tenant_id = tenant and a.id = account for no key update;
end $$;
create function identity.own_factors() returns table (password boolean, totp boolean, totp_since timestamptz, codes_left bigint, required boolean) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (select from identity.password p where p.tenant_id = a.tenant_id and p.id = a.id), f.confirmed_at is not null, f.confirmed_at,
           (select count(*) from identity.recovery_code c where c.tenant_id = a.tenant_id and c.account_id = a.id and c.used_at is null), identity.must_have_factor(a.tenant_id, a.id)
    from identity.account a left join identity.totp f on f.tenant_id = a.tenant_id and f.id = a.id and f.confirmed_at is not null
    where a.tenant_id = context.tenant() and a.id = context.account()
$$;
create function identity.own_passkeys() returns table (id uuid, name text, created_at timestamptz, used_at timestamptz, backed_up boolean, credential_id bytea, transports text[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.id, k.name, k.created_at, k.used_at, k.backed_up, k.credential_id, k.transports from identity.passkey k
    where k.tenant_id = context.tenant() and k.account_id = context.account() order by k.created_at, k.id
$$;
create function identity.own_totp() returns table (sealed bytea, last_step bigint, confirmed boolean) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select f.sealed, f.last_step, f.confirmed_at is not null from identity.totp f where f.tenant_id = context.tenant() and f.id = context.account()
$$;
create function identity.begin_totp(p_sealed bytea) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare self record;
begin
    select h.* into self from identity.hold_self() h;
    perform identity.keep_totp(self.tenant, self.account, p_sealed);
end $$;
-- What the caller's session has shown, from now on: a demand that comes later does not end it.
create function identity.add_proof(p_proof text) returns void language sql as $$
    update identity.session s set proven = s.proven || p_proof
     where s.tenant_id = context.tenant(null, true) and s.account_id = context.account() and s.id = context.session() and p_proof <> all (s.proven)
$$;
create function identity.confirm_totp(p_step bigint) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare self record;
begin
    select h.* into self from identity.hold_self() h;
    if not identity.confirm(self.tenant, self.account, p_step) then return false; end if;
    perform identity.add_proof('otp');
    return true;
end $$;
create function identity.remove_totp() returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare self record;
begin
    select h.* into self from identity.hold_self() h;
    delete from identity.totp f where f.tenant_id = self.tenant and f.id = self.account and f.confirmed_at is not null;
    return found;
end $$;
create function identity.replace_recovery_codes(p_hashes bytea[]) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare self record;
begin
    select h.* into self from identity.hold_self() h;
    if not identity.has_factor(self.tenant, self.account) then
        raise exception 'Recovery codes stand in for a second factor. Add one first.' using errcode = 'BS409', hint = 'no-factor';
    end if;
    perform identity.keep_recovery_codes(self.tenant, self.account, p_hashes);
end $$;
create function identity.begin_ceremony(p_pending_hash bytea, p_wants text, p_agent text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    if p_wants not in ('registration', 'reauthentication') then raise exception 'not such a ceremony' using errcode = '22023'; end if;
    insert into identity.pending_sign_in (token_hash, tenant_id, account_id, wants, agent) values (p_pending_hash, context.tenant(null, true), context.account(), p_wants, "left"(p_agent, 300));
end $$;
-- Used up: true once, in the browser and by the account that it was begun by.
create function identity.end_ceremony(tenant uuid, account uuid, p_pending_hash bytea, p_wants text, p_agent text) returns boolean language plpgsql as $$
begin
    delete from identity.pending_sign_in x where x.token_hash = p_pending_hash and x.wants = p_wants and x.tenant_id = tenant and x.account_id = account
       and x.expires_at > pg_catalog.clock_timestamp() and x.agent is not distinct from pg_catalog."left"(p_agent, 300);
    return found;
end $$;
create function identity.add_passkey(p_pending_hash bytea, p_credential_id bytea, p_public_key bytea, p_sign_count bigint, p_backed_up boolean, p_transports text[], p_name text, p_agent text) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare self record;
begin
    select h.* into self from identity.hold_self() h;
    if not identity.end_ceremony(self.tenant, self.account, p_pending_hash, 'registration', p_agent) then return null; end if;
    perform identity.add_proof('hwk');
    return identity.keep_passkey(self.tenant, self.account, p_credential_id, p_public_key, p_sign_count, p_backed_up, p_transports, p_name);
end $$;
create function identity.rename_passkey(p_id uuid, p_name text) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    update identity.passkey k set name = p_name where k.tenant_id = context.tenant(null, true) and k.account_id = context.account() and k.id = p_id;
    if found then perform audit.record('passkey_renamed', 'identity.passkey', p_id, jsonb_build_object('name', p_name)); end if;
    return found;
end $$;
create function identity.remove_passkey(p_id uuid) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare self record;
begin
    select h.* into self from identity.hold_self() h;
    delete from identity.passkey k where k.tenant_id = self.tenant and k.account_id = self.account and k.id = p_id;
    return found;
end $$;
-- Once more who one is, by a code or a passkey. Failures are counted as a wrong password's are, and kept: nothing is raised.
create function identity.refresh_session(p_by text) returns void language plpgsql as $$
begin
    update identity.session s set authenticated_at = pg_catalog.now() where s.tenant_id = context.tenant(null, true) and s.account_id = context.account() and s.id = context.session();
    perform identity.add_proof(p_by);
    perform audit.record('reauthenticated', 'identity.session', context.session(), pg_catalog.jsonb_build_object('by', p_by));
end $$;
create function identity.reauthenticate_totp(p_step bigint) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    self record;
    good boolean := false;
begin
    select h.* into self from identity.hold_self() h;
    if not identity.is_closed(self.tenant, self.account, true) then
        update identity.totp f set last_step = p_step where f.tenant_id = self.tenant and f.id = self.account and f.confirmed_at is not null and p_step > f.last_step;
        good := found;
    end if;
    if not good then
        perform identity.count_failure(self.tenant, self.account, true);
        perform audit.record('code_refused', 'identity.account', self.account);
        return false;
    end if;
    perform identity.refresh_session('otp');
    return true;
end $$;
create function identity.reauthenticate_passkey(p_pending_hash bytea, p_credential_id bytea, p_sign_count bigint, p_backed_up boolean, p_agent text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare self record;
begin
    select h.* into self from identity.hold_self() h;
    if not identity.end_ceremony(self.tenant, self.account, p_pending_hash, 'reauthentication', p_agent)
       or not identity.use_passkey(self.tenant, self.account, p_credential_id, p_sign_count, p_backed_up) then
        perform audit.record('passkey_refused', 'identity.account', self.account);
        return false;
    end if;
    perform identity.refresh_session('hwk');
    return true;
end $$;

-- A changed password ends every session and goes on in a new one, which has shown what the old one had.
create or replace function identity.change_own_password(p_proof bytea, p_salt bytea, p_memory_kib integer, p_iterations integer, p_lanes integer, p_verifier bytea,
    p_token_hash bytea, p_address inet, p_agent text) returns uuid language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    session uuid;
    shown   text[] := (select s.proven from identity.session s where s.tenant_id = context.tenant() and s.account_id = context.account() and s.id = context.session());
begin
    if not identity.prove_own_password(p_proof) then return null; end if;
    update identity.password p set salt = p_salt, memory_kib = p_memory_kib, iterations = p_iterations, lanes = p_lanes, verifier = p_verifier, changed_at = now()
     where p.tenant_id = context.tenant(null, true) and p.id = context.account();
    session := identity.open_session(context.tenant(null, true), context.account(), p_token_hash, p_address, p_agent, coalesce(shown, '{pwd}'));
    if session is null then raise exception 'no session' using errcode = '28000'; end if;   -- deactivated in this moment
    return session;
end $$;
-- Where a password is chosen: by a signed-in person (p_slug null), or behind a link of a tenant.
create function identity.shortest_password(p_slug text) returns integer language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce((select p.shortest_password from identity.policy p join identity.tenant t on t.id = p.tenant_id where case when p_slug is null then t.id = context.tenant() else t.slug = p_slug end), 15)
$$;

-- The tenant's policy. Whoever changes it must be able to sign in under it, from where they are: nobody locks themselves out, and so never everybody.
create function identity.policy_shown() returns table (ways text[], factor_role_ids uuid[], shortest_password integer, networks text[], most_sessions integer, version integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.ways, array(select r.id from access.role r where r.tenant_id = p.tenant_id and r.id = any (p.factor_role_ids) order by r.id), p.shortest_password, t.networks::text[], p.most_sessions, p.version
    from identity.policy p join identity.tenant t on t.id = p.tenant_id where p.tenant_id = context.tenant('settings:read')
$$;
create function identity.change_policy(p_ways text[], p_factor_role_ids uuid[], p_shortest_password integer, p_networks text[], p_most_sessions integer, p_expected integer, p_address inet) returns void
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
    if not (('password' = any (p_ways) and exists (select from identity.password p where p.tenant_id = tenant and p.id = account)) or ('passkey' = any (p_ways) and identity.has_passkey(tenant, account))) then
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
-- Sessions that the exit would not open now, save the one that makes it so. A new browser is no reason: it is not new any more.
create function identity.end_unfit_sessions(p_tenant uuid, p_account uuid) returns void language sql as $$
    delete from identity.session s where s.tenant_id = p_tenant and (p_account is null or s.account_id = p_account) and s.id is distinct from context.session()
       and identity.verdict(s.tenant_id, s.account_id, s.proven || '{mail}', s.address, s.agent) in ('factor', 'enrolment', 'refused_way', 'refused_network')
$$;
-- A role that demands a second factor, given to somebody who has shown none.
create function identity.role_given() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from identity.policy p where p.tenant_id = new.tenant_id and new.role_id = any (p.factor_role_ids)) then
        perform identity.end_unfit_sessions(new.tenant_id, new.account_id);
    end if;
    return null;
end $$;
create trigger role_given after insert on access.assignment for each row execute function identity.role_given();

-- As in 0028, and from one of the tenant's networks: a cookie or a token that was stolen opens nothing elsewhere. One look at a row that is read already.
create function context.enter(token bytea, p_address inet)
returns table (tenant_id uuid, account_id uuid, session_id uuid, permissions text, touch_due boolean, fresh boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s record;
begin
    if coalesce(current_setting('context.stamp', true), '') <> '' then
        raise exception 'already entered' using errcode = '25001';
    end if;
    perform context.require_fresh_snapshot();
    if octet_length(token) = 32 then
        select x.tenant_id, x.account_id, x.id, t.networks,
               x.last_seen not between clock_timestamp() - interval '1 minute' and clock_timestamp() + interval '1 minute' as due,
               x.authenticated_at between clock_timestamp() - interval '15 minutes' and clock_timestamp() + interval '1 minute' as fresh,
               (select coalesce(string_agg(distinct p, ','), '') from access.assignment g join access.role r on r.tenant_id = g.tenant_id and r.id = g.role_id
                 cross join lateral unnest(r.permissions) p where g.tenant_id = x.tenant_id and g.account_id = x.account_id) as permissions, 'session' as source
          into s
          from identity.session x
          join identity.account a on a.tenant_id = x.tenant_id and a.id = x.account_id
          join identity.tenant t on t.id = x.tenant_id
         where x.token_hash = sha256(token) and x.expires_at > clock_timestamp() and x.last_seen > clock_timestamp() - make_interval(mins => t.session_idle_minutes)
           and a.status = 'active' and t.status = 'active';
    else
        select b.tenant_id, b.account_id, b.id, t.networks, b.touch_due as due, b.fresh, array_to_string(b.permissions, ',') as permissions, b.source
          into s from identity.bearer(token) b join identity.tenant t on t.id = b.tenant_id;
    end if;
    if not found or (s.networks <> '{}' and p_address is not null and not identity.in_networks(s.networks, p_address)) then
        raise exception 'no session' using errcode = '28000';
    end if;
    perform context.stamp(s.tenant_id, s.account_id, s.id, s.permissions, s.source);
    return query select s.tenant_id, s.account_id, s.id, s.permissions, s.due, s.fresh;
end $$;
create or replace function context.enter(token bytea)
returns table (tenant_id uuid, account_id uuid, session_id uuid, permissions text, touch_due boolean, fresh boolean)
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select e.tenant_id, e.account_id, e.session_id, e.permissions, e.touch_due, e.fresh from context.enter(token, null::inet) e
$$;

-- By the clock: what is over.
create function identity.sweep_pending() returns bigint language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare swept bigint;
begin
    delete from identity.pending_sign_in s where s.expires_at <= now();
    get diagnostics swept = row_count;
    return swept;
end $$;

grant execute on function context.enter(bytea, inet) to :"app", :"gate";
grant execute on function identity.policy_shown(), identity.change_policy(text[], uuid[], integer, text[], integer, integer, inet) to :"app";
grant execute on function identity.sweep_pending() to :"worker";
grant execute on function identity.prove_password(text, text, bytea, bytea, bytea, inet, text), identity.pending_shown(bytea), identity.pending_totp(bytea), identity.pending_passkeys(bytea),
    identity.pending_passkey(bytea, bytea), identity.prove_totp(bytea, bigint, bytea, bytea, inet, text), identity.prove_recovery_code(bytea, bytea, bytea, bytea, inet, text),
    identity.begin_passkey(bytea, inet, text), identity.prove_passkey(bytea, bytea, boolean, bigint, boolean, bytea, bytea, inet, text), identity.browser_shown(bytea),
    identity.answer_browser(bytea, boolean, inet), identity.prove_browser(bytea, bytea, bytea, inet, text), identity.enrol_totp(bytea, bytea, text),
    identity.prove_enrolled_totp(bytea, bigint, bytea[], bytea, bytea, inet, text),
    identity.prove_enrolled_passkey(bytea, bytea, bytea, bigint, boolean, text[], text, bytea[], bytea, bytea, inet, text),
    identity.own_factors(), identity.own_passkeys(), identity.own_totp(), identity.begin_totp(bytea), identity.confirm_totp(bigint), identity.remove_totp(),
    identity.replace_recovery_codes(bytea[]), identity.begin_ceremony(bytea, text, text), identity.add_passkey(bytea, bytea, bytea, bigint, boolean, text[], text, text),
    identity.rename_passkey(uuid, text), identity.remove_passkey(uuid), identity.reauthenticate_totp(bigint), identity.reauthenticate_passkey(bytea, bytea, bigint, boolean, text),
    identity.shortest_password(text) to :"gate";
