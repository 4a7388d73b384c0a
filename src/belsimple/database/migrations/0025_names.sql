-- The people behind the ids that a module's rows keep: their names, for whoever is signed in beside them. No address, no role.
create function identity.names(p_accounts uuid[]) returns table (id uuid, name text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.id, a.name from identity.account a where a.tenant_id = context.tenant() and a.id = any (p_accounts)
$$;
grant execute on function identity.names(uuid[]) to :"app", :"worker";
