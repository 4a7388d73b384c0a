"""Doctor: clean after an installation, red for whatever breaks a promise."""

from collections.abc import Callable

import pytest

from belsimple.database.catalogue import Finding, examine, run_check
from belsimple.database.queries import load_queries
from belsimple.database.roles import LOGIN_ROLES
from tests.support.clusters import RunningCluster
from tests.support.databases import EVERY_PROFILE, Installed, Profile, connected, empty_database

checks = load_queries("belsimple.database", "catalogue.sql")

# What breaks each promise, run by a superuser in a transaction that is undone: (check, statements). {p} is the prefix of the roles' names.
BROKEN = (
    ("server_settings", "set local log_parameter_max_length = 100"),
    ("server_settings", "set local password_encryption = 'md5'"),
    ("login_roles", "alter role {p}_app superuser"),
    ("login_roles", "alter role {p}_app bypassrls"),
    ("login_roles", "alter role {p}_gate createrole"),
    ("login_roles", "alter role {p}_worker createdb"),
    ("login_roles", "alter role {p}_worker replication"),
    ("login_roles", "alter table dossiers.dossier owner to {p}_app"),
    ("login_roles", "grant {p}_owner to {p}_app"),
    ("login_roles", "grant pg_read_all_data to {p}_worker"),
    ("owner_role", "alter role {p}_owner login"),
    ("owner_role", "alter role {p}_owner bypassrls"),
    ("role_settings", "alter role {p}_app set row_security = off"),
    (
        "role_settings",
        "do $$ begin execute format('alter role {p}_gate in database %I set jit = on', current_database()); end $$",
    ),
    (
        "database_privileges",
        "do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$",
    ),
    (
        "database_privileges",
        "do $$ begin execute format('grant create on database %I to {p}_app', current_database()); end $$",
    ),
    ("schema_privileges", "grant create on schema dossiers to {p}_app"),
    ("schema_privileges", "grant create on schema public to public"),
    ("row_security", "alter table identity.account disable row level security"),
    ("row_security", "alter table dossiers.dossier no force row level security"),
    ("row_security", "set local role {p}_owner; create table dossiers.loose (id uuid)"),
    ("other_relations", "create view dossiers.everything as select * from dossiers.dossier"),
    ("other_relations", "create materialized view identity.everything as select 1 as one"),
    ("protected_policies", "drop policy remove on dossiers.dossier"),
    ("protected_policies", "alter policy see on dossiers.dossier using (true)"),
    (
        "protected_policies",
        "alter policy see on dossiers.dossier using (tenant_id = (select context.tenant('members:read', false)))",
    ),
    (
        "protected_policies",
        "alter policy edit on dossiers.dossier with check (tenant_id = (select context.tenant('dossiers:write', false)))",
    ),
    ("protected_policies", "create policy also on dossiers.dossier to {p}_app using (true)"),
    ("protected_policies", "alter policy keep on dossiers.dossier_term using (true)"),
    ("owner_policies", "create policy also on identity.password to {p}_gate using (true)"),
    ("owner_policies", "create policy also on audit.entry for update to {p}_owner using (true)"),
    ("owner_policies", "alter policy add on audit.entry with check (true)"),
    ("owner_policies", "alter policy see on audit.entry using (true)"),
    ("owner_policies", "alter policy trace on audit.entry using (true)"),
    ("owner_policies", "alter policy owner_only on tenancy.setting to {p}_app"),
    ("protected_triggers", "alter table tenancy.setting disable trigger audit_update"),
    ("part_functions", "grant execute on function tenancy.change_setting(text, jsonb) to {p}_worker"),
    ("part_functions", "grant execute on function audit.secret_columns(text) to {p}_app"),
    ("removed_modules", "update system.module set removed_at = now()"),
    ("owner_policies", "alter policy owner_only on context.key to public"),
    ("protected_triggers", "alter table dossiers.dossier disable trigger audit_update"),
    ("protected_triggers", "alter table dossiers.dossier enable replica trigger audit_insert"),
    ("protected_triggers", "drop trigger audit_delete on identity.account"),
    ("protected_triggers", "drop trigger audit_insert on identity.session"),
    ("protected_triggers", "drop trigger audit_update on identity.invitation"),
    ("protected_triggers", "drop trigger audit_update on identity.password_reset"),
    ("protected_triggers", "alter table identity.email_change disable trigger audit_insert"),
    ("ending_triggers", "alter table identity.password disable trigger end_sessions"),
    ("ending_triggers", "alter table identity.password disable trigger password_changed"),
    ("ending_triggers", "drop trigger email_changed on identity.account"),
    ("ending_triggers", "alter table identity.account disable trigger status_changed"),
    ("ending_triggers", "alter table identity.account disable trigger welcome"),
    ("ending_triggers", "drop trigger notice_browser on identity.session"),
    ("ending_triggers", "alter table identity.sign_in_failure disable trigger notice_failures"),
    ("owner_policies", "create policy also on security.burst to {p}_gate using (true)"),
    ("table_grants", "grant insert on mail.link to {p}_worker"),
    ("owner_only_functions", "grant execute on function security.failed_sign_in(inet) to {p}_gate"),
    ("ending_triggers", "alter table identity.account disable trigger end_sessions"),
    ("ending_triggers", "alter table identity.passkey disable trigger end_pending_sign_ins"),
    ("ending_triggers", "drop trigger tell_of_recovery_code on identity.recovery_code"),
    ("ending_triggers", "drop trigger give_policy on identity.tenant"),
    ("protected_triggers", "alter table identity.policy disable trigger audit_update"),
    ("owner_policies", "create policy also on identity.totp to {p}_gate using (true)"),
    (
        "owner_only_functions",
        "grant execute on function identity.admit(uuid, uuid, text[], bytea, bytea, inet, text) to {p}_gate",
    ),
    ("ending_triggers", "alter table identity.tenant disable trigger end_sessions"),
    ("ending_triggers", "drop trigger keep_an_owner on access.assignment"),
    ("ending_triggers", "drop trigger complete_role on access.role"),
    ("protected_keys", "create unique index on dossiers.dossier (id)"),
    ("protected_keys", "alter table dossiers.dossier add foreign key (id) references identity.tenant not valid"),
    (
        "protected_keys",
        "alter table dossiers.dossier add foreign key (tenant_id) references identity.tenant on delete cascade",
    ),
    ("free_statistics", "alter table dossiers.dossier alter column notes set statistics 100"),
    ("free_statistics", "create index on dossiers.dossier (tenant_id, lower(title))"),
    ("free_statistics", "create statistics dossiers.both (mcv) on title, reference from dossiers.dossier"),
    ("table_grants", "grant select on identity.password to {p}_gate"),
    ("table_grants", "grant truncate on dossiers.dossier to {p}_app"),
    ("table_grants", "grant select on identity.account to public"),
    ("table_grants", "grant insert on audit.entry to {p}_app"),
    ("table_grants", "grant select on jobs.ticket to {p}_worker"),
    ("column_grants", "grant select (email) on identity.account to {p}_app"),
    ("definer_functions", "alter function context.enter(bytea) reset search_path"),
    ("definer_functions", "alter function context.tenant(text, boolean) set search_path = public"),
    ("definer_functions", "alter function audit.capture() owner to postgres"),
    (
        "module_definers",
        "set local role {p}_owner; create function dossiers.peek() returns bigint language sql security definer set search_path = pg_catalog, pg_temp as 'select 1'",
    ),
    ("table_grants", "grant select on dossiers.dossier to {p}_operator"),
    ("table_grants", "grant select on operators.password to {p}_operator"),
    ("owner_policies", "create policy also on operators.session to {p}_operator using (true)"),
    ("operator_functions", "grant execute on function context.enter(bytea) to {p}_operator"),
    ("operator_functions", "grant execute on function mail.open(uuid, bytea) to {p}_operator"),
    ("operator_functions", "grant execute on function operators.living(bytea) to {p}_gate"),
    ("operator_triggers", "alter table operators.account disable trigger capture"),
    ("operator_triggers", "alter table operators.account disable trigger keep_a_platform_operator"),
    ("operator_triggers", "drop trigger end_sessions on operators.password"),
    ("operator_triggers", "drop trigger tell on operators.account"),
    ("owner_only_functions", "grant execute on function operators.act_as(text) to {p}_operator"),
    ("part_functions", "grant execute on function mail.open(uuid, bytea) to {p}_app"),
    ("part_functions", "grant execute on function jobs.enter(bigint) to {p}_gate"),
    ("part_functions", "grant execute on function files.forget(uuid, uuid[], interval) to {p}_app"),
    ("part_functions", "grant execute on function context.enter(bytea) to {p}_worker"),
    ("part_functions", "grant execute on function identity.vouched(uuid, uuid, uuid[]) to {p}_app"),
    ("part_functions", "grant execute on function audit.record(text, text, uuid, jsonb) to {p}_backup"),
    (
        "part_functions",
        "grant execute on function jobs.procrastinate_retry_job_v1(bigint, timestamptz, integer, varchar, varchar) to {p}_app",
    ),
    ("function_grants", "grant execute on function context.enter(bytea) to public"),
    ("owner_only_functions", "grant execute on function context.sign(text) to {p}_app"),
    (
        "owner_only_functions",
        "grant execute on function identity.open_session(uuid, uuid, bytea, inet, text, text[]) to {p}_gate",
    ),
    ("cluster_functions", "grant execute on function pg_terminate_backend(integer, bigint) to public"),
    ("file_triggers", "drop trigger count_mark on files.file"),
    ("file_triggers", "alter table dossiers.document_version disable trigger file_delete"),
    ("searchable_triggers", "alter table dossiers.dossier disable trigger words_update"),
    (
        "event_triggers",
        "create function public.f() returns event_trigger language plpgsql as 'begin end'; create event trigger e on ddl_command_end execute function public.f()",
    ),
)


