-- name: operators
-- Operators by e-mail address, after one of them.
select id, email, name, language, role, status, created_at, version from operators.accounts(:session, :id, :after_email, :limit);

-- name: change_operator
-- Role and status of an operator; null leaves them as they are.
select id, email, name, language, role, status, created_at, version from operators.change_account(:session, :id, :role, :status, :expected);

-- name: invitations
-- Invitations that can still be accepted.
select id, email, role, language, created_at, expires_at from operators.invitations(:session);

-- name: invite
-- Invites an operator by mail; an earlier invitation of the same address is over.
select operators.invite(:session, :email, :role, :language);

-- name: withdraw_invitation
-- Takes an invitation back; false when there is none.
select operators.withdraw_invitation(:session, :id);
