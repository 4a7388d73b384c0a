-- Invitations over the API and by command, the tenant's language and settings, and a mail to a tenant's first owner.

create function identity.roles_named(tenant uuid, names text[]) returns uuid[] language plpgsql as $$
declare found_ids uuid[] := (select coalesce(pg_catalog.array_agg(r.id), '{}') from access.role r where r.tenant_id = tenant and (r.name = any (names) or r.id::text = any (names)));
begin
    if cardinality(found_ids) <> cardinality(names) then
        raise exception 'There is no such role.' using errcode = 'BS422', detail = '/roles';
    end if;
    return found_ids;
end $$;
create function identity.require_roles_held(tenant uuid, roles uuid[]) returns void language plpgsql as $$
begin
    perform access.require_held(r.permissions) from access.role r where r.tenant_id = tenant and r.id = any (roles);
end $$;
create function identity.invite(p_email text, p_roles text[], p_language text) returns uuid language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant     uuid := context.tenant('members:write', true);
    invitation uuid := tenancy.new_id();
    wanted     uuid[];
    earlier    record;
begin
    perform from identity.tenant t where t.id = tenant for no key update;  -- as in change_member: who holds what changes one by one
    if exists (select from identity.account a where a.tenant_id = tenant and a.email = p_email) then
        raise exception 'This address is a member''s already.' using errcode = 'BS409', hint = 'member-exists';
    end if;
    wanted := identity.roles_named(tenant, p_roles);
    perform identity.require_roles_held(tenant, wanted);
    for earlier in select i.role_ids from identity.invitation i where i.tenant_id = tenant and i.email = p_email and i.accepted_at is null and i.expires_at > now() loop
        perform identity.require_roles_held(tenant, earlier.role_ids);  -- an admin cannot make less of an owner's invitation
    end loop;
    delete from identity.invitation i where i.tenant_id = tenant and i.email = p_email and i.accepted_at is null;
    if (select count(*) from identity.invitation i where i.tenant_id = tenant and i.accepted_at is null and i.expires_at > now()) >= 500 then
        raise exception 'Five hundred invitations are open already. Withdraw some first.' using errcode = 'BS409', hint = 'too-many-invitations';
    end if;
    perform identity.spare(count(*) filter (where m.recipient = p_email), 5), identity.spare(count(*), 1000)
       from mail.message m where m.tenant_id = tenant and m.kind = 'invitation' and m.created_at > now() - interval '1 day';
    perform identity.add_invitation(tenant, invitation, p_email, wanted, p_language, context.account(), interval '7 days');
    return invitation;
end $$;
-- The row and its mail. An invitation without a language of its own speaks the tenant's.
create function identity.add_invitation(tenant uuid, invitation uuid, p_email text, roles uuid[], p_language text, p_by uuid, valid interval) returns void language plpgsql as $$
declare
    inviter  text := (select a.name from identity.account a where a.tenant_id = tenant and a.id = p_by);
    chosen   text := coalesce(p_language, (select t.language from identity.tenant t where t.id = tenant));
begin
    insert into identity.invitation (tenant_id, id, email, role_ids, language, invited_by, expires_at)
    values (tenant, invitation, p_email, roles, chosen, p_by, now() + valid);
    perform mail.post('invitation', tenant, null, p_email, chosen,
        pg_catalog.jsonb_build_object('inviter', inviter), 'invitation', invitation);
