-- Each query returns rows (severity, detail): what differs from what this program relies on. They read catalogues
-- that every role may read, and names rather than regclass, which would need a privilege on the schema.

-- name: server_version
-- Below these releases the planner leaks rows through its statistics (CVE-2025-8713).
select 'fatal', 'PostgreSQL ' || current_setting('server_version') || ' is below 15.14, 16.10 or 17.6'
where current_setting('server_version_num')::int < 150014 or current_setting('server_version_num')::int between 160000 and 160009
   or current_setting('server_version_num')::int between 170000 and 170005;

-- name: server_settings
-- Settings of the cluster that the promises stand on.
select case when name in ('fsync', 'full_page_writes', 'log_parameter_max_length') then 'fatal' else 'platform-limited' end, name || ' is ' || setting || ', not ' || wanted
from pg_settings join (values ('fsync', 'on'), ('full_page_writes', 'on'), ('data_checksums', 'on'), ('max_prepared_transactions', '0'),
                              ('log_parameter_max_length', '0'), ('log_parameter_max_length_on_error', '0'), ('password_encryption', 'scram-sha-256')) w(n, wanted) on name = n
where setting <> wanted;

-- name: login_roles
-- No role that logs in may own anything or bypass anything.
select 'fatal', format('role %s %s', r.rolname, f.fault)
from pg_roles r
cross join lateral (values (r.rolsuper, 'is a superuser'), (r.rolbypassrls, 'bypasses row security'), (r.rolcreaterole, 'may create roles'), (r.rolcreatedb, 'may create databases'),
    (r.rolreplication and r.rolname not like '%\_backup', 'may replicate'),
    (exists (select from pg_class c where c.relowner = r.oid) or exists (select from pg_proc p where p.proowner = r.oid) or exists (select from pg_namespace n where n.nspowner = r.oid), 'owns objects'),
    (exists (select from pg_auth_members m where m.member = r.oid), 'is a member of another role')) f(bad, fault)
where r.rolname in (select :prefix::text || '_' || s from unnest(array['app', 'gate', 'operator', 'worker', 'backup']) s) and f.bad;

-- name: owner_role
-- The owner cannot log in, and is not above row security either.
select 'fatal', format('role %s can log in, is a superuser or bypasses row security', rolname)
from pg_roles where rolname = :prefix::text || '_owner' and (rolcanlogin or rolsuper or rolbypassrls);

-- name: role_settings
-- A role can ALTER ROLE itself: nothing may be set there.
select 'fatal', format('role %s has settings of its own: %s', r.rolname, array_to_string(s.setconfig, ', '))
from pg_db_role_setting s join pg_roles r on r.oid = s.setrole
where r.rolname like replace(:prefix::text, '_', '\_') || '\_%' and s.setdatabase in (0, (select oid from pg_database where datname = current_database()));

-- name: database_privileges
-- Nobody may make temporary objects, and only the owner may make schemas.
select 'fatal', format('role %s has %s on the database', r.rolname, p)
from pg_roles r cross join unnest(array['TEMPORARY', 'CREATE']) p
where r.rolname in (select :prefix::text || '_' || s from unnest(array['app', 'gate', 'operator', 'worker', 'backup']) s)
  and has_database_privilege(r.oid, current_database(), p);

-- name: schema_privileges
-- No login role may create anything in any schema.
select 'fatal', format('role %s may create objects in schema %s', r.rolname, n.nspname)
from pg_roles r cross join pg_namespace n
where r.rolname in (select :prefix::text || '_' || s from unnest(array['app', 'gate', 'operator', 'worker', 'backup']) s) and has_schema_privilege(r.oid, n.oid, 'CREATE');

-- name: row_security
-- Every table has row security, forced; only the queue's tables are without force.
select 'fatal', format('table %s.%s has row security %s', n.nspname, c.relname, case when c.relrowsecurity then 'that is not forced' else 'switched off' end)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema$)' and pg_get_userbyid(n.nspowner) = :prefix::text || '_owner'
  and not (c.relrowsecurity and (c.relforcerowsecurity or (n.nspname = 'jobs' and c.relname like 'procrastinate\_%')));

