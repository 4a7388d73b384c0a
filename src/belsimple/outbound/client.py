"""The guarded client. A name is resolved once, every address it stands for is looked at, and the connection can go nowhere else."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from belsimple.language import marked as _
from belsimple.language import message
from belsimple.outbound.places import Address, Allowed, Place, is_metadata, is_public, parsed, place_of
from belsimple.outbound.trouble import OutboundTrouble

SECONDS: Final = 8.0
"""For one request with its redirects: under the ten that a request of a browser has."""
CONNECT_SECONDS: Final = 4.0
MOST_BYTES: Final = 1 << 20
MOST_REDIRECTS: Final = 3
AT_ONCE: Final = 16
_SAID: Final = {"accept": "application/json", "user-agent": "belsimple"}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

Resolve = Callable[[str, int], Awaitable[list[Address]]]


class Answer(msgspec.Struct, frozen=True):
    """What came back, whole. `address`: of whoever answered, after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    address: str


class GuardedClient:
    """HTTPS to public addresses, and to the hosts that the operator allows. Nothing is kept between requests: no connection, no cookie."""

    def __init__(
        self, allowed: Collection[Allowed] = (), authority: Path | None = None, resolve: Resolve | None = None
    ) -> None:
        """`authority`: a PEM file trusted beside the system's authorities; `resolve`: for tests of what a resolver can say."""
        self._allowed = frozenset(allowed)
        self._tls = ssl.create_default_context()
        if authority is not None:
            self._tls.load_verify_locations(authority)
        self._resolve = resolve or _resolve
        self._places = asyncio.Semaphore(AT_ONCE)

    async def get(self, address: str, *, headers: Mapping[str, str] | None = None, most: int = MOST_BYTES) -> Answer:
        """Fetch; a redirect is followed if it stands every check that the first address did. Raises OutboundTrouble."""
        return await self._bounded(self._follow(place_of(address), headers or {}, most))

    async def post(
        self, address: str, *, form: Mapping[str, str], headers: Mapping[str, str] | None = None, most: int = MOST_BYTES
    ) -> Answer:
        """Send a form. No redirect is followed: what is sent may be a secret. Raises OutboundTrouble."""
        return await self._bounded(self._once("POST", place_of(address), headers or {}, most, form))

    async def _bounded(self, request: Awaitable[Answer]) -> Answer:
        try:
            async with asyncio.timeout(SECONDS), self._places:
                return await request
        except TimeoutError:
            raise OutboundTrouble("slow", _("The other side did not answer in time.")) from None

    async def _follow(self, place: Place, headers: Mapping[str, str], most: int) -> Answer:
        for _hop in range(MOST_REDIRECTS + 1):
            answer = await self._once("GET", place, headers, most, None)
            if answer.status not in _REDIRECTS:
                return answer
            place = _next_place(place, answer)
        raise OutboundTrouble("redirect", _("The address leads on to another too often."))

    async def _once(
        self, method: str, place: Place, headers: Mapping[str, str], most: int, form: Mapping[str, str] | None
    ) -> Answer:
        try:
            async with (
                self._session(await self._addresses(place)) as session,
                session.request(
                    method,
                    place.url,
                    data=form,
                    headers={**_SAID, **headers, "accept-encoding": "identity"},
                    allow_redirects=False,
                ) as response,
            ):
                body = await _read(response, most)
                kept = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, kept, body, str(place.url))
        except aiohttp.ClientConnectorCertificateError:
            raise OutboundTrouble("certificate", _("The certificate of the other side is not good.")) from None
        except (aiohttp.ClientConnectorError, aiohttp.ClientSSLError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise OutboundTrouble("slow", _("The other side did not answer in time.")) from None
            raise OutboundTrouble("unreachable", _("No connection could be made to the other side.")) from None
        except (aiohttp.ClientError, ValueError):
            raise _broken() from None

    def _session(self, addresses: frozenset[Address]) -> aiohttp.ClientSession:
        """For one request to these addresses and no others."""
        connector = aiohttp.TCPConnector(
            ssl=self._tls,
            resolver=_Pinned(addresses),
            use_dns_cache=False,
            force_close=True,
            socket_factory=_only_to(addresses),
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # a megabyte of gzip is a gigabyte of text
            timeout=aiohttp.ClientTimeout(total=SECONDS, sock_connect=CONNECT_SECONDS),
            trust_env=False,  # a proxy would resolve the name anew
        )

    async def _addresses(self, place: Place) -> frozenset[Address]:
        """Every address that the name stands for now. One that is not public refuses them all: it was put there on purpose."""
        try:
            found = await self._resolve(place.host, place.port)
        except (OSError, UnicodeError, ValueError):
            found = []
        if not found:
            raise OutboundTrouble("unresolved", message(_("The name {host} is not known in the DNS."), host=place.host))
        allowed = Allowed(place.host, place.port) in self._allowed
        if any(is_metadata(one) or not (allowed or is_public(one)) for one in found):
            raise OutboundTrouble(
                "private", _("The address leads into a private network. Only addresses on the internet can be used.")
            )
        return frozenset(found)


class _Pinned(AbstractResolver):
    """Says what was looked at, whatever it is asked."""

    def __init__(self, addresses: frozenset[Address]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses, as aiohttp wants them."""
        return [
            ResolveResult(
                hostname=host,
                host=str(one),
                port=port,
                family=_family(one),
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for one in self._addresses
            if family in (socket.AF_UNSPEC, _family(one))
        ]

    async def close(self) -> None:
        """Nothing is open."""


def _only_to(addresses: frozenset[Address]) -> Callable[[Any], socket.socket]:
    """Makes sockets to these addresses: the last look, at the very thing that is connected to."""

    def make(info: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _name, target = info
        if parsed(str(target[0])) not in addresses:
            raise OSError("not an address that was looked at")
        return socket.socket(family, kind, protocol)

    return make


async def _resolve(host: str, port: int) -> list[Address]:
    """What the system's resolver says, once."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [parsed(str(target[0])) for *_rest, target in found]


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise _broken()
    taken = bytearray()
    async for piece in response.content.iter_chunked(1 << 16):
        taken += piece
        if len(taken) > most:
            raise OutboundTrouble("large", _("The other side sends more than an answer can hold."))
    return bytes(taken)


def _next_place(place: Place, answer: Answer) -> Place:
    try:
        return place_of(place.url.join(URL(answer.headers["location"])))
    except (KeyError, ValueError):
        raise _broken() from None


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _broken() -> OutboundTrouble:
    return OutboundTrouble("broken", _("The other side answers something that cannot be read."))
