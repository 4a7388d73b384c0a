-- Provisioning (SCIM 2.0, RFC 7643 and 7644): a tenant's directory makes, changes and shuts accounts over a connection of its own. A connection sees
-- and changes what it made or what was linked to it, and nothing else; docs/decisions/0038.

create schema scim;
-- `networks`: from where its requests come; empty: the tenant's own networks hold. `provider_id`: at a first sign-in by it, the claim names the
-- account by the directory's own key.
create table scim.connection (
    tenant_id         uuid not null references identity.tenant on delete cascade,
    id                uuid not null default tenancy.new_id(),
    name              text not null check (char_length(name) between 1 and 100),
    status            text not null default 'active' check (status in ('active', 'disabled')),
    networks          cidr[] not null default '{}' check (cardinality(networks) <= 100),
    provider_id       uuid,
    subject_claim     text not null default 'sub' check (subject_claim ~ '^[A-Za-z0-9_.:/-]{1,200}$'),
    subject_attribute text not null default 'externalId' check (subject_attribute in ('externalId', 'userName')),
    created_at        timestamptz not null default now(),
    version           integer not null default 1,
    primary key (tenant_id, id),
    foreign key (tenant_id, provider_id) references identity.provider on delete set null (provider_id)
);
create table scim.token (
    tenant_id     uuid not null,
    connection_id uuid not null,
    id            uuid not null default tenancy.new_id(),
    token_hash    bytea not null unique check (octet_length(token_hash) = 32),
    hint          text not null check (hint ~ '^bels_[0-9A-Za-z]{4}$'),
    created_at    timestamptz not null default now(),
    last_used_at  timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, connection_id) references scim.connection on delete cascade
) with (fillfactor = 70);
create index token_connection on scim.token (tenant_id, connection_id);
-- A user as the directory tells it; `id` is the account's, so an account has one directory at most. `active` is the directory's word: an account whose
-- directory says no stays shut. `deleted_at`: not in the directory's view any more.
create table scim.person (
    tenant_id     uuid not null,
    connection_id uuid not null,
    id            uuid not null,
    external_id   text check (char_length(external_id) between 1 and 300),
    user_name     text not null check (char_length(user_name) between 1 and 300),
    attributes    jsonb not null check (pg_column_size(attributes) <= 65536),
    active        boolean not null,
    linked        boolean not null default false,
    created_at    timestamptz not null default now(),
    changed_at    timestamptz not null default now(),
    deleted_at    timestamptz,
    version       integer not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, connection_id, id),
    foreign key (tenant_id, connection_id) references scim.connection on delete cascade,
    foreign key (tenant_id, id) references identity.account on delete cascade
);
create unique index person_external_id on scim.person (tenant_id, connection_id, external_id) where external_id is not null;
create unique index person_user_name on scim.person (tenant_id, connection_id, lower(user_name)) where deleted_at is null;
create table scim.directory_group (
    tenant_id     uuid not null,
    connection_id uuid not null,
    id            uuid not null default tenancy.new_id(),
    external_id   text check (char_length(external_id) between 1 and 300),
    display_name  text not null check (char_length(display_name) between 1 and 300),
    role_id       uuid,                                                  -- what its members hold here, if anything
    created_at    timestamptz not null default now(),
    changed_at    timestamptz not null default now(),
    version       integer not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, connection_id, id),
    foreign key (tenant_id, connection_id) references scim.connection on delete cascade,
    foreign key (tenant_id, role_id) references access.role on delete set null (role_id)
);
create unique index directory_group_display_name on scim.directory_group (tenant_id, connection_id, lower(display_name));
-- The connection stands in both keys: no group holds another connection's people, whatever the code says.
create table scim.membership (
    tenant_id     uuid not null,
    connection_id uuid not null,
    group_id      uuid not null,
    account_id    uuid not null,
    id            uuid not null default tenancy.new_id(),
    primary key (tenant_id, group_id, account_id),
    foreign key (tenant_id, connection_id, group_id) references scim.directory_group (tenant_id, connection_id, id) on delete cascade,
    foreign key (tenant_id, connection_id, account_id) references scim.person (tenant_id, connection_id, id) on delete cascade
);
create index membership_account on scim.membership (tenant_id, account_id);
-- Users whose address is an account's that the connection did not make: they wait until somebody links the two.
create table scim.conflict (
    tenant_id     uuid not null,
    connection_id uuid not null,
    id            uuid not null default tenancy.new_id(),
    account_id    uuid not null,
    external_id   text,
    user_name     text not null,
    at            timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, connection_id, account_id),
    foreign key (tenant_id, connection_id) references scim.connection on delete cascade,
    foreign key (tenant_id, account_id) references identity.account on delete cascade
);
-- The last requests, for the admin who asks why: no body, no header.
create table scim.request (
    tenant_id     uuid not null,
    connection_id uuid not null,
    id            uuid not null default tenancy.new_id(),
    at            timestamptz not null,
    method        text not null,
    path          text not null check (char_length(path) <= 400),
    status        integer not null,
    scim_type     text,
    detail        text check (char_length(detail) <= 300),
    primary key (tenant_id, id),
    foreign key (tenant_id, connection_id) references scim.connection on delete cascade
);
create index request_connection on scim.request (tenant_id, connection_id, at);
do $$ declare t regclass; begin
    foreach t in array array['scim.connection', 'scim.token', 'scim.person', 'scim.directory_group', 'scim.membership', 'scim.conflict', 'scim.request']::regclass[] loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;
select audit.watch('scim.connection'), audit.watch('scim.person'), audit.watch('scim.directory_group'), audit.watch('scim.membership');
create trigger audit_insert after insert on scim.token referencing new table as new_rows for each statement execute function audit.capture('token_hash');
create trigger audit_delete after delete on scim.token referencing old table as old_rows for each statement execute function audit.capture('token_hash');

