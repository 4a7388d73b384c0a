"""Loopback ports."""

from __future__ import annotations

import socket
import time

from bench.load import LOOPBACK


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, seconds: float) -> None:
    """Return once `port` accepts a connection; raises TimeoutError."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise TimeoutError(f"nothing listens on port {port} after {seconds:.0f} s") from None
            time.sleep(0.05)
        else:
            return
