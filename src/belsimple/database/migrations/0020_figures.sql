-- Figures for whoever watches the service: counts and ages, never a row. The worker asks for them when Prometheus asks it.
create function system.figures() returns table (name text, label text, value double precision)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    -- As of each table's last vacuum. Asking the files would need a right to the whole database, which the owner is not given.
    select 'database_size_bytes', null, (sum(c.relpages::bigint) * current_setting('block_size')::bigint)::double precision from pg_class c
    union all select 'sessions', null, count(*) from identity.session
    union all
    select f.name, q.queue, case f.name when 'jobs_waiting' then count(j.id) filter (where j.status = 'todo')
                                        when 'jobs_failed' then count(j.id) filter (where j.status = 'failed')
                                        -- since when it could have been done: a job for tomorrow is not late
                                        else coalesce(extract(epoch from now() - min(coalesce(j.scheduled_at, e.at)) filter (where j.status = 'todo' and coalesce(j.scheduled_at, e.at) <= now())), 0) end
    from unnest(array['tenant', 'mail', 'system']) q(queue)
    cross join unnest(array['jobs_waiting', 'jobs_failed', 'jobs_oldest_seconds']) f(name)
    left join jobs.procrastinate_jobs j on j.queue_name::text = q.queue and j.status in ('todo', 'failed')
    left join lateral (select max(x.at) as at from jobs.procrastinate_events x where x.job_id = j.id) e on true
    group by f.name, q.queue
    union all
    select 'mails', s.state, count(m.id) from unnest(array['waiting', 'dead']) s(state) left join mail.message m on m.state = s.state group by s.state
    union all
    select 'worker_heartbeat_age_seconds', null, coalesce(extract(epoch from now() - max(w.last_heartbeat)), 0) from jobs.procrastinate_workers w
$$;
grant execute on function system.figures() to :"worker";
