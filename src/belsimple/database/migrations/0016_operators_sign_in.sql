-- How an operator comes in and stays in: sessions, sign-in, links in mails, the own account.

-- A session lives for 15 minutes without use and for 8 hours at most.
create function operators.living(p_session bytea) returns table (operator uuid, session uuid, role text, due boolean, fresh boolean) language sql volatile as $$
    select a.id, s.id, a.role, s.last_seen < pg_catalog.clock_timestamp() - interval '1 minute', s.authenticated_at > pg_catalog.clock_timestamp() - interval '15 minutes'
    from operators.session s join operators.account a on a.id = s.operator_id
    where s.token_hash = pg_catalog.sha256(p_session) and s.expires_at > pg_catalog.clock_timestamp() and s.last_seen > pg_catalog.clock_timestamp() - interval '15 minutes' and a.status = 'active'
$$;
-- What every function below begins with: the token proves who asks and what they may do at this moment. Null: any operator.
create function operators.require(p_session bytea, p_permission text) returns uuid language plpgsql as $$
declare s record;
begin
    perform context.require_fresh_snapshot();                            -- who was deactivated since would still be let in
    select * into s from operators.living(p_session);
    if not found then raise exception 'no session' using errcode = '28000'; end if;
    if p_permission is not null and p_permission <> all (operators.permissions_of(s.role)) then
        raise exception 'not permitted: %', p_permission using errcode = '42501';
    end if;
    return s.operator;
end $$;
-- The same for a change: it also says who acts, and asks that they have proven themselves within 15 minutes.
create function operators.act(p_session bytea, p_permission text, p_fresh boolean default true) returns uuid language plpgsql as $$
declare who uuid := operators.require(p_session, p_permission);
begin
    if p_fresh and not (select l.fresh from operators.living(p_session) l) then
        raise exception 'Confirm who you are first.' using errcode = 'BS403', hint = 'reauthentication-required';
    end if;
    perform operators.act_as('operator:' || who);
    return who;
end $$;

