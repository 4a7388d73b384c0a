"""A tenant with a SAML provider that a test plays itself: it signs what it likes, so it can be honest and anything else."""

import asyncio
import re
import time
import zlib
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import asyncpg
from yarl import URL

from belsimple.sso.saml.provider import SamlProvider
from tests.support.saml_messages import Facts, Shape, certified, encoded, moment, provider, rsa_key

from .identity_provider import Wanderer
from .newcomers import Newcomer, newcomer
from .service import Service

ISSUER = "http://idp.brouwer.example/entity"
SIGN_ON = "https://idp.brouwer.example/sso"
LOGOUT = "https://idp.brouwer.example/slo"
AGENT = {"User-Agent": "Mozilla/5.0 Firefox/140.0"}


@cache
def _certificate(name: str) -> str:
    return certified(rsa_key(name), now=time.time())


@dataclass
class SamlCompany:
    """A tenant of its own with its owner, and its SAML provider, tested and in use."""

    service: Service
    owner: Newcomer
    provider: str
    keys: list[str] = field(default_factory=lambda: ["company"])
    """The names of the keys that the provider signs with: the first one does."""

    @property
    def slug(self) -> str:
        return self.owner.slug

    @property
    def where(self) -> str:
        return f"{self.service.url}/sso/{self.provider}"

    @property
    def certificates(self) -> list[str]:
        """Of all its keys."""
        return [_certificate(name) for name in self.keys]

    def facts(self, asked: str | None, **changed: Any) -> Facts:
        """What an honest response to this request says, now."""
        now = time.time()
        honest = Facts(
            issuer=ISSUER,
            response_issuer=ISSUER,
            destination=f"{self.where}/response",
            response_request=asked,
            response_issued=moment(now),
            response_id=f"_r{now}",
            assertion_id=f"_a{now}",
            issued=moment(now),
            recipient=f"{self.where}/response",
            request=asked,
            confirmed_until=moment(now + 300),
            begins=moment(now - 30),
            ends=moment(now + 3600),
            audiences=(f"{self.where}/metadata",),
            authenticated=moment(now),
        )
        return replace(honest, **changed)

    def response(self, asked: str | None, *, key: str | None = None, **changed: Any) -> str:
        """As its form holds it."""
        signing = rsa_key(key or self.keys[0])
        shape = Shape("company", "samlp:", "saml:", signing, provider(ISSUER, signing))
        return encoded(shape.document(self.facts(asked, **changed)))

    def trusted(self) -> SamlProvider:
        """Itself, as the service knows it."""
        return provider(ISSUER, rsa_key(self.keys[0]), sign_on_address=SIGN_ON, logout_address=LOGOUT)

    @asynccontextmanager
    async def browser(self) -> AsyncIterator["SamlWanderer"]:
        """A browser's way of following where it is sent, without a page to look at."""
        connector = aiohttp.TCPConnector(ssl=self.service.trust())
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=jar, headers=AGENT) as client:
            yield SamlWanderer(self, client)

    async def change(self, **fields: Any) -> Any:
        """Over the API, as its owner."""
        async with self.owner.client(AGENT["User-Agent"]) as client:
            address = f"/api/v1/saml-providers/{self.provider}"
            async with client.get(address) as answer:
                version = answer.headers["etag"]
            async with client.patch(address, json=fields, headers={"If-Match": version}) as answer:
                assert answer.status == 200, await answer.text()
                return await answer.json()

    async def attempts(self) -> list[Any]:
        """What the admin sees of the last sign-ins."""
        async with (
            self.owner.client(AGENT["User-Agent"]) as client,
            client.get(f"/api/v1/providers/{self.provider}/attempts") as answer,
        ):
            return (await answer.json())["items"]

    async def as_worker(self, query: str, *arguments: Any) -> Any:
        """A function of the worker's, called as the worker calls it."""
        url = (await asyncio.to_thread(self.service.command, "database", "url", "--role", "worker")).stdout.strip()
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()


class SamlWanderer(Wanderer):
    """Follows a sign-in step by step, as the provider's form leads it."""

    def __init__(self, company: SamlCompany, client: aiohttp.ClientSession) -> None:
        super().__init__(company.owner, client)
        self.company = company

    async def request(self) -> str:
        """Set off; the id of the request that the provider gets."""
        return request_of(await self.set_off())

    async def bring(self, response: str, **form: str) -> URL:
        """The provider's form, from its own site and so without a cookie of ours; where the browser is sent on to."""
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self.company.service.trust()),
            headers={**AGENT, "Origin": "https://idp.brouwer.example"},
        ) as stranger:
            address = f"{self.company.where}/response"
            data = {"SAMLResponse": response, **form}
            async with stranger.post(address, data=data, allow_redirects=False) as answer:
                assert answer.status == 303, await answer.text()
                assert "set-cookie" not in answer.headers
                return URL(answer.headers["location"])

    async def sign_in_as(self, **changed: Any) -> aiohttp.ClientResponse:
        """All of it, the provider being honest but for what is changed."""
        return await self.get(await self.bring(self.company.response(await self.request(), **changed)))


def request_of(address: URL | str) -> str:
    """The id of the request in an address of the redirect binding."""
    [squeezed] = parse_qs(urlsplit(str(address)).query)["SAMLRequest"]
    document = zlib.decompress(b64decode(squeezed), -zlib.MAX_WBITS).decode()
    found = re.search(r' ID="([^"]+)"', document)
    assert found, document
    return found[1]


async def saml_company(service: Service, *, domain: str = "brouwer.example", **fields: Any) -> SamlCompany:
    """A new tenant whose owner has set all of it up over the API, and has tested it."""
    made = await saml_draft(service, domain=domain)
    values = {"issuer": ISSUER, "sign_on_address": SIGN_ON, "logout_address": LOGOUT, "certificates": made.certificates}
    await made.change(**{**values, **fields})
    await try_and_switch_on(made)
    return made


async def saml_draft(service: Service, *, domain: str = "brouwer.example") -> SamlCompany:
    """A new tenant whose owner has added a SAML provider and proven a domain."""
    owner = await newcomer(service)
    async with owner.client(AGENT["User-Agent"]) as client:
        async with client.post("/api/v1/saml-providers", json={"name": "Brouwer"}) as answer:
            assert answer.status == 201, await answer.text()
            provider_id = (await answer.json())["id"]
        async with client.post("/api/v1/domains", json={"name": domain}) as answer:
            domain_id = (await answer.json())["id"]
    made = SamlCompany(service, owner, provider_id)
    await made.as_worker("select identity.note_domain_look($1::text::uuid, true)", domain_id)
    return made


async def try_and_switch_on(where: SamlCompany) -> None:
    """As its owner does on the page."""
    async with where.browser() as wanderer:
        await wanderer.post("/sign-in", tenant=where.slug, email=where.owner.email, password=where.owner.password)
        await wanderer.post(f"/settings/providers/{where.provider}/trial")
        request = request_of(wanderer.onward())
        await wanderer.get(await wanderer.bring(where.response(request)))
        async with wanderer.client.get(f"{where.service.url}/api/v1/providers/{where.provider}") as answer:
            shown, version = await answer.json(), answer.headers["etag"]
            assert shown["tried"], wanderer.said
        url = f"{where.service.url}/api/v1/providers/{where.provider}/status"
        headers = {"If-Match": version, "Origin": where.service.url}
        async with wanderer.client.put(url, json={"status": "active"}, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
