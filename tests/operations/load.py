"""Load on a service while it is upgraded: reads and writes on new connections, and what came of each.

Usage: load.py URL CERTIFICATE TOKEN RESULT; it ends when the file RESULT.stop appears. Runs on the machine under test.
"""

import asyncio
import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

_PAUSE = 0.03


async def main(url: str, certificate: str, token: str, result: Path) -> None:
    context = ssl.create_default_context(cafile=certificate)
    connector = aiohttp.TCPConnector(ssl=context, force_close=True)
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(url, connector=connector, timeout=timeout) as client:
        password = "a long password for the load"
        body = {"token": token, "name": "Load", "password": password}
        async with client.post("/api/v1/invitations/acceptance", json=body) as answer:
            assert answer.status in (200, 201), await answer.text()
        body = {"tenant": "acme", "email": "owner@acme.example", "password": password}
        async with client.post("/api/v1/session", json=body) as answer:
            assert answer.status == 201, await answer.text()
        Path(f"{result}.ready").touch()
        stop = Path(f"{result}.stop")
        writes, reads = await asyncio.gather(_writing(client, stop), _reading(client, stop))
        listed = await _all(client)
    lost = sorted(set(writes["ids"]) - listed)
    found = {
        "written": len(writes["ids"]),
        "lost": lost,
        "longest_write_s": writes["longest"],
        "longest_read_s": reads["longest"],
        "read_refused": reads["refused"],
        "write_refused": writes["refused"],
        "read": reads["good"],
        "statuses": sorted(set(writes["statuses"] + reads["statuses"])),
    }
    result.write_text(json.dumps(found))


async def _writing(client: aiohttp.ClientSession, stop: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"ids": [], "longest": 0.0, "refused": 0, "statuses": []}
    last = time.monotonic()
    number = 0
    while not stop.exists():
        number += 1
        try:
            async with client.post("/api/v1/dossiers", json={"title": f"Dossier {number}"}) as answer:
                if answer.status == 201:
                    found["ids"].append((await answer.json())["id"])
                    found["longest"] = max(found["longest"], time.monotonic() - last)
                    last = time.monotonic()
                else:
                    found["refused"] += 1
                    found["statuses"].append(answer.status)
        except (aiohttp.ClientError, OSError, TimeoutError):
            found["refused"] += 1
        await asyncio.sleep(_PAUSE)
    return found


async def _reading(client: aiohttp.ClientSession, stop: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"good": 0, "longest": 0.0, "refused": 0, "statuses": []}
    last = time.monotonic()
    while not stop.exists():
        try:
            async with client.get("/api/v1/me") as answer:
                if answer.status == 200:
                    found["good"] += 1
                    found["longest"] = max(found["longest"], time.monotonic() - last)
                    last = time.monotonic()
                else:
                    found["refused"] += 1
                    found["statuses"].append(answer.status)
        except (aiohttp.ClientError, OSError, TimeoutError):
            found["refused"] += 1
        await asyncio.sleep(_PAUSE)
    return found


async def _all(client: aiohttp.ClientSession) -> set[str]:
    ids: set[str] = set()
    cursor = None
    while True:
        query = {"limit": "200", **({"cursor": cursor} if cursor else {})}
        async with client.get("/api/v1/dossiers", params=query) as answer:
            page = await answer.json()
        ids |= {item["id"] for item in page["items"]}
        cursor = page["next"]
        if cursor is None:
            return ids


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])))
