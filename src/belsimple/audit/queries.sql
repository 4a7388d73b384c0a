-- name: entries
-- The trail, newest first, from behind a place in it. A filter that is null lets everything through.
select id, at, account_id, session_id, source, action, object_type, object_id, old::text as old, new::text as new, detail::text as detail
from audit.entry
where tenant_id = :tenant
  and (:since::timestamptz is null or at >= :since) and (:until::timestamptz is null or at < :until)
  and (:actor::uuid is null or account_id = :actor) and (:action::text is null or action = :action)
  and (:object_type::text is null or object_type = :object_type) and (:object_id::uuid is null or object_id = :object_id)
  and (:before_at::timestamptz is null or (at, id) < (:before_at, :before_id::uuid))
order by at desc, id desc
limit :limit;
