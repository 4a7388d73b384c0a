"""What a tenant may store: never more, however many upload at once, and not by deleting in a loop either."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from tests.support.databases import ONE_PROFILE
from tests.support.world import World

from .conftest import MEBIBYTE, Send, Upload, blobs

pytestmark = ONE_PROFILE


async def allow(world: World, quota: int) -> None:
    """Set the tenant's quota, as the operator does."""
    await world.as_owner("select files.set_quota($1, $2, 'test')", await world.tenant_id(), quota)


async def test_over_the_quota_nothing_is_taken_in(send: Send, upload: Upload, world: World, tmp_path: Path) -> None:
    await allow(world, 1000)
    assert (await upload(b"x" * 600)).status == 201
    declared = await upload(b"x", headers={"content-length": "401"})
    streamed = await upload(b"x" * 401)
    assert [(one.status, one.problem) for one in (declared, streamed)] == [(413, "quota-exceeded")] * 2
    assert (await upload(b"x" * 400)).status == 201
    assert (await send("GET", "/api/v1/usage")).json["bytes"] == 1000
    assert len(blobs(tmp_path)) == 2


async def test_uploads_that_race_for_the_last_place_do_not_all_get_it(
    send: Send, upload: Upload, world: World, tmp_path: Path
) -> None:
    await allow(world, 1000)
    together = asyncio.Barrier(6)

    async def body() -> AsyncIterator[bytes]:
        await together.wait()  # all have been let in, and found room
        yield b"x" * 300

    answers = await asyncio.gather(*(upload(pieces=body()) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [201] * 3 + [413] * 3
    assert {answer.problem for answer in answers if answer.status == 413} == {"quota-exceeded"}
    assert (await send("GET", "/api/v1/usage")).json["bytes"] == 900
    assert len(blobs(tmp_path)) == 3


async def test_deleting_in_a_loop_does_not_fill_the_store(send: Send, upload: Upload, world: World) -> None:
    await allow(world, 1000)
    statuses: list[int] = []
    for _ in range(3):
        made = await upload(b"x" * 900)
        statuses.append(made.status)
        if made.status == 201:
            await send("DELETE", f"/api/v1/documents/{made.json['id']}")
    assert statuses == [201, 201, 413]
    assert (await send("GET", "/api/v1/usage")).json["retained"] == 1800


async def test_a_smaller_quota_takes_nothing_away(send: Send, upload: Upload, world: World) -> None:
    document = (await upload(b"x" * 100)).json["id"]
    await allow(world, 10)
    assert (await send("GET", f"/api/v1/documents/{document}/content")).body == b"x" * 100
    assert (await upload(b"x")).status == 413
    entries = await world.trail(action="quota_changed")
    assert len(entries) == 1


async def test_one_account_does_not_hold_every_place(upload: Upload) -> None:
    release = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        await release.wait()

    running = [asyncio.ensure_future(upload(pieces=body())) for _ in range(8)]
    await asyncio.sleep(1)
    refused = await upload(b"x")
    release.set()
    assert (refused.status, refused.headers["retry-after"]) == (429, "2")
    assert {answer.status for answer in await asyncio.gather(*running)} == {201}
    assert (await upload(b"x")).status == 201


async def test_uploads_in_flight_share_the_room(upload: Upload, world: World) -> None:
    await allow(world, 4 * MEBIBYTE)
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield bytes(3 * MEBIBYTE)
        taken.set()  # the piece before has been taken in
        await go_on.wait()
        yield b"x"

    first = asyncio.ensure_future(upload(pieces=body()))
    await taken.wait()
    # Else a few accounts that upload at once would fill the disk with what the database refuses in the end.
    second = await upload(bytes(2 * MEBIBYTE))
    assert (second.status, second.problem) == (413, "quota-exceeded")
    assert (await upload(bytes(MEBIBYTE // 2))).status == 201
    go_on.set()
    assert (await first).status == 201
