\set number random(1, 1000000000000000)
begin;
select tenant_id as tenant, account_id as account from context.enter(:token::bytea) \gset
insert into dossiers.dossier (tenant_id, title, reference, status, notes, created_by, updated_by, closed_at)
values (:tenant::uuid, 'Succession of the family number 1', 'P-' || :number::bigint, 'open', repeat('A note of some length. ', 5),
        :account::uuid, :account::uuid, null)
returning id, title, reference, status, notes, version, created_at, created_by, updated_at, updated_by, closed_at;
commit;
