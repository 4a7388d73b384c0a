"""Preparing the database for a start: what `belsimple up` and `belsimple migrate` both do."""

from pathlib import Path

from belsimple.atomic import write_atomically
from belsimple.database.migrator import MigrationReport
from belsimple.database.roles import LOGIN_ROLES, role_url
from belsimple.identity.cost import raise_cost
from belsimple.modules import discover
from belsimple.server.layout import credentials_folder, role_url_file
from belsimple.server.module_look import look_at_modules
from belsimple.server.settings import Settings
from belsimple.tenancy.actions import operating_user
from belsimple.tenancy.installation import install


async def prepare_database(
    admin_url: str, settings: Settings, *, before: bool = False, new_passwords: bool = False
) -> MigrationReport:
    """Migrate to this release, or its first half, and apply the settings that live in the database. Raises `OperatorError`."""
    look_at_modules(discover(), settings.data)
    report = await install(
        admin_url,
        credentials_folder(settings.data),
        before=before,
        new_passwords=new_passwords or settings.database_url is None,  # the embedded cluster is this folder's alone
    )
    if settings.argon2_memory_mib is not None and settings.argon2_passes is not None:
        await raise_cost(
            admin_url, memory_mib=settings.argon2_memory_mib, passes=settings.argon2_passes, actor=operating_user()
        )
    return report


def write_role_urls(admin_url: str, data: Path, prefix: str) -> None:
    """Write the URL of each role into a file of its own: what the units in deploy/systemd hand to its part.

    For the embedded cluster there are none: where its socket lies changes with the service that runs it.
    """
    for role in LOGIN_ROLES:
        write_atomically(role_url_file(data, role), role_url(admin_url, role, credentials_folder(data), prefix) + "\n")
