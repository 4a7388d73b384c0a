-- The first page of a tenant's dossiers: the statement that the service sends, without row security.
select id, title, reference, status, version, created_at, updated_at, closed_at
from dossier
where tenant_id = $1
order by id desc
limit $2
