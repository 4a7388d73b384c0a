"""Runs one cluster until its standard input closes. Its own program, because PostgreSQL refuses to run as root.

Started with `python -c`, so that the unprivileged user needs to reach the installed package only, not this checkout.
"""

import signal
import sys
import time
from pathlib import Path

from belsimple.server.cluster import Cluster


def host(binaries: Path, folder: Path, fsync: str) -> None:
    cluster = Cluster(
        binaries=binaries,
        folder=folder / "data",
        sockets=folder,
        logs=folder / "log",
        credential=folder / "credential",
        settings={
            "shared_buffers": "64MB",
            "fsync": fsync,
            "max_connections": "150",
            "max_wal_size": "256MB",
            "unix_socket_permissions": "0777",
        },
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a test run: the runner closes our input
    process = cluster.start_and_wait()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    cluster.stop(process, time.monotonic() + 10)


host(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
