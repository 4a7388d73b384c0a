"""Every way in, and what may stand against it: what the table in docs/ways-in.md is made of (ways_in_table.py)."""

import datetime as dt
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.identity import account, admission, api_tokens, invitations
from belsimple.identity import support as tenants_side
from belsimple.identity.admission import Admitted
from belsimple.operators import support as operators_side
from belsimple.scim import connections
from belsimple.sso import domains, providers
from belsimple.web.problems import Problem

from .factors import (
    AGENT,
    add_passkey,
    add_totp,
    by_passkey,
    caller,
    change_policy,
    code_of,
    give_code,
    give_password,
    role_id,
)
from .links import as_gate, ask_for_reset, opened, posted
from .operators import new_operator, signed_in
from .people import ADDRESS, Account, digest, random_proof
from .world import World, refused

scim = load_queries("belsimple.scim")
sso = load_queries("belsimple.sso")
ISSUER = "https://idp.example"
HOME = "192.0.2.0/24"
"""The network of the tenant's people in these tests; ELSEWHERE is not in it."""
REFUSED = "refused"
_OUTCOMES = {
    "open": "signed in",
    "factor": "second factor wanted",
    "enrolment": "a factor to be made first",
    "browser": "mailbox asked first",
}
Try = Callable[[str], Awaitable[str]]
"""Tries a prepared way from an address."""


@dataclass
class Someone:
    """A member of a tenant of their own."""

    world: World
    member: Account
    provider: UUID | None = None

    @classmethod
    async def new(cls, world: World) -> "Someone":
        return cls(world, await world.account("member"))


@dataclass(frozen=True)
class Way:
    """One way in. ``prepare`` gives what is tried later."""

    name: str
    prepare: Callable[[Someone], Awaitable[Try]]


@dataclass(frozen=True)
class State:
    """What stands against it; ``address``: where it is tried from."""

    name: str
    bring_about: Callable[[Someone], Awaitable[None]]
    address: str = ADDRESS


def said(admitted: Admitted | None) -> str:
    """An outcome in the table's words."""
    return REFUSED if admitted is None else _OUTCOMES[admitted.outcome]


async def outcome(tried: Awaitable[Admitted | None]) -> str:
    """The same, of an attempt that may be refused."""
    try:
        return said(await tried)
    except Problem:
        return REFUSED


async def password(someone: Someone) -> Try:
    return lambda address: outcome(give_password(someone.world, someone.member, address=address))


async def password_and_code(someone: Someone) -> Try:
    secret, _ = await add_totp(someone.world, someone.member)

    async def tried(address: str) -> str:
        admitted = await give_password(someone.world, someone.member, address=address)
        if admitted is None or admitted.outcome != "factor":
            return said(admitted)
        return await outcome(give_code(someone.world, admitted.token, code_of(secret), address=address))

    return tried


async def password_and_recovery_code(someone: Someone) -> Try:
    _, codes = await add_totp(someone.world, someone.member)

    async def tried(address: str) -> str:
        admitted = await give_password(someone.world, someone.member, address=address)
        if admitted is None or admitted.outcome != "factor":
            return said(admitted)
        at = caller(admitted.token, address=address)
        return await outcome(admission.prove_recovery_code(someone.world.gate, at, code=codes[0]))

    return tried


async def code_after_the_state(someone: Someone) -> Try:
    """The password was right before the state came about; only the code is left."""
    secret, _ = await add_totp(someone.world, someone.member)
    admitted = await give_password(someone.world, someone.member)
    assert admitted
    assert admitted.outcome == "factor"
    return lambda address: outcome(give_code(someone.world, admitted.token, code_of(secret), address=address))


async def passkey(someone: Someone) -> Try:
    device, _ = await add_passkey(someone.world, someone.member)
    return lambda address: outcome(by_passkey(someone.world.gate, device, address=address))


async def reset(someone: Someone) -> Try:
    world, member = someone.world, someone.member
    await ask_for_reset(world, world.slug, member.email)
    token = await opened(world, (await posted(world, "password_reset", to=member.email))[-1])
    proof = random_proof()

    async def tried(address: str) -> str:
        confirm = "select * from identity.confirm_reset($1, $2, 65536, 3, 4, $3, $4::text::inet)"
        if not await as_gate(world, confirm, digest(token), bytes(16), digest(proof), address):
            return REFUSED
        changed = Account(member.tenant, member.email, proof, member.id)
        return f"password set; with it: {await outcome(give_password(world, changed, address=address))}"

    return tried


