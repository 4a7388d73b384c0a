"""`kill -9` of any part under load: the service is back within ten seconds and nothing acknowledged is lost."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from tests.support.service import Service, running_service

_TROUBLE = (aiohttp.ClientError, TimeoutError, ConnectionError)


@pytest.fixture(scope="module")
def busy() -> Iterator[Service]:
    """One service for this file: each kill leaves it running."""
    with running_service({"BELSIMPLE_WORKERS": "2"}) as service:
        yield service


@dataclass
class Load:
    """Writers that never stop; what was acknowledged, and when the last acknowledgement came."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    last: float = 0.0
    sent: int = 0

    async def write(self, client: aiohttp.ClientSession, name: str) -> None:
        number = 0
        while True:
            number += 1
            reference = f"{name}-{number}"
            self.sent += 1
            try:
                async with client.post(
                    "/api/v1/dossiers", json={"title": "Written under load", "reference": reference}
                ) as answer:
                    if answer.status == 201:
                        self.acknowledged[(await answer.json())["id"]] = reference
                        self.last = time.monotonic()
                    else:
                        await asyncio.sleep(0.05)
            except _TROUBLE:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def load(service: Service, name: str, writers: int = 6) -> AsyncIterator[Load]:
    """Writers at work for the length of a `with`."""
    running = Load()
    async with service.signed_in("member") as client:
        tasks = [asyncio.create_task(running.write(client, f"{name}-{number}")) for number in range(writers)]
        try:
            yield running
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def everything(client: aiohttp.ClientSession, path: str) -> AsyncIterator[dict[str, Any]]:
    """Every item of a list, page by page."""
    cursor = ""
    while True:
        mark = "&" if "?" in path else "?"
        async with client.get(f"{path}{mark}limit=200{cursor and '&cursor=' + cursor}") as answer:
            page = await answer.json()
        for item in page["items"]:
            yield item
        if page["next"] is None:
            return
        cursor = page["next"]


async def usable(service: Service) -> bool:
    """Whether somebody can sign in and read: web, gate and the database all answer."""
    try:
        async with asyncio.timeout(3), service.signed_in("auditor") as client, client.get("/api/v1/me") as answer:
            return answer.status == 200
    except (*_TROUBLE, AssertionError):
        return False


async def seconds_until_usable(service: Service, killed: float) -> float:
    """How long the service was away, at most 30 s."""
    while not await usable(service):
        if time.monotonic() - killed > 30:
            break
        await asyncio.sleep(0.05)
    return time.monotonic() - killed


@pytest.mark.parametrize(
    "victim",
    ["web", "web worker", "gate", "gate worker", "operator", "worker", "redirect", "backend", "postgresql"],
)
async def test_nothing_acknowledged_is_lost_and_the_service_is_back(busy: Service, victim: str) -> None:
    part, _, which = victim.partition(" ")
    async with load(busy, victim.replace(" ", "-")) as running:
        while len(running.acknowledged) < 30:
            await asyncio.sleep(0.05)
        pid = busy.pids_of(part)[1 if which else 0]
        killed = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        away = await seconds_until_usable(busy, killed)
        await asyncio.sleep(1)
        assert running.last > killed, "no write was acknowledged after the kill"
    assert away < 10, f"away for {away:.1f} s"
    assert pid not in busy.pids_of(part)
    assert busy.pids_of(part), f"{part} did not come back"
    async with busy.signed_in("owner") as owner:
        found = {item["id"]: item["reference"] async for item in everything(owner, "/api/v1/dossiers")}
        entries = {
            entry["object_id"]
            async for entry in everything(owner, "/api/v1/audit")
            if entry["object_type"].startswith("dossiers.dossier")
        }
    assert running.acknowledged.items() <= found.items(), "an acknowledged write is gone"
    assert found.keys() <= entries, "a write has no entry in the trail"
