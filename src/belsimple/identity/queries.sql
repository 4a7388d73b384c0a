-- name: current_hashing
-- The cost that new passwords are hashed with.
select memory_kib, iterations, lanes from identity.current_hashing();

-- name: password_parameters
-- Salt and cost for an attempt; made up, but always the same, where there is no such account.
select salt, memory_kib, iterations, lanes, familiar from identity.password_parameters(:slug, :email, :address::text::inet);

-- name: sign_in
-- Compares the proof and opens a session, or returns no row.
select session_id, account_id, outdated from identity.sign_in(:slug, :email, :proof, :token_hash, :address::text::inet, :agent);

-- name: rehash
-- The same password under today's cost.
select identity.rehash(:slug, :email, :proof, :salt, :memory_kib, :iterations, :lanes, :verifier);

-- name: invitation_open
-- Whether an invitation can still be accepted.
select tenant_slug, email from identity.invitation_open(:token_hash);

-- name: accept_invitation
-- Accepts an invitation, once.
select tenant_slug, email from identity.accept_invitation(:token_hash, :name, :salt, :memory_kib, :iterations, :lanes, :verifier);

-- name: own_password_parameters
-- Salt and cost of the caller's own password.
select salt, memory_kib, iterations, lanes from identity.own_password_parameters();

-- name: reauthenticate
-- True when the proof is right; the session is then fresh.
select identity.reauthenticate(:proof);

-- name: change_own_password
-- The id of the session that goes on, or null for a wrong proof. Every other session ends.
select identity.change_own_password(:current_proof, :salt, :memory_kib, :iterations, :lanes, :verifier, :token_hash, :address::text::inet, :agent);

-- name: me
-- The caller's own account.
select id, email, name, language, zone, version, tenant_id, tenant_slug, tenant_name, roles from identity.me();

-- name: change_me
-- Changes the caller's own account; null leaves a field as it is.
select identity.change_me(:name, :language, :zone, :expected);

-- name: own_sessions
-- The caller's living sessions, last used first.
select id, created_at, last_seen, expires_at, address, agent, current from identity.own_sessions();

-- name: end_own_session
-- Ends one of the caller's sessions; false when there is none.
select identity.end_own_session(:id);

-- name: members
-- Members by e-mail address, after one of them.
select id, email, name, status, roles, role_ids, created_at, version from identity.members(:id, :after_email, :limit);

-- name: change_member
-- Status and roles of a member; null leaves them as they are.
select identity.change_member(:id, :status, :roles, :expected);
