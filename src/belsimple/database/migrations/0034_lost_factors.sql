-- Somebody lost the telephone and the recovery codes. Colleagues who look after people take the factors away; the only owner's go by the
-- operator's command. The password is still needed, the person is told of each factor that goes, and what was open is shut.
create function identity.clear_factors(tenant uuid, account uuid) returns integer language plpgsql as $$
declare
    gone integer;
    n    integer;
begin
    delete from identity.passkey k where k.tenant_id = tenant and k.account_id = account;
    get diagnostics gone = row_count;
    delete from identity.totp f where f.tenant_id = tenant and f.id = account;
    get diagnostics n = row_count;
    if gone + n > 0 then
        perform audit.record('factors_cleared', 'identity.account', account);
        delete from identity.session s where s.tenant_id = tenant and s.account_id = account;
    end if;
    return gone + n;
end $$;
create function identity.member_factors(p_id uuid) returns table (totp boolean, passkeys bigint) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (select from identity.totp f where f.tenant_id = a.tenant_id and f.id = a.id and f.confirmed_at is not null),
           (select count(*) from identity.passkey k where k.tenant_id = a.tenant_id and k.account_id = a.id)
      from identity.account a where a.tenant_id = context.tenant('members:write') and a.id = p_id
$$;
-- Nobody takes them from themselves this way, where a session that was stolen would do, nor from somebody who may do more.
create function identity.clear_member_factors(p_id uuid) returns integer language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare tenant uuid := context.tenant('members:write', true);
begin
    perform identity.require_session();
    perform from identity.account a where a.tenant_id = tenant and a.id = p_id for no key update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    if p_id = context.account() then
        raise exception 'Remove your own second factors in your account.' using errcode = 'BS409', hint = 'own-factors';
    end if;
    perform access.require_held(string_to_array(nullif(access.permissions_of(tenant, p_id), ''), ','));
    return identity.clear_factors(tenant, p_id);
end $$;
grant execute on function identity.member_factors(uuid), identity.clear_member_factors(uuid) to :"app";

create function tenancy.clear_factors(p_slug text, p_email text, p_actor text) returns integer language plpgsql as $$
declare
    who  record;
    gone integer;
begin
    select a.tenant_id, a.id into who from identity.account a join identity.tenant t on t.id = a.tenant_id where t.slug = p_slug and a.email = lower(p_email) for no key update of a;
    if not found then raise exception 'There is no account % in a tenant %.', p_email, p_slug using errcode = 'BS404'; end if;
    perform context.stamp(who.tenant_id, null, null, '', tenancy.source_of(p_actor));
    gone := identity.clear_factors(who.tenant_id, who.id);
    perform audit.record_system(p_actor, 'factors_cleared', jsonb_build_object('tenant', who.tenant_id, 'account', who.id, 'factors', gone));
    perform set_config('context.stamp', '', true);
    return gone;
end $$;
