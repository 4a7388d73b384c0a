"""Migrations: numbered SQL files, each in a transaction of its own, under one advisory lock and with timeouts.

Files are psql-compatible: ``:"app"`` stands for the role's quoted name and ``:'app'`` for it as a literal.
"""

import hashlib
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
from procrastinate.schema import SchemaManager

from belsimple.database import roles
from belsimple.database.driver import FAILURES, connect
from belsimple.database.pool import unreachable
from belsimple.database.queries import load_queries
from belsimple.errors import OperatorError

_q = load_queries("belsimple.database", "migrator.sql")
_FILE: Final = re.compile(r"^(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.sql$")
_ROLE: Final = re.compile(rf":(?P<quote>[\"'])(?P<role>{'|'.join(roles.ROLES)})(?P=quote)")
# Below these, row security leaks through the planner's statistics (CVE-2025-8713).
OLDEST: Final = {15: 150014, 16: 160010, 17: 170006}
JOBS_MIGRATION: Final = 10
TRAIL_MIGRATION: Final = 4  # what ran before it is noted when it runs


class PermissionRow(NamedTuple):
    """A permission as the database keeps it."""

    name: str
    module: str
    description: str
    default_roles: tuple[str, ...]


class ModuleSchema(NamedTuple):
    """A module's name, which is its schema's, and its folder of migrations."""

    name: str
    migrations: Traversable


class Migration(NamedTuple):
    """One numbered file of `source` ('belsimple' or a module's name)."""

    source: str
    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file, as hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class MigrationReport(NamedTuple):
    """What a run did: the migrations applied, as 'source/0001_name'."""

    applied: list[str]
    prefix: str


async def migrate(
    admin_url: str, credentials: Path, permissions: Sequence[PermissionRow], modules: Sequence[ModuleSchema]
) -> MigrationReport:
    """Bring the database of `admin_url` to this version: roles, passwords, schemas, permissions. Safe to repeat and to run twice at once.

    `admin_url` is a superuser's (owned profile) or that of a role with CREATEROLE which owns the database (managed profile).
    Raises OperatorError when the server cannot be used or holds a newer or altered schema.
    """
    connection = await _connect(admin_url)
    try:
        await connection.execute(_q.lock.sql)  # first: it may wait as long as another migration takes
        await connection.execute(_q.timeouts.sql)
        return await _Run(connection, await _check(connection)).all(credentials, permissions, modules)
    except asyncpg.PostgresError as error:
        raise OperatorError(
            f"A migration failed and was rolled back: {error}", "The database is as it was before that migration."
        ) from error
    finally:
        await connection.close(timeout=5)


async def _connect(url: str) -> Any:
    try:
        return await connect(url, {"application_name": "belsimple-migrate"})
    except FAILURES as error:
        raise unreachable(error) from error


async def _check(connection: Any) -> Any:
    server = await connection.fetchrow(_q.server.sql)
    major = server["version"] // 10000
    if major < 15 or server["version"] < OLDEST.get(major, 0):
        raise OperatorError(
            f"PostgreSQL {connection.get_server_version().major} is too old", "Use 15.14, 16.10, 17.6, 18 or later."
        )
    if not server["superuser"] and not (server["createrole"] and server["owns"]):
        raise OperatorError(
            "The database's admin may neither create roles nor own the database",
            "BELSIMPLE_DATABASE_URL must name a superuser, or a role with CREATEROLE that owns the database.",
        )
    return server


