"""An endpoint compiled for serving: the way of one request through it, and nothing looked up on that way.

body -> decode -> one transaction: enter, permission, limits -> handler -> encode -> commit
"""

import asyncio
from typing import TYPE_CHECKING

from asyncpg.exceptions import InvalidCachedStatementError, InvalidSQLStatementNameError, OutdatedSchemaCacheError
from starlette.types import Receive

from belsimple.web.bodies import read_body
from belsimple.web.conditional import expected_version, not_modified
from belsimple.web.database_errors import problem_of
from belsimple.web.decoding import Arguments, compile_body, compile_path, compile_query
from belsimple.web.encoding import compile_answer
from belsimple.web.endpoint import SIGNED_IN, Endpoint
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.idempotency import Claim, claim_of
from belsimple.web.inputs import Caller
from belsimple.web.problems import Forbidden, NoSession, Problem, ReauthenticationRequired
from belsimple.web.runtime import Runtime

if TYPE_CHECKING:
    from belsimple.database.transaction import Principal


class Plan:
    """Serves one endpoint."""

    def __init__(self, endpoint: Endpoint, runtime: Runtime) -> None:
        takes = endpoint.signature
        self._runtime = runtime
        self._endpoint = endpoint
        self._handler = endpoint.handler
        self._writing = not endpoint.reads
        self._permission = None if endpoint.permission == SIGNED_IN else endpoint.permission
        self._read_path = compile_path(takes) if takes.path else None
        self._read_query = compile_query(takes.query, lenient=takes.returns.kind in ("html", "asset"))
        self._query = takes.query is not None
        self._read_body = compile_body(takes.body) if takes.body is not None else None
        self._encode = compile_answer(takes.returns, runtime.cookie.header)
        self._fixed: Arguments = {name: runtime.services[name] for name in takes.services}
        if takes.database:
            self._fixed["database"] = runtime.database
        self._needs_caller = takes.caller or takes.attempts or bool(endpoint.limits)

    async def run(self, exchange: Exchange, receive: Receive, values: tuple[str, ...]) -> Reply:
        """Answer one request; raises Problem, and what the database raises."""
        endpoint, runtime = self._endpoint, self._runtime
        exchange.route = endpoint.path
        token = runtime.cookie.token(exchange)
        if token is None and not endpoint.public:
            raise self._no_session()
        raw = b"" if self._read_body is None else await read_body(exchange, receive)
        async with asyncio.timeout(runtime.settings.request_seconds):
            if token is None or endpoint.public:
                return await self._answer_anyone(exchange, values, raw, token)
            return await self._answer_session(exchange, values, raw, token)

    async def _answer_anyone(
        self, exchange: Exchange, values: tuple[str, ...], raw: bytes, token: bytes | None
    ) -> Reply:
        arguments = self._fixed.copy()
        self._decode(exchange, values, raw, arguments)
        if self._needs_caller:
            await self._identify(exchange, token, arguments)
        return self._conclude(exchange, await self._handler(**arguments))

    async def _answer_session(self, exchange: Exchange, values: tuple[str, ...], raw: bytes, token: bytes) -> Reply:
        arguments = self._fixed.copy()
        claim = wrong = None
        try:
            self._decode(exchange, values, raw, arguments)
            if self._endpoint.idempotent:
                claim = claim_of(exchange, self._endpoint.route, raw)
        except Problem as problem:
            wrong = problem  # told only to who may use this endpoint: 401 and 403 go before it
        if self._needs_caller and wrong is None:
            await self._identify(exchange, token, arguments)
        try:
            try:
                return await self._transact(exchange, token, arguments, wrong, claim)
            except (InvalidCachedStatementError, InvalidSQLStatementNameError, OutdatedSchemaCacheError):
                # A migration changed a table under this connection's plans, or its statements are gone. So is the
                # transaction; a second one prepares anew.
                return await self._transact(exchange, token, arguments, wrong, claim)
        except Exception as error:
            problem = error if isinstance(error, Problem) else problem_of(error)
            if isinstance(problem, NoSession):
                raise self._no_session() from None
            if problem is not None and problem.status in (403, 429):
                self._runtime.refusals.add(token, self._endpoint.route, problem.status)
            raise

    def _no_session(self) -> NoSession:
        return NoSession(headers={"set-cookie": self._runtime.cookie.cleared})

    def _decode(self, exchange: Exchange, values: tuple[str, ...], raw: bytes, into: Arguments) -> None:
        if self._read_path is not None:
            self._read_path(values, into)
        query = self._read_query(exchange.query)
        if self._query:
            into["query"] = query
        if self._read_body is not None:
            into["body"] = self._read_body(exchange, raw)
        if self._endpoint.precondition is not None:
            into["expected"] = expected_version(exchange, self._endpoint.precondition)

    async def _identify(self, exchange: Exchange, token: bytes | None, into: Arguments) -> None:
        caller = Caller(exchange.address, exchange.text(b"user-agent")[:300], exchange.request_id, token)
        # Before the transaction: a limit uses a connection of its own, and one request must not hold two.
        attempts = self._runtime.attempts(caller, into.get("body"))
        await attempts.take(*self._endpoint.limits)
        if self._endpoint.signature.attempts:
            into["attempts"] = attempts
        if self._endpoint.signature.caller:
            into["caller"] = caller

    async def _transact(
        self, exchange: Exchange, token: bytes, arguments: Arguments, wrong: Problem | None, claim: Claim | None
    ) -> Reply:
        due = False
        try:
            async with self._runtime.database.tenant(token, writing=self._writing) as transaction:
                due = transaction.touch_due
                self._authorise(exchange, transaction.principal)
                if wrong is not None:
                    raise wrong
                if claim is not None and (replayed := await claim.replay(transaction)) is not None:
                    return replayed
                arguments["transaction"] = transaction
                # Encoded before the commit: an answer that cannot be written leaves no change behind.
                reply = self._conclude(exchange, await self._handler(**arguments))
                if claim is not None:
                    await claim.store(transaction, reply)
            return reply
        finally:
            if due:
                self._runtime.touch(token)

    def _authorise(self, exchange: Exchange, principal: "Principal") -> None:
        exchange.account = principal.account_id
        if self._permission is not None and self._permission not in principal.permissions:
            raise Forbidden
        if self._endpoint.fresh and not principal.fresh:
            raise ReauthenticationRequired
        self._runtime.accounts.take(principal.account_id)
        self._runtime.tenants.take(principal.tenant_id)

    def _conclude(self, exchange: Exchange, answer: object) -> Reply:
        reply = self._encode(answer)
        return reply if self._writing else not_modified(exchange, reply)
