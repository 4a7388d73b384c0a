-- name: connections
-- The tenant's connections, or one of them.
select id, name, status, networks, provider_id, subject_claim, subject_attribute, users, groups, waiting, tokens, created_at, version from scim.connections(:id);

-- name: add_connection
-- A new one with its first token; returns its id.
select scim.add_connection(:name, :token_hash, :hint);

-- name: change_connection
-- All that an admin says of it.
select scim.change_connection(:id, :name, :networks, :provider_id, :subject_claim, :subject_attribute, :expected);

-- name: set_connection_status
-- On or off.
select scim.set_connection_status(:id, :status, :expected);

-- name: remove_connection
-- Gone, with its hold on accounts.
select scim.remove_connection(:id, :expected);

-- name: renew_token
-- One more token; of those before, the newest stays.
select scim.renew_token(:id, :token_hash, :hint);

-- name: end_token
-- False when there is none.
select scim.end_token(:id, :token);

-- name: requests
-- The last requests.
select id, at, method, path, status, scim_type, detail from scim.requests(:id);

-- name: conflicts
-- Users that wait for an account to be linked.
select id, account_id, account, email, external_id, user_name, at from scim.conflicts(:id);

-- name: link
-- The account of a waiting user becomes the directory's.
select scim.link(:id, :conflict);

-- name: drop_conflict
-- False when there is none.
select scim.drop_conflict(:id, :conflict);

-- name: mapped_groups
-- The directory's groups with their roles, or one of them.
select id, display_name, role_id, role, members, version from scim.mapped_groups(:id, :group);

-- name: try_mapping
-- Who would gain or lose what.
select account_id, account, email, role, gains from scim.try_mapping(:id, :group, :role);

-- name: map_group
-- What the group means.
select scim.map_group(:id, :group, :role, :expected);

-- name: detach
-- Out of the directory's hands.
select scim.detach(:account);
