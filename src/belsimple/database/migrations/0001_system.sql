-- What every other migration stands on: schemas, the installation's own row, ids. Everything here is owned by a role that
-- cannot log in; migrations run under `set role` to it.

-- A new function would be executable by everybody; each one is granted by name instead.
alter default privileges revoke execute on functions from public;

create schema system;
create schema tenancy;
create schema context;
create schema identity;
create schema access;
create schema audit;
create schema limits;
create schema idempotency;
create schema jobs;

create table system.installation (
    singleton   boolean primary key default true check (singleton),
    instance    text not null check (instance ~ '^[0-9a-f]{8}$'),      -- part of the cookie's name: cookies ignore ports
    role_prefix text not null,
    log_epoch   integer not null default 1,                            -- changes on a logical move or a point-in-time restore
    created_at  timestamptz not null default now()
);
create table system.migration (
    source     text not null,                                          -- 'belsimple', or a module's name
    number     integer not null,
    name       text not null,
    checksum   text not null,
    applied_at timestamptz not null default now(),
    primary key (source, number)
);
create table system.component (name text primary key, version text not null);

-- What a service process may know of the installation without entering a tenant.
create function system.instance() returns text language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select instance from system.installation $$;

-- Time-ordered ids (UUID version 7, RFC 9562), made by the database and never by the caller. Servers before 18 lack the function:
-- there, the milliseconds are laid over a random id's first six bytes and its version set.
do $$ begin
    execute format('create function tenancy.new_id() returns uuid language sql volatile as %L',
        case when to_regprocedure('pg_catalog.uuidv7()') is not null then 'select pg_catalog.uuidv7()'
             else $f$select pg_catalog.encode(pg_catalog.set_byte(u, 6, (pg_catalog.get_byte(u, 6) & 15) | 112), 'hex')::pg_catalog.uuid
                     from (select pg_catalog.overlay(pg_catalog.uuid_send(pg_catalog.gen_random_uuid()),
                               pg_catalog.substr(pg_catalog.int8send((extract(epoch from pg_catalog.clock_timestamp()) * 1000)::bigint), 3), 1, 6) as u) x$f$ end);
end $$;

grant usage on schema system, tenancy, context, audit, identity, access, limits, idempotency, jobs to :"app", :"gate", :"worker";
grant execute on function tenancy.new_id() to :"app", :"gate", :"worker";
grant execute on function system.instance() to :"app", :"gate", :"worker", :"operator";
grant usage on schema system to :"operator";
