-- name: list_entries
-- A page of entries, newest first.
select id, title, created_at, version from scaffold.entry where tenant_id = :tenant and id < :before order by id desc limit :limit;

-- name: read_entry
-- One entry.
select id, title, created_at, version from scaffold.entry where tenant_id = :tenant and id = :id;

-- name: insert_entry
-- A new entry.
insert into scaffold.entry (tenant_id, title) values (:tenant, :title) returning id, title, created_at, version;

-- name: update_entry
-- Changes an entry, if nobody has since that version.
update scaffold.entry set title = :title, version = version + 1
where tenant_id = :tenant and id = :id and version = :expected returning id, title, created_at, version;
