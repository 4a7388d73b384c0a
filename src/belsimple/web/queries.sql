-- name: take_limit
-- One unit of a rate limit: 0, or the seconds to wait.
select limits.take(:key, :every, :burst) as wait;

-- name: ready
-- Whether the database answers this role.
select 1 as ready;

-- name: claim_answer
-- Claims an Idempotency-Key (no row), or returns the answer given before.
select status, body, location, etag from idempotency.claim(:route, :key, :request_hash);

-- name: store_answer
-- Keeps the answer of a claimed Idempotency-Key, in the transaction of the change itself.
select idempotency.store(:route, :key, :status, :body, :location, :etag);

-- name: record_refusal
-- Requests refused to a session, in its tenant's trail.
select audit.refused(:token, :route, :status, :times);

-- name: record_operator_refusal
-- The same of an operator's session, in the operator's trail.
select operators.refused(:token, :route, :status, :times);

-- name: claim_operator_answer
-- Claims an operator's Idempotency-Key (no row), or returns the answer given before.
select status, body, location, etag from operators.claim_answer(:session, :route, :key, :request_hash);

-- name: store_operator_answer
-- Keeps the answer of an operator's claimed Idempotency-Key.
select operators.store_answer(:session, :route, :key, :status, :body, :location, :etag);

-- name: refund_limit
-- Gives back a unit that was taken for an attempt which proved honest.
select limits.refund(:key, :every);

-- name: note_provisioning
-- Requests of a directory's token, for the page of its connection.
select scim.note(:token, :entries);
