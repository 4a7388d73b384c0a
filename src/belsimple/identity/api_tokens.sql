-- name: own_tokens
-- The caller's tokens that have not expired, the newest first; or one of them.
select id, name, hint, scopes, created_at, expires_at, last_used_at from identity.own_tokens(:id);

-- name: own_permissions
-- What the caller may give a token.
select name, module, description from identity.own_permissions();

-- name: create_token
-- A new token of the caller's; returns its id.
select identity.create_token(:name, :scopes, :expires_at, :token_hash, :hint);

-- name: end_own_token
-- Ends one of the caller's tokens; false when there is none.
select identity.end_own_token(:id);

-- name: report_leak
-- Ends the token of this text, if there is one, and tells its owner.
select identity.report_leak(:token_hash, :place);

-- name: sweep_tokens
-- Removes tokens past their time; returns how many.
select identity.sweep_tokens();
