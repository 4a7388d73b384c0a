-- name: role_exists
-- Whether the cluster knows a role.
select exists (select from pg_roles where rolname = :role);

-- name: create_role
-- The statement that creates a role which can do nothing yet.
select format('create role %I nosuperuser nocreatedb nocreaterole noinherit', :role::text);

-- name: set_password
-- The statement that lets a role log in with a SCRAM verifier.
select format('alter role %I login password %L', :role::text, :verifier::text);

-- name: reset_settings
-- The statement that takes a role's own settings away: a role may ALTER ROLE itself, and a start heals what it did.
select format('alter role %I reset all', :role::text);

-- name: own_database
-- The statements that give the database to nobody but the installation's own roles; no TEMP for anybody.
select s from unnest(array[
    format('grant %I to current_user', :prefix::text || '_owner'),
    format('revoke all on database %I from public', current_database()),
    format('grant connect on database %I to %I, %I, %I, %I, %I', current_database(), :prefix || '_app', :prefix || '_gate', :prefix || '_operator', :prefix || '_worker', :prefix || '_backup'),
    format('grant create on database %I to %I', current_database(), :prefix || '_owner'),
    'revoke all on schema public from public'
]) s;

-- name: become_owner
-- The statement that makes this connection act as the owner.
select format('set role %I', :prefix::text || '_owner');

-- name: is_superuser
-- Whether this login may harden the cluster itself: the owned profile.
select rolsuper from pg_roles where rolname = session_user;
