-- name: usage
-- The tenant's files: how many, their bytes, the bytes of deleted ones that backups still need, and what it may use.
select files, bytes, retained, quota from files.usage();

-- name: people
-- How many people the tenant has, and how many of them can sign in; none for whoever may not see them.
select count(*) as people, count(*) filter (where status = 'active') as active from identity.members(null, null, null);
