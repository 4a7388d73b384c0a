-- The peers' tables: the service's columns and keys, without row security, triggers or definer functions.
create table tenant (
    id uuid primary key,
    slug text not null unique,
    status text not null default 'active'
);
create table account (
    tenant_id uuid not null references tenant,
    id uuid not null,
    email text not null,
    status text not null default 'active',
    primary key (tenant_id, id)
);
create table session (
    token_hash bytea primary key,
    tenant_id uuid not null,
    account_id uuid not null,
    expires_at timestamptz not null,
    foreign key (tenant_id, account_id) references account
);
create table dossier (
    tenant_id uuid not null references tenant,
    id uuid not null,
    title text not null,
    reference text,
    status text not null,
    notes text not null,
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    closed_at timestamptz,
    primary key (tenant_id, id)
);
grant select on tenant, account, session, dossier to bench_peer;