def real(findings: list[Finding]) -> list[Finding]:
    """Without the one setting that test clusters have on purpose: they are thrown away, so they need not be durable."""
    return [finding for finding in findings if not finding.detail.startswith("fsync is")]


@EVERY_PROFILE
async def test_it_finds_nothing_after_an_installation(shared: Installed) -> None:
    findings = real(await examine(shared.admin_url))
    if shared.profile.managed:  # what only a superuser could close is told, and nothing else
        assert {finding.severity for finding in findings} == {"platform-limited"}
        assert {finding.check for finding in findings} == {"cluster_functions"}
    else:
        assert findings == []


@EVERY_PROFILE
@pytest.mark.parametrize("role", LOGIN_ROLES)
async def test_every_role_can_ask_and_learns_the_same(shared: Installed, role: str) -> None:
    assert await examine(shared.url(role)) == await examine(shared.admin_url)


@pytest.mark.parametrize(("check", "statements"), BROKEN)
async def test_it_sees_what_was_broken(shared: Installed, check: str, statements: str) -> None:
    query = getattr(checks, check)
    async with shared.superuser() as connection:
        before = await run_check(connection, query, shared.prefix)
        await connection.execute("begin")
        await connection.execute(statements.replace("{p}", shared.prefix))
        await connection.execute("reset role")
        found = set(await run_check(connection, query, shared.prefix)) - set(before)
        await connection.execute("rollback")
    if check == "cluster_functions" and shared.profile.managed:
        assert before  # nothing new: it is open there already
    else:
        limited = check == "event_triggers" or statements.endswith("'md5'")
        severity = "information" if check == "removed_modules" else "platform-limited" if limited else "fatal"
        assert {finding.severity for finding in found} == {severity}


def test_every_check_has_something_that_breaks_it() -> None:
    unbreakable_in_a_transaction = {"server_version", "letters"}
    assert {check.name for check in checks.all()} == {check for check, _ in BROKEN} | unbreakable_in_a_transaction


async def test_it_says_so_when_nothing_is_installed(
    clusters: Callable[[str], RunningCluster], profile: Profile
) -> None:
    _, url = await empty_database(clusters(profile.version), profile)
    assert [finding.check for finding in await examine(url)] == ["installed"]


async def test_it_refuses_a_database_that_knows_ascii_only(
    clusters: Callable[[str], RunningCluster], profile: Profile
) -> None:
    cluster, name = clusters(profile.version), f"ascii_{profile.version}_{profile.managed}".lower()
    async with connected(cluster.url()) as connection:
        await connection.execute(f"create database {name} template template0 encoding 'UTF8' locale 'C'")
    async with connected(cluster.url(name)) as connection:
        assert [row[0] for row in await connection.fetch(checks.letters.sql)] == ["fatal"]
