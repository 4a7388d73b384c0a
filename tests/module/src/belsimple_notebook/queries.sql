-- name: list_notes
-- A page of notes, newest first.
select id, text from notebook.note where tenant_id = :tenant and id < :before order by id desc limit :limit;

-- name: insert_note
-- A new note; returns its id.
insert into notebook.note (tenant_id, text) values (:tenant, :text) returning id;

-- name: delete_older_notes
-- All but the newest.
delete from notebook.note where tenant_id = :tenant
   and id not in (select id from notebook.note where tenant_id = :tenant order by id desc limit :keep);
