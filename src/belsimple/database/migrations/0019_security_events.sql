-- What people and the operator are told when something looks wrong: a sign-in from a new browser, refusals in a row, bursts of them.
-- Each is an event in a trail and a mail, once.

create schema security;

-- Where an account signed in: a keyed hash of the browser without its version numbers and of the wide network, so that neither an
-- update nor a new lease of the line is news, and the table tells nobody where somebody was.
create table identity.familiar_browser (
    tenant_id  uuid not null,
    account_id uuid not null,
    browser    bytea not null,
    last_at    timestamptz not null,
    primary key (tenant_id, account_id, browser),
    foreign key (tenant_id, account_id) references identity.account on delete cascade
);
-- One row a subject: a window of ten minutes from its first refusal. Unlogged: a crash forgives, as in limits.bucket.
create unlogged table security.burst (
    kind    text not null,
    subject bytea not null,
    since   timestamptz not null,
    times   integer not null,
    told_at timestamptz,
    primary key (kind, subject)
) with (fillfactor = 70);
create index burst_since on security.burst (since);
do $$ declare t regclass; begin
    foreach t in array array['identity.familiar_browser', 'security.burst']::regclass[] loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;

create function identity.browser(p_agent text, p_address inet) returns bytea language sql stable as $$
    select pg_catalog.decode(context.sign(pg_catalog.concat_ws('|', 'browser', pg_catalog.regexp_replace(p_agent, '[0-9]+', '', 'g'),
        pg_catalog.host(pg_catalog.network(pg_catalog.set_masklen(p_address, case pg_catalog.family(p_address) when 4 then 16 else 32 end))))), 'hex')
$$;
-- Who is signed in at the upgrade is no stranger after it.
insert into identity.familiar_browser select s.tenant_id, s.account_id, identity.browser(s.agent, s.address), max(s.created_at) from identity.session s group by 1, 2, 3;

-- On the session, not on a way to open one: no way that comes later can forget it. An account's first sign-in of all is no news.
create function identity.notice_browser() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    mark  bytea := identity.browser(new.agent, new.address);
    known boolean := exists (select from identity.familiar_browser b where b.tenant_id = new.tenant_id and b.account_id = new.account_id);
begin
    update identity.familiar_browser b set last_at = now() where b.tenant_id = new.tenant_id and b.account_id = new.account_id and b.browser = mark;
    if found then return null; end if;
    insert into identity.familiar_browser values (new.tenant_id, new.account_id, mark, now()) on conflict do nothing;
    if found and known then
        perform audit.record('new_browser', 'identity.session', new.id, jsonb_build_object('address', host(new.address), 'agent', new.agent));
        perform identity.tell('new_browser', new.tenant_id, new.account_id,
            jsonb_build_object('at', identity.stated(now()), 'agent', coalesce(new.agent, ''), 'address', coalesce(host(new.address), '')));
    end if;
    return null;
end $$;
create trigger notice_browser after insert on identity.session for each row execute function identity.notice_browser();

-- The tenth, the fiftieth and the hundredth refusal in a row: one by one, as they are counted.
create function identity.notice_failures() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform audit.record('refused_sign_ins', 'identity.account', new.account_id, jsonb_build_object('failures', new.failures, 'familiar', new.familiar));
    perform identity.tell('refused_sign_ins', new.tenant_id, new.account_id, jsonb_build_object('count', new.failures));
    return null;
end $$;
create trigger notice_failures after update of failures on identity.sign_in_failure for each row
    when (new.failures = old.failures + 1 and new.failures in (10, 50, 100)) execute function identity.notice_failures();

-- Counts, and returns the count when it is time to tell of a burst: above a hundred in a window, once an hour. The row is held from
-- its count to the end, so two at once tell once. BETWEEN, because a clock that steps back must not silence it.
create function security.count(p_kind text, p_subject bytea, p_times integer) returns integer language plpgsql as $$
declare
    moment timestamptz := pg_catalog.clock_timestamp();
    b      security.burst;
begin
    insert into security.burst as x values (p_kind, p_subject, moment, p_times, null)
    on conflict (kind, subject) do update set since = case when x.since between moment - interval '10 minutes' and moment then x.since else moment end,
        times = case when x.since between moment - interval '10 minutes' and moment then x.times + p_times else p_times end
    returning x.* into b;
    if b.times <= 100 or b.told_at between moment - interval '1 hour' and moment then return null; end if;
    update security.burst x set told_at = moment where x.kind = p_kind and x.subject = p_subject;
    return b.times;
