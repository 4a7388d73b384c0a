"""Bringing a database to this version: from nothing, again, twice at once, and when it must be refused."""

import asyncio
import stat
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import asyncpg
import pytest

from belsimple.database import admin, jobs_schema, migration_files
from belsimple.database.catalogue import examine
from belsimple.database.migration_files import ModuleSchema
from belsimple.database.migrator import PermissionRow, migrate
from belsimple.database.roles import LOGIN_ROLES, role_url
from belsimple.errors import OperatorError
from belsimple.tenancy.installation import install
from tests.support.clusters import RunningCluster
from tests.support.databases import EVERY_PROFILE, ONE_PROFILE, Installed, Profile, connected, empty_database
from tests.support.world import World


@pytest.fixture
def cluster(clusters: Callable[[str], RunningCluster], profile: Profile) -> RunningCluster:
    return clusters(profile.version)


@EVERY_PROFILE
async def test_two_at_once_install_once(cluster: RunningCluster, profile: Profile, tmp_path: Path) -> None:
    _, url = await empty_database(cluster, profile)
    first, second = await asyncio.gather(install(url, tmp_path), install(url, tmp_path))
    assert sorted(map(bool, (first.applied, second.applied))) == [False, True]
    applied = first.applied or second.applied
    assert applied[0] == "belsimple/0001_system"
    assert applied[-1].startswith("dossiers/")
    assert (await install(url, tmp_path)).applied == []


@EVERY_PROFILE
async def test_each_service_role_logs_in_with_its_own_password(shared: Installed) -> None:
    for role in LOGIN_ROLES:
        file = shared.credentials / role
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        async with shared.role(role) as connection:
            assert await connection.fetchval("select current_user") == f"{shared.prefix}_{role}"
    assert len({(shared.credentials / role).read_text() for role in LOGIN_ROLES}) == len(LOGIN_ROLES)


async def test_no_role_logs_in_with_anothers_password_and_the_owner_not_at_all(shared: Installed) -> None:
    url = shared.url("app").replace(f"{shared.prefix}_app", f"{shared.prefix}_gate")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url)
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(shared.url("app").replace(f"{shared.prefix}_app", f"{shared.prefix}_owner"))


async def test_the_server_never_sees_a_password(shared: Installed) -> None:
    async with shared.superuser() as connection:
        stored = await connection.fetch(
            "select rolpassword from pg_authid where rolname like $1", f"{shared.prefix}\\_%"
        )
    assert {row[0] is None or row[0].startswith("SCRAM-SHA-256$4096:") for row in stored} == {True}


async def test_it_refuses_to_replace_passwords_that_another_machine_has(fresh: Installed, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"passwords are not in .* \(app, gate, operator, worker, backup\)"):
        await install(fresh.admin_url, tmp_path)
    assert list(tmp_path.iterdir()) == []
    async with fresh.role("app"):
        pass


async def test_a_lost_credential_is_made_anew_when_asked(fresh: Installed, tmp_path: Path) -> None:
    try:
        assert (await install(fresh.admin_url, tmp_path, new_passwords=True)).applied == []
        async with connected(role_url(fresh.admin_url, "app", tmp_path, fresh.prefix)):
            pass
    finally:
        await install(fresh.admin_url, fresh.credentials)  # the roles are the cluster's: other tests need the old ones


async def test_every_migration_is_in_the_operators_trail(shared: Installed) -> None:
    async with shared.superuser() as connection:
        noted = await connection.fetch(
            "select actor, detail->>'source' as source, (detail->>'number')::int as number from audit.system_entry where action = 'migration' order by at"
        )
        ran = await connection.fetch("select source, number from system.migration")
    assert sorted((row["source"], row["number"]) for row in noted) == sorted(tuple(row) for row in ran)
    assert {row["actor"] for row in noted} == {"migrate"}


async def test_it_refuses_an_edited_file(fresh: Installed) -> None:
    async with fresh.superuser() as connection:
        await connection.execute(
            "update system.migration set checksum = 'another' where source = 'belsimple' and number = 3"
        )
    with pytest.raises(OperatorError, match="belsimple/0003 was edited after it ran"):
        await install(fresh.admin_url, fresh.credentials)


