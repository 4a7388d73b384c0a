-- Objects that would run with somebody else's rights, or be found in place of ours.

-- name: create_a_view
-- number: 5
-- context: write
-- expect: 42501
-- guard: schema_create
create view dossiers.everything as select * from dossiers.dossier;

-- name: create_a_materialised_view
-- number: 5
-- context: write
-- expect: 42501
-- guard: schema_create
create materialized view dossiers.everything as select * from dossiers.dossier;

-- name: create_a_function
-- number: 5
-- context: write
-- expect: 42501
-- guard: schema_create
create function dossiers.leak(text) returns boolean language sql cost 0.0001 as 'select true';

-- name: create_an_operator
-- number: 5
-- context: write
-- expect: 42501
-- guard: schema_create
create operator dossiers.= (leftarg = text, rightarg = text, function = pg_catalog.textne);

-- name: create_a_table
-- number: 5
-- context: write
-- expect: 42501
-- guard: schema_create
create table dossiers.mine (x text);

-- name: create_a_type
-- number: 5
-- context: write
-- expect: 42501
-- guard: schema_create
create type dossiers.mine as (x text);

-- name: create_a_schema
-- number: 5
-- context: write
-- expect: 42501
-- guard: database_create
create schema mine;

-- name: create_in_public
-- number: 5
-- context: write
-- expect: 42501
-- guard: public_schema
create table public.sha256 (x text);

-- name: create_in_the_catalogue
-- search_path is pg_catalog: a plain CREATE lands there, and is refused.
-- number: 5
-- context: write
-- expect: 42501
-- guard: catalogue
create view pg_stat_activity2 as select 1;

-- name: temporary_table
-- pg_temp is searched first for tables unless it is named last.
-- number: 5
-- context: write
-- expect: 42501
-- guard: no_temp
create temporary table dossier (x text);

-- name: temporary_view
-- number: 5
-- context: write
-- expect: 42501
-- guard: no_temp
create temporary view session as select 1;

-- name: temporary_function
-- number: 5
-- context: write
-- expect: 42501
-- guard: no_temp
create function pg_temp.sha256(bytea) returns bytea language sql as 'select $1';

-- name: search_path_of_ones_own
-- A definer function brings its own search_path: pointing ours elsewhere changes nothing.
-- number: 5
-- context: write
-- expect: null
-- guard: definer_search_path
set local search_path = public, pg_catalog;
select context.tenant('nobody:has', false);

-- name: anonymous_code_block
-- number: 5
-- context: write
-- profile: owned
-- expect: 42501
-- guard: no_language
do 'begin null; end';

-- name: code_in_a_definer_parameter
-- Words are parameters, never text that is run.
-- number: 5
-- context: write
-- expect: equals 0
-- guard: members_tenant
select count(*) from identity.members(null, ''' or true --', 200) m where m.id = :'b_account';

-- name: a_trigger_function_called_by_hand
-- number: 5
-- context: write
-- expect: 42501
-- guard: function_grants
select audit.capture();

-- name: migration_functions
-- number: 5
-- context: write
-- expect: 42501
-- guard: function_grants
select tenancy.protect('dossiers.dossier', 'dossiers:read', 'dossiers:write');

-- name: command_functions
-- number: 5
-- context: write
-- expect: 42501
-- guard: function_grants
select tenancy.create('intruder', 'Intruder', 'x@example.invalid', 'en', 'me', true);

-- name: command_that_suspends
-- number: 5
-- context: write
-- expect: 42501
-- guard: function_grants
select tenancy.set_status(:'b_slug', 'suspended', 'me');

-- name: command_that_removes
-- number: 5
-- context: write
-- expect: 42501
-- guard: function_grants
select tenancy.remove_synthetic(:'b_slug', 'me');

-- name: command_that_invites
-- number: 5
-- context: write
-- expect: 42501
-- guard: function_grants
select tenancy.invite_by_command(:'b_slug', 'x@example.invalid', 'owner');
