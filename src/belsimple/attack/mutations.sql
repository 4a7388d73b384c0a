-- Each block breaks one guard of a scratch database, as its superuser; `attack --mutate` then wants the guard's cases to fail.
-- A block named NAME__undo takes back what belongs to the whole cluster. `pg_temp.edit` replaces a piece of a function, and raises
-- when the piece is not there: a mutation that changes nothing would prove nothing.

-- name: prelude
create function pg_temp.edit(f regprocedure, was text, becomes text) returns void language plpgsql as $$
declare d text := pg_get_functiondef(f);
begin
    if strpos(d, was) = 0 then raise exception '% does not hold %', f, was; end if;
    execute replace(d, was, becomes);
end $$;
create function pg_temp.open_schema(schema text, role text) returns void language plpgsql as $$
declare t regclass; f regprocedure;
begin
    execute format('grant usage on schema %I to %I', schema, role);
    for t in select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = schema and c.relkind = 'r' loop
        execute format('alter table %s disable row level security, disable trigger user', t);
        execute format('grant all on %s to %I', t, role);
    end loop;
end $$;
create function pg_temp.open_functions(schema text, pattern text, role text) returns void language plpgsql as $$
declare f regprocedure;
begin
    for f in select p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = schema and p.proname ~ pattern loop
        execute format('alter function %s security definer', f);
        execute format('grant execute on function %s to %I', f, role);
    end loop;
end $$;

create function pg_temp.of_resets() returns regprocedure[] language sql as $$
    select array['identity.reset_open(bytea)', 'identity.confirm_reset(bytea,bytea,integer,integer,integer,bytea,inet)']::regprocedure[]
$$;
create function pg_temp.of_invitations() returns regprocedure[] language sql as $$
    select array['identity.invitation_open(bytea)', 'identity.accept_invitation(bytea,text,bytea,integer,integer,integer,bytea)']::regprocedure[]
$$;

-- name: read_policy
alter policy see on dossiers.dossier using (true);

-- name: word_policy
alter policy see on dossiers.dossier_term using (true);
alter policy see on dossiers.dossier_words using (true);

-- name: trail_policy
alter policy see on audit.entry using (true);

-- name: write_policies
alter policy add on dossiers.dossier with check (true);
alter policy edit on dossiers.dossier using (true) with check (true);
alter policy remove on dossiers.dossier using (true);
alter table dossiers.dossier disable trigger user;

-- name: no_policies
alter table dossiers.dossier disable row level security;
alter table dossiers.dossier disable trigger user;

-- name: row_security
alter table dossiers.dossier disable row level security;

-- name: forced_row_security
alter table dossiers.dossier no force row level security;

-- name: members_tenant
select pg_temp.edit('identity.members(uuid,text,integer)', 'a.tenant_id = context.tenant(''members:read'') and', '');

-- name: identity_grants
select pg_temp.open_schema(s, :'app') from unnest(array['identity', 'access', 'idempotency', 'limits', 'jobs', 'audit']) s;

-- name: stamp_mac
select pg_temp.edit('context.tenant(text,boolean)', 'good is not true or', ''), pg_temp.edit('context.verified()', 'good is not true or', '');

-- name: stamp_check
select pg_temp.edit('context.tenant(text,boolean)', 'if good is not true', 'if false and good is not true'), pg_temp.edit('context.verified()', 'if good is not true', 'if false and good is not true');
select pg_temp.edit('context.tenant(text,boolean)', 'raise exception ''forged context'' using errcode = ''28000''', 'return null'),
       pg_temp.edit('context.tenant(text,boolean)', 'if false and good is not true or', 'if false and');

-- name: stamp_time
create or replace function context.binding() returns text language sql stable as 'select pg_backend_pid() || ''|0''';

-- name: stamp_binding
create or replace function context.binding() returns text language sql stable as 'select ''0|0''';

