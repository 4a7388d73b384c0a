"""One large body up or down over HTTPS on loopback, timed from its first byte to the end of the answer."""

from __future__ import annotations

import os
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Final

from bench.load import LOOPBACK, LoadError

MEBIBYTE: Final = 1 << 20
PIECE: Final = os.urandom(MEBIBYTE)
TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; `seconds` it took, `size` bytes of its body and the first of them."""

    status: int
    headers: dict[str, str]
    size: int
    start: bytes
    seconds: float


def upload(port: int, path: str, mebibytes: int, headers: dict[str, str]) -> Answer:
    """POST so many MiB that do not compress."""
    return _exchange(port, f"POST {path}", {**headers, "Content-Length": str(mebibytes * MEBIBYTE)}, mebibytes)


def download(port: int, path: str, headers: dict[str, str]) -> Answer:
    """GET; the body is counted and thrown away."""
    return _exchange(port, f"GET {path}", headers, 0)


def _exchange(port: int, request: str, headers: dict[str, str], mebibytes: int) -> Answer:
    lines = [f"{request} HTTP/1.1", f"Host: localhost:{port}", *(f"{name}: {value}" for name, value in headers.items())]
    with _connected(port) as connection:
        began = time.perf_counter()
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        for _ in range(mebibytes):
            connection.sendall(PIECE)
        return _read(connection, began)


def _connected(port: int) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # loopback, and the authority was made a moment ago
    return context.wrap_socket(
        socket.create_connection((LOOPBACK, port), timeout=TIMEOUT_S), server_hostname="localhost"
    )


def _read(connection: ssl.SSLSocket, began: float) -> Answer:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            raise LoadError("the connection was closed before an answer")
        received += piece
    head, _, start = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    size, length = len(start), int(headers["content-length"])
    buffer = bytearray(256 * 1024)
    while size < length:
        count = connection.recv_into(buffer)
        if not count:
            raise LoadError("the answer broke off")
        if size < 65536:
            start += buffer[:count]
        size += count
    return Answer(int(first.split()[1]), headers, size, start, time.perf_counter() - began)
