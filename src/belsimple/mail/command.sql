-- name: messages
-- Mails, newest first; null for those of every state.
select id, tenant, kind, recipient, language, state, attempts, error, created_at, next_at, finished_at from mail.messages(:state, null, :limit);

-- name: retry
-- Tries a dead mail again.
select mail.retry(:id, :actor);