-- Its token opens this and nothing else: context.enter does not know it, and the permissions of its stamp are no role's. It acts under its own id.
create function scim.enter(token bytea, p_address inet)
returns table (tenant_id uuid, account_id uuid, session_id uuid, permissions text, touch_due boolean, fresh boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s record;
begin
    if coalesce(current_setting('context.stamp', true), '') <> '' then
        raise exception 'already entered' using errcode = '25001';
    end if;
    perform context.require_fresh_snapshot();
    select k.tenant_id, k.connection_id, k.id, case when c.networks <> '{}' then c.networks else t.networks end as networks into s
      from scim.token k join scim.connection c on c.tenant_id = k.tenant_id and c.id = k.connection_id join identity.tenant t on t.id = k.tenant_id
     where k.token_hash = sha256(token) and c.status = 'active' and t.status = 'active';
    if not found or (s.networks <> '{}' and p_address is not null and not identity.in_networks(s.networks, p_address)) then
        raise exception 'no session' using errcode = '28000';
    end if;
    perform context.stamp(s.tenant_id, s.connection_id, s.id, 'scim:read,scim:write', 'scim');
    return query select s.tenant_id, s.connection_id, s.id, 'scim:read,scim:write'::text, false, false;
end $$;
-- The connection that acts. Nobody else has its permission; the source is asked all the same.
create function scim.acting(p_writing boolean) returns scim.connection language plpgsql stable as $$
declare c scim.connection;
begin
    select x.* into c from scim.connection x where x.tenant_id = context.tenant(case when p_writing then 'scim:write' else 'scim:read' end, p_writing)
       and x.id = context.account() and (context.verified())[8] = 'scim';
    if not found then raise exception 'not permitted' using errcode = '42501'; end if;
    return c;
end $$;

-- Filters (RFC 7644, 3.4.2.2) come as a tree, which is data: no text of a caller's is ever a statement.
create function scim.values_at(d jsonb, p text[]) returns setof jsonb language plpgsql immutable as $$
begin
    if d is null or pg_catalog.jsonb_typeof(d) = 'null' then return; end if;
    if pg_catalog.jsonb_typeof(d) = 'array' then
        return query select v from pg_catalog.jsonb_array_elements(d) e cross join lateral scim.values_at(e, p) v;
    elsif pg_catalog.cardinality(p) = 0 then return next d;
    elsif pg_catalog.jsonb_typeof(d) = 'object' then return query select v from scim.values_at(d -> p[1], p[2:]) v;
    end if;
end $$;
create function scim.compares(v jsonb, f jsonb) returns boolean language sql immutable as $$
    select case when pg_catalog.jsonb_typeof(v) = 'string' and pg_catalog.jsonb_typeof(f -> 'value') = 'string' then
        case f ->> 'op' when 'eq' then s.a = s.b when 'co' then pg_catalog.strpos(s.a, s.b) > 0 when 'sw' then pg_catalog.starts_with(s.a, s.b)
            when 'ew' then pg_catalog."right"(s.a, pg_catalog.length(s.b)) = s.b when 'gt' then s.a collate "C" > s.b when 'ge' then s.a collate "C" >= s.b
            when 'lt' then s.a collate "C" < s.b when 'le' then s.a collate "C" <= s.b end
        when pg_catalog.jsonb_typeof(v) = pg_catalog.jsonb_typeof(f -> 'value') then
        case f ->> 'op' when 'eq' then v = f -> 'value' when 'gt' then v > f -> 'value' when 'ge' then v >= f -> 'value' when 'lt' then v < f -> 'value' when 'le' then v <= f -> 'value' end
        end
    from (select case when (f -> 'fold')::boolean then pg_catalog.lower(v #>> '{}') else v #>> '{}' end as a,
                 case when (f -> 'fold')::boolean then pg_catalog.lower(f ->> 'value') else f ->> 'value' end as b) s
$$;
create function scim.matches(d jsonb, f jsonb) returns boolean language plpgsql immutable as $$
declare p text[] := array(select pg_catalog.jsonb_array_elements_text(coalesce(f -> 'path', '[]')));
begin
    return case f ->> 'op'
        when 'and' then not exists (select from pg_catalog.jsonb_array_elements(f -> 'of') o where scim.matches(d, o) is not true)
        when 'or' then exists (select from pg_catalog.jsonb_array_elements(f -> 'of') o where scim.matches(d, o))
        when 'not' then scim.matches(d, f -> 'of' -> 0) is not true
        when 'where' then exists (select from scim.values_at(d, p) v where scim.matches(v, f -> 'of' -> 0))
        when 'pr' then exists (select from scim.values_at(d, p))
        when 'ne' then not exists (select from scim.values_at(d, p) v where scim.compares(v, f || '{"op": "eq"}'))
        else exists (select from scim.values_at(d, p) v where scim.compares(v, f)) end;
end $$;

create function scim.moment(at timestamptz) returns text language sql stable as $$ select pg_catalog.to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;
create function scim.groups_of(x scim.person) returns jsonb language sql stable as $$
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('value', g.id, 'display', g.display_name) order by g.id)
    from scim.membership m join scim.directory_group g on g.tenant_id = m.tenant_id and g.id = m.group_id where m.tenant_id = x.tenant_id and m.account_id = x.id
$$;
create function scim.user_document(x scim.person, p_status text) returns jsonb language sql stable as $$
    select x.attributes || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('id', x.id, 'externalId', x.external_id, 'userName', x.user_name, 'active', p_status = 'active',
        'groups', scim.groups_of(x), 'meta', pg_catalog.jsonb_build_object('resourceType', 'User', 'created', scim.moment(x.created_at), 'lastModified', scim.moment(x.changed_at))))
$$;
create function scim.group_document(g scim.directory_group, p_members boolean) returns jsonb language sql stable as $$
    select pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('id', g.id, 'externalId', g.external_id, 'displayName', g.display_name,
        'members', case when p_members then (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('value', m.account_id, 'type', 'User') order by m.account_id)
            from scim.membership m where m.tenant_id = g.tenant_id and m.group_id = g.id) end,
        'meta', pg_catalog.jsonb_build_object('resourceType', 'Group', 'created', scim.moment(g.created_at), 'lastModified', scim.moment(g.changed_at))))
