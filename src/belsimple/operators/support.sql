-- name: grants
-- Where the operator who asks was let in, the first to end first.
select id, tenant, slug, granted_by, reason, writing, created_at, expires_at from operators.support_grants(:session);

-- name: enter
-- Opens a support session inside the tenant.
select operators.enter_support(:session, :id, :token_hash);
