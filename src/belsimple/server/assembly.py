"""What each part is made of: its endpoints, its database role, its services."""

import os
import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, Literal

from belsimple.access.pages import ENDPOINTS as ACCESS_PAGES
from belsimple.access.routes import ENDPOINTS as ACCESS
from belsimple.atomic import write_once
from belsimple.audit.pages import ENDPOINTS as AUDIT_PAGES
from belsimple.audit.routes import ENDPOINTS as AUDIT
from belsimple.console.menu import MODULE_SETTINGS_ENTRY, OPERATOR, SETTINGS, Menu
from belsimple.console.pages import ConsolePages
from belsimple.console.routes import ENDPOINTS as CONSOLE
from belsimple.console.routes import start_page
from belsimple.database.transaction import Database
from belsimple.errors import OperatorError
from belsimple.identity.endpoints import ENDPOINTS as IDENTITY
from belsimple.identity.factors import Factors
from belsimple.identity.hashing import Hasher
from belsimple.metrics.process import CountingLog, ProcessFigures, begin, note_certificate
from belsimple.modules import Module, discover, endpoints_of
from belsimple.operators.endpoints import ENDPOINTS as OPERATORS
from belsimple.outbound import GuardedClient
from belsimple.scim.endpoints import ENDPOINTS as SCIM
from belsimple.server import tls
from belsimple.server.filing import vault
from belsimple.server.layout import metrics_folder
from belsimple.server.machine import machine_facts
from belsimple.server.notification import tell_manager
from belsimple.server.runtime import runtime_folder, socket_folder
from belsimple.server.settings import Settings
from belsimple.sso.endpoints import ENDPOINTS as SSO
from belsimple.sso.relying_party import RelyingParty
from belsimple.sso.saml_party import SamlParty
from belsimple.tenancy.module_settings_pages import module_settings_pages
from belsimple.tenancy.module_settings_routes import ENDPOINTS as MODULE_SETTINGS
from belsimple.tenancy.pages import ENDPOINTS as TENANCY_PAGES
from belsimple.tenancy.policy_pages import ENDPOINTS as POLICY_PAGES
from belsimple.tenancy.policy_routes import ENDPOINTS as POLICY
from belsimple.tenancy.routes import ENDPOINTS as TENANCY
from belsimple.tenancy.usage_routes import ENDPOINTS as USAGE
from belsimple.web.application import build_application, interface_of
from belsimple.web.asgi import ASGIApp
from belsimple.web.endpoint import Endpoint, Part
from belsimple.web.flood import Rate
from belsimple.web.log import LineLog
from belsimple.web.settings import WebSettings

PartName = Literal["database", "web", "gate", "operator", "worker", "redirect"]

DATABASE_ROLE: Final = {"web": "app", "gate": "gate", "operator": "operator", "worker": "worker"}
"""The database role that each part logs in as; the redirect needs no database, and part database is one."""

BEHIND: Final = ("gate", "operator")
"""The parts that web forwards to, each over a socket of its own."""

_HASHING_SLOTS: Final = {"operator": 1}  # beside gate's, which has one for each core
_BURST_SECONDS = 2  # a page's worth of requests may come at once


_OURS: Final = (
    *CONSOLE,
    *IDENTITY,
    *ACCESS,
    *ACCESS_PAGES,
    *AUDIT,
    *AUDIT_PAGES,
    *TENANCY,
    *TENANCY_PAGES,
    *POLICY,
    *POLICY_PAGES,
    *SSO,
    *SCIM,
    *MODULE_SETTINGS,
    *USAGE,
    *OPERATORS,
)


def all_endpoints(modules: Sequence[Module] | None = None) -> tuple[Endpoint, ...]:
    """Every endpoint of the platform and of the modules, the installed ones by default. Raises `OperatorError` for a faulty module."""
    known = discover() if modules is None else modules
    made = (*_OURS, *module_settings_pages(known), *endpoints_of(known))
    return (*made, start_page(_main_menu(known, made)))


def _main_menu(modules: Sequence[Module], endpoints: tuple[Endpoint, ...]) -> Menu:
    return Menu([entry for module in modules for entry in module.menu], endpoints)


def _settings_menu(modules: Sequence[Module], endpoints: tuple[Endpoint, ...]) -> Menu:
    of_modules = (MODULE_SETTINGS_ENTRY,) if any(module.settings for module in modules) else ()
    return Menu((*SETTINGS, *of_modules), endpoints)


def console_pages(part: Part, endpoints: tuple[Endpoint, ...], modules: Sequence[Module] | None = None) -> ConsolePages:
    """What renders the pages of a part. Raises DeclarationError for a menu entry without a page."""
    if part == "operator":
        return ConsolePages(part, endpoints, Menu(OPERATOR, endpoints), Menu((), endpoints))
    known = discover() if modules is None else modules
    return ConsolePages(part, endpoints, _main_menu(known, endpoints), _settings_menu(known, endpoints))


