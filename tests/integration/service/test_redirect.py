"""Plain HTTP: readers are sent to the configured HTTPS address, everything else is refused."""

import asyncio

import pytest

from tests.support.service import Service


async def raw(service: Service, request: str) -> str:
    """The answer to bytes that no client library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.http_port)
    writer.write(request.encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer.decode()


def location(answer: str) -> str | None:
    """The Location header."""
    lines = answer.partition("\r\n\r\n")[0].splitlines()
    return next((line.partition(": ")[2] for line in lines if line.lower().startswith("location: ")), None)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_readers_are_sent_to_https(service: Service, method: str) -> None:
    answer = await raw(service, f"{method} /dossiers?q=a%20b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.startswith("HTTP/1.1 308 ")
    assert location(answer) == f"{service.url}/dossiers?q=a%20b"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost:1@evil.example"])
async def test_a_foreign_host_is_never_reflected(service: Service, host: str) -> None:
    answer = await raw(
        service, f"GET /x HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: {host}\r\nConnection: close\r\n\r\n"
    )
    assert "evil" not in answer


@pytest.mark.parametrize("target", ["http://evil.example/x", "//evil.example/x", "@evil.example", ".evil.example"])
async def test_no_target_leads_elsewhere(service: Service, target: str) -> None:
    answer = await raw(service, f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    found = location(answer)
    assert found is None or found.startswith(f"{service.url}/")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_what_changes_something_is_refused(service: Service, method: str) -> None:
    body = '{"tenant": "demeester", "password": "already out in the open"}'
    answer = await raw(
        service,
        f"{method} /api/v1/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}",
    )
    assert answer.startswith("HTTP/1.1 403 ")
    assert "urn:belsimple:error:https-required" in answer
    assert location(answer) is None
