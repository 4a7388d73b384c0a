-- Support access: the one way of an operator into a tenant's data (docs/decisions/0036). An owner of the tenant opens it to one operator, for at
-- most 24 hours, with a reason; it is in the tenant's trail, and over at once when either side ends it.

create table identity.support_grant (
    tenant_id      uuid not null references identity.tenant on delete cascade,
    id             uuid not null default tenancy.new_id(),
    operator_id    uuid not null,                                       -- no foreign key: the tenant keeps who it was
    operator_name  text not null,
    operator_email text not null,
    granted_by     uuid not null,
    reason         text not null check (char_length(reason) between 1 and 500),
    writing        boolean not null,
    created_at     timestamptz not null default now(),
    expires_at     timestamptz not null check (expires_at > created_at and expires_at <= created_at + interval '24 hours'),
    ended_at       timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, granted_by) references identity.account on delete cascade
);
create index support_grant_operator on identity.support_grant (operator_id);
-- An operator inside a tenant. It lives no longer than the operator's own session, whose last use it shares: what ends that one ends this one.
create table identity.support_session (
    token_hash       bytea primary key check (octet_length(token_hash) = 32),
    tenant_id        uuid not null,
    grant_id         uuid not null,
    id               uuid not null default tenancy.new_id(),
    operator_session uuid not null references operators.session (id) on delete cascade,
    created_at       timestamptz not null default now(),
    foreign key (tenant_id, grant_id) references identity.support_grant on delete cascade
);
create index support_session_grant on identity.support_session (tenant_id, grant_id);
create index support_session_operator on identity.support_session (operator_session);
do $$ declare t regclass; begin
    foreach t in array array['identity.support_grant', 'identity.support_session']::regclass[] loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;
select audit.watch('identity.support_grant');

-- What a grant permits at this moment; no row when it is over, or when who gave it is no owner any more: support never may more than they.
-- Reading alone sees what they see; with changes, modules' work too, but neither people, roles nor settings.
create function identity.support_open(p_tenant uuid, p_grant uuid) returns table (operator_id uuid, permissions text[]) language sql stable as $$
    select g.operator_id, array(select p.name from access.permission p where p.declared and p.name = any (held.permissions) and p.name not like 'ownership:%'
                                   and (p.name like '%:read' or (g.writing and p.module <> 'belsimple')))
      from identity.support_grant g join identity.tenant t on t.id = g.tenant_id join identity.account a on a.tenant_id = g.tenant_id and a.id = g.granted_by
      join operators.account o on o.id = g.operator_id
     cross join lateral (select pg_catalog.string_to_array(access.permissions_of(g.tenant_id, g.granted_by), ',') as permissions) held
     where g.tenant_id = p_tenant and g.id = p_grant and g.ended_at is null and g.expires_at > pg_catalog.clock_timestamp()
       and t.status = 'active' and a.status = 'active' and o.status = 'active' and 'ownership:write' = any (held.permissions)
$$;
create function identity.support_bearer(token bytea)
returns table (tenant_id uuid, account_id uuid, id uuid, permissions text[], touch_due boolean, fresh boolean, source text) language sql stable as $$
    select x.tenant_id, g.operator_id, x.id, g.permissions,
           s.last_seen not between pg_catalog.clock_timestamp() - interval '1 minute' and pg_catalog.clock_timestamp() + interval '1 minute', false, 'support'
      from identity.support_session x cross join lateral identity.support_open(x.tenant_id, x.grant_id) g join operators.session s on s.id = x.operator_session
     where x.token_hash = pg_catalog.sha256(token) and s.operator_id = g.operator_id and s.expires_at > pg_catalog.clock_timestamp() and s.last_seen > pg_catalog.clock_timestamp() - interval '15 minutes'