-- name: stamp_mode
select pg_temp.edit('context.tenant(text,boolean)', 'part[3] = ''w''', 'true'), pg_temp.edit('audit.capture()', 'part[3] <> ''w''', 'false');

-- name: stamp_permission
select pg_temp.edit('context.tenant(text,boolean)', '(permission is null or strpos(part[7], '','' || permission || '','') > 0) and', '');

-- name: enter_token
select pg_temp.edit('context.enter(bytea,inet)', 'octet_length(token) = 32', 'true'), pg_temp.edit('context.enter(bytea,inet)', 'x.token_hash = sha256(token)', 'true');

-- name: key_grants
select pg_temp.open_schema('context', :'app');

-- name: key_functions
select pg_temp.open_functions('context', '^(sign|stamp|verified|binding)$', role), pg_temp.open_functions('identity', '^open_session$', role) from unnest(array[:'app', :'gate']) role;
alter table identity.session disable trigger user;

-- name: gate_functions
select pg_temp.open_functions('identity', '^(sign_in|password_parameters)$', :'app');

-- name: gate_tables
select pg_temp.open_schema(s, :'gate') from unnest(array['identity', 'dossiers']) s;

-- name: operator_tables
select pg_temp.open_schema('dossiers', :'operator'), pg_temp.open_functions('context', '^enter$', :'operator');
grant usage on schema context to :"operator";

-- name: sign_in_proof
select pg_temp.edit('identity.prove_password(text,text,bytea,bytea,bytea,inet,text)', 'sha256(p_proof) = who.verifier', 'true');

-- name: role_at_login
grant :"owner" to :"app";
alter role :"app" set role = :"owner";

-- name: role_at_login__undo
alter role :"app" reset role;
revoke :"owner" from :"app";

-- name: membership
grant :"owner", :"gate" to :"app";

-- name: membership__undo
revoke :"owner", :"gate" from :"app";

-- name: superuser
alter role :"app" superuser;

-- name: superuser__undo
alter role :"app" nosuperuser;
alter role :"app" reset all;

-- name: catalogue
alter role :"app" superuser;
alter role :"app" set allow_system_table_mods = on;

-- name: catalogue__undo
alter role :"app" nosuperuser;
alter role :"app" reset all;

-- name: bypass
alter role :"app" bypassrls;

-- name: bypass__undo
alter role :"app" nobypassrls;

-- name: schema_create
grant create on schema dossiers, context to :"app";
grant references on dossiers.dossier to :"app";

-- name: database_create
do $$ begin execute format('grant create on database %I to %I', current_database(), :'app'); end $$;

-- name: public_schema
grant usage, create on schema public to :"app";

-- name: no_temp
do $$ begin execute format('grant temporary on database %I to %I', current_database(), :'app'); end $$;

-- name: definer_search_path
grant usage on schema public to public;
create function public.strpos(text, text) returns integer language sql as 'select 1';
alter function context.tenant(text, boolean) reset search_path;

-- name: no_language
grant usage on language plpgsql to public;

-- name: function_grants
select pg_temp.open_functions('tenancy', '.', :'app');
grant execute on function audit.capture() to :"app";

-- name: tenant_keys
create unique index on dossiers.dossier (id);
create unique index on dossiers.dossier (reference);

-- name: word_grants
grant insert on dossiers.dossier_term to :"app";
create policy anybody on dossiers.dossier_term using (true) with check (true);

-- name: role_tenant
select pg_temp.edit('identity.change_member(uuid,text,text[],integer)', 'r.tenant_id = tenant and (r.name', '(r.name'),
       pg_temp.edit('access.changeable_role(uuid,integer)', 'x.tenant_id = context.tenant(''roles:write'', true) and', '');

-- name: member_tenant
select pg_temp.edit('identity.change_member(uuid,text,text[],integer)', 'perform from identity.account a where a.tenant_id = tenant and a.id = p_id;', 'perform from identity.account a where a.id = p_id;');

