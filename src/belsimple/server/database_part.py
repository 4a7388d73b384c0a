"""Part database: the embedded cluster as a service of its own, for an installation whose parts are users of their own."""

import signal
import subprocess
import time
from typing import Final

from belsimple.atomic import write_atomically
from belsimple.errors import OperatorError
from belsimple.server.cluster import Cluster
from belsimple.server.layout import admin_url_file, embedded_cluster
from belsimple.server.logs import log
from belsimple.server.notification import tell_manager
from belsimple.server.runtime import data_lock, prepare_socket_folder, remove_runtime_folder, runtime_folder
from belsimple.server.settings import Settings

STOP_SECONDS: Final = 30.0
"""Longer than beside the other parts: their requests have ended by then, and a checkpoint of a busy hour may be due."""
_LOOK_SECONDS: Final = 0.5
_STOPS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(settings: Settings) -> None:
    """Run the cluster until SIGTERM. Raises `OperatorError` when it cannot start, or ends by itself."""
    if settings.database_url is not None:
        raise OperatorError(
            "BELSIMPLE_DATABASE_URL is set, and part database is for running PostgreSQL here",
            "Unset it for this part, or do not run this part.",
        )
    folder = runtime_folder(settings.data, settings.run)
    with data_lock(settings.data):
        sockets = prepare_socket_folder(folder, "database", settings.data)
        try:
            _live(_cluster(settings, shared=sockets != folder), settings)
        finally:
            if sockets == folder:
                remove_runtime_folder(folder, settings.data)


def _cluster(settings: Settings, *, shared: bool) -> Cluster:
    folder = runtime_folder(settings.data, settings.run)
    if not shared:
        return embedded_cluster(settings.data, folder)
    # The folder's group gets as far as the password; nobody else gets as far as the socket.
    return embedded_cluster(settings.data, folder / "database", {"unix_socket_permissions": "0770"})


def _live(cluster: Cluster, settings: Settings) -> None:
    process = cluster.start_and_wait()
    try:
        write_atomically(admin_url_file(settings.data), cluster.url() + "\n")
        tell_manager("READY=1")
        log.info("started", child="postgresql", pid=process.pid)
        _wait(process)
    finally:
        cluster.stop(process, time.monotonic() + STOP_SECONDS)
    log.info("stopped", child="postgresql")


def _wait(process: "subprocess.Popen[bytes]") -> None:
    """Return at a signal to stop; raise `OperatorError` when the server ends without one."""
    _ = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # from here on they are waited for
    while process.poll() is None:
        if signal.sigtimedwait(_STOPS, _LOOK_SECONDS) is not None:
            return
    raise OperatorError("PostgreSQL ended by itself", "Its log says why; the service manager starts it again.")
