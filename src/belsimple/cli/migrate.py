"""`belsimple migrate`."""

import asyncio
from typing import Annotated

from cyclopts import Parameter

from belsimple.cli.output import AsJson, command_settings, print_json
from belsimple.database.migration_files import RemovedModule
from belsimple.errors import OperatorError
from belsimple.server.access import admin_database
from belsimple.server.environment import examine_environment
from belsimple.server.preparation import prepare_database, write_role_urls
from belsimple.server.settings import Settings


def migrate(
    *,
    before: Annotated[
        bool, Parameter(negative="", help="Only what may run while the release before this one still serves.")
    ] = False,
    new_passwords: Annotated[
        bool,
        Parameter(negative="", help="Make passwords that are missing here; machines with the old ones are shut out."),
    ] = False,
    json: AsJson = False,
) -> None:
    """The database, to this release."""
    settings = command_settings()
    if before:
        _require_healthy_machine(settings)
    with admin_database(settings) as url:
        report = asyncio.run(prepare_database(url, settings, before=before, new_passwords=new_passwords))
    if settings.database_url is not None:
        write_role_urls(settings.database_url, settings.data, report.prefix)
    if json:
        print_json({"applied": report.applied, "removed": report.removed})
    elif report.applied:
        print(f"Applied {len(report.applied)} migrations, the last {report.applied[-1]}.")
    else:
        print("Nothing to apply: the database is of this release.")
    if not json:
        print(*(_told(module) for module in report.removed), sep="", end="")


def _told(module: RemovedModule) -> str:
    return (
        f"The module {module.name} ({module.package} {module.version}) is no longer installed."
        f" Its data stays, in {module.tables} tables; installed again, it finds it.\n"
    )


def _require_healthy_machine(settings: Settings) -> None:
    """Raise `OperatorError` for what would stop the upgrade half-way on this machine; the migrator examines the database."""
    findings = examine_environment(settings)
    if findings:
        raise OperatorError(findings[0].detail, "The old release serves on; nothing was changed.")