class _Run:
    """One migration run, as the admin until the owner takes over."""

    def __init__(self, connection: Any, server: Any) -> None:
        self.connection = connection
        self.server = server
        self.prefix = roles.prefix_of(server["database"])
        self.applied: list[str] = []

    async def all(
        self, credentials: Path, permissions: Sequence[PermissionRow], modules: Sequence[ModuleSchema]
    ) -> MigrationReport:
        if self.server["installed"]:
            self.prefix = await self.connection.fetchval(_q.owner_prefix.sql)
        await roles.ensure_roles(self.connection, self.prefix, credentials)
        if self.server["superuser"]:
            await self.connection.execute(self._with_roles(_text("harden.sql")))
        await self._become_owner()
        await self._schema(migrations_in("belsimple", resources.files("belsimple.database") / "migrations"))
        await self._permissions(permissions)
        for module in modules:
            await self._module(module)
        return MigrationReport(self.applied, self.prefix)

    async def _become_owner(self) -> None:
        await self.connection.execute(await self.connection.fetchval(_OWN.become_owner.sql, self.prefix))
        await self.connection.execute(_q.look_nowhere.sql)

    async def _schema(self, migrations: Sequence[Migration]) -> None:
        done = await self._done("belsimple", migrations) if self.server["installed"] else 0
        for migration in migrations:
            if migration.number > done:
                await self._apply(migration)
        await self._jobs_component()

    async def _done(self, source: str, migrations: Sequence[Migration]) -> int:
        """The number of the last one applied; the files of those must still be what ran."""
        applied = {row["number"]: row for row in await self.connection.fetch(_q.applied.sql) if row["source"] == source}
        known = {migration.number: migration for migration in migrations}
        for number, row in applied.items():
            if number not in known:
                raise OperatorError(
                    f"The database was made by a newer version of {source} (migration {number:04} {row['name']})",
                    "Run that version, or restore a backup made before the upgrade. Nothing was changed.",
                )
            if row["checksum"] != known[number].checksum:
                raise OperatorError(
                    f"Migration {source}/{number:04} was edited after it ran",
                    "Restore the file and add a new migration instead.",
                )
        return max(applied, default=0)

    async def _apply(self, migration: Migration) -> None:
        first = migration.source == "belsimple" and migration.number < TRAIL_MIGRATION
        async with self.connection.transaction():
            if migration.source == "belsimple" and migration.number == JOBS_MIGRATION:
                await self._install_jobs()
            await self._run_script(migration)
            if migration.number == 1 and first:
                await self.connection.execute(_q.install.sql, os.urandom(4).hex(), self.prefix)
            if migration.number == 3 and first:
                await self.connection.execute(_q.install_key.sql, *hmac_pads(os.urandom(32)))
            if migration.number == TRAIL_MIGRATION and migration.source == "belsimple":
                await self.connection.execute(_q.note_early.sql)
            note = _q.note_first if first else _q.note_applied
            await self.connection.execute(
                note.sql, migration.source, migration.number, migration.name, migration.checksum
            )
        self.applied.append(f"{migration.source}/{migration.number:04}_{migration.name}")

    async def _run_script(self, migration: Migration) -> None:
        text = self._with_roles(migration.text)
        try:
            await self.connection.execute(text)
        except asyncpg.PostgresError as error:
            position = getattr(error, "position", None)
            line = f" line {text.count(chr(10), 0, int(position)) + 1}" if position else ""
            raise OperatorError(
                f"Migration {migration.source}/{migration.number:04}_{migration.name}.sql{line} failed: {error}",
                "The database is as it was before that migration.",
            ) from error

    async def _install_jobs(self) -> None:
        await self.connection.execute(_q.look_in_jobs.sql)
        await self.connection.execute(SchemaManager.get_schema())
        await self.connection.execute(_q.look_nowhere.sql)
        await self.connection.execute(_q.note_component.sql, "procrastinate", metadata.version("procrastinate"))

    async def _jobs_component(self) -> None:
        """An upgraded procrastinate brings migrations of its own; run those above the installed version."""
        installed: str = await self.connection.fetchval(_q.component.sql, "procrastinate")
        wanted = metadata.version("procrastinate")
        if _version(installed) < _version(wanted):
            async with self.connection.transaction():
                await self.connection.execute(_q.look_in_jobs.sql)
                for script in _jobs_scripts(installed, wanted):
                    await self.connection.execute(script)
                await self.connection.execute(_q.look_nowhere.sql)
                await self.connection.execute(_q.note_component.sql, "procrastinate", wanted)

    async def _permissions(self, permissions: Sequence[PermissionRow]) -> None:
        async with self.connection.transaction():
            for row in permissions:
                await self.connection.execute(
                    _q.declare_permission.sql, row.name, row.module, row.description, list(row.default_roles)
                )
            await self.connection.execute(_q.refresh_builtin_roles.sql)

    async def _module(self, module: ModuleSchema) -> None:
        migrations = migrations_in(module.name, module.migrations)
        done = await self._done(module.name, migrations)
        async with self.connection.transaction():
            for statement in await self.connection.fetch(_q.module_schema.sql, module.name, self.prefix):
                await self.connection.execute(statement[0])
        for migration in migrations:
            if migration.number > done:
                await self._apply(migration)

    def _with_roles(self, text: str) -> str:
        def name(match: re.Match[str]) -> str:
            return f"{match['quote']}{self.prefix}_{match['role']}{match['quote']}"

        return _ROLE.sub(name, text)


_OWN = load_queries("belsimple.database", "roles.sql")


def migrations_in(source: str, folder: Traversable) -> list[Migration]:
    """The numbered files of `folder`, in order. Raises OperatorError for a gap or a file that is not named NNNN_name.sql."""
    found: list[Migration] = []
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".sql"):
            continue
        match = _FILE.match(file.name)
        if match is None or int(match["number"]) != len(found) + 1:
            raise OperatorError(
                f"{source}: {file.name} is out of sequence", "Name migrations 0001_name.sql, 0002_name.sql and so on."
            )
        found.append(Migration(source, int(match["number"]), match["name"], file.read_text(encoding="utf-8")))
    return found


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and outer pad of HMAC-SHA-256 (RFC 2104) for `key` of at most 64 bytes."""
    padded = key.ljust(64, b"\0")
    return bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)


def _jobs_scripts(above: str, up_to: str) -> list[str]:
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return [
        file.read_text() for file in files if _version(above) < _version(file.name.split("_")[0]) <= _version(up_to)
    ]


def _text(filename: str) -> str:
    return (resources.files("belsimple.database") / filename).read_text(encoding="utf-8")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3])


@asynccontextmanager
async def owner_connection(admin_url: str) -> AsyncIterator[Any]:
    """A connection of the admin's that acts as the installation's owner: what commands use. Raises OperatorError."""
    connection = await _connect(admin_url)
    try:
        prefix = await connection.fetchval(_q.owner_prefix.sql)
        if prefix is None:
            raise OperatorError("The database is empty", "Run `belsimple migrate` first.")
        await connection.execute(await connection.fetchval(_OWN.become_owner.sql, prefix))
        await connection.execute(_q.look_nowhere.sql)
        yield connection
    finally:
        await connection.close(timeout=5)
