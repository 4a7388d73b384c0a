-- The operator's staff: accounts, sessions and rights of their own, apart from every tenant's. No stamp is ever made for them, so
-- nothing here opens a tenant's rows; each function below begins by proving the session's token, so that an injection in part
-- operator without a token can do nothing (docs/decisions/0018).

create schema operators;

create table operators.account (
    id         uuid primary key default tenancy.new_id(),
    email      text not null unique check (email = lower(email) and char_length(email) between 3 and 254 and email like '%_@_%'),
    name       text not null check (char_length(name) between 1 and 200),
    language   text not null default 'en' check (language in ('en', 'nl', 'fr', 'de')),
    role       text not null check (role in ('support', 'security', 'platform')),
    status     text not null default 'active' check (status in ('active', 'deactivated')),
    created_at timestamptz not null default now(),
    version    integer not null default 1
);
create table operators.password (
    operator_id uuid primary key references operators.account on delete cascade,
    salt        bytea not null check (octet_length(salt) = 16),
    memory_kib  integer not null check (memory_kib >= 65536),
    iterations  integer not null check (iterations >= 3),
    lanes       integer not null check (lanes >= 1),
    verifier    bytea not null check (octet_length(verifier) = 32),     -- SHA-256 of the raw Argon2id output
    changed_at  timestamptz not null default now(),
    rehashed_at timestamptz
);
create table operators.session (
    token_hash       bytea primary key check (octet_length(token_hash) = 32),
    operator_id      uuid not null references operators.account on delete cascade,
    id               uuid not null unique default tenancy.new_id(),
    created_at       timestamptz not null default now(),
    authenticated_at timestamptz not null default now(),
    last_seen        timestamptz not null default now(),
    expires_at       timestamptz not null,
    address          inet,
    agent            text check (char_length(agent) <= 300)
) with (fillfactor = 60);
create index session_operator on operators.session (operator_id);
create table operators.invitation (
    id          uuid primary key default tenancy.new_id(),
    email       text check (email = lower(email) and char_length(email) between 3 and 254 and email like '%_@_%'),  -- null: the first operator's, who gives it
    role        text not null check (role in ('support', 'security', 'platform')),
    language    text not null default 'en' check (language in ('en', 'nl', 'fr', 'de')),
    invited_by  uuid,                                                   -- null: invited by a command
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    accepted_at timestamptz
);
-- What was asked for, known or not: the worker finds out, so that the answer takes the same work either way.
create table operators.reset_request (id uuid primary key default tenancy.new_id(), email text not null check (char_length(email) <= 300), created_at timestamptz not null default now());
create table operators.reset (
    id          uuid primary key default tenancy.new_id(),
    operator_id uuid not null references operators.account on delete cascade,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    used_at     timestamptz
);
create index reset_operator on operators.reset (operator_id);
create table operators.sign_in_failure (                                -- as identity's: strangers are counted apart (docs/decisions/0006)
    operator_id uuid not null references operators.account on delete cascade,
    familiar    boolean not null,
    failures    integer not null,
    last_at     timestamptz not null,
    primary key (operator_id, familiar)
);
create table operators.familiar_network (
    operator_id uuid not null references operators.account on delete cascade,
    network     bytea not null,
    last_at     timestamptz not null,
    primary key (operator_id, network)
);
create table operators.suspension (tenant_id uuid primary key references identity.tenant on delete cascade, reason text not null check (char_length(reason) between 1 and 500),
    since timestamptz not null default now());
create table operators.answer (
    operator_id  uuid not null references operators.account on delete cascade,
    route        text not null check (char_length(route) <= 200),
    key          text not null check (char_length(key) between 1 and 200),
    request_hash bytea not null check (octet_length(request_hash) = 32),
    status       integer,
    body         bytea,
    location     text,
    etag         text,
    created_at   timestamptz not null default now(),
    primary key (operator_id, route, key)
);
-- The company that runs this installation, as pages, mails and dossiers name it. One row; changes to who may do what wait for each other on it.
create table operators.profile (
    singleton         boolean primary key default true check (singleton),
    legal_name        text check (char_length(legal_name) between 1 and 200),
    enterprise_number text check (case when enterprise_number !~ '^[01][0-9]{9}$' then false       -- Crossroads Bank for Enterprises: the last two digits are 97 less the others modulo 97
                                       else 97 - left(enterprise_number, 8)::bigint % 97 = right(enterprise_number, 2)::bigint end),
    address           text check (char_length(address) between 1 and 500),
    email             text check (char_length(email) between 3 and 254 and email like '%_@_%'),
    officer_name      text check (char_length(officer_name) between 1 and 200),         -- the data protection officer
    officer_email     text check (char_length(officer_email) between 3 and 254 and officer_email like '%_@_%'),
    security_name     text check (char_length(security_name) between 1 and 200),
    security_email    text check (char_length(security_email) between 3 and 254 and security_email like '%_@_%'),
    version           integer not null default 1
);
insert into operators.profile default values;

do $$ declare t regclass; begin
    for t in select c.oid::regclass from pg_class c where c.relnamespace = 'operators'::regnamespace and c.relkind = 'r' loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;

