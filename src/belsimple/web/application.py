"""Assembles the request path of one part from the declarations of its endpoints."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from belsimple.web.asgi import ASGIApp, Receive, Scope, Send
from belsimple.web.assets import AssetPlan
from belsimple.web.declaration import DeclarationError
from belsimple.web.downloads import DownloadPlan
from belsimple.web.endpoint import Endpoint, Part
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.exports import ExportPlan
from belsimple.web.form_uploads import FormUploadPlan
from belsimple.web.forward import Forwarder, ForwardPlan
from belsimple.web.headers import SecurityHeaders
from belsimple.web.health import health_endpoints
from belsimple.web.log import LineLog, Log, failure
from belsimple.web.middleware import EXCHANGE, InnerDoor, Outermost, PublicDoor
from belsimple.web.openapi import openapi_endpoint
from belsimple.web.pages import PagePlan, PageUploadPlan
from belsimple.web.plan import Plan
from belsimple.web.previews import PreviewPlan
from belsimple.web.problems import MethodNotAllowed, NotFound
from belsimple.web.provisioning_plan import ScimPlan
from belsimple.web.router import Router
from belsimple.web.runtime import Runtime
from belsimple.web.settings import WebSettings
from belsimple.web.showing import Pages
from belsimple.web.signature import Kind
from belsimple.web.uploads import UploadPlan

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
    sockets: Mapping[Part, Path] | None = None,
    pages: Pages | None = None,
) -> ASGIApp:
    """The ASGI application of a part.

    It opens its database at ASGI start-up and closes it at shutdown. ``services`` fill handlers' parameters of those
    names (signature.SERVICES). Part web serves its own endpoints and forwards the other parts' to their ``sockets``. ``pages``
    renders them. Raises DeclarationError when two endpoints claim one address or one needs something that is not given.
    """
    every = tuple(endpoints)
    application = Application(part, every, open_database, settings, log, services or {}, sockets or {}, pages)
    if part == "web":
        security = SecurityHeaders(loopback=settings.loopback)
        return Outermost(part, application, PublicDoor(settings, every), security, log, pages)
    return Outermost(part, application, InnerDoor(), None, log, pages)


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
        sockets: Mapping[Part, Path],
        pages: Pages | None,
    ) -> None:
        self._part: Part = part
        self._endpoints = endpoints_of(part, endpoints)
        self._open_database = open_database
        self._settings = settings
        self._log = log
        self._pages = pages
        self._behind = {other: Forwarder(socket) for other, socket in sockets.items()}
        self._services = {"behind": tuple(self._behind.values()), **services} if part == "web" else dict(services)
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
        runtime = Runtime(self._part, await self._open_database(), self._settings, self._services, self._report)
        for forwarder in self._behind.values():
            await forwarder.start()
        for endpoint in self._endpoints:
            self._router.add(endpoint.method, endpoint.path, self._serve(endpoint, runtime))
        runtime.start()
        self._runtime = runtime

    async def stop(self) -> None:
        """Write what is still to be written; close the database and the ways to other parts."""
        if self._runtime is not None:
            await self._runtime.stop()
        for forwarder in self._behind.values():
            await forwarder.stop()
        if isinstance(self._log, LineLog):
            self._log.close()

    def _serve(self, endpoint: Endpoint, runtime: Runtime) -> Served:
        if endpoint.part == self._part:
            return self._plan(endpoint, runtime)
        return ForwardPlan(endpoint, self._behind[endpoint.part], self._settings.request_seconds)

    def _plan(self, endpoint: Endpoint, runtime: Runtime) -> Plan:
        if not endpoint.page:
            return _plan_of(endpoint)(endpoint, runtime)
        assert self._pages is not None  # _check saw to it
        shown = None if endpoint.form is None else self._page_at(endpoint.form)
        plan = PageUploadPlan if endpoint.signature.uploads else PagePlan
        return plan(endpoint, runtime, self._pages, shown and PagePlan(shown, runtime, self._pages))

    def _page_at(self, path: str) -> Endpoint | None:
        return next((one for one in self._endpoints if one.page and one.reads and one.path == path), None)

    def _check(self) -> None:
        declared: Router[Endpoint] = Router()
        for endpoint in self._endpoints:
            try:
                declared.add(endpoint.method, endpoint.path, endpoint)
            except ValueError as error:
                raise DeclarationError(endpoint.route, str(error)) from None
            missing = set(endpoint.signature.services) - set(self._services)
            if _reads_files(endpoint) and endpoint.part == self._part and "vault" not in self._services:
                missing.add("vault")
            if endpoint.part == self._part and endpoint.page:
                self._check_page(endpoint)
            if endpoint.part == self._part and missing:
                raise DeclarationError(endpoint.route, f"no {', '.join(sorted(missing))} was given")
            if endpoint.part != self._part and endpoint.part not in self._behind:
                raise DeclarationError(endpoint.route, "there is no socket to forward it to")

    def _check_page(self, endpoint: Endpoint) -> None:
        if self._pages is None:
            raise DeclarationError(endpoint.route, "nothing was given that renders pages")
        if endpoint.form is None:
            return
        shown = self._page_at(endpoint.form)
        if shown is None or shown.part != endpoint.part:
            raise DeclarationError(
                endpoint.route, f"there is no page {endpoint.form} in its part to show its form again"
            )
        if not set(shown.signature.path) <= set(endpoint.signature.path):
            raise DeclarationError(endpoint.route, f"the page {shown.path} has a parameter that this path lacks")

    def _report(self, error: Exception) -> None:
        self._log(failure(self._part, "-", "-", error))


def _reads_files(endpoint: Endpoint) -> bool:
    takes = endpoint.signature
    return takes.upload or takes.uploads or takes.preview or takes.returns.kind in ("download", "preview")


def _plan_of(endpoint: Endpoint) -> type[Plan]:
    if endpoint.signature.upload:
        return UploadPlan
    if endpoint.signature.uploads:
        return FormUploadPlan
    answering: dict[Kind, type[Plan]] = {
        "download": DownloadPlan,
        "preview": PreviewPlan,
        "export": ExportPlan,
        "asset": AssetPlan,
        "scim": ScimPlan,
    }
    return answering.get(endpoint.signature.returns.kind, Plan)


def endpoints_of(part: Part, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """What a part serves: web everything that people reach (forwarding what is not its own), the others their own."""
    if part == "gate":
        return (*(one for one in endpoints if one.part == part), *health_endpoints(part))
    if part == "operator":
        return (*interface_of(part, endpoints), *health_endpoints(part))
    operators = any(one.part == "operator" for one in endpoints)
    return (*interface_of("web", endpoints), *(interface_of("operator", endpoints) if operators else ()))


def interface_of(side: Literal["web", "operator"], endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """One of the two interfaces, with the document that describes it: the tenants' (parts web and gate), or the operator's."""
    ours = tuple(one for one in endpoints if (one.part == "operator") == (side == "operator"))
    if side == "web":
        ours = (*ours, *health_endpoints("web"))
    return (*ours, openapi_endpoint(side, ours))
