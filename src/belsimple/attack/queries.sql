-- name: become
-- Acts as the installation's owner, who looks nothing up outside the catalogue.
set role {};

-- name: enter
-- Enters with a token.
select * from context.enter($1);
