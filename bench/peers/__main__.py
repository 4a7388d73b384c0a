"""`python -m bench.peers NAME PORT WORKERS CERTIFICATE KEY`: serve one peer as the service serves its part web."""

from __future__ import annotations

import sys
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces, Loops


def main() -> None:
    """Serve until a signal ends it."""
    name, port, workers, certificate, key = sys.argv[1:]
    Granian(
        f"bench.peers.{name}:app",
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.ASGI,
        workers=int(workers),
        loop=Loops.uvloop,
        ssl_cert=Path(certificate),
        ssl_key=Path(key),
        log_access=False,
    ).serve()


main()
