"""Watches everything a browser's context does, and fails the test for what no page of ours may do.

A request to another host, an error or a warning on the console, an error in a script, a breach of the content security
policy, a part of a page that cannot be loaded, a cookie besides the session's and a pending sign-in's.
"""

import re
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Error, Page, Request, Response, WebError, WebSocket

_SESSION_COOKIE = re.compile(r"__Host-belsimple-(operator-|pending-)?[0-9a-f]{8}")
_TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation",
    event => tellViolation(`${event.effectiveDirective} refused ${event.blockedURI} on ${event.documentURI}`));
"""


class Recorder:
    """`faults` are sentences; `requests` is all that was asked for, in order."""

    def __init__(self, url: str) -> None:
        self.faults: list[str] = []
        self.requests: list[Request] = []
        self._host = urlsplit(url).netloc
        self._expected: list[str] = []
        self._console: list[ConsoleMessage] = []
        self._told: set[str] = set()

    def expect(self, pattern: str) -> None:
        """The test provokes faults that match; if none does, that is a fault too."""
        self._expected.append(pattern)

    async def watch(self, context: BrowserContext) -> None:
        """Begin, before the context has a page."""
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("requestfailed", self._unanswered)
        context.on("console", self._said)
        context.on("weberror", self._broken)
        context.on("page", self._opened)
        await context.expose_binding("tellViolation", self._violated)
        await context.add_init_script(_TELL_VIOLATIONS)

    async def conclude(self, context: BrowserContext) -> None:
        """Raise AssertionError for what was not expected, and for what was and did not come."""
        for page in context.pages:
            with suppress(Error):  # closed by the test, or without scripts
                await page.evaluate("0")  # what the page sent before its answer has arrived then
        self._judge_console()
        self._judge_cookies(await context.cookies())
        unexpected = [fault for fault in self.faults if not any(re.search(one, fault) for one in self._expected)]
        missing = [one for one in self._expected if not any(re.search(one, fault) for fault in self.faults)]
        assert not unexpected, "\n".join(["the browser saw:", *unexpected])
        assert not missing, f"the browser was to see {missing} and saw {self.faults}"

    def _asked(self, request: Request) -> None:
        self.requests.append(request)
        self._judge_host(request.url)

    def _answered(self, response: Response) -> None:
        if response.status < 400:
            return
        self._told.add(response.url)
        if not _is_navigation(response.request):  # what a page itself answers is for the test to judge
            self.faults.append(f"failed: {response.status} for {response.request.method} {response.url}")

    def _unanswered(self, request: Request) -> None:
        self._told.add(request.url)
        # What a script asked for, and the icon, which is loaded last: leaving the page ends both.
        may_end = request.resource_type in {"fetch", "xhr"} or urlsplit(request.url).path == "/static/mark.svg"
        given_up = request.failure == "net::ERR_ABORTED" and may_end
        if not given_up and not _is_navigation(request):  # a download is a navigation that ends so
            self.faults.append(f"failed: {request.failure} for {request.method} {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        self._console.append(message)

    def _broken(self, error: WebError) -> None:
        self.faults.append(f"script: {error.error}")

    def _opened(self, page: Page) -> None:
        page.on("crash", self._crashed)
        page.on("websocket", self._connected)

    def _crashed(self, page: Page) -> None:
        self.faults.append(f"crash: {page.url}")

    def _connected(self, socket: WebSocket) -> None:
        self._judge_host(socket.url)

    async def _violated(self, _: object, what: str) -> None:
        self.faults.append(f"policy: {what}")

    def _judge_host(self, url: str) -> None:
        address = urlsplit(url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.netloc != self._host:
            self.faults.append(f"host: {url}")

    def _judge_console(self) -> None:
        for message in self._console:
            # Chromium repeats there, without saying for whom, that something was not loaded; that was judged above.
            repeated = message.text.startswith("Failed to load resource") and message.location["url"] in self._told
            if message.type in {"error", "warning", "assert"} and not repeated:
                self.faults.append(f"console: {message.text} ({message.location['url']})")

    def _judge_cookies(self, cookies: list[Any]) -> None:
        for cookie in cookies:
            ours = _SESSION_COOKIE.fullmatch(cookie["name"])
            if not ours or (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) != (True, True, "Lax"):
                self.faults.append(f"cookie: {cookie['name']} of {cookie['domain']}")


def _is_navigation(request: Request) -> bool:
    return request.is_navigation_request() and request.frame.parent_frame is None
