"""Refusals are counted in memory and recorded now and then; nobody can use them to flood the trail."""

import asyncio

from belsimple.web.refusals import MAX_KINDS, Refusals


class Trail:
    def __init__(self) -> None:
        self.recorded: list[tuple[bytes, str, int, int]] = []
        self.errors: list[Exception] = []
        self.broken = False

    async def record(self, token: bytes, route: str, status: int, times: int) -> None:
        if self.broken:
            raise OSError
        self.recorded.append((token, route, status, times))


def test_a_thousand_refusals_are_one_entry() -> None:
    trail = Trail()
    refusals = Refusals(trail.record, trail.errors.append)
    for _ in range(1000):
        refusals.add(b"t", "GET /x", 403)
    refusals.add(b"t", "GET /x", 429)
    asyncio.run(refusals.flush())
    asyncio.run(refusals.flush())
    assert sorted(trail.recorded) == [(b"t", "GET /x", 403, 1000), (b"t", "GET /x", 429, 1)]


def test_what_cannot_be_recorded_is_kept() -> None:
    trail = Trail()
    refusals = Refusals(trail.record, trail.errors.append)
    refusals.add(b"t", "GET /x", 403)
    refusals.add(b"u", "GET /x", 403)
    trail.broken = True
    asyncio.run(refusals.flush())
    assert len(trail.errors) == 1
    trail.broken = False
    refusals.add(b"t", "GET /x", 403)
    asyncio.run(refusals.flush())
    assert sorted(trail.recorded) == [(b"t", "GET /x", 403, 2), (b"u", "GET /x", 403, 1)]


def test_a_flush_that_is_cut_off_loses_no_count() -> None:
    trail = Trail()

    async def run() -> None:
        async def stuck(token: bytes, route: str, status: int, times: int) -> None:
            await asyncio.sleep(5)

        refusals = Refusals(stuck, trail.errors.append)
        refusals.add(b"t", "GET /x", 403)
        flushing = asyncio.create_task(refusals.flush())
        await asyncio.sleep(0)
        flushing.cancel()
        await asyncio.gather(flushing, return_exceptions=True)
        refusals._record = trail.record
        await refusals.flush()

    asyncio.run(run())
    assert trail.recorded == [(b"t", "GET /x", 403, 1)]


def test_memory_is_bounded() -> None:
    trail = Trail()
    refusals = Refusals(trail.record, trail.errors.append)
    for number in range(MAX_KINDS + 10):
        refusals.add(number.to_bytes(4, "big"), "GET /x", 403)
    refusals.add((0).to_bytes(4, "big"), "GET /x", 403)
    asyncio.run(refusals.flush())
    assert len(trail.recorded) == MAX_KINDS
    assert max(times for *_, times in trail.recorded) == 2
