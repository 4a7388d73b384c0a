-- What operators do, each function behind its session: staff, tenants, the state of the service, the profile.

-- Operators and their invitations.
create function operators.accounts(p_session bytea, p_id uuid, p_after_email text, p_limit integer)
returns table (id uuid, email text, name text, language text, role text, status text, created_at timestamptz, version integer)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.require(p_session, 'operators:read');
    return query select a.id, a.email, a.name, a.language, a.role, a.status, a.created_at, a.version from operators.account a
     where (p_id is null or a.id = p_id) and (p_after_email is null or a.email > p_after_email) order by a.email limit p_limit;
end $$;
-- It returns what it made: who takes the own rights or deactivates themselves could not ask again.
create function operators.change_account(p_session bytea, p_id uuid, p_role text, p_status text, p_expected integer)
returns table (id uuid, email text, name text, language text, role text, status text, created_at timestamptz, version integer)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.act(p_session, 'operators:write');
    perform from operators.account a where a.id = p_id;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    update operators.account a set role = coalesce(p_role, a.role), status = coalesce(p_status, a.status), version = a.version + 1 where a.id = p_id and (p_expected is null or a.version = p_expected);
    if not found then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
    return query select a.id, a.email, a.name, a.language, a.role, a.status, a.created_at, a.version from operators.account a where a.id = p_id;
end $$;
create function operators.invitations(p_session bytea) returns table (id uuid, email text, role text, language text, created_at timestamptz, expires_at timestamptz)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.require(p_session, 'operators:read');
    return query select i.id, i.email, i.role, i.language, i.created_at, i.expires_at from operators.invitation i
     where i.accepted_at is null and i.expires_at > now() and i.email is not null and operators.vouched(i.invited_by) order by i.email;
end $$;
create function operators.invite(p_session bytea, p_email text, p_role text, p_language text) returns uuid language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    who        uuid := operators.act(p_session, 'operators:write');
    invitation uuid;
begin
    invitation := operators.add_invitation(p_email, p_role, p_language, who);
    perform mail.post('operator_invitation', null, null, lower(p_email), p_language, jsonb_build_object('role', p_role), 'operator_invitation', invitation);
    return invitation;
end $$;
create function operators.withdraw_invitation(p_session bytea, p_id uuid) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.act(p_session, 'operators:write');
    delete from operators.invitation i where i.id = p_id and i.accepted_at is null and i.email is not null;
    return found;
end $$;

-- Tenants: their names, states and sizes, never a row of theirs.
create function operators.tenants(p_session bytea, p_id uuid, p_after_slug text, p_limit integer)
returns table (id uuid, slug text, name text, status text, synthetic boolean, accounts integer, created_at timestamptz, suspension_reason text, suspended_since timestamptz, document_bytes bigint, document_quota bigint)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.require(p_session, 'tenants:read');
    return query select t.id, t.slug, t.name, t.status, t.synthetic, (select count(*)::integer from identity.account a where a.tenant_id = t.id), t.created_at, s.reason, s.since, u.bytes, u.quota
      from identity.tenant t left join operators.suspension s on s.tenant_id = t.id cross join lateral files.usage_of(t.id) u
     where (p_id is null or t.id = p_id) and (p_after_slug is null or t.slug > p_after_slug) order by t.slug limit p_limit;
end $$;
create function operators.create_tenant(p_session bytea, p_slug text, p_name text, p_owner_email text, p_language text) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := operators.act(p_session, 'tenants:write');
begin
    if exists (select from identity.tenant t where t.slug = p_slug) then
        raise exception 'There is a tenant with this short name already.' using errcode = 'BS409', hint = 'slug-taken';
    end if;
    return (select c.tenant from tenancy.create(p_slug, p_name, p_owner_email, p_language, 'operator:' || who, false) c);
