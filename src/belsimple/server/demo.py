"""Demo data: two tenants with people and dossiers, made the way an operator and the people themselves would.

Tenants and invitations come from the operator's commands, everything after that goes over the service's own API.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from belsimple.atomic import write_atomically
from belsimple.errors import OperatorError
from belsimple.operators.commands import invite_operator, list_operators
from belsimple.server.demo_documents import DemoDocument, about_the_facade
from belsimple.server.demo_dossiers import DOSSIERS, DemoDossier
from belsimple.server.readiness import local_url, pinned_context
from belsimple.server.settings import Settings
from belsimple.tenancy.actions import create_tenant, invite_member, list_tenants

_TENANTS: Final = {"demeester": "Notaris De Meester", "lumiere": "Atelier Lumière"}
_PEOPLE: Final = {"owner": "An Peeters", "admin": "Bram Wouters", "member": "Chloé Dubois", "auditor": "Dirk Janssens"}
_LEAVER: Final = "Frank Maes"


class Account(msgspec.Struct, frozen=True):
    """A demo person's sign-in."""

    email: str
    password: str
    role: str


class Tenant(msgspec.Struct, frozen=True):
    """A demo tenant and its people."""

    slug: str
    accounts: tuple[Account, ...]


class DemoOperator(msgspec.Struct, frozen=True):
    """The demo operator's sign-in; its role is platform."""

    email: str
    password: str


class Demo(msgspec.Struct, frozen=True):
    """What `demo.json` holds; an older release made it without an operator."""

    url: str
    tenants: tuple[Tenant, ...]
    operator: DemoOperator | None = None


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
    if demo.operator is None:
        demo = msgspec.structs.replace(demo, operator=await _make_operator(settings, admin_url))
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
    leaver = Account(f"frank@{slug}.example", secrets.token_urlsafe(12), "member")
    tokens = {owner: await create_tenant(admin_url, slug=slug, owner=owner.email, name=name)}
    for account in (*others, leaver):
        tokens[account] = await invite_member(admin_url, slug=slug, email=account.email, role=account.role)
    async with _client(settings) as client:
        for account, token in tokens.items():
            called = _LEAVER if account is leaver else _PEOPLE[account.role]
            acceptance = {"token": token, "name": called, "password": account.password}
            _ = await _post(client, "/api/v1/invitations/acceptance", acceptance)
    async with _signed_in(settings, slug, owner) as client:
        await _look_after_people(client, slug, leaver)
        await _write_dossiers(client, DOSSIERS[::2])
    async with _signed_in(settings, slug, next(one for one in others if one.role == "member")) as client:
        await _write_dossiers(client, DOSSIERS[1::2])


async def _look_after_people(client: aiohttp.ClientSession, slug: str, leaver: Account) -> None:
    """A role of the tenant's own, somebody invited to it, and somebody who has left."""
    _ = await _post(client, "/api/v1/roles", {"name": "Trainee", "permissions": ["dossiers:read", "members:read"]})
    _ = await _post(client, "/api/v1/invitations", {"email": f"eva@{slug}.example", "roles": ["Trainee"]})
    members = (await _send(client, "GET", "/api/v1/members"))["items"]
    left = next(one["id"] for one in members if one["email"] == leaver.email)
    _ = await _send(client, "PATCH", f"/api/v1/members/{left}", {"status": "deactivated"})


async def _write_dossiers(client: aiohttp.ClientSession, dossiers: Iterable[DemoDossier]) -> None:
    for dossier in dossiers:
        written = {"title": dossier.title, "reference": dossier.reference, "notes": dossier.notes}
        made = await _post(client, "/api/v1/dossiers", written)
        for document in about_the_facade() if dossier.about_the_facade else ():
            await _upload(client, f"/api/v1/dossiers/{made['id']}/documents", document)
        if dossier.closed:
            _ = await _post(client, f"/api/v1/dossiers/{made['id']}/closure")


async def _make_operator(settings: Settings, admin_url: str) -> DemoOperator:
    taken = {one.email.partition("@")[0] for one in await list_operators(admin_url)}
    made = DemoOperator(f"{_free('operator', taken)}@operator.example", secrets.token_urlsafe(12))
    token = await invite_operator(admin_url, email=made.email, role="platform", post=False)
    async with _client(settings) as client:
        acceptance = {"token": token, "name": "Emma Claes", "password": made.password}
        _ = await _post(client, "/operator/api/v1/invitations/acceptance", acceptance)
    return made


@asynccontextmanager
async def _signed_in(settings: Settings, slug: str, account: Account) -> AsyncIterator[aiohttp.ClientSession]:
    async with _client(settings) as client:
        credentials = {"tenant": slug, "email": account.email, "password": account.password}
        _ = await _post(client, "/api/v1/session", credentials)
        yield client


@asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Host": str(settings.url).removeprefix("https://")}
    connector = aiohttp.TCPConnector(ssl=pinned_context(settings))
    jar = aiohttp.CookieJar(unsafe=True)  # the service is reached by its IP address here
    async with aiohttp.ClientSession(
        local_url(settings), connector=connector, headers=headers, cookie_jar=jar
    ) as client:
        yield client


async def _post(client: aiohttp.ClientSession, path: str, body: object = None) -> Any:
    return await _send(client, "POST", path, body)


async def _send(client: aiohttp.ClientSession, method: str, path: str, body: object = None) -> Any:
    async with client.request(method, path, json=body) as answer:
        _require_made(answer)
        return None if answer.status == 204 else await answer.json()


async def _upload(client: aiohttp.ClientSession, path: str, document: DemoDocument) -> None:
    named, kind = {"filename": document.filename}, {"Content-Type": document.media_type}
    async with client.post(path, params=named, data=document.content, headers=kind) as answer:
        _require_made(answer)


def _require_made(answer: aiohttp.ClientResponse) -> None:
    if answer.status not in {200, 201, 204}:
        raise OperatorError(
            f"Demo data could not be made: {answer.url.path} answered {answer.status}", "Start without --demo."
        )
