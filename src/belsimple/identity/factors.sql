-- name: pending_shown
-- What the page of a pending sign-in shows; reading consumes nothing.
select wants, tenant_id, account_id, slug, email, name, language, has_totp, has_passkey, totp_allowed from identity.pending_shown(:pending_hash);

-- name: pending_totp
-- The sealed secret of the account whose password was proven.
select tenant_id, account_id, sealed, last_step from identity.pending_totp(:pending_hash);

-- name: pending_passkeys
-- The passkeys that may answer.
select credential_id, transports from identity.pending_passkeys(:pending_hash);

-- name: pending_passkey
-- What the answer of a passkey is verified against.
select account_id, public_key, sign_count from identity.pending_passkey(:pending_hash, :credential_id);

-- name: prove_totp
-- A code's time step, once; null for a wrong code. No row: refused.
select outcome, session_id, account_id from identity.prove_totp(:pending_hash, :step, :token_hash, :next_hash, :address::text::inet, :agent);

-- name: prove_recovery_code
-- A recovery code, once. No row: refused.
select outcome, session_id, account_id from identity.prove_recovery_code(:pending_hash, :code_hash, :token_hash, :next_hash, :address::text::inet, :agent);

-- name: begin_passkey
-- A sign-in that a passkey begins.
select identity.begin_passkey(:pending_hash, :address::text::inet, :agent);

-- name: prove_passkey
-- A passkey's answer, verified or not. No row: refused.
select outcome, session_id, account_id from identity.prove_passkey(:pending_hash, :credential_id, :verified, :sign_count, :backed_up, :token_hash, :next_hash, :address::text::inet, :agent);

-- name: browser_shown
-- What the mail's link asks about: which browser, and from where.
select slug, email, language, zone, agent, address, at from identity.browser_shown(:link_hash);

-- name: answer_browser
-- The mailbox's yes or no, once.
select identity.answer_browser(:link_hash, :yes, :address::text::inet);

-- name: prove_browser
-- The waiting browser goes on, if the mailbox has said yes.
select outcome, session_id, account_id from identity.prove_browser(:pending_hash, :token_hash, :next_hash, :address::text::inet, :agent);

-- name: enrol_totp
-- A secret of the pending sign-in's account, to be confirmed by a code.
select identity.enrol_totp(:pending_hash, :sealed, :agent);

-- name: prove_enrolled_totp
-- The first code of the new secret: it counts from now on.
select outcome, session_id, account_id from identity.prove_enrolled_totp(:pending_hash, :step, :codes, :token_hash, :next_hash, :address::text::inet, :agent);

-- name: prove_enrolled_passkey
-- A new passkey of the pending sign-in's account.
select outcome, session_id, account_id from identity.prove_enrolled_passkey(:pending_hash, :credential_id, :public_key, :sign_count, :backed_up, :transports, :name, :codes, :token_hash, :next_hash, :address::text::inet, :agent);

-- name: own_factors
-- What the caller can show besides a password.
select password, totp, totp_since, codes_left, required from identity.own_factors();

-- name: own_passkeys
-- The caller's passkeys, oldest first.
select id, name, created_at, used_at, backed_up, credential_id, transports from identity.own_passkeys();

-- name: own_totp
-- The caller's sealed secret.
select sealed, last_step, confirmed from identity.own_totp();

-- name: begin_totp
-- A secret that a code is to confirm.
select identity.begin_totp(:sealed);

-- name: confirm_totp
-- True when the code's step is new and the secret waits for it.
select identity.confirm_totp(:step);

-- name: remove_totp
-- False when there is none.
select identity.remove_totp();

-- name: replace_recovery_codes
-- Ten new ones in place of whatever there was.
select identity.replace_recovery_codes(:hashes);

-- name: begin_ceremony
-- A passkey's registration or reauthentication, bound to the browser by a cookie.
select identity.begin_ceremony(:pending_hash, :wants, :agent);

-- name: add_passkey
-- The new passkey's id; null when its ceremony is over.
select identity.add_passkey(:pending_hash, :credential_id, :public_key, :sign_count, :backed_up, :transports, :name, :agent);

-- name: rename_passkey
-- False when there is none.
select identity.rename_passkey(:id, :name);

-- name: remove_passkey
-- False when there is none.
select identity.remove_passkey(:id);

-- name: reauthenticate_totp
-- True when the code's step is new; the session is then fresh.
select identity.reauthenticate_totp(:step);

-- name: reauthenticate_passkey
-- True when the ceremony was open and the counter rose; the session is then fresh.
select identity.reauthenticate_passkey(:pending_hash, :credential_id, :sign_count, :backed_up, :agent);