-- name: factors_tenant
select pg_temp.edit('identity.clear_member_factors(uuid)', 'where a.tenant_id = tenant and a.id = p_id for', 'where a.id = p_id for');

-- name: session_tenant
select pg_temp.edit('identity.end_own_session(uuid)', 's.tenant_id = context.tenant(null, true) and s.account_id = context.account() and', '');

-- name: hidden_statistics
alter table dossiers.dossier alter column title set statistics 100;
analyze dossiers.dossier;

-- name: table_grants
grant truncate, trigger, references on dossiers.dossier, dossiers.document, dossiers.document_version, dossiers.dossier_term, dossiers.dossier_words, audit.entry to :"app";

-- name: table_owner
alter table dossiers.dossier owner to :"app";

-- name: grant_option
grant select on dossiers.dossier to :"app" with grant option;

-- name: trail_grants
select pg_temp.open_schema('audit', :'app');

-- name: record_context
alter policy add on audit.entry with check (true);
select pg_temp.edit('audit.record(text,text,uuid,jsonb)', 'part is null or part[3] <> ''w''', 'false');

-- name: refusal_tenant
select pg_temp.edit('audit.refused(bytea,text,integer,integer)', 'where x.token_hash = sha256(token)', 'order by x.created_at limit 1');

-- name: trail_triggers
alter table dossiers.dossier disable trigger audit_insert;
alter table dossiers.dossier disable trigger audit_update;

-- name: trail_tenant
alter policy add on audit.entry with check (true);
alter table dossiers.dossier disable trigger words_insert;

-- name: trail_context
alter policy add on audit.entry with check (true);
alter policy edit on dossiers.dossier with check (true);
alter policy see on dossiers.dossier using (true);
select pg_temp.edit('audit.capture()', 'part is null or part[3] <> ''w''', 'false');

-- name: cluster_functions
do $$ declare f regprocedure; begin
    for f in select oid from pg_proc where pronamespace = 'pg_catalog'::regnamespace and prokind = 'f' loop
        execute format('grant execute on function %s to public', f);
    end loop;
end $$;

-- name: pristine
create or replace function context.pristine() returns void language sql as '';

-- name: one_token
select pg_temp.edit('context.enter(bytea,inet)', 'raise exception ''already entered'' using errcode = ''25001''', 'null');

-- name: one_job
select pg_temp.edit('jobs.enter(bigint)', 'raise exception ''already entered'' using errcode = ''25001''', 'null');

-- name: job_context
select pg_temp.edit('jobs.enqueue(text,jsonb,timestamptz)', 'part is null or part[3] <> ''w''', 'false');

-- name: held_permissions
create or replace function access.require_held(permissions text[]) returns void language sql as '';

-- name: last_owner
drop trigger keep_an_owner on access.assignment;
drop trigger keep_an_owner on identity.account;

-- name: live_permissions
create or replace function access.permissions_of(tenant uuid, account uuid) returns text language sql stable as 'select string_agg(name, '','') from access.permission';
select pg_temp.edit('context.enter(bytea,inet)', 's.permissions', '(select string_agg(n.name, '','') from access.permission n)');

-- name: live_status
drop trigger end_sessions on identity.account;
select pg_temp.edit('context.enter(bytea,inet)', 'and a.status = ''active'' and t.status = ''active''', '');

-- name: end_sessions
drop trigger end_sessions on identity.account;

-- name: session_expiry
select pg_temp.edit('context.enter(bytea,inet)', 'x.expires_at > clock_timestamp() and x.last_seen > clock_timestamp() - make_interval(mins => t.session_idle_minutes)', 'true');

-- name: token_scopes
select pg_temp.edit('identity.bearer(bytea)', 'where p = any (k.scopes)', '');

-- name: token_held
select pg_temp.edit('identity.create_token(text,text[],timestamptz,bytea,text)', 'perform access.require_held(scopes);', '');

