-- The context: the database itself verifies the caller's session token and derives tenant, account and permissions from it.
-- Row security trusts a stamp that only functions of the owner can make, bound to this backend and this transaction.

create table context.key (ipad bytea not null, opad bytea not null);     -- HMAC-SHA-256 (RFC 2104) with its pads computed beforehand
alter table context.key enable row level security, force row level security;
create policy owner_only on context.key to :"owner" using (true) with check (true);

-- Helpers that only the owner can execute need no SET clause of their own.
create function context.sign(message text) returns text language sql stable as $$
    select pg_catalog.encode(pg_catalog.sha256(k.opad OPERATOR(pg_catalog.||) pg_catalog.sha256(k.ipad OPERATOR(pg_catalog.||) pg_catalog.convert_to(message, 'UTF8'))), 'hex')
    from context.key k
$$;

-- What ties a stamp to one transaction of one backend. One function, because a sharded cluster needs another answer here.
create function context.binding() returns text language sql stable as $$
    select pg_catalog.pg_backend_pid()::pg_catalog.text OPERATOR(pg_catalog.||) '|' OPERATOR(pg_catalog.||) extract(epoch from pg_catalog.transaction_timestamp())::pg_catalog.text
$$;

-- stamp = mac (64 hex) | pid | transaction time | r or w | tenant | account | session | ,permission,permission, | source
-- No field can hold '|': permissions are checked by access.permission, sources are words of ours. The mode is in the stamp because a savepoint can undo READ ONLY.
create function context.stamp(tenant uuid, account uuid, session uuid, permissions text, source text) returns void language plpgsql as $$
declare
    message text := pg_catalog.concat_ws('|', context.binding(), case when pg_catalog.current_setting('transaction_read_only')::boolean then 'r' else 'w' end,
        tenant, coalesce(account::text, ''), coalesce(session::text, ''), ',' || permissions || ',', source);
    mac     text;
begin
    -- sign() written out: a function in SQL that reads a table is planned again at each call.
    select pg_catalog.encode(pg_catalog.sha256(k.opad || pg_catalog.sha256(k.ipad || pg_catalog.convert_to(message, 'UTF8'))), 'hex') into mac from context.key k;
    perform pg_catalog.set_config('context.stamp', mac || '|' || message, true);
end $$;

create function context.verified() returns text[] language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp as $$
declare
    stamp text := current_setting('context.stamp', true);
    part  text[];
    good  boolean;
begin
    if stamp is null or stamp = '' then return null; end if;
    part := string_to_array(substr(stamp, 66), '|');
    select left(stamp, 64) = encode(sha256(k.opad || sha256(k.ipad || convert_to(substr(stamp, 66), 'UTF8'))), 'hex') into good from context.key k;
    if good is not true or part[1] || '|' || part[2] is distinct from context.binding() then
        raise exception 'forged context' using errcode = '28000';
    end if;
    return part;
end $$;

-- THE function that policies call: tenant, permission and mode are proven together, from one stamp, at one moment. With a
-- function each, two tokens could be mixed within one statement. The check of verified() stands here again: a call less for each row.
create function context.tenant(permission text default null, writing boolean default false) returns uuid
language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp as $$
declare
    stamp text := current_setting('context.stamp', true);
    part  text[];
    good  boolean;
begin
    if stamp is not null and stamp <> '' then
        part := string_to_array(substr(stamp, 66), '|');
        select left(stamp, 64) = encode(sha256(k.opad || sha256(k.ipad || convert_to(substr(stamp, 66), 'UTF8'))), 'hex') into good from context.key k;
        if good is not true or part[1] || '|' || part[2] is distinct from context.binding() then
            raise exception 'forged context' using errcode = '28000';
        end if;
        if (permission is null or strpos(part[7], ',' || permission || ',') > 0) and (not writing or part[3] = 'w') then
            return part[4]::uuid;
        end if;
    end if;
    if writing then
        raise exception 'not permitted: %', permission using errcode = '42501';
    end if;
    return null;
end $$;