async def test_it_refuses_a_database_of_a_newer_version(fresh: Installed) -> None:
    async with fresh.superuser() as connection:
        await connection.execute(
            "insert into system.migration values ('belsimple', 900, 'from_the_future', 'x', default, true)"
        )
    with pytest.raises(OperatorError, match="made by a newer version of belsimple") as refused:
        await install(fresh.admin_url, fresh.credentials)
    assert "Nothing was changed" in str(refused.value)


async def test_it_works_on_what_the_first_half_of_a_newer_version_made(fresh: Installed) -> None:
    async with fresh.superuser() as connection:
        await connection.execute("insert into system.migration values ('belsimple', 900, 'from_the_future', 'x')")
    assert (await install(fresh.admin_url, fresh.credentials)).applied == []


async def test_an_upgrade_runs_in_two_halves(fresh: Installed, tmp_path: Path) -> None:
    (tmp_path / "0001_new.sql").write_text("create table shop.new (id uuid);")
    (tmp_path / "0002_old.post.sql").write_text("create table shop.old (id uuid);")
    shop = [ModuleSchema("shop", tmp_path)]
    first = await migrate(fresh.admin_url, fresh.credentials, [], shop, before=True)
    second = await migrate(fresh.admin_url, fresh.credentials, [], shop)
    assert (first.applied, second.applied) == (["shop/0001_new"], ["shop/0002_old"])
    async with fresh.superuser() as connection:
        noted = await connection.fetch(
            "select number, after from system.migration where source = 'shop' order by number"
        )
    assert [tuple(row) for row in noted] == [(1, False), (2, True)]


async def test_it_refuses_to_begin_an_upgrade_before_the_last_one_is_finished(fresh: Installed, tmp_path: Path) -> None:
    for name in ("0001_new.sql", "0002_old.post.sql", "0003_newer.sql"):
        (tmp_path / name).write_text("select 1;")
    with pytest.raises(OperatorError, match="must be finished before shop/0003_newer can run"):
        await migrate(fresh.admin_url, fresh.credentials, [], [ModuleSchema("shop", tmp_path)], before=True)


async def test_there_is_nothing_to_upgrade_in_an_empty_database(
    cluster: RunningCluster, profile: Profile, tmp_path: Path
) -> None:
    _, url = await empty_database(cluster, profile)
    with pytest.raises(OperatorError, match="there is nothing to upgrade"):
        await install(url, tmp_path, before=True)


async def test_a_migration_that_fails_leaves_the_database_as_it_was(fresh: Installed, tmp_path: Path) -> None:
    (tmp_path / "0001_half.sql").write_text("create table broken.one (id uuid);\nselect 1 / 0;\n")
    with pytest.raises(OperatorError, match=r"Migration broken/0001_half\.sql.* failed: division by zero"):
        await migrate(fresh.admin_url, fresh.credentials, [], [ModuleSchema("broken", tmp_path)])
    async with fresh.superuser() as connection:
        assert await connection.fetchval("select to_regclass('broken.one')") is None
        assert await connection.fetchval("select count(*) from system.migration where source = 'broken'") == 0


async def test_a_broken_statement_is_told_with_its_line(fresh: Installed, tmp_path: Path) -> None:
    (tmp_path / "0001_typo.sql").write_text("select 1;\nselect 2;\nselct 3;\n")
    with pytest.raises(OperatorError, match=r"0001_typo\.sql line 3 failed"):
        await migrate(fresh.admin_url, fresh.credentials, [], [ModuleSchema("broken", tmp_path)])


async def test_a_migration_cannot_wait_for_ever(fresh: Installed, tmp_path: Path) -> None:
    (tmp_path / "0001_lock.sql").write_text("set local lock_timeout = '100ms'; lock table identity.tenant;\n")
    async with fresh.superuser() as busy:
        await busy.execute("begin; select * from identity.tenant")
        with pytest.raises(OperatorError, match="lock timeout"):
            await migrate(fresh.admin_url, fresh.credentials, [], [ModuleSchema("waiting", tmp_path)])


