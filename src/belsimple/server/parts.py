"""The parts, each a process of its own: web, gate and operator serve requests, worker runs jobs, redirect answers plain HTTP.

Part database is the embedded cluster, where nothing else starts it.
"""

import os
import signal
from functools import partial
from typing import Any, Literal

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels

from belsimple.errors import OperatorError
from belsimple.server import database_part, tls
from belsimple.server.assembly import PartName, build_part, database_url_of, socket_of
from belsimple.server.listener import Listener, stop_accepting_on
from belsimple.server.logs import configure_logs, granian_logging, log
from belsimple.server.processes import die_with_parent
from belsimple.server.redirect import build_redirect
from belsimple.server.runtime import prepare_socket_folder, runtime_folder
from belsimple.server.settings import Settings
from belsimple.web.asgi import ASGIApp
from belsimple.web.endpoint import Part

_HEADER_BYTES = 32 * 1024  # granian would take 16 MiB of HTTP/2 headers into memory from anybody
_GRACE_SECONDS = 3  # for requests in hand at a stop; longer than that, and the supervisor's ten seconds are at risk


def serve(part: PartName, settings: Settings) -> None:
    """Run one part until SIGTERM. Raises `OperatorError` for what an operator can put right."""
    configure_logs(settings.log_level, part)
    if part == "web":
        _serve_web(settings)
    elif part in ("gate", "operator"):
        _serve_behind(part, settings)
    elif part == "redirect":
        _serve_redirect(settings)
    elif part == "database":
        database_part.run(settings)
    else:
        from belsimple.server import worker  # noqa: PLC0415 - the queue's library would make every other part start later

        worker.run(database_url_of("worker", settings), settings)


def _serve_web(settings: Settings) -> None:
    _ = database_url_of("web", settings)
    _ = tls.refresh(settings)
    files = tls.served_files(settings.data)
    server = _granian(
        settings,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=HTTPModes.auto,
        ssl_cert=files.certificate,
        ssl_key=files.key,
    )
    # On SIGHUP granian starts new workers, which read the pair anew, before it lets the old ones end.
    _ = server.on_reload(partial(_refresh_certificate, settings))
    _run(server, "web", settings)


def _refresh_certificate(settings: Settings) -> None:
    try:
        _ = tls.refresh(settings)
    except OperatorError as error:
        log.error("certificate-refused", reason=str(error))


def _serve_behind(part: Literal["gate", "operator"], settings: Settings) -> None:
    _ = database_url_of(part, settings)
    run = runtime_folder(settings.data, settings.run)
    shared = prepare_socket_folder(run, part, settings.data) != run
    socket = socket_of(part, settings)
    socket.unlink(missing_ok=True)  # left by a part that was killed; nobody else can write in that folder
    _run(
        _granian(settings, uds=socket, uds_permissions=0o660 if shared else 0o600, http=HTTPModes.http1),
        part,
        settings,
    )


def _serve_redirect(settings: Settings) -> None:
    server = _granian(settings, address=settings.host, port=settings.http_port, http=HTTPModes.http1)
    _run(server, "redirect", settings)


def _granian(settings: Settings, **own: Any) -> Listener:
    return Listener(
        target="belsimple",  # never imported: the application comes from the loader below
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        websockets=False,
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=128 * 1024),
        http2_settings=HTTP2Settings(max_headers_size=_HEADER_BYTES, max_concurrent_streams=100),
        log_level=LogLevels(settings.log_level),
        log_dictconfig=granian_logging(),
        respawn_failed_workers=True,
        workers_kill_timeout=_GRACE_SECONDS,
        **own,
    )


def _run(server: Listener, part: Part | Literal["redirect"], settings: Settings) -> None:
    server.serve(target_loader=partial(_load, part, settings, os.getpid()), wrap_loader=False)


def _load(part: Part | Literal["redirect"], settings: Settings, parent: int) -> ASGIApp:
    """The application, built in each of granian's workers; they must not outlive the part's own process."""
    die_with_parent(signal.SIGKILL, parent)
    stop_accepting_on(signal.SIGUSR1)
    configure_logs(settings.log_level, part)
    if part == "redirect":
        return build_redirect(settings.url)
    return build_part(part, settings)
