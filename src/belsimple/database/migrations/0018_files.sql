-- Keys and files: what the database knows of documents' content, which lies encrypted in a store outside it.

create schema keys;
create schema files;
grant usage on schema keys, files to :"app", :"worker";

-- Which tenant keys are in use. The keys are in the key store; a machine whose store lacks a registered key, or has another one in
-- its place, notices by the check value, and makes no second key that would open none of the old documents.
create table keys.tenant_key (
    tenant_id   uuid not null references identity.tenant on delete cascade,
    id          uuid not null default tenancy.new_id(),
    version     integer not null check (version >= 1),
    check_value bytea not null check (octet_length(check_value) = 16),
    created_at  timestamptz not null default now(),
    primary key (tenant_id, version)
);

-- One encrypted file. Its id is made by the application, which seals the content to it; its blob is named TENANT/ID and never written twice.
create table files.file (
    tenant_id   uuid not null references identity.tenant on delete cascade,
    id          uuid not null,
    relation    text,                                                   -- the attached table whose row holds it
    size        bigint not null check (size >= 0),                      -- bytes, before encryption
    key_version integer not null,
    wrapped_key bytea not null check (octet_length(wrapped_key) = 60),
    created_at  timestamptz not null default now(),
    deleted_at  timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, key_version) references keys.tenant_key on delete cascade
);
create index file_deleted_at on files.file (deleted_at) where deleted_at is not null;

-- Bytes of each tenant: in use, and deleted but kept until backups no longer need them. Kept by a trigger.
create table files.usage (
    tenant_id uuid primary key references identity.tenant on delete cascade,
    files     bigint not null default 0 check (files >= 0),
    bytes     bigint not null default 0 check (bytes >= 0),
    retained  bigint not null default 0 check (retained >= 0),
    quota     bigint not null default 10737418240 check (quota >= 0)    -- 10 GiB
);

-- Tables whose rows hold a file, by files.attach.
create table files.attachment (relation text primary key references tenancy.protected, file_column name not null);

-- Who fetched what in the last minutes: one entry in the trail a minute for a session and file, however many ranges a viewer asks for.
create unlogged table files.fetched (
    session_id uuid not null, file_id uuid not null, at timestamptz not null, primary key (session_id, file_id)
);

do $$ declare t regclass; begin
    foreach t in array array['keys.tenant_key', 'files.file', 'files.usage', 'files.attachment', 'files.fetched']::regclass[] loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;
select audit.watch('keys.tenant_key'), audit.watch('files.file', '{wrapped_key}');

-- Counting. The tenant's line is locked by each change: two uploads that both just fit cannot both fit.
create function files.count() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare u files.usage;
begin
    if tg_op = 'INSERT' then
        insert into files.usage as x (tenant_id, files, bytes) values (new.tenant_id, 1, new.size)
        on conflict (tenant_id) do update set files = x.files + 1, bytes = x.bytes + new.size returning * into u;
        if u.bytes > u.quota then
            raise exception 'The space for documents is full.' using errcode = 'BS413', hint = 'quota-exceeded';
        end if;
        -- Uploading and deleting in a loop would fill the store without ever being over the quota.
        if u.bytes + u.retained > 2 * u.quota then
            raise exception 'Much was deleted lately, and its space is not free yet.' using errcode = 'BS413', hint = 'quota-exceeded';
        end if;
    elsif tg_op = 'UPDATE' then
        update files.usage x set files = x.files - 1, bytes = x.bytes - old.size, retained = x.retained + old.size where x.tenant_id = old.tenant_id;
    elsif old.deleted_at is null then
        update files.usage x set files = x.files - 1, bytes = x.bytes - old.size where x.tenant_id = old.tenant_id;
    else
        update files.usage x set retained = x.retained - old.size where x.tenant_id = old.tenant_id;
    end if;
    return null;
end $$;
create trigger count_add after insert on files.file for each row execute function files.count();
create trigger count_mark after update on files.file for each row when (old.deleted_at is null and new.deleted_at is not null) execute function files.count();
create trigger count_remove after delete on files.file for each row execute function files.count();

-- A file that no row holds could never be read, nor deleted: its transaction does not commit.
create function files.require_holder() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from files.file f where f.tenant_id = new.tenant_id and f.id = new.id and f.relation is null) then
        raise exception 'no row holds the new file' using errcode = '23503';
    end if;
    return null;
end $$;
create constraint trigger require_holder after insert on files.file deferrable initially deferred for each row execute function files.require_holder();

