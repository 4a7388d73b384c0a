"""Second factors for tests: signing in step by step as part gate does it, with an authenticator in software."""

import asyncio
import hmac
import os
import time
from typing import Any
from uuid import UUID

import msgspec

from belsimple.attack.authenticator import Authenticator
from belsimple.database.transaction import Database
from belsimple.identity import admission, own_factors
from belsimple.identity.admission import Admitted
from belsimple.identity.factors import Factors
from belsimple.tenancy import policy
from belsimple.web.inputs import Caller

from .people import ADDRESS, Account, digest, identity
from .world import World

FACTORS = Factors(bytes(range(32)), host="localhost", origin="https://localhost")
AGENT = "test"
ELSEWHERE = "198.51.100.7"


def caller(
    pending: bytes | None = None, *, address: str = ADDRESS, agent: str = AGENT, token: bytes | None = None
) -> Caller:
    """Who calls, with the cookie of a pending sign-in."""
    return Caller(address, agent, "request", token, pending)


def code_of(secret: bytes, step: int | None = None) -> str:
    """What an app shows (RFC 6238), reckoned apart from the product."""
    moment = int(time.time() // 30) if step is None else step
    made = hmac.digest(secret, moment.to_bytes(8, "big"), "sha1")
    at = made[-1] & 15
    return f"{(int.from_bytes(made[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


async def earlier_code(secret: bytes) -> str:
    """What the app showed a step ago, and which is taken for some seconds yet: the present one is kept for later."""
    left = 30 - time.time() % 30
    if left < 5:
        await asyncio.sleep(left)
    return code_of(secret, int(time.time() // 30) - 1)


async def give_password(world: World, who: Account, *, address: str = ADDRESS, agent: str = AGENT) -> Admitted | None:
    """Give the right password; None when that is refused."""
    tokens = admission.Tokens.new()
    found = await world.gate.call(
        identity.prove_password,
        slug=who.tenant,
        email=who.email,
        proof=who.proof,
        token_hash=digest(tokens.session),
        pending_hash=digest(tokens.pending),
        address=address,
        agent=agent,
    )
    return tokens.admitted(found[0]["outcome"], found[0]["session_id"], found[0]["account_id"]) if found else None


async def add_totp(world: World, who: Account, session: bytes | None = None) -> tuple[bytes, list[str]]:
    """An authenticator app for an account: its secret and the recovery codes. The step before the present one is used up."""
    async with world.gate.tenant(session or await world.session(who), writing=True) as inside:
        secret = await own_factors.begin_totp(inside, FACTORS)
        codes = await own_factors.confirm_totp(inside, FACTORS, code=await earlier_code(secret))
    return secret, codes


async def add_passkey(
    world: World, who: Account, name: str = "Key", session: bytes | None = None
) -> tuple[Authenticator, UUID]:
    """A passkey for an account, and its id."""
    device = Authenticator(FACTORS.party.origin)
    async with world.gate.tenant(session or await world.session(who), writing=True) as inside:
        token, options = await own_factors.begin_registration(inside, FACTORS, caller())
        made, _ = await own_factors.add_passkey(
            inside, FACTORS, caller(token), credential=device.create(options), name=name
        )
    return device, made


async def change_policy(world: World, *, session: bytes | None = None, **changes: Any) -> None:
    """The owner changes the tenant's policy, in a session that there is already or in a new one."""
    async with world.acting(token=session) as inside:
        known = await policy.shown(inside)
        await policy.change(inside, msgspec.structs.replace(known, **changes), expected=known.version, address=ADDRESS)


async def role_id(world: World, name: str) -> UUID:
    """The id of a role of the tenant."""
    return (
        await world.observe(
            "select r.id from access.role r where r.tenant_id = $1 and r.name = $2", await world.tenant_id(), name
        )
    )[0]["id"]


async def pending_count(world: World, who: Account) -> int:
    """How many sign-ins of an account are pending."""
    rows = await world.observe("select count(*) as n from identity.pending_sign_in where account_id = $1", who.id)
    return rows[0]["n"]


async def by_passkey(gate: Database, device: Authenticator, **where: Any) -> Admitted:
    """Sign in by a passkey alone."""
    token, options = await admission.begin_passkey(gate, FACTORS, caller(**where))
    return await admission.prove_passkey(gate, FACTORS, caller(token, **where), credential=device.get(options))


def random_token() -> bytes:
    """Nobody's."""
    return os.urandom(32)


async def pending(world: World, who: Account, **where: str) -> bytes:
    """The password is given; the token of what is pending."""
    admitted = await give_password(world, who, **where)
    assert admitted
    assert admitted.session_id is None
    return admitted.token


async def give_code(world: World, token: bytes, code: str, **where: Any) -> Admitted:
    """Go on with a code of an app."""
    return await admission.prove_code(world.gate, FACTORS, caller(token, **where), code=code)


async def opens(world: World, admitted: Admitted | None) -> bool:
    """Whether this is a session, and it opens what is inside."""
    if admitted is None or admitted.outcome != "open":
        return False
    async with world.app.tenant(admitted.token, writing=False) as inside:
        return inside.principal.fresh


async def reasons(world: World) -> list[str]:
    """Why sign-ins were refused, in the order of the trail."""
    rows = await world.observe(
        "select e.detail ->> 'reason' as reason from audit.entry e where e.tenant_id = $1 and e.action = 'sign_in_refused' order by e.at, e.id",
        await world.tenant_id(),
    )
    return [row["reason"] for row in rows]