end $$;

-- Refused requests of one account, to the tenant's owners.
create function security.refused(p_tenant uuid, p_account uuid, p_times integer) returns void language plpgsql as $$
declare
    times integer := security.count('refusals', pg_catalog.uuid_send(p_tenant) || pg_catalog.uuid_send(p_account), p_times);
begin
    if times is null then return; end if;
    perform audit.record('refusal_burst', 'identity.account', p_account, pg_catalog.jsonb_build_object('refusals', times));
    perform identity.tell('refusal_burst', p_tenant, g.account_id, pg_catalog.jsonb_build_object('count', times, 'member', m.email))
       from identity.account m, access.assignment g join access.role r on r.tenant_id = g.tenant_id and r.id = g.role_id join identity.account o on o.tenant_id = g.tenant_id and o.id = g.account_id
      where m.tenant_id = p_tenant and m.id = p_account and g.tenant_id = p_tenant and r.builtin and r.name = 'owner' and o.status = 'active';
end $$;
-- Failed sign-ins from one network over whatever accounts, known or not, to the operator.
create function security.failed_sign_in(p_address inet) returns void language plpgsql as $$
declare
    place text := pg_catalog.network(pg_catalog.set_masklen(p_address, case pg_catalog.family(p_address) when 4 then 24 else 48 end))::text;
    times integer := security.count('sign_ins', pg_catalog.decode(context.sign('burst|' || coalesce(place, '')), 'hex'), 1);
begin
    if times is null then return; end if;
    perform audit.record_system('gate', 'sign_in_burst', pg_catalog.jsonb_build_object('network', place, 'failures', times));
    perform mail.post('sign_in_burst', null, null, p.security_email, 'en', pg_catalog.jsonb_build_object('count', times, 'network', coalesce(place, '')))
       from operators.profile p where p.security_email is not null;
end $$;

