"""The outermost layer, plain ASGI: who calls, is it for us, and what every answer carries; and the last resort."""

import os
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

from belsimple.web.addresses import TrustedProxies
from belsimple.web.asgi import ASGIApp, Message, Receive, Scope, Send
from belsimple.web.bodies import Disconnected, Intake
from belsimple.web.database_errors import problem_of
from belsimple.web.endpoint import Endpoint
from belsimple.web.exchange import HTML, Exchange, Reply
from belsimple.web.flood import FloodGuard
from belsimple.web.headers import SecurityHeaders
from belsimple.web.limits import network_of
from belsimple.web.log import Access, Log, failure
from belsimple.web.origins import Origins
from belsimple.web.pages import showing_of, wants_page
from belsimple.web.problems import Problem
from belsimple.web.provisioning import SCIM, explained
from belsimple.web.router import Router
from belsimple.web.settings import WebSettings
from belsimple.web.showing import Pages

EXCHANGE = "belsimple.exchange"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_HEALTH = frozenset(("/healthz", "/readyz"))


class Admission(Protocol):
    """Decides who gets in."""

    def admit(self, exchange: Exchange, scope: Scope) -> None:
        """Fill in headers, request id and address; raises Problem for a request that goes no further."""
        ...


class PublicDoor:
    """Admission to part web, which faces the world."""

    def __init__(self, settings: WebSettings, endpoints: Iterable[Endpoint] = ()) -> None:
        self._cross_site: Router[Endpoint] = Router()
        for endpoint in endpoints:
            if endpoint.cross_site:
                self._cross_site.add(endpoint.method, endpoint.path, endpoint)
        self._proxies = TrustedProxies(settings.trusted_proxies)
        self._origins = Origins(settings)
        self._addresses = FloodGuard(settings.address_rate)

    def admit(self, exchange: Exchange, scope: Scope) -> None:
        """Check headers, Host, origin and the address's rate."""
        exchange.request_id = os.urandom(16).hex()
        client = scope.get("client")
        peer = exchange.address = client[0] if client else ""
        exchange.read_headers(scope["headers"])
        if self._proxies.trusts(peer):
            exchange.address = self._proxies.client(peer, exchange.text(b"x-forwarded-for"))
            given = exchange.headers.get(b"x-request-id", b"")
            if _REQUEST_ID.fullmatch(given):
                exchange.request_id = given.decode("ascii")
        self._addresses.take(network_of(exchange.address) if ":" in exchange.address else exchange.address)
        if exchange.path not in _HEALTH:
            self._origins.check_host(exchange)
        if self._cross_site.find(exchange.path) is None:
            self._origins.check_origin(exchange)


class InnerDoor:
    """Admission to the parts behind web: only web can reach their socket, so its word on the caller is taken."""

    def admit(self, exchange: Exchange, scope: Scope) -> None:
        """Take address and request id from web's headers."""
        exchange.read_headers(scope["headers"])
        exchange.address = exchange.text(b"x-belsimple-address")
        exchange.request_id = exchange.text(b"x-request-id") or os.urandom(16).hex()


class Outermost:
    """Admits, calls the application, adds the security headers, answers what went wrong and logs one line."""

    def __init__(
        self,
        part: str,
        app: ASGIApp,
        door: Admission,
        security: SecurityHeaders | None,
        log: Log,
        pages: Pages | None = None,
    ) -> None:
        """``security`` None adds no headers: the part in front does. ``pages`` tells of problems to people."""
        self._part = part
        self._app = app
        self._door = door
        self._security = security
        self._log = log
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        began = time.perf_counter()
        exchange = scope[EXCHANGE] = Exchange(scope)
        intake = Intake(receive)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._decorate(exchange, message)
            await send(message)

        try:
            self._door.admit(exchange, scope)
            await self._app(scope, intake.receive, answer)
        except Disconnected:
            pass
        except Exception as error:
            if exchange.status:  # half an answer is out: only breaking the connection tells the client
                raise
            await self._explain(exchange, error).send(answer, head=exchange.method == "HEAD")
        finally:
            self._log_access(exchange, began)
        await intake.drain(exchange)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _decorate(self, exchange: Exchange, message: Message) -> None:
        exchange.status = message["status"]
        headers = message["headers"]
        headers.append((b"x-request-id", exchange.request_id.encode("ascii")))
        if self._security is not None:
            headers.extend(self._security.for_answer(headers))

    def _explain(self, exchange: Exchange, error: Exception) -> Reply:
        problem = error if isinstance(error, Problem) else problem_of(error)
        if problem is None or (problem.status >= 500 and (problem is not error or error.__cause__ is not None)):
            self._log(failure(self._part, exchange.request_id, exchange.route, error))
        return self._reply(exchange, problem or Problem())

    def _reply(self, exchange: Exchange, problem: Problem) -> Reply:
        if exchange.path.startswith(SCIM):
            return explained(problem)
        reply = Reply.of(problem)
        if self._pages is not None and wants_page(exchange):
            reply.body = self._pages.explain(problem, showing_of(exchange)).encode()
            reply.headers[0] = HTML
        return reply

    def _log_access(self, exchange: Exchange, began: float) -> None:
        method = exchange.method if exchange.method in _METHODS else "-"
        ms = round((time.perf_counter() - began) * 1000, 3)
        now = datetime.now(UTC)
        self._log(
            Access(now, self._part, method, exchange.route, exchange.status, ms, exchange.request_id, exchange.account)
        )