-- On tables given to files.attach: a new row takes hold of its file, which no other row has; a deleted row's file is deleted.
create function files.hold() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        update files.file f set relation = tg_table_schema || '.' || tg_table_name
         where f.tenant_id = new.tenant_id and f.id = (to_jsonb(new) ->> tg_argv[0])::uuid and f.relation is null and f.deleted_at is null;
        if not found then
            raise exception 'no such file, or another row holds it' using errcode = '23503';
        end if;
    elsif tg_op = 'DELETE' then
        update files.file f set deleted_at = now() where f.tenant_id = old.tenant_id and f.id = (to_jsonb(old) ->> tg_argv[0])::uuid and f.deleted_at is null;
    else
        raise exception 'a row keeps its file' using errcode = '23503';
    end if;
    return null;
end $$;

-- For modules, after tenancy.protect: `select files.attach('notebook.scan', 'file_id')`. Whoever may read the table may read the files.
create function files.attach(t regclass, file_column name) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare relation text := (select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = t);
begin
    insert into files.attachment values (relation, file_column);         -- the foreign key refuses a table that is not protected
    execute format('create trigger file_insert after insert on %s for each row execute function files.hold(%L)', t, file_column);
    execute format('create trigger file_delete after delete on %s for each row execute function files.hold(%L)', t, file_column);
    execute format('create trigger file_update after update on %1$s for each row when (old.%2$I is distinct from new.%2$I) execute function files.hold(%2$L)', t, file_column);
end $$;
create function files.attachments() returns table (relation text) language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select relation from files.attachment $$;
grant execute on function files.attachments() to :"app", :"gate", :"worker", :"operator", :"backup";
grant usage on schema files to :"gate", :"operator", :"backup";

-- Before the first byte: the tenant's newest key, if it has one, and the bytes there is room for.
create function files.room() returns table (key_version integer, key_check bytea, room bigint) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.version, k.check_value, coalesce((select least(u.quota - u.bytes, 2 * u.quota - u.bytes - u.retained) from files.usage u where u.tenant_id = t.tenant), 10737418240)
    from (select context.tenant() as tenant) t
    left join lateral (select version, check_value from keys.tenant_key k where k.tenant_id = t.tenant order by version desc limit 1) k on true
    where t.tenant is not null
$$;

-- After the last byte, in the transaction of the row that holds the file. A tenant's first document registers its key.
create function files.add(p_id uuid, p_size bigint, p_wrapped_key bytea, p_key_version integer, p_key_check bytea) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare tenant uuid := context.tenant(null, true);
begin
    if not exists (select from keys.tenant_key k where k.tenant_id = tenant and k.version = p_key_version and k.check_value = p_key_check) then
        insert into keys.tenant_key (tenant_id, version, check_value)
        select tenant, 1, p_key_check where p_key_version = 1 on conflict do nothing;
        if not exists (select from keys.tenant_key k where k.tenant_id = tenant and k.version = p_key_version and k.check_value = p_key_check) then
            raise exception 'this key store has another key than the registered one' using errcode = '55000';
        end if;
    end if;
    insert into files.file (tenant_id, id, size, key_version, wrapped_key) values (tenant, p_id, p_size, p_key_version, p_wrapped_key);
end $$;

-- What opens a file, for those who may read the table that holds it.
create function files.content(p_id uuid) returns table (size bigint, wrapped_key bytea, key_version integer, key_check bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select f.size, f.wrapped_key, k.version, k.check_value
    from files.file f
    join tenancy.protected p on p.relation = f.relation
    join keys.tenant_key k on k.tenant_id = f.tenant_id and k.version = f.key_version
    where f.tenant_id = context.tenant(p.read_permission) and f.id = p_id and f.deleted_at is null
$$;

-- Whether a session lives and permits this, for streams that outlast the transaction which let them begin.
create function files.permitted(token bytea, p_permission text) returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from identity.session x
        join identity.account a on a.tenant_id = x.tenant_id and a.id = x.account_id
        join identity.tenant t on t.id = x.tenant_id
        where x.token_hash = sha256(token) and x.expires_at > clock_timestamp() and x.last_seen > clock_timestamp() - make_interval(mins => t.session_idle_minutes)
          and a.status = 'active' and t.status = 'active'
          and (p_permission is null or p_permission = any (string_to_array(access.permissions_of(x.tenant_id, x.account_id), ','))))
$$;

