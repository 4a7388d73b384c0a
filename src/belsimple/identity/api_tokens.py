"""API tokens: what a program shows instead of a session. The database keeps a hash; the text is shown once.

``bel_`` + 43 characters of 256 random bits + 6 of their CRC-32, all in base 62: secret scanners find it by its shape, and know by
the checksum that it is one.
"""

import datetime as dt
import hashlib
import secrets
import zlib
from typing import Final
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database, Transaction
from belsimple.web.bearer import ALPHABET, BODY, CHECKSUM, PREFIX
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.identity", "api_tokens.sql")
_HINT: Final = 4


class ApiToken(msgspec.Struct, frozen=True):
    """An own token, without its text; ``hint`` is how it begins."""

    id: UUID
    name: str
    hint: str
    scopes: list[str]
    created_at: dt.datetime
    expires_at: dt.datetime
    last_used_at: dt.datetime | None


class NewApiToken(msgspec.Struct, frozen=True):
    """A token just made, with its text: nobody can read it again."""

    id: UUID
    name: str
    token: str
    scopes: list[str]
    expires_at: dt.datetime


class Scope(msgspec.Struct, frozen=True):
    """A permission that a token may have, and the module that declares it."""

    name: str
    module: str
    description: str


def new_text(prefix: str = PREFIX) -> str:
    """The text of a new token."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(BODY))
    return prefix + body + checksum_of(body)


def checksum_of(body: str) -> str:
    """Six characters that tell a mistyped token from a real one. They are no proof of anything."""
    number = zlib.crc32(body.encode("ascii"))
    digits = ""
    for _ in range(CHECKSUM):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


async def tokens(transaction: Transaction) -> list[ApiToken]:
    """The own tokens, the newest first."""
    return await transaction.rows(_q.own_tokens, ApiToken, id=None)


async def own_permissions(transaction: Transaction) -> list[Scope]:
    """What the caller may give a token."""
    return await transaction.rows(_q.own_permissions, Scope)


async def create_token(
    transaction: Transaction, *, name: str, scopes: list[str], expires_at: dt.datetime
) -> NewApiToken:
    """Make a token. Raises BS403 for a scope that the caller lacks, BS422 for one that does not exist or a year, BS409 past fifty."""
    text = new_text()
    made: UUID = await transaction.value(
        _q.create_token,
        name=name.strip(),
        scopes=scopes,
        expires_at=expires_at,
        token_hash=hashlib.sha256(text.encode("ascii")).digest(),
        hint=text[: len(PREFIX) + _HINT],
    )
    kept = await transaction.row(_q.own_tokens, ApiToken, id=made)
    assert kept is not None  # it was made in this transaction
    return NewApiToken(made, kept.name, text, kept.scopes, kept.expires_at)


async def end_token(transaction: Transaction, *, token_id: UUID) -> None:
    """End an own token. Raises NotFound, for another account's too."""
    if not await transaction.value(_q.end_own_token, id=token_id):
        raise NotFound


async def report_leaks(database: Database, found: list[tuple[str, str]]) -> None:
    """End the tokens among these texts, each with the place where it was found, and tell their owners."""
    for text, place in found:
        await database.call(_q.report_leak, token_hash=hashlib.sha256(text.encode()).digest(), place=place)
