"""Assembles the request path of one part from the declarations of its endpoints."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from belsimple.web.asgi import ASGIApp, Receive, Scope, Send
from belsimple.web.declaration import DeclarationError
from belsimple.web.endpoint import Endpoint, Part
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.forward import Forwarder, ForwardPlan
from belsimple.web.headers import SecurityHeaders
from belsimple.web.health import health_endpoints
from belsimple.web.log import LineLog, Log, failure
from belsimple.web.middleware import EXCHANGE, InnerDoor, Outermost, PublicDoor
from belsimple.web.openapi import openapi_endpoint
from belsimple.web.plan import Plan
from belsimple.web.problems import MethodNotAllowed, NotFound
from belsimple.web.router import Router
from belsimple.web.runtime import Runtime
from belsimple.web.settings import WebSettings

if TYPE_CHECKING:
    from belsimple.database.transaction import Database

OpenDatabase = Callable[[], Awaitable["Database"]]


class Served(Protocol):
    """What the router finds: an endpoint served here, or forwarded."""

    async def run(self, exchange: Exchange, receive: Receive, values: tuple[str, ...], /) -> Reply:
        """Answer one request; ``values`` are the path's parameters."""
        ...


def build_application(
    *,
    part: Part,
    endpoints: Iterable[Endpoint],
    open_database: OpenDatabase,
    settings: WebSettings,
    log: Log,
    services: Mapping[str, object] | None = None,
    gate_socket: Path | None = None,
) -> ASGIApp:
    """The ASGI application of a part.

    It opens its database at ASGI start-up and closes it at shutdown. ``services`` fill handlers' parameters of those
    names (signature.SERVICES). Part web serves its own endpoints and forwards gate's to ``gate_socket``. Raises
    DeclarationError when two endpoints claim one address or one needs a service that is not given.
    """
    application = Application(part, tuple(endpoints), open_database, settings, log, services or {}, gate_socket)
    if part == "web":
        return Outermost(part, application, PublicDoor(settings), SecurityHeaders(loopback=settings.loopback), log)
    return Outermost(part, application, InnerDoor(), None, log)


class Application:
    """Routes to the endpoints; owns what they share between ASGI start-up and shutdown."""

    def __init__(
        self,
        part: Part,
        endpoints: tuple[Endpoint, ...],
        open_database: OpenDatabase,
        settings: WebSettings,
        log: Log,
        services: Mapping[str, object],
        gate_socket: Path | None,
    ) -> None:
        self._part: Part = part
        self._endpoints = endpoints_of(part, endpoints)
        self._open_database = open_database
        self._settings = settings
        self._log = log
        self._forwarder = Forwarder(gate_socket) if gate_socket is not None else None
        self._services = {**services, "gate": self._forwarder} if self._forwarder else dict(services)
        self._runtime: Runtime | None = None
        self._router: Router[Served] = Router()
        self._check()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call: a request that Outermost has admitted, or the process's lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        exchange: Exchange = scope[EXCHANGE]
        reply = await self._reply(exchange, receive)
        await reply.send(send, head=exchange.method == "HEAD")

    async def _reply(self, exchange: Exchange, receive: Receive) -> Reply:
        match = self._router.find(exchange.path)
        if match is None:
            raise NotFound
        methods, values = match
        method = exchange.method
        served = methods.get("GET" if method == "HEAD" else method)
        if served is None:
            raise MethodNotAllowed({*methods, "HEAD"} if "GET" in methods else methods)
        return await served.run(exchange, receive, values)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, ASGI wants it told so that the process ends
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def start(self) -> None:
        """Open the database and begin to serve."""
        runtime = Runtime(await self._open_database(), self._settings, self._services, self._report)
        if self._forwarder is not None:
            await self._forwarder.start()
        for endpoint in self._endpoints:
            self._router.add(endpoint.method, endpoint.path, self._serve(endpoint, runtime))
        runtime.start()
        self._runtime = runtime

    async def stop(self) -> None:
        """Write what is still to be written; close the database and the way to gate."""
        if self._runtime is not None:
            await self._runtime.stop()
        if self._forwarder is not None:
            await self._forwarder.stop()
        if isinstance(self._log, LineLog):
            self._log.close()

    def _serve(self, endpoint: Endpoint, runtime: Runtime) -> Served:
        if endpoint.part == self._part or self._forwarder is None:
            return Plan(endpoint, runtime)
        return ForwardPlan(endpoint, self._forwarder, self._settings.request_seconds)

    def _check(self) -> None:
        declared: Router[Endpoint] = Router()
        for endpoint in self._endpoints:
            try:
                declared.add(endpoint.method, endpoint.path, endpoint)
            except ValueError as error:
                raise DeclarationError(endpoint.route, str(error)) from None
            missing = set(endpoint.signature.services) - set(self._services)
            if endpoint.part == self._part and missing:
                raise DeclarationError(endpoint.route, f"no {', '.join(sorted(missing))} was given")
            if endpoint.part != self._part and self._forwarder is None:
                raise DeclarationError(endpoint.route, "there is no socket to forward it to")

    def _report(self, error: Exception) -> None:
        self._log(failure(self._part, "-", "-", error))


def endpoints_of(part: Part, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """What a part serves: web everything that people reach (forwarding gate's), the others their own."""
    if part != "web":
        return (*(one for one in endpoints if one.part == part), *health_endpoints(part))
    served = (*(one for one in endpoints if one.part in ("web", "gate")), *health_endpoints(part))
    return (*served, openapi_endpoint(served))