end $$;
create function identity.invitations(p_id uuid, p_after uuid, p_limit integer)
returns table (id uuid, email text, roles text[], language text, invited_by uuid, created_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select i.id, i.email, (select coalesce(array_agg(r.name order by r.name), '{}') from access.role r where r.tenant_id = i.tenant_id and r.id = any (i.role_ids)),
           i.language, i.invited_by, i.created_at, i.expires_at
    from identity.invitation i
    where i.tenant_id = context.tenant('members:write') and i.accepted_at is null and i.expires_at > now() and (p_id is null or i.id = p_id) and (p_after is null or i.id > p_after)
    order by i.id limit p_limit
$$;
create function identity.withdraw_invitation(p_id uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant uuid := context.tenant('members:write', true);
    roles  uuid[];
begin
    select i.role_ids into roles from identity.invitation i where i.tenant_id = tenant and i.id = p_id and i.accepted_at is null and i.expires_at > now() for update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    perform identity.require_roles_held(tenant, roles);
    delete from identity.invitation i where i.tenant_id = tenant and i.id = p_id;
end $$;

-- Whether the person who invited could do it still: nobody comes in by the word of somebody who has lost the right to give it.
create function identity.vouched(tenant uuid, p_by uuid, roles uuid[]) returns boolean language sql stable as $$
    select p_by is null or ('members:write' = any (held.permissions)
       and not exists (select from access.role r where r.tenant_id = tenant and r.id = any (roles) and not r.permissions OPERATOR(pg_catalog.<@) held.permissions))
    from (select pg_catalog.string_to_array(access.permissions_of(tenant, p_by), ',') as permissions) held
$$;
create or replace function identity.invitation_open(p_token_hash bytea) returns table (tenant_slug text, email text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.slug, i.email
    from mail.link l join identity.invitation i on i.tenant_id = l.tenant_id and i.id = l.subject_id join identity.tenant t on t.id = i.tenant_id
    where l.token_hash = p_token_hash and l.purpose = 'invitation' and i.accepted_at is null and i.expires_at > now() and t.status = 'active'
      and identity.vouched(i.tenant_id, i.invited_by, i.role_ids)
      and not exists (select from identity.account a where a.tenant_id = i.tenant_id and a.email = i.email)
$$;
-- The same for pages, which speak the invitation's language.
create function identity.invitation_shown(p_token_hash bytea) returns table (tenant_slug text, email text, language text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.slug, i.email, i.language
    from identity.invitation_open(p_token_hash) o join mail.link l on l.token_hash = p_token_hash join identity.invitation i on i.tenant_id = l.tenant_id and i.id = l.subject_id
    join identity.tenant t on t.id = i.tenant_id
$$;
create or replace function identity.accept_invitation(p_token_hash bytea, p_name text, p_salt bytea, p_memory_kib integer, p_iterations integer, p_lanes integer, p_verifier bytea)
returns table (tenant_slug text, email text) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    link    mail.link;
    invited record;
    account uuid := tenancy.new_id();
begin
    select l.* into link from mail.link l where l.token_hash = p_token_hash and l.purpose = 'invitation';
    if not found then return; end if;
    perform context.stamp(link.tenant_id, account, null, '', 'invitation');   -- it makes itself, with the invitation's right
    update identity.invitation i set accepted_at = now() from identity.tenant t
     where i.tenant_id = link.tenant_id and i.id = link.subject_id and i.accepted_at is null and i.expires_at > now() and t.id = i.tenant_id and t.status = 'active'
       and identity.vouched(i.tenant_id, i.invited_by, i.role_ids)
       and not exists (select from identity.account a where a.tenant_id = i.tenant_id and a.email = i.email)
    returning i.tenant_id, i.email, i.role_ids, i.language, t.slug into invited;
    if found then
        insert into identity.account (tenant_id, id, email, name, language) values (invited.tenant_id, account, invited.email, p_name, invited.language);
        insert into identity.password (tenant_id, id, salt, memory_kib, iterations, lanes, verifier)
        values (invited.tenant_id, account, p_salt, p_memory_kib, p_iterations, p_lanes, p_verifier);
        insert into access.assignment (tenant_id, account_id, role_id) select invited.tenant_id, account, r.id from access.role r where r.tenant_id = invited.tenant_id and r.id = any (invited.role_ids);
        return query select invited.slug, invited.email;
    end if;
    perform set_config('context.stamp', '', true);
end $$;

-- Tenants with a language, and a mail to their first owner.
create function tenancy.create(p_slug text, p_name text, p_owner_email text, p_language text, p_actor text, p_synthetic boolean) returns table (tenant uuid, invitation uuid) language plpgsql as $$
declare role text;
begin
    tenant := tenancy.new_id();
    invitation := tenancy.new_id();
    perform context.stamp(tenant, null, null, '', tenancy.source_of(p_actor));
    insert into identity.tenant (id, slug, name, language, synthetic) values (tenant, p_slug, p_name, p_language, p_synthetic);
    foreach role in array array['owner', 'admin', 'member', 'auditor'] loop
        insert into access.role (tenant_id, name, builtin, permissions) values (tenant, role, true, access.builtin_permissions(role));
    end loop;
    perform identity.add_invitation(tenant, invitation, pg_catalog.lower(p_owner_email), identity.roles_named(tenant, '{owner}'), p_language, null, interval '7 days');
    perform audit.record_system(p_actor, 'tenant_created', pg_catalog.jsonb_build_object('tenant', tenant, 'slug', p_slug));
    perform pg_catalog.set_config('context.stamp', '', true);
    return next;
end $$;
-- A command's invitation into a tenant that exists, for demo data and synthetic tenants.
create function tenancy.invite_by_command(p_slug text, p_email text, p_role text) returns table (tenant uuid, invitation uuid) language plpgsql as $$
declare roles uuid[];
begin
    tenant := (select t.id from identity.tenant t where t.slug = p_slug);
    if tenant is null then raise exception 'There is no tenant %.', p_slug using errcode = 'BS404'; end if;
    roles := (select pg_catalog.array_agg(r.id) from access.role r where r.tenant_id = tenant and r.name = p_role);
    if roles is null then raise exception 'There is no role %.', p_role using errcode = 'BS404'; end if;
    invitation := tenancy.new_id();
    perform context.stamp(tenant, null, null, '', 'command');
    perform identity.add_invitation(tenant, invitation, pg_catalog.lower(p_email), roles, null, null, interval '7 days');
    perform pg_catalog.set_config('context.stamp', '', true);
    return next;
end $$;
-- What the release before this one calls goes on working until the second half of this upgrade: its links are rows of mail.link too.
create or replace function tenancy.invite(tenant uuid, p_email text, p_role text, p_token_hash bytea, valid interval) returns uuid language plpgsql as $$
declare invitation uuid := tenancy.new_id();
begin
    insert into identity.invitation (tenant_id, id, email, role_ids, expires_at)
    select tenant, invitation, pg_catalog.lower(p_email), array[r.id], now() + valid from access.role r where r.tenant_id = tenant and r.name = p_role;
    if not found then raise exception 'There is no role %.', p_role using errcode = 'BS404'; end if;
    perform mail.add_link('invitation', tenant, invitation, p_token_hash);
    return invitation;
end $$;

-- In a tenant's trail: whether the operator acted over the API or by a command.
create function tenancy.source_of(p_actor text) returns text language sql immutable as $$ select case when p_actor like 'operator:%' then 'operator' else 'command' end $$;
create or replace function tenancy.set_status(p_slug text, p_status text, p_actor text) returns void language plpgsql as $$
declare tenant uuid := (select t.id from identity.tenant t where t.slug = p_slug);
begin
    if tenant is null then raise exception 'There is no tenant %.', p_slug using errcode = 'BS404'; end if;
    perform context.stamp(tenant, null, null, '', tenancy.source_of(p_actor));
    update identity.tenant t set status = p_status, version = t.version + 1 where t.id = tenant and t.status <> p_status;
    perform audit.record_system(p_actor, 'tenant_' || p_status, pg_catalog.jsonb_build_object('tenant', tenant, 'slug', p_slug));
    perform pg_catalog.set_config('context.stamp', '', true);
end $$;

-- The tenant's settings, with its language; these take the place of tenant_settings() and its sister.
create function identity.settings() returns table (id uuid, slug text, name text, language text, session_idle_minutes integer, session_absolute_minutes integer, version integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.id, t.slug, t.name, t.language, t.session_idle_minutes, t.session_absolute_minutes, t.version from identity.tenant t where t.id = context.tenant('settings:read')
$$;
create function identity.change_settings(p_name text, p_language text, p_idle integer, p_absolute integer, p_expected integer) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    update identity.tenant t set name = coalesce(p_name, t.name), language = coalesce(p_language, t.language), session_idle_minutes = coalesce(p_idle, t.session_idle_minutes),
           session_absolute_minutes = coalesce(p_absolute, t.session_absolute_minutes), version = t.version + 1
     where t.id = context.tenant('settings:write', true) and t.version = p_expected;
    if not found then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
    -- A shorter limit holds for the sessions there are.
    update identity.session s set expires_at = least(s.expires_at, s.created_at + make_interval(mins => coalesce(p_absolute, 720))) where s.tenant_id = context.tenant(null, true);
end $$;

grant execute on function identity.invite(text, text[], text), identity.invitations(uuid, uuid, integer), identity.withdraw_invitation(uuid),
    identity.settings(), identity.change_settings(text, text, integer, integer, integer) to :"app";
grant execute on function identity.invitation_shown(bytea) to :"gate";
