"""Setting up the database for this program and the modules installed with it."""

from collections.abc import Iterable
from pathlib import Path

from belsimple.access.permissions import PERMISSIONS
from belsimple.database.migration_files import ModuleSchema
from belsimple.database.migrator import MigrationReport, PermissionRow, migrate
from belsimple.modules import Module, Permission, discover


async def install(admin_url: str, credentials: Path) -> MigrationReport:
    """Bring the database of `admin_url` to this program's version, for the modules there are.

    The service roles' passwords are kept in the folder `credentials`. Raises OperatorError.
    """
    modules = discover()
    rows = [
        *_rows("belsimple", PERMISSIONS),
        *(row for module in modules for row in _rows(module.name, module.permissions)),
    ]
    return await migrate(admin_url, credentials, rows, [_schema(module) for module in modules])


def _schema(module: Module) -> ModuleSchema:
    return ModuleSchema(module.name, module.migrations)


def _rows(module: str, permissions: Iterable[Permission]) -> list[PermissionRow]:
    return [PermissionRow(one.name, module, one.description, tuple(sorted(one.roles))) for one in permissions]
