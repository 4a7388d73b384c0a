"""Turns: a few of one subject at once, so many waiting, and nothing kept of who has gone."""

import asyncio

import pytest

from belsimple.web.problems import TooManyRequests
from belsimple.web.turns import AT_ONCE, WAITING, Turns


async def test_a_few_have_their_turn_and_the_others_wait() -> None:
    turns, release, inside = Turns(), asyncio.Event(), list[int]()

    async def one(number: int) -> None:
        async with turns.turn(b"directory"):
            inside.append(number)
            await release.wait()

    tasks = [asyncio.create_task(one(number)) for number in range(AT_ONCE + WAITING)]
    await asyncio.sleep(0)
    assert inside == list(range(AT_ONCE))
    with pytest.raises(TooManyRequests) as refused:
        async with turns.turn(b"directory"):
            pass
    assert refused.value.headers == {"retry-after": "1"}
    async with turns.turn(b"another"):  # has its own
        pass
    release.set()
    await asyncio.gather(*tasks)
    assert sorted(inside) == list(range(AT_ONCE + WAITING))
    assert (turns._turns, dict(turns._present)) == ({}, {})


async def test_who_goes_away_while_waiting_leaves_nothing() -> None:
    turns, release = Turns(), asyncio.Event()

    async def one() -> None:
        async with turns.turn(b"directory"):
            await release.wait()

    tasks = [asyncio.create_task(one()) for _ in range(AT_ONCE + 3)]
    await asyncio.sleep(0)
    for task in tasks[AT_ONCE:]:
        task.cancel()
    await asyncio.gather(*tasks[AT_ONCE:], return_exceptions=True)
    release.set()
    await asyncio.gather(*tasks[:AT_ONCE])
    assert (turns._turns, dict(turns._present)) == ({}, {})
