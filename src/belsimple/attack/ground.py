"""The ground the corpus is tried on: two synthetic tenants with people, roles, dossiers and sessions.

Everything is made as the product makes it, through the parts' own roles. All accounts share one password, hashed once.
"""

import os
import re
import secrets
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from hashlib import sha256
from typing import Final, Literal, NamedTuple

import msgspec

from belsimple.attack.backend import Backend
from belsimple.attack.manner import SERVICE, Manner
from belsimple.database.admin import connect_admin, owner_connection
from belsimple.database.queries import load_queries
from belsimple.database.roles import ROLES
from belsimple.database.transaction import Database
from belsimple.errors import OperatorError
from belsimple.identity.hashing import SALT_BYTES, Hasher, Parameters
from belsimple.tenancy import actions as tenancy

_identity = load_queries("belsimple.identity")
_q = load_queries("belsimple.attack", "ground.sql")
_COST: Final = Parameters(memory_kib=65536, iterations=3, lanes=4)
_ADDRESS: Final = "192.0.2.24"
_PEOPLE: Final = {
    "admin": "admin",
    "member": "member",
    "auditor": "auditor",
    "second": "member",
    "third": "member",
    "fourth": "member",
    "fifth": "member",
    "ender": "member",
    "leaver": "member",
    "changed": "member",
    "changer": "member",
    "target": "member",
    "forgetful": "member",
    "mover": "member",
    "inviter": "admin",
    "coder": "member",
    "halved": "member",
    "locked": "member",
    "resetter": "member",
    "enroller": "member",
    "keyed": "member",
    "guessed": "member",
}

_OURS: Final = re.compile(r"attack-[ab]-[0-9a-f]{8}")

Profile = Literal["owned", "managed"]


class Credential(msgspec.Struct, frozen=True):
    """The password of every account of the ground, hashed once: its salt and what Argon2id makes of both."""

    password: str
    salt: bytes
    proof: bytes


async def new_credential() -> Credential:
    """A random password at the lowest cost that the product takes."""
    password, salt = secrets.token_urlsafe(18), os.urandom(SALT_BYTES)
    hasher = Hasher(1)
    try:
        return Credential(password, salt, await hasher.proof(password, salt, _COST))
    finally:
        hasher.close()


class Ground(msgspec.Struct, frozen=True):
    """Where the corpus runs: the admin's and each role's URL, and the names that statements use."""

    admin_url: str
    urls: dict[str, str]
    names: dict[str, str]
    profile: Profile
    credential: Credential
    manner: Manner = SERVICE


class Person(NamedTuple):
    """An account and a session of it."""

    id: str
    email: str
    token: bytes
    session: str


@asynccontextmanager
async def prepared(admin_url: str, urls: dict[str, str], prefix: str, profile: Profile) -> AsyncIterator[Ground]:
    """Make the two tenants; they are removed afterwards, whatever happened, and so are those of a run that was killed.

    Raises OperatorError while another run is at work in the same database.
    """
    ground = Ground(admin_url, urls, {role: f"{prefix}_{role}" for role in ROLES}, profile, await new_credential())
    admin = await connect_admin(admin_url)
    try:
        if not await admin.fetchval(_q.only_one.sql):
            raise OperatorError("Another attack on this service is under way", "Wait until it has ended.")
        await _remove_leftovers(ground)
        try:
            await furnish(ground)
            yield ground
        finally:
            await _remove(ground)
    finally:
        await admin.close(timeout=5)


async def furnish(ground: Ground) -> None:
    """Make both tenants with everything in them; the names of `ground` then stand for it."""
    for side in ("a", "b"):
        ground.names[f"{side}_slug"] = f"attack-{side}-{secrets.token_hex(4)}"
    async with _parts(ground) as (gate, app):
        for side in ("a", "b"):
            await _tenant(ground, gate, side, ground.names[f"{side}_slug"])
            await _furnish(app, ground, side)


@asynccontextmanager
async def _parts(ground: Ground) -> AsyncIterator[tuple[Database, Database]]:
    """The databases of parts gate and web."""
    async with AsyncExitStack() as stack:
        gate = await Database.open(ground.urls["gate"], part="gate", size=1)
        stack.push_async_callback(gate.close)
        app = await Database.open(ground.urls["app"], part="web", size=1)
        stack.push_async_callback(app.close)
        yield gate, app


