-- name: current_hashing
-- The cost that new passwords are hashed with.
select memory_kib, iterations, lanes from identity.current_hashing();

-- name: password_parameters
-- Salt and cost for an attempt; made up, but always the same, where there is no such account.
select salt, memory_kib, iterations, lanes, familiar from identity.password_parameters(:slug, :email, :address::text::inet);

-- name: prove_password
-- Compares the proof and goes to the exit; no row: refused. The outcome is open, or what the pending sign-in wants.
select outcome, session_id, account_id, outdated from identity.prove_password(:slug, :email, :proof, :token_hash, :pending_hash, :address::text::inet, :agent);

-- name: shortest_password
-- How long a password must be: of the caller's tenant when no slug is given.
select identity.shortest_password(:slug);

-- name: rehash
-- The same password under today's cost.
select identity.rehash(:slug, :email, :proof, :salt, :memory_kib, :iterations, :lanes, :verifier);

-- name: invitation_open
-- Whether an invitation can still be accepted.
select tenant_slug, email, language from identity.invitation_shown(:token_hash);

-- name: accept_invitation
-- Accepts an invitation, once.
select tenant_slug, email from identity.accept_invitation(:token_hash, :name, :salt, :memory_kib, :iterations, :lanes, :verifier);

-- name: own_password_parameters
-- Salt and cost of the caller's own password.
select salt, memory_kib, iterations, lanes from identity.own_password_parameters();

-- name: reauthenticate
-- True when the proof is right; the session is then fresh.
select identity.reauthenticate(:proof);

-- name: change_own_password
-- The id of the session that goes on, or null for a wrong proof. Every other session ends.
select identity.change_own_password(:current_proof, :salt, :memory_kib, :iterations, :lanes, :verifier, :token_hash, :address::text::inet, :agent);

-- name: me
-- The caller's own account.
select id, email, name, language, zone, version, tenant_id, tenant_slug, tenant_name, roles from identity.me();

-- name: change_me
-- Changes the caller's own account; null leaves a field as it is.
select identity.change_me(:name, :language, :zone, :expected);

-- name: own_sessions
-- The caller's living sessions, last used first.
select id, created_at, last_seen, expires_at, address, agent, current from identity.own_sessions();

-- name: end_own_session
-- Ends one of the caller's sessions; false when there is none.
select identity.end_own_session(:id);

-- name: begin_farewell
-- The identity provider that opened the session that asks, null when none did; the handle is for what it is to be told.
select identity.begin_farewell(:handle_hash);

-- name: end_other_sessions
-- Ends all of the caller's sessions but the one that asks; how many there were.
select identity.end_other_sessions();

-- name: members
-- Members by e-mail address, after one of them.
select id, email, name, status, roles, role_ids, created_at, version from identity.members(:id, :after_email, :limit);

-- name: people
-- Members by e-mail address, after one of them: whose name or address holds a text, and who hold a role. Null lets everybody through.
select id, email, name, status, roles, role_ids, created_at, version from identity.members(null, :after_email, null)
where (:search::text is null or strpos(lower(name), lower(:search)) > 0 or strpos(email, lower(:search)) > 0)
  and (:role::uuid is null or :role = any (role_ids))
order by email limit :limit;

-- name: role_choices
-- The roles that a member can be given; none for whoever may not see them.
select id, name, builtin from access.roles(null);

-- name: change_member
-- Status and roles of a member; null leaves them as they are.
select identity.change_member(:id, :status, :roles, :expected);

-- name: member_factors
-- What a member can show besides the password.
select totp, passkeys from identity.member_factors(:id);

-- name: clear_member_factors
-- A member who lost them needs none until new ones are made; how many went.
select identity.clear_member_factors(:id);

-- name: request_reset
-- A password reset asked for, whoever is meant: one row and one job, always.
select identity.request_reset(:slug, :email);

-- name: answer_reset
-- The worker's answer to a request: a mail where somebody is meant, nothing where not.
select identity.answer_reset(:id);

-- name: reset_open
-- Whether a reset can still be used.
select tenant_slug, email, name, language from identity.reset_open(:token_hash);

-- name: confirm_reset
-- Sets the new password by a reset's link, once.
select tenant_slug, email from identity.confirm_reset(:token_hash, :salt, :memory_kib, :iterations, :lanes, :verifier, :address::text::inet);

-- name: request_email_change
-- A change of the caller's own address, to be confirmed from both mailboxes.
select identity.request_email_change(:email);

-- name: own_email_change
-- The caller's change of address that waits to be confirmed.
select email, old_confirmed, new_confirmed, expires_at from identity.own_email_change();

-- name: cancel_email_change
-- Takes it back; false when there is none.
select identity.cancel_email_change();

-- name: email_change_open
-- Whether a link of an address change can still be used.
select tenant_slug, old_email, new_email, language from identity.email_change_open(:token_hash);

-- name: confirm_email_change
-- One mailbox's yes, once; done when it was the second.
select done, tenant_slug, email, language from identity.confirm_email_change(:token_hash);

-- name: invite
-- Invites an address into the caller's tenant; returns the invitation's id.
select identity.invite(:email, :roles, :language);

-- name: invitations
-- Open invitations, or one of them, in the order they were made.
select id, email, roles, language, invited_by, created_at, expires_at from identity.invitations(:id, :after, :limit);

-- name: open_invitations
-- The same with the name of the member who invited; null when the operator did.
select i.id, i.email, i.roles, i.language, i.created_at, i.expires_at, by.name as inviter
from identity.invitations(:id, :after, :limit) i
left join lateral (select m.name from identity.members(i.invited_by, null, 1) m where i.invited_by is not null) by on true
order by i.id;

-- name: withdraw_invitation
-- Takes an open invitation back.
select identity.withdraw_invitation(:id);

-- name: sweep
-- Removes requests, resets, address changes and invitations past their time; returns how many of each.
select identity.sweep()::text;

-- name: sweep_security
-- Forgets browsers and counts that are old.
select security.sweep();

-- name: sweep_pending
-- Removes pending sign-ins past their time.
select identity.sweep_pending();

-- name: member_directory
-- Whose directory a member is in.
select connection_id, connection, external_id, user_name, active, linked from scim.member_directory(:id);
