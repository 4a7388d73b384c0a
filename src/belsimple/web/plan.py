"""An endpoint compiled for serving: the way of one request through it, and nothing looked up on that way.

body -> decode -> one transaction: enter, permission, limits -> handler -> encode -> commit
"""

import asyncio

from asyncpg.exceptions import InvalidCachedStatementError, InvalidSQLStatementNameError, OutdatedSchemaCacheError

from belsimple.database.operator_transaction import OperatorPrincipal
from belsimple.database.transaction import Principal
from belsimple.web.asgi import Receive
from belsimple.web.bearer import NotForSupport, SessionRequired, TokenRefused, bearer_token, is_bearer
from belsimple.web.bodies import read_body
from belsimple.web.conditional import expected_version, not_modified
from belsimple.web.cookies import is_support
from belsimple.web.database_errors import problem_of
from belsimple.web.decoding import Arguments, compile_body, compile_path, compile_query
from belsimple.web.encoding import Encode, compile_answer
from belsimple.web.endpoint import SIGNED_IN, Endpoint
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.idempotency import Claim, claim_of
from belsimple.web.inputs import Caller, PreviewInfo
from belsimple.web.looks import Look
from belsimple.web.problems import Forbidden, NoSession, Problem, ReauthenticationRequired
from belsimple.web.runtime import Runtime


class Plan:
    """Serves one endpoint."""

    def __init__(self, endpoint: Endpoint, runtime: Runtime) -> None:
        takes = endpoint.signature
        self._runtime = runtime
        self._endpoint = endpoint
        self._handler = endpoint.handler
        self._guard = runtime.accounts
        self._writing = not endpoint.reads
        self._permission = None if endpoint.permission == SIGNED_IN else endpoint.permission
        self._read_path = compile_path(takes) if takes.path else None
        self._read_query = compile_query(takes.query, lenient=takes.returns.kind in ("view", "asset"))
        self._query = takes.query is not None
        self._read_body = compile_body(takes.body) if takes.body is not None else None
        self._encode = self._encoder()
        self._fixed: Arguments = {name: runtime.services[name] for name in takes.services}
        if takes.database:
            self._fixed["database"] = runtime.database
        self._look = None if endpoint.look is None else Look(endpoint.look, runtime)
        self._needs_caller = takes.caller or takes.attempts or bool(endpoint.limits)

    def _encoder(self) -> Encode:
        return compile_answer(self._endpoint.signature.returns, self._runtime.cookies.headers)

    async def run(self, exchange: Exchange, receive: Receive, values: tuple[str, ...]) -> Reply:
        """Answer one request; raises Problem, and what the database raises."""
        endpoint, runtime = self._endpoint, self._runtime
        exchange.route = endpoint.path
        token = self._token(exchange)
        if token is None and not endpoint.public:
            raise self._no_session()
        raw = b"" if self._read_body is None else await read_body(exchange, receive)
        async with asyncio.timeout(runtime.settings.request_seconds):
            if token is None or endpoint.public:
                return await self._answer_anyone(exchange, values, raw, token)
            return await self._answer_session(exchange, values, raw, token)

    def _token(self, exchange: Exchange) -> bytes | None:
        """What the request shows of itself: an API token if it presents one, else the session's cookie.

        Raises TokenRefused, SessionRequired where programs have no business, and NotForSupport where operators have none.
        """
        bearer = bearer_token(exchange)
        if bearer is not None and not self._endpoint.tokens:
            raise SessionRequired
        if bearer is not None:
            return bearer
        token = self._runtime.cookie.token(exchange)
        if token is not None and is_support(token) and not (self._endpoint.support or self._endpoint.public):
            raise NotForSupport
        return token

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
                claim = claim_of(exchange, self._endpoint.route, raw, operators=self._runtime.operators)
        except Problem as problem:
            wrong = problem  # told only to who may use this endpoint: 401 and 403 go before it
        if self._needs_caller and wrong is None:
            await self._identify(exchange, token, arguments)
        try:
            if self._look is not None and wrong is None:
                arguments["preview"] = await self._look_first(exchange, token, arguments, self._look)
            try:
                return await self._transact(exchange, token, arguments, wrong, claim)
            except (InvalidCachedStatementError, InvalidSQLStatementNameError, OutdatedSchemaCacheError):
                # A migration changed a table under this connection's plans, or its statements are gone. So is the
                # transaction; a second one prepares anew.
                return await self._transact(exchange, token, arguments, wrong, claim)
        except Exception as error:
            self._note(token, error)
            raise

    async def _look_first(self, exchange: Exchange, token: bytes, arguments: Arguments, look: Look) -> PreviewInfo:
        async with self._runtime.database.tenant(token, writing=False, address=exchange.address) as transaction:
            self._authorise(exchange, transaction.principal)
            found = await look.find(transaction, arguments)
        return await look.at(found, token)

    def _note(self, token: bytes, error: Exception) -> None:
        """Record a refusal to a session; raise NoSession, which clears the cookie, for any error that means it."""
        problem = error if isinstance(error, Problem) else problem_of(error)
        if isinstance(problem, NoSession):
            raise (TokenRefused() if is_bearer(token) else self._no_session()) from None
        if problem is not None and problem.status in (403, 429):
            self._runtime.refusals.add(token, self._endpoint.route, problem.status)

    def _no_session(self) -> NoSession:
        return NoSession(headers={"set-cookie": self._runtime.cookie.cleared})

    def _decode(self, exchange: Exchange, values: tuple[str, ...], raw: bytes, into: Arguments) -> None:
        if self._read_path is not None:
            self._read_path(values, into)
        query = self._read_query(exchange.query)
        if self._query:
            into["query"] = query
        if self._endpoint.signature.query_string:
            into["query_string"] = exchange.query
        if self._read_body is not None:
            into["body"] = self._read_body(exchange, raw)
        if self._endpoint.precondition is not None:
            into["expected"] = expected_version(exchange, self._endpoint.precondition)

    async def _identify(self, exchange: Exchange, token: bytes | None, into: Arguments) -> None:
        caller = self._caller(exchange, token)
        # Before the transaction: a limit uses a connection of its own, and one request must not hold two.
        attempts = self._runtime.attempts(caller, into.get("body"))
        await attempts.take(*self._endpoint.limits)
        if self._endpoint.signature.attempts:
            into["attempts"] = attempts
        if self._endpoint.signature.caller:
            into["caller"] = caller

    def _caller(self, exchange: Exchange, token: bytes | None) -> Caller:
        agent = exchange.text(b"user-agent")[:300]
        pending = self._runtime.cookies.pending.token(exchange)
        return Caller(exchange.address, agent, exchange.request_id, token, pending)

    async def _transact(
        self, exchange: Exchange, token: bytes, arguments: Arguments, wrong: Problem | None, claim: Claim | None
    ) -> Reply:
        due = False
        try:
            async with self._runtime.enter(token, writing=self._writing, address=exchange.address) as transaction:
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

    def _authorise(self, exchange: Exchange, principal: Principal | OperatorPrincipal) -> None:
        exchange.account = principal.account_id
        if self._permission is not None and self._permission not in principal.permissions:
            raise Forbidden
        if self._endpoint.fresh and not principal.fresh:
            raise ReauthenticationRequired
        self._guard.take(principal.account_id)
        if isinstance(principal, Principal):
            self._runtime.tenants.take(principal.tenant_id)

    def _conclude(self, exchange: Exchange, answer: object) -> Reply:
        reply = self._encode(answer)
        return reply if self._writing else not_modified(exchange, reply)
