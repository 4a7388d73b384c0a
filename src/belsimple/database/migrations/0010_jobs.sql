-- Jobs. procrastinate's own objects stand in this schema (made by the migrator just before this file). Enqueuing and entering go through functions.

-- What a job may enter, kept where no login role can write: the queue's row can be edited by the worker, the ticket cannot.
create table jobs.ticket (
    job_id      bigint primary key,
    tenant_id   uuid not null references identity.tenant on delete cascade,
    account_id  uuid,
    task        text not null,
    args        jsonb not null,
    created_at  timestamptz not null default now(),
    finished_at timestamptz
);
create index ticket_finished_at on jobs.ticket (finished_at);
alter table jobs.ticket enable row level security, force row level security;
create policy owner_only on jobs.ticket to :"owner" using (true) with check (true);

-- Inside the caller's own transaction: the job exists if and only if the change does.
create function jobs.enqueue(p_task text, p_args jsonb, p_at timestamptz default null) returns bigint
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
    insert into jobs.ticket values (job, part[4]::uuid, nullif(part[5], '')::uuid, p_task, p_args);
    perform audit.record('enqueued', 'jobs.ticket', null, jsonb_build_object('job', job, 'task', p_task));
    return job;
end $$;

-- The worker's only way into a tenant: the ticket of a job that is being worked on. Task, arguments, tenant and account come from the
-- ticket; permissions are those the account holds now. A finished ticket opens nothing.
create function jobs.enter(p_job_id bigint) returns table (tenant_id uuid, account_id uuid, permissions text, task text, args jsonb)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare k record;
begin
    if coalesce(current_setting('context.stamp', true), '') <> '' then
        raise exception 'already entered' using errcode = '25001';
    end if;
    perform context.require_fresh_snapshot();
    select x.tenant_id, x.account_id, x.task, x.args, t.status, access.permissions_of(x.tenant_id, x.account_id) as permissions into k
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
-- In the job's own transaction: its work and its end are one commit, so a job that is retried after a crash does its work once.
create function jobs.finish(p_job_id bigint) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    update jobs.ticket x set finished_at = now() where x.job_id = p_job_id and x.tenant_id = context.tenant(null, true) and x.finished_at is null;
    if not found then
        raise exception 'no such job' using errcode = '28000';
    end if;
end $$;

-- The first scheduled job: rows past their time. Sessions end tenant by tenant, in each tenant's own trail.
create function jobs.sweep() returns jsonb language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    t        uuid;
    n        integer;
    sessions integer := 0;
    answers  integer;
    buckets  integer;
    tickets  integer;
begin
    for t in select distinct s.tenant_id from identity.session s join identity.tenant x on x.id = s.tenant_id
              where s.expires_at <= now() or s.last_seen <= now() - make_interval(mins => x.session_idle_minutes) loop
        perform context.stamp(t, null, null, '', 'sweep');
        delete from identity.session s using identity.tenant x where s.tenant_id = t and x.id = t and (s.expires_at <= now() or s.last_seen <= now() - make_interval(mins => x.session_idle_minutes));
        get diagnostics n = row_count;
        sessions := sessions + n;
    end loop;
    perform set_config('context.stamp', '', true);
    delete from idempotency.answer a where a.created_at < now() - interval '24 hours';
    get diagnostics answers = row_count;
    delete from limits.bucket b where b.full_until < now() - interval '1 hour';
    get diagnostics buckets = row_count;
    delete from jobs.ticket x where x.finished_at < now() - interval '7 days';
    get diagnostics tickets = row_count;
    delete from identity.familiar_address f where f.last_at < now() - interval '90 days';
    return jsonb_build_object('sessions', sessions, 'answers', answers, 'buckets', buckets, 'tickets', tickets);
end $$;

grant execute on function jobs.enqueue(text, jsonb, timestamptz) to :"app", :"gate", :"worker";
grant execute on function jobs.enter(bigint), jobs.finish(bigint), jobs.sweep() to :"worker";

-- procrastinate's functions name their tables without a schema: pin where they look, so that no caller's search_path decides. The queue is the
-- worker's. Run again after an upgrade of procrastinate, which brings objects of its own.
create function jobs.adopt_queue() returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare f regprocedure; t regclass;
begin
    for f in select oid::regprocedure from pg_proc where pronamespace = 'jobs'::regnamespace and proname like 'procrastinate%' loop
        execute format('alter function %s set search_path = jobs, pg_temp', f);
        execute format('grant execute on function %s to %I', f, :'worker');
    end loop;
    for t in select c.oid::regclass from pg_class c where c.relnamespace = 'jobs'::regnamespace and c.relkind = 'r' and c.relname like 'procrastinate%' loop
        execute format('alter table %s enable row level security', t);
        execute format('drop policy if exists queue on %s', t);
        execute format('create policy queue on %s to %I, %I using (true) with check (true)', t, :'owner', :'worker');
        execute format('grant select, insert, update, delete on %s to %I', t, :'worker');
    end loop;
    execute format('grant usage on all sequences in schema jobs to %I', :'worker');
end $$;
select jobs.adopt_queue();
