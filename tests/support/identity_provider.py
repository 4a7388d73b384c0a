"""A certified OpenID Connect provider that we did not write (oidc-provider), in a process of its own, and a tenant that uses it."""

import asyncio
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import msgspec
from yarl import URL

from tools.provider import installed, node

from .certificates import write_pair
from .newcomers import Newcomer, newcomer
from .service import Service, free_port

PEOPLE = (
    {
        "sub": "sub-anna",
        "name": "Anna Peeters",
        "email": "anna@brouwer.example",
        "email_verified": True,
        "groups": ["staff"],
    },
    {
        "sub": "sub-bram",
        "name": "Bram Claes",
        "email": "bram@brouwer.example",
        "email_verified": True,
        "groups": ["staff", "boss"],
    },
    {
        "sub": "sub-mallory",
        "name": "Mallory",
        "email": "member@demeester.example",
        "email_verified": True,
        "groups": [],
    },
    {"sub": "sub-noah", "name": "Noah", "email": "noah@brouwer.example", "email_verified": False, "groups": []},
)


class IdentityProvider:
    """It runs on 127.0.0.1, so that its cookies are not sent to the service on localhost: cookies ignore ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.certificate = folder / "provider.pem"
        self.clients: list[dict[str, Any]] = []
        self._process: subprocess.Popen[bytes] | None = None
        write_pair(self.certificate, folder / "provider.key", host="127.0.0.1")

    @property
    def environment(self) -> dict[str, str]:
        """What a service needs to be allowed to speak with it."""
        return {"BELSIMPLE_OUTBOUND_ALLOWED": f"127.0.0.1:{self.port}", "BELSIMPLE_OUTBOUND_CA": str(self.certificate)}

    def register(self, service: Service, provider_id: str) -> tuple[str, str]:
        """A client of the service's; its id and secret. The provider starts anew to know it."""
        client_id, secret = f"client-{provider_id}", f"secret of {provider_id} &+%"
        self.clients.append(
            {
                "client_id": client_id,
                "client_secret": secret,
                "redirect_uris": [f"{service.url}/sso/{provider_id}/return"],
                "post_logout_redirect_uris": [f"{service.url}/"],
                "backchannel_logout_uri": f"{service.url}/sso/{provider_id}/logout",
                "backchannel_logout_session_required": True,
            }
        )
        self.restart(service)
        return client_id, secret

    def restart(self, service: Service) -> None:
        """Start it, or start it anew: it forgets everybody's session."""
        self.stop()
        settings = {
            "issuer": self.url,
            "port": self.port,
            "certificate": str(self.certificate),
            "key": str(self.folder / "provider.key"),
            "people": PEOPLE,
            "clients": self.clients,
        }
        configuration = self.folder / "provider.json"
        configuration.write_bytes(msgspec.json.encode(settings))
        with (self.folder / "provider.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "setpriv",
                    "--pdeathsig=TERM",
                    "--",
                    str(node()),
                    str(installed() / "server.js"),
                    str(configuration),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": "/usr/bin:/bin", "NODE_EXTRA_CA_CERTS": str(service.data / "tls" / "authority.pem")},
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            assert self._process is not None
            assert self._process.poll() is None, (self.folder / "provider.log").read_text()
            try:
                ssl.get_server_certificate(("127.0.0.1", self.port), timeout=1)
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def trust(self, service: Service) -> ssl.SSLContext:
        """A context that trusts it and the service."""
        context = service.trust()
        context.load_verify_locations(self.certificate)
        return context

    async def be(self, mode: str) -> None:
        """From now on: ok, down, slow, garbage, error; or rotate, once."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as client,
            client.get(f"{self.url}/control", params={"mode": mode}) as answer,
        ):
            assert answer.status == 200


@contextmanager
def identity_provider(folder: Path) -> Iterator[IdentityProvider]:
    """One that is not started yet."""
    made = IdentityProvider(folder)
    try:
        yield made
    finally:
        made.stop()


@dataclass
class Company:
    """A tenant of its own with its owner, and its identity provider, tested and in use."""

    service: Service
    peer: IdentityProvider
    owner: Newcomer
    provider: str

    @property
    def slug(self) -> str:
        return self.owner.slug

    @asynccontextmanager
    async def browser(self) -> AsyncIterator["Wanderer"]:
        """A browser's way of following where it is sent, without a page to look at."""
        connector = aiohttp.TCPConnector(ssl=self.peer.trust(self.service))
        agent = {"User-Agent": "Mozilla/5.0 Firefox/140.0"}
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.CookieJar(unsafe=True), headers=agent
        ) as client:
            yield Wanderer(self.owner, client)

    async def as_worker(self, query: str, *arguments: Any) -> Any:
        """A function of the worker's, called as the worker calls it."""
        url = self.service.command("database", "url", "--role", "worker").stdout.strip()
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()