create function operators.permissions_of(role text) returns text[] language sql immutable as $$
    select case role
        when 'support'  then array['tenants:read', 'queues:read', 'mails:read', 'health:read', 'profile:read']
        when 'security' then array['tenants:read', 'queues:read', 'mails:read', 'health:read', 'profile:read', 'doctor:read', 'trail:read', 'operators:read', 'suspensions:write']
        when 'platform' then array['tenants:read', 'queues:read', 'mails:read', 'health:read', 'profile:read', 'doctor:read', 'trail:read', 'operators:read', 'suspensions:write',
                                   'tenants:write', 'mails:write', 'operators:write', 'profile:write'] end
$$;

-- Who acts, for the triggers below: signed, so that what else could write the setting is no actor, and bound to this transaction.
create function operators.act_as(p_actor text) returns void language plpgsql as $$
begin
    perform pg_catalog.set_config('operators.actor', context.sign('operators|' || context.binding() || '|' || p_actor) || '|' || p_actor, true);
end $$;
create function operators.actor() returns text language plpgsql stable as $$
declare
    setting text := pg_catalog.current_setting('operators.actor', true);
    actor   text := pg_catalog.substr(setting, 66);
begin
    if coalesce(setting, '') = '' or pg_catalog."left"(setting, 64) is distinct from context.sign('operators|' || context.binding() || '|' || actor) then
        raise exception 'a change of the operator''s without an actor' using errcode = '42501';
    end if;
    return actor;
end $$;

-- The operator's own trail: every change is in it, with its actor, or is refused. Trigger arguments name columns that never enter it.
create function operators.capture() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare secret text[] := coalesce(tg_argv, '{}');
begin
    perform audit.record_system(operators.actor(), 'operator_' || tg_table_name || case tg_op when 'INSERT' then '_made' when 'DELETE' then '_removed' else '_changed' end,
        jsonb_strip_nulls(jsonb_build_object('old', case when tg_op <> 'INSERT' then to_jsonb(old) - secret end, 'new', case when tg_op <> 'DELETE' then to_jsonb(new) - secret end)));
    return null;
end $$;
create trigger capture after insert or update or delete on operators.account for each row execute function operators.capture();
create trigger capture after insert or update or delete on operators.password for each row execute function operators.capture('salt', 'verifier');
create trigger capture after insert or delete on operators.session for each row execute function operators.capture('token_hash');
create trigger capture after insert or update or delete on operators.invitation for each row execute function operators.capture();
create trigger capture after insert or update or delete on operators.reset for each row execute function operators.capture();
create trigger capture after insert or update or delete on operators.profile for each row execute function operators.capture();

-- What ends everything that lets an operator in, and the letter that tells of it: both follow from the change itself. A change of
-- role ends nothing, because rights are read anew at each request.
create function operators.end_sessions() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := case tg_table_name when 'password' then (to_jsonb(new) ->> 'operator_id')::uuid else (to_jsonb(new) ->> 'id')::uuid end;
begin
    delete from operators.session s where s.operator_id = who;
    update operators.reset r set used_at = now() where r.operator_id = who and r.used_at is null;
    delete from operators.sign_in_failure f where f.operator_id = who and tg_table_name = 'password';
    -- Nobody comes in on the word of somebody who is out.
    delete from operators.invitation i where i.invited_by = who and i.accepted_at is null and tg_table_name = 'account';
    return null;
end $$;
create trigger end_sessions after update of verifier on operators.password for each row
    when (old.verifier is distinct from new.verifier and old.rehashed_at is not distinct from new.rehashed_at) execute function operators.end_sessions();
create trigger end_sessions after update of status on operators.account for each row when (new.status <> 'active' and old.status = 'active') execute function operators.end_sessions();

create function operators.tell() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    a operators.account;
begin
    if tg_table_name = 'password' then
        select x.* into a from operators.account x where x.id = (to_jsonb(new) ->> 'operator_id')::uuid;
        perform mail.post('operator_changed', null, null, a.email, a.language, jsonb_build_object('at', identity.stated(now()), 'change', 'password'));
    elsif new.status <> old.status then
        perform mail.post('operator_changed', null, null, new.email, new.language, jsonb_build_object('at', identity.stated(now()), 'change', case new.status when 'active' then 'reactivated' else 'deactivated' end));
    else
        perform mail.post('operator_changed', null, null, new.email, new.language, jsonb_build_object('at', identity.stated(now()), 'change', 'role', 'role', new.role));
    end if;
    return null;
end $$;
create trigger tell after update of verifier on operators.password for each row
    when (old.verifier is distinct from new.verifier and old.rehashed_at is not distinct from new.rehashed_at) execute function operators.tell();
create trigger tell after update of status, role on operators.account for each row when (old.status <> new.status or old.role <> new.role) execute function operators.tell();

-- The last platform operator cannot go, by whichever way. Two who remove one another at once wait here, and the second is refused.
create function operators.keep_a_platform_operator() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from operators.profile p for no key update;
    if not exists (select from operators.account a where a.role = 'platform' and a.status = 'active') then
        raise exception 'At least one active operator keeps the role platform. Appoint another one first.' using errcode = 'BS409', hint = 'last-operator';
    end if;
    return null;
end $$;
create trigger keep_a_platform_operator after delete or update of role, status on operators.account for each row
    when (old.role = 'platform' and old.status = 'active') execute function operators.keep_a_platform_operator();

-- A reason stands for as long as its suspension does, whoever ends that.
create function operators.end_suspension() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from operators.suspension s where s.tenant_id = new.id;
    return null;
end $$;
create trigger end_suspension after update of status on identity.tenant for each row when (new.status <> 'suspended' and old.status = 'suspended') execute function operators.end_suspension();
