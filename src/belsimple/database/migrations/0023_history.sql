-- The history of an object, for whoever may read the object; and who stands behind the accounts that the trail names.

-- The owner's functions see the trail of the stamp's tenant, and of no other.
create policy trace on audit.entry for select to :"owner" using (tenant_id = (select context.tenant()));

-- The columns whose values never enter the trail, as a table's trigger has them now. What was written before a column was declared
-- secret is in the trail, for its readers; it is in no history.
create function audit.secret_columns(p_relation text) returns text[] language sql stable as $$
    select coalesce(pg_catalog.array_agg(c) filter (where c <> ''), '{}')
    from pg_catalog.pg_trigger t join pg_catalog.pg_class r on r.oid = t.tgrelid join pg_catalog.pg_namespace n on n.oid = r.relnamespace
    cross join lateral pg_catalog.string_to_table(pg_catalog.encode(t.tgargs, 'escape'), '\000') c
    where t.tgname = 'audit_update' and n.nspname = pg_catalog.split_part(p_relation, '.', 1) and r.relname = pg_catalog.split_part(p_relation, '.', 2)
$$;

-- Newest first, from behind a place in it. An update tells the columns that it changed, the others tell the whole row. Who may not read
-- the table gets nothing, as from the table itself.
create function audit.history(p_relation text, p_object uuid, p_before_at timestamptz, p_before_id uuid, p_limit integer)
returns table (id uuid, at timestamptz, actor text, source text, action text, changed text[], old text, new text, detail text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant uuid   := (select context.tenant(p.read_permission) from tenancy.protected p where p.relation = p_relation);
    hidden text[] := audit.secret_columns(p_relation) || '{tenant_id}'::text[];
begin
    if tenant is null then return; end if;
    return query
    select e.id, e.at, a.name, e.source, e.action, c.changed, (case when c.changed is null then e.old - hidden else f.old end)::text,
           (case when c.changed is null then e.new - hidden else f.new end)::text, e.detail::text
    from (select x.* from audit.entry x
           where x.tenant_id = tenant and x.object_id = p_object and x.object_type = p_relation and (p_before_at is null or (x.at, x.id) < (p_before_at, p_before_id))
           order by x.at desc, x.id desc limit least(p_limit, 200)) e
    left join identity.account a on a.tenant_id = tenant and a.id = e.account_id
    cross join lateral (select case when e.action = 'update' and e.old is not null and e.new is not null then
        array(select k from jsonb_object_keys(e.new) k where k <> all (hidden) and e.old -> k is distinct from e.new -> k order by k) end as changed) c
    cross join lateral (select jsonb_object_agg(k, e.old -> k) as old, jsonb_object_agg(k, e.new -> k) as new from unnest(c.changed) k) f
    order by e.at desc, e.id desc;
end $$;
grant execute on function audit.history(text, uuid, timestamptz, uuid, integer) to :"app", :"worker";

-- Names beside ids, for readers of the trail.
create function audit.actors(p_accounts uuid[]) returns table (id uuid, name text, email text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.id, a.name, a.email from identity.account a where a.tenant_id = context.tenant('audit:read') and a.id = any (p_accounts)
$$;
grant execute on function audit.actors(uuid[]) to :"app";
