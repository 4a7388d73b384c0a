-- name: create_tenant
-- A tenant and the invitation of its first owner.
select tenancy.create_tenant(:slug, :name, :owner_email, :token_hash, :actor, :synthetic);

-- name: invite_member
-- An invitation into a tenant, made by a command.
select tenancy.invite_member(:slug, :email, :role, :token_hash);

-- name: tenants
-- Every tenant, with how many accounts it has.
select id, slug, name, status, synthetic, accounts, created_at from tenancy.tenants();

-- name: set_status
-- Suspends or resumes a tenant.
select tenancy.set_status(:slug, :status, :actor);

-- name: remove_synthetic
-- Removes a probe's tenant.
select tenancy.remove_synthetic(:slug, :actor);
