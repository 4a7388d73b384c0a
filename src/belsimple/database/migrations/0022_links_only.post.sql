-- What only the release before mail needed: invitations that carried their token themselves, and functions that have newer sisters.
drop function tenancy.create_tenant(text, text, text, bytea, text, boolean);
drop function tenancy.invite_member(text, text, text, bytea);
drop function tenancy.invite(uuid, text, text, bytea, interval);
drop function identity.tenant_settings();
drop function identity.change_tenant_settings(text, integer, integer, integer);
alter table identity.invitation drop column token_hash;
