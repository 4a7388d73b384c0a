"""The plain HTTP listener: sends readers to HTTPS and refuses everything else.

The address it sends them to is the configured one; the request's own Host is never looked at, so a forged one cannot
turn a cached redirect into somebody else's page.
"""

import msgspec

from belsimple.server.values import PublicUrl
from belsimple.web.asgi import ASGIApp, Message, Receive, Scope, Send

_REFUSAL = msgspec.json.encode(
    {
        "type": "urn:belsimple:error:https-required",
        "title": "This address answers over HTTPS only.",
        "status": 403,
    }
)


def build_redirect(url: PublicUrl) -> ASGIApp:
    """An ASGI application that knows one answer for GET and HEAD, and one for the rest."""
    base = str(url).encode("ascii")

    async def redirect(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            await _answer(send, 308, [(b"location", base + _target(scope))], b"")
        elif scope["type"] == "http":
            # Not redirected: the body, perhaps a password, has already travelled in the clear.
            await _answer(send, 403, [(b"content-type", b"application/problem+json")], _REFUSAL)

    return redirect


def _target(scope: Scope) -> bytes:
    path: bytes = scope.get("raw_path") or scope["path"].encode("ascii", "ignore")
    # A target like "@host" or ".host" would become part of the host name behind the base address.
    path = path.partition(b"?")[0] if path.startswith(b"/") else b"/"
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    more = [length, (b"cache-control", b"no-store"), (b"connection", b"close"), (b"x-content-type-options", b"nosniff")]
    start: Message = {"type": "http.response.start", "status": status, "headers": [*headers, *more]}
    await send(start)
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    _ = await receive()
    await send({"type": "lifespan.startup.complete"})
    _ = await receive()
    await send({"type": "lifespan.shutdown.complete"})
