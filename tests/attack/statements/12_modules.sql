-- What modules may ask of the platform: an object's history, the names in the trail, settings, letters.

-- name: history_of_another_tenants_object
-- number: 7
-- context: read
-- expect: empty
-- guard: history_tenant
select * from audit.history('dossiers.dossier', :'b_dossier', null, null, 50);

-- name: history_without_a_context
-- number: 1
-- context: none
-- expect: empty
-- guard: history_context
select * from audit.history('dossiers.dossier', :'a_dossier', null, null, 50);

-- name: history_of_an_object_that_may_not_be_read
-- number: 10
-- context: write
-- expect: empty
-- guard: history_permission
select access.create_role('blind', '{members:read}');
select identity.change_member(:'a_second', null, '{blind}', null);
commit;
-- on: theirs second
select * from audit.history('dossiers.dossier', :'a_dossier', null, null, 50);
-- afterwards
-- on: undo write
select identity.change_member(:'a_second', null, '{member}', null);
select access.delete_role(r.id, r.version) from access.roles(null) r where r.name = 'blind';
commit;

-- name: history_of_a_table_that_is_the_platforms
-- number: 10
-- context: member
-- expect: empty
-- guard: history_permission
select * from audit.history('identity.account', :'a_account', null, null, 50);

-- name: names_behind_the_trail_without_its_permission
-- number: 10
-- context: member
-- expect: empty
-- guard: stamp_permission
select * from audit.actors(array[:'a_account']::uuid[]);

-- name: names_of_another_tenants_accounts
-- number: 7
-- context: read
-- expect: empty
-- guard: actors_tenant
select * from audit.actors(array[:'b_account']::uuid[]);

-- name: names_of_people_of_another_tenant
-- number: 7
-- context: read
-- expect: empty
-- guard: names_tenant
select * from identity.names(array[:'b_account']::uuid[]);

-- name: member_changes_a_modules_setting
-- number: 10
-- context: member
-- expect: 42501
-- guard: stamp_permission
select tenancy.change_setting('dossiers.attack', '1');

-- name: setting_that_no_module_declares
-- number: 10
-- context: write
-- expect: BS422
-- guard: settings_declared
select tenancy.change_setting('dossiers.attack', '1');

-- name: letter_to_another_tenants_account
-- number: 7
-- context: write
-- expect: 22023 BS404
-- guard: letters_tenant
select mail.post_to_member('dossiers.attack', :'b_account', '{}');

-- name: letter_of_the_platforms
-- An invitation in the platform's words, with facts of the attacker's.
-- number: 10
-- context: write
-- expect: 22023
-- guard: letters_declared
select mail.post_to_member('invitation', :'a_member', '{"inviter": "the bank"}');

-- name: letter_without_the_function
-- number: 10
-- context: write
-- expect: 42501
-- guard: mail_grants
insert into mail.message (tenant_id, kind, recipient, language, facts) values (:'a_tenant', 'welcome', 'anybody@example.com', 'en', '{}');
