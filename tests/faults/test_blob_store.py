"""The store of the documents is down, and then slow: documents are told to try again, everything else goes on."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from tests.support.faults import account_for, until_so, witnessed
from tests.support.gateway import Gateway, gateway_to
from tests.support.seaweed import KEY_ID, REGION, SECRET, running_seaweed
from tests.support.service import Service

pytestmark = pytest.mark.slow
OCTETS = {"Content-Type": "application/octet-stream"}
CONTENT = os.urandom(2 << 20)


@asynccontextmanager
async def documents(service: Service) -> AsyncIterator[tuple[Gateway, aiohttp.ClientSession, str, str]]:
    """A service on a bucket behind a gateway, with one document in it."""
    (service.folder / "weed").mkdir()
    with running_seaweed(service.folder / "weed") as weed, gateway_to(weed.port) as gateway:
        endpoint = f"http://127.0.0.1:{gateway.port}"
        service.environment |= {
            "BELSIMPLE_BLOBS": f"s3://{weed.bucket}/documents?endpoint={endpoint}&region={REGION}",
            "BELSIMPLE_BLOBS_KEY_ID": KEY_ID,
            "BELSIMPLE_BLOBS_SECRET": SECRET,
        }
        service.start()
        async with service.signed_in("owner") as owner:
            async with owner.get("/api/v1/dossiers?limit=1") as answer:
                path = f"/api/v1/dossiers/{(await answer.json())['items'][0]['id']}/documents"
            made = await upload(owner, path)
            assert made[0] == 201
            yield gateway, owner, path, f"/api/v1/documents/{made[1]['id']}/content"
        service.kill()


async def upload(owner: aiohttp.ClientSession, path: str) -> tuple[int, Any]:
    async with owner.post(f"{path}?filename=x.bin", data=BytesIO(CONTENT), headers=OCTETS) as answer:
        return answer.status, await answer.json()


async def download(owner: aiohttp.ClientSession, content: str) -> tuple[int, bytes]:
    async with owner.get(content) as answer:
        return answer.status, await answer.read()


async def test_a_store_that_is_down(own_service: Service) -> None:
    async with documents(own_service) as (gateway, owner, path, content):
        async with witnessed(own_service, "blob store down") as witness:
            gateway.down()
            for attempt in (upload(owner, path), download(owner, content)):
                began = time.monotonic()
                assert (await attempt)[0] == 503
                assert time.monotonic() - began < 60
            gateway.up()

            async def again() -> bool:
                return (await upload(owner, path))[0] == 201 and await download(owner, content) == (200, CONTENT)

            assert await until_so(again, 30) < 10
            figures = await account_for(own_service, witness)
    assert figures.seen == {}, "others were disturbed"


async def test_a_store_that_is_slow(own_service: Service) -> None:
    async with documents(own_service) as (gateway, owner, path, content):
        async with witnessed(own_service, "blob store slow") as witness:
            gateway.delay = 0.1
            assert (await upload(owner, path))[0] == 201
            assert await download(owner, content) == (200, CONTENT)
            figures = await account_for(own_service, witness)
    assert figures.seen == {}, "others were disturbed"
