"""A directory's sync, as directories do it: every user looked for by its key and made or replaced, then every group."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from .provisioned import Provisioned

AT_ONCE = 8
"""Requests at the same time, as a directory's provisioning service sends them."""
_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@dataclass
class Sync:
    """One run. ``waits``: how often the service said to come back later, which is obeyed."""

    made: Provisioned
    client: aiohttp.ClientSession
    users: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    waits: int = 0

    async def run(self, users: int, groups: int) -> float:
        """All of it; returns the seconds."""
        began = time.perf_counter()
        await _each(range(users), self._user)
        await _each(range(groups), lambda number: self._group(number, users, groups))
        return time.perf_counter() - began

    async def _user(self, number: int) -> None:
        wanted = _person(number, self.made.domain)
        kept = await self._same("Users", wanted)
        self.users[wanted["externalId"]] = kept["id"]

    async def _group(self, number: int, users: int, groups: int) -> None:
        members = [{"value": self.users[f"key-{one}"]} for one in range(number, users, groups)]
        await self._same(
            "Groups", {"externalId": f"group-{number}", "displayName": f"Group {number}", "members": members}
        )

    async def _same(self, kind: str, wanted: dict[str, Any]) -> Any:
        found = await self._ask("GET", f"{kind}?filter=externalId+eq+%22{wanted['externalId']}%22&attributes=id")
        if not found["totalResults"]:
            return await self._ask("POST", kind, wanted)
        return await self._ask("PUT", f"{kind}/{found['Resources'][0]['id']}", wanted)

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        while True:
            self.requests += 1
            async with self.client.request(method, f"/scim/v2/{path}", json=body) as answer:
                if answer.status == 429:
                    self.waits += 1
                    await asyncio.sleep(float(answer.headers["retry-after"]))
                    continue
                assert answer.status < 300, await answer.text()
                return await answer.json(content_type="application/scim+json")


def _person(number: int, domain: str) -> dict[str, Any]:
    address = f"person-{number}@{domain}"
    return {
        "schemas": [_USER, _ENTERPRISE],
        "externalId": f"key-{number}",
        "userName": address,
        "name": {"givenName": f"Given {number}", "familyName": "Family"},
        "displayName": f"Given {number} Family",
        "emails": [{"value": address, "type": "work", "primary": True}],
        "phoneNumbers": [{"value": f"+32 2 555 {number:04}", "type": "work"}],
        "preferredLanguage": "nl-BE",
        "active": True,
        _ENTERPRISE: {"department": f"Department {number % 17}", "employeeNumber": str(number)},
    }


async def _each(numbers: Iterable[int], work: Callable[[int], Awaitable[None]]) -> None:
    waiting = iter(numbers)

    async def worker() -> None:
        for number in waiting:
            await work(number)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
