-- name: providers_of
-- The switched-on providers of a tenant.
select id, name from identity.providers_of(:slug);

-- name: begin_provider
-- Somebody sets off to a provider; false when there is none.
select identity.begin_provider(:slug, :provider_id, :pending_hash, :target, :address::text::inet, :agent);

-- name: begin_own_provider
-- Somebody signed in sets off: to link, to confirm who they are, to try a provider.
select identity.begin_own_provider(:provider_id, :wants, :pending_hash, :target, :address::text::inet, :agent);

-- name: pending_provider
-- The provider that this browser is on its way to, the very same that it began with.
select facts, sealed_secret, wants, begun_at, target, slug, language from identity.pending_provider(:pending_hash, :agent);

-- name: refuse_provider
-- What went wrong on the way.
select identity.refuse_provider(:pending_hash, :reason, :claims, :over, :address::text::inet);

-- name: prove_provider
-- Who came back goes to the exit. No row: the sign-in is over.
select outcome, session_id, account_id, reason from identity.prove_provider(:pending_hash, :issuer, :subject, :claims, :session, :token_hash, :next_hash, :address::text::inet, :agent);

-- name: prove_own_provider
-- Who came back, and is signed in: null when it is done, else why not.
select identity.prove_own_provider(:pending_hash, :session_hash, :issuer, :subject, :claims, :address::text::inet, :agent);

-- name: own_providers
-- The tenant's providers, and which of them the caller is linked to.
select id, name, linked, linked_at, used_at from identity.own_providers();

-- name: unlink_provider
-- False when there is no such link.
select identity.unlink_provider(:provider_id);

-- name: active_provider
-- A provider that is switched on.
select facts, sealed_secret from identity.active_provider(:provider_id);

-- name: end_provider_sessions
-- How many sessions a logout token ended; null when it does not count.
select identity.end_provider_sessions(:provider_id, :version, :issuer, :subject, :session, :token_id, :expires_at);

-- name: providers
-- The tenant's providers, or one of them.
select id, protocol, name, status, issuer, client_id, has_secret, client_authentication, algorithms, scopes, discovered, authorization_address, token_address, keys_address, userinfo_address, logout_address,
       makes_accounts, role_ids, filled_in, tried, accounts, rules, created_at, version from identity.providers(:id);

-- name: add_provider
-- A draft.
select identity.add_provider(:id, :name);

-- name: change_provider
-- What it is trusted for.
select identity.change_provider(:id, :fields, :sealed_secret, :expected);

-- name: set_provider_status
-- On or off.
select identity.set_provider_status(:id, :status, :expected);

-- name: remove_provider
-- With its links, rules and sessions.
select identity.remove_provider(:id, :expected);

-- name: change_rules
-- Who becomes what here.
select identity.change_rules(:id, :makes_accounts, :role_ids, :rules, :expected);

-- name: provider_attempts
-- The last sign-ins, and the roles that rules give them: the present ones when :rules is null.
select id, at, wants, reason, claims, account, role_ids from identity.provider_attempts(:id, :rules);

-- name: begin_setup
-- A setup link.
select identity.begin_setup(:id, :token_hash, :expected);

-- name: setup_shown
-- What a setup link leads to.
select tenant_id, provider_id, protocol, tenant_name, name, issuer, client_id, language from identity.setup_shown(:token_hash);

-- name: use_setup
-- Fills the draft in, once.
select identity.use_setup(:token_hash, :fields, :sealed_secret);

-- name: provider_policy
-- Whether providers are the only way, and who comes in without.
select provider_only, break_glass_id, version from identity.provider_policy();

-- name: possible_break_glass
-- The owners who can be the one.
select id, name, email from identity.possible_break_glass();

-- name: change_provider_policy
-- Changes it, as long as its version is the one that is known.
select identity.change_provider_policy(:provider_only, :break_glass_id, :expected);

-- name: domains
-- The tenant's domains, or one of them.
select id, name, challenge, proven_at, checked_at, failed_since, provider_only, version from identity.domains(:id);

-- name: add_domain
-- A domain that is still to be proven.
select identity.add_domain(:id, :name, :challenge);

-- name: remove_domain
-- Its people come in by whichever way the tenant allows.
select identity.remove_domain(:id, :expected);

-- name: change_domain
-- Whether providers are the only way for its people.
select identity.change_domain(:id, :provider_only, :expected);

-- name: check_domain
-- Has the worker look.
select identity.check_domain(:id);

-- name: domains_due
-- Those to be looked at again.
select id, name, challenge from identity.domains_due();

-- name: domain_challenge
-- What to look for.
select name, challenge from identity.domain_challenge(:id);

-- name: note_domain_look
-- What was found.
select identity.note_domain_look(:id, :found);

-- name: sweep_providers
-- Forgets old attempts.
select identity.sweep_providers();

-- name: new_id
-- A new object's id.
select tenancy.new_id();

-- name: saml_provider
-- What only a SAML provider of the tenant's has.
select facts, status, tried, keys from identity.saml_provider(:id);

-- name: add_saml_provider
-- A draft, with our first key for it.
select identity.add_saml_provider(:id, :name, :key_id, :certificate, :sealed_key);

-- name: change_saml_provider
-- What it is trusted for.
select identity.change_saml_provider(:id, :fields, :expected);

-- name: add_provider_key
-- Another key of ours beside the one that signs.
select identity.add_provider_key(:id, :key_id, :certificate, :sealed_key);

-- name: sign_with_key
-- From now on this one signs.
select identity.sign_with_key(:id, :key_id);

-- name: remove_provider_key
-- The one that does not sign.
select identity.remove_provider_key(:id, :key_id);

-- name: saml_party
-- A SAML provider of any status, and our keys for it; the one that signs comes first.
select facts, status, key_ids, certificates, sealed_keys from identity.saml_party(:id);

-- name: keep_arrival
-- What a provider's form brought, for the browser that fetches it; null when it is kept, else why it counts for nothing.
select identity.keep_arrival(:id, :version, :handle_hash, :in_response_to, :facts, :reason, :assertion_hash, :replay_until);

-- name: take_arrival
-- What was brought in answer to this request, once.
select facts, reason from identity.take_arrival(:id, :handle_hash, :in_response_to);

-- name: unasked_arrival
-- What was brought without a request, where the provider may do so.
select facts, tenant_name, provider_name, language from identity.unasked_arrival(:id, :handle_hash);

-- name: begin_unasked
-- Its person wants it; false when there is none any more.
select identity.begin_unasked(:id, :handle_hash, :pending_hash, :address::text::inet, :agent);

-- name: take_farewell
-- Whose session ended here, for its provider; once.
select name_id, name_id_format, session from identity.take_farewell(:id, :handle_hash);

-- name: end_named_sessions
-- How many sessions a provider's request ended; null when it does not count.
select identity.end_named_sessions(:id, :version, :name_id, :sessions, :request_hash, :expires_at);
