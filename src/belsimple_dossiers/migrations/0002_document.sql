-- Documents of a dossier. Their content is a file of the platform's, encrypted outside the database; a version is never changed, only followed.
create table dossiers.document (
    id         uuid not null default tenancy.new_id(),
    dossier_id uuid not null,
    version    integer not null default 1,                              -- of its newest content
    created_at timestamptz not null default now(),
    created_by uuid
);
select tenancy.protect('dossiers.document', 'dossiers:read', 'dossiers:write');
alter table dossiers.document add foreign key (tenant_id, dossier_id) references dossiers.dossier (tenant_id, id);
create index document_dossier on dossiers.document (tenant_id, dossier_id, id);

create table dossiers.document_version (
    id           uuid not null default tenancy.new_id(),
    document_id  uuid not null,
    number       integer not null check (number >= 1),
    file_id      uuid not null,
    filename     text not null check (octet_length(filename) between 1 and 255),
    content_type text not null check (char_length(content_type) between 3 and 127),
    size         bigint not null check (size >= 0),
    created_at   timestamptz not null default now(),
    created_by   uuid
);
select tenancy.protect('dossiers.document_version', 'dossiers:read', 'dossiers:write');
alter table dossiers.document_version add foreign key (tenant_id, document_id) references dossiers.document (tenant_id, id);
create unique index document_version_number on dossiers.document_version (tenant_id, document_id, number);
select files.attach('dossiers.document_version', 'file_id');
