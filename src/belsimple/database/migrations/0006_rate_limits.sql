-- Rate limits exact across processes, and answers kept for Idempotency-Key.

-- The generic cell rate algorithm: one timestamp a key. Unlogged: a crash forgives; failures in a row are counted in a logged table.
create unlogged table limits.bucket (key bytea primary key, full_until timestamptz not null) with (fillfactor = 70);
create index bucket_full_until on limits.bucket (full_until);
alter table limits.bucket enable row level security, force row level security;
create policy owner_only on limits.bucket to :"owner" using (true) with check (true);

-- Takes one unit and returns 0, or takes nothing and returns the seconds to wait. `every_us`: microseconds a unit; `burst`: units at once.
create function limits.take(p_key bytea, every_us bigint, burst integer) returns double precision
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment timestamptz := clock_timestamp();
    every  interval := make_interval(secs => every_us / 1e6);
    until  timestamptz;
begin
    insert into limits.bucket as b values (p_key, moment + every)
    on conflict (key) do update set full_until = greatest(b.full_until, moment) + every
        where greatest(b.full_until, moment) + every <= moment + every * burst
    returning b.full_until into until;
    if found then return 0; end if;
    select b.full_until into until from limits.bucket b where b.key = p_key;
    return greatest(0.001, extract(epoch from (until + every - every * burst) - moment));
end $$;

-- Gives back a unit that was taken for an attempt which proved honest.
create function limits.refund(p_key bytea, every_us bigint) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    update limits.bucket set full_until = full_until - make_interval(secs => every_us / 1e6) where key = p_key
$$;
grant execute on function limits.take(bytea, bigint, integer), limits.refund(bytea, bigint) to :"app", :"gate";

create table idempotency.answer (
    tenant_id    uuid not null references identity.tenant on delete cascade,
    account_id   uuid not null,
    route        text not null check (char_length(route) <= 200),
    key          text not null check (char_length(key) between 1 and 200),
    request_hash bytea not null check (octet_length(request_hash) = 32),
    status       integer,
    body         bytea,
    location     text,
    etag         text,
    created_at   timestamptz not null default now(),
    primary key (tenant_id, account_id, route, key)
);
create index answer_created_at on idempotency.answer (created_at);
alter table idempotency.answer enable row level security, force row level security;
create policy owner_only on idempotency.answer to :"owner" using (true) with check (true);

-- No row: the key is claimed by this transaction. A concurrent claim waits for it. A row: the answer given before.
create function idempotency.claim(p_route text, p_key text, p_request_hash bytea) returns table (status integer, body bytea, location text, etag text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    tenant uuid := context.tenant(null, true);
    kept   record;
begin
    insert into idempotency.answer as a (tenant_id, account_id, route, key, request_hash)
    values (tenant, context.account(), p_route, p_key, p_request_hash)
    on conflict (tenant_id, account_id, route, key) do update set request_hash = excluded.request_hash, status = null, created_at = now()
        where a.created_at < now() - interval '24 hours';
    if found then return; end if;
    select a.* into kept from idempotency.answer a where a.tenant_id = tenant and a.account_id = context.account() and a.route = p_route and a.key = p_key;
    if kept.request_hash <> p_request_hash then
        raise exception 'This Idempotency-Key was used with another request.' using errcode = 'BS422', hint = 'idempotency-key-reused';
    end if;
    return query select kept.status, kept.body, kept.location, kept.etag;
end $$;
create function idempotency.store(p_route text, p_key text, p_status integer, p_body bytea, p_location text, p_etag text) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    update idempotency.answer set status = p_status, body = p_body, location = p_location, etag = p_etag
    where tenant_id = context.tenant(null, true) and account_id = context.account() and route = p_route and key = p_key
$$;
grant execute on function idempotency.claim(text, text, bytea), idempotency.store(text, text, integer, bytea, text, text) to :"app", :"gate";
