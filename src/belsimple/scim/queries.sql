-- name: users
-- A page of the connection's users; the first row always has the total.
select total, id, document, version from scim.users(:filter, :id, :external_id, :user_name, :sort, :descending, :offset, :limit);

-- name: groups
-- A page of the connection's groups.
select total, id, document, version from scim.groups(:filter, :id, :external_id, :display_name, :members, :sort, :descending, :offset, :limit);

-- name: held_user
-- A user, held until the transaction ends.
select document, version from scim.held_user(:id, :expected);

-- name: add_user
-- A new user, or one that comes back; `waiting` when the address is an account's that the connection did not make.
select outcome, id from scim.add_user(:external_id, :user_name, :email, :name, :language, :active, :attributes);

-- name: change_user
-- All that the directory says of a user.
select scim.change_user(:id, :external_id, :user_name, :email, :name, :language, :active, :attributes);

-- name: delete_user
-- Shut, and out of the directory's view.
select scim.delete_user(:id, :expected);

-- name: held_group
-- A group with its members, held until the transaction ends.
select document, version from scim.held_group(:id, :expected);

-- name: add_group
-- A new group; returns its id.
select scim.add_group(:external_id, :display_name, :members);

-- name: change_group
-- A group's names, and who joins and leaves it.
select scim.change_group(:id, :external_id, :display_name, :add, :remove);

-- name: delete_group
-- The group and its memberships.
select scim.delete_group(:id, :expected);

-- name: begin_operation
-- One operation of a bulk request begins.
savepoint operation;

-- name: keep_operation
-- It stands.
release savepoint operation;

-- name: undo_operation
-- It leaves nothing.
rollback to savepoint operation;
