"""The disk under the logs is full, the service's and PostgreSQL's: nobody notices, and logging goes on when there is room."""

import asyncio
import os
import signal

import pytest

from tests.support.disks import fill, free, small_disk
from tests.support.faults import account_for, recovered, until, witnessed
from tests.support.service import Service

HELD_SECONDS = 5


@pytest.mark.slow
async def test_nobody_notices(own_service: Service) -> None:
    output = own_service.folder / "output"
    output.mkdir()
    for name in ("out", "err"):
        (own_service.folder / name).symlink_to(output / name)
    own_service.start()
    own_service.stop()
    with small_disk(output, 1), small_disk(own_service.data / "log", 1) as logs:
        own_service.start("--demo")
        async with witnessed(own_service, "disk full under the logs") as witness:
            fill(output)
            fill(logs)
            os.kill(own_service.pids_of("backend")[-1], signal.SIGTERM)  # which PostgreSQL would log
            await asyncio.sleep(HELD_SECONDS)
            free(output)
            free(logs)
            size = (output / "err").stat().st_size
            await recovered(witness)
            await until(lambda: (output / "err").stat().st_size > size, 10)
            figures = await account_for(own_service, witness)
        own_service.kill()
    assert set(figures.seen) <= {"503"}, "people saw more than `try again`"
    assert sum(figures.seen.values()) <= 10, "people noticed"
