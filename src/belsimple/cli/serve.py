"""`belsimple serve`."""

from typing import Annotated

from cyclopts import Parameter

from belsimple.server import parts
from belsimple.server.assembly import PartName
from belsimple.server.privileges import assume_service_user
from belsimple.server.settings import load_settings


def serve(part: Annotated[PartName, Parameter(help="The part to run.")]) -> None:
    """Run one part of the service in the foreground, as `belsimple up` does; for running parts on several machines.

    BELSIMPLE_DATABASE_URL is the URL of that part's own role: web uses app, gate uses gate, worker uses worker.
    """
    parts.serve(part, assume_service_user(load_settings()))
