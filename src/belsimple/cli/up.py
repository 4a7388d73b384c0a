"""`belsimple up`."""

from typing import Annotated

from cyclopts import Parameter

from belsimple.server import up as service
from belsimple.server.privileges import assume_service_user
from belsimple.server.settings import load_settings


def up(
    *, demo: Annotated[bool, Parameter(negative="", help="Make two demo tenants with people and dossiers.")] = False
) -> None:
    """The whole service; see the command's help."""
    service.up(assume_service_user(load_settings()), with_demo=demo)
