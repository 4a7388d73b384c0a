-- psql variables: tenants, dossiers (per tenant), token (hex of the first tenant's session token).
insert into tenant (id, slug)
select lpad(to_hex(n), 32, '0')::uuid, 'bench-' || n from generate_series(1, :tenants) n;

insert into account (tenant_id, id, email)
select id, id, slug || '@example.test' from tenant;

insert into session (token_hash, tenant_id, account_id, expires_at)
select sha256(decode(:'token', 'hex')), id, id, now() + interval '1 day' from tenant where slug = 'bench-1';

insert into dossier (tenant_id, id, title, reference, status, notes, version, created_at, updated_at)
select id, uuidv7(), 'Succession of the family number ' || n, 'D-2026-' || lpad(n::text, 6, '0'), 'open',
       repeat('A note of some length. ', 5), 1, now() - n * interval '1 minute', now()
from tenant, generate_series(1, :dossiers) n;

vacuum analyze;
