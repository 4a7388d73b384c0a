-- name: create
-- A database from a template.
create database {} template {} owner {};

-- name: create_manager
-- The admin of a managed service: it may make roles, and is no superuser.
create role {} login createrole password {};

-- name: drop
-- A copy that has served, whoever is still connected.
drop database {} with (force);

-- name: analyze
-- Statistics up to date: old ones would hide what they leak.
analyze;
