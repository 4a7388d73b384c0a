-- name: queues
-- How much each queue holds.
select queue, due, scheduled, doing, failed, oldest_due_seconds from operators.queues(:session);

-- name: failed_jobs
-- Jobs that were given up, newest first, before one of them.
select id, queue, task, tenant, attempts, made_at, failed_at from operators.failed_jobs(:session, :before, :limit);

-- name: mails
-- Mails, newest first, before one of them; recipients are masked.
select id, tenant, kind, recipient, language, state, attempts, error, created_at, next_at, finished_at
from operators.mails(:session, :state, :before, :limit);

-- name: retry_mail
-- Tries a mail again that was given up.
select operators.retry_mail(:session, :id);

-- name: health
-- The figures of the service.
select postgresql, migrations, tenants, suspended, sessions, workers, oldest_due_job_seconds, failed_jobs, waiting_mails, dead_mails
from operators.health(:session);

-- name: allow_doctor
-- Refused to who may not ask for the catalogue check.
select operators.allow_doctor(:session);

-- name: trail
-- The operator's trail, newest first, from behind a place in it. A filter that is null lets everything through.
select id, at, actor, action, detail from operators.trail(:session, :since, :until, :actor, :action, :before_at, :before_id, :limit);

-- name: tenants_by_status
-- How many tenants are in each status; those that probes made are not counted.
select status, tenants from operators.tenants_by_status(:session);
