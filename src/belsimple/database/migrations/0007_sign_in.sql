-- Sign-in without trust in gate's SQL: gate receives a salt and parameters, presents the raw Argon2id output, and the database, which
-- keeps only its SHA-256, compares and opens the session. No login role can read a verifier or open a password session without the password.

create table identity.hashing (singleton boolean primary key default true check (singleton), memory_kib integer not null check (memory_kib >= 65536),
    iterations integer not null check (iterations >= 3), lanes integer not null check (lanes >= 1));
insert into identity.hashing values (true, 65536, 3, 4);                 -- RFC 9106, second recommended setting; the checks let it only rise
alter table identity.hashing enable row level security, force row level security;
create policy owner_only on identity.hashing to :"owner" using (true) with check (true);

-- The operator's command: the cost of new passwords, which goes up only. Passwords follow at their owners' next sign-in.
create function identity.raise_hashing(p_memory_kib integer, p_iterations integer, p_actor text) returns boolean language plpgsql as $$
declare h identity.hashing;
begin
    select * into h from identity.hashing for update;
    if p_memory_kib < h.memory_kib or p_iterations < h.iterations then
        raise exception 'Passwords are hashed with % MiB and % passes already; this can only rise', h.memory_kib / 1024, h.iterations using errcode = 'BS409';
    end if;
    if (p_memory_kib, p_iterations) = (h.memory_kib, h.iterations) then return false; end if;
    update identity.hashing set memory_kib = p_memory_kib, iterations = p_iterations;
    perform audit.record_system(p_actor, 'hashing_raised', pg_catalog.jsonb_build_object('memory_kib', p_memory_kib, 'iterations', p_iterations));
    return true;
end $$;

create function identity.network(address inet) returns bytea language sql stable as $$
    select pg_catalog.decode(context.sign('network|' || pg_catalog.host(pg_catalog.network(pg_catalog.set_masklen(address, case pg_catalog.family(address) when 4 then 32 else 64 end)))), 'hex')
$$;

create function identity.current_hashing() returns table (memory_kib integer, iterations integer, lanes integer) language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select memory_kib, iterations, lanes from identity.hashing $$;

-- An unknown tenant, an unknown account and an account without a password get a salt that stays the same and the current parameters.
create function identity.password_parameters(p_slug text, p_email text, p_address inet)
returns table (salt bytea, memory_kib integer, iterations integer, lanes integer, familiar boolean) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(p.salt, substr(decode(context.sign('salt|' || p_slug || '|' || p_email), 'hex'), 1, 16)),
           coalesce(p.memory_kib, h.memory_kib), coalesce(p.iterations, h.iterations), coalesce(p.lanes, h.lanes),
           exists (select from identity.familiar_address f where f.tenant_id = p.tenant_id and f.account_id = p.id and f.network = identity.network(p_address))
    from identity.hashing h
    left join (identity.password p
               join identity.account a on a.tenant_id = p.tenant_id and a.id = p.id and a.email = p_email
               join identity.tenant t on t.id = a.tenant_id and t.slug = p_slug) on true
$$;

-- The one place where a session is opened: none while its tenant is suspended or its account deactivated. The rows are held, so that
-- a deactivation that runs at the same time either prevents this session or ends it.
create function identity.open_session(tenant uuid, account uuid, p_token_hash bytea, p_address inet, p_agent text) returns uuid language plpgsql as $$
declare
    session uuid := tenancy.new_id();
begin
    insert into identity.session (token_hash, tenant_id, account_id, id, expires_at, address, agent)
    select p_token_hash, tenant, account, session, pg_catalog.now() + pg_catalog.make_interval(mins => t.session_absolute_minutes), p_address, pg_catalog."left"(p_agent, 300)
    from identity.tenant t join identity.account a on a.tenant_id = t.id and a.id = account
    where t.id = tenant and t.status = 'active' and a.status = 'active' for share of t, a;
    if not found then return null; end if;
    return session;
end $$;

create function identity.count_failure(tenant uuid, account uuid, p_familiar boolean) returns void language sql as $$
    insert into identity.sign_in_failure as f values (tenant, account, p_familiar, 1, pg_catalog.now())
    on conflict (tenant_id, account_id, familiar) do update set failures = f.failures + 1, last_at = pg_catalog.now()
$$;

-- Returns the session, or nothing: a wrong tenant, address or password, a suspended tenant, a deactivated account and the hundredth
-- failure in a row look the same. It returns rather than raises, so that the failure it counted is kept.
create function identity.sign_in(p_slug text, p_email text, p_proof bytea, p_token_hash bytea, p_address inet, p_agent text)
returns table (session_id uuid, account_id uuid, outdated boolean) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    who      record;
    known    boolean;
    failed   integer;
    session  uuid;
