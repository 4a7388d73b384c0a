"""Ports, tried before anything is started: granian shares its port, so two services on one would go unnoticed."""

import errno
import socket

from belsimple.errors import OperatorError


def require_free(host: str, port: int, variable: str) -> None:
    """Raise `OperatorError` naming `variable` unless this process could listen on the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # REUSEADDR passes over connections of a service that just ended; a living listener still refuses.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise _refused(error, host, port, variable) from error


def _refused(error: OSError, host: str, port: int, variable: str) -> OperatorError:
    if error.errno == errno.EADDRINUSE:
        return OperatorError(
            f"Port {port} on {host} is in use by another program",
            f"Stop that program, or set {variable} to a free port.",
        )
    if error.errno == errno.EACCES:
        return OperatorError(
            f"Port {port} is reserved for privileged programs, and the service is none",
            f"Set {variable} above 1023, or lower the sysctl net.ipv4.ip_unprivileged_port_start.",
        )
    return OperatorError(
        f"The service cannot listen on {host} port {port} ({error.strerror})",
        f"Set BELSIMPLE_HOST to an address of this machine, and {variable} to a free port.",
    )