$$;
-- One page of a list. What a filter surely names (an id, a name) narrows it by an index before the rest of the filter is looked at. There is always a
-- first row, which has the total; its id is null on a page beyond the end.
create function scim.users(p_filter text, p_id uuid, p_external_id text, p_user_name text, p_sort text[], p_descending boolean, p_offset integer, p_limit integer)
returns table (total bigint, id uuid, document text, version integer) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    c scim.connection := scim.acting(false);
    f jsonb := p_filter::jsonb;
begin
    if f is null and p_sort is null and p_id is null then
        return query
        select n.total, p.id, scim.user_document(p, a.status)::text, p.version + a.version
          from (select count(*) as total from scim.person x where x.tenant_id = c.tenant_id and x.connection_id = c.id and x.deleted_at is null) n
          left join lateral (select x.* from scim.person x where x.tenant_id = c.tenant_id and x.connection_id = c.id and x.deleted_at is null order by x.id offset p_offset limit p_limit) p on true
          left join identity.account a on a.tenant_id = p.tenant_id and a.id = p.id order by p.id;
        return;
    end if;
    return query
    with found as materialized (
        select x.id, s.document, x.version + a.version as version from scim.person x join identity.account a on a.tenant_id = x.tenant_id and a.id = x.id
          cross join lateral (select scim.user_document(x, a.status) as document) s
         where x.tenant_id = c.tenant_id and x.connection_id = c.id and x.deleted_at is null and (p_id is null or x.id = p_id)
           and (p_external_id is null or x.external_id = p_external_id) and (p_user_name is null or lower(x.user_name) = lower(p_user_name)) and (f is null or scim.matches(s.document, f)))
    select n.total, p.id, p.document::text, p.version from (select count(*) as total from found) n
      left join lateral (select o.*, row_number() over (order by case when not p_descending then scim.sort_key(o.document, p_sort) end nulls last, case when p_descending then scim.sort_key(o.document, p_sort) end desc nulls last, o.id) as place
                           from found o order by place offset p_offset limit p_limit) p on true order by p.place;