end $$;
-- Everything of theirs ends at once by identity's trigger; jobs and mails wait, and nothing is lost.
create function operators.suspend(p_session bytea, p_tenant uuid, p_reason text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    who uuid := operators.act(p_session, 'suspensions:write');
    t   identity.tenant;
begin
    select x.* into t from identity.tenant x where x.id = p_tenant for no key update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    if t.status not in ('active', 'suspended') then raise exception 'This tenant is being removed.' using errcode = 'BS409', hint = 'tenant-removing'; end if;
    insert into operators.suspension as s (tenant_id, reason) values (t.id, p_reason) on conflict (tenant_id) do update set reason = excluded.reason;
    if t.status = 'active' then perform tenancy.set_status(t.slug, 'suspended', 'operator:' || who); end if;
    perform audit.record_system('operator:' || who, 'suspension_reason', jsonb_build_object('tenant', t.id, 'slug', t.slug, 'reason', p_reason));
end $$;
create function operators.resume(p_session bytea, p_tenant uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    who uuid := operators.act(p_session, 'suspensions:write');
    t   identity.tenant;
begin
    select x.* into t from identity.tenant x where x.id = p_tenant for no key update;
    if not found or t.status <> 'suspended' then raise exception 'Not found.' using errcode = 'BS404'; end if;
    perform tenancy.set_status(t.slug, 'active', 'operator:' || who);
end $$;
create function operators.set_quota(p_session bytea, p_tenant uuid, p_bytes bigint) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := operators.act(p_session, 'tenants:write');
begin
    perform from identity.tenant t where t.id = p_tenant for key share;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    perform files.set_quota(p_tenant, p_bytes, 'operator:' || who);
end $$;

-- The state of the service.
create function operators.queues(p_session bytea) returns table (queue text, due integer, scheduled integer, doing integer, failed integer, oldest_due_seconds double precision)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.require(p_session, 'queues:read');
    return query select j.queue_name::text, (count(*) filter (where j.status = 'todo' and coalesce(j.scheduled_at, now()) <= now()))::integer,
                        (count(*) filter (where j.status = 'todo' and j.scheduled_at > now()))::integer, (count(*) filter (where j.status = 'doing'))::integer,
                        (count(*) filter (where j.status = 'failed'))::integer, operators.waited(j.queue_name::text)
                 from jobs.procrastinate_jobs j group by j.queue_name order by j.queue_name;
end $$;
-- For how many seconds the oldest job of a queue (null: of any) has been due. Of those without a time, the lowest number is the oldest.
create function operators.waited(p_queue text) returns double precision language sql stable as $$
    select extract(epoch from greatest(
        (select now() - min(j.scheduled_at) from jobs.procrastinate_jobs j where j.status = 'todo' and j.scheduled_at <= now() and (p_queue is null or j.queue_name = p_queue)),
        (select now() - min(e.at) from jobs.procrastinate_events e
          where e.job_id = (select min(j.id) from jobs.procrastinate_jobs j where j.status = 'todo' and j.scheduled_at is null and (p_queue is null or j.queue_name = p_queue)))))::double precision
$$;
-- Jobs that were given up; their arguments are the tenant's and stay unseen.
create function operators.failed_jobs(p_session bytea, p_before bigint, p_limit integer)
returns table (id bigint, queue text, task text, tenant text, attempts integer, made_at timestamptz, failed_at timestamptz)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.require(p_session, 'queues:read');
    return query select j.id, j.queue_name::text, j.task_name::text, t.slug, j.attempts, (select min(e.at) from jobs.procrastinate_events e where e.job_id = j.id),
                        (select max(e.at) from jobs.procrastinate_events e where e.job_id = j.id and e.type = 'failed')
                 from jobs.procrastinate_jobs j left join jobs.ticket k on k.job_id = j.id left join identity.tenant t on t.id = k.tenant_id
                 where j.status = 'failed' and (p_before is null or j.id < p_before) order by j.id desc limit p_limit;
end $$;
create function operators.mails(p_session bytea, p_state text, p_before uuid, p_limit integer)
returns table (id uuid, tenant text, kind text, recipient text, language text, state text, attempts integer, error text, created_at timestamptz, next_at timestamptz, finished_at timestamptz)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.require(p_session, 'mails:read');
    return query select m.* from mail.messages(p_state, p_before, p_limit) m;
end $$;
create function operators.retry_mail(p_session bytea, p_id uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := operators.act(p_session, 'mails:write', false);
begin
    perform mail.retry(p_id, 'operator:' || who);
end $$;
create function operators.health(p_session bytea)
returns table (postgresql text, migrations integer, tenants integer, suspended integer, sessions integer, workers integer, oldest_due_job_seconds double precision, failed_jobs integer, waiting_mails integer, dead_mails integer)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.require(p_session, 'health:read');
    return query select current_setting('server_version'), (select count(*)::integer from system.migration m where m.source = 'belsimple'),
        (select count(*)::integer from identity.tenant t where not t.synthetic), (select count(*)::integer from identity.tenant t where t.status = 'suspended'),
        (select count(*)::integer from identity.session s where s.expires_at > now()), (select count(*)::integer from jobs.procrastinate_workers w where w.last_heartbeat > now() - interval '30 seconds'),
        coalesce(operators.waited(null), 0), (select count(*)::integer from jobs.procrastinate_jobs j where j.status = 'failed'),
        (select count(*)::integer from mail.message m where m.state = 'waiting'), (select count(*)::integer from mail.message m where m.state = 'dead');
end $$;
-- The catalogues are open to every role; who asks through the API must still hold the permission.
create function operators.allow_doctor(p_session bytea) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.require(p_session, 'doctor:read');
end $$;
create function operators.trail(p_session bytea, p_since timestamptz, p_until timestamptz, p_actor text, p_action text, p_before_at timestamptz, p_before_id uuid, p_limit integer)
returns table (id uuid, at timestamptz, actor text, action text, detail text) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.require(p_session, 'trail:read');
    return query select e.id, e.at, e.actor, e.action, e.detail::text from audit.system_entry e
     where (p_since is null or e.at >= p_since) and (p_until is null or e.at < p_until) and (p_actor is null or e.actor = p_actor) and (p_action is null or e.action = p_action)
       and (p_before_at is null or (e.at, e.id) < (p_before_at, p_before_id)) order by e.at desc, e.id desc limit p_limit;
end $$;

create function operators.profile_of(p_session bytea)
returns table (legal_name text, enterprise_number text, address text, email text, officer_name text, officer_email text, security_name text, security_email text, version integer)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.require(p_session, 'profile:read');
    return query select p.legal_name, p.enterprise_number, p.address, p.email, p.officer_name, p.officer_email, p.security_name, p.security_email, p.version from operators.profile p;
end $$;
create function operators.change_profile(p_session bytea, p_legal_name text, p_enterprise_number text, p_address text, p_email text, p_officer_name text, p_officer_email text,
    p_security_name text, p_security_email text, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.act(p_session, 'profile:write');
    update operators.profile p set legal_name = coalesce(p_legal_name, p.legal_name), enterprise_number = coalesce(p_enterprise_number, p.enterprise_number), address = coalesce(p_address, p.address),
           email = coalesce(p_email, p.email), officer_name = coalesce(p_officer_name, p.officer_name), officer_email = coalesce(p_officer_email, p.officer_email),
           security_name = coalesce(p_security_name, p.security_name), security_email = coalesce(p_security_email, p.security_email), version = p.version + 1
     where p.version = p_expected;
    if not found then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
end $$;
-- Where security events of the whole installation are told; null until the operator says so.
create function operators.security_contact() returns text language sql stable as $$ select p.security_email from operators.profile p $$;

-- By the clock: what is over goes.
create function operators.tidy() returns jsonb language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    ended   integer;
    removed integer;
begin
    perform operators.act_as('sweep');
    delete from operators.session s where s.expires_at <= now() or s.last_seen <= now() - interval '15 minutes';
    get diagnostics ended = row_count;
    delete from operators.invitation i where i.accepted_at is null and i.expires_at <= now();
    get diagnostics removed = row_count;
    delete from operators.reset r where r.created_at < now() - interval '30 days';
    delete from operators.reset_request r where r.created_at < now() - interval '1 hour';
    delete from operators.answer a where a.created_at < now() - interval '24 hours';
    delete from operators.familiar_network f where f.last_at < now() - interval '90 days';
    return jsonb_build_object('sessions', ended, 'invitations', removed);
end $$;

grant usage on schema operators, context, limits to :"operator";
grant usage on schema operators to :"worker";
grant execute on function context.pristine(), limits.take(bytea, bigint, integer), limits.refund(bytea, bigint) to :"operator";
grant execute on function operators.answer_reset(uuid), operators.tidy() to :"worker";
-- Every definer function of this schema but triggers' and the worker's: doctor checks that each takes the session, or is one of those who open one.
do $$ declare f regprocedure; begin
    for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'operators'::regnamespace and p.prosecdef and p.prorettype <> 'trigger'::regtype
             and p.proname not in ('answer_reset', 'tidy') loop
        execute format('grant execute on function %s to %I', f, :'operator');
    end loop;
end $$;
