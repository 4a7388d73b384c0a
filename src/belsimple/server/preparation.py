"""Preparing the database for a start: what `belsimple up` and `belsimple migrate` both do."""

from belsimple.database.migrator import MigrationReport
from belsimple.identity.cost import raise_cost
from belsimple.server.layout import credentials_folder
from belsimple.server.settings import Settings
from belsimple.tenancy.actions import operating_user
from belsimple.tenancy.installation import install


async def prepare_database(admin_url: str, settings: Settings) -> MigrationReport:
    """Migrate to this release and apply the settings that live in the database. Raises `OperatorError`."""
    report = await install(admin_url, credentials_folder(settings.data))
    if settings.argon2_memory_mib is not None and settings.argon2_passes is not None:
        await raise_cost(
            admin_url, memory_mib=settings.argon2_memory_mib, passes=settings.argon2_passes, actor=operating_user()
        )
    return report
