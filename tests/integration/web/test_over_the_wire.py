"""The request path behind the real server: what only bytes on a connection can show."""

import socket
import ssl
import time

import pytest

from tests.support.service import Service

POST = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def connected(service: Service) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", service.port), timeout=15)
    return service.trust().wrap_socket(plain, server_hostname="localhost")


def answer_to(service: Service, *parts: bytes) -> tuple[int, bytes]:
    """Status and everything that comes back for these bytes."""
    with connected(service) as connection:
        for part in parts:
            connection.sendall(part)
        received = connection.recv(65536)
    return int(received.split(b" ", 2)[1]), received


def test_a_body_that_does_not_come_is_408(service: Service) -> None:
    began = time.monotonic()
    status, received = answer_to(service, f"{POST}Content-Length: 100\r\n\r\n{{".encode())
    assert status == 408
    assert b"urn:belsimple:error:request-timeout" in received
    assert 4 < time.monotonic() - began < 10


def test_a_body_that_is_declared_too_large_is_413_at_once(service: Service) -> None:
    assert answer_to(service, f"{POST}Content-Length: 5000000\r\n\r\n{{".encode())[0] == 413


@pytest.mark.parametrize("head", [POST, "POST /api/v1/dossiers HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_refusal_reaches_who_sends_its_whole_body_first(service: Service, head: str) -> None:
    expected = 413 if head == POST else 401
    whole = f"{head}Content-Length: 3000000\r\n\r\n".encode() + b"x" * 3_000_000
    for _ in range(20):
        with connected(service) as connection:
            connection.sendall(whole)
            assert int(connection.recv(65536).split(b" ", 2)[1]) == expected
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200"), "the connection did not go on"


def test_a_body_that_becomes_too_large_is_413(service: Service) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    assert answer_to(service, f"{POST}Transfer-Encoding: chunked\r\n\r\n".encode(), *[chunk] * 17)[0] == 413


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n", 421),
        ("GET / HTTP/1.0\r\n", 421),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: " + "x" * 40_000 + "\r\n", 431),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n", 404),
        ("PUT /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n", 405),
        (
            "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n",
            403,
        ),
        ("POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n", 415),
        ("GET /api/v1/members/%2e%2e HTTP/1.1\r\nHost: localhost\r\n", 401),
        ("GET /api/v1/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n", 404),
    ],
)
def test_strange_requests_have_their_answer(service: Service, head: str, status: int) -> None:
    answered, received = answer_to(service, f"{head}\r\n".encode())
    assert answered == status
    assert b"x-frame-options: DENY" in received
    assert b"urn:belsimple:error:" in received


def test_head_sends_no_body_and_the_connection_goes_on(service: Service) -> None:
    request = b"%s /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connected(service) as connection:
        connection.sendall(request % b"HEAD")
        head = connection.recv(65536)
        connection.sendall(request % b"GET")
        get = connection.recv(65536)
    assert head.endswith(b"\r\n\r\n")
    assert get.endswith(b'{"status":"ok"}')
