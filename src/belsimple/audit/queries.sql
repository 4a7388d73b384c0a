-- name: entries
-- The trail, newest first, from behind a place in it, with the names behind the accounts. A filter that is null lets everything through.
with page as (
    select id, at, account_id, session_id, source, action, object_type, object_id, old, new, detail
    from audit.entry
    where tenant_id = :tenant
      and (:since::timestamptz is null or at >= :since) and (:until::timestamptz is null or at < :until)
      and (:actor::uuid is null or account_id = :actor) and (:action::text is null or action = :action)
      and (:object_type::text is null or object_type = :object_type) and (:object_id::uuid is null or object_id = :object_id)
      and (:before_at::timestamptz is null or (at, id) < (:before_at, :before_id::uuid))
    order by at desc, id desc
    limit :limit)
select p.id, p.at, p.account_id, a.name as actor_name, a.email as actor_email, p.session_id, p.source, p.action, p.object_type, p.object_id,
       p.old::text as old, p.new::text as new, p.detail::text as detail
from page p left join audit.actors(array(select distinct account_id from page where account_id is not null)) a on a.id = p.account_id
order by p.at desc, p.id desc;

-- name: reader_zone
-- The time zone of whoever reads.
select zone from identity.me();

-- name: people
-- Whose entries there may be; none for whoever may not see members.
select id, name, email from identity.members(null, null, 1000) order by name, email;
