-- name: begin_read
-- One simple-protocol message: whatever an earlier request left on this backend is reset or refused before anything else runs.
reset all; begin isolation level read committed read only; select context.pristine();

-- name: begin_write
-- The same for a request that may change state.
reset all; begin isolation level read committed read write; select context.pristine();

-- name: wipe
-- The same before a statement outside any transaction.
reset all; select context.pristine();

-- name: enter
-- Verifies the session's token and stamps this transaction with its tenant, account and permissions.
select tenant_id, account_id, session_id, permissions, touch_due, fresh from context.enter(:token, :address::text::inet);

-- name: enter_provisioning
-- The same for a directory's token, which opens SCIM and nothing else.
select tenant_id, account_id, session_id, permissions, touch_due, fresh from scim.enter(:token, :address::text::inet);

-- name: enter_job
-- The worker's way in: the ticket of a job that is being worked on.
select tenant_id, account_id, permissions, task, args from jobs.enter(:job_id);

-- name: enter_operator
-- Verifies an operator's session and tells what it may do. There is no stamp: each function of an operator's takes the token itself.
select operator_id, session_id, permissions, touch_due, fresh from operators.enter(:token);

-- name: commit
-- Ends a transaction for good.
commit;

-- name: rollback
-- Ends a transaction that failed.
rollback;

-- name: touch
-- Writes a session's last use, at most once a minute.
select context.touch(:token);

-- name: touch_operator
-- The same for an operator's session.
select operators.touch(:token);

-- name: enqueue
-- A job in the caller's own transaction.
select jobs.enqueue(:task, :args::jsonb, :at);

-- name: record
-- An event that is no row change, in the tenant's trail.
select audit.record(:action, :object_type, :object_id, :detail::jsonb);

-- name: instance
-- The id of this installation, part of its cookies' names.
select system.instance();

-- name: history
-- What happened to an object, newest first, from behind a place; nothing for whoever may not read its table.
select id, at, actor, source, action, changed, old, new, detail from audit.history(:relation, :object_id, :before_at, :before_id, :limit);

-- name: setting
-- What the tenant has set, as JSON; null when nothing.
select tenancy.setting_value(:name);

-- name: mail
-- A module's letter to an account of the tenant.
select mail.post_to_member(:kind, :account_id, :facts::jsonb);

-- name: names
-- The names of accounts of the tenant, as one JSON object by id.
select coalesce(json_object_agg(id, name), '{}') from identity.names(:accounts);