end $$;
create function scim.sort_key(d jsonb, p text[]) returns text language sql immutable as $$
    select pg_catalog.lower(v #>> '{}') collate "C" from scim.values_at(d, p) v where p is not null limit 1
$$;
create function scim.groups(p_filter text, p_id uuid, p_external_id text, p_display_name text, p_members boolean, p_sort text[], p_descending boolean, p_offset integer, p_limit integer)
returns table (total bigint, id uuid, document text, version integer) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    c scim.connection := scim.acting(false);
    f jsonb := p_filter::jsonb;
begin
    return query
    with found as materialized (
        select g.id, s.document, g.version from scim.directory_group g cross join lateral (select scim.group_document(g, p_members or strpos(coalesce(p_filter, ''), '"members"') > 0) as document) s
         where g.tenant_id = c.tenant_id and g.connection_id = c.id and (p_id is null or g.id = p_id) and (p_external_id is null or g.external_id = p_external_id)
           and (p_display_name is null or lower(g.display_name) = lower(p_display_name)) and (f is null or scim.matches(s.document, f)))
    select n.total, p.id, p.document::text, p.version from (select count(*) as total from found) n
      left join lateral (select o.*, row_number() over (order by case when not p_descending then scim.sort_key(o.document, p_sort) end nulls last, case when p_descending then scim.sort_key(o.document, p_sort) end desc nulls last, o.id) as place
                           from found o order by place offset p_offset limit p_limit) p on true order by p.place;
end $$;

-- A user of this connection, held to the end of the transaction. (Then the tenant, then the account: everybody takes them in that order.)
create function scim.hold(c scim.connection, p_id uuid, p_expected integer) returns scim.person language plpgsql as $$
declare x scim.person;
begin
    select p.* into x from scim.person p where p.tenant_id = c.tenant_id and p.connection_id = c.id and p.id = p_id and p.deleted_at is null for no key update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    if p_expected <> x.version + (select a.version from identity.account a where a.tenant_id = x.tenant_id and a.id = x.id) then
        raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412';
    end if;
    return x;
end $$;
create function scim.held_user(p_id uuid, p_expected integer) returns table (document text, version integer) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare x scim.person := scim.hold(scim.acting(true), p_id, p_expected);
begin
    return query select scim.user_document(x, a.status)::text, x.version + a.version from identity.account a where a.tenant_id = x.tenant_id and a.id = x.id;
end $$;
-- An address is taken from a directory as from a provider: only of a domain that the tenant has proven to be its own.
create function scim.require_address(c scim.connection, p_account uuid, p_email text) returns void language plpgsql as $$
begin
    if not identity.owns_domain(c.tenant_id, pg_catalog.split_part(p_email, '@', 2)) then
        raise exception 'The address is not of a domain that the organisation has proven to be its own.' using errcode = 'BS400', hint = 'invalid-value';
    end if;
    if exists (select from identity.account a where a.tenant_id = c.tenant_id and a.email = p_email and a.id is distinct from p_account) then
        raise exception 'There is an account with this address already.' using errcode = 'BS409', hint = 'uniqueness';
    end if;
end $$;
-- What the directory says of a person becomes the account's. A shut account's sessions, tokens and sign-ins end by the triggers that end everybody's.
create function scim.write(c scim.connection, x scim.person, p_external_id text, p_user_name text, p_email text, p_name text, p_language text, p_active boolean, p_attributes jsonb) returns void language plpgsql as $$
declare
    wanted text := case when p_active then 'active' else 'deactivated' end;
    a      identity.account;
begin
    if exists (select from scim.person p where p.tenant_id = c.tenant_id and p.connection_id = c.id and p.id <> x.id
               and (p.external_id = p_external_id or (pg_catalog.lower(p.user_name) = pg_catalog.lower(p_user_name) and p.deleted_at is null))) then
        raise exception 'There is a user with this userName or externalId already.' using errcode = 'BS409', hint = 'uniqueness';
    end if;
    update scim.person p set external_id = p_external_id, user_name = p_user_name, attributes = p_attributes, active = p_active, deleted_at = null, changed_at = pg_catalog.now(), version = p.version + 1
     where p.tenant_id = c.tenant_id and p.id = x.id;
    select y.* into a from identity.account y where y.tenant_id = c.tenant_id and y.id = x.id;
    if a.email <> p_email then perform scim.require_address(c, x.id, p_email); end if;
    if a.status <> wanted then perform from identity.tenant t where t.id = c.tenant_id for no key update; end if;
    update identity.account y set email = p_email, name = p_name, language = coalesce(p_language, y.language), version = y.version + 1
     where y.tenant_id = c.tenant_id and y.id = x.id and (y.email, y.name, y.language) is distinct from (p_email, p_name, coalesce(p_language, y.language));
    update identity.account y set status = wanted, version = y.version + 1 where y.tenant_id = c.tenant_id and y.id = x.id and y.status <> wanted;
end $$;
-- A new user; one that comes back under its key; or one that was linked and is told for the first time. `waiting`: an account that the connection did
-- not make has this address. It is not taken over: it waits in scim.conflict for somebody of the tenant.
create function scim.add_user(p_external_id text, p_user_name text, p_email text, p_name text, p_language text, p_active boolean, p_attributes text)
returns table (outcome text, id uuid) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    c    scim.connection := scim.acting(true);
    x    scim.person;
    held uuid;
begin
    select p.* into x from scim.person p where p.tenant_id = c.tenant_id and p.connection_id = c.id
       and case when p_external_id is not null then p.external_id = p_external_id else p.external_id is null and lower(p.user_name) = lower(p_user_name) end
     order by p.deleted_at nulls first limit 1 for no key update;
    if found and x.deleted_at is null and x.attributes <> '{}' then
        raise exception 'There is a user with this userName or externalId already.' using errcode = 'BS409', hint = 'uniqueness';
    elsif found then
        perform scim.write(c, x, p_external_id, p_user_name, p_email, p_name, p_language, p_active, p_attributes::jsonb);
        return query select 'made', x.id;
        return;
    end if;
    select a.id into held from identity.account a where a.tenant_id = c.tenant_id and a.email = p_email;
    if found and not exists (select from scim.person p where p.tenant_id = c.tenant_id and p.connection_id = c.id and p.id = held and p.deleted_at is null) then
        insert into scim.conflict as w (tenant_id, connection_id, account_id, external_id, user_name) values (c.tenant_id, c.id, held, p_external_id, p_user_name)
        on conflict (tenant_id, connection_id, account_id) do update set external_id = excluded.external_id, user_name = excluded.user_name, at = now();
        return query select 'waiting', null::uuid;
        return;
    end if;
    perform scim.require_address(c, null, p_email);
    held := tenancy.new_id();
    insert into identity.account (tenant_id, id, email, name, language, status)
    select c.tenant_id, held, p_email, p_name, coalesce(p_language, t.language), case when p_active then 'active' else 'deactivated' end from identity.tenant t where t.id = c.tenant_id;
    if exists (select from scim.person p where p.tenant_id = c.tenant_id and p.connection_id = c.id and lower(p.user_name) = lower(p_user_name) and p.deleted_at is null) then
        raise exception 'There is a user with this userName or externalId already.' using errcode = 'BS409', hint = 'uniqueness';
    end if;
    insert into scim.person (tenant_id, connection_id, id, external_id, user_name, attributes, active) values (c.tenant_id, c.id, held, p_external_id, p_user_name, p_attributes::jsonb, p_active);
    return query select 'made', held;
end $$;
create function scim.change_user(p_id uuid, p_external_id text, p_user_name text, p_email text, p_name text, p_language text, p_active boolean, p_attributes text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare c scim.connection := scim.acting(true);
begin
    perform scim.write(c, scim.hold(c, p_id, null), p_external_id, p_user_name, p_email, p_name, p_language, p_active, p_attributes::jsonb);
end $$;
-- Out of the directory: shut, in no group, and out of its view. The account stays for the trail, and for the day the same person comes back.
create function scim.delete_user(p_id uuid, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    c scim.connection := scim.acting(true);
    x scim.person     := scim.hold(c, p_id, p_expected);
begin
    delete from scim.membership m where m.tenant_id = c.tenant_id and m.account_id = x.id;
    perform scim.follow(c.tenant_id, c.id, null, null, array[x.id]);
    update scim.person p set active = false, deleted_at = now(), changed_at = now(), version = p.version + 1 where p.tenant_id = c.tenant_id and p.id = x.id;
    perform from identity.tenant t where t.id = c.tenant_id for no key update;
    update identity.account a set status = 'deactivated', version = a.version + 1 where a.tenant_id = c.tenant_id and a.id = x.id and a.status = 'active';
end $$;
-- Shut by the directory, shut for everybody: no member, no owner and no way in opens the account while its directory says no.
create function scim.keep_shut() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from scim.person x where x.tenant_id = new.tenant_id and x.id = new.id and not x.active) then
        raise exception 'Its directory has deactivated this account. It can be let in there, or once an owner has detached it.' using errcode = 'BS409', hint = 'shut-by-directory';
    end if;
    return null;
end $$;
create trigger keep_shut after update of status on identity.account for each row when (new.status = 'active' and old.status <> 'active') execute function scim.keep_shut();
-- A directory brings thousands at once: they are told by whoever brings them. As in 0013 for everybody else.
create or replace function identity.welcome() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if (context.verified())[8] is distinct from 'scim' then
        perform identity.tell('welcome', new.tenant_id, new.id, jsonb_build_object('email', new.email));
    end if;
    return null;
end $$;

-- Who of a connection's people would gain or lose which role if the group were mapped to this role; with no group, as it stands. The roles that
-- groups speak of are held as the groups say, no more and no less; other roles are the tenant's to give.
create function scim.role_changes(p_tenant uuid, p_connection uuid, p_group uuid, p_role uuid, p_accounts uuid[]) returns table (account_id uuid, role_id uuid, gains boolean) language sql stable as $$
    with mapped as (select g.id, case when g.id = p_group then p_role else g.role_id end as role_id from scim.directory_group g where g.tenant_id = p_tenant and g.connection_id = p_connection),
    spoken as (select m.role_id from mapped m where m.role_id is not null union select g.role_id from scim.directory_group g where g.tenant_id = p_tenant and g.id = p_group and g.role_id is not null),
    wanted as (select distinct s.account_id, m.role_id from scim.membership s join mapped m on m.id = s.group_id and m.role_id is not null
                where s.tenant_id = p_tenant and s.connection_id = p_connection and (p_accounts is null or s.account_id = any (p_accounts))),
    present as (select a.account_id, a.role_id from access.assignment a join scim.person x on x.tenant_id = a.tenant_id and x.id = a.account_id and x.connection_id = p_connection
                 where a.tenant_id = p_tenant and a.role_id in (select s.role_id from spoken s) and (p_accounts is null or a.account_id = any (p_accounts)))
    select w.account_id, w.role_id, true from (select * from wanted except select * from present) w
    union all select p.account_id, p.role_id, false from (select * from present except select * from wanted) p
$$;
create function scim.follow(p_tenant uuid, p_connection uuid, p_group uuid, p_role uuid, p_accounts uuid[]) returns void language plpgsql as $$
declare lost uuid[];
begin
    lost := array(select f.account_id from scim.role_changes(p_tenant, p_connection, p_group, p_role, p_accounts) f where not f.gains);
    if pg_catalog.cardinality(lost) > 0 then
        delete from access.assignment a using scim.role_changes(p_tenant, p_connection, p_group, p_role, p_accounts) f
         where a.tenant_id = p_tenant and a.account_id = f.account_id and a.role_id = f.role_id and not f.gains;
    end if;
    insert into access.assignment (tenant_id, account_id, role_id)
    select p_tenant, f.account_id, f.role_id from scim.role_changes(p_tenant, p_connection, p_group, p_role, p_accounts) f where f.gains on conflict do nothing;
end $$;
create function scim.hold_group(c scim.connection, p_id uuid, p_expected integer) returns scim.directory_group language plpgsql as $$
declare g scim.directory_group;
begin
    select x.* into g from scim.directory_group x where x.tenant_id = c.tenant_id and x.connection_id = c.id and x.id = p_id for no key update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    if p_expected <> g.version then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
    return g;
end $$;
create function scim.held_group(p_id uuid, p_expected integer) returns table (document text, version integer) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare g scim.directory_group := scim.hold_group(scim.acting(true), p_id, p_expected);
begin
    return query select scim.group_document(g, true)::text, g.version;
end $$;
create function scim.join_group(c scim.connection, p_group uuid, p_add uuid[]) returns void language plpgsql as $$
begin
    if exists (select from pg_catalog.unnest(p_add) w where not exists (select from scim.person x where x.tenant_id = c.tenant_id and x.connection_id = c.id and x.id = w and x.deleted_at is null)) then
        raise exception 'A member is no user of this connection.' using errcode = 'BS400', hint = 'invalid-value';
    end if;
    insert into scim.membership (tenant_id, connection_id, group_id, account_id) select distinct c.tenant_id, c.id, p_group, w from pg_catalog.unnest(p_add) w on conflict do nothing;
end $$;
create function scim.require_group_name(c scim.connection, p_group uuid, p_name text) returns void language plpgsql as $$
begin
    if exists (select from scim.directory_group g where g.tenant_id = c.tenant_id and g.connection_id = c.id and pg_catalog.lower(g.display_name) = pg_catalog.lower(p_name) and g.id is distinct from p_group) then
        raise exception 'There is a group with this displayName already.' using errcode = 'BS409', hint = 'uniqueness';
    end if;
end $$;
create function scim.add_group(p_external_id text, p_display_name text, p_members uuid[]) returns uuid language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    c    scim.connection := scim.acting(true);
    made uuid := tenancy.new_id();
begin
    perform scim.require_group_name(c, null, p_display_name);
    insert into scim.directory_group (tenant_id, connection_id, id, external_id, display_name) values (c.tenant_id, c.id, made, p_external_id, p_display_name);
    perform scim.join_group(c, made, p_members);
    return made;
end $$;
create function scim.change_group(p_id uuid, p_external_id text, p_display_name text, p_add uuid[], p_remove uuid[]) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    c scim.connection      := scim.acting(true);
    g scim.directory_group := scim.hold_group(c, p_id, null);
begin
    perform scim.require_group_name(c, p_id, p_display_name);
    update scim.directory_group x set external_id = p_external_id, display_name = p_display_name, changed_at = now(), version = x.version + 1 where x.tenant_id = c.tenant_id and x.id = p_id;
    perform scim.join_group(c, p_id, p_add);
    delete from scim.membership m where m.tenant_id = c.tenant_id and m.group_id = p_id and m.account_id = any (p_remove);
    if g.role_id is not null then perform scim.follow(c.tenant_id, c.id, null, null, p_add || p_remove); end if;
end $$;
create function scim.delete_group(p_id uuid, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    c scim.connection      := scim.acting(true);
    g scim.directory_group := scim.hold_group(c, p_id, p_expected);
begin
    if g.role_id is not null then perform scim.follow(c.tenant_id, c.id, p_id, null, null); end if;
    delete from scim.directory_group x where x.tenant_id = c.tenant_id and x.id = p_id;
end $$;

-- What was asked and answered, written apart from the requests themselves; the last hundred are kept, and the last hundred that failed.
create function scim.note(p_token bytea, p_entries text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare k scim.token;
begin
    update scim.token t set last_used_at = now() where t.token_hash = sha256(p_token) returning t.* into k;
    if not found then return; end if;
    insert into scim.request (tenant_id, connection_id, at, method, path, status, scim_type, detail)
    select k.tenant_id, k.connection_id, e.at, left(e.method, 10), left(e.path, 400), e.status, left(e.scim_type, 40), left(e.detail, 300)
      from jsonb_to_recordset(p_entries::jsonb) e(at timestamptz, method text, path text, status integer, scim_type text, detail text);
    delete from scim.request r where r.tenant_id = k.tenant_id and r.connection_id = k.connection_id and r.id in (
        select o.id from (select q.id, row_number() over (partition by q.status >= 400 order by q.at desc, q.id desc) as place from scim.request q
                           where q.tenant_id = k.tenant_id and q.connection_id = k.connection_id) o where o.place > 100);
end $$;

-- The tenant's own view.
create function scim.connections(p_id uuid)
returns table (id uuid, name text, status text, networks text[], provider_id uuid, subject_claim text, subject_attribute text, users bigint, groups bigint, waiting bigint, tokens text, created_at timestamptz, version integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select c.id, c.name, c.status, c.networks::text[], c.provider_id, c.subject_claim, c.subject_attribute,
           (select count(*) from scim.person x where x.tenant_id = c.tenant_id and x.connection_id = c.id and x.deleted_at is null),
           (select count(*) from scim.directory_group g where g.tenant_id = c.tenant_id and g.connection_id = c.id),
           (select count(*) from scim.conflict w where w.tenant_id = c.tenant_id and w.connection_id = c.id),
           (select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'hint', k.hint, 'created_at', k.created_at, 'last_used_at', k.last_used_at) order by k.id), '[]')::text
              from scim.token k where k.tenant_id = c.tenant_id and k.connection_id = c.id), c.created_at, c.version
    from scim.connection c where c.tenant_id = context.tenant('settings:read') and (p_id is null or c.id = p_id) order by c.name, c.id
$$;
create function scim.hold_connection(p_id uuid, p_expected integer) returns scim.connection language plpgsql as $$
declare c scim.connection;
begin
    perform identity.require_session();
    select x.* into c from scim.connection x where x.tenant_id = context.tenant('settings:write', true) and x.id = p_id for no key update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    if p_expected <> c.version then raise exception 'Somebody changed this in the meantime. Read it again.' using errcode = 'BS412'; end if;
    return c;
end $$;
-- Whoever has a connection's token can become anybody of its people, by another address or another group: so only who holds all that they hold gets one.
create function scim.require_reach(c scim.connection) returns void language sql as $$
    select access.require_held(coalesce(pg_catalog.array_agg(distinct p), '{}')) from access.role r cross join lateral pg_catalog.unnest(r.permissions) p
     where r.tenant_id = c.tenant_id and (exists (select from scim.directory_group g where g.tenant_id = c.tenant_id and g.connection_id = c.id and g.role_id = r.id)
        or exists (select from scim.person x join access.assignment a on a.tenant_id = x.tenant_id and a.account_id = x.id and a.role_id = r.id where x.tenant_id = c.tenant_id and x.connection_id = c.id))
$$;
create function scim.add_connection(p_name text, p_token_hash bytea, p_hint text) returns uuid language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant uuid := context.tenant('settings:write', true);
    made   uuid := tenancy.new_id();
begin
    perform identity.require_session();
    perform from identity.tenant t where t.id = tenant for no key update;
    if (select count(*) from scim.connection c where c.tenant_id = tenant) >= 10 then
        raise exception 'A tenant has ten connections at most.' using errcode = 'BS409', hint = 'too-many-connections';
    end if;
    insert into scim.connection (tenant_id, id, name) values (tenant, made, p_name);
    insert into scim.token (tenant_id, connection_id, token_hash, hint) values (tenant, made, p_token_hash, p_hint);
    return made;
end $$;
create function scim.change_connection(p_id uuid, p_name text, p_networks text[], p_provider_id uuid, p_subject_claim text, p_subject_attribute text, p_expected integer) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    c    scim.connection := scim.hold_connection(p_id, p_expected);
    nets cidr[];
begin
    begin
        nets := p_networks::cidr[];
    exception when invalid_text_representation then
        raise exception 'Write networks as 192.0.2.0/24 or 2001:db8::/32, one on each line.' using errcode = 'BS422', detail = '/networks';
    end;
    if p_provider_id is not null and not exists (select from identity.provider p where p.tenant_id = c.tenant_id and p.id = p_provider_id) then
        raise exception 'There is no such identity provider.' using errcode = 'BS422', detail = '/provider_id';
    end if;
    if (p_provider_id, p_subject_claim, p_subject_attribute) is distinct from (c.provider_id, c.subject_claim, c.subject_attribute) then perform scim.require_reach(c); end if;
    update scim.connection x set name = p_name, networks = nets, provider_id = p_provider_id, subject_claim = p_subject_claim, subject_attribute = p_subject_attribute, version = x.version + 1
     where x.tenant_id = c.tenant_id and x.id = p_id;
end $$;
create function scim.set_connection_status(p_id uuid, p_status text, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare c scim.connection := scim.hold_connection(p_id, p_expected);
begin
    update scim.connection x set status = p_status, version = x.version + 1 where x.tenant_id = c.tenant_id and x.id = p_id;
end $$;
-- What its directory has shut can be opened by others afterwards: an owner's own matter.
create function scim.remove_connection(p_id uuid, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare c scim.connection := scim.hold_connection(p_id, p_expected);
begin
    delete from scim.connection x where x.tenant_id = context.tenant('ownership:write', true) and x.id = p_id;
end $$;
-- One new token beside the old one, until the directory has it.
create function scim.renew_token(p_id uuid, p_token_hash bytea, p_hint text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare c scim.connection := scim.hold_connection(p_id, null);
begin
    perform scim.require_reach(c);
    delete from scim.token k where k.tenant_id = c.tenant_id and k.connection_id = p_id and k.id not in (
        select o.id from scim.token o where o.tenant_id = c.tenant_id and o.connection_id = p_id order by o.created_at desc, o.id desc limit 1);
    insert into scim.token (tenant_id, connection_id, token_hash, hint) values (c.tenant_id, p_id, p_token_hash, p_hint);
end $$;
create function scim.end_token(p_id uuid, p_token uuid) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare c scim.connection := scim.hold_connection(p_id, null);
begin
    delete from scim.token k where k.tenant_id = c.tenant_id and k.connection_id = p_id and k.id = p_token;
    return found;
end $$;
create function scim.requests(p_id uuid) returns table (id uuid, at timestamptz, method text, path text, status integer, scim_type text, detail text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select r.id, r.at, r.method, r.path, r.status, r.scim_type, r.detail from scim.request r where r.tenant_id = context.tenant('settings:write') and r.connection_id = p_id order by r.at desc, r.id desc limit 50
$$;
create function scim.conflicts(p_id uuid) returns table (id uuid, account_id uuid, account text, email text, external_id text, user_name text, at timestamptz) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select w.id, w.account_id, a.name, a.email, w.external_id, w.user_name, w.at from scim.conflict w join identity.account a on a.tenant_id = w.tenant_id and a.id = w.account_id
    where w.tenant_id = context.tenant('settings:read') and w.connection_id = p_id order by w.at desc, w.id limit 200
$$;
-- An account that exists is put into a directory's hands: by somebody who could do with it what the directory then can.
create function scim.link(p_id uuid, p_conflict uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    c scim.connection := scim.hold_connection(p_id, null);
    w scim.conflict;
    x scim.person;
begin
    select y.* into w from scim.conflict y where y.tenant_id = c.tenant_id and y.connection_id = p_id and y.id = p_conflict for update;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
    perform access.require_held(string_to_array(nullif(access.permissions_of(c.tenant_id, w.account_id), ''), ','));
    select y.* into x from scim.person y where y.tenant_id = c.tenant_id and y.id = w.account_id for no key update;
    if found and x.connection_id <> p_id then raise exception 'This account is another directory''s. Detach it first.' using errcode = 'BS409', hint = 'other-directory'; end if;
    insert into scim.person as p (tenant_id, connection_id, id, external_id, user_name, attributes, active, linked)
    select c.tenant_id, p_id, a.id, w.external_id, w.user_name, '{}', a.status = 'active', true from identity.account a where a.tenant_id = c.tenant_id and a.id = w.account_id
    on conflict (tenant_id, id) do update set external_id = excluded.external_id, user_name = excluded.user_name, attributes = '{}', linked = true, deleted_at = null, changed_at = now(), version = p.version + 1;
    delete from scim.conflict y where y.tenant_id = c.tenant_id and y.id = p_conflict;
end $$;
create function scim.drop_conflict(p_id uuid, p_conflict uuid) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare c scim.connection := scim.hold_connection(p_id, null);
begin
    delete from scim.conflict y where y.tenant_id = c.tenant_id and y.connection_id = p_id and y.id = p_conflict;
    return found;
end $$;
create function scim.mapped_groups(p_id uuid, p_group uuid) returns table (id uuid, display_name text, role_id uuid, role text, members bigint, version integer) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select g.id, g.display_name, g.role_id, r.name, (select count(*) from scim.membership m where m.tenant_id = g.tenant_id and m.group_id = g.id), g.version
    from scim.directory_group g left join access.role r on r.tenant_id = g.tenant_id and r.id = g.role_id
    where g.tenant_id = context.tenant('settings:read') and g.connection_id = p_id and (p_group is null or g.id = p_group) order by lower(g.display_name), g.id limit 1000
$$;
create function scim.try_mapping(p_id uuid, p_group uuid, p_role uuid) returns table (account_id uuid, account text, email text, role text, gains boolean) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select f.account_id, a.name, a.email, r.name, f.gains from scim.role_changes(context.tenant('settings:write'), p_id, p_group, p_role, null) f
    join identity.account a on a.tenant_id = context.tenant('settings:write') and a.id = f.account_id join access.role r on r.tenant_id = a.tenant_id and r.id = f.role_id order by f.gains desc, r.name, a.name, a.id
$$;
-- Nobody hands out by a group what they do not hold, nor takes away what they could not give.
create function scim.map_group(p_id uuid, p_group uuid, p_role uuid, p_expected integer) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    c scim.connection      := scim.hold_connection(p_id, null);
    g scim.directory_group := scim.hold_group(c, p_group, p_expected);
begin
    perform from identity.tenant t where t.id = c.tenant_id for no key update;
    perform identity.require_roles(array_remove(array[g.role_id, p_role], null), '/role_id');
    perform scim.follow(c.tenant_id, c.id, p_group, p_role, null);
    update scim.directory_group x set role_id = p_role, version = x.version + 1 where x.tenant_id = c.tenant_id and x.id = p_group;
end $$;
-- Whose directory a member is in, and the way out of it: an owner's own matter.
create function scim.member_directory(p_account uuid) returns table (connection_id uuid, connection text, external_id text, user_name text, active boolean, linked boolean) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select c.id, c.name, x.external_id, x.user_name, x.active, x.linked from scim.person x join scim.connection c on c.tenant_id = x.tenant_id and c.id = x.connection_id
    where x.tenant_id = context.tenant('members:read') and x.id = p_account
$$;
create function scim.detach(p_account uuid) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare tenant uuid := context.tenant('ownership:write', true);
begin
    perform identity.require_session();
    delete from scim.person x where x.tenant_id = tenant and x.id = p_account;
    if not found then raise exception 'Not found.' using errcode = 'BS404'; end if;
end $$;

-- The first sign-in of somebody whom a directory made: by a claim that holds the directory's own key, from the provider that the connection names.
-- Never by an address. One person, and one subject for each: a second subject with the same key links nothing.
create function scim.claimed(p identity.provider, p_subject text, p_claims jsonb) returns uuid language sql stable as $$
    select case when pg_catalog.count(*) = 1 then (pg_catalog.array_agg(x.id))[1] end
      from scim.connection c join scim.person x on x.tenant_id = c.tenant_id and x.connection_id = c.id and x.deleted_at is null
     cross join lateral (select case c.subject_claim when 'sub' then p_subject else p_claims ->> c.subject_claim end as value) v
     where c.tenant_id = p.tenant_id and c.provider_id = p.id and c.status = 'active'
       and case c.subject_attribute when 'externalId' then x.external_id = v.value else pg_catalog.lower(x.user_name) = pg_catalog.lower(v.value) end
       and not exists (select from identity.provider_account l where l.tenant_id = p.tenant_id and l.provider_id = p.id and l.account_id = x.id)
$$;
-- As in 0032, and for whom a directory made.
create or replace function identity.account_of(p identity.provider, p_issuer text, p_subject text, p_claims jsonb, out account uuid, out reason text) language plpgsql as $$
begin
    select x.account_id into account from identity.provider_account x where x.tenant_id = p.tenant_id and x.provider_id = p.id and x.issuer = p_issuer and x.subject = p_subject;
    if account is null then
        account := scim.claimed(p, p_subject, p_claims);
        if account is not null then
            perform context.stamp(p.tenant_id, account, null, '', 'sign_in');
        else
            account := tenancy.new_id();
            perform context.stamp(p.tenant_id, account, null, '', 'sign_in');
            reason := identity.make_account(p, p_claims, account);
        end if;
        if reason is not null then account := null; return; end if;
        insert into identity.provider_account (tenant_id, provider_id, issuer, subject, account_id) values (p.tenant_id, p.id, p_issuer, p_subject, account);
    end if;
    perform from identity.account a where a.tenant_id = p.tenant_id and a.id = account for no key update;
    perform context.stamp(p.tenant_id, account, null, '', 'sign_in');
    if exists (select from identity.account a where a.tenant_id = p.tenant_id and a.id = account and a.status = 'active') then
        perform identity.follow_rules(p, p_claims, account);
    end if;
end $$;

-- As in 0028, and for connections' tokens: every owner is told.
create or replace function identity.report_leak(p_token_hash bytea, p_place text) returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    k identity.api_token;
    s record;
begin
    select x.* into k from identity.api_token x where x.token_hash = p_token_hash;
    if found then
        perform context.stamp(k.tenant_id, k.account_id, null, '', 'leak_report');
        delete from identity.api_token x where x.tenant_id = k.tenant_id and x.id = k.id;
        if found then
            perform audit.record('token_leaked', 'identity.api_token', k.id, jsonb_build_object('name', k.name, 'place', p_place));
            perform identity.tell('token_leaked', k.tenant_id, k.account_id, jsonb_build_object('at', identity.stated(now()), 'name', k.name, 'hint', k.hint, 'place', coalesce(p_place, '')));
        end if;
    end if;
    select x.tenant_id, x.id, x.hint, c.name into s from scim.token x join scim.connection c on c.tenant_id = x.tenant_id and c.id = x.connection_id where x.token_hash = p_token_hash;
    if found then
        perform context.stamp(s.tenant_id, null, null, '', 'leak_report');
        delete from scim.token x where x.tenant_id = s.tenant_id and x.id = s.id;
        if found then
            perform audit.record('token_leaked', 'scim.token', s.id, jsonb_build_object('name', s.name, 'place', p_place));
            perform identity.tell_owners('token_leaked', s.tenant_id, jsonb_build_object('at', identity.stated(now()), 'name', s.name, 'hint', s.hint, 'place', coalesce(p_place, '')));
        end if;
    end if;
    perform set_config('context.stamp', '', true);
end $$;
-- Names beside ids, as in 0030, and of directories.
create or replace function audit.actors(p_accounts uuid[]) returns table (id uuid, name text, email text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.id, a.name, a.email from identity.account a where a.tenant_id = context.tenant('audit:read') and a.id = any (p_accounts)
    union all select s.id, s.name, s.email from identity.support_names(context.tenant('audit:read'), p_accounts) s
    union all select c.id, c.name, '' from scim.connection c where c.tenant_id = context.tenant('audit:read') and c.id = any (p_accounts)
$$;

grant usage on schema scim to :"app";
grant execute on function scim.enter(bytea, inet), scim.users(text, uuid, text, text, text[], boolean, integer, integer), scim.groups(text, uuid, text, text, boolean, text[], boolean, integer, integer),
    scim.held_user(uuid, integer), scim.add_user(text, text, text, text, text, boolean, text), scim.change_user(uuid, text, text, text, text, text, boolean, text), scim.delete_user(uuid, integer),
    scim.held_group(uuid, integer), scim.add_group(text, text, uuid[]), scim.change_group(uuid, text, text, uuid[], uuid[]), scim.delete_group(uuid, integer), scim.note(bytea, text),
    scim.connections(uuid), scim.add_connection(text, bytea, text), scim.change_connection(uuid, text, text[], uuid, text, text, integer), scim.set_connection_status(uuid, text, integer),
    scim.remove_connection(uuid, integer), scim.renew_token(uuid, bytea, text), scim.end_token(uuid, uuid), scim.requests(uuid), scim.conflicts(uuid), scim.link(uuid, uuid), scim.drop_conflict(uuid, uuid),
    scim.mapped_groups(uuid, uuid), scim.try_mapping(uuid, uuid, uuid), scim.map_group(uuid, uuid, uuid, integer), scim.member_directory(uuid), scim.detach(uuid) to :"app";
