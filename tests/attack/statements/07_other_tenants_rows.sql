-- Writing into another tenant, or moving a row there; everything a table privilege could be used for.

-- name: insert_naming_another_tenant
-- number: 7
-- context: write
-- expect: 42501
-- guard: write_policies
insert into dossiers.dossier (tenant_id, title) values (:'b_tenant', 'planted');

-- name: update_of_tenant_id
-- number: 7
-- context: write
-- expect: 42501
-- guard: write_policies
update dossiers.dossier set tenant_id = :'b_tenant';

-- name: update_of_another_tenants_row
-- number: 7
-- context: write
-- expect: zero
-- guard: no_policies
update dossiers.dossier set title = 'defaced' where id = :'b_dossier';

-- name: update_naming_another_tenant
-- number: 7
-- context: write
-- expect: zero
-- guard: no_policies
update dossiers.dossier set title = 'defaced' where tenant_id = :'b_tenant';

-- name: delete_of_another_tenants_row
-- number: 7
-- context: write
-- expect: zero
-- guard: no_policies
delete from dossiers.dossier where id = :'b_dossier';

-- name: read_naming_another_tenant
-- number: 7
-- context: write
-- expect: empty
-- guard: read_policy
select * from dossiers.dossier where tenant_id = :'b_tenant';

-- name: only_ones_own_tenant
-- number: 7
-- context: read
-- expect: equals :'a_tenant'
-- guard: read_policy
select string_agg(distinct tenant_id::text, ',') from dossiers.dossier;

-- name: words_of_another_tenant
-- number: 7
-- context: write
-- expect: empty
-- guard: word_policy
select * from dossiers.dossier_term where tenant_id = :'b_tenant';

-- name: trail_of_another_tenant
-- number: 7
-- context: write
-- expect: empty
-- guard: trail_policy
select * from audit.entry where tenant_id = :'b_tenant';

-- name: members_of_another_tenant
-- number: 7
-- context: write
-- expect: empty
-- guard: members_tenant
select * from identity.members(:'b_account', null, 10);

-- name: merge_into_another_tenant
-- number: 7
-- context: write
-- expect: 42501
-- guard: write_policies
merge into dossiers.dossier d using (values (:'b_tenant'::uuid, :'b_dossier'::uuid)) v (tenant, id) on d.id = v.id
when matched then update set title = 'merged'
when not matched then insert (tenant_id, id, title) values (v.tenant, v.id, 'merged');

-- name: merge_over_another_tenants_row
-- number: 7
-- context: write
-- expect: zero
-- guard: no_policies
merge into dossiers.dossier d using (values (:'b_dossier'::uuid)) v (id) on d.id = v.id when matched then delete;

-- name: copy_out
-- number: 7
-- context: none
-- expect: empty
-- guard: read_policy
copy dossiers.dossier to stdout;

-- name: copy_query_out
-- number: 7
-- context: write
-- expect: empty
-- guard: read_policy
copy (select * from dossiers.dossier where tenant_id <> :'a_tenant') to stdout;

-- name: copy_in
-- COPY FROM does not run policies, so PostgreSQL refuses it under row security.
-- number: 7
-- context: write
-- expect: 0A000
-- guard: row_security
copy dossiers.dossier (tenant_id, title) from stdin;

-- name: copy_to_a_file
-- number: 7
-- context: write
-- expect: 42501
-- guard: superuser
copy dossiers.dossier to '/dev/null';

-- name: truncate
-- It runs no policy and would empty every tenant.
-- number: 7
-- context: write
-- expect: 42501
-- guard: table_grants
truncate dossiers.dossier cascade;

-- name: truncate_the_trail
-- number: 7
-- context: write
-- expect: 42501
-- guard: table_grants
truncate audit.entry;

-- name: create_a_trigger
-- number: 7
-- context: write
-- expect: 42501
-- guard: table_grants
create trigger spy after insert on dossiers.dossier for each statement execute function pg_catalog.suppress_redundant_updates_trigger();

-- name: reference_a_table
-- A foreign key of one's own table would tell which rows exist.
-- number: 7
-- context: write
-- expect: 42501
-- guard: schema_create
create table dossiers.probe (tenant_id uuid, id uuid, foreign key (tenant_id, id) references dossiers.dossier);

-- name: create_a_rule
-- number: 7
-- context: write
-- expect: 42501
-- guard: table_owner
create rule spy as on insert to dossiers.dossier do also notify spy;

-- name: create_a_policy
-- number: 7
-- context: write
-- expect: 42501
-- guard: table_owner
create policy mine on dossiers.dossier using (true);

-- name: drop_a_policy
-- number: 7
-- context: write
-- expect: 42501
-- guard: table_owner
drop policy see on dossiers.dossier;

-- name: switch_row_security_off
-- number: 7
-- context: write
-- expect: 42501
-- guard: table_owner
alter table dossiers.dossier disable row level security;

-- name: disable_the_trail
-- number: 7
-- context: write
-- expect: 42501
-- guard: table_owner
alter table dossiers.dossier disable trigger audit_insert;

-- name: grant_to_everybody
-- Without the grant option it grants nothing.
-- number: 7
-- context: write
-- expect: equals f
-- guard: grant_option
grant select on dossiers.dossier to public;
select has_table_privilege(:'gate', 'dossiers.dossier', 'select');

-- name: trail_changed
-- number: 7
-- context: write
-- expect: 42501
-- guard: trail_grants
update audit.entry set action = 'nothing';

-- name: trail_deleted
-- number: 7
-- context: write
-- expect: 42501
-- guard: trail_grants
delete from audit.entry;

-- name: trail_written_by_hand
-- number: 7
-- context: write
-- expect: 42501
-- guard: trail_grants
insert into audit.entry (tenant_id, xid, epoch, source, action, object_type) values (:'b_tenant', '1', 1, 'session', 'insert', 'dossiers.dossier');

-- name: trail_event_without_context
-- number: 7
-- context: none
-- expect: 42501
-- guard: record_context
select audit.record('looked', 'dossiers.dossier', null);

-- name: refusal_in_anothers_trail
-- A refusal is written into the trail of the session's own tenant; a token that opens nothing writes nothing.
-- number: 7
-- context: raw
-- expect: equals same
-- guard: refusal_tenant
begin;
select * from context.enter(:'a_token');
-- keep: before
select count(*) from audit.entry where action = 'refused';
commit;
select audit.refused(sha256('nobody'), 'GET /api/v1/dossiers', 403, 1);
begin;
select * from context.enter(:'a_token');
-- keep: after
select count(*) from audit.entry where action = 'refused';
select case when :'before' = :'after' then 'same' else 'different' end;

-- name: every_write_is_in_the_trail
-- number: 7
-- context: write
-- expect: equals 1
-- guard: trail_triggers
-- keep: made
insert into dossiers.dossier (title) values ('traced') returning id;
select count(*) from audit.entry where object_id = :'made' and action = 'insert';

-- name: no_temporary_escape_from_the_trail
-- number: 7
-- context: write
-- expect: equals 1
-- guard: trail_triggers
update dossiers.dossier set notes = 'traced' where id = :'a_dossier';
select count(*) from audit.entry where object_id = :'a_dossier' and action = 'update' and xid = (select max(xid) from audit.entry where object_id = :'a_dossier');