async def _tenant(ground: Ground, gate: Database, side: str, slug: str) -> None:
    token = await tenancy.create_tenant(ground.admin_url, slug=slug, owner=f"owner@{slug}.invalid", synthetic=True)
    owner = await _person(ground, gate, slug, token)
    ground.names.update({f"{side}_slug": slug, f"{side}_email": owner.email, f"{side}_token": _bytea(owner.token)})
    ground.names.update({f"{side}_account": owner.id, f"{side}_session": owner.session})
    for name, role in _PEOPLE.items() if side == "a" else ():
        invitation = await tenancy.invite_member(ground.admin_url, slug=slug, email=f"{name}@{slug}.invalid", role=role)
        person = await _person(ground, gate, slug, invitation)
        ground.names.update({f"a_{name}": person.id, f"a_{name}_token": _bytea(person.token)})
        ground.names[f"a_{name}_email"] = person.email


async def _person(ground: Ground, gate: Database, slug: str, invitation: str) -> Person:
    [accepted] = await gate.call(
        _identity.accept_invitation,
        token_hash=sha256(urlsafe_b64decode(invitation + "=" * (-len(invitation) % 4))).digest(),
        name="Attack",
        salt=ground.credential.salt,
        verifier=sha256(ground.credential.proof).digest(),
        **msgspec.structs.asdict(_COST),
    )
    return await _signed_in(gate, ground, slug, accepted["email"])


async def _signed_in(gate: Database, ground: Ground, slug: str, email: str) -> Person:
    token = os.urandom(32)
    [opened] = await gate.call(
        _identity.prove_password,
        slug=slug,
        email=email,
        proof=ground.credential.proof,
        token_hash=sha256(token).digest(),
        pending_hash=os.urandom(32),
        address=_ADDRESS,
        agent="belsimple attack",
    )
    return Person(str(opened["account_id"]), email, token, str(opened["session_id"]))


async def new_session(ground: Ground, side: str, email: str) -> bytes:
    """One more session of an account of tenant `side`; its token."""
    async with _parts(ground) as (gate, _):
        return (await _signed_in(gate, ground, ground.names[f"{side}_slug"], email)).token


async def _furnish(app: Database, ground: Ground, side: str) -> None:
    """Dossiers, and a role of the tenant's own."""
    names = ground.names
    async with app.tenant(_token(names, side), writing=True) as inside:
        names[f"{side}_tenant"] = str(inside.principal.tenant_id)
        names[f"{side}_role"] = str(await inside.value(_q.make_role))
        if side == "a":
            names["a_dossier"] = str(await inside.value(_q.make_own_dossiers))
            return
        names["b_reference"] = f"B-{secrets.token_hex(6)}"
        names["b_common_title"] = f"common{secrets.token_hex(6)}"
        names["nobodys_title"] = f"nobody{secrets.token_hex(6)}"
        names["b_dossier"] = str(
            await inside.value(_q.make_their_dossiers, reference=names["b_reference"], title=names["b_common_title"])
        )


async def _remove(ground: Ground) -> None:
    """The tenants go, as far as they were made; and the suite's jobs, which nobody declared."""
    async with Backend.open(ground.urls["worker"], ground.names) as worker:
        await worker.run(_q.remove_jobs.sql)
    for side in ("a", "b"):
        await _remove_tenant(ground, ground.names.get(f"{side}_slug", ""))
    await _remove_operators(ground)


async def _remove_leftovers(ground: Ground) -> None:
    for view in await tenancy.list_tenants(ground.admin_url):
        if view.synthetic and _OURS.fullmatch(view.slug):
            await _remove_tenant(ground, view.slug)
    await _remove_operators(ground)


async def _remove_operators(ground: Ground) -> None:
    async with owner_connection(ground.admin_url) as owner, owner.transaction():
        await owner.execute(_q.acting.sql)
        await owner.execute(_q.remove_operators.sql)
        await owner.execute(_q.remove_operator_invitations.sql)


async def _remove_tenant(ground: Ground, slug: str) -> None:
    """Module rows go inside their tenant, through role app, by an owner made for it; then the tenant."""
    status = {view.slug: view.status for view in await tenancy.list_tenants(ground.admin_url)}.get(slug)
    if status is None:
        return
    if status != "active":
        await tenancy.set_status(ground.admin_url, slug=slug, status="active")
    email = f"remover-{secrets.token_hex(4)}@{slug}.invalid"
    invitation = await tenancy.invite_member(ground.admin_url, slug=slug, email=email, role="owner")
    async with _parts(ground) as (gate, app):
        remover = await _person(ground, gate, slug, invitation)
        async with app.tenant(remover.token, writing=True) as inside:
            for emptied in (_q.remove_versions, _q.remove_documents, _q.remove_dossiers):
                await inside.execute(emptied)
    await tenancy.remove_synthetic(ground.admin_url, slug=slug)


def _token(names: dict[str, str], side: str) -> bytes:
    return bytes.fromhex(names[f"{side}_token"].removeprefix("\\x"))


def _bytea(value: bytes) -> str:
    return "\\x" + value.hex()
