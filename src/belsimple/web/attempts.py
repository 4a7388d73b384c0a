"""The exact limits of one request: taken before the work, given back by a handler whose attempt proved honest."""

import hashlib
import hmac
from typing import TYPE_CHECKING

import msgspec

from belsimple.database.queries import load_queries
from belsimple.web.inputs import Caller
from belsimple.web.limits import Limit
from belsimple.web.problems import TooManyRequests

if TYPE_CHECKING:
    from belsimple.database.transaction import Database

_q = load_queries("belsimple.web")


class Attempts:
    """Counts a request under limits. Only refused sign-ins should use them up: raced guesses are all counted first."""

    def __init__(self, database: "Database", key: bytes, caller: Caller, body: msgspec.Struct | None) -> None:
        self._database = database
        self._key = key
        self._caller = caller
        self._body = body
        self._taken: list[tuple[bytes, Limit]] = []

    async def take(self, *limits: Limit) -> None:
        """Count the request under each limit; raises TooManyRequests at the first that is used up."""
        for limit in limits:
            subject = f"{limit.name}|{limit.subject(self._caller, self._body)}".encode()
            # Keyed, so that the table tells nobody which addresses and e-mails were tried.
            key = hmac.digest(self._key, subject, hashlib.sha256)
            rows = await self._database.call(_q.take_limit, key=key, every=limit.every_us, burst=limit.burst)
            if rows[0][0] > 0:
                raise TooManyRequests(rows[0][0])
            self._taken.append((key, limit))

    async def give_back(self) -> None:
        """What this request took, it did not use."""
        for key, limit in self._taken:
            await self._database.call(_q.refund_limit, key=key, every=limit.every_us)
        self._taken.clear()
