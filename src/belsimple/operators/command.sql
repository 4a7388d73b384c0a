-- name: invite
-- Invites an operator; false where the first one's invitation is asked for and there is one already.
select operators.invite_by_command(:email, :role, :language, :token_hash, :actor, :post);

-- name: operators
-- Every operator.
select id, email, name, role, status, created_at from operators.listed();
