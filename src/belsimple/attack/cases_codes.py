"""Number 18: guessing the codes of second factors."""

import hashlib
import os
from typing import Any, Final

from belsimple.attack.sign_ins import begin, forget_browsers, go_on, with_app
from belsimple.attack.site import Broken, Site, api_case, expect
from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.identity.recovery_codes import hash_of

_identity = load_queries("belsimple.identity")
_factors = load_queries("belsimple.identity", "factors.sql")
_WRONG: Final = "abcdef"
_MOST_CODES: Final = 5
_MOST_FAILURES: Final = 100
_ADDRESS: Final = "192.0.2.24"
_AGENT: Final = "belsimple attack"


@api_case(18, "code_guesses")
async def guessing_codes(site: Site) -> None:
    """Five wrong codes end the sign-in: the password must be given again, which costs a hash and is counted."""
    app, pending = await with_app(site, "coder"), await begin(site, "coder")
    for _ in range(_MOST_CODES):
        expect(await go_on(site, pending, code=_WRONG), 401, why="a wrong code")
    expect(await go_on(site, pending, code=app.code()), 401, why="the right code after five wrong ones")


@api_case(18, "code_failures")
async def guessing_codes_with_the_password(site: Site) -> None:
    """Wrong codes count on, however often the right password is given between them: after a hundred none is looked at."""
    app = await with_app(site, "guessed")
    await forget_browsers(site, "guessed")
    gate = await Database.open(site.ground.urls["gate"], part="gate", size=1)
    try:
        for _ in range(_MOST_FAILURES // _MOST_CODES):
            pending = await _pending(gate, site, "guessed")
            for _ in range(_MOST_CODES):
                await _prove(gate, pending, os.urandom(32))
        if await _prove(gate, await _pending(gate, site, "guessed"), hash_of(app.recovery[0])):
            raise Broken("a code after a hundred wrong ones got in")
    finally:
        await gate.close()


@api_case(18, "same_refusal")
async def what_a_refused_proof_tells(site: Site) -> None:
    """A wrong code, a used one, none pending and an invented cookie are refused byte for byte alike."""
    app = await with_app(site, "coder")
    used = app.recovery[0]
    expect(await go_on(site, await begin(site, "coder"), recovery_code=used), 201, why="a recovery code")
    replies = [
        await go_on(site, await begin(site, "coder"), code=_WRONG),
        await go_on(site, await begin(site, "coder"), recovery_code=used),
        await go_on(site, os.urandom(32), code=app.code()),
        await go_on(site, os.urandom(32), recovery_code=app.recovery[1]),
    ]
    for reply in replies:
        expect(reply, 401, why="a proof that is not good")
        if reply.comparable() != replies[0].comparable():
            raise Broken("two refusals differ")


async def _pending(gate: Database, site: Site, who: str) -> bytes:
    """What is pending after the right password, if anything is."""
    token = os.urandom(32)
    await gate.call(
        _identity.prove_password,
        slug=site.names["a_slug"],
        email=site.names[f"a_{who}_email"],
        proof=site.ground.credential.proof,
        token_hash=os.urandom(32),
        pending_hash=_hash(token),
        address=_ADDRESS,
        agent=_AGENT,
    )
    return token


async def _prove(gate: Database, pending: bytes, code_hash: bytes) -> list[Any]:
    return await gate.call(
        _factors.prove_recovery_code,
        pending_hash=_hash(pending),
        code_hash=code_hash,
        token_hash=os.urandom(32),
        next_hash=os.urandom(32),
        address=_ADDRESS,
        agent=_AGENT,
    )


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
