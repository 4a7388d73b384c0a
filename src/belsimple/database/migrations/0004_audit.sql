-- The trail: every state change, written by triggers in the transaction that makes it, with the actor of the verified stamp.

create table audit.entry (
    tenant_id   uuid not null,                                          -- no foreign key: the trail outlives what it tells of
    at          timestamptz not null default clock_timestamp(),
    id          uuid not null default tenancy.new_id(),
    xid         xid8 not null default pg_current_xact_id(),             -- sealing takes entries below a snapshot's xmin
    epoch       integer not null,
    account_id  uuid,
    session_id  uuid,
    source      text not null,                                          -- session, sign_in, job, command, migration, sweep
    action      text not null,
    object_type text not null,
    object_id   uuid,
    old         jsonb,
    new         jsonb,
    detail      jsonb,
    primary key (tenant_id, at, id)
);
create index entry_object on audit.entry (tenant_id, object_id, at);

-- The operator's side: commands, settings, migrations.
create table audit.system_entry (
    at     timestamptz not null default clock_timestamp(),
    id     uuid not null default tenancy.new_id(),
    xid    xid8 not null default pg_current_xact_id(),
    epoch  integer not null,
    actor  text not null,
    action text not null,
    detail jsonb,
    primary key (at, id)
);

alter table audit.entry enable row level security, force row level security;
alter table audit.system_entry enable row level security, force row level security;
-- No policy permits update or delete, to anybody; and no login role has the privilege either.
create policy add on audit.entry for insert to :"owner" with check (tenant_id = (select context.tenant()));
create policy see on audit.entry for select to :"app", :"worker" using (tenant_id = (select context.tenant('audit:read')));
create policy add on audit.system_entry for insert to :"owner" with check (true);
create policy see on audit.system_entry for select to :"owner" using (true);
grant select on audit.entry to :"app", :"worker";

create function audit.epoch() returns integer language sql stable as $$ select log_epoch from system.installation $$;

create function audit.write(part text[], p_action text, p_object_type text, p_object_id uuid, p_old jsonb, p_new jsonb, p_detail jsonb) returns void language sql as $$
    insert into audit.entry (tenant_id, epoch, account_id, session_id, source, action, object_type, object_id, old, new, detail)
    values (part[4]::uuid, audit.epoch(), nullif(part[5], '')::uuid, nullif(part[6], '')::uuid, part[8], p_action, p_object_type, p_object_id, p_old, p_new, p_detail)
$$;

-- Statement-level, with transition tables. Trigger arguments name columns whose values never enter the trail.
create function audit.capture() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    part     text[] := context.verified();                              -- never the raw setting; the policy on audit.entry pins the tenant
    object   text := tg_table_schema || '.' || tg_table_name;
    epoch    integer := audit.epoch();
    secret   text[] := coalesce(tg_argv, '{}');                         -- null, not empty, for a trigger without arguments
begin
    if part is null or part[3] <> 'w' then
        raise exception 'write outside a context' using errcode = '42501';
    end if;
    if tg_op = 'INSERT' then
        insert into audit.entry (tenant_id, epoch, account_id, session_id, source, action, object_type, object_id, new)
        select n.tenant_id, epoch, nullif(part[5], '')::uuid, nullif(part[6], '')::uuid, part[8], 'insert', object, n.id, to_jsonb(n) - secret
        from new_rows n;
    elsif tg_op = 'DELETE' then
        insert into audit.entry (tenant_id, epoch, account_id, session_id, source, action, object_type, object_id, old)
        select o.tenant_id, epoch, nullif(part[5], '')::uuid, nullif(part[6], '')::uuid, part[8], 'delete', object, o.id, to_jsonb(o) - secret
        from old_rows o;
    else
        insert into audit.entry (tenant_id, epoch, account_id, session_id, source, action, object_type, object_id, old, new)
        select coalesce(n.tenant_id, o.tenant_id), epoch, nullif(part[5], '')::uuid, nullif(part[6], '')::uuid, part[8], 'update', object, coalesce(n.id, o.id),
               to_jsonb(o) - secret, to_jsonb(n) - secret
        from old_rows o full join new_rows n using (tenant_id, id);     -- full join: a changed key cannot drop out of the trail
    end if;
    return null;
end $$;

create function audit.watch(t regclass, secret text[] default '{}') returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare a text := (select coalesce(string_agg(quote_literal(c), ', '), '') from unnest(secret) c);
begin
    execute format('create trigger audit_insert after insert on %s referencing new table as new_rows for each statement execute function audit.capture(%s)', t, a);
    execute format('create trigger audit_delete after delete on %s referencing old table as old_rows for each statement execute function audit.capture(%s)', t, a);
    execute format('create trigger audit_update after update on %s referencing old table as old_rows new table as new_rows for each statement execute function audit.capture(%s)', t, a);
end $$;

-- An event that is no row change (a sign-in, a download, an export), recorded by the code that does it, inside its context.
create function audit.record(action text, object_type text, object_id uuid, detail jsonb default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare part text[] := context.verified();
begin
    if part is null or part[3] <> 'w' then
        raise exception 'event outside a context' using errcode = '42501';
    end if;
    -- What triggers write cannot be imitated by an event.
    if action !~ '^[a-z_]{1,40}$' or action in ('insert', 'update', 'delete') or object_type !~ '^[a-z_.]{1,60}$' or pg_column_size(detail) > 8192 then
        raise exception 'an event needs a plain action and object type, and a detail under 8 KiB' using errcode = '22023';
    end if;
    perform audit.write(part, action, object_type, object_id, null, null, detail);
end $$;

-- Refused requests, aggregated by the caller and written apart. The tenant comes from the session's token, so that nobody writes
-- into a trail that is not theirs.
create function audit.refused(token bytea, route text, status integer, times integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare s record;
begin
    select x.tenant_id, x.account_id, x.id into s from identity.session x where x.token_hash = sha256(token);
    if found then
        perform context.stamp(s.tenant_id, s.account_id, s.id, '', 'session');
        perform audit.record('refused', 'api.route', null, jsonb_build_object('route', left(route, 200), 'status', status, 'times', times));
        perform set_config('context.stamp', '', true);
    end if;
end $$;

create function audit.record_system(actor text, action text, detail jsonb default null) returns void language sql as $$
    insert into audit.system_entry (epoch, actor, action, detail) values (audit.epoch(), actor, action, detail)
$$;

grant execute on function audit.record(text, text, uuid, jsonb) to :"app", :"gate", :"worker";
grant execute on function audit.refused(bytea, text, integer, integer) to :"app", :"gate";

select audit.watch('identity.tenant'), audit.watch('identity.account'), audit.watch('access.role'), audit.watch('access.assignment'),
       audit.watch('identity.password', '{salt,verifier}'), audit.watch('identity.invitation', '{token_hash}');
-- Sessions: their beginning and end; last use is no state change.
create trigger audit_insert after insert on identity.session referencing new table as new_rows for each statement execute function audit.capture('token_hash');
create trigger audit_delete after delete on identity.session referencing old table as old_rows for each statement execute function audit.capture('token_hash');