-- name: other_relations
-- Views see with their owner's eyes, and a foreign table with another server's: there are none.
select 'fatal', format('%s %s.%s is not a table', case c.relkind when 'v' then 'view' when 'm' then 'materialised view' else 'relation' end, n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('v', 'm', 'f') and n.nspname !~ '^(pg_|information_schema$)' and pg_get_userbyid(n.nspowner) = :prefix::text || '_owner';

-- name: protected_policies
-- A protected table has its four policies, word for word, and no other; a search table its two.
with permission as (
    select p.relation, format('(tenant_id = ( SELECT context.tenant(%L::text, false) AS tenant))', p.read_permission) as reading,
           format('(tenant_id = ( SELECT context.tenant(%L::text, true) AS tenant))', p.write_permission) as writing
    from tenancy.protected_tables() p
), expected as (
    select p.relation, v.name, v.command, v.condition from permission p
    cross join lateral (values ('see', 'r', p.reading), ('add', 'a', p.writing), ('edit', 'w', p.writing || p.writing), ('remove', 'd', p.writing)) v(name, command, condition)
    union all
    select s.relation || kind, v.name, v.command, v.condition from tenancy.searchable_tables() s join permission p using (relation) cross join unnest(array['_term', '_words']) kind
    cross join lateral (values ('see', 'r', p.reading), ('keep', '*', repeat('(tenant_id = ( SELECT context.tenant() AS tenant))', 2))) v(name, command, condition)
), found as (
    select n.nspname || '.' || c.relname as relation, p.polname::text as name, p.polcmd::text as command, p.polpermissive as permissive,
           coalesce(pg_get_expr(p.polqual, p.polrelid), '') || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') as condition
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
)
select 'fatal', format('policy %s on %s is missing, changed or too many', coalesce(e.name, f.name), coalesce(e.relation, f.relation))
from expected e full join found f using (relation, name)
where (e.relation is not null or f.relation in (select relation from expected))
  and (e.name is null or f.name is null or e.command <> f.command or not f.permissive or e.condition <> f.condition);

-- name: owner_policies
-- The platform's own tables open to their owner alone, whose functions are the way in; the trail opens to its readers, the queue to the worker.
select 'fatal', format('policy %s on %s.%s is not one of ours', p.polname, n.nspname, c.relname)
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
cross join lateral (select coalesce(pg_get_expr(p.polqual, p.polrelid), '') || '|' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') as condition,
    array(select replace(r.rolname, :prefix::text || '_', '') from unnest(p.polroles) o left join pg_roles r on r.oid = o order by 1) as roles) f
where n.nspname in ('system', 'tenancy', 'context', 'identity', 'access', 'audit', 'limits', 'idempotency', 'jobs', 'keys', 'files', 'mail', 'security', 'operators', 'scim') and pg_get_userbyid(n.nspowner) = :prefix::text || '_owner'
  and (p.polcmd::text, f.condition, f.roles) is distinct from ('*', 'true|true', array['owner'])
  and not (n.nspname = 'jobs' and c.relname like 'procrastinate\_%' and f.roles = array['owner', 'worker'])
  and not (n.nspname = 'audit' and c.relname = 'entry'
           and ((p.polcmd = 'a' and f.roles = array['owner'] and f.condition = '|(tenant_id = ( SELECT context.tenant() AS tenant))')
                or (p.polcmd = 'r' and f.roles = array['owner'] and f.condition = '(tenant_id = ( SELECT context.tenant() AS tenant))|')
                or (p.polcmd = 'r' and f.roles = array['app', 'worker'] and f.condition = '(tenant_id = ( SELECT context.tenant(''audit:read''::text) AS tenant))|')))
  and not (n.nspname = 'audit' and c.relname = 'system_entry' and p.polcmd in ('a', 'r') and f.roles = array['owner']);

-- name: protected_triggers
-- The trail is written by three triggers on every protected table, all of them awake.
select 'fatal', format('trigger %s on %s is missing or disabled', v.name, p.relation)
from (select relation from tenancy.protected_tables() union all
      values ('identity.tenant'), ('identity.account'), ('identity.password'), ('identity.invitation'), ('identity.password_reset'), ('identity.email_change'), ('identity.session'), ('identity.policy'), ('identity.totp'), ('identity.recovery_code'), ('identity.passkey'), ('identity.provider'), ('identity.provider_rule'), ('identity.provider_setup'), ('identity.provider_account'), ('identity.domain'), ('scim.connection'), ('scim.token'), ('scim.person'), ('scim.directory_group'), ('scim.membership'), ('access.role'), ('access.assignment'), ('keys.tenant_key'), ('files.file'), ('tenancy.setting')) p
cross join (values ('audit_insert'), ('audit_update'), ('audit_delete')) v(name)
where not (p.relation in ('identity.session', 'identity.totp', 'identity.recovery_code', 'identity.passkey', 'identity.provider_account', 'scim.token') and v.name = 'audit_update') and not exists (select from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace join pg_proc f on f.oid = t.tgfoid
                  where n.nspname || '.' || c.relname = p.relation and t.tgname = v.name and t.tgenabled in ('O', 'A') and f.pronamespace::regnamespace || '.' || f.proname = 'audit.capture');

-- name: ending_triggers
-- What ends sessions on a reset, a deactivation and a suspension, what tells people of it, and what keeps the last owner.
select 'fatal', format('trigger %s on %s is missing or disabled', v.name, v.relation)
from (values ('identity.password', 'end_sessions'), ('identity.account', 'end_sessions'), ('identity.tenant', 'end_sessions'), ('identity.account', 'keep_an_owner'), ('access.assignment', 'keep_an_owner'),
             ('identity.password', 'password_changed'), ('identity.account', 'email_changed'), ('identity.account', 'status_changed'), ('identity.account', 'welcome'), ('identity.session', 'notice_browser'),
             ('identity.sign_in_failure', 'notice_failures'), ('identity.tenant', 'give_policy'), ('access.assignment', 'role_given'),
             ('identity.account', 'end_pending_sign_ins'), ('identity.password', 'end_pending_sign_ins'), ('identity.tenant', 'end_pending_sign_ins'), ('identity.policy', 'end_pending_sign_ins'),
             ('identity.totp', 'end_pending_sign_ins'), ('identity.totp', 'end_pending_sign_ins_gone'), ('identity.passkey', 'end_pending_sign_ins'), ('access.assignment', 'end_pending_sign_ins'),
             ('identity.totp', 'tell_of_factor'), ('identity.totp', 'tell_of_factor_gone'), ('identity.passkey', 'tell_of_factor'), ('identity.recovery_code', 'tell_of_recovery_code'),
             ('identity.recovery_code', 'tell_of_recovery_codes'), ('identity.provider', 'provider_changed'), ('identity.session', 'break_glass_used'),
             ('access.assignment', 'keep_break_glass'), ('identity.account', 'keep_break_glass'), ('identity.account', 'keep_shut'),
             ('access.role', 'complete_role')) v(relation, name)
where not exists (select from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname || '.' || c.relname = v.relation and t.tgname = v.name and t.tgenabled in ('O', 'A'));

-- name: protected_keys
-- Keys, unique constraints and indexes, and foreign keys of protected tables begin with the tenant: none is an oracle for another's rows.
select 'fatal', format('%s on %s does not begin with tenant_id', i.relname, p.relation)
from tenancy.protected_tables() p join pg_namespace n on n.nspname = split_part(p.relation, '.', 1) join pg_class c on c.relnamespace = n.oid and c.relname = split_part(p.relation, '.', 2)
join pg_index x on x.indrelid = c.oid join pg_class i on i.oid = x.indexrelid
where x.indisunique and (select attname from pg_attribute where attrelid = x.indrelid and attnum = x.indkey[0]) is distinct from 'tenant_id'
union all
select 'fatal', format('foreign key %s on %s does not begin with tenant_id, or cascades', k.conname, p.relation)
from tenancy.protected_tables() p join pg_namespace n on n.nspname = split_part(p.relation, '.', 1) join pg_class c on c.relnamespace = n.oid and c.relname = split_part(p.relation, '.', 2)
join pg_constraint k on k.conrelid = c.oid and k.contype = 'f'
where (select attname from pg_attribute where attrelid = k.conrelid and attnum = k.conkey[1]) is distinct from 'tenant_id' or k.confdeltype <> 'a' or k.confupdtype <> 'a';

-- name: free_statistics
-- EXPLAIN's estimates would name other tenants' common values.
select 'fatal', format('statistics are kept for %s.%s', p.relation, a.attname)
from tenancy.protected_tables() p join pg_namespace n on n.nspname = split_part(p.relation, '.', 1) join pg_class c on c.relnamespace = n.oid and c.relname = split_part(p.relation, '.', 2)
join pg_attribute a on a.attrelid = c.oid
where a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and coalesce(a.attstattarget, -1) <> 0
  and a.atttypid not in ('uuid'::regtype, 'timestamptz'::regtype, 'boolean'::regtype)
union all
select 'fatal', format('statistics are kept for an expression of %s on %s', i.relname, p.relation)
from tenancy.protected_tables() p join pg_namespace n on n.nspname = split_part(p.relation, '.', 1) join pg_class c on c.relnamespace = n.oid and c.relname = split_part(p.relation, '.', 2)
join pg_index x on x.indrelid = c.oid and x.indexprs is not null join pg_class i on i.oid = x.indexrelid
join pg_attribute a on a.attrelid = i.oid and x.indkey[a.attnum - 1] = 0 and coalesce(a.attstattarget, -1) <> 0
union all
select 'fatal', format('extended statistics %s are kept for %s', e.stxname, p.relation)
from tenancy.protected_tables() p join pg_namespace n on n.nspname = split_part(p.relation, '.', 1) join pg_class c on c.relnamespace = n.oid and c.relname = split_part(p.relation, '.', 2)
join pg_statistic_ext e on e.stxrelid = c.oid;

-- name: table_grants
-- What login roles may touch directly: protected tables and their words, the trail for reading, the queue for the worker. Nothing else.
select 'fatal', format('role %s has %s on %s.%s', g.grantee, g.privilege_type, g.table_schema, g.table_name)
from (select r.rolname as grantee, n.nspname as table_schema, c.relname as table_name, a.privilege_type
        from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral aclexplode(c.relacl) a left join pg_roles r on r.oid = a.grantee
       where c.relkind in ('r', 'p', 'v', 'm') and n.nspname !~ '^(pg_|information_schema$)' and pg_get_userbyid(n.nspowner) = :prefix::text || '_owner') g
where g.grantee is distinct from :prefix::text || '_owner'
  and not coalesce(
      (g.grantee in (:prefix::text || '_app', :prefix::text || '_worker') and g.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
        and g.table_schema || '.' || g.table_name in (select relation from tenancy.protected_tables()))
   or (g.grantee in (:prefix::text || '_app', :prefix::text || '_worker') and g.privilege_type = 'SELECT'
        and (g.table_schema || '.' || g.table_name = 'audit.entry' or g.table_schema || '.' || g.table_name in (select relation || kind from tenancy.searchable_tables() cross join unnest(array['_term', '_words']) kind)))
   or (g.grantee = :prefix::text || '_worker' and g.table_schema = 'jobs' and g.table_name like 'procrastinate\_%' and g.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')), false);

-- name: column_grants
-- No privilege hides on a column.
select 'fatal', format('column %s.%s.%s carries grants', n.nspname, c.relname, a.attname)
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where a.attacl is not null and n.nspname !~ '^(pg_|information_schema$)' and pg_get_userbyid(n.nspowner) = :prefix::text || '_owner';

-- name: definer_functions
-- A function that runs as the owner looks nothing up where a caller could put something.
select 'fatal', format('function %s runs as %s with search_path %s', p.oid::regprocedure, pg_get_userbyid(p.proowner), coalesce(array_to_string(p.proconfig, ', '), 'unset'))
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where p.prosecdef and n.nspname !~ '^(pg_|information_schema$)' and pg_get_userbyid(n.nspowner) = :prefix::text || '_owner'
  and (p.proconfig is null or not p.proconfig @> array['search_path=pg_catalog, pg_temp'] or pg_get_userbyid(p.proowner) <> :prefix::text || '_owner');

-- name: module_definers
-- Modules may not create functions that run as the owner; the platform's keepers of words are the exception.
select 'fatal', format('module function %s runs as the owner', p.oid::regprocedure)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where p.prosecdef and n.nspname in (select split_part(relation, '.', 1) from tenancy.protected_tables())
  and n.nspname || '.' || p.proname not in (select relation || '_keep_words' from tenancy.searchable_tables());

-- name: function_grants
-- Nothing of ours is executable by everybody.
select 'fatal', format('function %s is executable by everybody', p.oid::regprocedure)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname !~ '^(pg_|information_schema$)' and pg_get_userbyid(n.nspowner) = :prefix::text || '_owner' and has_function_privilege('public', p.oid, 'EXECUTE');

-- name: owner_only_functions
-- What makes a stamp, reads its key or makes tenants is the owner's alone.
select 'fatal', format('role %s may execute %s', r.rolname, p.oid::regprocedure)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace cross join pg_roles r
where n.nspname || '.' || p.proname in ('context.sign', 'context.stamp', 'context.verified', 'audit.write', 'audit.record_system', 'identity.open_session', 'identity.add_invitation', 'identity.tell', 'identity.tell_owners', 'identity.bearer', 'identity.support_bearer', 'identity.support_open', 'identity.support_names',
      'identity.end_pending', 'identity.admit', 'identity.go_on', 'identity.hold_pending', 'identity.verdict', 'identity.keep_totp', 'identity.keep_passkey', 'identity.keep_recovery_codes',
      'identity.refresh_session', 'identity.configure_provider', 'identity.account_of', 'identity.make_account', 'identity.follow_rules', 'identity.link_account', 'identity.confirm_by_provider',
      'identity.note_domain', 'scim.acting', 'scim.hold', 'scim.write', 'scim.follow', 'scim.claimed', 'security.count', 'security.refused', 'security.failed_sign_in', 'identity.clear_factors', 'tenancy.clear_factors', 'tenancy.create', 'tenancy.create_tenant', 'tenancy.invite_by_command',
      'tenancy.invite', 'tenancy.invite_member', 'tenancy.set_status', 'tenancy.remove_synthetic', 'tenancy.protect', 'tenancy.searchable', 'access.permissions_of', 'files.attach', 'files.set_quota', 'files.usage_of',
      'operators.act_as', 'operators.open_session', 'operators.add_invitation', 'operators.invite_by_command', 'operators.listed',
      'jobs.defer', 'mail.post', 'mail.add_link', 'mail.finish', 'mail.messages', 'mail.retry')
  and r.rolname in (select :prefix::text || '_' || s from unnest(array['app', 'gate', 'operator', 'worker', 'backup']) s) and has_function_privilege(r.oid, p.oid, 'EXECUTE');

-- name: part_functions
-- Every other part executes what the migrations gave it and nothing of another part's: else what is broken in web would open mails' links,
-- set passwords or enter jobs' tickets. Two of app's (tenant_settings and its sister) and the last of gate's are the release's before this one, until the second half of the upgrade.
with given(part, functions) as (values
    ('app', array['access.change_role', 'access.create_role', 'access.delete_role', 'access.permissions', 'access.roles', 'audit.actors', 'audit.history', 'audit.refused', 'context.enter', 'context.touch',
        'files.add', 'files.content', 'files.downloaded', 'files.permitted', 'files.room', 'files.usage', 'idempotency.claim', 'idempotency.store',
        'identity.cancel_email_change', 'identity.change_me', 'identity.change_member', 'identity.change_settings', 'identity.clear_member_factors', 'identity.create_token', 'identity.end_other_sessions', 'identity.end_own_session', 'identity.end_own_token', 'identity.end_support', 'identity.grant_support',
        'identity.invitations', 'identity.invite', 'identity.leave_support', 'identity.me', 'identity.member_factors', 'identity.members', 'identity.names', 'identity.own_email_change', 'identity.own_permissions', 'identity.own_sessions', 'identity.own_tokens', 'identity.request_email_change', 'identity.settings', 'identity.policy_shown', 'identity.change_policy',
        'identity.providers', 'identity.add_provider', 'identity.set_provider_status', 'identity.remove_provider', 'identity.change_rules', 'identity.provider_attempts', 'identity.begin_setup',
        'identity.provider_policy', 'identity.possible_break_glass', 'identity.change_provider_policy', 'identity.domains', 'identity.add_domain', 'identity.remove_domain', 'identity.change_domain', 'identity.check_domain',
        'identity.support_grants', 'identity.viewer', 'identity.withdraw_invitation', 'limits.refund', 'limits.take', 'mail.post_to_member', 'tenancy.change_setting', 'tenancy.setting_value', 'tenancy.settings', 'tenancy.words', 'identity.tenant_settings', 'identity.change_tenant_settings',
        'scim.enter', 'scim.users', 'scim.groups', 'scim.held_user', 'scim.add_user', 'scim.change_user', 'scim.delete_user', 'scim.held_group', 'scim.add_group', 'scim.change_group', 'scim.delete_group', 'scim.note',
        'scim.connections', 'scim.add_connection', 'scim.change_connection', 'scim.set_connection_status', 'scim.remove_connection', 'scim.renew_token', 'scim.end_token', 'scim.requests', 'scim.conflicts', 'scim.link',
        'scim.drop_conflict', 'scim.mapped_groups', 'scim.try_mapping', 'scim.map_group', 'scim.member_directory', 'scim.detach']),
    ('gate', array['audit.refused', 'context.enter', 'context.touch', 'idempotency.claim', 'idempotency.store', 'identity.accept_invitation', 'identity.change_own_password',
        'identity.confirm_email_change', 'identity.confirm_reset', 'identity.current_hashing', 'identity.email_change_open', 'identity.end_own_session',
        'identity.invitation_open', 'identity.invitation_shown', 'identity.me', 'identity.own_password_parameters', 'identity.password_parameters', 'identity.reauthenticate',
        'identity.rehash', 'identity.report_leak', 'identity.request_reset', 'identity.reset_open', 'identity.sign_in', 'identity.viewer', 'limits.refund', 'limits.take',
        'identity.prove_password', 'identity.pending_shown', 'identity.pending_totp', 'identity.pending_passkeys', 'identity.pending_passkey', 'identity.prove_totp', 'identity.prove_recovery_code',
        'identity.begin_passkey', 'identity.prove_passkey', 'identity.browser_shown', 'identity.answer_browser', 'identity.prove_browser', 'identity.enrol_totp', 'identity.prove_enrolled_totp',
        'identity.prove_enrolled_passkey', 'identity.own_factors', 'identity.own_passkeys', 'identity.own_totp', 'identity.begin_totp', 'identity.confirm_totp', 'identity.remove_totp',
        'identity.replace_recovery_codes', 'identity.begin_ceremony', 'identity.add_passkey', 'identity.rename_passkey', 'identity.remove_passkey', 'identity.reauthenticate_totp',
        'identity.reauthenticate_passkey', 'identity.shortest_password',
        'identity.providers', 'identity.provider_attempts', 'identity.change_provider', 'identity.setup_shown', 'identity.use_setup', 'identity.providers_of', 'identity.begin_provider', 'identity.begin_own_provider', 'identity.pending_provider',
        'identity.refuse_provider', 'identity.prove_provider', 'identity.prove_own_provider', 'identity.own_providers', 'identity.unlink_provider', 'identity.active_provider',
        'identity.end_provider_sessions', 'identity.set_provider_status', 'identity.remove_provider', 'identity.begin_setup', 'identity.saml_provider', 'identity.add_saml_provider', 'identity.change_saml_provider', 'identity.add_provider_key', 'identity.sign_with_key', 'identity.remove_provider_key',
        'identity.saml_party', 'identity.keep_arrival', 'identity.take_arrival', 'identity.unasked_arrival', 'identity.begin_unasked', 'identity.begin_farewell', 'identity.take_farewell', 'identity.end_named_sessions', 'identity.own_provider_logout']),
    ('worker', array['audit.history', 'files.due', 'files.forget', 'files.swept', 'files.unknown', 'identity.answer_reset', 'identity.names', 'identity.sweep', 'identity.sweep_pending', 'identity.domains_due', 'identity.domain_challenge', 'identity.note_domain_look', 'identity.sweep_providers',
         'identity.sweep_tokens', 'jobs.enter', 'jobs.finish', 'jobs.sweep',
        'mail.failed', 'mail.open', 'mail.post_to_member', 'mail.sent', 'mail.tidy', 'operators.answer_reset', 'operators.tidy', 'security.sweep', 'system.figures', 'tenancy.setting_value', 'tenancy.words']),
    ('backup', array[]::text[])
), everybody(functions) as (values
    (array['audit.record', 'context.account', 'context.permissions', 'context.pristine', 'context.session', 'context.tenant', 'jobs.enqueue', 'system.instance', 'tenancy.new_id'])
), checks(functions) as (values (array['files.attachments', 'system.removed_modules', 'tenancy.protected_tables', 'tenancy.searchable_tables']))
select 'fatal', format('role %s may execute %s', r.rolname, p.oid::regprocedure)
from given g cross join everybody e cross join checks c join pg_roles r on r.rolname = :prefix::text || '_' || g.part
cross join pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('system', 'tenancy', 'context', 'identity', 'access', 'audit', 'limits', 'idempotency', 'jobs', 'keys', 'files', 'mail', 'security', 'operators', 'scim')
  and pg_get_userbyid(n.nspowner) = :prefix::text || '_owner' and has_function_privilege(r.oid, p.oid, 'EXECUTE')
  and n.nspname || '.' || p.proname <> all (g.functions || c.functions || case g.part when 'backup' then '{}' else e.functions end)
  and not (g.part = 'worker' and n.nspname = 'jobs' and p.proname like 'procrastinate\_%');

-- name: operator_functions
-- Role operator reaches nothing but functions that ask for an operator's session first, and the few by which one gets a session.
select 'fatal', format('role %s may execute %s', r.rolname, p.oid::regprocedure)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.rolname = :prefix::text || '_operator'
where n.nspname !~ '^(pg_|information_schema$)' and pg_get_userbyid(n.nspowner) = :prefix::text || '_owner' and has_function_privilege(r.oid, p.oid, 'EXECUTE')
  and not (n.nspname = 'operators' and p.proargnames[1] = 'p_session')
  and n.nspname || '.' || p.proname not in ('operators.current_hashing', 'operators.password_parameters', 'operators.sign_in', 'operators.rehash', 'operators.invitation_open', 'operators.accept_invitation',
      'operators.request_reset', 'operators.reset_open', 'operators.confirm_reset', 'limits.take', 'limits.refund', 'context.pristine', 'system.instance', 'system.removed_modules', 'tenancy.protected_tables',
      'tenancy.searchable_tables', 'files.attachments')
union all
select 'fatal', format('role %s may execute %s', r.rolname, p.oid::regprocedure)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace cross join pg_roles r
where n.nspname = 'operators' and r.rolname in (select :prefix::text || '_' || s from unnest(array['app', 'gate', 'worker', 'backup']) s) and has_function_privilege(r.oid, p.oid, 'EXECUTE')
  and not (r.rolname = :prefix::text || '_worker' and p.proname in ('answer_reset', 'tidy'));

-- name: operator_triggers
-- What writes the operator's own trail, ends operators' sessions, tells them, and keeps the last platform operator.
select 'fatal', format('trigger %s on %s is missing or disabled', v.name, v.relation)
from (select 'operators.' || t, 'capture' from unnest(array['account', 'password', 'session', 'invitation', 'reset', 'profile']) t union all
      values ('operators.password', 'end_sessions'), ('operators.account', 'end_sessions'), ('operators.password', 'tell'), ('operators.account', 'tell'),
             ('operators.account', 'keep_a_platform_operator'), ('identity.tenant', 'end_suspension')) v(relation, name)
where not exists (select from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname || '.' || c.relname = v.relation and t.tgname = v.name and t.tgenabled in ('O', 'A'));

-- name: cluster_functions
-- What lets one backend see or touch another. A managed service, where no superuser can become the owner, does not let us revoke these.
select case when exists (select from pg_auth_members m join pg_roles r on r.oid = m.member join pg_roles o on o.oid = m.roleid where o.rolname = :prefix::text || '_owner' and r.rolsuper)
            then 'fatal' else 'platform-limited' end, format('%s is executable by everybody', p.oid::regprocedure)
from pg_proc p
where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and has_function_privilege('public', p.oid, 'EXECUTE')
  and p.proname in ('pg_stat_get_activity', 'pg_cancel_backend', 'pg_terminate_backend', 'pg_notify', 'pg_lock_status', 'pg_advisory_lock', 'lo_create', 'pg_export_snapshot',
                    'pg_sleep', 'pg_current_xact_id', 'pg_prepared_statement', 'pg_cursor', 'query_to_xml', 'pg_relation_size', 'pg_logical_emit_message', 'pg_stat_get_live_tuples');

-- name: searchable_triggers
-- The words of searchable tables are kept by three triggers, all of them awake.
select 'fatal', format('trigger %s on %s is missing or disabled', v.name, s.relation)
from tenancy.searchable_tables() s cross join (values ('words_insert'), ('words_update'), ('words_delete')) v(name)
where not exists (select from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname || '.' || c.relname = s.relation and t.tgname = v.name and t.tgenabled in ('O', 'A'));

-- name: file_triggers
-- Rows that hold files: each takes hold of its file, keeps it, and takes it along when it is deleted. Usage is counted.
select 'fatal', format('trigger %s on %s is missing or disabled', v.name, v.relation)
from (select a.relation, t.name from files.attachments() a cross join (values ('file_insert'), ('file_update'), ('file_delete')) t(name) union all
      select 'files.file', t.name from (values ('count_add'), ('count_mark'), ('count_remove'), ('require_holder')) t(name)) v(relation, name)
where not exists (select from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname || '.' || c.relname = v.relation and t.tgname = v.name and t.tgenabled in ('O', 'A'));

-- name: letters
-- Search and addresses fold case: the database must know more letters than ASCII's.
select 'fatal', 'the database''s locale folds ASCII only; create it with C.UTF-8 or another UTF-8 locale' where lower('É') <> 'é';

-- name: event_triggers
-- A superuser's event trigger or another extension is somebody else's code in every transaction.
select 'platform-limited', format('event trigger %s is installed', evtname) from pg_event_trigger;

-- name: removed_modules
-- A module's package was taken away, and what tenants keep in its tables is still here, protected as before.
select 'information', format('the module %s is no longer installed; its data is still here, in %s tables', name, tables) from system.removed_modules();