-- name: token_owner
select pg_temp.edit('identity.end_own_token(uuid)', 'and k.account_id = context.account()', '');

-- name: token_expiry
select pg_temp.edit('identity.bearer(bytea)', 'k.expires_at > pg_catalog.clock_timestamp() and', '');

-- name: token_live_permissions
select pg_temp.edit('identity.bearer(bytea)', 'pg_catalog.string_to_array(access.permissions_of(k.tenant_id, k.account_id), '','')', 'k.scopes');

-- name: token_ends_with_owner
select pg_temp.edit('identity.end_sessions()', 'delete from identity.api_token k where k.tenant_id = new.tenant_id and k.account_id = new.id;', '');

-- name: token_live_status
select pg_temp.edit('identity.bearer(bytea)', 'and a.status = ''active'' and t.status = ''active''', '');

-- name: support_reads
select pg_temp.edit('identity.support_open(uuid,uuid)', 'and (p.name like ''%:read'' or (g.writing and p.module <> ''belsimple''))', '');

-- name: support_operator
select pg_temp.edit('operators.enter_support(bytea,uuid,bytea)', 'and x.operator_id = who', '');

-- name: support_tenant
select pg_temp.edit('identity.end_support(uuid)', 'g.tenant_id = context.tenant(''ownership:write'', true) and', '');

-- name: support_ended
drop trigger support_ended on identity.support_grant;
select pg_temp.edit('identity.support_open(uuid,uuid)', 'g.ended_at is null and', '');

-- name: support_expiry
select pg_temp.edit('identity.support_open(uuid,uuid)', 'and g.expires_at > pg_catalog.clock_timestamp()', '');

-- name: support_session
alter table identity.support_session drop constraint support_session_operator_session_fkey;
select pg_temp.edit('identity.support_bearer(bytea)', 'join operators.session s', 'left join operators.session s'),
       pg_temp.edit('identity.support_bearer(bytea)', 'and s.operator_id = g.operator_id and s.expires_at > pg_catalog.clock_timestamp() and s.last_seen > pg_catalog.clock_timestamp() - interval ''15 minutes''', '');

-- name: touch_expiry
select pg_temp.edit('context.touch(bytea)', 'y.expires_at > now() and y.last_seen > now() - make_interval(mins => t.session_idle_minutes)', 'true');

-- name: live_snapshot
create or replace function context.require_fresh_snapshot() returns void language sql as '';

-- name: worker_functions
select pg_temp.open_functions('context', '^(enter|stamp)$', :'worker');

-- name: ticket_grants
grant all on jobs.ticket, identity.password to :"worker";
grant usage on schema identity to :"worker";
alter table jobs.ticket disable row level security;
alter table identity.password disable row level security;

-- name: ticket_tenant
select pg_temp.edit('jobs.enter(bigint)', 'select x.tenant_id, x.account_id, x.task', 'select (j.args->>''tenant_id'')::uuid as tenant_id, x.account_id, x.task');

-- name: ticket_task
select pg_temp.edit('jobs.enter(bigint)', 'and j.task_name = x.task', '');

-- name: ticket_doing
select pg_temp.edit('jobs.enter(bigint)', 'and j.status = ''doing''', '');

-- name: ticket_needed
select pg_temp.edit('jobs.enter(bigint)', 'j.id = x.job_id and', 'j.id = p_job_id and'), pg_temp.edit('jobs.enter(bigint)', 'x.job_id = p_job_id and', '');

-- name: ticket_finished
select pg_temp.edit('jobs.enter(bigint)', 'and x.finished_at is null', '');

-- name: finish_tenant
select pg_temp.edit('jobs.finish(bigint)', 'and x.tenant_id = context.tenant(null, true)', '');

-- name: end_sessions_password
drop trigger end_sessions on identity.password;

-- name: suspended_tenant
drop trigger end_sessions on identity.tenant;
select pg_temp.edit('context.enter(bytea,inet)', 'and a.status = ''active'' and t.status = ''active''', '');

