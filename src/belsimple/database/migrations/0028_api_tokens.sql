-- API tokens: a program acts as the account that made them, with no more than the token's scopes and never more than the account may do
-- at that moment. One function knows whoever presents a token, be it a browser's session or a program's.

create table identity.api_token (
    tenant_id    uuid not null,
    account_id   uuid not null,
    id           uuid not null default tenancy.new_id(),
    token_hash   bytea not null unique check (octet_length(token_hash) = 32),    -- of the whole text, which no session's token can equal
    name         text not null check (char_length(name) between 1 and 100),
    hint         text not null check (hint ~ '^bel_[0-9A-Za-z]{4}$'),           -- what a person tells it from others by
    scopes       text[] not null check (cardinality(scopes) between 1 and 200),
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null check (expires_at <= created_at + interval '366 days'),
    last_used_at timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, account_id) references identity.account on delete cascade
) with (fillfactor = 70);
create index api_token_account on identity.api_token (tenant_id, account_id);
create index api_token_expires_at on identity.api_token (expires_at);
alter table identity.api_token enable row level security, force row level security;
create policy owner_only on identity.api_token to :"owner" using (true) with check (true);
-- Their beginning and end; last use is no state change.
create trigger audit_insert after insert on identity.api_token referencing new table as new_rows for each statement execute function audit.capture('token_hash');
create trigger audit_delete after delete on identity.api_token referencing old table as old_rows for each statement execute function audit.capture('token_hash');

-- What ends sessions ends tokens: a password set anew, an account shut. A suspended tenant's are refused, and there again afterwards.
create or replace function identity.end_sessions() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_table_name = 'password' then
        delete from identity.sign_in_failure f where f.tenant_id = new.tenant_id and f.account_id = new.id;
    end if;
    delete from identity.session s where s.tenant_id = new.tenant_id and s.account_id = new.id;
    delete from identity.api_token k where k.tenant_id = new.tenant_id and k.account_id = new.id;
    return null;
end $$;
create function identity.token_made() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform identity.tell('token_made', new.tenant_id, new.account_id, jsonb_build_object('at', identity.stated(now()), 'name', new.name, 'hint', new.hint));
    return null;
end $$;
create trigger token_made after insert on identity.api_token for each row execute function identity.token_made();

-- Whoever presents this, if it still lets somebody in: a session's 32 bytes, or an API token's text. THE answer to "who is this";
-- context.enter says the same for sessions once more, written out for speed.
create function identity.bearer(token bytea)
returns table (tenant_id uuid, account_id uuid, id uuid, permissions text[], touch_due boolean, fresh boolean, source text) language plpgsql stable as $$
begin
    if pg_catalog.octet_length(token) = 32 then
        return query
        select x.tenant_id, x.account_id, x.id, pg_catalog.string_to_array(access.permissions_of(x.tenant_id, x.account_id), ','),
               x.last_seen not between pg_catalog.clock_timestamp() - interval '1 minute' and pg_catalog.clock_timestamp() + interval '1 minute',
               x.authenticated_at between pg_catalog.clock_timestamp() - interval '15 minutes' and pg_catalog.clock_timestamp() + interval '1 minute', 'session'
          from identity.session x join identity.account a on a.tenant_id = x.tenant_id and a.id = x.account_id join identity.tenant t on t.id = x.tenant_id
         where x.token_hash = pg_catalog.sha256(token) and x.expires_at > pg_catalog.clock_timestamp()
           and x.last_seen > pg_catalog.clock_timestamp() - pg_catalog.make_interval(mins => t.session_idle_minutes) and a.status = 'active' and t.status = 'active';
    else
        return query
        select k.tenant_id, k.account_id, k.id,
               array(select p from pg_catalog.unnest(pg_catalog.string_to_array(access.permissions_of(k.tenant_id, k.account_id), ',')) p where p = any (k.scopes)),
               coalesce(k.last_used_at not between pg_catalog.clock_timestamp() - interval '1 minute' and pg_catalog.clock_timestamp() + interval '1 minute', true), false, 'token'
          from identity.api_token k join identity.account a on a.tenant_id = k.tenant_id and a.id = k.account_id join identity.tenant t on t.id = k.tenant_id
         where k.token_hash = pg_catalog.sha256(token) and k.expires_at > pg_catalog.clock_timestamp() and a.status = 'active' and t.status = 'active';
    end if;
end $$;