async def invitation(someone: Someone) -> Try:
    world = someone.world
    email = f"new@{world.slug}.example"
    async with world.acting() as inside:
        await invitations.invite(inside, email=email, roles=["member"], language=None)
    token = await opened(world, (await posted(world, "invitation", to=email))[-1])
    proof = random_proof()

    async def tried(address: str) -> str:
        accept = "select * from identity.accept_invitation($1, 'New', $2, 65536, 3, 4, $3)"
        if not await as_gate(world, accept, digest(token), bytes(16), digest(proof)):
            return REFUSED
        made = Account(world.slug, email, proof, someone.member.id)
        return f"account made; with it: {await outcome(give_password(world, made, address=address))}"

    return tried


async def api_token(someone: Someone) -> Try:
    async with someone.world.acting(someone.member) as inside:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        made = await api_tokens.create_token(inside, name="Export", scopes=["dossiers:read"], expires_at=until)
    return lambda address: enters(someone.world, made.token.encode(), address)


async def open_session(someone: Someone) -> Try:
    token = await someone.world.session(someone.member)
    return lambda address: enters(someone.world, token, address)


async def support(someone: Someone) -> Try:
    """An operator whom this account, an owner here, let in."""
    world = someone.world
    async with world.acting() as inside:
        await account.change_member(inside, member_id=someone.member.id, status=None, roles=["owner"], expected=None)
    database = await Database.open(world.installed.url("operator"), part="operator", size=1)
    try:
        operator = await new_operator(world.installed, database, "support")
        async with world.acting(someone.member) as inside:
            grant = await tenants_side.grant(inside, operator=operator.email, reason="Look with me", hours=1)
        async with database.operator(await signed_in(database, operator), writing=True) as entering:
            token = await operators_side.enter(entering, grant_id=grant.id)
    finally:
        await database.close()
    return lambda address: enters(world, token, address)


async def directory_token(someone: Someone) -> Try:
    """A directory's, which opens provisioning and nobody's account."""
    async with someone.world.acting() as inside:
        token = (await connections.add(inside, name="Entra ID")).token.encode()
    return lambda address: enters(someone.world, token, address, someone.world.app.provisioning)


async def enters(world: World, token: bytes, address: str, opened: Any = None) -> str:
    """Whether a token goes on."""
    try:
        async with (opened or world.app.tenant)(token, writing=False, address=address):
            return "goes on"
    except asyncpg.InvalidAuthorizationSpecificationError:
        return REFUSED


async def provider(someone: Someone) -> Try:
    """The tenant's identity provider, from the button on."""
    await _linked(someone)

    async def tried(address: str) -> str:
        token = await set_off(someone, address)
        return REFUSED if token is None else await come_back(someone, token, address)

    return tried


async def provider_before(someone: Someone) -> Try:
    """The browser is on its way to the provider when the state comes about."""
    await _linked(someone)
    token = await set_off(someone, ADDRESS)
    assert token
    return lambda address: come_back(someone, token, address)


async def provider_session(someone: Someone) -> Try:
    await _linked(someone)
    token = await set_off(someone, ADDRESS)
    assert token
    session = os.urandom(32)
    assert await come_back(someone, token, ADDRESS, session) == "signed in"
    return lambda address: enters(someone.world, session, address)


async def set_off(someone: Someone, address: str) -> bytes | None:
    """By the button: the pending sign-in's token, if there is such a provider."""
    token = os.urandom(32)
    values = {"slug": someone.world.slug, "provider_id": someone.provider, "target": None}
    found = await someone.world.gate.call(
        sso.begin_provider, **values, pending_hash=digest(token), address=address, agent=AGENT
    )
    return token if found[0][0] else None


async def come_back(
    someone: Someone, token: bytes, address: str, session: bytes | None = None, *, issuer: str = ISSUER
) -> str:
    """To the exit, as whom the provider has named."""
    found = await someone.world.gate.call(
        sso.prove_provider,
        pending_hash=digest(token),
        issuer=issuer,
        subject="member",
        claims="{}",
        session=None,
        token_hash=digest(session or os.urandom(32)),
        next_hash=os.urandom(32),
        address=address,
        agent=AGENT,
    )
    return _OUTCOMES.get(found[0]["outcome"], REFUSED) if found else REFUSED


