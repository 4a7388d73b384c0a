-- Without a context every protected table reads empty and every write fails. Role app, arbitrary SQL.

-- name: read_without_context
-- number: 1
-- context: none
-- expect: empty
-- guard: read_policy
select * from dossiers.dossier;

-- name: read_outside_any_transaction
-- number: 1
-- context: raw
-- expect: empty
-- guard: read_policy
select * from dossiers.dossier;

-- name: count_without_context
-- number: 1
-- context: none
-- expect: equals 0
-- guard: read_policy
select count(*) from dossiers.dossier;

-- name: read_words_without_context
-- number: 1
-- context: none
-- expect: empty
-- guard: word_policy
select * from dossiers.dossier_term;

-- name: read_word_lists_without_context
-- number: 1
-- context: none
-- expect: empty
-- guard: word_policy
select * from dossiers.dossier_words;

-- name: read_trail_without_context
-- number: 1
-- context: none
-- expect: empty
-- guard: trail_policy
select * from audit.entry;

-- name: insert_without_context
-- number: 1
-- context: none
-- expect: 42501
-- guard: write_policies
insert into dossiers.dossier (tenant_id, title) values (:'b_tenant', 'from nowhere');

-- name: update_without_context
-- number: 1
-- context: none
-- expect: 42501
-- guard: write_policies
update dossiers.dossier set title = 'from nowhere';

-- name: delete_without_context
-- number: 1
-- context: none
-- expect: 42501
-- guard: write_policies
delete from dossiers.dossier;

-- name: lock_rows_without_context
-- Row locks on another tenant's rows would stop its work. They need the permission to write.
-- number: 1
-- context: none
-- expect: 42501 empty
-- guard: no_policies
select * from dossiers.dossier for update;

-- name: members_without_context
-- number: 1
-- context: none
-- expect: empty
-- guard: members_tenant
select * from identity.members(null, null, 200);

-- name: tables_of_accounts
-- Accounts, sessions and password verifiers are reached through functions only.
-- number: 1
-- context: none
-- expect: 42501
-- guard: identity_grants
select * from identity.account;

-- name: tables_of_verifiers
-- number: 1
-- context: write
-- expect: 42501
-- guard: identity_grants
select verifier from identity.password;

-- name: tables_of_sessions
-- number: 1
-- context: write
-- expect: 42501
-- guard: identity_grants
select token_hash from identity.session;

-- name: tables_of_tenants
-- number: 1
-- context: write
-- expect: 42501
-- guard: identity_grants
update identity.tenant set status = 'suspended';

-- name: tables_of_invitations
-- number: 1
-- context: write
-- expect: 42501
-- guard: identity_grants
select * from identity.invitation;

-- name: tables_of_roles
-- number: 1
-- context: write
-- expect: 42501
-- guard: identity_grants
update access.role set permissions = '{members:write}';

-- name: tables_of_assignments
-- number: 1
-- context: write
-- expect: 42501
-- guard: identity_grants
insert into access.assignment (tenant_id, account_id, role_id) select tenant_id, account_id, role_id from access.assignment;

-- name: tables_of_kept_answers
-- number: 1
-- context: write
-- expect: 42501
-- guard: identity_grants
select * from idempotency.answer;

-- name: tables_of_limits
-- number: 1
-- context: write
-- expect: 42501
-- guard: identity_grants
delete from limits.bucket;

-- name: tables_of_the_operator
-- number: 1
-- context: write
-- expect: 42501
-- guard: identity_grants
select * from audit.system_entry;

-- name: tables_of_jobs
-- number: 1
-- context: write
-- expect: 42501
-- guard: identity_grants
select * from jobs.ticket;

-- name: the_queue
-- number: 1
-- context: write
-- expect: 42501
-- guard: identity_grants
select * from jobs.procrastinate_jobs;

-- name: the_owner_sees_nothing
-- Row security is forced: a function that runs as the owner sees no tenant's rows without a context either.
-- number: 1
-- context: raw
-- expect: empty
-- guard: forced_row_security
-- on: owner
select * from dossiers.dossier;
