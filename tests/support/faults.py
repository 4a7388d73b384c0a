"""What people see while something fails: witnesses at work all the time, the account of what they were told, and the figures."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

import aiohttp
import msgspec

from .service import Service

RESULTS: Final = Path(__file__).parents[2] / "build" / "faults"
"""One JSON file a fault; `python -m tests.faults` makes the table of them."""
TROUBLE: Final = (aiohttp.ClientError, TimeoutError, OSError)
Kind = Literal["write", "read"]


class Figures(msgspec.Struct):
    """One fault: what people saw, how long writing was away (seconds), and what became of what was acknowledged."""

    fault: str
    seen: dict[str, int]
    writes_away_s: float
    reads_away_s: float
    acknowledged: int
    lost: int
    unaudited: int


@dataclass
class Witness:
    """Writers and readers that never stop."""

    fault: str
    began: float = field(default_factory=time.monotonic)
    acknowledged: dict[str, str] = field(default_factory=dict)
    outcomes: list[tuple[float, Kind, str]] = field(default_factory=list)

    async def write(self, client: aiohttp.ClientSession, name: str) -> None:
        """One after another."""
        number = 0
        while True:
            number += 1
            reference = f"{name}-{number}"
            body = {"title": "Written while something fails", "reference": reference}
            made = await self._outcome("write", client.post("/api/v1/dossiers", json=body))
            if made is not None:
                self.acknowledged[made["id"]] = reference

    async def read(self, client: aiohttp.ClientSession) -> None:
        """One after another."""
        while True:
            await self._outcome("read", client.get("/api/v1/dossiers?limit=5"))

    async def _outcome(self, kind: Kind, request: Any) -> Any:
        try:
            async with asyncio.timeout(15), request as answer:
                body = await answer.json()
                self.outcomes.append((time.monotonic(), kind, str(answer.status)))
                if answer.status < 300:
                    await asyncio.sleep(0.02)
                    return body
        except TROUBLE as error:
            self.outcomes.append(
                (time.monotonic(), kind, "no answer" if isinstance(error, TimeoutError) else "refused")
            )
        await asyncio.sleep(0.05)
        return None

    def strike(self) -> None:
        """The fault happens now."""
        self.began = time.monotonic()

    @property
    def seen(self) -> Counter[str]:
        """What was answered since the fault began, successes apart."""
        return Counter(what for at, _, what in self.outcomes if at >= self.began and not what.startswith("2"))

    def away(self, kind: Kind) -> float:
        """The longest time without a success since the fault began, in seconds."""
        good = [at for at, one, what in self.outcomes if one == kind and what.startswith("2") and at >= self.began]
        moments = [self.began, *good, time.monotonic()]
        return max(later - earlier for earlier, later in pairwise(moments))

    def succeeded(self, kind: Kind, since: float) -> bool:
        """Whether anything of this kind worked after a moment."""
        return any(at > since and one == kind and what.startswith("2") for at, one, what in self.outcomes)


@asynccontextmanager
async def witnessed(service: Service, fault: str, *, writers: int = 4, readers: int = 2) -> AsyncIterator[Witness]:
    """Witnesses for the length of a `with`; they have all been answered once before it begins."""
    witness = Witness(fault)
    name = f"{fault.replace(' ', '-')}-{os.urandom(3).hex()}"
    async with service.signed_in("member") as client:
        tasks = [asyncio.create_task(witness.write(client, f"{name}-{number}")) for number in range(writers)]
        tasks += [asyncio.create_task(witness.read(client)) for _ in range(readers)]
        try:
            await until(lambda: len(witness.acknowledged) >= 20, 30)
            witness.strike()
            yield witness
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def recovered(witness: Witness, seconds: float = 60) -> None:
    """Wait until reading and writing work again."""
    now = time.monotonic()
    await until(lambda: witness.succeeded("write", now) and witness.succeeded("read", now), seconds)


async def until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for something that other tasks or processes bring about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen in {seconds} s"
        await asyncio.sleep(0.05)


async def until_so(condition: Callable[[], Awaitable[bool]], seconds: float) -> float:
    """The same for what must be asked for; how long it took."""
    began = time.monotonic()
    while True:
        with suppress(*TROUBLE, AssertionError):
            if await condition():
                return time.monotonic() - began
        assert time.monotonic() - began < seconds, f"it did not happen in {seconds} s"
        await asyncio.sleep(0.2)


async def account_for(service: Service, witness: Witness) -> Figures:
    """Compare what was acknowledged with what is there and with the trail; write the figures down."""
    acknowledged = dict(witness.acknowledged)  # more comes while the lists are read
    await until_so(lambda: _can_sign_in(service), 30)
    async with service.signed_in("owner") as owner:
        found = {item["id"]: item["reference"] async for item in everything(owner, "/api/v1/dossiers")}
        entries = {
            entry["object_id"]
            async for entry in everything(owner, "/api/v1/audit")
            if entry["object_type"] == "dossiers.dossier"
        }
    figures = Figures(
        fault=witness.fault,
        seen=dict(witness.seen),
        writes_away_s=round(witness.away("write"), 1),
        reads_away_s=round(witness.away("read"), 1),
        acknowledged=len(acknowledged),
        lost=len(acknowledged.items() - found.items()),
        unaudited=len(found.keys() - entries),
    )
    write_down(figures)
    assert figures.lost == 0, "an acknowledged write is gone"
    assert figures.unaudited == 0, "a write has no entry in the trail"
    return figures


async def _can_sign_in(service: Service) -> bool:
    async with service.signed_in("owner"):
        return True


def write_down(figures: Figures) -> None:
    """Keep the figures for the table."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"{figures.fault.replace(' ', '-')}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")


async def everything(client: aiohttp.ClientSession, path: str) -> AsyncIterator[dict[str, Any]]:
    """Every item of a list, page by page."""
    cursor = ""
    while True:
        mark = "&" if "?" in path else "?"
        async with client.get(f"{path}{mark}limit=200{cursor and '&cursor=' + cursor}") as answer:
            page = await answer.json()
            assert answer.status == 200, page
        for item in page["items"]:
            yield item
        if page["next"] is None:
            return
        cursor = page["next"]
