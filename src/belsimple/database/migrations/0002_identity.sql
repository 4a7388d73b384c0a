-- Tenants, accounts, sessions, and what their roles permit. Accounts belong to one tenant; the same address in two tenants is two accounts.

create table identity.tenant (
    id                       uuid primary key default tenancy.new_id(),
    tenant_id                uuid generated always as (id) stored,     -- the one name that triggers and policies use everywhere
    slug                     text not null unique check (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
    name                     text not null check (char_length(name) between 1 and 200),
    status                   text not null default 'active' check (status in ('active', 'suspended', 'removing')),
    session_idle_minutes     integer not null default 30 check (session_idle_minutes between 5 and 480),
    session_absolute_minutes integer not null default 720 check (session_absolute_minutes between 30 and 720),
    synthetic                boolean not null default false,           -- made by a probe, removed after it
    created_at               timestamptz not null default now(),
    version                  integer not null default 1
);

create table identity.account (
    tenant_id  uuid not null references identity.tenant,
    id         uuid not null default tenancy.new_id(),
    email      text not null check (email = lower(email) and char_length(email) between 3 and 254 and email like '%_@_%'),
    name       text not null check (char_length(name) between 1 and 200),
    language   text not null default 'en' check (language in ('en', 'nl', 'fr', 'de')),
    zone       text not null default 'Europe/Brussels' check (char_length(zone) <= 64),
    status     text not null default 'active' check (status in ('active', 'deactivated')),
    created_at timestamptz not null default now(),
    version    integer not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, email)
);

-- Apart from the account, so that no grant on accounts can ever reach a verifier. `id` is the account's.
create table identity.password (
    tenant_id  uuid not null,
    id         uuid not null,
    salt       bytea not null check (octet_length(salt) = 16),
    memory_kib integer not null check (memory_kib >= 65536),           -- RFC 9106, second recommended setting, is the floor
    iterations integer not null check (iterations >= 3),
    lanes      integer not null check (lanes >= 1),
    verifier   bytea not null check (octet_length(verifier) = 32),     -- SHA-256 of the raw Argon2id output
    changed_at timestamptz not null default now(),
    rehashed_at timestamptz,                                            -- the same password under a higher cost
    primary key (tenant_id, id),
    foreign key (tenant_id, id) references identity.account on delete cascade
);

create table identity.session (
    token_hash       bytea primary key check (octet_length(token_hash) = 32),
    tenant_id        uuid not null,
    account_id       uuid not null,
    id               uuid not null default tenancy.new_id(),
    created_at       timestamptz not null default now(),
    authenticated_at timestamptz not null default now(),
    last_seen        timestamptz not null default now(),
    expires_at       timestamptz not null,
    address          inet,
    agent            text check (char_length(agent) <= 300),
    unique (tenant_id, account_id, id),
    foreign key (tenant_id, account_id) references identity.account on delete cascade
) with (fillfactor = 60);                                               -- last_seen is rewritten in place
create index session_expires_at on identity.session (expires_at);

create table identity.invitation (
    tenant_id   uuid not null references identity.tenant on delete cascade,
    id          uuid not null default tenancy.new_id(),
    email       text not null check (email = lower(email) and char_length(email) between 3 and 254 and email like '%_@_%'),
    role_ids    uuid[] not null,
    token_hash  bytea not null unique check (octet_length(token_hash) = 32),
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    accepted_at timestamptz,
    primary key (tenant_id, id)
);

-- Failed sign-ins in a row (NIST SP 800-63B-4, 3.2.2: at most 100). A stranger's failures and those from an address where the
-- account has signed in before are counted apart, so that a stranger cannot lock the person out.
create table identity.sign_in_failure (
    tenant_id  uuid not null,
    account_id uuid not null,
    familiar   boolean not null,
    failures   integer not null,
    last_at    timestamptz not null,
    primary key (tenant_id, account_id, familiar),
    foreign key (tenant_id, account_id) references identity.account on delete cascade
);
create table identity.familiar_address (
    tenant_id  uuid not null,
    account_id uuid not null,
    network    bytea not null,                                          -- keyed hash of the /32 or /64: no log of where people were
    last_at    timestamptz not null,
    primary key (tenant_id, account_id, network),
    foreign key (tenant_id, account_id) references identity.account on delete cascade
);

create table access.permission (
    name          text primary key check (name ~ '^[a-z_]+:(read|write)$'),
    module        text not null,
    description   text not null,
    default_roles text[] not null
);
create table access.role (
    tenant_id   uuid not null references identity.tenant on delete cascade,
    id          uuid not null default tenancy.new_id(),
    name        text not null check (char_length(name) between 1 and 60),
    builtin     boolean not null default false,
    permissions text[] not null,
    created_at  timestamptz not null default now(),
    version     integer not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
create table access.assignment (
    tenant_id  uuid not null,
    account_id uuid not null,
    role_id    uuid not null,
    id         uuid not null default tenancy.new_id(),
    primary key (tenant_id, account_id, role_id),
    foreign key (tenant_id, account_id) references identity.account on delete cascade,
    foreign key (tenant_id, role_id) references access.role
);
create index assignment_role on access.assignment (tenant_id, role_id);

-- FORCE row security, and one policy that names the owner: functions of the owner work, no login role has any way in but them.
do $$ declare t regclass; begin
    foreach t in array array['system.installation', 'system.migration', 'system.component', 'identity.tenant', 'identity.account', 'identity.password',
        'identity.session', 'identity.invitation', 'identity.sign_in_failure', 'identity.familiar_address', 'access.permission', 'access.role', 'access.assignment']::regclass[]
    loop
        execute format('alter table %s enable row level security, force row level security', t);
        execute format('create policy owner_only on %s to %I using (true) with check (true)', t, :'owner');
    end loop;
end $$;
