"""Number 18: guessing passwords, and telling accounts apart from outside."""

import asyncio
import hashlib
import os
import secrets
import statistics
import time
from collections import Counter
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
async def guessing_with_a_stolen_session(site: Site) -> None:
    """Whoever has a session but not its password runs into 429 guessing it, wherever it is asked for."""
    for method, path, field in (
        ("POST", "/api/v1/reauthentication", "password"),
        ("PUT", "/api/v1/account/password", "current"),
    ):
        token, body = (
            await site.new_session("fourth"),
            {} if field == "password" else {"new": secrets.token_urlsafe(12)},
        )
        seen: list[int] = []
        while 429 not in seen and len(seen) < 14:  # one after another: hashing for many at once would answer 503
            body[field] = secrets.token_urlsafe(12)
            seen.append((await site.send(method, path, token=token, json=body, patient=False)).status)
        if 429 not in seen:
            raise Broken(f"{method} {path}: 14 guesses, and none was refused for being one too many: {seen}")


@api_case(18, "rate_limits")
async def guessing_at_one_account(site: Site) -> None:
    """Guesses at one account from one address run into 429."""
    email = f"{secrets.token_hex(8)}@example.invalid"
    await _must_be_limited(_attempt(site, email=email, patient=False) for _ in range(14))


@api_case(18, "trusted_proxies")
async def an_invented_address(site: Site) -> None:
    """An address that nobody vouches for evades no limit, be the service's neighbour a client or a trusted proxy."""
    email = f"{secrets.token_hex(8)}@example.invalid"
    invented = (
        {
            "X-Forwarded-For": f"198.51.100.{number}, 203.0.113.77",  # a proxy adds the last one, and that one alone
            "Forwarded": f"for=198.51.100.{number}",
            "X-Real-IP": f"198.51.100.{number}",
            "X-Belsimple-Address": f"198.51.100.{number}",
        }
        for number in range(14)
    )
    await _must_be_limited(_attempt(site, email=email, patient=False, headers=headers) for headers in invented)


@api_case(18, "address_network")
async def a_provider_s_whole_network(site: Site) -> None:
    """Addresses of one IPv6 /64 are one address: a single customer has all of them."""
    email, network = f"{secrets.token_hex(8)}@example.invalid", f"2001:db8:{secrets.token_hex(2)}:1"
    await _must_be_limited(
        _attempt(site, email=email, patient=False, headers={"X-Forwarded-For": f"{network}:{number:x}::1"})
        for number in range(1, 15)
    )


@api_case(18, "rate_limits")
async def guessing_at_links(site: Site) -> None:
    """Invented invitations run into 429, one answer for all of them before that."""
    body = {"name": "Attack", "password": secrets.token_urlsafe(18)}
    await _must_be_limited(
        site.send(
            "POST",
            "/api/v1/invitations/acceptance",
            json={**body, "token": secrets.token_urlsafe(32)},
            patient=False,
        )
        for _ in range(40)
    )


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
        _identity.prove_password,
        slug=site.names["a_slug"],
        email=site.names["a_third_email"],
        proof=proof,
        token_hash=hashlib.sha256(os.urandom(32)).digest(),
        pending_hash=os.urandom(32),
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
    seen: Counter[int] = Counter()
    try:
        for finished in asyncio.as_completed(running):
            reply = await finished
            seen[reply.status] += 1
            if reply.status == 429:
                if "retry-after" not in reply.headers:
                    raise Broken("a 429 does not say when to try again")
                return
        raise Broken(f"{len(running)} guesses, and none was refused for being one too many: {dict(seen)}")
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
