"""What each part is made of: its endpoints, its database role, its services."""

import os
import secrets
from functools import partial
from pathlib import Path
from typing import Final, Literal

from belsimple.access.routes import ENDPOINTS as ACCESS
from belsimple.audit.routes import ENDPOINTS as AUDIT
from belsimple.console.routes import ENDPOINTS as CONSOLE
from belsimple.database.transaction import Database
from belsimple.errors import OperatorError
from belsimple.identity.hashing import Hasher
from belsimple.identity.pages import ENDPOINTS as PAGES
from belsimple.identity.routes import ENDPOINTS as IDENTITY
from belsimple.identity.sign_in_routes import ENDPOINTS as SIGN_IN
from belsimple.modules import discover, endpoints_of
from belsimple.server.files import write_once
from belsimple.server.runtime import runtime_folder
from belsimple.server.settings import Settings
from belsimple.tenancy.routes import ENDPOINTS as TENANCY
from belsimple.web.application import build_application
from belsimple.web.application import endpoints_of as endpoints_of_part
from belsimple.web.asgi import ASGIApp
from belsimple.web.endpoint import Endpoint
from belsimple.web.flood import Rate
from belsimple.web.log import line_log
from belsimple.web.settings import WebSettings

PartName = Literal["web", "gate", "worker", "redirect"]

DATABASE_ROLE: Final = {"web": "app", "gate": "gate", "worker": "worker"}
"""The database role that each part logs in as; the redirect needs no database."""

_BURST_SECONDS = 2  # a page's worth of requests may come at once


def all_endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint of the platform and of the installed modules. Raises `OperatorError` for a faulty module."""
    return (*CONSOLE, *PAGES, *SIGN_IN, *IDENTITY, *ACCESS, *AUDIT, *TENANCY, *endpoints_of(discover()))


def public_endpoints() -> tuple[Endpoint, ...]:
    """What people and programs reach through part web: what the OpenAPI document describes."""
    return endpoints_of_part("web", all_endpoints())


def build_part(part: Literal["web", "gate"], settings: Settings) -> ASGIApp:
    """The ASGI application of part web or gate; it opens its database when its process starts to serve."""
    return build_application(
        part=part,
        endpoints=all_endpoints(),
        open_database=partial(
            Database.open, database_url_of(part, settings), part=part, size=_connections(part, settings)
        ),
        settings=web_settings(settings),
        log=line_log(partial(os.write, 2)),
        services={"hasher": Hasher()} if part == "gate" else {},
        gate_socket=gate_socket(settings) if part == "web" else None,
    )


def database_url_of(part: PartName, settings: Settings) -> str:
    """The URL of the part's own role. Raises `OperatorError` when it was not given."""
    if settings.database_url is None:
        role = DATABASE_ROLE[part]
        raise OperatorError(
            f"BELSIMPLE_DATABASE_URL is not set, and part {part} needs the URL of its role {role}",
            f"Set it to what `belsimple database url --role {role}` prints.",
        )
    return settings.database_url


def gate_socket(settings: Settings) -> Path:
    """Where gate listens for web."""
    return runtime_folder(settings.data, settings.run) / "gate.sock"


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
    file = data / "credentials" / "limits"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    kept = file.read_text("ascii") if file.exists() else write_once(file, secrets.token_hex(32))
    return bytes.fromhex(kept)


def _rate(per_second: float) -> Rate:
    return Rate(per_second, max(1, int(per_second * _BURST_SECONDS)))


def _connections(part: Literal["web", "gate"], settings: Settings) -> int:
    """Connections of one process: all processes together stay under the 100 that PostgreSQL allows by default."""
    return 6 if part == "gate" else max(2, min(10, 72 // settings.workers))
