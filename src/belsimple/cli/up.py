"""`belsimple up`."""

from typing import Annotated

from cyclopts import Parameter

from belsimple.server import up as service
from belsimple.server.privileges import assume_service_user
from belsimple.server.settings import load_settings


def up(
    *, demo: Annotated[bool, Parameter(negative="", help="Make two demo tenants with people and dossiers.")] = False
) -> None:
    """Run the whole service in the foreground: database, migrations, web, gate, worker and the redirect to HTTPS.

    It stops on Ctrl-C or SIGTERM. Without BELSIMPLE_DATABASE_URL it runs a PostgreSQL of its own in BELSIMPLE_DATA.
    """
    service.up(assume_service_user(load_settings()), with_demo=demo)