@ONE_PROFILE
@pytest.mark.parametrize(
    "names", [["0002_first.sql"], ["0001_first.sql", "0003_third.sql"], ["1_first.sql"], ["0001_First.sql"]], ids=str
)
async def test_it_refuses_files_out_of_sequence(shared: Installed, tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("select 1;")
    with pytest.raises(OperatorError, match="out of sequence"):
        migration_files.migrations_in("module", tmp_path)


async def test_it_refuses_an_old_server(shared: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "OLDEST", {15: 159999, 18: 189999})
    with pytest.raises(OperatorError, match="is too old"):
        await install(shared.admin_url, shared.credentials)


@ONE_PROFILE
@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://postgres:wrong@/postgres?host={sockets}", "refuses the credential"),
        ("postgresql://nobody:wrong@/postgres?host={sockets}", "refuses the credential"),
        ("postgresql://postgres:{password}@/absent?host={sockets}", "The database is missing"),
        ("postgresql://postgres:{password}@127.0.0.1:1/postgres", "cannot be reached"),
        ("postgresql://postgres:{password}@/postgres?host=/nowhere", "cannot be reached"),
        ("nonsense://", "cannot be reached"),
    ],
)
async def test_what_cannot_be_used_is_one_clear_line_without_the_password(
    cluster: RunningCluster, tmp_path: Path, url: str, sentence: str
) -> None:
    with pytest.raises(OperatorError, match=sentence) as refused:
        await install(url.format(sockets=cluster.sockets, password=cluster.password), tmp_path)
    assert "\n" not in str(refused.value)
    assert cluster.password not in str(refused.value)
    assert "wrong" not in str(refused.value)


async def test_an_admin_that_is_too_weak_is_refused_before_anything_happens(
    cluster: RunningCluster, profile: Profile, tmp_path: Path
) -> None:
    name, _ = await empty_database(cluster, Profile(profile.version, managed=False))
    async with connected(cluster.url()) as connection:
        for role, options in (("creator", "createrole"), ("proprietor", "nocreaterole")):
            await connection.execute(f"create role {role}_{name} login {options} password 'x'")
        await connection.execute(f"alter database {name} owner to proprietor_{name}")
    for role in ("creator", "proprietor"):
        with pytest.raises(OperatorError, match="may neither create roles nor own the database"):
            await install(cluster.url(name, user=f"{role}_{name}", password="x"), tmp_path)
    async with connected(cluster.url(name)) as connection:
        assert await connection.fetchval("select count(*) from pg_roles where rolname like $1", f"{name}\\_%") == 0


async def test_two_installations_live_side_by_side_in_one_cluster(
    cluster: RunningCluster, profile: Profile, shared: Installed, tmp_path: Path
) -> None:
    name, url = await empty_database(cluster, profile)
    report = await install(url, tmp_path)
    assert report.prefix == name != shared.prefix
    with pytest.raises(asyncpg.PostgresError):  # one's roles have no way into the other's database
        await asyncpg.connect(role_url(shared.admin_url, "app", tmp_path, report.prefix))


async def test_builtin_roles_follow_what_modules_declare(own_world: World) -> None:
    world = own_world
    new = PermissionRow("stamps:read", "stamps", "See stamps", ("member",))
    await migrate(world.installed.admin_url, world.installed.credentials, [new], [])
    held = await world.observe(
        "select r.name, 'stamps:read' = any (r.permissions) as has from access.role r join identity.tenant t on t.id = r.tenant_id where t.slug = $1",
        world.slug,
    )
    assert {row["name"]: row["has"] for row in held} == {
        "owner": True,
        "member": True,
        "admin": False,
        "auditor": False,
    }
    noted = await world.trail(source="migration", object_type="access.role")
    assert len(noted) == 2
    assert all("stamps:read" in row["new"] and "stamps:read" not in row["old"] for row in noted)


async def test_what_an_upgraded_queue_brings_is_the_workers_and_nobody_elses(
    fresh: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "create table procrastinate_news (id bigint generated always as identity);"
        " create function procrastinate_news_v1() returns bigint language sql as 'select count(*) from procrastinate_news';"
    )
    monkeypatch.setattr(jobs_schema, "_scripts", lambda **_: [script])
    monkeypatch.setattr(metadata, "version", lambda _: "99.0.0")
    await install(fresh.admin_url, fresh.credentials)
    await install(fresh.admin_url, fresh.credentials)  # once: a second run would fail on the table that is there
    assert {finding.check for finding in await examine(fresh.admin_url)} <= {"server_settings", "cluster_functions"}
    async with fresh.role("worker") as connection:
        assert await connection.fetchval("select jobs.procrastinate_news_v1()") == 0
    async with fresh.role("app") as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchval("select jobs.procrastinate_news_v1()")
