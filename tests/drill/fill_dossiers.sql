-- Fills a tenant with :count dossiers, oldest first, 30 seconds apart, in a vocabulary where the k-th word is used 1/k as often.
-- As superuser, past triggers and row security: a million rows through the API would take an hour. The words are tenancy.words()'s own.
-- Positions: every 100th dossier holds `zeldzaam`, the 6,000 oldest `oudarchief`.
create schema if not exists fill;
create or replace function fill.word(kind text, k int) returns text language sql immutable as $$
    select string_agg(chr(97 + get_byte(sha256(convert_to(kind || k, 'UTF8')), i) % 26), '') from generate_series(0, 3 + k % 5) i
$$;
-- A time-ordered id (RFC 9562, version 7) of a moment gone by, on every version of the server.
create or replace function fill.id(at timestamptz) returns uuid language sql volatile as $$
    select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing
        substring(int8send((extract(epoch from at) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;
create table if not exists fill.vocabulary as
    select kind, k, fill.word(kind, k) as word from (values ('topic', 200), ('first', 500), ('last', 20000)) v (kind, n), generate_series(1, n) k;
create index if not exists vocabulary_key on fill.vocabulary (kind, k);

create or replace procedure fill.dossiers(tenant uuid, count int) language plpgsql set session_replication_role = replica as $$
begin
    create temp table made on commit drop as
        select fill.id(now() + (i - count) * interval '30 s') as id,
               case when random() < 0.5 then 'Dossier ' when random() < 0.3 then 'Aanvraag ' else '' end || t.word || ' ' || initcap(f.word) || ' ' || initcap(l.word)
                   || case when i <= 6000 then ' oudarchief' else '' end || case when i % 100 = 7 then ' zeldzaam' else '' end as title,
               1990 + i::bigint * 36 / count || '-' || lpad(i::text, 7, '0') as reference
          from (select i, floor(200 ^ random())::int as a, floor(500 ^ random())::int as b, floor(20000 ^ random())::int as c from generate_series(1, count) i offset 0) r
          join fill.vocabulary t on t.kind = 'topic' and t.k = a
          join fill.vocabulary f on f.kind = 'first' and f.k = b
          join fill.vocabulary l on l.kind = 'last' and l.k = c;
    insert into dossiers.dossier (tenant_id, id, title, reference, status, closed_at, notes)
        select tenant, id, title, reference, s, case s when 'closed' then now() end, repeat('lorem ipsum ', (random() * 80)::int)
          from (select *, case when random() < 0.7 then 'closed' else 'open' end as s from made offset 0) m order by id;
    insert into dossiers.dossier_words (tenant_id, id, words)
        select tenant, id, ' ' || array_to_string(tenancy.words(title || ' ' || reference), ' ') from made order by id;
    insert into dossiers.dossier_term (tenant_id, term, id)
        select tenant, unnest(tenancy.words(title || ' ' || reference)), id from made order by 2, 3;
end $$;
