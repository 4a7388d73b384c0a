"""A directory connected to a running service: a tenant with a proven domain, a connection, and a client that shows its token over TLS."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp

from .databases import connected
from .newcomers import Newcomer, newcomer
from .service import Service


@dataclass(frozen=True)
class Provisioned:
    """A tenant's owner, its connection and the connection's token."""

    service: Service
    owner: Newcomer
    domain: str
    connection: str
    token: str

    @asynccontextmanager
    async def client(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Shows the token with each request."""
        async with self.service.client(headers={"authorization": f"Bearer {self.token}"}) as client:
            yield client


async def provisioned(service: Service) -> Provisioned:
    """A new tenant, whose owner has made a connection over the API."""
    owner = await newcomer(service)
    domain = f"{owner.slug}.example"
    async with owner.client() as client:
        proven = await answered(client.post("/api/v1/domains", json={"name": domain}))
        await as_worker(service, "select identity.note_domain_look($1, true)", UUID(proven["id"]))
        made = await answered(client.post("/api/v1/scim-connections", json={"name": "Entra ID"}))
    return Provisioned(service, owner, domain, made["connection_id"], made["token"])


async def as_worker(service: Service, statement: str, *arguments: Any) -> Any:
    """What the worker says to the database."""
    url = json.loads(service.command("database", "url", "--role", "worker", "--json").stdout)["url"]
    async with connected(url) as connection:
        return await connection.fetchval(statement, *arguments)


async def answered(request: Any) -> Any:
    """The body of an answer that is no error."""
    async with request as answer:
        assert answer.status < 300, await answer.text()
        text = await answer.text()
        return json.loads(text) if text else None
