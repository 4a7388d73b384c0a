-- Ends every session of the caller's but the one that asks, and says how many there were.
create function identity.end_other_sessions() returns integer language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare ended integer;
begin
    delete from identity.session s where s.tenant_id = context.tenant(null, true) and s.account_id = context.account() and s.id <> context.session();
    get diagnostics ended = row_count;
    return ended;
end $$;
revoke execute on function identity.end_other_sessions() from public;
grant execute on function identity.end_other_sessions() to :"app";