$$;
-- As in 0028, and for support: its tokens have 33 bytes, so that no look at sessions is lost on them nor theirs on sessions.
create or replace function identity.bearer(token bytea)
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
    elsif pg_catalog.octet_length(token) = 33 then
        return query select b.* from identity.support_bearer(token) b;
    else
        return query
        select k.tenant_id, k.account_id, k.id,
               array(select p from pg_catalog.unnest(pg_catalog.string_to_array(access.permissions_of(k.tenant_id, k.account_id), ',')) p where p = any (k.scopes)),
               coalesce(k.last_used_at not between pg_catalog.clock_timestamp() - interval '1 minute' and pg_catalog.clock_timestamp() + interval '1 minute', true), false, 'token'
          from identity.api_token k join identity.account a on a.tenant_id = k.tenant_id and a.id = k.account_id join identity.tenant t on t.id = k.tenant_id
         where k.token_hash = pg_catalog.sha256(token) and k.expires_at > pg_catalog.clock_timestamp() and a.status = 'active' and t.status = 'active';
    end if;
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
    elsif octet_length(token) = 33 then
        update operators.session x set last_seen = now()
        where x.token_hash = (
            select y.token_hash from operators.session y join identity.support_session u on u.operator_session = y.id
            where u.token_hash = sha256(token) and y.expires_at > now() and y.last_seen > now() - interval '15 minutes' and y.last_seen < now() - interval '1 minute'
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
        union all (select k.tenant_id, k.account_id, k.id, 'token' from identity.api_token k where k.token_hash = sha256(token))
        union all (select u.tenant_id, g.operator_id, u.id, 'support' from identity.support_session u join identity.support_grant g on g.tenant_id = u.tenant_id and g.id = u.grant_id
                    where u.token_hash = sha256(token))) b;
    if found then
        perform context.stamp(s.tenant_id, s.account_id, s.id, '', s.source);
        perform audit.record('refused', 'api.route', null, jsonb_build_object('route', left(route, 200), 'status', status, 'times', times));
        perform security.refused(s.tenant_id, s.account_id, times);
        perform set_config('context.stamp', '', true);
    end if;
end $$;
-- A job acts for an account of the tenant's; an operator has none.
create or replace function jobs.enqueue(p_task text, p_args jsonb, p_at timestamptz default null) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    part text[] := context.verified();
    job  bigint;
begin
    if part is null or part[3] <> 'w' then
        raise exception 'a job outside a context' using errcode = '42501';
    end if;
    if part[8] = 'support' then
        raise exception 'Support cannot do this. Ask somebody of the organisation.' using errcode = 'BS403', hint = 'not-for-support';
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

