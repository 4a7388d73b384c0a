"""Every page that the service has, from its own register of endpoints, and an address of each in the demo data.

A new page is found by itself. What an address needs besides the page's path stands in the two tables below.
"""

import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import aiohttp
import msgspec
from playwright.async_api import BrowserContext

from belsimple.server.assembly import all_endpoints
from belsimple.web.endpoint import Endpoint

from . import halfway
from .browser import carry_cookies
from .service import Service

Viewer = Literal[
    "nobody",
    "owner",
    "operator",
    "holder",
    "provider-owner",
    "saml-owner",
    "app-holder",
    "at-factor",
    "at-mailbox",
    "at-enrolment",
]
"""Who looks; holders have second factors, the provider-owner an identity provider, a domain and a directory, the saml-owner a provider of SAML, and the last three are half-way through signing in."""

_FRESH_SECONDS: Final = 300.0
_PAGE_KINDS: Final = frozenset(("html", "view"))
_PARAMETER = re.compile(r"\{([a-z_]+)\}")

_VALUES: Final[dict[str, str | Callable[[Service], str]]] = {
    "/documents": "/api/v1/dossiers/{id}/documents",
    "/settings/members": "/api/v1/members",
    "/settings/invitations": "/api/v1/invitations",
    "/settings/roles": "/api/v1/roles",
    "/operator/staff": "/operator/api/v1/operators",
    "/t": lambda service: service.demo["tenants"][0]["slug"],
    "/account/factors/passkeys": "/api/v1/account/factors",
    "/settings/providers": "/api/v1/providers",
    "/settings/saml-providers": "/api/v1/providers",
    "/settings/provisioning": "/api/v1/scim-connections",
}
"""What a path parameter stands for after this beginning of a page's path: the list of the API whose first item it is, or the value.

A path that is not here has its list at the same place in the API.
"""


def _over(_: Service) -> str:
    return f"token={secrets.token_urlsafe(32)}"


def _invited_owner(service: Service) -> str:
    slug = f"seen-{secrets.token_hex(3)}"
    return _link(service, "tenant", "create", slug, "--owner", f"owner@{slug}.example")


def _invited_operator(service: Service) -> str:
    return _link(service, "operator", "invite", f"seen-{secrets.token_hex(3)}@operator.example", "--role", "support")


_QUERIES: Final[dict[str, dict[str, Callable[[Service], str | Awaitable[str]]]]] = {
    "/invitation": {"": _invited_owner, "over": _over},
    "/operator/invitation": {"": _invited_operator, "over": _over},
    "/reset": {"": lambda _: "", "over": _over},
    "/start": {},
    "/sso/go": {},
    "/sso/{id}/return": {},
    "/sso/{id}/arrival": {},
    "/sso/{id}/single-logout": {},
    "/sso/{id}/farewell": {},
    "/sso/setup": {"": halfway.setting_a_provider_up, "saml": halfway.setting_saml_up, "over": _over},
    "/email-change": {"over": _over},
    "/sign-in/confirmation": {"": halfway.asked_at_the_mailbox, "over": _over},
    "/operator/reset": {"": lambda _: "", "over": _over},
}
"""Pages behind links: each state that is worth a look, and how to make the query of a link in it. None of a page that leads on to another, or
to an identity provider (tests/single_sign_on has those)."""

_VIEWERS: Final[dict[str, Viewer]] = {
    "/account/factors/totp/removal": "app-holder",
    "/account/factors": "holder",
    "/account/providers": "provider-owner",
    "/settings/providers": "provider-owner",
    "/settings/saml-providers": "saml-owner",
    "/settings/single-sign-on": "provider-owner",
    "/settings/provisioning": "provider-owner",
    "/sign-in/factor": "at-factor",
    "/sign-in/browser": "at-mailbox",
    "/sign-in/enrolment": "at-enrolment",
}
"""Who sees the pages at and under a path, where it is nobody that the declaration tells."""


@dataclass(frozen=True)
class SitePage:
    """A page as somebody sees it; `state` tells apart what one path may show."""

    path: str
    viewer: Viewer
    state: str = ""

    @property
    def status(self) -> int:
        """What it answers."""
        return 404 if self.state == "over" else 200

    @property
    def name(self) -> str:
        """Its name in a file's name."""
        words = re.findall(r"[a-z0-9]+", self.path) or ["start"]
        return "-".join([self.viewer, *words, *([self.state] if self.state else [])])

    def __str__(self) -> str:
        return self.name


_BESIDES: Final = (SitePage("/settings/providers/{id}", "saml-owner"),)
"""Pages that look quite different to somebody else."""


