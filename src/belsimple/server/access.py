"""How commands reach the database beside a running service, or without one."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from belsimple.database.admin import owner_connection
from belsimple.database.queries import load_queries
from belsimple.errors import OperatorError
from belsimple.server.layout import embedded_cluster
from belsimple.server.processes import wait_until
from belsimple.server.runtime import (
    current_runtime_folder,
    data_lock,
    make_runtime_folder,
    remove_runtime_folder,
    runtime_folder,
)
from belsimple.server.settings import Settings

_START_SECONDS = 15.0
_q = load_queries("belsimple.database", "migrator.sql")


@contextmanager
def admin_database(settings: Settings) -> Iterator[str]:
    """The URL of the database's admin for the length of a command.

    The embedded cluster is started for the command when no service runs on the data folder. Raises `OperatorError`.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(data_lock(settings.data))
        except OperatorError:
            url = running_database(settings)
        else:
            url = stack.enter_context(_temporary_cluster(settings))
        yield url


def running_database(settings: Settings) -> str:
    """The admin's URL of the database that is running already. Raises `OperatorError` when none is."""
    if settings.database_url is not None:
        return settings.database_url
    found: list[str] = []

    def appeared() -> bool:
        folder = current_runtime_folder(settings.data)
        if folder is not None and embedded_cluster(settings.data, folder).ready():
            found.append(embedded_cluster(settings.data, folder).url())
        return bool(found)

    # A service that is just starting holds the folder already, and its database follows.
    running = current_runtime_folder(settings.data) is not None
    if not wait_until(appeared, _START_SECONDS if running else 0):
        raise OperatorError(f"No service is running on the data in {settings.data}", "Start it with `belsimple up`.")
    return found[0]


async def installed_prefix(admin_url: str) -> str:
    """What the names of the installation's roles begin with. Raises `OperatorError` when nothing is installed."""
    async with owner_connection(admin_url) as connection:
        prefix: str = await connection.fetchval(_q.owner_prefix.sql)
    return prefix


@contextmanager
def _temporary_cluster(settings: Settings) -> Iterator[str]:
    folder = runtime_folder(settings.data, settings.run)
    make_runtime_folder(folder, settings.data)
    cluster = embedded_cluster(settings.data, folder)
    try:
        process = cluster.start_and_wait()
        try:
            yield cluster.url()
        finally:
            cluster.stop(process, time.monotonic() + 8)
    finally:
        remove_runtime_folder(folder, settings.data)