-- The tenant's side: owners alone.
create function identity.support_grants(p_id uuid)
returns table (id uuid, operator_name text, operator_email text, granted_by_name text, reason text, writing boolean, created_at timestamptz, expires_at timestamptz, ended_at timestamptz, "open" boolean, used boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select g.id, g.operator_name, g.operator_email, a.name, g.reason, g.writing, g.created_at, g.expires_at, g.ended_at, g.ended_at is null and g.expires_at > now(),
           exists (select from identity.support_session x join operators.session s on s.id = x.operator_session where x.tenant_id = g.tenant_id and x.grant_id = g.id and s.last_seen > now() - interval '15 minutes')
      from identity.support_grant g join identity.account a on a.tenant_id = g.tenant_id and a.id = g.granted_by
     where g.tenant_id = context.tenant('ownership:read') and (p_id is null or g.id = p_id) order by g.created_at desc, g.id limit 200
$$;
-- Every owner hears of it, whoever did it.
create function identity.tell_owners(p_kind text, p_tenant uuid, p_facts jsonb) returns void language sql as $$
    select identity.tell(p_kind, p_tenant, o.id, p_facts) from identity.account o
     where o.tenant_id = p_tenant and o.status = 'active' and exists (
           select from access.assignment g join access.role r on r.tenant_id = g.tenant_id and r.id = g.role_id where g.tenant_id = p_tenant and g.account_id = o.id and r.builtin and r.name = 'owner')
$$;
create function identity.grant_support(p_operator text, p_reason text, p_hours integer, p_writing boolean) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant   uuid := context.tenant('ownership:write', true);
    opened   uuid := tenancy.new_id();
    until    timestamptz := now() + make_interval(hours => p_hours);
    operator record;
    facts    jsonb;
begin
    perform identity.require_session();
    if p_hours not between 1 and 24 then
        raise exception 'Support access ends within 24 hours.' using errcode = 'BS422', detail = '/hours';
    end if;
    select o.id, o.name, o.email, o.language into operator from operators.account o where o.email = lower(trim(p_operator)) and o.status = 'active';
    if not found then
        raise exception 'There is no operator with this address. Ask support for it.' using errcode = 'BS422', detail = '/operator';
    end if;
    perform from identity.tenant t where t.id = tenant for no key update;
    -- A new grant takes the place of the one before: nobody holds two.
    update identity.support_grant g set ended_at = now() where g.tenant_id = tenant and g.operator_id = operator.id and g.ended_at is null and g.expires_at > now();
    insert into identity.support_grant (tenant_id, id, operator_id, operator_name, operator_email, granted_by, reason, writing, expires_at)
    values (tenant, opened, operator.id, operator.name, operator.email, context.account(), p_reason, p_writing, until);
    facts := jsonb_build_object('operator', operator.name, 'operator_email', operator.email, 'until', identity.stated(until), 'reason', p_reason, 'extent', case when p_writing then 'writing' else 'reading' end,
        'by', (select a.name from identity.account a where a.tenant_id = tenant and a.id = context.account()));
    perform identity.tell_owners('support_granted', tenant, facts);
    perform mail.post('operator_support', null, null, operator.email, operator.language, facts || jsonb_build_object('organisation', (select t.name from identity.tenant t where t.id = tenant)));
    return opened;
end $$;
create function identity.end_support(p_id uuid) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform identity.require_session();
    update identity.support_grant g set ended_at = now() where g.tenant_id = context.tenant('ownership:write', true) and g.id = p_id and g.ended_at is null and g.expires_at > now();
    return found;
end $$;
-- However a grant ends, who is inside is out.
create function identity.support_ended() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from identity.support_session x where x.tenant_id = new.tenant_id and x.grant_id = new.id;
    return null;
end $$;
create trigger support_ended after update of ended_at on identity.support_grant for each row when (new.ended_at is not null) execute function identity.support_ended();

-- The operator's side: one's own grants, and the way in. What is done inside is done under the operator's id, from source `support`.
create or replace function operators.permissions_of(role text) returns text[] language sql immutable as $$
    select case role
        when 'support'  then array['tenants:read', 'queues:read', 'mails:read', 'health:read', 'profile:read', 'support:read', 'support:write']
        when 'security' then array['tenants:read', 'queues:read', 'mails:read', 'health:read', 'profile:read', 'support:read', 'support:write', 'doctor:read', 'trail:read', 'operators:read', 'suspensions:write']
        when 'platform' then array['tenants:read', 'queues:read', 'mails:read', 'health:read', 'profile:read', 'support:read', 'support:write', 'doctor:read', 'trail:read', 'operators:read', 'suspensions:write',
                                   'tenants:write', 'mails:write', 'operators:write', 'profile:write'] end
$$;
create function operators.support_grants(p_session bytea) returns table (id uuid, tenant text, slug text, granted_by text, reason text, writing boolean, created_at timestamptz, expires_at timestamptz)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := operators.require(p_session, 'support:read');
begin
    return query select g.id, t.name, t.slug, a.name, g.reason, g.writing, g.created_at, g.expires_at
      from identity.support_grant g join identity.tenant t on t.id = g.tenant_id join identity.account a on a.tenant_id = g.tenant_id and a.id = g.granted_by
     where g.operator_id = who and exists (select from identity.support_open(g.tenant_id, g.id)) order by g.expires_at;
end $$;
create function operators.enter_support(p_session bytea, p_grant uuid, p_token_hash bytea) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    who    uuid := operators.act(p_session, 'support:write');
    inside uuid := tenancy.new_id();
    g      identity.support_grant;
begin
    select x.* into g from identity.support_grant x where x.id = p_grant and x.operator_id = who for no key update;
    if not found or not exists (select from identity.support_open(g.tenant_id, g.id)) then raise exception 'Not found.' using errcode = 'BS404'; end if;
    insert into identity.support_session (token_hash, tenant_id, grant_id, id, operator_session) select p_token_hash, g.tenant_id, g.id, inside, l.session from operators.living(p_session) l;
    perform context.stamp(g.tenant_id, who, inside, '', 'support');
    perform audit.record('support_entered', 'identity.support_grant', g.id, jsonb_build_object('operator', g.operator_email, 'writing', g.writing));
    perform identity.tell_owners('support_entered', g.tenant_id, jsonb_build_object('at', identity.stated(now()), 'operator', g.operator_name, 'operator_email', g.operator_email, 'reason', g.reason));
    perform set_config('context.stamp', '', true);
    perform audit.record_system('operator:' || who, 'support_entered', jsonb_build_object('tenant', g.tenant_id, 'grant', g.id));
end $$;
-- The way out, from inside.
create function identity.leave_support() returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from identity.support_session x where x.tenant_id = context.tenant(null, true) and x.id = context.session() and (context.verified())[8] = 'support';
    if found then perform audit.record('support_left', 'identity.support_session', context.session()); end if;
end $$;

-- Who reads a page, and the support access that the page tells of: the reader's own, or one that is in use in their tenant.
create function identity.viewer()
returns table (name text, email text, language text, zone text, tenant text, slug text, support_inside boolean, support_operator text, support_reason text, support_until timestamptz, support_writing boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with grants as (
        select g.operator_id, g.operator_name, g.operator_email, g.reason, g.expires_at, g.writing, x.id as session_id
          from identity.support_session x join identity.support_grant g on g.tenant_id = x.tenant_id and g.id = x.grant_id join operators.session s on s.id = x.operator_session
         where x.tenant_id = context.tenant() and g.ended_at is null and g.expires_at > now() and s.expires_at > now() and s.last_seen > now() - interval '15 minutes'
           and (s.operator_id = g.operator_id) order by x.id = context.session() desc, x.created_at desc limit 1)
    select a.name, a.email, a.language, a.zone, t.name, t.slug, false, s.operator_name, s.reason, s.expires_at, s.writing
      from identity.account a join identity.tenant t on t.id = a.tenant_id left join grants s on true
     where a.tenant_id = context.tenant() and a.id = context.account()
    union all
    select s.operator_name, s.operator_email, o.language, 'Europe/Brussels', t.name, t.slug, true, s.operator_name, s.reason, s.expires_at, s.writing
      from grants s join operators.account o on o.id = s.operator_id join identity.tenant t on t.id = context.tenant()
     where s.session_id = context.session() and (context.verified())[8] = 'support'
$$;

-- Names beside ids, as in 0023 and 0025, and of operators who were let in.
create function identity.support_names(p_tenant uuid, p_ids uuid[]) returns table (id uuid, name text, email text) language sql stable as $$
    select distinct on (g.operator_id) g.operator_id, g.operator_name, g.operator_email from identity.support_grant g
     where g.tenant_id = p_tenant and g.operator_id = any (p_ids) order by g.operator_id, g.created_at desc
$$;
create or replace function audit.actors(p_accounts uuid[]) returns table (id uuid, name text, email text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.id, a.name, a.email from identity.account a where a.tenant_id = context.tenant('audit:read') and a.id = any (p_accounts)
    union all select s.id, s.name, s.email from identity.support_names(context.tenant('audit:read'), p_accounts) s
$$;
create or replace function identity.names(p_accounts uuid[]) returns table (id uuid, name text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.id, a.name from identity.account a where a.tenant_id = context.tenant() and a.id = any (p_accounts)
    union all select s.id, s.name from identity.support_names(context.tenant(), p_accounts) s
$$;
create or replace function audit.history(p_relation text, p_object uuid, p_before_at timestamptz, p_before_id uuid, p_limit integer)
returns table (id uuid, at timestamptz, actor text, source text, action text, changed text[], old text, new text, detail text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant uuid   := (select context.tenant(p.read_permission) from tenancy.protected p where p.relation = p_relation);
    hidden text[] := audit.secret_columns(p_relation) || '{tenant_id}'::text[];
begin
    if tenant is null then return; end if;
    return query
    select e.id, e.at, coalesce(a.name, s.name), e.source, e.action, c.changed, (case when c.changed is null then e.old - hidden else f.old end)::text,
           (case when c.changed is null then e.new - hidden else f.new end)::text, e.detail::text
    from (select x.* from audit.entry x
           where x.tenant_id = tenant and x.object_id = p_object and x.object_type = p_relation and (p_before_at is null or (x.at, x.id) < (p_before_at, p_before_id))
           order by x.at desc, x.id desc limit least(p_limit, 200)) e
    left join identity.account a on a.tenant_id = tenant and a.id = e.account_id
    left join lateral identity.support_names(tenant, array[e.account_id]) s on e.source = 'support'
    cross join lateral (select case when e.action = 'update' and e.old is not null and e.new is not null then
        array(select k from jsonb_object_keys(e.new) k where k <> all (hidden) and e.old -> k is distinct from e.new -> k order by k) end as changed) c
    cross join lateral (select jsonb_object_agg(k, e.old -> k) as old, jsonb_object_agg(k, e.new -> k) as new from unnest(c.changed) k) f
    order by e.at desc, e.id desc;
end $$;

grant execute on function identity.support_grants(uuid), identity.grant_support(text, text, integer, boolean), identity.end_support(uuid), identity.leave_support(), identity.viewer() to :"app";
grant execute on function identity.viewer() to :"gate";
grant execute on function operators.support_grants(bytea), operators.enter_support(bytea, uuid, bytea) to :"operator";
