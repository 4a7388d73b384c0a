"""Idempotency-Key: a POST repeated with the same key is answered as it was the first time, and done once.

Keys belong to an account and a route; the database derives the account from the transaction's own session. The answer is
kept in the transaction of the change, so that there is never one without the other.
"""

import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

from belsimple.database.queries import load_queries
from belsimple.web.exchange import JSON, Exchange, Reply
from belsimple.web.problems import Malformed

if TYPE_CHECKING:
    from belsimple.database.statements import Statements

q = load_queries("belsimple.web")
_KEY = re.compile(rb"[\x21-\x7e]{1,200}")


class StoredAnswer(msgspec.Struct, frozen=True):
    """What was answered the first time; no status when that was an error whose changes were kept (a counted failure)."""

    status: int | None
    body: bytes | None
    location: str | None
    etag: str | None


class Claim:
    """One request's use of its key; operators' are kept apart from tenants'."""

    def __init__(self, route: str, key: str, request_hash: bytes, *, operators: bool = False) -> None:
        self._claim_answer = q.claim_operator_answer if operators else q.claim_answer
        self._store_answer = q.store_operator_answer if operators else q.store_answer
        self._route = route
        self._key = key
        self._request_hash = request_hash

    async def replay(self, transaction: "Statements") -> Reply | None:
        """The earlier answer, or None when the key is now ours. The database raises BS422 for another request's key."""
        stored = await transaction.row(
            self._claim_answer, StoredAnswer, route=self._route, key=self._key, request_hash=self._request_hash
        )
        if stored is None or stored.status is None:
            return None
        headers = [(b"idempotency-replayed", b"true")]
        if stored.body:
            headers.append(JSON)
        if stored.location is not None:
            headers.append((b"location", stored.location.encode("ascii")))
        return Reply(stored.status, stored.body or b"", headers, stored.etag)

    async def store(self, transaction: "Statements", reply: Reply) -> None:
        """Keep this answer. Raises RuntimeError when it sets a cookie: its endpoint should have been declared secret."""
        headers = dict(reply.headers)
        if b"set-cookie" in headers:
            raise RuntimeError("an answer that sets a cookie cannot be kept")
        location = headers.get(b"location")
        await transaction.value(
            self._store_answer,
            route=self._route,
            key=self._key,
            status=reply.status,
            body=reply.body,
            location=location.decode("ascii") if location else None,
            etag=reply.etag,
        )


def claim_of(exchange: Exchange, route: str, body: bytes, *, operators: bool = False) -> Claim | None:
    """The claim that a request makes, None without an ``Idempotency-Key``; raises Malformed for a bad key."""
    key = exchange.headers.get(b"idempotency-key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Malformed("Idempotency-Key takes 1 to 200 printable characters without spaces.")
    digest = hashlib.sha256()
    for part in (exchange.path.encode(), exchange.query, body):
        digest.update(len(part).to_bytes(8, "big") + part)  # lengths keep the parts apart
    return Claim(route, key.decode("ascii"), digest.digest(), operators=operators)
