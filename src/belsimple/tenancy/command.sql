-- name: create_tenant
-- A tenant and the invitation of its first owner, whose mail is posted.
select tenant, invitation from tenancy.create(:slug, :name, :owner_email, :language, :actor, :synthetic);

-- name: invite_member
-- An invitation into a tenant, made by a command.
select tenant, invitation from tenancy.invite_by_command(:slug, :email, :role);

-- name: add_link
-- A link that a command prints.
select mail.add_link(:purpose, :tenant_id, :subject_id, :token_hash);

-- name: tenants
-- Every tenant, with how many accounts it has.
select id, slug, name, status, synthetic, accounts, created_at from tenancy.tenants();

-- name: set_status
-- Suspends or resumes a tenant.
select tenancy.set_status(:slug, :status, :actor);

-- name: clear_factors
-- Takes the second factors of somebody who lost them; how many went.
select tenancy.clear_factors(:slug, :email, :actor);

-- name: remove_synthetic
-- Removes a probe's tenant.
select tenancy.remove_synthetic(:slug, :actor);
