-- name: tenants
-- Tenants by short name, after one of them.
select id, slug, name, status, synthetic, accounts, created_at, suspension_reason, suspended_since, document_bytes, document_quota
from operators.tenants(:session, :id, :after_slug, :limit);

-- name: create_tenant
-- A tenant, and the invitation that its first owner is mailed.
select operators.create_tenant(:session, :slug, :name, :owner_email, :language);

-- name: suspend
-- Refuses everything of a tenant's at once; said again, it changes the reason.
select operators.suspend(:session, :id, :reason);

-- name: resume
-- Lets a suspended tenant in again.
select operators.resume(:session, :id);

-- name: set_quota
-- How many bytes of documents a tenant may keep.
select operators.set_quota(:session, :id, :bytes);
