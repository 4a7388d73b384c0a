-- name: make_role
-- A role of the tenant's own.
select access.create_role('Attack', '{dossiers:read}');

-- name: make_own_dossiers
-- Three dossiers, whose titles tell them from the other tenant's.
with made as (
    insert into dossiers.dossier (tenant_id, title) select :tenant, 'A ' || n from generate_series(1, 3) n returning id
)
select id from made limit 1;

-- name: make_their_dossiers
-- The other tenant's: one with a reference, and many with one title, which the planner's statistics would name.
with made as (
    insert into dossiers.dossier (tenant_id, title, reference)
    select :tenant, :title, case when n = 1 then :reference end from generate_series(1, 300) n
    returning id, reference
)
select id from made where reference is not null;

-- name: remove_versions
-- Everything the suite left in its tenant; the platform deletes the documents' files.
delete from dossiers.document_version where tenant_id = :tenant;

-- name: remove_documents
-- After their versions.
delete from dossiers.document where tenant_id = :tenant;

-- name: remove_dossiers
-- After their documents.
delete from dossiers.dossier where tenant_id = :tenant;

-- name: remove_jobs
-- The suite's jobs, which nobody declared.
delete from jobs.procrastinate_jobs where task_name like 'attack.%';

-- name: protected_tables
-- Every protected table.
select relation from tenancy.protected_tables() order by relation;

-- name: fingerprint
-- All rows of one table that the tenant sees, as one hash.
select coalesce(md5(string_agg(x::text, chr(10) order by x.id)), '') from {} x;

-- name: people
-- Members, roles and settings of a tenant, as one hash.
select md5(concat((select string_agg(m::text, chr(10)) from identity.members(null, null, 1000) m), (select string_agg(r::text, chr(10)) from access.roles(null) r),
    (select t::text from identity.settings() t)));

-- name: strangers
-- Entries of the tenant's trail that name an account which is not its own: nobody else writes there, save support.
select count(*) from audit.entry e where e.account_id not in (select m.id from identity.members(null, null, 1000) m) and e.source <> 'support';

-- name: age_proof
-- A session whose password was given long ago.
update identity.session set authenticated_at = now() - interval '16 minutes' where token_hash = sha256($1);

-- name: age_use
-- A session that nobody has used for longer than its tenant allows.
update identity.session set last_seen = now() - interval '31 minutes' where token_hash = sha256($1);

-- name: age_session
-- A session past its absolute end.
update identity.session set expires_at = now() - interval '1 second' where token_hash = sha256($1);

-- name: age_token
-- An API token past its time.
update identity.api_token set created_at = now() - interval '1 day', expires_at = now() - interval '1 second' where id = $1;

-- name: tenant_of_grant
-- Whose support access it is.
select tenant_id from identity.support_grant where id = $1;

-- name: age_grant
-- Support access past its time.
update identity.support_grant set created_at = now() - interval '2 hours', expires_at = now() - interval '1 second' where id = $1;

-- name: only_one
-- Whether nobody else attacks in this database; held until the connection ends.
select pg_try_advisory_lock(hashtext('belsimple.attack'));

-- name: inside
-- What follows in this transaction is done in a tenant, as by a command.
select context.stamp($1, null, null, '', 'attack');

-- name: ask_for_reset
-- What the sign-in page does for somebody who has forgotten the password.
select identity.request_reset($1, $2);

-- name: answer_resets
-- What the worker does, where none has done it yet.
select identity.answer_reset(q.id) from identity.reset_request q where q.slug = $1;

-- name: resets
-- The open resets of an account, the newest first.
select r.tenant_id, r.id from identity.password_reset r join identity.account a on a.tenant_id = r.tenant_id and a.id = r.account_id
where a.id = $1 and r.used_at is null order by r.created_at desc;

-- name: email_changes
-- The change of address of an account, with both its links.
select c.tenant_id, c.id, c.old_link, c.new_link from identity.email_change c where c.account_id = $1;

-- name: invitations
-- The open invitations of an address, the newest first.
select i.tenant_id, i.id from identity.invitation i join identity.tenant t on t.id = i.tenant_id where t.slug = $1 and i.email = $2 order by i.created_at desc;

-- name: add_link
-- A link whose token the suite knows; those of mails are known to the mailbox alone.
select mail.add_link($1, $2, $3, sha256($4));

-- name: age_reset
-- A reset that came too late.
update identity.password_reset set expires_at = now() - interval '1 second' where tenant_id = $1 and id = $2;

-- name: age_email_change
-- A change of address that was confirmed too late.
update identity.email_change set expires_at = now() - interval '1 second' where tenant_id = $1 and id = $2;

-- name: age_invitation
-- An invitation that was accepted too late.
update identity.invitation set expires_at = now() - interval '1 second' where tenant_id = $1 and id = $2;

-- name: age_sign_in
-- A sign-in that took too long.
update identity.pending_sign_in set expires_at = now() - interval '1 second' where token_hash = $1;

-- name: sign_ins
-- The pending sign-in of a cookie.
select s.tenant_id, s.id from identity.pending_sign_in s where s.token_hash = $1;

-- name: forget_browsers
-- As an account that has never signed in: no browser is new to it.
delete from identity.familiar_browser where account_id = $1::text::uuid;

-- name: name_networks
-- From where people of a tenant may come.
update identity.tenant set networks = $2::text[]::cidr[] where id = $1::text::uuid;

-- name: swap_keys
-- Each of two files gets the other's wrapped key.
update files.file f set wrapped_key = o.wrapped_key from files.file o where f.id in ($1, $2) and o.id in ($1, $2) and o.id <> f.id;

-- name: set_quota
-- The bytes a tenant may store.
select files.set_quota($1, $2, 'attack');

-- name: make_operator
-- A synthetic operator with a session; what is done in this transaction is done by `attack`.
with acting as materialized (select operators.act_as('command:attack')),
made as (insert into operators.account (email, name, role) select $1, 'Attack', $2 from acting returning id),
password as (insert into operators.password (operator_id, salt, memory_kib, iterations, lanes, verifier) select id, $4, 65536, 3, 4, sha256($5) from made)
insert into operators.session (token_hash, operator_id, expires_at) select sha256($3), id, now() + interval '1 hour' from made returning operator_id;

-- name: acting
-- What follows in this transaction is done by a command on the operator's side.
select operators.act_as('command:attack');

-- name: remove_operators
-- The suite's operators, with whatever a killed run left of them.
delete from operators.account where email like '%@attack.invalid';

-- name: remove_operator_invitations
-- Their invitations.
delete from operators.invitation where email like '%@attack.invalid';

-- name: age_operator_proof
-- An operator's session whose password was given long ago.
update operators.session set authenticated_at = now() - interval '16 minutes' where token_hash = sha256($1);

-- name: age_operator_use
-- An operator's session that nobody has used for a quarter of an hour.
update operators.session set last_seen = now() - interval '15 minutes' where token_hash = sha256($1);

-- name: age_operator_session
-- An operator's session past its absolute end.
update operators.session set expires_at = now() - interval '1 second' where token_hash = sha256($1);

-- name: deactivate_operator
-- An operator who left.
update operators.account set status = 'deactivated' where id = $1;

-- name: make_operator_reset
-- A reset of an operator's.
insert into operators.reset (operator_id, expires_at) values ($1, now() + interval '1 hour') returning id;
