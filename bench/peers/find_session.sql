-- Who holds this token, as services usually look it up.
select session.tenant_id, session.account_id
from session
join account on account.tenant_id = session.tenant_id and account.id = session.account_id
join tenant on tenant.id = session.tenant_id
where session.token_hash = $1
  and session.expires_at > now()
  and account.status = 'active'
  and tenant.status = 'active'
