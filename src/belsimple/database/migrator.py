"""Migrations: numbered SQL files, each in a transaction of its own, under one advisory lock and with timeouts."""

import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg

from belsimple.database import jobs_schema, roles
from belsimple.database.admin import become_owner, check_server, connect_admin
from belsimple.database.context_key import hmac_pads
from belsimple.database.migration_files import (
    InstalledModule,
    Migration,
    ModuleSchema,
    RemovedModule,
    migrations_in,
    with_roles,
)
from belsimple.database.queries import load_queries
from belsimple.errors import OperatorError

_q = load_queries("belsimple.database", "migrator.sql")
JOBS_MIGRATION: Final = 10
TRAIL_MIGRATION: Final = 4  # what ran before it is noted when it runs


class PermissionRow(NamedTuple):
    """A permission as the database keeps it."""

    name: str
    module: str
    description: str
    default_roles: tuple[str, ...]


class MigrationReport(NamedTuple):
    """What a run did: the migrations applied, as 'source/0001_name'; and whose data is here without their package."""

    applied: list[str]
    prefix: str
    removed: list[RemovedModule]


async def migrate(
    admin_url: str,
    credentials: Path,
    permissions: Sequence[PermissionRow],
    modules: Sequence[ModuleSchema],
    *,
    installed: Sequence[InstalledModule] | None = None,
    before: bool = False,
    new_passwords: bool = False,
) -> MigrationReport:
    """Bring the database of `admin_url` to this version: roles, passwords, schemas, permissions. Safe to repeat and to run twice at once.

    `admin_url` is a superuser's (owned profile) or that of a role with CREATEROLE which owns the database (managed profile).
    `installed` are all modules there are: what others declared is taken from roles. `before` runs only the half for which the old
    code may go on serving, and takes nothing away. `new_passwords` lets passwords be made that
    `credentials` lacks, which shuts out whoever has the old ones.
    Raises OperatorError when the server cannot be used, holds a newer or altered schema, or has roles whose passwords lie elsewhere.
    """
    connection = await connect_admin(admin_url)
    try:
        await connection.execute(_q.lock.sql)  # first: it may wait as long as another migration takes
        await connection.execute(_q.timeouts.sql)
        run = _Run(connection, await check_server(connection), before=before)
        await run.all(credentials, permissions, modules, new_passwords=new_passwords)
        removed = await run.note_modules(installed) if installed is not None and not before else []
        return MigrationReport(run.applied, run.prefix, removed)
    except asyncpg.PostgresError as error:
        raise OperatorError(
            f"A migration failed and was rolled back: {error}", "The database is as it was before that migration."
        ) from error
    finally:
        await connection.close(timeout=5)


class _Run:
    """One migration run, as the admin until the owner takes over."""

    def __init__(self, connection: Any, server: Any, *, before: bool) -> None:
        self.connection = connection
        self.server = server
        self.before = before
        self.prefix = roles.prefix_of(server["database"])
        self.applied: list[str] = []

    async def all(
        self,
        credentials: Path,
        permissions: Sequence[PermissionRow],
        modules: Sequence[ModuleSchema],
        *,
        new_passwords: bool,
    ) -> None:
        installed: bool = self.server["installed"]
        if installed:
            self.prefix = await self.connection.fetchval(_q.owner_prefix.sql)
        elif self.before:
            raise OperatorError("The database is empty: there is nothing to upgrade", "Run `belsimple migrate`.")
        if installed and not new_passwords:
            roles.require_passwords(credentials)
        await roles.ensure_roles(self.connection, self.prefix, credentials)
        if self.server["superuser"]:
            await self.connection.execute(with_roles(_text("harden.sql"), self.prefix))
        await become_owner(self.connection, self.prefix)
        await self._schema(migrations_in("belsimple", resources.files("belsimple.database") / "migrations"))
        await self._permissions(permissions)
        for module in modules:
            await self._module(module)

    async def note_modules(self, installed: Sequence[InstalledModule]) -> list[RemovedModule]:
        """Note which modules there are; the answer is which have gone, now or before."""
        async with self.connection.transaction():
            for module in installed:
                await self.connection.execute(
                    _q.note_module.sql,
                    module.name,
                    module.package,
                    module.version,
                    list(module.letters),
                    list(module.settings),
                )
            await self.connection.execute(_q.note_removed.sql, [module.name for module in installed])
            await self.connection.execute(_q.refresh_builtin_roles.sql)
        return [RemovedModule(*row) for row in await self.connection.fetch(_q.removed_modules.sql)]

    async def _schema(self, migrations: Sequence[Migration]) -> None:
        done = await self._done("belsimple", migrations) if self.server["installed"] else 0
        await self._apply_above(done, migrations)
        await jobs_schema.upgrade(self.connection)

    async def _apply_above(self, done: int, migrations: Sequence[Migration]) -> None:
        pending = [migration for migration in migrations if migration.number > done]
        if self.before:
            pending = _first_half(pending)
        for migration in pending:
            await self._apply(migration)

    async def _done(self, source: str, migrations: Sequence[Migration]) -> int:
        """The number of the last one applied; the files of those must still be what ran.

        What a newer release's first half made is no obstacle: this release works on it, so that one can go back.
        """
        applied = {row["number"]: row for row in await self.connection.fetch(_q.applied.sql) if row["source"] == source}
        known = {migration.number: migration for migration in migrations}
        for number, row in applied.items():
            if number not in known:
                if not row["after"]:
                    continue
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
                await jobs_schema.install(self.connection)
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
            if migration.after:
                await self.connection.execute(_q.note_after.sql, migration.source, migration.number)
        self.applied.append(f"{migration.source}/{migration.number:04}_{migration.name}")

    async def _run_script(self, migration: Migration) -> None:
        text = with_roles(migration.text, self.prefix)
        try:
            await self.connection.execute(text)
        except asyncpg.PostgresError as error:
            position = getattr(error, "position", None)
            line = f" line {text.count(chr(10), 0, int(position)) + 1}" if position else ""
            raise OperatorError(
                f"Migration {migration.source}/{migration.number:04}_{migration.name}.sql{line} failed: {error}",
                "The database is as it was before that migration.",
            ) from error

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
        await self._apply_above(done, migrations)


def _first_half(pending: Sequence[Migration]) -> list[Migration]:
    """What may run under the old code. Raises OperatorError when more than one release lies between."""
    after = next((position for position, migration in enumerate(pending) if migration.after), len(pending))
    late = next((migration for migration in pending[after:] if not migration.after), None)
    if late is not None:
        # Later files were written for what the earlier release's second half leaves.
        raise OperatorError(
            f"An earlier release's upgrade must be finished before {late.source}/{late.number:04}_{late.name} can run",
            "Upgrade to that release first, or stop the service and run `belsimple migrate` without --before.",
        )
    return list(pending[:after])


def _text(filename: str) -> str:
    return (resources.files("belsimple.database") / filename).read_text(encoding="utf-8")