create function operators.enter(p_session bytea) returns table (operator_id uuid, session_id uuid, permissions text, touch_due boolean, fresh boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform context.require_fresh_snapshot();
    return query select l.operator, l.session, array_to_string(operators.permissions_of(l.role), ','), l.due, l.fresh from operators.living(p_session) l;
    if not found then raise exception 'no session' using errcode = '28000'; end if;
end $$;
create function operators.touch(p_session bytea) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    update operators.session x set last_seen = now()
    where x.token_hash = (select y.token_hash from operators.session y where y.token_hash = sha256(p_session) and y.expires_at > now()
                             and y.last_seen > now() - interval '15 minutes' and y.last_seen < now() - interval '1 minute' for no key update skip locked)
$$;
create function operators.refused(p_session bytea, p_route text, p_status integer, p_times integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := (select s.operator_id from operators.session s where s.token_hash = sha256(p_session));
begin
    if who is not null then
        perform audit.record_system('operator:' || who, 'operator_refused', jsonb_build_object('route', left(p_route, 200), 'status', p_status, 'times', p_times));
    end if;
end $$;

-- Idempotency-Key, as for tenants but filed under the operator.
create function operators.claim_answer(p_session bytea, p_route text, p_key text, p_request_hash bytea) returns table (status integer, body bytea, location text, etag text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    who  uuid := operators.require(p_session, null);
    kept record;
begin
    insert into operators.answer as a (operator_id, route, key, request_hash) values (who, p_route, p_key, p_request_hash)
    on conflict (operator_id, route, key) do update set request_hash = excluded.request_hash, status = null, created_at = now() where a.created_at < now() - interval '24 hours';
    if found then return; end if;
    select a.* into kept from operators.answer a where a.operator_id = who and a.route = p_route and a.key = p_key;
    if kept.request_hash <> p_request_hash then
        raise exception 'This Idempotency-Key was used with another request.' using errcode = 'BS422', hint = 'idempotency-key-reused';
    end if;
    return query select kept.status, kept.body, kept.location, kept.etag;
end $$;
create function operators.store_answer(p_session bytea, p_route text, p_key text, p_status integer, p_body bytea, p_location text, p_etag text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := operators.require(p_session, null);
begin
    update operators.answer a set status = p_status, body = p_body, location = p_location, etag = p_etag where a.operator_id = who and a.route = p_route and a.key = p_key;
end $$;

-- Signing in, as in 0007: the proof is compared here, and no login role can read a verifier.
create function operators.current_hashing() returns table (memory_kib integer, iterations integer, lanes integer) language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select h.memory_kib, h.iterations, h.lanes from identity.hashing h $$;
create function operators.password_parameters(p_email text, p_address inet) returns table (salt bytea, memory_kib integer, iterations integer, lanes integer, familiar boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(p.salt, substr(decode(context.sign('operator salt|' || p_email), 'hex'), 1, 16)), coalesce(p.memory_kib, h.memory_kib), coalesce(p.iterations, h.iterations),
           coalesce(p.lanes, h.lanes), exists (select from operators.familiar_network f where f.operator_id = p.operator_id and f.network = identity.network(p_address))
    from identity.hashing h left join (operators.password p join operators.account a on a.id = p.operator_id and a.email = p_email) on true
$$;
create function operators.open_session(p_operator uuid, p_token_hash bytea, p_address inet, p_agent text) returns uuid language plpgsql as $$
declare session uuid := tenancy.new_id();
begin
    insert into operators.session (token_hash, operator_id, id, expires_at, address, agent)
    select p_token_hash, a.id, session, pg_catalog.now() + interval '8 hours', p_address, pg_catalog."left"(p_agent, 300)
    from operators.account a where a.id = p_operator and a.status = 'active' for share;
    return case when found then session end;
end $$;
create function operators.count_failure(p_operator uuid, p_familiar boolean) returns void language plpgsql as $$
declare a operators.account; n integer;
begin
    insert into operators.sign_in_failure as f values (p_operator, p_familiar, 1, pg_catalog.now())
    on conflict (operator_id, familiar) do update set failures = f.failures + 1, last_at = pg_catalog.now() returning f.failures into n;
    if n in (10, 50, 100) then                                           -- somebody guesses: the person hears of it
        select x.* into a from operators.account x where x.id = p_operator;
        perform mail.post('operator_changed', null, null, a.email, a.language, pg_catalog.jsonb_build_object('at', identity.stated(pg_catalog.now()), 'change', 'refused_sign_ins', 'times', n));
    end if;
end $$;
create function operators.sign_in(p_email text, p_proof bytea, p_token_hash bytea, p_address inet, p_agent text) returns table (session_id uuid, operator_id uuid, outdated boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    who     record;
    known   boolean;
    failed  integer;
    session uuid;
begin
    select a.id, p.verifier, a.status = 'active' as open, (p.memory_kib, p.iterations, p.lanes) is distinct from (h.memory_kib, h.iterations, h.lanes) as outdated into who
      from operators.account a join operators.password p on p.operator_id = a.id cross join identity.hashing h where a.email = p_email for no key update of p;
    if not found then
        perform security.failed_sign_in(p_address);
        return;
    end if;
    known := exists (select from operators.familiar_network f where f.operator_id = who.id and f.network = identity.network(p_address));
    select f.failures into failed from operators.sign_in_failure f where f.operator_id = who.id and f.familiar = known;
    perform operators.act_as('operator:' || who.id);
    if sha256(p_proof) = who.verifier and who.open and coalesce(failed, 0) < 100 then
        session := operators.open_session(who.id, p_token_hash, p_address, p_agent);
    end if;
    if session is null then
        perform operators.count_failure(who.id, known);
        perform audit.record_system('sign_in', 'operator_sign_in_refused', jsonb_build_object('operator', who.id, 'address', host(p_address)));
        perform security.failed_sign_in(p_address);
        return;
    end if;
    delete from operators.sign_in_failure f where f.operator_id = who.id and (f.familiar = known or known);
    insert into operators.familiar_network select who.id, identity.network(p_address), now() where p_address is not null
    on conflict on constraint familiar_network_pkey do update set last_at = now();
    return query select session, who.id, who.outdated;
end $$;
create function operators.rehash(p_email text, p_proof bytea, p_salt bytea, p_memory_kib integer, p_iterations integer, p_lanes integer, p_verifier bytea) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := (select a.id from operators.account a join operators.password p on p.operator_id = a.id where a.email = p_email and p.verifier = sha256(p_proof));
begin
    if who is null then return; end if;
    perform operators.act_as('operator:' || who);
    update operators.password p set salt = p_salt, memory_kib = p_memory_kib, iterations = p_iterations, lanes = p_lanes, verifier = p_verifier, rehashed_at = clock_timestamp()
     where p.operator_id = who and p.verifier = sha256(p_proof);
end $$;

-- Invitations. A second one for the same address replaces the first.
create function operators.add_invitation(p_email text, p_role text, p_language text, p_by uuid) returns uuid language plpgsql as $$
declare invitation uuid := tenancy.new_id();
begin
    if exists (select from operators.account a where a.email = pg_catalog.lower(p_email)) then
        raise exception 'There is an operator with this address already.' using errcode = 'BS409', hint = 'already-operator';
    end if;
    delete from operators.invitation i where i.accepted_at is null and i.email is not distinct from pg_catalog.lower(p_email);
    insert into operators.invitation (id, email, role, language, invited_by, expires_at)
    values (invitation, pg_catalog.lower(p_email), p_role, p_language, p_by, pg_catalog.now() + interval '7 days');
    return invitation;
end $$;
-- A command's, whose link is printed. Null for the address: the first operator's, as long as there is none; returns whether there was none.
create function operators.invite_by_command(p_email text, p_role text, p_language text, p_token_hash bytea, p_actor text, p_post boolean) returns boolean language plpgsql as $$
declare invitation uuid;
begin
    perform from operators.profile p for no key update;
    if p_email is null and exists (select from operators.account) then return false; end if;
    perform operators.act_as(p_actor);
    invitation := operators.add_invitation(p_email, p_role, p_language, null);
    perform mail.add_link('operator_invitation', null, invitation, p_token_hash);
    if p_post then
        perform mail.post('operator_invitation', null, null, pg_catalog.lower(p_email), p_language, pg_catalog.jsonb_build_object('role', p_role), 'operator_invitation', invitation);
    end if;
    return true;
end $$;
create function operators.listed() returns table (id uuid, email text, name text, role text, status text, created_at timestamptz) language sql stable as $$
    select a.id, a.email, a.name, a.role, a.status, a.created_at from operators.account a order by a.email
$$;
-- Whether who invited could do it still.
create function operators.vouched(p_by uuid) returns boolean language sql stable as $$
    select p_by is null or exists (select from operators.account a where a.id = p_by and a.status = 'active' and 'operators:write' = any (operators.permissions_of(a.role)))
$$;
-- Which invitation a link leads to, if it can still be accepted: the first operator's not once there is one.
create function operators.acceptable(p_token_hash bytea) returns uuid language sql volatile as $$
    select i.id from mail.link l join operators.invitation i on i.id = l.subject_id
    where l.token_hash = p_token_hash and l.purpose = 'operator_invitation' and i.accepted_at is null and i.expires_at > pg_catalog.now() and operators.vouched(i.invited_by)
      and (i.email is not null or not exists (select from operators.account))
$$;
create function operators.invitation_open(p_token_hash bytea) returns table (email text, role text) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query select i.email, i.role from operators.invitation i where i.id = operators.acceptable(p_token_hash);
end $$;
create function operators.accept_invitation(p_token_hash bytea, p_email text, p_name text, p_salt bytea, p_memory_kib integer, p_iterations integer, p_lanes integer, p_verifier bytea)
returns table (email text) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    i   operators.invitation;
    who uuid := tenancy.new_id();
begin
    perform from operators.profile p for no key update;                 -- two who hold the first link: one becomes the first operator
    perform operators.act_as('operator:' || who);
    update operators.invitation x set accepted_at = now() where x.id = operators.acceptable(p_token_hash) and x.accepted_at is null returning x.* into i;
    if not found then return; end if;
    if coalesce(i.email, p_email) is null then
        raise exception 'Give the address that you will sign in with.' using errcode = 'BS422', detail = '/email';
    end if;
    insert into operators.account (id, email, name, language, role) values (who, coalesce(i.email, lower(p_email)), p_name, i.language, i.role);
    insert into operators.password (operator_id, salt, memory_kib, iterations, lanes, verifier) values (who, p_salt, p_memory_kib, p_iterations, p_lanes, p_verifier);
    return query select coalesce(i.email, lower(p_email));
end $$;

-- A forgotten password.
create function operators.request_reset(p_email text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare request uuid := tenancy.new_id();
begin
    insert into operators.reset_request (id, email) values (request, p_email);
    perform jobs.defer('belsimple.operator_reset', 'system', jsonb_build_object('id', request));
end $$;
create function operators.answer_reset(p_id uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    a     operators.account;
    reset uuid := tenancy.new_id();
    asked text;
begin
    delete from operators.reset_request r where r.id = p_id returning case when r.created_at > now() - interval '1 hour' then r.email end into asked;
    select x.* into a from operators.account x where x.email = asked and x.status = 'active' for no key update;
    if not found or (select count(*) from operators.reset r where r.operator_id = a.id and r.used_at is null and r.expires_at > now()) >= 5 then return; end if;
    perform operators.act_as('worker');
    insert into operators.reset (id, operator_id, expires_at) values (reset, a.id, now() + interval '1 hour');
    perform mail.post('operator_reset', null, null, a.email, a.language, '{}', 'operator_reset', reset);
end $$;
create function operators.resettable(p_token_hash bytea) returns table (reset uuid, operator uuid, email text) language sql volatile as $$
    select r.id, a.id, a.email from mail.link l join operators.reset r on r.id = l.subject_id join operators.account a on a.id = r.operator_id
    where l.token_hash = p_token_hash and l.purpose = 'operator_reset' and r.used_at is null and r.expires_at > pg_catalog.now() and a.status = 'active'
$$;
create function operators.reset_open(p_token_hash bytea) returns table (email text) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query select x.email from operators.resettable(p_token_hash) x;
end $$;
create function operators.confirm_reset(p_token_hash bytea, p_salt bytea, p_memory_kib integer, p_iterations integer, p_lanes integer, p_verifier bytea) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare x record;
begin
    select * into x from operators.resettable(p_token_hash);
    if not found then return false; end if;
    perform operators.act_as('operator:' || x.operator);
    update operators.reset r set used_at = now() where r.id = x.reset and r.used_at is null and r.expires_at > now();
    if not found then return false; end if;                              -- somebody was faster with the same link
    update operators.password p set salt = p_salt, memory_kib = p_memory_kib, iterations = p_iterations, lanes = p_lanes, verifier = p_verifier, changed_at = now() where p.operator_id = x.operator;
    return true;
end $$;

-- The own account.
create function operators.me(p_session bytea) returns table (id uuid, email text, name text, language text, role text, permissions text[]) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := operators.require(p_session, null);
begin
    return query select a.id, a.email, a.name, a.language, a.role, operators.permissions_of(a.role) from operators.account a where a.id = who;
end $$;
create function operators.own_sessions(p_session bytea) returns table (id uuid, created_at timestamptz, last_seen timestamptz, expires_at timestamptz, address text, agent text, current boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := operators.require(p_session, null);
begin
    return query select s.id, s.created_at, s.last_seen, s.expires_at, host(s.address), s.agent, s.token_hash = sha256(p_session) from operators.session s
     where s.operator_id = who and s.expires_at > now() and s.last_seen > now() - interval '15 minutes' order by s.last_seen desc, s.id;
end $$;
create function operators.end_own_session(p_session bytea, p_id uuid) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := operators.act(p_session, null, false);
begin
    delete from operators.session s where s.operator_id = who and s.id = p_id;
    return found;
end $$;
create function operators.own_password_parameters(p_session bytea) returns table (salt bytea, memory_kib integer, iterations integer, lanes integer)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := operators.require(p_session, null);
begin
    return query select p.salt, p.memory_kib, p.iterations, p.lanes from operators.password p where p.operator_id = who;
end $$;
create function operators.prove_own_password(p_operator uuid, p_proof bytea) returns boolean language plpgsql as $$
declare good boolean;
begin
    select p.verifier = pg_catalog.sha256(p_proof) and coalesce((select f.failures from operators.sign_in_failure f where f.operator_id = p_operator and f.familiar), 0) < 100
      into good from operators.password p where p.operator_id = p_operator for no key update;
    if good is not true then
        perform operators.count_failure(p_operator, true);
        perform audit.record_system('operator:' || p_operator, 'operator_password_refused');
        return false;
    end if;
    delete from operators.sign_in_failure f where f.operator_id = p_operator and f.familiar;
    return true;
end $$;
create function operators.reauthenticate(p_session bytea, p_proof bytea) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := operators.act(p_session, null, false);
begin
    if not operators.prove_own_password(who, p_proof) then return false; end if;
    update operators.session s set authenticated_at = now() where s.token_hash = sha256(p_session);
    perform audit.record_system('operator:' || who, 'operator_reauthenticated');
    return true;
end $$;
create function operators.change_own_password(p_session bytea, p_proof bytea, p_salt bytea, p_memory_kib integer, p_iterations integer, p_lanes integer, p_verifier bytea,
    p_token_hash bytea, p_address inet, p_agent text) returns uuid language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    who     uuid := operators.act(p_session, null, false);
    session uuid;
begin
    if not operators.prove_own_password(who, p_proof) then return null; end if;
    update operators.password p set salt = p_salt, memory_kib = p_memory_kib, iterations = p_iterations, lanes = p_lanes, verifier = p_verifier, changed_at = now() where p.operator_id = who;
    session := operators.open_session(who, p_token_hash, p_address, p_agent);
    if session is null then raise exception 'no session' using errcode = '28000'; end if;
    return session;
end $$;
