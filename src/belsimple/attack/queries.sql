-- name: become
-- Acts as the installation's owner, who looks nothing up outside the catalogue.
set role {};

-- name: enter
-- Enters with a token.
select * from context.enter($1);

-- name: begin_without_reset
-- How a careless service would begin: whatever an earlier request set is still set.
begin; select context.pristine();
