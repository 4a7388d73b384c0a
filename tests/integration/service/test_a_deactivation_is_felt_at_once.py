"""An account is deactivated: how long its session and its API token still open anything."""

import asyncio
import datetime as dt
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import msgspec

from tests.support.newcomers import Newcomer, newcomer
from tests.support.relay import until
from tests.support.service import Service

LIMIT_SECONDS = 1.0


async def test_its_session_and_its_token_are_dead_within_a_second(service: Service) -> None:
    someone = await newcomer(service)
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(someone.client())
        colleague = await _colleague(someone, owner)
        person = await stack.enter_async_context(colleague.client())
        program = await stack.enter_async_context(service.client())
        bearer = {"authorization": f"Bearer {await _token(person)}"}
        assert [await _status(person), await _status(program, bearer)] == [200, 200]
        async with person.get("/api/v1/me") as answer:
            member = f"/api/v1/members/{(await answer.json())['id']}"

        began = time.perf_counter()
        dead = [asyncio.create_task(_dead_after(began, *who)) for who in ((person, {}), (program, bearer))]
        await _json(owner.patch(member, json={"status": "deactivated"}))
        session, token = await asyncio.gather(*dead)
    assert max(session, token) < LIMIT_SECONDS, f"the session lived {session:.3f} s, the token {token:.3f} s"


async def _colleague(someone: Newcomer, owner: aiohttp.ClientSession) -> Newcomer:
    """A member who has accepted the invitation that was mailed."""
    service, email = someone.service, f"colleague@{someone.slug}.example"
    await _json(owner.post("/api/v1/invitations", json={"email": email, "roles": ["member"]}))
    token = await asyncio.to_thread(_mailed_token, service, email)
    made = Newcomer(service, someone.slug, email, secrets.token_urlsafe(18))
    async with service.client() as client:
        body = {"token": token, "name": "Carl Collega", "password": made.password}
        await _json(client.post("/api/v1/invitations/acceptance", json=body))
    return made


def _mailed_token(service: Service, email: str) -> str:
    def sent() -> list[str]:
        listed = msgspec.json.decode(service.command("mail", "list", "--state", "sent", "--json").stdout)["mails"]
        return [mail["id"] for mail in listed if mail["recipient"] == email]

    until(lambda: bool(sent()))
    shown = service.command("mail", "show", sent()[0]).stdout
    found = re.search(r"token=([\w-]+)", shown)
    assert found, shown
    return found[1]


async def _token(person: aiohttp.ClientSession) -> str:
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    body = {"name": "Export", "scopes": ["dossiers:read"], "expires_at": ends.isoformat()}
    return (await _json(person.post("/api/v1/tokens", json=body)))["token"]


async def _dead_after(began: float, client: aiohttp.ClientSession, headers: Mapping[str, str]) -> float:
    """Seconds until the first refusal; asked without a pause."""
    while await _status(client, headers) == 200:
        pass
    return time.perf_counter() - began


async def _status(client: aiohttp.ClientSession, headers: Mapping[str, str] | None = None) -> int:
    async with client.get("/api/v1/dossiers?limit=1", headers=headers) as answer:
        return answer.status


async def _json(request: Any) -> Any:
    async with request as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()
