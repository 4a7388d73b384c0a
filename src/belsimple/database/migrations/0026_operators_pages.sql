-- What the operator's pages need besides: the own name and language, tenants by status, and a profile whose fields can be emptied.

create function operators.change_me(p_session bytea, p_name text, p_language text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid := operators.act(p_session, null, false);
begin
    update operators.account a set name = coalesce(p_name, a.name), language = coalesce(p_language, a.language), version = a.version + 1 where a.id = who;
end $$;

create function operators.tenants_by_status(p_session bytea) returns table (status text, tenants integer) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.require(p_session, 'health:read');
    return query select s.status, (select count(*)::integer from identity.tenant t where t.status = s.status and not t.synthetic) from unnest(array['active', 'suspended', 'removing']) s(status);
end $$;

-- As in 0017, but an empty text empties a field: null still leaves it as it is.
create or replace function operators.change_profile(p_session bytea, p_legal_name text, p_enterprise_number text, p_address text, p_email text, p_officer_name text, p_officer_email text,
    p_security_name text, p_security_email text, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform operators.act(p_session, 'profile:write');
    update operators.profile p set legal_name = nullif(coalesce(p_legal_name, p.legal_name), ''), enterprise_number = nullif(coalesce(p_enterprise_number, p.enterprise_number), ''),
           address = nullif(coalesce(p_address, p.address), ''), email = nullif(coalesce(p_email, p.email), ''),
           officer_name = nullif(coalesce(p_officer_name, p.officer_name), ''), officer_email = nullif(coalesce(p_officer_email, p.officer_email), ''),
           security_name = nullif(coalesce(p_security_name, p.security_name), ''), security_email = nullif(coalesce(p_security_email, p.security_email), ''), version = p.version + 1
     where p.version = p_expected;
    if not found then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
end $$;

grant execute on function operators.change_me(bytea, text, text), operators.tenants_by_status(bytea) to :"operator";
