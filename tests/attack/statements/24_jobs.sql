-- The worker enters a tenant only by the ticket of a job that is being worked on. Role worker, arbitrary SQL.

-- name: worker_reads_without_a_job
-- number: 24
-- role: worker
-- context: none
-- expect: empty
-- guard: read_policy
select * from dossiers.dossier;

-- name: worker_writes_without_a_job
-- number: 24
-- role: worker
-- context: none
-- expect: 42501
-- guard: write_policies
insert into dossiers.dossier (tenant_id, title) values (:'b_tenant', 'x');

-- name: worker_presents_a_token
-- Sessions are no way in for a worker.
-- number: 24
-- role: worker
-- context: none
-- expect: 42501
-- guard: worker_functions
select * from context.enter(:'a_token');

-- name: worker_edits_a_ticket
-- number: 24
-- role: worker
-- context: none
-- expect: 42501
-- guard: ticket_grants
update jobs.ticket set tenant_id = :'b_tenant';

-- name: worker_reads_tickets
-- number: 24
-- role: worker
-- context: none
-- expect: 42501
-- guard: ticket_grants
select * from jobs.ticket;

-- name: worker_makes_a_ticket
-- number: 24
-- role: worker
-- context: none
-- expect: 42501
-- guard: ticket_grants
insert into jobs.ticket (job_id, tenant_id, task, args) values (-1, :'b_tenant', 'x.y', '{}');

-- name: a_job_whose_tenant_was_edited
-- The queue's row can be edited; what is entered is the ticket's tenant.
-- number: 24
-- role: worker
-- context: raw
-- expect: equals :'a_tenant'
-- guard: ticket_tenant
-- on: asking write
-- keep: job
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: main
begin;
update jobs.procrastinate_jobs set status = 'doing', args = jsonb_build_object('tenant_id', :'b_tenant') where id = :'job';
select tenant_id from jobs.enter(:'job');

-- name: a_job_turned_into_another_task
-- number: 24
-- role: worker
-- context: raw
-- expect: 28000
-- guard: ticket_task
-- on: asking write
-- keep: job
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: main
begin;
update jobs.procrastinate_jobs set status = 'doing', task_name = 'attack.something' where id = :'job';
select * from jobs.enter(:'job');

-- name: a_job_not_being_worked_on
-- number: 24
-- role: worker
-- context: raw
-- expect: 28000
-- guard: ticket_doing
-- on: asking write
-- keep: job
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: main
begin;
select * from jobs.enter(:'job');

-- name: a_job_without_a_ticket
-- A row put into the queue by hand opens nothing.
-- number: 24
-- role: worker
-- context: none
-- expect: 28000
-- guard: ticket_needed
-- on: asking write
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: main
-- keep: job
insert into jobs.procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, status) values ('tenant', 'attack.nothing', 0, null, null, jsonb_build_object('tenant', :'b_tenant'), 'doing') returning id;
select * from jobs.enter(:'job');

-- name: a_retry_after_the_work_was_done
-- number: 24
-- role: worker
-- context: raw
-- expect: 28000
-- guard: ticket_finished
-- on: asking write
-- keep: job
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: main
begin;
update jobs.procrastinate_jobs set status = 'doing' where id = :'job';
select * from jobs.enter(:'job');
select jobs.finish(:'job');
commit;
begin;
select * from jobs.enter(:'job');
-- afterwards
delete from jobs.procrastinate_jobs where id = :'job';

-- name: two_jobs_in_one_transaction
-- number: 24
-- role: worker
-- context: raw
-- expect: 25001
-- guard: one_job
-- on: asking write
-- keep: job
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: theirs b_write
-- keep: other
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: main
begin;
update jobs.procrastinate_jobs set status = 'doing' where id in (:'job', :'other');
select * from jobs.enter(:'job');
select * from jobs.enter(:'other');

-- name: a_retry_in_anothers_context
-- The stamp of one job does nothing for the next transaction on its connection.
-- number: 24
-- role: worker
-- context: raw
-- expect: 28000
-- guard: stamp_time
-- on: asking write
-- keep: job
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: main
begin;
update jobs.procrastinate_jobs set status = 'doing' where id = :'job';
-- keep: stamp
select current_setting('context.stamp') from jobs.enter(:'job');
commit;
begin;
select set_config('context.stamp', :'stamp', true);
select * from dossiers.dossier;
-- afterwards
delete from jobs.procrastinate_jobs where id = :'job';

-- name: a_job_reads_its_tenant_only
-- number: 24
-- role: worker
-- context: raw
-- expect: equals :'a_tenant'
-- guard: read_policy
-- on: asking write
-- keep: job
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: main
begin;
update jobs.procrastinate_jobs set status = 'doing' where id = :'job';
select * from jobs.enter(:'job');
select string_agg(distinct tenant_id::text, ',') from dossiers.dossier;

-- name: a_job_has_no_more_than_its_account
-- number: 24
-- role: worker
-- context: raw
-- expect: 42501
-- guard: live_permissions
-- on: asking auditor
-- keep: job
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: main
begin;
update jobs.procrastinate_jobs set status = 'doing' where id = :'job';
select * from jobs.enter(:'job');
insert into dossiers.dossier (title) values ('an auditor''s job');

-- name: finishing_anothers_job
-- number: 24
-- role: worker
-- context: raw
-- expect: 28000
-- guard: finish_tenant
-- on: asking write
-- keep: job
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: theirs b_write
-- keep: other
select jobs.enqueue('attack.nothing', '{}'::jsonb, now() + interval '1 day');
commit;
-- on: main
begin;
update jobs.procrastinate_jobs set status = 'doing' where id = :'job';
select * from jobs.enter(:'job');
select jobs.finish(:'other');

-- name: worker_reads_no_verifier
-- number: 24
-- role: worker
-- context: raw
-- expect: 42501
-- guard: ticket_grants
select * from identity.password;

-- name: worker_makes_no_stamp
-- number: 24
-- role: worker
-- context: raw
-- expect: 42501
-- guard: worker_functions
select context.stamp(:'b_tenant', null, null, 'dossiers:read', 'job');
