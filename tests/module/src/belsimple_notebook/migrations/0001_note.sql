-- Notes of one line or many.
create table notebook.note (
    id         uuid not null default tenancy.new_id(),
    text       text not null check (char_length(text) between 1 and 1000),
    created_at timestamptz not null default now()
);
select tenancy.protect('notebook.note', 'notebook:read', 'notebook:write');
