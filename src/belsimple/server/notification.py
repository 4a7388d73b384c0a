"""Telling the service manager what state a process is in: sd_notify(3), which is one datagram."""

import os
import socket


def tell_manager(state: str) -> None:
    """Send `state` (such as ``READY=1``) to systemd; nothing happens where nobody asked to be told."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        _ = manager.sendto(state.encode("ascii"), address.replace("@", "\0", 1) if address[0] == "@" else address)
