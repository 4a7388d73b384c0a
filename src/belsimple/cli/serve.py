"""`belsimple serve`."""

from typing import Annotated

from cyclopts import Parameter

from belsimple.server import parts
from belsimple.server.assembly import PartName
from belsimple.server.privileges import assume_service_user
from belsimple.server.settings import load_settings


def serve(part: Annotated[PartName, Parameter(help="The part to run.")]) -> None:
    """One part of the service."""
    parts.serve(part, assume_service_user(load_settings()))
