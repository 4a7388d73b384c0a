-- name: list_documents
-- A page of a dossier's documents, newest first, each with its newest version.
select d.id, d.dossier_id, d.version, v.filename, v.content_type, v.size, d.created_at, d.created_by, v.created_at as updated_at, v.created_by as updated_by
  from dossiers.document d
  join dossiers.document_version v on v.tenant_id = :tenant and v.document_id = d.id and v.number = d.version
 where d.tenant_id = :tenant and d.dossier_id = :dossier and d.id < :before
 order by d.id desc limit :limit;

-- name: count_documents
-- How many documents a dossier has.
select count(*) from dossiers.document where tenant_id = :tenant and dossier_id = :dossier;

-- name: read_document
-- One document with its newest version.
select d.id, d.dossier_id, d.version, v.filename, v.content_type, v.size, d.created_at, d.created_by, v.created_at as updated_at, v.created_by as updated_by
  from dossiers.document d
  join dossiers.document_version v on v.tenant_id = :tenant and v.document_id = d.id and v.number = d.version
 where d.tenant_id = :tenant and d.id = :id;

-- name: lock_document
-- Its number of versions, held until the end of the transaction: two new versions follow each other.
select version from dossiers.document where tenant_id = :tenant and id = :id for update;

-- name: list_versions
-- A page of a document's versions, newest first.
select number, filename, content_type, size, created_at, created_by
  from dossiers.document_version
 where tenant_id = :tenant and document_id = :document and number < :before
 order by number desc limit :limit;

-- name: read_content
-- Where the content of a version is; of the newest when no number is given.
select v.file_id, v.filename, v.content_type
  from dossiers.document d
  join dossiers.document_version v on v.tenant_id = :tenant and v.document_id = d.id and v.number = coalesce(:number::integer, d.version)
 where d.tenant_id = :tenant and d.id = :id;

-- name: hold_dossier
-- Whether the dossier is there, and stays until the end of the transaction.
select true from dossiers.dossier where tenant_id = :tenant and id = :id for key share;

-- name: dossier_exists
-- Whether the dossier is there.
select exists (select from dossiers.dossier where tenant_id = :tenant and id = :id);

-- name: insert_document
-- A new document; its first version follows.
insert into dossiers.document (tenant_id, dossier_id, created_by) values (:tenant, :dossier, :account) returning id;

-- name: insert_version
-- A version; it takes hold of its file.
insert into dossiers.document_version (tenant_id, document_id, number, file_id, filename, content_type, size, created_by)
values (:tenant, :document, :number, :file, :filename, :content_type, :size, :account);

-- name: set_version
-- The document's newest version.
update dossiers.document set version = :number where tenant_id = :tenant and id = :id;

-- name: delete_versions
-- Every version of a document; the platform deletes their files.
delete from dossiers.document_version where tenant_id = :tenant and document_id = :id;

-- name: delete_document
-- A document, after its versions.
delete from dossiers.document where tenant_id = :tenant and id = :id;

-- name: delete_versions_of_dossier
-- The versions of all documents of a dossier.
delete from dossiers.document_version v using dossiers.document d
 where v.tenant_id = :tenant and d.tenant_id = :tenant and d.dossier_id = :dossier and v.document_id = d.id;

-- name: delete_documents_of_dossier
-- All documents of a dossier, after their versions.
delete from dossiers.document where tenant_id = :tenant and dossier_id = :dossier;