create or replace function audit.refused(token bytea, route text, status integer, times integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare s record;
begin
    select x.tenant_id, x.account_id, x.id into s from identity.session x where x.token_hash = sha256(token);
    if found then
        perform context.stamp(s.tenant_id, s.account_id, s.id, '', 'session');
        perform audit.record('refused', 'api.route', null, jsonb_build_object('route', left(route, 200), 'status', status, 'times', times));
        perform security.refused(s.tenant_id, s.account_id, times);
        perform set_config('context.stamp', '', true);
    end if;
end $$;

-- As in 0007, and every refusal is counted for its network: for an unknown account as for a known one.
create or replace function identity.sign_in(p_slug text, p_email text, p_proof bytea, p_token_hash bytea, p_address inet, p_agent text)
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
    if not found then
        perform security.failed_sign_in(p_address);
        return;
    end if;
    known := exists (select from identity.familiar_address f where f.tenant_id = who.tenant and f.account_id = who.account and f.network = identity.network(p_address));
    select f.failures into failed from identity.sign_in_failure f where f.tenant_id = who.tenant and f.account_id = who.account and f.familiar = known;
    perform context.stamp(who.tenant, who.account, null, '', 'sign_in');
    if sha256(p_proof) = who.verifier and who.open and coalesce(failed, 0) < 100 then
        session := identity.open_session(who.tenant, who.account, p_token_hash, p_address, p_agent);
    end if;
    if session is null then
        perform identity.count_failure(who.tenant, who.account, known);
        perform audit.record('sign_in_refused', 'identity.account', who.account, jsonb_build_object('address', host(p_address)));
        perform security.failed_sign_in(p_address);
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

-- Browsers not seen for half a year are forgotten, but not an account's last one: who comes back after a year is news again.
create function security.sweep() returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    delete from identity.familiar_browser b where b.last_at < now() - interval '180 days'
       and exists (select from identity.familiar_browser n where n.tenant_id = b.tenant_id and n.account_id = b.account_id and (n.last_at, n.browser) > (b.last_at, b.browser));
    delete from security.burst x where x.since < now() - interval '2 hours'
$$;
grant usage on schema security to :"worker";
grant execute on function security.sweep() to :"worker";

-- The clock may step back, by an hour or a day (docs/operations.md, section 11). What then lies in the future must neither shut anybody
-- out until the clock has caught up, nor count as lately proven.

-- As in 0006, save that a bucket which is fuller than full has been filled by a clock that ran ahead, and is empty. A minute is
-- more than any two backends that race for a bucket can differ.
create or replace function limits.take(p_key bytea, every_us bigint, burst integer) returns double precision
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment timestamptz := clock_timestamp();
    every  interval := make_interval(secs => every_us / 1e6);
    latest timestamptz := moment + every * burst;
    until  timestamptz;
begin
    update limits.bucket b set full_until = moment where b.key = p_key and b.full_until > latest + interval '1 minute';
    insert into limits.bucket as b values (p_key, moment + every)
    on conflict (key) do update set full_until = greatest(b.full_until, moment) + every where greatest(b.full_until, moment) + every <= latest
    returning b.full_until into until;
    if found then return 0; end if;
    select b.full_until into until from limits.bucket b where b.key = p_key;
    return greatest(0.001, extract(epoch from (until + every - every * burst) - moment));
end $$;

-- As in 0003, save that a use or a proof in the future is brought back to the present, or given again.
create or replace function context.enter(token bytea)
returns table (tenant_id uuid, account_id uuid, session_id uuid, permissions text, touch_due boolean, fresh boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s record;
begin
    if coalesce(current_setting('context.stamp', true), '') <> '' then
        raise exception 'already entered' using errcode = '25001';
    end if;
    perform context.require_fresh_snapshot();
    select x.tenant_id, x.account_id, x.id,
           x.last_seen not between clock_timestamp() - interval '1 minute' and clock_timestamp() + interval '1 minute' as due,
           x.authenticated_at between clock_timestamp() - interval '15 minutes' and clock_timestamp() + interval '1 minute' as fresh,
           (select coalesce(string_agg(distinct p, ','), '') from access.assignment g join access.role r on r.tenant_id = g.tenant_id and r.id = g.role_id
             cross join lateral unnest(r.permissions) p where g.tenant_id = x.tenant_id and g.account_id = x.account_id) as permissions
      into s
      from identity.session x
      join identity.account a on a.tenant_id = x.tenant_id and a.id = x.account_id
      join identity.tenant t on t.id = x.tenant_id
     where x.token_hash = sha256(token) and x.expires_at > clock_timestamp() and x.last_seen > clock_timestamp() - make_interval(mins => t.session_idle_minutes)
       and a.status = 'active' and t.status = 'active';
    if not found then
        raise exception 'no session' using errcode = '28000';
    end if;
    perform context.stamp(s.tenant_id, s.account_id, s.id, s.permissions, 'session');
    return query select s.tenant_id, s.account_id, s.id, s.permissions, s.due, s.fresh;
end $$;
create or replace function context.touch(token bytea) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    update identity.session x set last_seen = now()
    where x.token_hash = (
        select y.token_hash from identity.session y join identity.tenant t on t.id = y.tenant_id
        where y.token_hash = sha256(token) and y.expires_at > now() and y.last_seen > now() - make_interval(mins => t.session_idle_minutes)
          and y.last_seen not between now() - interval '1 minute' and now() + interval '1 minute'
        for no key update of y skip locked)
$$;
create or replace function operators.living(p_session bytea) returns table (operator uuid, session uuid, role text, due boolean, fresh boolean) language sql volatile as $$
    select a.id, s.id, a.role,
           s.last_seen not between pg_catalog.clock_timestamp() - interval '1 minute' and pg_catalog.clock_timestamp() + interval '1 minute',
           s.authenticated_at between pg_catalog.clock_timestamp() - interval '15 minutes' and pg_catalog.clock_timestamp() + interval '1 minute'
    from operators.session s join operators.account a on a.id = s.operator_id
    where s.token_hash = pg_catalog.sha256(p_session) and s.expires_at > pg_catalog.clock_timestamp() and s.last_seen > pg_catalog.clock_timestamp() - interval '15 minutes' and a.status = 'active'
$$;
create or replace function operators.touch(p_session bytea) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    update operators.session x set last_seen = now()
    where x.token_hash = (select y.token_hash from operators.session y where y.token_hash = sha256(p_session) and y.expires_at > now()
                             and y.last_seen > now() - interval '15 minutes' and y.last_seen not between now() - interval '1 minute' and now() + interval '1 minute'
                             for no key update skip locked)
$$;
