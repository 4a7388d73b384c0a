-- What an injection in part operator would give: role operator with any SQL, and no operator's session.

-- name: operator_reads_accounts
-- number: 1
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operator_identity
select email from identity.account;

-- name: operator_reads_sessions
-- number: 1
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operator_identity
select token_hash from identity.session;

-- name: operator_writes_dossiers
-- number: 1
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operator_tables
delete from dossiers.dossier where false;

-- name: operator_suspends_a_tenant_directly
-- number: 1
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operator_identity
update identity.tenant set status = status where id = :'b_tenant';

-- name: operator_reads_mails
-- number: 1
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operator_mails
select recipient, facts from mail.message;

-- name: operator_takes_a_mail_in_hand
-- It would choose the token of the link.
-- number: 1
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operator_mails
select * from mail.open(gen_random_uuid(), sha256('attack'));

-- name: operator_makes_a_link
-- number: 1
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operator_mails
insert into mail.link (token_hash, purpose, subject_id) values (sha256('attack'), 'operator_invitation', gen_random_uuid());
-- afterwards
-- on: owner
delete from mail.link where token_hash = sha256('attack');

-- name: operator_reads_verifiers
-- number: 3
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operators_tables
select verifier from operators.password;

-- name: operator_forges_a_session
-- number: 3
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operators_tables
insert into operators.session (token_hash, operator_id, id, expires_at) select sha256(sha256('attack')), id, gen_random_uuid(), now() + interval '1 hour' from operators.account;
-- afterwards
-- on: owner
do $$ begin perform operators.act_as('command:attack'); delete from operators.session where token_hash = sha256(sha256('attack')); end $$;

-- name: operator_becomes_platform
-- number: 3
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operators_tables
update operators.account set role = 'platform' where email = 'nobody@attack.invalid';

-- name: operator_says_who_acts
-- number: 3
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operators_helpers
select operators.act_as('operator:somebody');

-- name: operator_opens_a_session_by_itself
-- number: 3
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operators_helpers
select operators.open_session(gen_random_uuid(), sha256('attack'), null, 'attack');

-- name: operator_reads_the_system_trail
-- number: 1
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operator_trail
select detail from audit.system_entry;

-- name: operator_edits_the_system_trail
-- number: 1
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operator_trail
delete from audit.system_entry where actor = 'nobody';

-- name: operator_reads_the_trail_without_a_session
-- Somebody else is signed in at that moment.
-- number: 3
-- role: operator
-- context: raw
-- expect: 28000
-- guard: operators_session
-- on: owner
do $$ declare a uuid := tenancy.new_id(); begin perform operators.act_as('command:attack'); insert into operators.account (id, email, name, role) values (a, 'security@attack.invalid', 'Attack', 'security'); insert into operators.session (token_hash, operator_id, expires_at) values (sha256(sha256('attack security')), a, now() + interval '1 hour'); end $$;
-- on: main
select * from operators.trail(sha256('attack guess'), null, null, null, null, null, null, 10);
-- afterwards
-- on: owner
do $$ begin perform operators.act_as('command:attack'); delete from operators.account where email = 'security@attack.invalid'; end $$;

-- name: operator_invites_itself_without_a_session
-- number: 3
-- role: operator
-- context: raw
-- expect: 28000
-- guard: operators_session
-- on: owner
do $$ declare a uuid := tenancy.new_id(); begin perform operators.act_as('command:attack'); insert into operators.account (id, email, name, role) values (a, 'security@attack.invalid', 'Attack', 'security'); insert into operators.session (token_hash, operator_id, expires_at) values (sha256(sha256('attack security')), a, now() + interval '1 hour'); end $$;
-- on: main
select operators.invite(sha256('attack guess'), 'intruder@attack.invalid', 'platform', 'en');
-- afterwards
-- on: owner
do $$ begin perform operators.act_as('command:attack'); delete from operators.invitation where email = 'intruder@attack.invalid'; delete from operators.account where email = 'security@attack.invalid'; end $$;

-- name: support_reads_the_trail
-- A session of its own, without the permission.
-- number: 10
-- role: operator
-- context: raw
-- expect: 42501
-- guard: operators_permission
-- on: owner
do $$ declare a uuid := tenancy.new_id(); begin perform operators.act_as('command:attack'); insert into operators.account (id, email, name, role) values (a, 'support@attack.invalid', 'Attack', 'support'); insert into operators.session (token_hash, operator_id, expires_at) values (sha256(sha256('attack support')), a, now() + interval '1 hour'); end $$;
-- on: main
select * from operators.trail(sha256('attack support'), null, null, null, null, null, null, 10);
-- afterwards
-- on: owner
do $$ begin perform operators.act_as('command:attack'); delete from operators.account where email = 'support@attack.invalid'; end $$;

-- name: an_operators_session_that_was_idle
-- number: 10
-- role: operator
-- context: raw
-- expect: 28000
-- guard: operators_idle
-- on: owner
do $$ declare a uuid := tenancy.new_id(); begin perform operators.act_as('command:attack'); insert into operators.account (id, email, name, role) values (a, 'idle@attack.invalid', 'Attack', 'security'); insert into operators.session (token_hash, operator_id, expires_at, last_seen) values (sha256(sha256('attack idle')), a, now() + interval '1 hour', now() - interval '15 minutes'); end $$;
-- on: main
select * from operators.trail(sha256('attack idle'), null, null, null, null, null, null, 10);
-- afterwards
-- on: owner
do $$ begin perform operators.act_as('command:attack'); delete from operators.account where email = 'idle@attack.invalid'; end $$;

-- name: operator_signs_in_without_the_password
-- number: 3
-- role: operator
-- context: raw
-- expect: empty
-- guard: operators_proof
-- on: owner
do $$ declare a uuid := tenancy.new_id(); begin perform operators.act_as('command:attack'); insert into operators.account (id, email, name, role) values (a, 'guessed@attack.invalid', 'Attack', 'support'); insert into operators.password (operator_id, salt, memory_kib, iterations, lanes, verifier) values (a, substr(sha256('attack salt'), 1, 16), 65536, 3, 4, sha256(sha256('attack proof'))); end $$;
-- on: main
select * from operators.sign_in('guessed@attack.invalid', sha256('attack guess'), sha256('attack'), null, 'attack');
-- afterwards
-- on: owner
do $$ begin perform operators.act_as('command:attack'); delete from operators.account where email = 'guessed@attack.invalid'; end $$;

-- name: web_calls_the_operators_functions
-- number: 3
-- role: app
-- context: write
-- expect: 42501
-- guard: operators_elsewhere
select * from operators.enter(sha256('attack'));

-- name: gate_reads_operators_verifiers
-- number: 3
-- role: gate
-- context: raw
-- expect: 42501
-- guard: operators_elsewhere
select verifier from operators.password;

-- name: worker_answers_its_own_question
-- The worker mails links; it makes no request and reads no operator.
-- number: 3
-- role: worker
-- context: raw
-- expect: 42501
-- guard: operators_elsewhere
select email from operators.account;