class Wanderer:
    """Follows a sign-in step by step."""

    def __init__(self, owner: Newcomer, client: aiohttp.ClientSession) -> None:
        """``owner``: of the tenant that it is signed in to."""
        self.owner = owner
        self.client = client
        self.said = ""

    async def get(self, url: str | URL, *, follow: bool = True) -> aiohttp.ClientResponse:
        """A page, as by following a link."""
        answer = await self.client.get(self._absolute(url), allow_redirects=follow)
        self.said = await answer.text()
        return answer

    async def post(self, path: str | URL, **form: str) -> aiohttp.ClientResponse:
        """A form of the page one is on."""
        url = self._absolute(path)
        answer = await self.client.post(url, data=form, headers={"Origin": str(url.origin())})
        self.said = await answer.text()
        return answer

    def _absolute(self, url: str | URL) -> URL:
        return URL(self.owner.service.url).join(URL(url))

    async def set_off(self, target: str = "") -> URL:
        """The provider's address that the sign-in page leads to."""
        form = {"tenant": self.owner.slug, **({"next": target} if target else {})}
        await self.post("/sign-in/provider", **form)
        return self.onward()

    def onward(self) -> URL:
        """Where the page that is shown sends a browser."""
        marked = self.said.partition('http-equiv="refresh" content="0; url=')[2]
        assert marked, self.said
        return URL(marked.partition('"')[0].replace("&amp;", "&"), encoded=True)

    async def meet(self, there: URL, account: str) -> URL:
        """Sign in at the provider as somebody; the address that it sends the browser back to."""
        answer = await self.client.get(there, allow_redirects=False)
        for _ in range(8):
            location = answer.headers.get("location")
            if location is None:
                answer = await self.client.post(answer.url, data={"account": account}, allow_redirects=False)
                continue
            onward = answer.url.join(URL(location, encoded=True))
            if onward.origin() != there.origin():
                return onward
            answer = await self.client.get(onward, allow_redirects=False)
        raise AssertionError(await answer.text())

    async def sign_in(self, account: str, target: str = "") -> aiohttp.ClientResponse:
        """All of it."""
        return await self.get(await self.meet(await self.set_off(target), account))

    async def me(self) -> Any:
        """Who one is here; None for nobody."""
        async with self.client.get(self._absolute("/api/v1/me")) as answer:
            return await answer.json() if answer.status == 200 else None


async def company(service: Service, peer: IdentityProvider, *, domain: str = "brouwer.example") -> Company:
    """A new tenant whose owner has set all of it up over the API, and has tested it."""
    owner = await newcomer(service)
    async with owner.client("Mozilla/5.0 Firefox/140.0") as client:
        made = await _sent(client.post("/api/v1/providers", json={"name": "Brouwer"}))
        client_id, secret = await asyncio.to_thread(peer.register, service, made["id"])
        fields = {
            "issuer": peer.url,
            "client_id": client_id,
            "client_secret": secret,
            "scopes": "openid email profile groups",
        }
        await _sent(client.patch(f"/api/v1/providers/{made['id']}", json=fields, headers={"If-Match": '"1"'}))
        domain_id = (await _sent(client.post("/api/v1/domains", json={"name": domain})))["id"]
    made_company = Company(service, peer, owner, made["id"])
    await made_company.as_worker("select identity.note_domain_look($1, true)", UUID(domain_id))
    await try_and_switch_on(made_company)
    return made_company


async def try_and_switch_on(where: Company) -> None:
    """As its owner does on the page."""
    async with where.browser() as wanderer:
        await wanderer.post("/sign-in", tenant=where.slug, email=where.owner.email, password=where.owner.password)
        await wanderer.post(f"/settings/providers/{where.provider}/trial")
        await wanderer.get(await wanderer.meet(wanderer.onward(), "sub-anna"))
        async with wanderer.client.get(f"{where.service.url}/api/v1/providers/{where.provider}") as answer:
            shown, version = await answer.json(), answer.headers["etag"]
            assert shown["tried"], wanderer.said
        url = f"{where.service.url}/api/v1/providers/{where.provider}/status"
        headers = {"If-Match": version, "Origin": where.service.url}
        async with wanderer.client.put(url, json={"status": "active"}, headers=headers) as answer:
            assert answer.status == 200, await answer.text()


async def _sent(request: Any) -> Any:
    async with request as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()
