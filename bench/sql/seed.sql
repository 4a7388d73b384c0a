-- Tenants with accounts that share one password, and dossiers, written as the operator's commands write: inside each tenant's context.
-- psql variables: tenants, accounts and dossiers (per tenant), salt and verifier (hex).
select set_config('bench.tenants', :'tenants', false), set_config('bench.accounts', :'accounts', false),
       set_config('bench.dossiers', :'dossiers', false),
       set_config('bench.salt', :'salt', false), set_config('bench.verifier', :'verifier', false) \g /dev/null

do $$
declare
    tenant uuid;
    n integer;
begin
    for n in 1..current_setting('bench.tenants')::integer loop
        tenant := (tenancy.create('bench-' || n, 'Bench ' || n, 'owner@example.invalid', 'en', 'bench', false)).tenant;
        perform context.stamp(tenant, null, null, '', 'command');
        insert into identity.account (tenant_id, email, name)
        select tenant, 'member-' || i || '@example.invalid', 'Member ' || i from generate_series(1, current_setting('bench.accounts')::integer) i;
        insert into identity.password (tenant_id, id, salt, memory_kib, iterations, lanes, verifier)
        select a.tenant_id, a.id, decode(current_setting('bench.salt'), 'hex'), 65536, 3, 4, decode(current_setting('bench.verifier'), 'hex')
        from identity.account a where a.tenant_id = tenant;
        insert into access.assignment (tenant_id, account_id, role_id)
        select a.tenant_id, a.id, r.id from identity.account a join access.role r on r.tenant_id = a.tenant_id and r.name = 'member'
        where a.tenant_id = tenant;
        insert into dossiers.dossier (tenant_id, title, reference, notes)
        select tenant, 'Succession of the family number ' || i, 'D-2026-' || lpad(i::text, 6, '0'), repeat('A note of some length. ', 5)
        from generate_series(1, current_setting('bench.dossiers')::integer) i;
        perform set_config('context.stamp', '', true);
    end loop;
end $$;

vacuum analyze;