-- A download, in the trail before its first byte leaves: its transaction was read only. False when the session has ended meanwhile.
create function files.downloaded(token bytea, p_file uuid) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s record;
begin
    select x.tenant_id, x.account_id, x.id, f.relation into s
      from identity.session x join files.file f on f.tenant_id = x.tenant_id and f.id = p_file join tenancy.protected p on p.relation = f.relation
     where x.token_hash = sha256(token) and files.permitted(token, p.read_permission);
    if not found then return false; end if;
    insert into files.fetched as d values (s.id, p_file, now())
    on conflict (session_id, file_id) do update set at = now() where d.at < now() - interval '1 minute';
    if found then
        perform context.stamp(s.tenant_id, s.account_id, s.id, '', 'session');
        perform audit.record('downloaded', 'files.file', p_file, jsonb_build_object('held_by', s.relation));
        perform set_config('context.stamp', '', true);
    end if;
    return true;
end $$;

create function files.usage() returns table (files bigint, bytes bigint, retained bigint, quota bigint) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(u.files, 0), coalesce(u.bytes, 0), coalesce(u.retained, 0), coalesce(u.quota, 10737418240)
    from (select context.tenant('settings:read') as tenant) t left join files.usage u on u.tenant_id = t.tenant
    where t.tenant is not null
$$;
grant execute on function files.room(), files.add(uuid, bigint, bytea, integer, bytea), files.content(uuid), files.permitted(bytea, text),
    files.downloaded(bytea, uuid), files.usage() to :"app";

-- The operator's side, for functions that have asked who calls.
create function files.set_quota(p_tenant uuid, p_bytes bigint, p_actor text) returns void language plpgsql as $$
declare earlier bigint := (select u.quota from files.usage u where u.tenant_id = p_tenant);
begin
    perform context.stamp(p_tenant, null, null, '', 'command');
    insert into files.usage (tenant_id, quota) values (p_tenant, p_bytes) on conflict (tenant_id) do update set quota = p_bytes;
    perform audit.record('quota_changed', 'files.usage', null, pg_catalog.jsonb_build_object('from', coalesce(earlier, 10737418240), 'to', p_bytes));
    perform pg_catalog.set_config('context.stamp', '', true);
    perform audit.record_system(p_actor, 'quota_changed', pg_catalog.jsonb_build_object('tenant', p_tenant, 'from', coalesce(earlier, 10737418240), 'to', p_bytes));
end $$;
create function files.usage_of(p_tenant uuid) returns table (files bigint, bytes bigint, retained bigint, quota bigint) language sql stable as $$
    select coalesce(u.files, 0), coalesce(u.bytes, 0), coalesce(u.retained, 0), coalesce(u.quota, 10737418240)
    from identity.tenant t left join files.usage u on u.tenant_id = t.id where t.id = p_tenant
$$;

-- The worker's sweeps. Files deleted longer than this ago: no backup that could still be restored needs their blobs.
create function files.due(p_retention interval, p_limit integer) returns table (tenant_id uuid, id uuid) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select f.tenant_id, f.id from files.file f where f.deleted_at < now() - p_retention order by f.deleted_at limit p_limit
$$;
-- Their rows, once the blobs are gone. What was deleted today stays whatever the worker asks for: a stolen worker would else undo the retention.
create function files.forget(p_tenant uuid, p_ids uuid[], p_retention interval) returns integer language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare n integer;
begin
    perform context.stamp(p_tenant, null, null, '', 'sweep');
    delete from files.file f where f.tenant_id = p_tenant and f.id = any (p_ids) and f.deleted_at < now() - greatest(p_retention, interval '1 day');
    get diagnostics n = row_count;
    perform set_config('context.stamp', '', true);
    delete from files.fetched d where d.at < now() - interval '1 hour';
    return n;
end $$;
-- Of these names of blobs, those that no row knows.
create function files.unknown(p_tenants uuid[], p_ids uuid[]) returns table (tenant_id uuid, id uuid) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select n.t, n.i from unnest(p_tenants, p_ids) n (t, i) where not exists (select from files.file f where f.tenant_id = n.t and f.id = n.i)
$$;
create function files.swept(p_orphans integer, p_drafts integer) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select audit.record_system('worker', 'orphaned_blobs_removed', jsonb_build_object('blobs', p_orphans, 'unfinished', p_drafts))
$$;
grant execute on function files.due(interval, integer), files.forget(uuid, uuid[], interval), files.unknown(uuid[], uuid[]), files.swept(integer, integer) to :"worker";
