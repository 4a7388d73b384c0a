-- name: make_role
-- A role of the tenant's own.
select access.create_role('Attack', '{dossiers:read}');

-- name: make_own_dossiers
-- Three dossiers, whose titles tell them from the other tenant's.
with made as (
    insert into dossiers.dossier (tenant_id, title) select :tenant, 'A ' || n from generate_series(1, 3) n returning id
)
select id from made limit 1;

-- name: make_their_dossiers
-- The other tenant's: one with a reference, and many with one title, which the planner's statistics would name.
with made as (
    insert into dossiers.dossier (tenant_id, title, reference)
    select :tenant, :title, case when n = 1 then :reference end from generate_series(1, 300) n
    returning id, reference
)
select id from made where reference is not null;

-- name: remove_dossiers
-- Everything the suite left in its tenant.
delete from dossiers.dossier where tenant_id = :tenant;

-- name: remove_jobs
-- The suite's jobs, which nobody declared.
delete from jobs.procrastinate_jobs where task_name like 'attack.%';

-- name: protected_tables
-- Every protected table.
select relation from tenancy.protected_tables() order by relation;

-- name: fingerprint
-- All rows of one table that the tenant sees, as one hash.
select coalesce(md5(string_agg(x::text, chr(10) order by x.id)), '') from {} x;

-- name: people
-- Members, roles and settings of a tenant, as one hash.
select md5(concat((select string_agg(m::text, chr(10)) from identity.members(null, null, 1000) m), (select string_agg(r::text, chr(10)) from access.roles(null) r),
    (select t::text from identity.tenant_settings() t)));

-- name: strangers
-- Entries of the tenant's trail that name an account which is not its own: nobody else writes there.
select count(*) from audit.entry e where e.account_id not in (select m.id from identity.members(null, null, 1000) m);

-- name: age_proof
-- A session whose password was given long ago.
update identity.session set authenticated_at = now() - interval '16 minutes' where token_hash = sha256($1);

-- name: age_use
-- A session that nobody has used for longer than its tenant allows.
update identity.session set last_seen = now() - interval '31 minutes' where token_hash = sha256($1);

-- name: age_session
-- A session past its absolute end.
update identity.session set expires_at = now() - interval '1 second' where token_hash = sha256($1);
