"""Demo data: two tenants with people and dossiers, made the way an operator and the people themselves would.

Tenants and invitations come from the operator's commands, everything after that goes over the service's own API.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from belsimple.errors import OperatorError
from belsimple.server.demo_dossiers import DOSSIERS
from belsimple.server.files import write_atomically
from belsimple.server.readiness import local_url, pinned_context
from belsimple.server.settings import Settings
from belsimple.tenancy.actions import create_tenant, invite_member, list_tenants

_TENANTS: Final = {"demeester": "Notaris De Meester", "lumiere": "Atelier Lumière"}
_PEOPLE: Final = {"owner": "An Peeters", "admin": "Bram Wouters", "member": "Chloé Dubois", "auditor": "Dirk Janssens"}


class Account(msgspec.Struct, frozen=True):
    """A demo person's sign-in."""

    email: str
    password: str
    role: str


class Tenant(msgspec.Struct, frozen=True):
    """A demo tenant and its people."""

    slug: str
    accounts: tuple[Account, ...]


class Demo(msgspec.Struct, frozen=True):
    """What `demo.json` holds."""

    url: str
    tenants: tuple[Tenant, ...]


def require_allowed(settings: Settings) -> None:
    """Raise `OperatorError` off loopback: the passwords of demo people lie in a file and on a screen."""
    if not settings.loopback or not settings.url.loopback:
        raise OperatorError(
            "Demo data is made on loopback only, and BELSIMPLE_HOST or BELSIMPLE_URL is another address",
            "Start without --demo, or unset both.",
        )


async def provide(settings: Settings, admin_url: str) -> Demo:
    """The demo data, made unless it is there. Raises `OperatorError` when the folder has tenants of its own."""
    file, draft = settings.data / "demo.json", settings.data / "demo.unfinished"
    if file.exists():
        demo = msgspec.structs.replace(_read(file), url=str(settings.url))
    else:
        slugs = {tenant.slug for tenant in await list_tenants(admin_url)}
        if slugs and not draft.exists():
            raise OperatorError(
                f"The data in {settings.data} has tenants of its own, and demo people would be strangers among them",
                "Start without --demo, or give the demo a BELSIMPLE_DATA of its own.",
            )
        draft.touch(mode=0o600)  # a start that is killed half-way may try again, under other names
        demo = _plan(settings, slugs)
        _ = await asyncio.gather(*(_make(settings, admin_url, tenant) for tenant in demo.tenants))
    write_atomically(file, msgspec.json.format(msgspec.json.encode(demo), indent=2) + b"\n")
    draft.unlink(missing_ok=True)
    return demo


def _read(file: Path) -> Demo:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Demo)
    except (OSError, msgspec.DecodeError) as error:
        raise OperatorError(f"{file} cannot be read", "Start without --demo, or with a new BELSIMPLE_DATA.") from error


def _plan(settings: Settings, taken: set[str]) -> Demo:
    tenants = [Tenant(slug, _accounts(slug)) for slug in (_free(slug, taken) for slug in _TENANTS)]
    return Demo(str(settings.url), tuple(tenants))


def _free(slug: str, taken: set[str]) -> str:
    return next(name for name in (slug, *(f"{slug}-{number}" for number in range(2, 1000))) if name not in taken)


def _accounts(slug: str) -> tuple[Account, ...]:
    return tuple(Account(f"{role}@{slug}.example", secrets.token_urlsafe(12), role) for role in _PEOPLE)


async def _make(settings: Settings, admin_url: str, tenant: Tenant) -> None:
    owner, *others = tenant.accounts
    slug = tenant.slug
    name = next(name for base, name in _TENANTS.items() if slug.startswith(base))
    tokens = {owner: await create_tenant(admin_url, slug=slug, owner=owner.email, name=name)}
    for account in others:
        tokens[account] = await invite_member(admin_url, slug=slug, email=account.email, role=account.role)
    async with _client(settings) as client:
        for account, token in tokens.items():
            acceptance = {"token": token, "name": _PEOPLE[account.role], "password": account.password}
            _ = await _post(client, "/api/v1/invitations/acceptance", acceptance)
    for writer in (account for account in tenant.accounts if account.role in {"owner", "member"}):
        await _write_dossiers(settings, slug, writer)


async def _write_dossiers(settings: Settings, slug: str, writer: Account) -> None:
    half = DOSSIERS[::2] if writer.role == "owner" else DOSSIERS[1::2]
    async with _client(settings) as client:
        _ = await _post(client, "/api/v1/session", {"tenant": slug, "email": writer.email, "password": writer.password})
        for dossier in half:
            made = await _post(
                client,
                "/api/v1/dossiers",
                {"title": dossier.title, "reference": dossier.reference, "notes": dossier.notes},
            )
            if dossier.closed:
                _ = await _post(client, f"/api/v1/dossiers/{made['id']}/closure", None)


@asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Host": str(settings.url).removeprefix("https://")}
    connector = aiohttp.TCPConnector(ssl=pinned_context(settings))
    jar = aiohttp.CookieJar(unsafe=True)  # the service is reached by its IP address here
    async with aiohttp.ClientSession(
        local_url(settings), connector=connector, headers=headers, cookie_jar=jar
    ) as client:
        yield client


async def _post(client: aiohttp.ClientSession, path: str, body: object) -> Any:
    async with client.post(path, json=body) as answer:
        if answer.status not in {200, 201, 204}:
            raise OperatorError(
                f"Demo data could not be made: {path} answered {answer.status}", "Start without --demo."
            )
        return None if answer.status == 204 else await answer.json()
