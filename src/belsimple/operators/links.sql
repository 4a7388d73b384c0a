-- name: invitation_open
-- Whose invitation a link leads to, while it can be accepted; no address for the first operator's.
select email, role from operators.invitation_open(:token_hash);

-- name: accept_invitation
-- Accepts an invitation, once; the address is asked for only where the invitation has none.
select email from operators.accept_invitation(:token_hash, :email, :name, :salt, :memory_kib, :iterations, :lanes, :verifier);

-- name: request_reset
-- What was asked for, known or not; the worker finds out.
select operators.request_reset(:email);

-- name: answer_reset
-- The worker's: mails a link if the address is an operator's.
select operators.answer_reset(:id);

-- name: reset_open
-- Whose reset a link leads to, while it can be used.
select email from operators.reset_open(:token_hash);

-- name: confirm_reset
-- Sets a new password, once; ends every session. False when somebody was faster.
select operators.confirm_reset(:token_hash, :salt, :memory_kib, :iterations, :lanes, :verifier);

-- name: tidy
-- Removes what is over.
select operators.tidy()::text;
