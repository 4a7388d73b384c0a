-- name: open
-- Takes a mail in hand for one attempt and files its link's token; no row when it waits no longer.
select kind, recipient, language, facts, link, tenant, person, zone, signature from mail.open(:id, :token_hash);

-- name: sent
-- The transport has taken it over.
select mail.sent(:id);

-- name: failed
-- An attempt failed; returns 'waiting' or 'dead'.
select mail.failed(:id, :error, :last);

-- name: tidy
-- Removes what is over and finds mails without a job.
select mail.tidy()::text;
