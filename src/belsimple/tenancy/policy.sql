-- name: policy
-- The tenant's policy.
select ways, factor_role_ids, shortest_password, networks, most_sessions, version from identity.policy_shown();

-- name: change_policy
-- Changes it, as long as its version is the one that is known.
select identity.change_policy(:ways, :factor_role_ids, :shortest_password, :networks, :most_sessions, :expected, :address::text::inet);
