"""Serves directories: their token instead of a session, few of one directory's requests at once, and a note of each for its page."""

import asyncio
import hashlib
from typing import Final
from urllib.parse import parse_qsl

from asyncpg.exceptions import InvalidCachedStatementError, InvalidSQLStatementNameError, OutdatedSchemaCacheError

from belsimple.web.asgi import Receive
from belsimple.web.bodies import read_body
from belsimple.web.conditional import not_modified
from belsimple.web.database_errors import problem_of
from belsimple.web.decoding import Arguments
from belsimple.web.encoding import Encode
from belsimple.web.endpoint import Endpoint
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.journal import Entry
from belsimple.web.plan import Plan
from belsimple.web.problems import Malformed, Problem
from belsimple.web.provisioning import (
    SCIM,
    DirectoryTokenRefused,
    ScimRequest,
    directory_token,
    encoded,
    expected_version,
    read_document,
    told,
)
from belsimple.web.runtime import Runtime

_MAX_PARAMETERS: Final = 20


class ScimPlan(Plan):
    """Serves one endpoint under /scim/v2/."""

    def __init__(self, endpoint: Endpoint, runtime: Runtime) -> None:
        super().__init__(endpoint, runtime)
        self._guard = runtime.directories

    def _encoder(self) -> Encode:
        return encoded

    async def run(self, exchange: Exchange, receive: Receive, values: tuple[str, ...]) -> Reply:
        """Answer one request; raises Problem, and what the database raises."""
        exchange.route = self._endpoint.path
        token = directory_token(exchange)
        raw = b"" if self._endpoint.reads else await read_body(exchange, receive)
        async with self._runtime.turns.turn(hashlib.sha256(token).digest()):
            try:
                async with asyncio.timeout(self._runtime.settings.request_seconds):
                    reply = await self._serve(exchange, values, raw, token)
            except Exception as error:  # noqa: BLE001 - told as it is; an unexpected one goes on
                raise self._noted(exchange, token, error) from error.__cause__
        # A refusal whose record stays is a problem that was committed; what was answered is no error.
        self._runtime.journal.add(token, Entry.of(exchange, reply.status))
        return reply

    async def _serve(self, exchange: Exchange, values: tuple[str, ...], raw: bytes, token: bytes) -> Reply:
        arguments: Arguments = {}
        if self._read_path is not None:
            self._read_path(values, arguments)
        try:
            return await self._provision(exchange, arguments, raw, token)
        except (InvalidCachedStatementError, InvalidSQLStatementNameError, OutdatedSchemaCacheError):
            return await self._provision(exchange, arguments, raw, token)

    async def _provision(self, exchange: Exchange, arguments: Arguments, raw: bytes, token: bytes) -> Reply:
        database = self._runtime.database
        async with database.provisioning(token, writing=self._writing, address=exchange.address) as transaction:
            self._authorise(exchange, transaction.principal)
            arguments["request"] = self._read(exchange, raw)
            if self._endpoint.signature.transaction:
                arguments["transaction"] = transaction
            return self._conclude(exchange, await self._handler(**arguments))

    def _read(self, exchange: Exchange, raw: bytes) -> ScimRequest:
        return ScimRequest(
            method=exchange.method,
            query=_parameters(exchange.query),
            document=read_document(exchange, raw),
            expected=expected_version(exchange),
            base=self._runtime.settings.origin + SCIM.rstrip("/"),
        )

    def _conclude(self, exchange: Exchange, answer: object) -> Reply:
        reply = self._encode(answer)
        return reply if self._writing else not_modified(exchange, reply)

    def _noted(self, exchange: Exchange, token: bytes, error: Exception) -> Exception:
        problem = error if isinstance(error, Problem) else problem_of(error)
        if problem is None:
            return error
        if problem.status == 401:
            return DirectoryTokenRefused()
        said = told(problem)
        self._runtime.journal.add(token, Entry.of(exchange, int(said["status"]), said.get("scimType"), said["detail"]))
        return problem


def _parameters(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise Malformed("The parameters cannot be read.") from None
    if any("\0" in value for _, value in pairs):
        raise Malformed("Text cannot hold the NUL character.")
    return dict(pairs)
