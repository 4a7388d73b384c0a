"""`belsimple migrate`."""

import asyncio

from belsimple.cli.output import AsJson, command_settings, print_json
from belsimple.server.access import admin_database
from belsimple.server.preparation import prepare_database


def migrate(*, json: AsJson = False) -> None:
    """The database, to this release."""
    settings = command_settings()
    with admin_database(settings) as url:
        report = asyncio.run(prepare_database(url, settings))
    if json:
        print_json({"applied": report.applied})
    elif report.applied:
        print(f"Applied {len(report.applied)} migrations, the last {report.applied[-1]}.")
    else:
        print("Nothing to apply: the database is of this release.")
