-- name: roles
-- The tenant's roles, or one of them.
select id, name, builtin, permissions, members, version from access.roles(:id);

-- name: permissions
-- Every permission there is.
select name, module, description from access.permissions();

-- name: create_role
-- A role of the tenant's own; returns its id.
select access.create_role(:name, :permissions);

-- name: change_role
-- Changes a role; null leaves a field as it is.
select access.change_role(:id, :name, :permissions, :expected);

-- name: delete_role
-- Deletes a role that nobody holds.
select access.delete_role(:id, :expected);
