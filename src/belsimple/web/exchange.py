"""One request and its answer, as the layers of the request path see it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from belsimple.web.asgi import Scope, Send
from belsimple.web.problems import HeadersTooLarge, Malformed, Problem

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
JSON = (b"content-type", b"application/json")
HTML = (b"content-type", b"text/html; charset=utf-8")

_ONCE = frozenset(
    (b"host", b"content-type", b"content-length", b"origin", b"idempotency-key", b"authorization", b"sec-fetch-site")
)


class Exchange:
    """A request being answered. Each layer fills in what it has proven; the access log reads it at the end."""

    __slots__ = (
        "account",
        "address",
        "form",
        "headers",
        "method",
        "path",
        "query",
        "raw_path",
        "request_id",
        "route",
        "status",
    )

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: bytes = scope.get("raw_path") or b""
        self.query: bytes = scope["query_string"]
        self.headers: dict[bytes, bytes] = {}
        self.address = ""
        self.request_id = ""
        self.route = "-"
        self.account: UUID | None = None
        self.form = b""
        self.status = 0

    def read_headers(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        """Fill ``headers``, joining repeated ones as RFC 9110 (5.3) and RFC 9113 (8.2.3, cookie) say.

        Raises HeadersTooLarge, and Malformed when a header that may come once comes twice: two parsers that pick a
        different one of two is how requests are smuggled and origins are confused.
        """
        headers = self.headers
        count = size = 0
        for name, value in raw:
            count += 1
            size += len(name) + len(value)
            if name not in headers:
                headers[name] = value
            elif name in _ONCE:
                raise Malformed("A header that may stand once stands twice.")
            else:
                headers[name] += (b"; " if name == b"cookie" else b", ") + value
        if count > MAX_HEADERS or size > MAX_HEADER_BYTES:
            raise HeadersTooLarge

    def text(self, name: bytes) -> str:
        """A header as text, empty when absent."""
        return self.headers.get(name, b"").decode("latin-1")


class Reply:
    """An answer whose body is complete."""

    __slots__ = ("body", "etag", "headers", "status")

    def __init__(
        self, status: int, body: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = (), etag: str | None = None
    ) -> None:
        self.status = status
        self.body = body
        self.headers = list(headers)
        self.etag = etag

    @classmethod
    def of(cls, problem: Problem) -> "Reply":
        """The answer that tells of a problem."""
        headers = [(b"content-type", b"application/problem+json")]
        headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in problem.headers.items()]
        return cls(problem.status, problem.encode(), headers)

    async def send(self, send: Send, *, head: bool = False) -> None:
        """Send it; ``head`` leaves the body out (RFC 9110, 9.3.2)."""
        headers = self.headers
        if self.etag is not None:
            headers.append((b"etag", self.etag.encode("ascii")))
        if self.status not in (204, 304):
            headers.append((b"content-length", b"%d" % len(self.body)))
        start: dict[str, Any] = {"type": "http.response.start", "status": self.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": b"" if head else self.body})
