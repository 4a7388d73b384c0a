"""`belsimple migrate`."""

import asyncio

from belsimple.cli.output import AsJson, command_settings, print_json
from belsimple.server.access import admin_database
from belsimple.server.preparation import prepare_database


def migrate(*, json: AsJson = False) -> None:
    """Bring the database to this release: roles, schemas, permissions of the installed modules. Safe to repeat.

    BELSIMPLE_DATABASE_URL is the admin's: a superuser, or a role with CREATEROLE that owns the database.
    """
    settings = command_settings()
    with admin_database(settings) as url:
        report = asyncio.run(prepare_database(url, settings))
    if json:
        print_json({"applied": report.applied})
    elif report.applied:
        print(f"Applied {len(report.applied)} migrations, the last {report.applied[-1]}.")
    else:
        print("Nothing to apply: the database is of this release.")
