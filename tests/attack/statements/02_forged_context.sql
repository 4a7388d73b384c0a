-- The stamp that row security trusts: forged, edited, copied.

-- name: forged_setting
-- number: 2
-- context: none
-- expect: 28000
-- guard: stamp_mac
select set_config('context.stamp', repeat('0', 64) || '|' || pg_backend_pid() || '|' || extract(epoch from transaction_timestamp()) || '|w|'
    || :'b_tenant' || '|' || :'b_account' || '|' || :'b_account' || '|,dossiers:read,dossiers:write,|session', true);
select * from dossiers.dossier;

-- name: forged_setting_writes
-- number: 2
-- context: none
-- expect: 28000
-- guard: stamp_mac
select set_config('context.stamp', repeat('0', 64) || '|' || pg_backend_pid() || '|' || extract(epoch from transaction_timestamp()) || '|w|'
    || :'b_tenant' || '|' || :'b_account' || '|' || :'b_account' || '|,dossiers:read,dossiers:write,|session', true);
update dossiers.dossier set title = 'forged';

-- name: setting_that_is_only_a_tenant
-- number: 2
-- context: none
-- expect: 28000
-- guard: stamp_check
select set_config('context.stamp', :'b_tenant', true);
select * from dossiers.dossier;

-- name: setting_with_empty_fields
-- A stamp whose parts are missing must not compare as unknown and pass.
-- number: 2
-- context: none
-- expect: 28000
-- guard: stamp_check
select set_config('context.stamp', repeat('|', 80), true);
select * from dossiers.dossier;

-- name: edited_tenant
-- number: 2
-- context: write
-- expect: 28000
-- guard: stamp_mac
select set_config('context.stamp', replace(current_setting('context.stamp'), :'a_tenant', :'b_tenant'), true);
select * from dossiers.dossier;

-- name: edited_permissions
-- number: 2
-- context: auditor
-- expect: 28000
-- guard: stamp_mac
select set_config('context.stamp', replace(current_setting('context.stamp'), ',dossiers:read,', ',dossiers:read,dossiers:write,'), true);
insert into dossiers.dossier (title) values ('edited stamp');

-- name: edited_mode
-- number: 2
-- context: read
-- expect: 28000
-- guard: stamp_mac
select set_config('context.stamp', replace(current_setting('context.stamp'), '|r|', '|w|'), true);
select * from dossiers.dossier;

-- name: edited_account
-- The trail would name somebody else.
-- number: 2
-- context: write
-- expect: 28000
-- guard: stamp_mac
select set_config('context.stamp', replace(current_setting('context.stamp'), :'a_account', :'a_auditor'), true);
select audit.record('looked', 'dossiers.dossier', null);

-- name: stamp_with_a_field_too_many
-- number: 2
-- context: write
-- expect: 28000
-- guard: stamp_mac
select set_config('context.stamp', current_setting('context.stamp') || '|' || :'b_tenant', true);
select * from dossiers.dossier;

-- name: copied_from_an_earlier_transaction
-- number: 2
-- context: write
-- expect: 28000
-- guard: stamp_time
-- keep: stamp
select current_setting('context.stamp');
commit;
begin;
select set_config('context.stamp', :'stamp', true);
select * from dossiers.dossier;

-- name: kept_for_the_session
-- A stamp set for the whole session is still one transaction's.
-- number: 2
-- context: write
-- expect: 28000
-- guard: stamp_time
select set_config('context.stamp', current_setting('context.stamp'), false);
commit;
select * from dossiers.dossier;

-- name: copied_from_another_backend
-- number: 2
-- context: none
-- expect: 28000
-- guard: stamp_binding
-- on: victim b_write
-- keep: stamp
select current_setting('context.stamp');
-- on: main
select set_config('context.stamp', :'stamp', true);
select * from dossiers.dossier;

-- name: copied_from_a_colleague
-- A stamp of one backend is nothing in another, in one's own tenant too.
-- number: 2
-- context: auditor
-- expect: 28000
-- guard: stamp_binding
-- on: colleague write
-- keep: stamp
select current_setting('context.stamp');
-- on: main
select set_config('context.stamp', :'stamp', true);
insert into dossiers.dossier (title) values ('with a colleague''s stamp');

-- name: read_context_writes_after_a_savepoint
-- A savepoint can undo READ ONLY; the mode is in the stamp.
-- number: 2
-- context: raw
-- expect: 42501
-- guard: stamp_mode
begin;
savepoint before;
set transaction read only;
-- keep: stamp
select current_setting('context.stamp') from context.enter(:'a_token');
rollback to savepoint before;
select set_config('context.stamp', :'stamp', true);
insert into dossiers.dossier (title) values ('from a read');

-- name: the_stamp_is_not_a_role_setting
-- number: 2
-- context: raw
-- expect: 42501
-- guard: superuser
alter role current_user set context.stamp = 'x';
-- afterwards
alter role current_user reset all;

-- name: unknown_token
-- number: 2
-- context: none
-- expect: 28000
-- guard: enter_token
select * from context.enter(decode(repeat('00', 32), 'hex'));

-- name: no_token
-- number: 2
-- context: none
-- expect: 28000
-- guard: enter_token
select * from context.enter(null);

-- name: hash_of_a_token_as_a_token
-- What the database keeps opens nothing.
-- number: 2
-- context: none
-- expect: 28000
-- guard: enter_token
select * from context.enter(sha256(:'b_token'));