-- name: if_match
select pg_temp.edit('access.changeable_role(uuid,integer)', 'r.version <> p_expected', 'false');

-- name: failures_counted
select pg_temp.edit('identity.is_closed(uuid,uuid,boolean)', 'f.failures >= 100', 'false');

-- name: networks
select pg_temp.edit('context.enter(bytea,inet)', 's.networks <> ''{}'' and', 'false and');

-- name: code_once
select pg_temp.edit('identity.prove_totp(bytea,bigint,bytea,bytea,inet,text)', 'p_step > f.last_step', 'p_step is not null');
select pg_temp.edit('identity.pending_totp(bytea)', 'f.sealed, f.last_step', 'f.sealed, 0::bigint');

-- name: recovery_once
select pg_temp.edit('identity.prove_recovery_code(bytea,bytea,bytea,bytea,inet,text)', 'and c.used_at is null', '');

-- name: pending_once
select pg_temp.edit('identity.go_on'::regproc::oid, 'delete from identity.pending_sign_in x where x.token_hash = s.token_hash;', '');

-- name: pending_expiry
select pg_temp.edit('identity.hold_pending(bytea,text[],text)', 'x.expires_at > pg_catalog.clock_timestamp()', 'true');

-- name: pending_browser
select pg_temp.edit('identity.hold_pending(bytea,text[],text)', 'and x.agent is not distinct from pg_catalog."left"(p_agent, 300)', '');

-- name: pending_ends
create or replace function identity.end_pending_sign_ins() returns trigger language plpgsql as 'begin return null; end';

-- name: factor_owner
select pg_temp.edit('identity.prove_recovery_code(bytea,bytea,bytea,bytea,inet,text)', 'and c.account_id = s.account_id', '');

-- name: mailbox_asked
select pg_temp.edit('identity.verdict(uuid,uuid,text[],inet,text)', 'and not known then return ''browser''', 'and false then return ''browser''');

-- name: mailbox_yes
select pg_temp.edit('identity.prove_browser(bytea,bytea,bytea,inet,text)', 'or s.confirmed_at is null', '');

-- name: enrolment_mailbox
select pg_temp.edit('identity.verdict(uuid,uuid,text[],inet,text)', 'case when known then ''enrolment'' else ''browser'' end', '''enrolment''');

-- name: sign_count
select pg_temp.edit('identity.use_passkey(uuid,uuid,bytea,bigint,boolean)', '(p_sign_count > k.sign_count or (p_sign_count = 0 and k.sign_count = 0))', 'true');

-- name: code_guesses
select pg_temp.edit('identity.refuse_proof'::regproc::oid, 'x.failures >= 5', 'false');

-- name: code_failures
select pg_temp.edit('identity.prove_password(text,text,bytea,bytea,bytea,inet,text)', 'if admitted.outcome = ''open'' then perform identity.forget_failures', 'if true then perform identity.forget_failures');

-- name: same_work
select pg_temp.edit('identity.password_parameters(text,text,inet)', 'coalesce(p.memory_kib, h.memory_kib), coalesce(p.iterations, h.iterations), coalesce(p.lanes, h.lanes)',
    'coalesce(p.memory_kib, 8), coalesce(p.iterations, 1), coalesce(p.lanes, 1)');

-- name: tenant_filter
alter policy see on audit.entry using (true);

-- name: reset_once
select pg_temp.edit(f, 'r.used_at is null and ', '') from unnest(pg_temp.of_resets()) f;

-- name: reset_expiry
select pg_temp.edit(f, 'r.expires_at > now()', 'true') from unnest(pg_temp.of_resets()) f;

-- name: other_links_end
select pg_temp.edit('identity.end_pending(uuid,uuid)', 'delete from identity.password_reset r where r.tenant_id = tenant and r.account_id = account and r.used_at is null;', '');

