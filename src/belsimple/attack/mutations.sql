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
select pg_temp.edit('context.enter(bytea)', 'x.token_hash = sha256(token)', 'true');

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
select pg_temp.edit('identity.sign_in(text,text,bytea,bytea,inet,text)', 'sha256(p_proof) = who.verifier', 'true');

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

-- name: session_tenant
select pg_temp.edit('identity.end_own_session(uuid)', 's.tenant_id = context.tenant(null, true) and s.account_id = context.account() and', '');

-- name: hidden_statistics
alter table dossiers.dossier alter column title set statistics 100;
analyze dossiers.dossier;

-- name: table_grants
grant truncate, trigger, references on dossiers.dossier, dossiers.dossier_term, dossiers.dossier_words, audit.entry to :"app";

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
select pg_temp.edit('context.enter(bytea)', 'raise exception ''already entered'' using errcode = ''25001''', 'null');

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
select pg_temp.edit('context.enter(bytea)', 's.permissions', '(select string_agg(n.name, '','') from access.permission n)');

-- name: live_status
drop trigger end_sessions on identity.account;
select pg_temp.edit('context.enter(bytea)', 'and a.status = ''active'' and t.status = ''active''', '');

-- name: end_sessions
drop trigger end_sessions on identity.account;

-- name: session_expiry
select pg_temp.edit('context.enter(bytea)', 'x.expires_at > clock_timestamp() and x.last_seen > clock_timestamp() - make_interval(mins => t.session_idle_minutes)', 'true');

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
select pg_temp.edit('context.enter(bytea)', 'and a.status = ''active'' and t.status = ''active''', '');

-- name: if_match
select pg_temp.edit('access.changeable_role(uuid,integer)', 'r.version <> p_expected', 'false');

-- name: failures_counted
select pg_temp.edit('identity.sign_in(text,text,bytea,bytea,inet,text)', 'coalesce(failed, 0) < 100', 'true');

-- name: same_work
select pg_temp.edit('identity.password_parameters(text,text,inet)', 'coalesce(p.memory_kib, h.memory_kib), coalesce(p.iterations, h.iterations), coalesce(p.lanes, h.lanes)',
    'coalesce(p.memory_kib, 8), coalesce(p.iterations, 1), coalesce(p.lanes, 1)');

-- name: tenant_filter
alter policy see on audit.entry using (true);
