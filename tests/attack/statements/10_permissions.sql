-- Permission that is missing, or taken away while a session lives.

-- name: read_only_role_inserts
-- number: 10
-- context: auditor
-- expect: 42501
-- guard: stamp_permission
insert into dossiers.dossier (title) values ('by an auditor');

-- name: read_only_role_updates
-- number: 10
-- context: auditor
-- expect: 42501
-- guard: stamp_permission
update dossiers.dossier set title = 'by an auditor';

-- name: read_only_role_deletes
-- number: 10
-- context: auditor
-- expect: 42501
-- guard: stamp_permission
delete from dossiers.dossier;

-- name: member_reads_the_trail
-- number: 10
-- context: member
-- expect: empty
-- guard: stamp_permission
select * from audit.entry;

-- name: member_changes_members
-- number: 10
-- context: member
-- expect: 42501
-- guard: stamp_permission
select identity.change_member(:'a_auditor', 'deactivated', null, null);

-- name: member_takes_factors_away
-- number: 10
-- context: member
-- expect: 42501
-- guard: stamp_permission
select identity.clear_member_factors(:'a_auditor');

-- name: member_makes_a_role
-- number: 10
-- context: member
-- expect: 42501
-- guard: stamp_permission
select access.create_role('mine', '{}');

-- name: member_changes_settings
-- number: 10
-- context: member
-- expect: 42501
-- guard: stamp_permission
select identity.change_settings('mine', null, null, null, 1);

-- name: auditor_closes_by_enqueueing
-- A job acts with the permissions its account has; it needs a context that may write.
-- number: 10
-- context: none
-- expect: 42501
-- guard: job_context
select jobs.enqueue('dossiers.close', '{}'::jsonb);

-- name: admin_makes_an_owner
-- Nobody grants what they do not hold.
-- number: 10
-- context: admin
-- expect: BS403
-- guard: held_permissions
select identity.change_member(:'a_member', null, '{owner}', null);

-- name: admin_takes_from_an_owner
-- number: 10
-- context: admin
-- expect: BS403
-- guard: held_permissions
select identity.change_member(:'a_account', 'deactivated', null, null);

-- name: admin_makes_a_role_above_itself
-- number: 10
-- context: admin
-- expect: BS403
-- guard: held_permissions
select access.create_role('above', '{ownership:write}');

-- name: last_owner_leaves
-- number: 10
-- context: write
-- expect: BS409
-- guard: last_owner
select identity.change_member(:'a_account', 'deactivated', null, null);

-- name: permission_taken_from_a_live_session
-- The roles are read at every request: the session that had them enters with what is left.
-- number: 10
-- context: write
-- expect: 42501
-- guard: live_permissions
select identity.change_member(:'a_second', null, '{auditor}', null);
commit;
-- on: theirs second
insert into dossiers.dossier (title) values ('no longer permitted');
-- afterwards
-- on: undo write
select identity.change_member(:'a_second', null, '{member}', null);
commit;

-- name: role_changed_under_a_live_session
-- number: 10
-- context: write
-- expect: empty
-- guard: live_permissions
-- keep: role
select access.create_role('reader', '{dossiers:read}');
select identity.change_member(:'a_second', null, '{reader}', null);
select access.change_role(:'role', null, '{}', 1);
commit;
-- on: theirs second
select * from dossiers.dossier;
-- afterwards
-- on: undo write
select identity.change_member(:'a_second', null, '{member}', null);
select access.delete_role(r.id, r.version) from access.roles(null) r where r.name = 'reader';
commit;

-- name: deactivated_while_signed_in
-- number: 10
-- context: write
-- expect: 28000
-- guard: live_status
select identity.change_member(:'a_fifth', 'deactivated', null, null);
commit;
-- on: theirs none
select * from context.enter(:'a_fifth_token');

-- name: deactivation_ends_sessions_for_good
-- After reactivation the old session stays dead: it was ended, not hidden.
-- number: 10
-- context: write
-- expect: 28000
-- guard: end_sessions
select identity.change_member(:'a_third', 'deactivated', null, null);
commit;
begin;
select * from context.enter(:'a_token');
select identity.change_member(:'a_third', 'active', null, null);
commit;
-- on: theirs none
select * from context.enter(:'a_third_token');

-- name: a_token_after_its_end
-- number: 10
-- context: raw
-- expect: 28000
-- guard: session_expiry
-- on: owner
select context.stamp(:'a_tenant', null, null, '', 'command');
update identity.session set expires_at = now() - interval '1 second' where token_hash = sha256(:'a_fourth_token'::bytea);
-- on: theirs none
select * from context.enter(:'a_fourth_token');
-- afterwards
-- on: owner
update identity.session set expires_at = now() + interval '1 hour' where token_hash = sha256(:'a_fourth_token'::bytea);

-- name: a_token_after_idle_time
-- number: 10
-- context: raw
-- expect: 28000
-- guard: session_expiry
-- on: owner
update identity.session set last_seen = now() - interval '31 minutes' where token_hash = sha256(:'a_fourth_token'::bytea);
-- on: theirs none
select * from context.enter(:'a_fourth_token');
-- afterwards
-- on: owner
update identity.session set last_seen = now() where token_hash = sha256(:'a_fourth_token'::bytea);

-- name: touch_wakes_no_dead_session
-- number: 10
-- context: raw
-- expect: 28000
-- guard: touch_expiry
-- on: owner
update identity.session set last_seen = now() - interval '31 minutes' where token_hash = sha256(:'a_fourth_token'::bytea);
-- on: theirs raw
select context.touch(:'a_fourth_token');
begin;
select * from context.enter(:'a_fourth_token');
-- afterwards
-- on: owner
update identity.session set last_seen = now() where token_hash = sha256(:'a_fourth_token'::bytea);

-- name: a_snapshot_from_before_the_end
-- An old snapshot still holds the session; entering from one is refused.
-- number: 10
-- context: raw
-- expect: 28000 25001
-- guard: live_snapshot
begin isolation level repeatable read;
select 1;
-- on: owner
update identity.session set expires_at = now() - interval '1 second' where token_hash = sha256(:'a_fourth_token'::bytea);
-- on: main
select * from context.enter(:'a_fourth_token');
-- afterwards
-- on: owner
update identity.session set expires_at = now() + interval '1 hour' where token_hash = sha256(:'a_fourth_token'::bytea);
