-- Becoming somebody else, and switching the protection off.

-- name: reset_role
-- number: 4
-- context: write
-- expect: equals :'app'
-- guard: role_at_login
reset role;
select current_user;

-- name: set_role_owner
-- number: 4
-- context: write
-- expect: 42501
-- guard: membership
set role :"owner";

-- name: set_role_gate
-- number: 4
-- context: write
-- expect: 42501
-- guard: membership
set role :"gate";

-- name: set_role_by_setting
-- number: 4
-- context: write
-- expect: 42501
-- guard: membership
select set_config('role', :'owner', false);

-- name: set_session_authorization
-- number: 4
-- context: raw
-- expect: 42501
-- guard: superuser
set session authorization :"owner";

-- name: row_security_off
-- It makes queries fail rather than filter; it opens nothing.
-- number: 4
-- context: write
-- expect: 42501
-- guard: bypass
set row_security = off;
select * from dossiers.dossier;

-- name: row_security_off_before_entering
-- number: 4
-- context: none
-- expect: 42501
-- guard: bypass
set row_security = off;
select * from dossiers.dossier;

-- name: triggers_off
-- number: 4
-- context: write
-- expect: 42501
-- guard: superuser
set session_replication_role = replica;

-- name: make_a_role
-- number: 4
-- context: raw
-- expect: 42501
-- guard: superuser
create role intruder login;
-- afterwards
drop role intruder;

-- name: make_oneself_superuser
-- number: 4
-- context: raw
-- expect: 42501
-- guard: superuser
alter role current_user superuser;

-- name: bypass_for_oneself
-- number: 4
-- context: raw
-- expect: 42501
-- guard: superuser
alter role current_user bypassrls;
-- afterwards
alter role current_user nobypassrls;

-- name: grant_oneself_the_owner
-- number: 4
-- context: raw
-- expect: 42501 0LP01
-- guard: superuser
grant :"owner" to :"app";
-- afterwards
revoke :"owner" from :"app";

-- name: read_server_files
-- number: 4
-- context: write
-- expect: 42501
-- guard: superuser
select pg_read_file('postgresql.conf');

-- name: run_a_program
-- number: 4
-- context: write
-- expect: 42501
-- guard: superuser
copy (select 1) to program 'true';

-- name: load_a_library
-- number: 4
-- context: raw
-- expect: 42501
-- guard: superuser
load 'auto_explain';

-- name: read_role_secrets
-- number: 4
-- context: write
-- expect: 42501
-- guard: superuser
select rolpassword from pg_authid;

-- name: connect_elsewhere
-- number: 4
-- context: raw
-- expect: 42501
-- guard: superuser
create extension dblink schema public;

-- name: subscribe_to_changes
-- Logical replication would stream every tenant's rows.
-- number: 4
-- context: raw
-- expect: 42501
-- guard: superuser
create publication everything for all tables;
-- afterwards
drop publication everything;

-- name: settings_of_ones_own_role_do_not_reach_the_service
-- A role can ALTER ROLE itself; connections of the service bring their settings with them.
-- number: 4
-- context: raw
-- expect: equals pg_catalog on
-- guard: startup_options
alter role current_user set search_path = dossiers, pg_catalog;
alter role current_user set row_security = off;
-- on: later raw
select current_setting('search_path') || ' ' || current_setting('row_security');
-- afterwards
alter role current_user reset all;
