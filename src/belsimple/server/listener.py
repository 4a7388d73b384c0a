"""granian with one change: a reload drops no connection.

As it comes, each worker listens on a socket of its own and an old worker is told to end while connections wait in that
socket's queue or are in the middle of their TLS handshake; those were reset (a few in a thousand, under load). Here all
workers share one socket, and an old worker stops taking connections from it two seconds before it is told to end.
"""

import os
import signal
import socket
import time
from typing import Any, cast

from granian._granian import ListenerSpec
from granian.server.mp import MPServer

from belsimple.server.processes import send

_HANDSHAKE_SECONDS = 2.0


class Listener(MPServer):
    """granian's multi-process server, on one socket for all its workers."""

    def _init_shared_socket(self) -> None:
        if self.bind_uds:
            super()._init_shared_socket()
            return
        shared: Any = ListenerSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._ssp = None
        self._shd = shared
        self._sfd = shared.get_fd()
        self._sso = socket.socket(fileno=self._sfd)
        self._sso.set_inheritable(True)

    def _respawn_workers(self, workers: Any, spawn_target: Any, target_loader: Any, delay: float = 0) -> None:
        if not delay:  # they died by themselves: there is nothing to hand over
            super()._respawn_workers(workers, spawn_target, target_loader)  # pyright: ignore[reportUnknownMemberType] - granian's
            return
        spawn = cast("Any", self._spawn_worker)  # pyright: ignore[reportUnknownMemberType] - granian is half typed
        old: list[Any] = [self.wrks[index] for index in workers]
        for index in workers:
            fresh: Any = spawn(index, spawn_target, target_loader)
            fresh.start()
            self.wrks[index] = fresh
        time.sleep(delay)
        for worker in old:
            send(worker.inner.pid, signal.SIGUSR1)
        time.sleep(_HANDSHAKE_SECONDS)
        for worker in old:
            worker.terminate()
            worker.join(self.workers_kill_timeout)
            worker.kill()


def stop_accepting_on(number: signal.Signals) -> None:
    """In a worker: have `number` end the taking of new connections; those that were taken are served on."""
    _ = signal.signal(number, lambda _number, _frame: _stop_accepting())


def _stop_accepting() -> None:
    """Put a socket that nobody knows in the place of the one that is listened on.

    The queue is shared, so it must not be shut down; the kernel gives what waits in it to the other workers.
    """
    for descriptor in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 - names are wanted
        family = _family_of_listener(descriptor)
        if family is not None:
            with socket.socket(family) as nobodys:
                nobodys.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
                nobodys.listen(1)
                nobodys.setblocking(False)
                _ = os.dup2(nobodys.fileno(), descriptor)


def _family_of_listener(descriptor: int) -> int | None:
    """The address family when this is a TCP socket that listens."""
    try:
        copy = os.dup(descriptor)
    except OSError:  # closed meanwhile
        return None
    try:
        found = socket.socket(fileno=copy)
    except OSError:  # no socket
        os.close(copy)
        return None
    with found:
        listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        return found.family if listens and found.family in {socket.AF_INET, socket.AF_INET6} else None
