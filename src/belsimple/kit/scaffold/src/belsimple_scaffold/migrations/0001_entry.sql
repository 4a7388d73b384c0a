-- Entries of a tenant. tenancy.protect adds tenant_id and the primary key, row security, grants and the trail.
create table scaffold.entry (
    id         uuid not null default tenancy.new_id(),
    title      text not null check (char_length(title) between 1 and 200),
    created_at timestamptz not null default now(),
    version    integer not null default 1
);
select tenancy.protect('scaffold.entry', 'scaffold:read', 'scaffold:write');
