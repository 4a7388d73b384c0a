"""People at the pages of second factors: with some of their own, and half-way through signing in."""

import asyncio
import re
import time
from base64 import b32decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from belsimple.attack.authenticator import Authenticator

from .factors import code_of, earlier_code
from .newcomers import Newcomer, newcomer
from .service import Service

ELSEWHERE = "a browser of somebody else"
_MAIL_SECONDS = 20.0


@asynccontextmanager
async def holder(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    """Signed in, with a passkey, and an app whose first code is wanted."""
    async with (await newcomer(service)).client() as client:
        device = Authenticator(service.url)
        asked = await _done(client, "/api/v1/account/passkeys/challenge")
        await _done(client, "/api/v1/account/passkeys", credential=device.create(asked["options"]), name="Laptop")
        await _done(client, "/api/v1/account/totp")
        yield client


@asynccontextmanager
async def app_holder(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    """Signed in, with an app and nothing else."""
    async with (await newcomer(service)).client() as client:
        await _app(client)
        yield client


@asynccontextmanager
async def at_the_factor(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    """The password is given, and a code or a passkey wanted."""
    someone = await newcomer(service)
    async with someone.client() as client:
        await _app(client)
        device = Authenticator(service.url)
        asked = await _done(client, "/api/v1/account/passkeys/challenge")
        await _done(client, "/api/v1/account/passkeys", credential=device.create(asked["options"]))
    async with service.client() as client:
        await _give_password(client, someone)
        yield client


@asynccontextmanager
async def at_the_mailbox(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    """A code was given in a new browser, and the mailbox must say yes."""
    someone = await newcomer(service)
    async with someone.client() as client:
        secret = await _app(client)
    async with service.client(headers={"User-Agent": ELSEWHERE}) as client:
        await _give_password(client, someone)
        await _done(client, "/api/v1/session/factor", code=code_of(secret))
        yield client


@asynccontextmanager
async def at_the_enrolment(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    """A factor must be made, and an app's secret waits for its first code."""
    someone = await newcomer(service)
    async with someone.client() as client:
        await _app(client)
        await _demand_factors(client)
        async with client.delete("/api/v1/account/totp") as answer:
            assert answer.status == 204, await answer.text()
    async with service.client() as client:
        await _give_password(client, someone)
        await _done(client, "/api/v1/session/enrolment/totp")
        yield client


async def asked_at_the_mailbox(service: Service) -> str:
    """The query of the link in such a mail, which is still good."""
    async with at_the_mailbox(service):
        return await asyncio.to_thread(_newest_link, service)


def _newest_link(service: Service) -> str:
    deadline = time.monotonic() + _MAIL_SECONDS
    while time.monotonic() < deadline:
        listed = msgspec.json.decode(service.command("mail", "list", "--state", "sent", "--json").stdout)["mails"]
        for one in listed:
            if one["kind"] == "browser_confirmation":
                shown = service.command("mail", "show", one["id"], "--json").stdout
                return re.findall(r"/sign-in/confirmation\?(token=[\w-]+)", shown)[0]
        time.sleep(0.5)
    raise AssertionError(f"no mail about a new browser within {_MAIL_SECONDS} s")


async def _app(client: aiohttp.ClientSession) -> bytes:
    """An authenticator app; the code before the present one is used up."""
    secret = b32decode((await _done(client, "/api/v1/account/totp"))["secret"])
    await _done(client, "/api/v1/account/totp/confirmation", code=await earlier_code(secret))
    return secret


async def _demand_factors(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/v1/roles") as answer:
        owner = next(one["id"] for one in (await answer.json())["items"] if one["name"] == "owner")
    async with client.get("/api/v1/tenant/policy") as answer:
        version = answer.headers["ETag"]
    body = {"factor_role_ids": [owner]}
    async with client.patch("/api/v1/tenant/policy", json=body, headers={"If-Match": version}) as answer:
        assert answer.status == 200, await answer.text()


async def _give_password(client: aiohttp.ClientSession, someone: Newcomer) -> None:
    body = {"tenant": someone.slug, "email": someone.email, "password": someone.password}
    async with client.post("/api/v1/session", json=body) as answer:
        assert answer.status == 202, await answer.text()


async def _done(client: aiohttp.ClientSession, path: str, **body: Any) -> Any:
    async with client.post(path, json=body) as answer:
        assert answer.status in {200, 201, 202}, await answer.text()
        return await answer.json()


@asynccontextmanager
async def provider_owner(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    """Signed in, with an identity provider that is filled in, a domain that is not proven yet, and a directory that asked things."""
    someone = await newcomer(service)
    async with someone.client() as client:
        await _provider(client)
        await _done(client, "/api/v1/domains", name="brouwer.example")
        made = await _done(client, "/api/v1/scim-connections", name="Entra ID")
        await _provision(service, made["token"], someone.email)
        yield client


async def _provision(service: Service, token: str, email: str) -> None:
    """A group, and a user whose address is its owner's: it waits to be linked."""
    async with service.client(headers={"authorization": f"Bearer {token}"}) as client:
        for path, body, status in (
            ("Groups", {"displayName": "Clerks"}, 201),
            ("Users", {"userName": email, "externalId": "7"}, 409),
        ):
            async with client.post(f"/scim/v2/{path}", json=body) as answer:
                assert answer.status == status, await answer.text()
    await asyncio.sleep(2.5)  # what it asked is written every other second


async def setting_a_provider_up(service: Service) -> str:
    """The query of a setup link."""
    async with (await newcomer(service)).client() as client:
        return await _setup_link(client, await _provider(client))


async def _setup_link(client: aiohttp.ClientSession, made: Any) -> str:
    request = client.post(f"/api/v1/providers/{made['id']}/setup", headers={"If-Match": f'"{made["version"]}"'})
    async with request as answer:
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["path"]).partition("?")[2]


async def _provider(client: aiohttp.ClientSession) -> Any:
    made = await _done(client, "/api/v1/providers", name="Brouwer")
    fields = {"issuer": "https://login.brouwer.example", "client_id": "belsimple", "client_secret": "secret"}
    return await _changed(client, f"/api/v1/providers/{made['id']}", made, fields)


async def _changed(client: aiohttp.ClientSession, address: str, made: Any, fields: Any) -> Any:
    async with client.patch(address, json=fields, headers={"If-Match": f'"{made["version"]}"'}) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


@asynccontextmanager
async def saml_owner(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    """Signed in, with a SAML provider that is filled in, two keys of ours for it."""
    async with (await newcomer(service)).client() as client:
        made = await _saml_provider(client)
        await _done(client, f"/api/v1/saml-providers/{made['id']}/keys")
        yield client


async def setting_saml_up(service: Service) -> str:
    """The query of a setup link for a SAML provider."""
    async with (await newcomer(service)).client() as client:
        return await _setup_link(client, await _saml_provider(client))


async def _saml_provider(client: aiohttp.ClientSession) -> Any:
    made = await _done(client, "/api/v1/saml-providers", name="Brouwer")
    fields = {
        "issuer": "http://login.brouwer.example/entity",
        "sign_on_address": "https://login.brouwer.example/sso",
        "logout_address": "https://login.brouwer.example/slo",
        "certificates": [made["keys"][0]["certificate"]],  # any that is one
    }
    return await _changed(client, f"/api/v1/saml-providers/{made['id']}", made, fields)