-- name: shut_links
drop trigger status_changed on identity.account;
select pg_temp.edit(f, 'and a.status = ''active''', '') from unnest(pg_temp.of_resets()) f;

-- name: suspended_links
select pg_temp.edit(f, 't.status = ''active''', 'true') from unnest(pg_temp.of_resets() || pg_temp.of_invitations()) f;

-- name: link_purpose
select pg_temp.edit(f, 'and l.purpose = ''password_reset''', '') from unnest(pg_temp.of_resets()) f;

-- name: links_kept
select pg_temp.edit('identity.reset_open(bytea)', ' STABLE', '');
select pg_temp.edit('identity.reset_open(bytea)', 'select t.slug', 'with l as (delete from mail.link x where x.token_hash = p_token_hash returning x.*) select t.slug');
select pg_temp.edit('identity.reset_open(bytea)', 'from mail.link l', 'from l');

-- name: both_mailboxes
select pg_temp.edit('identity.confirm_email_change(bytea)', 'if kept.old_confirmed_at is not null and kept.new_confirmed_at is not null then', 'if true then');

-- name: confirmed_once
select pg_temp.edit('identity.confirm_email_change(bytea)', 'and c.' || which || '_confirmed_at is null', '') from unnest(array['old', 'new']) which;

-- name: change_expiry
select pg_temp.edit('identity.confirm_email_change(bytea)', 'and c.expires_at > now()', '');

-- name: change_replaced
select pg_temp.edit('identity.cancel_email_change()', 'delete from identity.email_change c where c', 'perform from identity.email_change c where c');

-- name: change_ends_sessions
select pg_temp.edit('identity.email_changed()', 'delete from identity.session s where s.tenant_id = new.tenant_id and s.account_id = new.id;', '');

-- name: invitation_once
select pg_temp.edit(f, 'i.accepted_at is null and ', ''), pg_temp.edit(f, 'and not exists (select from identity.account a where a.tenant_id = i.tenant_id and a.email = i.email)', '')
from unnest(pg_temp.of_invitations()) f;

-- name: invitation_expiry
select pg_temp.edit(f, 'i.expires_at > now()', 'true') from unnest(pg_temp.of_invitations()) f;

-- name: invitation_replaced
select pg_temp.edit('identity.invite(text,text[],text)', 'delete from identity.invitation i where i.tenant_id = tenant and i.email = p_email and i.accepted_at is null;', '');

-- name: invitation_withdrawn
select pg_temp.edit('identity.withdraw_invitation(uuid)', 'delete from identity.invitation i where i.tenant_id = tenant and i.id = p_id;', '');

-- name: inviter_gone
select pg_temp.edit('identity.status_changed()', 'and i.invited_by = new.id', 'and false');

-- name: same_change_answer
select pg_temp.edit('identity.request_email_change(text)', 'perform mail.post(''email_change_failed'', who.tenant, who.account, who.email, who.language, facts);',
    'raise exception ''Somebody has this address.'' using errcode = ''BS409'';');

-- name: quota
alter table files.file disable trigger count_add;
select pg_temp.edit('files.room()', 'least(u.quota - u.bytes, 2 * u.quota - u.bytes - u.retained)', '10737418240');

-- name: download_recorded
select pg_temp.edit('files.downloaded(bytea,uuid)', 'if found then', 'if false then');

-- name: operator_identity
select pg_temp.open_schema('identity', :'operator');

-- name: operator_mails
select pg_temp.open_schema('mail', :'operator'), pg_temp.open_functions('mail', '^open$', :'operator');

-- name: operator_trail
select pg_temp.open_schema('audit', :'operator');

-- name: operators_tables
select pg_temp.open_schema('operators', :'operator');

-- name: operators_helpers
select pg_temp.open_functions('operators', '^(act_as|open_session)$', :'operator');

-- name: operators_session
select pg_temp.edit('operators.living(bytea)', 's.token_hash = pg_catalog.sha256(p_session) and', '');