async def _linked(someone: Someone) -> None:
    made = await in_use(someone)
    session = await someone.world.session(someone.member)
    await prove_own(someone.world, session, made, "linking", "member")


async def in_use(someone: Someone) -> UUID:
    """The tenant's provider, set up, tried and switched on by its owner."""
    world = someone.world
    if someone.provider is None:
        session = await world.session()
        async with world.acting() as inside:
            someone.provider = (await providers.add(inside, name="Brouwer")).id
        fields = f'{{"issuer": "{ISSUER}", "client_id": "us"}}'
        async with world.gate.tenant(session, writing=True) as inside:
            values = {"id": someone.provider, "fields": fields, "sealed_secret": None, "expected": 1}
            await inside.value(sso.change_provider, **values)
        await prove_own(world, session, someone.provider, "trial", "owner")
        await switch(someone, "active")
    return someone.provider


async def prove_own(
    world: World, session: bytes, made: UUID, wants: str, subject: str, *, issuer: str = ISSUER
) -> None:
    """Somebody signed in goes to the provider and comes back, to try it or to link it."""
    pending, at = os.urandom(32), {"address": ADDRESS, "agent": AGENT}
    async with world.gate.tenant(session, writing=True) as inside:
        values = {"provider_id": made, "wants": wants, "target": None}
        await inside.value(sso.begin_own_provider, **values, pending_hash=digest(pending), **at)
    hashes = {"pending_hash": digest(pending), "session_hash": digest(session)}
    found = await world.gate.call(sso.prove_own_provider, **hashes, issuer=issuer, subject=subject, claims="{}", **at)
    assert found[0][0] is None


async def switch(someone: Someone, status: str) -> None:
    """The tenant's provider on or off."""
    assert someone.provider
    async with someone.world.acting() as inside:
        known = await providers.shown(inside, provider_id=someone.provider)
        await providers.set_status(inside, provider_id=someone.provider, status=status, expected=known.version)


async def nothing(_: Someone) -> None:
    return


async def only_passkeys(someone: Someone) -> None:
    session = await someone.world.session()
    await add_passkey(someone.world, someone.world.owner, session=session)  # no owner may shut themselves out
    await change_policy(someone.world, session=session, ways=["passkey"])


async def factor_required(someone: Someone) -> None:
    await change_policy(someone.world, factor_role_ids=[await role_id(someone.world, "member")])


async def suspended(someone: Someone) -> None:
    await someone.world.suspend()


async def deactivated(someone: Someone) -> None:
    await someone.world.deactivate(someone.member)


async def shut_by_directory(someone: Someone) -> None:
    """Linked to a directory, and deactivated there; then an owner tries to let them in again."""
    world, values = (
        someone.world,
        {"user_name": someone.member.email, "email": someone.member.email, "name": "Somebody"},
    )
    values |= {"external_id": "7", "language": None, "attributes": '{"title": "Clerk"}'}
    async with world.acting() as inside:
        made = await connections.add(inside, name="Entra ID")
    async with world.app.provisioning(made.token.encode(), writing=True) as inside:
        await inside.value(scim.add_user, **values, active=True)
    async with world.acting() as inside:
        [waiting] = await connections.waiting(inside, connection_id=made.connection_id)
        await connections.link(inside, connection_id=made.connection_id, waiting_id=waiting.id)
    async with world.app.provisioning(made.token.encode(), writing=True) as inside:
        await inside.value(scim.change_user, id=someone.member.id, **values, active=False)
    with refused("BS409"):
        await world.reactivate(someone.member)


async def networks(someone: Someone) -> None:
    await change_policy(someone.world, networks=[HOME])


async def provider_only(someone: Someone) -> None:
    await in_use(someone)
    async with someone.world.acting() as inside:
        known = await domains.policy(inside)
        await domains.change_policy(
            inside, provider_only=True, break_glass_id=someone.world.owner.id, expected=known.version
        )


async def provider_off(someone: Someone) -> None:
    await in_use(someone)
    await switch(someone, "disabled")
