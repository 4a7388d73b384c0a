-- One backend seeing or touching another, and what a pooled connection carries into the next request.

-- name: activity
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select query from pg_stat_activity;

-- name: locks_of_others
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select * from pg_locks;

-- name: terminate_a_neighbour
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select pg_terminate_backend(0);

-- name: cancel_a_neighbour
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select pg_cancel_backend(0);

-- name: notify_by_function
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select pg_notify('x', 'y');

-- name: advisory_lock
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select pg_advisory_lock(1);

-- name: try_advisory_lock
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select pg_try_advisory_xact_lock(1);

-- name: make_a_large_object
-- Large objects belong to the role, not to a tenant.
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select lo_from_bytea(0, 'left for a neighbour');

-- name: read_large_objects
-- number: 9
-- context: write
-- expect: 42501
-- guard: superuser
select * from pg_largeobject;

-- name: sleep
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select pg_sleep(0);

-- name: export_a_snapshot
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select pg_export_snapshot();

-- name: write_into_the_log_stream
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select pg_logical_emit_message(false, 'x', 'y');

-- name: sizes_of_tables
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select pg_total_relation_size('dossiers.dossier');

-- name: rows_changed_by_others
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select n_tup_ins from pg_stat_user_tables;

-- name: statements_of_others
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select * from pg_prepared_statements;

-- name: query_as_xml
-- number: 9
-- context: write
-- profile: owned
-- expect: 42501
-- guard: cluster_functions
select query_to_xml('select 1', true, true, '');

-- name: uncommitted_rows_of_a_neighbour
-- number: 9
-- context: write
-- expect: empty
-- guard: read_policy
-- on: victim b_write
insert into dossiers.dossier (title, reference) values ('pending', 'PENDING-1');
commit;
-- on: main
select * from dossiers.dossier where reference = 'PENDING-1';
-- afterwards
-- on: undo b_write
delete from dossiers.dossier where reference = 'PENDING-1';
commit;

-- name: waiting_on_a_neighbours_key
-- A uniqueness check that waits for another tenant's transaction would tell of its rows.
-- number: 9
-- context: write
-- expect: equals PENDING-2
-- guard: tenant_keys
-- on: victim b_write
insert into dossiers.dossier (title, reference) values ('pending', 'PENDING-2');
-- on: main
insert into dossiers.dossier (title, reference) values ('mine', 'PENDING-2') returning reference;

-- name: prepared_statement_left_behind
-- Under the driver's own name it would answer the next request's query.
-- number: 9
-- context: write
-- expect: 28000
-- guard: pristine
prepare __asyncpg_stmt_1__ as select 'poison'::text;
commit;
reset all;
begin;
select context.pristine();

-- name: held_cursor_left_behind
-- number: 9
-- context: write
-- expect: 28000
-- guard: pristine
declare loot cursor with hold for select * from dossiers.dossier;
commit;
reset all;
begin;
select context.pristine();

-- name: listener_left_behind
-- number: 9
-- context: write
-- expect: 28000
-- guard: pristine
listen procrastinate_any_queue_v1;
commit;
reset all;
begin;
select context.pristine();

-- name: settings_left_behind
-- number: 9
-- context: write
-- expect: equals pg_catalog 10s
-- guard: reset_all
set search_path = dossiers;
set statement_timeout = 0;
commit;
-- begin
select current_setting('search_path') || ' ' || current_setting('statement_timeout');

-- name: stamp_left_behind
-- number: 9
-- context: write
-- expect: empty
-- guard: reset_all
select set_config('context.stamp', current_setting('context.stamp'), false);
commit;
-- begin
select * from dossiers.dossier;

-- name: read_only_left_behind
-- number: 9
-- context: write
-- expect: equals off
-- guard: reset_all
set session characteristics as transaction read only;
commit;
-- begin
select current_setting('transaction_read_only');

-- name: isolation_left_behind
-- The message's own implicit transaction begins before its `reset all` has run.
-- number: 9
-- context: write
-- expect: equals read committed
-- guard: reset_all
set session characteristics as transaction isolation level repeatable read;
commit;
-- begin
select current_setting('transaction_isolation');

-- name: advisory_lock_left_behind
-- A lock held by the session outlives the request that took it.
-- number: 9
-- context: write
-- profile: managed
-- expect: equals t
-- guard: pristine
select pg_advisory_lock(4711);
commit;
-- begin
select context.pristine();
-- on: neighbour write
select pg_try_advisory_xact_lock(4711);

-- name: two_tokens_in_one_transaction
-- number: 9
-- context: write
-- expect: 25001
-- guard: one_token
select * from context.enter(:'b_token');

-- name: write_with_one_token_trace_with_another
-- A row written under one stamp and traced under another is refused: the trail's policy pins the tenant.
-- number: 9
-- context: write
-- expect: 42501
-- guard: trail_tenant
-- keep: mine
select current_setting('context.stamp');
select set_config('context.stamp', '', true);
-- keep: theirs
select current_setting('context.stamp') from context.enter(:'b_token');
select set_config('context.stamp', :'mine', true);
insert into dossiers.dossier (title) values ('traced elsewhere') returning set_config('context.stamp', :'theirs', true);

-- name: a_write_that_drops_its_stamp_half_way
-- number: 9
-- context: write
-- expect: 42501
-- guard: trail_context
update dossiers.dossier set notes = left(set_config('context.stamp', '', true), 0) where id = :'a_dossier';

-- name: a_write_that_forges_its_stamp_half_way
-- number: 9
-- context: write
-- expect: 28000
-- guard: stamp_mac
update dossiers.dossier set notes = left(set_config('context.stamp', replace(current_setting('context.stamp'), :'a_account', :'a_auditor'), true), 0) where id = :'a_dossier';

-- name: savepoint_around_read_only
-- number: 9
-- context: read
-- expect: 25006 25001
-- guard: read_only_transaction
savepoint before;
rollback to savepoint before;
set transaction read write;
insert into dossiers.dossier (title) values ('from a read');

-- name: read_only_request_writes
-- number: 9
-- context: read
-- expect: 25006 42501
-- guard: read_only_transaction
insert into dossiers.dossier (title) values ('from a read');

-- name: lock_held_over_a_row
-- Whoever waits for a lock that an intruder holds waits no longer than the service's own timeout.
-- number: 9
-- context: write
-- expect: 55P03
-- guard: lock_timeout
-- on: intruder member
select * from dossiers.dossier where id = :'a_dossier' for update;
-- on: main
update dossiers.dossier set notes = 'x' where id = :'a_dossier';
