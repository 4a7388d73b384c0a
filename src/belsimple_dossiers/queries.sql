-- name: list_dossiers
-- A page of dossiers, newest first: a walk back along the primary key.
select id, title, reference, status, version, created_at, updated_at, closed_at
  from dossiers.dossier
 where tenant_id = :tenant and id < :before
 order by id desc limit :limit;

-- name: list_dossiers_of_status
-- The same for one status, along its own index.
select id, title, reference, status, version, created_at, updated_at, closed_at
  from dossiers.dossier
 where tenant_id = :tenant and status = :status and id < :before
 order by id desc limit :limit;

-- name: words_of
-- The words of a search, split and folded as the platform splits and folds what is searched.
select tenancy.words(:text);

-- name: count_hits
-- Hits of each word, the rarest first, counted no further than the ceiling: a word that everybody uses costs no more.
select w.word, hits.count as hits
  from unnest(:words::text[]) w (word),
       lateral (select count(*) from (select from dossiers.dossier_term
                 where tenant_id = :tenant and term >= w.word and term < w.word || chr(1114111) limit :ceiling) counted) hits
 order by hits.count;

-- name: search_newest
-- Every word among the newest dossiers. Each lateral ends in a limit, which keeps the planner from reading all dossiers instead.
select d.id, d.title, d.reference, d.status, d.version, d.created_at, d.updated_at, d.closed_at
  from (select id, words from dossiers.dossier_words where tenant_id = :tenant and id < :before order by id desc limit :window) newest,
       lateral (select * from dossiers.dossier x where x.tenant_id = :tenant and x.id = newest.id limit 1) d
 where newest.words like all (array(select '% ' || w || '%' from unnest(:words::text[]) w))
   and (:status::text is null or d.status = :status)
 order by newest.id desc limit :limit;

-- name: search_from_word
-- Every word, starting from the hits of one of them, newest first, until the page is full.
select d.id, d.title, d.reference, d.status, d.version, d.created_at, d.updated_at, d.closed_at
  from (select distinct id from dossiers.dossier_term
         where tenant_id = :tenant and term >= :word and term < :word || chr(1114111) and id < :before order by id desc) hit,
       lateral (select from dossiers.dossier_words x where x.tenant_id = :tenant and x.id = hit.id
                   and x.words like all (array(select '% ' || w || '%' from unnest(:words::text[]) w)) limit 1) matching,
       lateral (select * from dossiers.dossier x where x.tenant_id = :tenant and x.id = hit.id limit 1) d
 where :status::text is null or d.status = :status
 order by hit.id desc limit :limit;

-- name: search_from_two_words
-- The same from the hits that two words have in common: reading two ranges is cheaper than trying each hit of one.
select d.id, d.title, d.reference, d.status, d.version, d.created_at, d.updated_at, d.closed_at
  from (select id from dossiers.dossier_term
         where tenant_id = :tenant and term >= :word and term < :word || chr(1114111) and id < :before
        intersect
        select id from dossiers.dossier_term
         where tenant_id = :tenant and term >= :second and term < :second || chr(1114111) and id < :before order by id desc) hit,
       lateral (select from dossiers.dossier_words x where x.tenant_id = :tenant and x.id = hit.id
                   and x.words like all (array(select '% ' || w || '%' from unnest(:words::text[]) w)) limit 1) matching,
       lateral (select * from dossiers.dossier x where x.tenant_id = :tenant and x.id = hit.id limit 1) d
 where :status::text is null or d.status = :status
 order by hit.id desc limit :limit;

-- name: read_dossier
-- One dossier, with its notes.
select id, title, reference, status, notes, version, created_at, created_by, updated_at, updated_by, closed_at
  from dossiers.dossier
 where tenant_id = :tenant and id = :id;

-- name: lock_dossier
-- The same, held until the end of the transaction: two changes of one dossier follow each other.
select id, title, reference, status, notes, version, created_at, created_by, updated_at, updated_by, closed_at
  from dossiers.dossier
 where tenant_id = :tenant and id = :id
   for update;

-- name: reference_taken
-- Whether another dossier has this reference.
select exists (select from dossiers.dossier where tenant_id = :tenant and reference = :reference and id is distinct from :id);

-- name: insert_dossier
-- A new dossier; its id is the database's.
insert into dossiers.dossier (tenant_id, title, reference, status, notes, created_by, updated_by, closed_at)
values (:tenant, :title, :reference, :status, :notes, :account, :account, case when :status = 'closed' then now() end)
returning id, title, reference, status, notes, version, created_at, created_by, updated_at, updated_by, closed_at;

-- name: update_dossier
-- All that can change of a dossier, one version on. It keeps the time at which it was closed.
update dossiers.dossier
   set title = :title, reference = :reference, status = :status, notes = :notes, version = version + 1,
       updated_at = now(), updated_by = :account, closed_at = case when :status = 'closed' then coalesce(closed_at, now()) end
 where tenant_id = :tenant and id = :id
returning id, title, reference, status, notes, version, created_at, created_by, updated_at, updated_by, closed_at;

-- name: delete_dossier
-- Deletes a dossier; the trail keeps what it was.
delete from dossiers.dossier where tenant_id = :tenant and id = :id;
