"""The disk under the whole data folder is full: database, WAL, keys, blobs, logs."""

import asyncio

import pytest

from tests.support.disks import fill, free, small_disk
from tests.support.faults import account_for, recovered, witnessed
from tests.support.service import Service

HELD_SECONDS = 6


@pytest.mark.slow
async def test_writing_waits_for_room_and_nothing_is_lost(own_service: Service) -> None:
    place = own_service.folder / "disk"
    place.mkdir()
    with small_disk(place, 420):
        own_service.data = place / "var"
        own_service.environment["BELSIMPLE_DATA"] = str(own_service.data)
        own_service.start()
        async with witnessed(own_service, "disk full under the data") as witness:
            fill(place)
            await asyncio.sleep(HELD_SECONDS)
            free(place)
            await recovered(witness)
            figures = await account_for(own_service, witness)
        own_service.kill()
    assert set(figures.seen) <= {"503"}, "people saw more than `try again`"
