-- An upgrade has two halves. What only the first half made, the release before it works on: one can still go back.
alter table system.migration add column after boolean not null default false;
