"""The requests that the cases send, as bytes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

TITLE: Final = "Succession of the family number 1"
NOTES: Final = "A note of some length. " * 5
READ: Final = (
    b"GET /api/v1/dossiers?limit=20 HTTP/1.1\r\nHost: localhost:%d\r\nAccept: application/json\r\nCookie: %s\r\n\r\n"
)
WRITE: Final = (
    b"POST %s HTTP/1.1\r\nHost: localhost:%d\r\nOrigin: https://localhost:%d\r\nAccept: application/json\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s"
)


def reads(port: int, cookies: Sequence[bytes]) -> Callable[[int], bytes]:
    """Twenty dossiers; each connection has a session of its own."""
    ready = [READ % (port, cookie) for cookie in cookies]
    return lambda connection: ready[connection % len(ready)]


def writes(port: int, cookies: Sequence[bytes]) -> Callable[[int], bytes]:
    """A new dossier with a reference of its own; each connection has a session of its own."""
    headers = [b"Cookie: %s\r\n" % cookie for cookie in cookies]
    numbers = itertools.count()

    def request(connection: int) -> bytes:
        body = msgspec.json.encode({"title": TITLE, "reference": f"B-{next(numbers)}", "notes": NOTES})
        return post("/api/v1/dossiers", port, body, headers[connection % len(headers)])

    return request


def sign_ins(port: int, accounts: Sequence[tuple[str, str]], password: str) -> Callable[[int], bytes]:
    """The next account's sign-in, each from an address of its own, so that no limit on one of them is met."""
    numbers = itertools.count()

    def request(_: int) -> bytes:
        number = next(numbers)
        tenant, email = accounts[number % len(accounts)]
        body = msgspec.json.encode({"tenant": tenant, "email": email, "password": password})
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return post("/api/v1/session", port, body, f"X-Forwarded-For: {address}\r\n".encode())

    return request


def post(path: str, port: int, body: bytes, headers: bytes = b"") -> bytes:
    """A POST of JSON as a page of the service would send it; `headers` are whole lines."""
    return WRITE % (path.encode(), port, port, len(body), headers, body)
