-- Errors and estimates that would tell of rows one cannot see.

-- name: duplicate_key_of_an_id
-- Keys begin with the tenant: another's id is free to use, and so says nothing.
-- number: 6
-- context: write
-- expect: equals :'b_dossier'
-- guard: tenant_keys
insert into dossiers.dossier (id, title) values (:'b_dossier', 'same id') returning id;

-- name: duplicate_key_of_a_reference
-- number: 6
-- context: write
-- expect: equals :'b_reference'
-- guard: tenant_keys
insert into dossiers.dossier (title, reference) values ('same reference', :'b_reference') returning reference;

-- name: conflict_on_an_id
-- number: 6
-- context: write
-- expect: equals same id
-- guard: tenant_keys
insert into dossiers.dossier (id, title) values (:'b_dossier', 'same id') on conflict do nothing returning title;

-- name: conflict_updates_a_reference
-- number: 6
-- context: write
-- expect: equals mine
-- guard: tenant_keys
insert into dossiers.dossier (title, reference) values ('mine', :'b_reference') on conflict (tenant_id, reference) do update set title = 'conflict' returning title;

-- name: conflict_with_another_tenants_row
-- The tenant is checked before uniqueness: the error is the same whether the row exists or not.
-- number: 6
-- context: write
-- expect: 42501
-- guard: write_policies
insert into dossiers.dossier (tenant_id, id, title) values (:'b_tenant', :'b_dossier', 'x') on conflict do nothing;

-- name: conflict_with_no_row_of_another_tenant
-- number: 6
-- context: write
-- expect: 42501
-- guard: write_policies
insert into dossiers.dossier (tenant_id, title) values (:'b_tenant', 'x') on conflict do nothing;

-- name: duplicate_key_with_another_tenants_row
-- number: 6
-- context: write
-- expect: 42501
-- guard: write_policies
insert into dossiers.dossier (tenant_id, id, title) values (:'b_tenant', :'b_dossier', 'x');

-- name: check_constraint_with_another_tenant
-- number: 6
-- context: write
-- expect: 42501
-- guard: write_policies
insert into dossiers.dossier (tenant_id, id, title) values (:'b_tenant', :'b_dossier', '');

-- name: foreign_key_to_another_tenant
-- A search word that points at another tenant's dossier: nobody but the keeper writes words.
-- number: 6
-- context: write
-- expect: 42501
-- guard: word_grants
insert into dossiers.dossier_term (tenant_id, term, id) values (:'a_tenant', 'word', :'b_dossier');

-- name: foreign_key_of_a_role
-- A role of another tenant cannot be given to anybody here, and the answer is that of a role that does not exist.
-- number: 6
-- context: write
-- expect: BS422
-- guard: role_tenant
select identity.change_member(:'a_auditor', null, array[:'b_role'], null);

-- name: member_of_another_tenant
-- number: 6
-- context: write
-- expect: BS404
-- guard: member_tenant
select identity.change_member(:'b_account', 'deactivated', null, null);

-- name: factors_of_another_tenants_person
-- number: 6
-- context: write
-- expect: BS404
-- guard: factors_tenant
select identity.clear_member_factors(:'b_account');

-- name: role_of_another_tenant
-- number: 6
-- context: write
-- expect: BS404
-- guard: role_tenant
select access.delete_role(:'b_role', 1);

-- name: session_of_another_tenant
-- number: 6
-- context: write
-- expect: equals f
-- guard: session_tenant
select identity.end_own_session(:'b_session');

-- name: estimates_of_a_common_value
-- EXPLAIN's estimate for another tenant's common title is that of a title nobody has.
-- number: 6
-- context: write
-- expect: equals same
-- guard: hidden_statistics
-- keep: theirs
explain (format json) select from dossiers.dossier where title = :'b_common_title';
-- keep: nobodys
explain (format json) select from dossiers.dossier where title = :'nobodys_title';
select case when replace(:'theirs', :'b_common_title', '') = replace(:'nobodys', :'nobodys_title', '') then 'same' else 'different' end;

-- name: statistics_of_columns
-- number: 6
-- context: write
-- expect: empty
-- guard: no_policies
select most_common_vals from pg_stats where schemaname = 'dossiers' and tablename = 'dossier';

-- name: statistics_underneath
-- number: 6
-- context: write
-- expect: 42501
-- guard: superuser
select stavalues1 from pg_statistic;

-- name: rows_removed_by_a_guess
-- What EXPLAIN ANALYZE says it removed is the same for a right guess and a wrong one.
-- number: 6
-- context: write
-- expect: equals same
-- guard: no_policies
-- keep: right
select count(*) from dossiers.dossier where reference = :'b_reference';
-- keep: wrong
select count(*) from dossiers.dossier where reference = :'nobodys_title';
select case when :'right' = :'wrong' then 'same' else 'different' end;