begin
    select t.id as tenant, a.id as account, p.verifier, t.status = 'active' and a.status = 'active' as open,
           (p.memory_kib, p.iterations, p.lanes) is distinct from (h.memory_kib, h.iterations, h.lanes) as outdated
      into who
      from identity.tenant t join identity.account a on a.tenant_id = t.id join identity.password p on p.tenant_id = a.tenant_id and p.id = a.id
      cross join identity.hashing h
     where t.slug = p_slug and a.email = p_email
       for no key update of p;                                           -- raced guesses are counted one by one; a password changed meanwhile is read anew
    if not found then return; end if;
    known := exists (select from identity.familiar_address f where f.tenant_id = who.tenant and f.account_id = who.account and f.network = identity.network(p_address));
    select f.failures into failed from identity.sign_in_failure f where f.tenant_id = who.tenant and f.account_id = who.account and f.familiar = known;
    perform context.stamp(who.tenant, who.account, null, '', 'sign_in');
    if sha256(p_proof) = who.verifier and who.open and coalesce(failed, 0) < 100 then
        session := identity.open_session(who.tenant, who.account, p_token_hash, p_address, p_agent);
    end if;
    if session is null then
        perform identity.count_failure(who.tenant, who.account, known);
        perform audit.record('sign_in_refused', 'identity.account', who.account, jsonb_build_object('address', host(p_address)));
        perform set_config('context.stamp', '', true);
        return;
    end if;
    delete from identity.sign_in_failure f where f.tenant_id = who.tenant and f.account_id = who.account and (f.familiar = known or known);
    insert into identity.familiar_address select who.tenant, who.account, identity.network(p_address), now() where p_address is not null
    on conflict on constraint familiar_address_pkey do update set last_at = now();
    perform audit.record('sign_in', 'identity.session', session, jsonb_build_object('method', 'password', 'address', host(p_address)));
    perform set_config('context.stamp', '', true);
    return query select session, who.account, who.outdated;
end $$;

-- The same password under higher parameters. It proves the password once more, and ends no session.
create function identity.rehash(p_slug text, p_email text, p_proof bytea, p_salt bytea, p_memory_kib integer, p_iterations integer, p_lanes integer, p_verifier bytea) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who record;
begin
    select p.tenant_id, p.id into who
      from identity.tenant t join identity.account a on a.tenant_id = t.id join identity.password p on p.tenant_id = a.tenant_id and p.id = a.id
     where t.slug = p_slug and a.email = p_email and p.verifier = sha256(p_proof);
    if not found then return; end if;
    perform context.stamp(who.tenant_id, who.id, null, '', 'sign_in');
    update identity.password p set salt = p_salt, memory_kib = p_memory_kib, iterations = p_iterations, lanes = p_lanes, verifier = p_verifier, rehashed_at = clock_timestamp()
     where p.tenant_id = who.tenant_id and p.id = who.id and p.verifier = sha256(p_proof);   -- not over a password changed meanwhile
    perform set_config('context.stamp', '', true);
end $$;

-- What ends everything that lets an account in. No code path can forget it: it follows from the change itself.
create function identity.end_sessions() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_table_name = 'password' then
        delete from identity.sign_in_failure f where f.tenant_id = new.tenant_id and f.account_id = new.id;
    end if;
    delete from identity.session s where s.tenant_id = new.tenant_id and s.account_id = new.id;
    return null;
end $$;
-- A rehash says so in its own column, which nothing else writes.
create trigger end_sessions after update of verifier on identity.password for each row
    when (old.verifier is distinct from new.verifier and old.rehashed_at is not distinct from new.rehashed_at) execute function identity.end_sessions();
create trigger end_sessions after update of status on identity.account for each row when (new.status <> 'active' and old.status = 'active') execute function identity.end_sessions();
create function identity.end_tenant_sessions() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from identity.session s where s.tenant_id = new.id;
    return null;
end $$;
create trigger end_sessions after update of status on identity.tenant for each row when (new.status <> 'active' and old.status = 'active') execute function identity.end_tenant_sessions();

-- An invitation is accepted once: one conditional UPDATE, expiry in the query.
create function identity.accept_invitation(p_token_hash bytea, p_name text, p_salt bytea, p_memory_kib integer, p_iterations integer, p_lanes integer, p_verifier bytea)
returns table (tenant_slug text, email text) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    invited record;
    account uuid := tenancy.new_id();
begin
    select i.tenant_id into invited from identity.invitation i where i.token_hash = p_token_hash;
    if not found then return; end if;
    perform context.stamp(invited.tenant_id, null, null, '', 'invitation');
    update identity.invitation i set accepted_at = now() from identity.tenant t
     where i.token_hash = p_token_hash and i.accepted_at is null and i.expires_at > now() and t.id = i.tenant_id and t.status = 'active'
    returning i.tenant_id, i.email, i.role_ids, t.slug into invited;
    if not found then
        perform set_config('context.stamp', '', true);
        return;
    end if;
    perform context.stamp(invited.tenant_id, account, null, '', 'invitation');
    insert into identity.account (tenant_id, id, email, name) values (invited.tenant_id, account, invited.email, p_name);
    insert into identity.password (tenant_id, id, salt, memory_kib, iterations, lanes, verifier)
    values (invited.tenant_id, account, p_salt, p_memory_kib, p_iterations, p_lanes, p_verifier);
    insert into access.assignment (tenant_id, account_id, role_id) select invited.tenant_id, account, r.id from access.role r where r.tenant_id = invited.tenant_id and r.id = any (invited.role_ids);
    perform set_config('context.stamp', '', true);
    return query select invited.slug, invited.email;
end $$;
-- Following the link consumes nothing; the page asks whether it is worth showing a form.
create function identity.invitation_open(p_token_hash bytea) returns table (tenant_slug text, email text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.slug, i.email from identity.invitation i join identity.tenant t on t.id = i.tenant_id
     where i.token_hash = p_token_hash and i.accepted_at is null and i.expires_at > now() and t.status = 'active'
$$;

grant execute on function identity.current_hashing(), identity.password_parameters(text, text, inet), identity.sign_in(text, text, bytea, bytea, inet, text),
    identity.rehash(text, text, bytea, bytea, integer, integer, integer, bytea), identity.invitation_open(bytea),
    identity.accept_invitation(bytea, text, bytea, integer, integer, integer, bytea) to :"gate";
