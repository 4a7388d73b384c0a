-- name: current_hashing
-- The cost that new passwords are hashed with.
select memory_kib, iterations, lanes from operators.current_hashing();

-- name: password_parameters
-- Salt and cost for an attempt; made up, but always the same, where there is no such operator.
select salt, memory_kib, iterations, lanes, familiar from operators.password_parameters(:email, :address::text::inet);

-- name: sign_in
-- Compares the proof and opens a session, or returns no row.
select session_id, operator_id, outdated from operators.sign_in(:email, :proof, :token_hash, :address::text::inet, :agent);

-- name: rehash
-- The same password under today's cost.
select operators.rehash(:email, :proof, :salt, :memory_kib, :iterations, :lanes, :verifier);

-- name: own_password_parameters
-- Salt and cost of the operator's own password.
select salt, memory_kib, iterations, lanes from operators.own_password_parameters(:session);

-- name: reauthenticate
-- True when the proof is right; the session is then fresh.
select operators.reauthenticate(:session, :proof);

-- name: change_own_password
-- The id of the session that goes on, or null for a wrong proof. Every other session ends.
select operators.change_own_password(:session, :current_proof, :salt, :memory_kib, :iterations, :lanes, :verifier, :token_hash, :address::text::inet, :agent);

-- name: me
-- The operator that asks.
select id, email, name, language, role, permissions from operators.me(:session);

-- name: own_sessions
-- The operator's living sessions, last used first.
select id, created_at, last_seen, expires_at, address, agent, current from operators.own_sessions(:session);

-- name: end_own_session
-- Ends one of the operator's own sessions; false when there is none.
select operators.end_own_session(:session, :id);

-- name: change_me
-- The operator's own name and language; null leaves them as they are.
select operators.change_me(:session, :name, :language);
