"""Number 22, a SAML provider's answers on their way through the service: each counts once, for whom it was asked, while its provider stands."""

import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from belsimple.attack.cases_providers import AGENT, ISSUER, Provider, provider_in_use
from belsimple.attack.client import Reply
from belsimple.attack.saml_answers import Answers, Keys, text
from belsimple.attack.saml_forgeries import FORGERIES
from belsimple.attack.site import FORM, Broken, Site, api_case, expect
from belsimple.database.queries import load_queries
from belsimple.identity.tokens import sha256
from belsimple.sso.saml.own_keys import OwnKey, certificate_of, public_key
from belsimple.sso.saml.requests import request_id

_q = load_queries("belsimple.attack", "providers.sql")
_sso = load_queries("belsimple.sso")
_REQUEST: Final = "_attack"
_DOMAIN: Final = "attack.invalid"


async def _keep(
    provider: Provider, request: str | None, assertion: bytes | None = None, *, version: int = 1
) -> tuple[bytes, str | None]:
    """Gate has verified an answer: the handle to fetch it by, and why it counts for nothing."""
    handle, email = os.urandom(32), f"brought-{secrets.token_hex(6)}@{_DOMAIN}"
    facts = {"issuer": ISSUER, "subject": email, "session": None, "claims": {"email": email, "email_verified": True}}
    [found] = await provider.gate.call(
        _sso.keep_arrival,
        id=provider.id,
        version=version,
        handle_hash=sha256(handle),
        in_response_to=request,
        facts=msgspec.json.encode({**facts, "authenticated_at": time.time()}).decode(),
        reason=None,
        assertion_hash=sha256(assertion or os.urandom(32)),
        replay_until=_soon(),
    )
    return handle, found[0]


async def _fetch(provider: Provider, handle: bytes, token: bytes | None) -> Reply:
    """A browser comes for it, with the cookie of the sign-in that it began or without."""
    cookie = {} if token is None else {"Cookie": _cookie(provider.site, token)}
    path = f"/sso/{provider.id}/arrival?handle={handle.hex()}"
    return await provider.site.send("GET", path, headers={**cookie, "User-Agent": AGENT})


async def _take(provider: Provider, handle: bytes) -> bool:
    found = await provider.gate.call(
        _sso.take_arrival, id=provider.id, handle_hash=sha256(handle), in_response_to=_REQUEST
    )
    return bool(found)


def _cookie(site: Site, token: bytes) -> str:
    return site.client.cookie_of(token, site.client.pending_cookie)


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=5)


def _opened(site: Site, reply: Reply) -> bool:
    return f"{site.client.cookie}=" in reply.headers.get("set-cookie", "")


@api_case(22, "assertion_once")
async def an_assertion_that_comes_twice(site: Site) -> None:
    """An assertion counts once, whoever brings it again, under whatever handle."""
    async with provider_in_use(site, _q.make_saml_provider) as provider:
        first, second = [(await _keep(provider, _REQUEST, b"the same"))[1] for _ in range(2)]
        if (first, second) != (None, "replayed"):
            raise Broken(f"the same assertion twice: {first}, {second}")


@api_case(22, "arrival_request")
async def an_answer_that_another_browser_asked_for(site: Site) -> None:
    """What was brought is for the browser that set off for it: nobody is led into somebody else's account."""
    async with provider_in_use(site, _q.make_saml_provider) as provider:
        await provider.command(_q.make_domain, _DOMAIN)
        token = await provider.set_off()
        theirs, _ = await _keep(provider, request_id(os.urandom(32)))
        if _opened(site, reply := await _fetch(provider, theirs, token)) or reply.status < 400:
            raise Broken(f"another browser's answer is taken: {reply.status}")
        own, _ = await _keep(provider, request_id(token))
        if not _opened(site, reply := await _fetch(provider, own, token)):
            raise Broken(f"not even one's own answer opens: {reply.status}")


@api_case(22, "arrival_once")
async def a_handle_that_comes_twice(site: Site) -> None:
    """What was brought is fetched once."""
    async with provider_in_use(site, _q.make_saml_provider) as provider:
        handle, _ = await _keep(provider, _REQUEST)
        if (taken := [await _take(provider, handle) for _ in range(2)]) != [True, False]:
            raise Broken(f"a handle twice: {taken}")


@api_case(22, "arrival_version")
async def an_answer_of_a_provider_that_changed(site: Site) -> None:
    """It counts for nothing once its provider is switched off, or another, and is not even kept afterwards."""
    for status in ("disabled", "active"):
        async with provider_in_use(site, _q.make_saml_provider) as provider:
            handle, _ = await _keep(provider, _REQUEST)
            await provider.command(_q.change_provider, provider.id, status)
            if await _take(provider, handle):
                raise Broken(f"an answer of a provider that is {status} in another version is taken")
            if (kept := (await _keep(provider, _REQUEST))[1]) != "over":
                raise Broken(f"an answer that an older version was trusted for is kept: {kept}")


@api_case(22, "unasked_allowed")
async def an_answer_that_nobody_asked_for(site: Site) -> None:
    """Garbage, a handle that is guessed, and an answer to no request: no cookie, no sign-in, and no question either."""
    nobodys = await site.send("POST", f"/sso/{uuid4()}/response", raw=_form(b"x"), headers=FORM)
    expect(nobodys, 404, why="an answer of no provider")
    async with _living_provider(site) as (provider, _):
        for raw in (_form(b"<x/>"), b"SAMLResponse=x", b"", _form(b"\xff" * 999)):
            reply = await _posted(provider, raw)
            await _nothing(provider, bytes.fromhex(reply.headers["location"].rpartition("=")[2]))
        await _nothing(provider, os.urandom(32))
        handle, reason = await _keep(provider, None, version=await _version(provider))
        assert reason is None  # kept: only a provider that may send such answers would have it asked about
        await _nothing(provider, handle)


