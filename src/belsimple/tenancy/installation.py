"""Setting up the database for this program and the modules installed with it."""

from collections.abc import Iterable
from pathlib import Path

from belsimple.access.permissions import PERMISSIONS
from belsimple.database.admin import owner_connection
from belsimple.database.migration_files import InstalledModule, ModuleSchema, RemovedModule
from belsimple.database.migrator import MigrationReport, PermissionRow, migrate
from belsimple.database.queries import load_queries
from belsimple.modules import Installed, Permission, installed

_q = load_queries("belsimple.database", "migrator.sql")


async def install(
    admin_url: str, credentials: Path, *, before: bool = False, new_passwords: bool = False
) -> MigrationReport:
    """Bring the database of `admin_url` to this program's version, for the modules there are.

    The service roles' passwords are kept in the folder `credentials`. `before` and `new_passwords`: see migrate().
    Raises OperatorError.
    """
    found = installed()
    rows = [
        *_rows("belsimple", PERMISSIONS),
        *(row for one in found for row in _rows(one.module.name, one.module.permissions)),
    ]
    schemas = [ModuleSchema(one.module.name, one.module.migrations) for one in found]
    return await migrate(
        admin_url,
        credentials,
        rows,
        schemas,
        installed=[_noted(one) for one in found],
        before=before,
        new_passwords=new_passwords,
    )


def _noted(one: Installed) -> InstalledModule:
    letters = tuple(sorted(letter.kind for letter in one.module.mails))
    settings = tuple(sorted(setting.name for setting in one.module.settings))
    return InstalledModule(one.module.name, one.package, one.version, letters, settings)


def _rows(module: str, permissions: Iterable[Permission]) -> list[PermissionRow]:
    return [PermissionRow(one.name, module, one.description, tuple(sorted(one.roles))) for one in permissions]


async def removed_modules(admin_url: str) -> list[RemovedModule]:
    """Modules whose package is gone and whose data is in the database. Raises OperatorError."""
    async with owner_connection(admin_url) as connection:
        return [RemovedModule(*row) for row in await connection.fetch(_q.removed_modules.sql)]