def site_pages() -> tuple[SitePage, ...]:
    """Every page, in the register's order."""
    pages = [made for made in all_endpoints() if made.reads and made.signature.returns.kind in _PAGE_KINDS]
    states = (
        SitePage(made.path, _viewer(made), state) for made in pages for state in _QUERIES.get(made.path, {"": _over})
    )
    return (*states, *_BESIDES)


class Visitors:
    """Demo people with a session each, opened when it is first needed, and the addresses they find pages at."""

    def __init__(self, service: Service, stack: AsyncExitStack) -> None:
        self._service = service
        self._stack = stack
        self._clients: dict[Viewer, tuple[float, aiohttp.ClientSession]] = {}
        self._addresses: dict[SitePage, tuple[float, aiohttp.ClientSession, str]] = {}

    @classmethod
    @asynccontextmanager
    async def of(cls, service: Service) -> AsyncIterator["Visitors"]:
        """Visitors of a running service with demo data."""
        async with AsyncExitStack() as stack:
            yield cls(service, stack)

    async def become(self, viewer: Viewer, context: BrowserContext) -> None:
        """Give a context this person's session."""
        await carry_cookies(context, self._service, await self.client(viewer))

    async def client(self, viewer: Viewer) -> aiohttp.ClientSession:
        """This person's client."""
        since, known = self._clients.get(viewer, (0.0, None))
        if known is None or (viewer in _VIEWERS.values() and _is_old(since)):
            opened = {
                "nobody": self._service.client,
                "owner": lambda: self._service.signed_in("owner"),
                "operator": self._service.operator_signed_in,
                "holder": lambda: halfway.holder(self._service),
                "provider-owner": lambda: halfway.provider_owner(self._service),
                "saml-owner": lambda: halfway.saml_owner(self._service),
                "app-holder": lambda: halfway.app_holder(self._service),
                "at-factor": lambda: halfway.at_the_factor(self._service),
                "at-mailbox": lambda: halfway.at_the_mailbox(self._service),
                "at-enrolment": lambda: halfway.at_the_enrolment(self._service),
            }[viewer]()
            known = await self._stack.enter_async_context(opened)
            self._clients[viewer] = time.monotonic(), known
        return known

    async def address(self, page: SitePage, language: str = "en") -> str:
        """Path and query of a page in the demo data, in a language whatever the viewer's own is."""
        address = await self._found(page)
        return f"{address}{'&' if '?' in address else '?'}language={language}"

    async def _found(self, page: SitePage) -> str:
        viewer = await self.client(page.viewer)
        since, known_to, known = self._addresses.get(page, (0.0, None, ""))
        if known_to is not viewer or (page.path in _QUERIES and _is_old(since)):
            made = _QUERIES[page.path][page.state](self._service) if page.path in _QUERIES else ""
            query = made if isinstance(made, str) else await made
            path = await self._path(page, page.path)
            known = f"{path}?{query}" if query else path
            self._addresses[page] = time.monotonic(), viewer, known
        return known

    async def _path(self, page: SitePage, path: str) -> str:
        filled = ""
        for segment in path.split("/")[1:]:
            parameter = _PARAMETER.fullmatch(segment)
            filled += f"/{await self._first(page, filled, parameter[1]) if parameter else segment}"
        return filled

    async def _first(self, page: SitePage, collection: str, parameter: str) -> str:
        side = "/operator" if collection.startswith("/operator/") else ""
        collection = collection.replace("/settings/provisioning/", "/scim-connections/")
        listed = _VALUES.get(collection, f"{side}/api/v1{collection.removeprefix(side).removeprefix('/api/v1')}")
        if not isinstance(listed, str):
            return listed(self._service)
        listed = await self._path(page, listed)
        client = await self.client(page.viewer)
        async with client.get(listed) as answer:
            assert answer.status == 200, f"{page.path}: no list at {listed} ({answer.status}); name it in _VALUES"
            found: dict[str, Any] = await answer.json()
        items: list[dict[str, Any]] = found["items"] if "items" in found else found["passkeys"]
        assert items, f"{page.path}: the demo data has nothing in {listed}, so nobody sees this page"
        return str(items[0].get(parameter) or items[0]["id"])


def _is_old(since: float) -> bool:
    """Whether a sign-in that was begun then may soon be over: it lives for ten minutes."""
    return time.monotonic() - since > _FRESH_SECONDS


def _viewer(made: Endpoint) -> Viewer:
    for path, viewer in _VIEWERS.items():
        if made.path == path or made.path.startswith(f"{path}/"):
            return viewer
    if made.public:
        return "nobody"
    return "operator" if made.part == "operator" else "owner"


def _link(service: Service, *command: str) -> str:
    done = service.command(*command, "--json")
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout)["link"].partition("?")[2]
