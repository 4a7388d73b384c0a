-- name: lock
-- One migration at a time, whoever starts it.
select pg_advisory_lock(hashtext('belsimple.migrate'));

-- name: timeouts
-- A migration that cannot get its lock gives up instead of queueing everybody behind it.
set lock_timeout = '5s'; set statement_timeout = '10min'; set client_min_messages = warning;

-- name: server
-- What decides whether this server can be used at all.
select current_setting('server_version_num')::int as version, current_database() as database, to_regclass('system.migration') is not null as installed,
       rolsuper as superuser, rolcreaterole as createrole, pg_get_userbyid(datdba) = current_user or pg_has_role(datdba, 'member') as owns
from pg_roles, pg_database where rolname = current_user and datname = current_database();

-- name: owner_prefix
-- The installation's role prefix, before anything of it can be read: the owner of the schema `system`.
select regexp_replace(pg_get_userbyid(nspowner), '_owner$', '') from pg_namespace where nspname = 'system';

-- name: applied
-- Migrations that have run. Before 0021 nothing said which half one was.
select source, number, name, checksum, coalesce((to_jsonb(m) ->> 'after')::boolean, false) as after from system.migration m order by source, number;

-- name: note_applied
-- A migration that has run, in the operator's trail too.
with noted as (insert into system.migration (source, number, name, checksum) values (:source, :number, :name, :checksum))
select audit.record_system('migrate', 'migration', jsonb_build_object('source', :source::text, 'number', :number::int, 'name', :name::text));

-- name: note_after
-- This one belongs to the second half of an upgrade: the release before it cannot come back.
update system.migration set after = true where source = :source and number = :number;

-- name: note_first
-- The migrations that ran before there was a trail.
insert into system.migration (source, number, name, checksum) values (:source, :number, :name, :checksum);

-- name: note_early
-- The migrations that ran before there was a trail, in the operator's trail once there is one.
select audit.record_system('migrate', 'migration', jsonb_build_object('source', source, 'number', number, 'name', name)) from system.migration where number < 4 and source = 'belsimple';

-- name: install
-- The installation's own row, made once.
insert into system.installation (instance, role_prefix) values (:instance, :prefix) on conflict do nothing;

-- name: install_key
-- The stamp's key, its HMAC pads computed beforehand, made once from the operating system's randomness.
insert into context.key (ipad, opad) select :ipad, :opad where not exists (select from context.key);

-- name: declare_permission
-- A permission as its module declares it.
insert into access.permission (name, module, description, default_roles) values (:name, :module, :description, :default_roles)
on conflict (name) do update set module = excluded.module, description = excluded.description, default_roles = excluded.default_roles, declared = true
where (access.permission.module, access.permission.description, access.permission.default_roles, access.permission.declared) is distinct from (excluded.module, excluded.description, excluded.default_roles, true);

-- name: refresh_builtin_roles
-- Built-in roles follow the declared permissions.
select access.refresh_builtin_roles();

-- name: component
-- Which version of a component's own objects is installed.
select version from system.component where name = :name;

-- name: note_component
-- The version of a component's own objects.
insert into system.component values (:name, :version) on conflict (name) do update set version = excluded.version;

-- name: look_in_jobs
-- procrastinate's script names no schema.
set search_path = jobs, pg_temp;

-- name: adopt_queue
-- What procrastinate brought is the worker's, and looks in its own schema only.
select jobs.adopt_queue();

-- name: look_nowhere
-- Migrations name every schema.
set search_path = pg_catalog, pg_temp;

-- name: module_schema
-- The statements that give a module its schema.
select s from unnest(array[
    format('create schema if not exists %I', :module::text),
    format('grant usage on schema %I to %I, %I', :module::text, :prefix::text || '_app', :prefix::text || '_worker')
]) s;

-- name: note_move
-- A database that was loaded from a dump: transaction ids begin anew, and with them an epoch of the trail.
with moved as (update system.installation set log_epoch = log_epoch + 1 returning log_epoch)
select audit.record_system(:actor, 'database_moved', jsonb_build_object('epoch', log_epoch)) from moved;

-- name: note_module
-- A module that is installed; the operator's trail says when it came, came back, or changed its version.
with known as (select * from system.module where name = :name), noted as (
    insert into system.module as m (name, package, version, letters, settings) values (:name, :package, :version, :letters, :settings)
    on conflict (name) do update set package = excluded.package, version = excluded.version, letters = excluded.letters, settings = excluded.settings, noted_at = now(), removed_at = null
    where (m.package, m.version, m.letters, m.settings, m.removed_at) is distinct from (excluded.package, excluded.version, excluded.letters, excluded.settings, null)
    returning m.name, m.package, m.version)
select audit.record_system('migrate', 'module_installed', jsonb_build_object('module', noted.name, 'package', noted.package, 'version', noted.version))
from noted left join known using (name) where known.name is null or known.removed_at is not null or known.version <> noted.version;

-- name: note_removed
-- Every other module has gone, and so have its permissions.
with gone as (update system.module set removed_at = now() where removed_at is null and name <> all (:present::text[]) returning name, package, version),
     undeclared as (update access.permission set declared = false where declared and module <> 'belsimple' and module <> all (:present))
select audit.record_system('migrate', 'module_removed', jsonb_build_object('module', name, 'package', package, 'version', version)) from gone;

-- name: removed_modules
-- Modules whose package is gone and whose data is here.
select name, package, version, removed_at, tables from system.removed_modules();
