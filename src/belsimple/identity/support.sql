-- name: grants
-- The tenant's support access, open and over, the newest first; or one of them.
select id, operator_name, operator_email, granted_by_name, reason, writing, created_at, expires_at, ended_at, "open", used from identity.support_grants(:id);

-- name: grant
-- Lets one operator in, for so many hours; returns its id.
select identity.grant_support(:operator, :reason, :hours, :writing);

-- name: end
-- Ends one that is open; false when there is none.
select identity.end_support(:id);

-- name: leave
-- Ends the support session that asks.
select identity.leave_support();