-- name: operators_permission
select pg_temp.edit('operators.require(bytea,text)', 'p_permission is not null and', 'false and');

-- name: operators_idle
select pg_temp.edit('operators.living(bytea)', 'interval ''15 minutes'' and a.status', 'interval ''1 year'' and a.status');

-- name: operators_proof
select pg_temp.edit('operators.sign_in(text,bytea,bytea,inet,text)', 'sha256(p_proof) = who.verifier', 'true');

-- name: operators_elsewhere
select pg_temp.open_schema('operators', role), pg_temp.open_functions('operators', '^enter$', role) from unnest(array[:'app', :'gate', :'worker']) role;

-- name: operators_rights
select pg_temp.edit('operators.require(bytea,text)', 'p_permission is not null and', 'false and');

-- name: operators_fresh
select pg_temp.edit('operators.act(bytea,text,boolean)', 'if p_fresh and', 'if false and');

-- name: operators_ended
drop trigger end_sessions on operators.account;
select pg_temp.edit('operators.living(bytea)', 's.expires_at > pg_catalog.clock_timestamp() and s.last_seen > pg_catalog.clock_timestamp() - interval ''15 minutes'' and a.status = ''active''', 'true');

-- name: operators_links_once
select pg_temp.edit('operators.resettable(bytea)', 'and r.used_at is null', ''), pg_temp.edit('operators.acceptable(bytea)', 'and i.accepted_at is null', ''),
       pg_temp.edit('operators.confirm_reset(bytea,bytea,integer,integer,integer,bytea)', 'and r.used_at is null', ''),
       pg_temp.edit('operators.accept_invitation(bytea,text,text,bytea,integer,integer,integer,bytea)', 'and x.accepted_at is null', '');

-- name: history_tenant
alter policy trace on audit.entry using (true);
select pg_temp.edit('audit.history(text,uuid,timestamptz,uuid,integer)', 'x.tenant_id = tenant and', '');

-- name: history_context
alter policy trace on audit.entry using (true);
select pg_temp.edit('audit.history(text,uuid,timestamptz,uuid,integer)', 'if tenant is null then return; end if;', ''),
       pg_temp.edit('audit.history(text,uuid,timestamptz,uuid,integer)', 'x.tenant_id = tenant and', '');

-- name: history_permission
select pg_temp.edit('audit.history(text,uuid,timestamptz,uuid,integer)', '(select context.tenant(p.read_permission) from tenancy.protected p where p.relation = p_relation)', 'context.tenant()');

-- name: actors_tenant
select pg_temp.edit('audit.actors(uuid[])', 'a.tenant_id = context.tenant(''audit:read'') and', '');

-- name: names_tenant
select pg_temp.edit('identity.names(uuid[])', 'a.tenant_id = context.tenant() and', '');

-- name: settings_declared
select pg_temp.edit('tenancy.change_setting(text,jsonb)', 'if not exists', 'if false and not exists');

-- name: letters_tenant
update system.module set letters = '{dossiers.attack}' where name = 'dossiers';
select pg_temp.edit('mail.post_to_member(text,uuid,jsonb)', 'a.tenant_id = tenant and', '');

-- name: letters_declared
select pg_temp.edit('mail.post_to_member(text,uuid,jsonb)', 'if not exists (select from system.module', 'if false and not exists (select from system.module');

-- name: mail_grants
select pg_temp.open_schema('mail', :'app');

-- name: proven_domain
select pg_temp.edit('identity.owns_domain(uuid,text)', 'd.proven_at is not null', 'true');
select pg_temp.edit('identity.make_account(identity.provider,jsonb,uuid)', 'if not identity.owns_domain', 'if false and not identity.owns_domain');