-- As in 0019, and for API tokens.
create or replace function context.enter(token bytea)
returns table (tenant_id uuid, account_id uuid, session_id uuid, permissions text, touch_due boolean, fresh boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s record;
begin
    if coalesce(current_setting('context.stamp', true), '') <> '' then
        raise exception 'already entered' using errcode = '25001';
    end if;
    perform context.require_fresh_snapshot();
    if octet_length(token) = 32 then
        select x.tenant_id, x.account_id, x.id,
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
        select b.tenant_id, b.account_id, b.id, b.touch_due as due, b.fresh, array_to_string(b.permissions, ',') as permissions, b.source into s from identity.bearer(token) b;
    end if;
    if not found then
        raise exception 'no session' using errcode = '28000';
    end if;
    perform context.stamp(s.tenant_id, s.account_id, s.id, s.permissions, s.source);
    return query select s.tenant_id, s.account_id, s.id, s.permissions, s.due, s.fresh;
end $$;
create or replace function context.touch(token bytea) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    if octet_length(token) = 32 then
        update identity.session x set last_seen = now()
        where x.token_hash = (
            select y.token_hash from identity.session y join identity.tenant t on t.id = y.tenant_id
            where y.token_hash = sha256(token) and y.expires_at > now() and y.last_seen > now() - make_interval(mins => t.session_idle_minutes)
              and y.last_seen not between now() - interval '1 minute' and now() + interval '1 minute'
            for no key update of y skip locked);
    else
        update identity.api_token k set last_used_at = now()
        where k.token_hash = (
            select y.token_hash from identity.api_token y where y.token_hash = sha256(token) and y.expires_at > now()
               and (y.last_used_at is null or y.last_used_at not between now() - interval '1 minute' and now() + interval '1 minute')
            for no key update skip locked);
    end if;
end $$;

create or replace function audit.refused(token bytea, route text, status integer, times integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare s record;
begin
    -- Whoever it was a moment ago: what is refused to a session that has ended meanwhile is in the trail too.
    select b.* into s from (
        (select x.tenant_id, x.account_id, x.id, 'session' as source from identity.session x where x.token_hash = sha256(token))
        union all (select k.tenant_id, k.account_id, k.id, 'token' from identity.api_token k where k.token_hash = sha256(token))) b;
    if found then
        perform context.stamp(s.tenant_id, s.account_id, s.id, '', s.source);
        perform audit.record('refused', 'api.route', null, jsonb_build_object('route', left(route, 200), 'status', status, 'times', times));
        perform security.refused(s.tenant_id, s.account_id, times);
        perform set_config('context.stamp', '', true);
    end if;
end $$;
create or replace function files.permitted(token bytea, p_permission text) returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (select from identity.bearer(token) b where p_permission is null or p_permission = any (b.permissions))
$$;
create or replace function files.downloaded(token bytea, p_file uuid) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s record;
begin
    select b.tenant_id, b.account_id, b.id, b.source, f.relation into s
      from identity.bearer(token) b join files.file f on f.tenant_id = b.tenant_id and f.id = p_file join tenancy.protected p on p.relation = f.relation
     where p.read_permission = any (b.permissions);
    if not found then return false; end if;
    insert into files.fetched as d values (s.id, p_file, now())
    on conflict (session_id, file_id) do update set at = now() where d.at < now() - interval '1 minute';
    if found then
        perform context.stamp(s.tenant_id, s.account_id, s.id, '', s.source);
        perform audit.record('downloaded', 'files.file', p_file, jsonb_build_object('held_by', s.relation));
        perform set_config('context.stamp', '', true);
    end if;
    return true;
end $$;

-- A job may do what its account may at that moment, and no more than whoever enqueued it might: else a token's scopes would end at the queue.
alter table jobs.ticket add column scopes text[];                        -- null: enqueued before there were any
create or replace function jobs.enqueue(p_task text, p_args jsonb, p_at timestamptz default null) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    part text[] := context.verified();
    job  bigint;
begin
    if part is null or part[3] <> 'w' then
        raise exception 'a job outside a context' using errcode = '42501';
    end if;
    if p_task !~ '^[a-z_]+[.][a-z_]+$' or p_task like 'belsimple.%' or pg_column_size(p_args) > 32768 then
        raise exception 'a job needs a name like module.task and arguments under 32 KiB' using errcode = '22023';
    end if;
    job := (jobs.procrastinate_defer_jobs_v1(array[row('tenant', p_task, 0, null, null, '{}'::jsonb, p_at)::jobs.procrastinate_job_to_defer_v1]))[1];
    insert into jobs.ticket (job_id, tenant_id, account_id, task, args, scopes)
    values (job, part[4]::uuid, nullif(part[5], '')::uuid, p_task, p_args, string_to_array(trim(both ',' from part[7]), ','));
    perform audit.record('enqueued', 'jobs.ticket', null, jsonb_build_object('job', job, 'task', p_task));
    return job;
end $$;
create or replace function jobs.enter(p_job_id bigint) returns table (tenant_id uuid, account_id uuid, permissions text, task text, args jsonb)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare k record;
begin
    if coalesce(current_setting('context.stamp', true), '') <> '' then
        raise exception 'already entered' using errcode = '25001';
    end if;
    perform context.require_fresh_snapshot();
    select x.tenant_id, x.account_id, x.task, x.args, t.status, (select coalesce(string_agg(p, ','), '') from unnest(string_to_array(access.permissions_of(x.tenant_id, x.account_id), ',')) p
             where x.scopes is null or p = any (x.scopes)) as permissions into k
      from jobs.ticket x
      join jobs.procrastinate_jobs j on j.id = x.job_id and j.status = 'doing' and j.task_name = x.task
      join identity.tenant t on t.id = x.tenant_id
      left join identity.account a on a.tenant_id = x.tenant_id and a.id = x.account_id
     where x.job_id = p_job_id and x.finished_at is null and (x.account_id is null or a.status = 'active')
       for update of x;                                                  -- two workers with one job: the second waits, then finds it finished
    if not found then
        raise exception 'no such job' using errcode = '28000';
    end if;
    if k.status <> 'active' then
        raise exception 'the tenant is suspended' using errcode = 'BS503';   -- suspension loses nothing: the job waits
    end if;
    perform context.stamp(k.tenant_id, k.account_id, null, k.permissions, 'job');
    return query select k.tenant_id, k.account_id, k.permissions, k.task, k.args;
end $$;

-- The own tokens. A program cannot make one for itself: the stamp must be a session's.
create function identity.require_session() returns void language plpgsql as $$
begin
    if (context.verified())[8] is distinct from 'session' then
        raise exception 'An API token cannot do this. Sign in.' using errcode = 'BS403', hint = 'session-required';
    end if;
end $$;
create function identity.own_tokens(p_id uuid) returns table (id uuid, name text, hint text, scopes text[], created_at timestamptz, expires_at timestamptz, last_used_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.id, k.name, k.hint, k.scopes, k.created_at, k.expires_at, k.last_used_at from identity.api_token k
    where k.tenant_id = context.tenant() and k.account_id = context.account() and k.expires_at > now() and (p_id is null or k.id = p_id) order by k.created_at desc, k.id
$$;
-- What the caller may give a token.
create function identity.own_permissions() returns table (name text, module text, description text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.name, p.module, p.description from access.permission p where p.declared and p.name = any (context.permissions()) order by p.module, p.name
$$;
create function identity.create_token(p_name text, p_scopes text[], p_expires_at timestamptz, p_token_hash bytea, p_hint text) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant  uuid := context.tenant(null, true);
    account uuid := context.account();
    token   uuid := tenancy.new_id();
    scopes  text[] := access.complete(p_scopes);
begin
    perform identity.require_session();
    if exists (select from unnest(p_scopes) p where p not in (select a.name from access.permission a where a.declared)) then
        raise exception 'There is no such permission.' using errcode = 'BS422', detail = '/scopes';
    end if;
    perform access.require_held(scopes);
    if p_expires_at not between now() and now() + interval '366 days' then
        raise exception 'A token ends within a year.' using errcode = 'BS422', detail = '/expires_at';
    end if;
    perform from identity.account a where a.tenant_id = tenant and a.id = account for no key update;
    if (select count(*) from identity.api_token k where k.tenant_id = tenant and k.account_id = account and k.expires_at > now()) >= 50 then
        raise exception 'There are fifty tokens already. End one that is not used any more.' using errcode = 'BS409', hint = 'too-many-tokens';
    end if;
    insert into identity.api_token (tenant_id, account_id, id, token_hash, name, hint, scopes, expires_at) values (tenant, account, token, p_token_hash, p_name, p_hint, scopes, p_expires_at);
    return token;
end $$;
create function identity.end_own_token(p_id uuid) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform identity.require_session();
    delete from identity.api_token k where k.tenant_id = context.tenant(null, true) and k.account_id = context.account() and k.id = p_id;
    return found;
end $$;

-- Somebody found this text where it should not be. Whoever reports it, it ends: that is all a stranger can do with it here.
create function identity.report_leak(p_token_hash bytea, p_place text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare k identity.api_token;
begin
    select x.* into k from identity.api_token x where x.token_hash = p_token_hash;
    if not found then return; end if;
    perform context.stamp(k.tenant_id, k.account_id, null, '', 'leak_report');
    delete from identity.api_token x where x.tenant_id = k.tenant_id and x.id = k.id;
    if found then
        perform audit.record('token_leaked', 'identity.api_token', k.id, jsonb_build_object('name', k.name, 'place', p_place));
        perform identity.tell('token_leaked', k.tenant_id, k.account_id, jsonb_build_object('at', identity.stated(now()), 'name', k.name, 'hint', k.hint, 'place', coalesce(p_place, '')));
    end if;
    perform set_config('context.stamp', '', true);
end $$;

-- By the clock: tokens past their time.
create function identity.sweep_tokens() returns integer language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    t uuid;
    n integer;
    removed integer := 0;
begin
    for t in select distinct k.tenant_id from identity.api_token k where k.expires_at < now() - interval '1 day' loop
        perform context.stamp(t, null, null, '', 'sweep');
        delete from identity.api_token k where k.tenant_id = t and k.expires_at < now() - interval '1 day';
        get diagnostics n = row_count;
        removed := removed + n;
    end loop;
    perform set_config('context.stamp', '', true);
    return removed;
end $$;
grant execute on function identity.own_tokens(uuid), identity.own_permissions(), identity.create_token(text, text[], timestamptz, bytea, text), identity.end_own_token(uuid) to :"app";
grant execute on function identity.report_leak(bytea, text) to :"gate";
grant execute on function identity.sweep_tokens() to :"worker";
