"""Number 18: guessing passwords, and telling accounts apart from outside."""

import asyncio
import hashlib
import os
import secrets
import statistics
import time
from collections.abc import Coroutine, Iterable
from typing import Any, Final

from belsimple.attack.client import Reply
from belsimple.attack.site import Broken, Site, api_case, expect
from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database

_identity = load_queries("belsimple.identity")
_SAMPLES: Final = 3
_MOST_FAILURES: Final = 100
_ROUGHLY: Final = 2.0


@api_case(18, "same_refusal")
async def what_a_refusal_tells(site: Site) -> None:
    """A wrong tenant, address and password are refused byte for byte alike."""
    replies = [await _attempt(site, email=email, tenant=tenant) for email, tenant in _guesses(site)]
    for reply in replies:
        expect(reply, 401, why="a wrong guess")
        if reply.comparable() != replies[0].comparable():
            raise Broken("two refusals differ")


@api_case(18, "same_work")
async def how_long_a_refusal_takes(site: Site) -> None:
    """An unknown account costs the same hashing as a known one."""
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for _ in range(_SAMPLES):
        for kind, email in (
            ("known", site.names["a_target_email"]),
            ("unknown", f"{secrets.token_hex(4)}@example.invalid"),
        ):
            began = time.perf_counter()
            expect(await _attempt(site, email=email), 401)
            took[kind].append(time.perf_counter() - began)
    known, unknown = statistics.median(took["known"]), statistics.median(took["unknown"])
    if not 1 / _ROUGHLY < known / unknown < _ROUGHLY:
        raise Broken(f"a known account takes {known * 1000:.0f} ms, an unknown one {unknown * 1000:.0f} ms")


@api_case(18, "rate_limits")
async def guessing_at_one_account(site: Site) -> None:
    """Guesses at one account from one address run into 429."""
    email = f"{secrets.token_hex(8)}@example.invalid"
    await _must_be_limited(_attempt(site, email=email, patient=False) for _ in range(14))


@api_case(18, "trusted_proxies")
async def an_invented_address(site: Site) -> None:
    """A forwarded address that nobody vouches for evades no limit."""
    email = f"{secrets.token_hex(8)}@example.invalid"
    invented = (
        {"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=198.51.100.{number}"} for number in range(14)
    )
    await _must_be_limited(_attempt(site, email=email, patient=False, headers=headers) for headers in invented)


@api_case(18, "rate_limits")
async def guessing_at_many_accounts(site: Site) -> None:
    """Guesses from one address, each at another account, run into 429."""
    emails = (f"{secrets.token_hex(8)}@example.invalid" for _ in range(40))
    await _must_be_limited(_attempt(site, email=email, patient=False) for email in emails)


@api_case(18, "failures_counted")
async def guessing_from_many_addresses(site: Site) -> None:
    """After a hundred failures in a row from strangers' addresses none gets in, and the person still does."""
    gate = await Database.open(site.ground.urls["gate"], part="gate", size=1)
    try:
        for number in range(_MOST_FAILURES):
            await _present(gate, site, os.urandom(32), f"198.51.{number}.1")
        if await _present(gate, site, site.ground.credential.proof, "198.51.100.200"):
            raise Broken("the right guess after a hundred wrong ones got in")
        if not await _present(gate, site, site.ground.credential.proof, "192.0.2.24"):
            raise Broken("strangers locked the person out")
    finally:
        await gate.close()


async def _present(gate: Database, site: Site, proof: bytes, address: str) -> list[Any]:
    return await gate.call(
        _identity.sign_in,
        slug=site.names["a_slug"],
        email=site.names["a_third_email"],
        proof=proof,
        token_hash=hashlib.sha256(os.urandom(32)).digest(),
        address=address,
        agent="belsimple attack",
    )


def _guesses(site: Site) -> list[tuple[str, str]]:
    """E-mail address and tenant of wrong guesses of every kind."""
    known, slug = site.names["a_target_email"], site.names["a_slug"]
    unknown = f"{secrets.token_hex(4)}@example.invalid"
    return [
        (known, slug),
        (unknown, slug),
        (known, f"none-{secrets.token_hex(4)}"),
        (known, site.names["b_slug"]),
        ("' or true --", slug),
    ]


async def _attempt(
    site: Site, *, email: str, tenant: str = "", patient: bool = True, headers: dict[str, str] | None = None
) -> Reply:
    body = {"tenant": tenant or site.names["a_slug"], "email": email, "password": secrets.token_urlsafe(12)}
    return await site.send("POST", "/api/v1/session", json=body, patient=patient, headers=headers)


async def _must_be_limited(guesses: Iterable[Coroutine[Any, Any, Reply]]) -> None:
    """Guess all at once, and stop at the first refusal: guesses are counted before they are hashed."""
    running = [asyncio.ensure_future(guess) for guess in guesses]
    try:
        for finished in asyncio.as_completed(running):
            reply = await finished
            if reply.status == 429:
                if "retry-after" not in reply.headers:
                    raise Broken("a 429 does not say when to try again")
                return
        raise Broken(f"{len(running)} guesses, and none was refused for being one too many")
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
