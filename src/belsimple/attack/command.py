"""`belsimple attack`: the whole suite against a running service, in two synthetic tenants that leave again."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from belsimple.attack.backend import Backend
from belsimple.attack.cases import api_cases
from belsimple.attack.client import Client
from belsimple.attack.corpus import load_corpus
from belsimple.attack.database_cases import run_corpus
from belsimple.attack.fingerprint import fingerprint
from belsimple.attack.ground import Ground, Profile, prepared
from belsimple.attack.outcome import Outcome
from belsimple.attack.site import run_api_case, site_on
from belsimple.database.queries import load_queries
from belsimple.database.roles import LOGIN_ROLES, role_url
from belsimple.errors import OperatorError
from belsimple.server.access import installed_prefix, running_database
from belsimple.server.layout import credentials_folder
from belsimple.server.readiness import local_url, pinned_context
from belsimple.server.settings import Settings
from belsimple.server.values import public_url

_roles = load_queries("belsimple.database", "roles.sql")
NUMBERS: Final = (*range(1, 25), 27)
"""The attacks of the list that what exists by now can meet."""


class Tally(msgspec.Struct):
    """Cases of one number, and how many of them held."""

    cases: int = 0
    held: int = 0


class Report(msgspec.Struct):
    """What a run found; ``broken`` are the cases that did not hold."""

    cases: int
    held: int
    broken: list[Outcome]
    numbers: dict[str, Tally]

    @property
    def ok(self) -> bool:
        """Every case held, and every number has one."""
        return not self.broken and all(tally.cases for tally in self.numbers.values())


def report_on(outcomes: list[Outcome]) -> Report:
    """Count the outcomes of a run."""
    numbers = {str(number): Tally() for number in NUMBERS}
    for outcome in outcomes:
        tally = numbers.setdefault(str(outcome.number), Tally())
        tally.cases += 1
        tally.held += outcome.held
    broken = [outcome for outcome in outcomes if not outcome.held]
    return Report(len(outcomes), len(outcomes) - len(broken), broken, numbers)


async def run(settings: Settings, *, url: str | None, i_own_this: bool) -> AsyncGenerator[Outcome, None]:
    """Attack the service on `settings`' database, reached at `url` or, without one, on this machine.

    The two tenants are removed when the iteration ends, whichever way. Raises `OperatorError`.
    """
    _require_ownership(settings, url, i_own_this=i_own_this)
    admin_url = running_database(settings)
    prefix = await installed_prefix(admin_url)
    urls = {role: role_url(admin_url, role, credentials_folder(settings.data), prefix) for role in LOGIN_ROLES}
    async with prepared(admin_url, urls, prefix, await _profile(admin_url)) as ground, _client(settings, url) as client:
        before = await fingerprint(ground)
        async for outcome in run_corpus(ground, load_corpus()):
            yield outcome
        yield _untouched(before, await fingerprint(ground))
        async for outcome in _requests(client, ground, settings):
            yield outcome


def _require_ownership(settings: Settings, url: str | None, *, i_own_this: bool) -> None:
    try:
        loopback = settings.url.loopback and (url is None or public_url(url).loopback)
    except ValueError as error:
        raise OperatorError(f"--url is {url!r}", f"Set it to {error}.") from None
    if not loopback and not i_own_this:
        raise OperatorError(
            f"{url or settings.url} is not on this machine, and attacking what is not yours is a crime",
            "If the service is yours to attack, say so with --i-own-this.",
        )


async def _profile(admin_url: str) -> Profile:
    async with Backend.open(admin_url, {}) as admin:
        [superuser] = await admin.column(_roles.is_superuser.sql)
    return "owned" if superuser == "True" else "managed"


def _client(settings: Settings, url: str | None) -> AbstractAsyncContextManager[Client]:
    if url is None:
        name = str(settings.url).removeprefix("https://")
        return Client.open(local_url(settings), name, pinned_context(settings))
    return Client.open(url.rstrip("/"), urlsplit(url).netloc, ssl.create_default_context())


async def _requests(client: Client, ground: Ground, settings: Settings) -> AsyncIterator[Outcome]:
    try:
        site = await site_on(client, ground, settings)
        known = await site.alive(await site.session("owner"))
    except (aiohttp.ClientError, OSError, msgspec.DecodeError) as error:
        raise OperatorError(
            f"The service at {client.url} does not answer ({error})", "Start it, or give its --url."
        ) from error
    if not known:
        raise OperatorError(
            f"The service at {client.url} runs on another database", "Give the --url of the one on this data."
        )
    for case in api_cases():
        yield await run_api_case(site, case)


def _untouched(before: dict[str, str], after: dict[str, str]) -> Outcome:
    changed = [table for table in after if before.get(table) != after[table]]
    seen = f"changed: {', '.join(changed)}" if changed else "as before"
    return Outcome(
        7, "the_other_tenant_is_untouched", "write_policies", held=not changed, expected="as before", seen=seen
    )