-- name: no_link_by_address
select pg_temp.edit('identity.account_of(identity.provider,text,text,jsonb)', 'if account is null then',
    'if account is null then
        select a.id into account from identity.account a where a.tenant_id = p.tenant_id and a.email = lower(p_claims ->> ''email'');
        insert into identity.provider_account (tenant_id, provider_id, issuer, subject, account_id) select p.tenant_id, p.id, p_issuer, p_subject, account where account is not null;
    end if;
    if account is null then');
drop trigger audit_insert on identity.provider_account;

-- name: provider_version
drop trigger provider_changed on identity.provider;
select pg_temp.edit('identity.prove_provider(bytea,text,text,text,text,bytea,bytea,inet,text)', 'x.version = s.provider_version and x.status = ''active'' and', '');

-- name: assertion_once
select pg_temp.edit('identity.keep_arrival(uuid,integer,bytea,text,text,text,bytea,timestamptz)', 'if not found then reason := ''replayed''; end if;', '');

-- name: arrival_request
select pg_temp.edit('identity.take_arrival(uuid,bytea,text)', 'and (a.reason is not null or a.in_response_to is not distinct from p_in_response_to)', '');

-- name: arrival_once
create function identity.kept() returns trigger language plpgsql as $$ begin insert into identity.provider_arrival select old.*; return null; end $$;
create trigger kept after delete on identity.provider_arrival for each row when (pg_trigger_depth() = 0) execute function identity.kept();

-- name: arrival_version
drop trigger provider_changed on identity.provider;
select pg_temp.edit('identity.take_arrival(uuid,bytea,text)', 'and p.version = a.provider_version', '');

-- name: unasked_allowed
select pg_temp.edit('identity.unasked_arrival(uuid,bytea)', 'and p.idp_initiated', '');

-- name: logout_once
select pg_temp.edit('identity.end_named_sessions(uuid,integer,text,text[],bytea,timestamptz)', 'on conflict do nothing;
    if not found then return null; end if;', 'on conflict do nothing;');

-- name: logout_provider
select pg_temp.edit('identity.end_named_sessions(uuid,integer,text,text[],bytea,timestamptz)', 's.tenant_id = p.tenant_id and s.provider_id = p.id and', '');

-- name: only_way
select pg_temp.edit('identity.verdict(uuid,uuid,text[],inet,text)', 'if bound and not excepted and not ''idp'' = any (p_proven)', 'if false');

-- name: scim_reads
select pg_temp.edit('scim.users(text,uuid,text,text,text[],boolean,integer,integer)', 'x.tenant_id = c.tenant_id and x.connection_id = c.id and', '');

-- name: scim_hold
select pg_temp.edit('scim.hold(scim.connection,uuid,integer)', 'p.tenant_id = c.tenant_id and p.connection_id = c.id and', '');

-- name: scim_filter
create or replace function scim.matches(d jsonb, f jsonb) returns boolean language sql immutable as 'select true';
select pg_temp.edit('scim.users(text,uuid,text,text,text[],boolean,integer,integer)', 'and (p_external_id is null or x.external_id = p_external_id) and (p_user_name is null or lower(x.user_name) = lower(p_user_name))', '');

-- name: scim_mapping
select pg_temp.edit('scim.map_group(uuid,uuid,uuid,integer)', 'perform identity.require_roles(array_remove(array[g.role_id, p_role], null), ''/role_id'');', '');

-- name: scim_reach
select pg_temp.edit('scim.renew_token(uuid,bytea,text)', 'perform scim.require_reach(c);', '');

-- name: scim_shut
drop trigger keep_shut on identity.account;

-- name: scim_adoption
select pg_temp.edit('scim.add_user(text,text,text,text,text,boolean,text)', 'return query select ''waiting'', null::uuid;',
    'insert into scim.person (tenant_id, connection_id, id, external_id, user_name, attributes, active) values (c.tenant_id, c.id, held, p_external_id, p_user_name, p_attributes::jsonb, p_active);
     return query select ''made'', held;');

-- name: scim_domain
select pg_temp.edit('scim.require_address(scim.connection,uuid,text)', 'if not identity.owns_domain', 'if false and not identity.owns_domain');
