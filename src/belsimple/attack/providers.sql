-- name: stamp
-- As a command changes a tenant.
select context.stamp($1, null, null, '', 'command');

-- name: make_provider
-- An identity provider in use, which nobody needs to reach.
insert into identity.provider (tenant_id, name, status, issuer, client_id, tried_version) values ($1, 'Attack', 'active', $2, 'attack', 1) returning id;

-- name: make_saml_provider
-- The same of SAML, whose certificate nobody has a key for.
insert into identity.provider (tenant_id, protocol, name, status, issuer, authorization_address, certificates, algorithms, tried_version)
values ($1, 'saml', 'Attack', 'active', $2, 'https://attack.invalid/sign-on', '{AAAA}', '{rsa-sha256}', 1) returning id;

-- name: use_provider
-- A draft that is filled in is tested, and in use.
update identity.provider set status = 'active', tried_version = version where tenant_id = $1 and id = $2;

-- name: provider_version
-- Which version of itself a provider is.
select version from identity.provider where tenant_id = $1 and id = $2;

-- name: name_session
-- A session that a provider has opened for somebody whom it knows by a name.
update identity.session set provider_id = $2, provider_name_id = $3 where tenant_id = $1 and token_hash = sha256($4);

-- name: make_domain
-- A domain that is proven, unless it is there.
insert into identity.domain (tenant_id, name, challenge, proven_at) values ($1, $2, repeat('a', 32), now()) on conflict do nothing;

-- name: set_only_way
-- Single sign-on as the only way, with an owner for emergencies; or not any more.
update identity.policy set provider_only = $2, break_glass_id = case when $2 then (select a.id from identity.account a where a.tenant_id = $1 and a.email = $3) end, version = version + 1 where tenant_id = $1;

-- name: change_provider
-- Switched off, or another version.
update identity.provider set status = $3, version = version + 1 where tenant_id = $1 and id = $2;

-- name: remove_providers
-- With their links, attempts and sessions.
delete from identity.provider where tenant_id = $1 and name in ('Attack', 'Attack inside');

-- name: remove_domains
-- Those of the suite.
delete from identity.domain where tenant_id = $1 and challenge = repeat('a', 32);

-- name: remove_account
-- Whom a provider brought.
delete from identity.account where tenant_id = $1 and email like 'brought-%';

-- name: linked
-- Which account a person of a provider is.
select x.account_id from identity.provider_account x where x.tenant_id = $1 and x.provider_id = $2 and x.subject = $3;

-- name: last_reason
-- Why the last sign-in by a provider failed.
select x.reason from identity.provider_attempt x where x.tenant_id = $1 and x.provider_id = $2 order by x.id desc limit 1;

-- name: remove_connections
-- Directories of the suite; what they made goes with the tenant.
delete from scim.connection where tenant_id = $1;
