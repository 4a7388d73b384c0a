-- name: viewer
-- Who reads a page, and the support access that it tells of.
select name, email, language, zone, tenant, slug, support_inside, support_operator, support_reason, support_until, support_writing from identity.viewer();

-- name: operator_viewer
-- Who reads one of the operator's pages.
select name, email, language, 'Europe/Brussels' as zone, '' as tenant, '' as slug, false as support_inside, null as support_operator, null as support_reason, null::timestamptz as support_until, false as support_writing
from operators.me(:session);