-- The account that acts, for defaults such as `created_by`; null where a job or a command acts for nobody.
create function context.account() returns uuid language sql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$ select nullif((context.verified())[5], '')::uuid $$;
create function context.session() returns uuid language sql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$ select nullif((context.verified())[6], '')::uuid $$;
create function context.permissions() returns text[] language sql stable parallel restricted security definer set search_path = pg_catalog, pg_temp
as $$ select string_to_array(trim(both ',' from (context.verified())[7]), ',') $$;

-- A pooled backend must carry nothing from one request into the next. Each transaction opens with ONE simple-protocol message,
-- `reset all; begin [read only]; select context.pristine()`; a failure here closes the connection. (A statement prepared in SQL
-- under the driver's own name would otherwise answer the next request's query.)
create function context.pristine() returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from pg_prepared_statement() where from_sql) or exists (select from pg_cursor() where is_holdable)
       or pg_my_temp_schema() <> 0 or exists (select from pg_listening_channels()) then
        raise exception 'unclean backend' using errcode = '28000';
    end if;
    perform pg_advisory_unlock_all();
end $$;

-- From "who is this account" to "what may it do", read live; context.enter says the same once more, written out for speed.
create function access.permissions_of(tenant uuid, account uuid) returns text language sql stable as $$
    select coalesce(pg_catalog.string_agg(distinct p, ','), '')
    from access.assignment a
    join access.role r on r.tenant_id = a.tenant_id and r.id = a.role_id
    cross join lateral pg_catalog.unnest(r.permissions) p
    where a.tenant_id = tenant and a.account_id = account
$$;

-- From an old snapshot a session that has ended since would still look alive.
create function context.require_fresh_snapshot() returns void language plpgsql as $$
begin
    if pg_catalog.current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'a tenant is entered in a read committed transaction only' using errcode = '25001';
    end if;
end $$;

create function context.enter(token bytea)
returns table (tenant_id uuid, account_id uuid, session_id uuid, permissions text, touch_due boolean, fresh boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare s record;
begin
    if coalesce(current_setting('context.stamp', true), '') <> '' then
        raise exception 'already entered' using errcode = '25001';
    end if;
    perform context.require_fresh_snapshot();
    select x.tenant_id, x.account_id, x.id, x.last_seen < clock_timestamp() - interval '1 minute' as due,
           x.authenticated_at > clock_timestamp() - interval '15 minutes' as fresh,
           (select coalesce(string_agg(distinct p, ','), '') from access.assignment g join access.role r on r.tenant_id = g.tenant_id and r.id = g.role_id
             cross join lateral unnest(r.permissions) p where g.tenant_id = x.tenant_id and g.account_id = x.account_id) as permissions
      into s
      from identity.session x
      join identity.account a on a.tenant_id = x.tenant_id and a.id = x.account_id
      join identity.tenant t on t.id = x.tenant_id
     where x.token_hash = sha256(token) and x.expires_at > clock_timestamp() and x.last_seen > clock_timestamp() - make_interval(mins => t.session_idle_minutes)
       and a.status = 'active' and t.status = 'active';
    if not found then
        raise exception 'no session' using errcode = '28000';
    end if;
    perform context.stamp(s.tenant_id, s.account_id, s.id, s.permissions, 'session');
    return query select s.tenant_id, s.account_id, s.id, s.permissions, s.due, s.fresh;
end $$;

-- Last use, in its own short transaction; it re-checks expiry and never waits for another request's touch.
create function context.touch(token bytea) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    update identity.session x set last_seen = now()
    where x.token_hash = (
        select y.token_hash from identity.session y join identity.tenant t on t.id = y.tenant_id
        where y.token_hash = sha256(token) and y.expires_at > now() and y.last_seen > now() - make_interval(mins => t.session_idle_minutes)
          and y.last_seen < now() - interval '1 minute'
        for no key update of y skip locked)
$$;

grant execute on function context.tenant(text, boolean), context.pristine() to :"app", :"gate", :"worker";
grant execute on function context.account(), context.session(), context.permissions() to :"app", :"gate", :"worker";
grant execute on function context.enter(bytea), context.touch(bytea) to :"app", :"gate";