async def _nothing(provider: Provider, handle: bytes) -> None:
    reply = await _fetch(provider, handle, None)
    expect(reply, 401, why="an arrival in a browser that did not set off")
    if "set-cookie" in reply.headers:
        raise Broken("an arrival in a browser that did not set off sets a cookie")


async def _version(provider: Provider) -> int:
    return int(await provider.command(_q.provider_version, provider.id))


@api_case(22, "saml_signature")
async def an_answer_that_the_provider_did_not_sign(site: Site) -> None:
    """Brought to the service as a browser brings it, it opens nothing, and the sign-in that was begun goes on."""
    async with _living_provider(site) as (provider, answers):
        await provider.command(_q.make_domain, _DOMAIN)
        token = await provider.set_off()
        for name, forge in FORGERIES["saml_signature"].items():
            forged = answers(token)
            forge(forged)
            reply = await _brought(provider, forged, token)
            if _opened(site, reply) or reply.status < 400:
                raise Broken(f"believed of a provider's answer: {name}")
        if not _opened(site, reply := await _brought(provider, answers(token), token)):
            raise Broken(f"not even an honest answer opens: {reply.status}")


async def _brought(provider: Provider, answers: Answers, token: bytes) -> Reply:
    posted = await _posted(provider, _form(answers.response()))
    return await _fetch(provider, bytes.fromhex(posted.headers["location"].rpartition("=")[2]), token)


async def _posted(provider: Provider, raw: bytes) -> Reply:
    """The form comes from another site: with no cookie of ours, and it sets none."""
    sent = {**FORM, "Origin": ISSUER, "Sec-Fetch-Site": "cross-site"}
    reply = await provider.site.send("POST", f"/sso/{provider.id}/response", raw=raw, headers=sent)
    expect(reply, 303, why="a provider's form")
    if "set-cookie" in reply.headers:
        raise Broken("a provider's form sets a cookie")
    return reply


def _form(document: bytes) -> bytes:
    return urlencode({"SAMLResponse": text(document)}).encode()


@api_case(22, "logout_once")
async def a_logout_that_comes_twice(site: Site) -> None:
    """A request to end sessions counts once."""
    async with provider_in_use(site, _q.make_saml_provider) as provider:
        ended = [await _end(provider, "nobody", b"the same") for _ in range(2)]
        if ended != [0, None]:
            raise Broken(f"the same request twice: {ended}")


@api_case(22, "logout_provider")
async def a_logout_of_whom_another_provider_let_in(site: Site) -> None:
    """A provider ends what it opened, and nothing of another's, by whatever name."""
    async with provider_in_use(site, _q.make_saml_provider) as provider:
        other = provider._replace(id=await provider.command(_q.make_saml_provider, ISSUER))
        token, name = await site.new_session("member"), secrets.token_hex(6)
        await provider.command(_q.name_session, other.id, name, token)
        await _end(provider, name, os.urandom(32))
        if not await site.alive(token):
            raise Broken("a provider has ended another's session")
        if await _end(other, name, os.urandom(32)) != 1 or await site.alive(token):
            raise Broken("not even its own provider ends it: the attack shows nothing")


async def _end(provider: Provider, name: str, request: bytes) -> int | None:
    [found] = await provider.gate.call(
        _sso.end_named_sessions,
        id=provider.id,
        version=1,
        name_id=name,
        sessions=[],
        request_hash=sha256(request),
        expires_at=_soon(),
    )
    return found[0]


class _Answering:
    """What a provider in an attacker's hand says to a browser that has set off to it."""

    def __init__(self, addresses: dict[str, str], keys: Keys) -> None:
        self._addresses, self._keys = addresses, keys

    def __call__(self, token: bytes) -> Answers:
        answers = Answers(self._keys, time.time(), encrypts=False)
        answers.email = f"brought-{secrets.token_hex(6)}@{_DOMAIN}"
        answers.said |= dict.fromkeys(("issuer", "response_issuer"), ISSUER)
        answers.said |= dict.fromkeys(("request", "response_request"), request_id(token))
        answers.said |= dict.fromkeys(("destination", "recipient"), self._addresses["response_address"])
        answers.said["audience"] = self._addresses["entity_id"]
        return answers


@asynccontextmanager
async def _living_provider(site: Site) -> AsyncIterator[tuple[Provider, _Answering]]:
    """One that an owner has set up, so that the service has a key for it."""
    theirs, others = (OwnKey.new("attack", now=time.time()) for _ in range(2))
    keys = Keys(theirs.private(), others.private(), others.certificate, _public(theirs))
    async with provider_in_use(site, _q.make_saml_provider) as another:  # what it removes at its end, goes with it
        shown = await _set_up(site, theirs.certificate)
        provider = another._replace(id=UUID(shown["id"]))
        await provider.command(_q.use_provider, provider.id)
        yield provider, _Answering(shown["our_addresses"], keys)


async def _set_up(site: Site, certificate: str) -> Any:
    owner, path = await site.new_session("owner"), "/api/v1/saml-providers"
    made = await site.send("POST", path, token=owner, json={"name": "Attack"})
    expect(made, 201, why="a draft of a provider")
    body = {"issuer": ISSUER, "sign_on_address": f"{ISSUER}/sign-on", "certificates": [certificate]}
    changed = {"If-Match": made.headers["etag"]}
    expect(await site.send("PATCH", f"{path}/{made.json['id']}", token=owner, json=body, headers=changed), 200)
    return made.json


def _public(key: OwnKey) -> rsa.RSAPublicKey:
    found: Any = public_key(certificate_of(key.certificate))
    return found
