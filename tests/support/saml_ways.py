"""The ways in by a SAML provider, for the table in docs/ways-in.md: what part gate hands to the database when it has verified an answer."""

import datetime as dt
import os
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.sso.saml.requests import request_id

from .factors import AGENT
from .people import ADDRESS, digest
from .ways_in import REFUSED, Someone, Try, come_back, enters, prove_own, set_off, switch

sso = load_queries("belsimple.sso")
ISSUER = "http://idp.example/entity"
SUBJECT = "member"


async def saml_provider(someone: Someone) -> Try:
    """The tenant's SAML provider, from the button on."""
    await _linked(someone)

    async def tried(address: str) -> str:
        token = await set_off(someone, address)
        return REFUSED if token is None else await _arrive(someone, token, address)

    return tried


async def saml_provider_before(someone: Someone) -> Try:
    """The browser is on its way to the provider when the state comes about."""
    await _linked(someone)
    token = await set_off(someone, ADDRESS)
    assert token
    return lambda address: _arrive(someone, token, address)


async def saml_answer_before(someone: Someone) -> Try:
    """The provider's form has brought its answer; the browser has still to fetch it."""
    await _linked(someone)
    token = await set_off(someone, ADDRESS)
    assert token
    handle = await _bring(someone, request_id(token))

    async def tried(address: str) -> str:
        return await _fetch(someone, token, handle, address)

    return tried


async def saml_begun_there(someone: Someone) -> Try:
    """Nobody here set off; the tenant allows that."""
    await _linked(someone, idp_initiated=True)

    async def tried(address: str) -> str:
        handle, token = await _bring(someone, None), os.urandom(32)
        at = {"address": address, "agent": AGENT}
        values = {"id": someone.provider, "handle_hash": digest(handle), "pending_hash": digest(token)}
        begun = await someone.world.gate.call(sso.begin_unasked, **values, **at)
        return await _fetch(someone, token, handle, address, request=None) if begun[0][0] else REFUSED

    return tried


async def saml_session(someone: Someone) -> Try:
    """A session that the provider opened."""
    await _linked(someone)
    token, session = await set_off(someone, ADDRESS), os.urandom(32)
    assert token
    assert await _arrive(someone, token, ADDRESS, session) == "signed in"
    return lambda address: enters(someone.world, session, address)


async def _arrive(someone: Someone, token: bytes, address: str, session: bytes | None = None) -> str:
    handle = await _bring(someone, request_id(token))
    return await _fetch(someone, token, handle, address, session)


async def _bring(someone: Someone, request: str | None) -> bytes:
    """What gate does with a form of the provider's, the answer in it being good."""
    handle = os.urandom(32)
    version = await _version(someone)
    await someone.world.gate.call(
        sso.keep_arrival,
        id=someone.provider,
        version=version,
        handle_hash=digest(handle),
        in_response_to=request,
        facts="{}",
        reason=None,
        assertion_hash=os.urandom(32),
        replay_until=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1),
    )
    return handle


async def _version(someone: Someone) -> int:
    [found] = await someone.world.gate.call(sso.saml_party, id=someone.provider) or [None]
    return 0 if found is None else int(msgspec.json.decode(found["facts"])["version"])


async def _fetch(
    someone: Someone, token: bytes, handle: bytes, address: str, session: bytes | None = None, request: str | None = ""
) -> str:
    taken = await someone.world.gate.call(
        sso.take_arrival,
        id=someone.provider,
        handle_hash=digest(handle),
        in_response_to=request_id(token) if request == "" else request,
    )
    return await come_back(someone, token, address, session, issuer=ISSUER) if taken else REFUSED


async def _linked(someone: Someone, **fields: object) -> None:
    """The tenant's SAML provider, set up, tried and switched on by its owner, and linked to this member."""
    world = someone.world
    session, made, key = await world.session(), UUID(bytes=os.urandom(16)), UUID(bytes=os.urandom(16))
    trusted = {"issuer": ISSUER, "authorization_address": "https://idp.example/sso", "certificates": ["x"], **fields}
    async with world.gate.tenant(session, writing=True) as inside:
        values = {"id": made, "name": "Brouwer", "key_id": key, "certificate": "x", "sealed_key": b"x"}
        await inside.value(sso.add_saml_provider, **values)
        encoded = msgspec.json.encode(trusted).decode()
        await inside.value(sso.change_saml_provider, id=made, fields=encoded, expected=1)
    someone.provider = made
    await prove_own(world, session, made, "trial", "owner", issuer=ISSUER)
    await switch(someone, "active")
    await prove_own(world, await world.session(someone.member), made, "linking", SUBJECT, issuer=ISSUER)