def interface(side: Literal["web", "operator"]) -> tuple[Endpoint, ...]:
    """What tenants' people, or the operator's, reach through part web: what that side's OpenAPI document describes."""
    return interface_of(side, all_endpoints())


def build_part(part: Part, settings: Settings) -> ASGIApp:
    """The ASGI application of a part that serves requests; it opens its database when its process starts to serve.

    Raises `OperatorError` for a faulty module.
    """
    url = database_url_of(part, settings)
    modules = tuple(discover())
    hasher = None if part == "web" else Hasher(_HASHING_SLOTS.get(part))
    log = _request_log(part, settings, hasher)

    async def open_database() -> Database:
        database = await Database.open(url, part=part, size=_connections(part, settings))
        if isinstance(log, CountingLog):
            log.pool = database
        tell_manager("READY=1")  # the socket is bound already: from here on, what waits in its queue is answered
        return database

    endpoints = all_endpoints(modules)
    return build_application(
        part=part,
        endpoints=endpoints,
        open_database=open_database,
        settings=web_settings(settings),
        log=log,
        services=_services(part, settings, hasher, modules),
        sockets={other: socket_of(other, settings) for other in BEHIND} if part == "web" else {},
        pages=console_pages(part, endpoints, modules),
    )


def _services(part: Part, settings: Settings, hasher: Hasher | None, modules: object) -> dict[str, object]:
    if part == "web":
        return {"vault": vault(settings), "modules": modules, "origin": str(settings.url)}
    if part == "gate":
        return {
            "hasher": hasher,
            "factors": second_factors(settings),
            "providers": relying_party(settings),
            "saml": saml_party(settings),
        }
    return {"hasher": hasher, "machine": partial(machine_facts, settings.data)}


def second_factors(settings: Settings) -> Factors:
    """What checks second factors, with the key that seals their secrets; made on first use."""
    return Factors(_own_key(settings.data, "factors"), host=settings.url.host, origin=str(settings.url))


def relying_party(settings: Settings) -> RelyingParty:
    """What speaks with tenants' identity providers, with the key that seals its secrets; made on first use."""
    client = GuardedClient(settings.outbound_allowed, settings.outbound_authority)
    return RelyingParty(client, _own_key(settings.data, "providers"), str(settings.url))


def saml_party(settings: Settings) -> SamlParty:
    """What speaks with those of SAML, with the same key."""
    client = GuardedClient(settings.outbound_allowed, settings.outbound_authority)
    return SamlParty(client, _own_key(settings.data, "providers"), str(settings.url))


def _request_log(part: Part, settings: Settings, hasher: Hasher | None) -> LineLog:
    """The log of requests; where figures are wanted, one that counts them too."""
    write = partial(os.write, 2)
    if settings.metrics is None:
        return LineLog(write)
    begin(metrics_folder(settings), part)
    if part == "web":
        note_certificate(tls.expiry(settings.data))
    return CountingLog(write, ProcessFigures(part), hasher)


def database_url_of(part: PartName, settings: Settings) -> str:
    """The URL of the part's own role. Raises `OperatorError` when it was not given."""
    if settings.database_url is None:
        role = DATABASE_ROLE[part]
        raise OperatorError(
            f"BELSIMPLE_DATABASE_URL is not set, and part {part} needs the URL of its role {role}",
            f"Set it to what `belsimple database url --role {role}` prints.",
        )
    return settings.database_url


def socket_of(part: Literal["gate", "operator"], settings: Settings) -> Path:
    """Where a part behind web listens for it."""
    return socket_folder(runtime_folder(settings.data, settings.run), part) / f"{part}.sock"


def web_settings(settings: Settings) -> WebSettings:
    """The settings of the request path."""
    return WebSettings(
        host=settings.url.host,
        port=settings.url.port,
        loopback=settings.url.loopback,
        trusted_proxies=settings.trusted_proxies,
        limits_key=limits_key(settings.data),
        address_rate=_rate(settings.address_rate),
        account_rate=_rate(settings.account_rate),
        tenant_rate=_rate(settings.tenant_rate),
    )


def limits_key(data: Path) -> bytes:
    """The key under which rate limits file their subjects, so that their table holds no address; made on first use."""
    return _own_key(data, "limits")


def _own_key(data: Path, name: str) -> bytes:
    """32 bytes in a file that only this part's user reads."""
    file = data / "credentials" / name
    file.parent.mkdir(mode=0o700, exist_ok=True)
    kept = file.read_text("ascii") if file.exists() else write_once(file, secrets.token_hex(32))
    return bytes.fromhex(kept)


def _rate(per_second: float) -> Rate:
    return Rate(per_second, max(1, int(per_second * _BURST_SECONDS)))


def _connections(part: Part, settings: Settings) -> int:
    """Connections of one process: all processes together stay under the 100 that PostgreSQL allows by default."""
    return {"gate": 6, "operator": 3}.get(part, max(2, min(10, 72 // settings.workers)))
