-- A client's file. The platform adds the tenant, the primary key (tenant_id, id), row security and the trail.
create table dossiers.dossier (
    id         uuid not null default tenancy.new_id(),
    title      text not null check (char_length(title) between 1 and 200),
    reference  text check (char_length(reference) between 1 and 60),
    status     text not null default 'open' check (status in ('open', 'closed')),
    notes      text not null default '' check (char_length(notes) <= 20000),
    version    integer not null default 1,
    created_at timestamptz not null default now(),
    created_by uuid,
    updated_at timestamptz not null default now(),
    updated_by uuid,
    closed_at  timestamptz,
    check ((status = 'closed') = (closed_at is not null))
);
select tenancy.protect('dossiers.dossier', 'dossiers:read', 'dossiers:write');
select tenancy.searchable('dossiers.dossier', '{title,reference}');

-- Every key begins with the tenant: two tenants may use one reference, and neither learns of the other's from an error.
create unique index dossier_reference on dossiers.dossier (tenant_id, reference);
-- Lists page by id, newest first; ids are time-ordered.
create index dossier_status on dossiers.dossier (tenant_id, status, id);
