"""The life of `belsimple up`: take the data folder, start, say so, wait for the signal, stop."""

import asyncio
import contextlib
import signal

from belsimple.operators.commands import first_invitation
from belsimple.server import demo
from belsimple.server.announcement import announce
from belsimple.server.logs import configure_logs
from belsimple.server.runtime import data_lock, make_runtime_folder, remove_runtime_folder, runtime_folder
from belsimple.server.settings import Settings
from belsimple.server.supervisor import Supervisor


def up(settings: Settings, *, with_demo: bool) -> None:
    """Run the service until SIGTERM or SIGINT. Raises `OperatorError` when it cannot start."""
    configure_logs(settings.log_level, "supervisor")
    if with_demo:
        demo.require_allowed(settings)
    folder = runtime_folder(settings.data, settings.run)
    with data_lock(settings.data):
        make_runtime_folder(folder, settings.data)
        try:
            asyncio.run(_live(Supervisor(settings, folder), with_demo=with_demo))
        finally:
            remove_runtime_folder(folder, settings.data)


async def _live(supervisor: Supervisor, *, with_demo: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    work = asyncio.create_task(_serve(supervisor, with_demo=with_demo))
    stopped = asyncio.create_task(stop.wait())
    try:
        _ = await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            _ = work.cancel()  # a signal during the start ends it where it is
        with contextlib.suppress(asyncio.CancelledError):
            await work
    finally:
        _ = stopped.cancel()
        await supervisor.stop()


async def _serve(supervisor: Supervisor, *, with_demo: bool) -> None:
    await supervisor.start()
    assert supervisor.admin_url is not None
    people = await demo.provide(supervisor.settings, supervisor.admin_url) if with_demo else None
    announce(supervisor.settings, people, first_link=None if people else await _first_link(supervisor))
    _ = await asyncio.Event().wait()


async def _first_link(supervisor: Supervisor) -> str | None:
    """Where the first operator sets up, as long as there is none."""
    assert supervisor.admin_url is not None
    token = await first_invitation(supervisor.admin_url)
    return token and f"{supervisor.settings.url}/operator/invitation?token={token}"
