"""Turns what a handler returned into a reply; the way is chosen once per endpoint."""

from collections.abc import Callable
from typing import Any

import msgspec

from belsimple.web.answers import Answer, Cookie, Created, Headers, Versioned
from belsimple.web.conditional import etag_of
from belsimple.web.exchange import JSON, Reply
from belsimple.web.signature import Kind, Returns

_encode = msgspec.json.Encoder().encode
CookieHeaders = Callable[[Cookie | None], list[tuple[bytes, bytes]]]
Encode = Callable[[Any], Reply]


def compile_answer(returns: Returns, cookie_headers: CookieHeaders) -> Encode:
    """The function that makes the reply for a handler that returns this."""
    if returns.kind == "object":
        return _versioned if issubclass(returns.body, Versioned) else _plain
    ways: dict[Kind, Encode] = {
        "page": _plain,
        "nothing": _nothing,
        "created": _created,
        "answer": lambda answer: _answer(answer, cookie_headers),
    }
    return ways[returns.kind]


def _plain(value: Any) -> Reply:
    return Reply(200, _encode(value), (JSON,))


def _versioned(value: Versioned) -> Reply:
    return Reply(200, _encode(value), (JSON,), etag_of(value.version))


def _nothing(_: None) -> Reply:
    return Reply(204)


def _created(created: Created[Any]) -> Reply:
    return Reply(201, _encode(created.body), (JSON, (b"location", _ascii(created.location))), _etag(created.body))


def _answer(answer: Answer[int, Any], cookie_headers: CookieHeaders) -> Reply:
    headers = _headers(answer.headers, answer.cookie, cookie_headers)
    if answer.body is None:
        return Reply(answer.status, b"", headers)
    return Reply(answer.status, _encode(answer.body), (JSON, *headers), _etag(answer.body))


def _headers(headers: Headers, cookie: Cookie | None, cookie_headers: CookieHeaders) -> list[tuple[bytes, bytes]]:
    made = [(_ascii(name.lower()), _ascii(value)) for name, value in headers]
    return [*made, *cookie_headers(cookie)]


def _ascii(text: str) -> bytes:
    raw = text.encode("ascii")
    if b"\r" in raw or b"\n" in raw:
        raise ValueError("a header's value holds a line break")  # response splitting
    return raw


def _etag(body: object) -> str | None:
    return etag_of(body.version) if isinstance(body, Versioned) else None
