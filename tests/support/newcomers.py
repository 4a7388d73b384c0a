"""Somebody new to a running service, whose account a test may change as it likes."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from .service import Service


@dataclass
class Newcomer:
    """The owner of a tenant that has nobody else."""

    service: Service
    slug: str
    email: str
    password: str

    @asynccontextmanager
    async def client(self, agent: str | None = None) -> AsyncIterator[aiohttp.ClientSession]:
        """A client with a new session, opened as by the browser that says this of itself."""
        body = {"tenant": self.slug, "email": self.email, "password": self.password}
        headers = {} if agent is None else {"User-Agent": agent, "Origin": self.service.url}
        async with self.service.client(headers=headers) as client:
            async with client.post("/api/v1/session", json=body) as answer:
                assert answer.status == 201, await answer.text()
            yield client

    async def end_sessions(self) -> None:
        """Every session ends, without a word to its browser."""
        async with self.client() as client:
            await _done(client.delete("/api/v1/sessions"))
            await _done(client.delete("/api/v1/session"))


def invited_owner(service: Service) -> tuple[str, str]:
    """A new tenant; its short name, and its owner's invitation: the link's path and query."""
    slug = f"new-{secrets.token_hex(4)}"
    made = service.command("tenant", "create", slug, "--owner", f"owner@{slug}.example", "--json")
    assert made.returncode == 0, made.stderr
    return slug, URL(msgspec.json.decode(made.stdout)["link"]).path_qs


async def newcomer(service: Service) -> Newcomer:
    """Somebody who has just accepted an invitation."""
    slug, link = await asyncio.to_thread(invited_owner, service)
    someone = Newcomer(service, slug, f"owner@{slug}.example", secrets.token_urlsafe(18))
    body = {"token": URL(link).query["token"], "name": "Nele Nieuw", "password": someone.password}
    async with service.client() as client:
        await _done(client.post("/api/v1/invitations/acceptance", json=body))
    return someone


async def _done(request: Any) -> None:
    async with request as answer:
        assert answer.status < 300, await answer.text()
