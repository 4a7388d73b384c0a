-- name: room
-- The tenant's newest key and how many bytes there is room for.
select key_version, key_check, room from files.room();

-- name: add_file
-- A file whose blob is complete, in the transaction of the row that holds it.
select files.add(:id, :size, :wrapped_key, :key_version, :key_check);

-- name: content
-- What opens a file; no row for one that is missing, deleted, another tenant's or not permitted.
select size, wrapped_key, key_version, key_check from files.content(:id);

-- name: downloaded
-- A download for the trail; false when its session has ended.
select files.downloaded(:token, :file);

-- name: permitted
-- Whether a session still lives and permits this.
select files.permitted(:token, :permission);

-- name: due
-- Files deleted longer ago than the retention.
select tenant_id as tenant, id as file from files.due(make_interval(days => :days), :limit);

-- name: forget
-- Their rows, after their blobs.
select files.forget(:tenant, :ids, make_interval(days => :days));

-- name: unknown
-- Of these blobs, those that no row knows.
select tenant_id as tenant, id as file from files.unknown(:tenants, :ids);

-- name: swept
-- What the sweep removed, for the operator's trail.
select files.swept(:orphans, :drafts);
