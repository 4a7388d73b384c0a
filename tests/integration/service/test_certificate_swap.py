"""A renewed certificate is served soon after it was put in place, and no request fails meanwhile."""

import asyncio
import ssl
import time
from collections.abc import Iterator

import aiohttp
import pytest
from cryptography import x509

from tests.support.certificates import write_pair
from tests.support.service import Service, new_service


@pytest.fixture(scope="module")
def own_service() -> Iterator[Service]:
    """A service with the operator's own pair, reached through links that a renewal turns, as certbot does."""
    with new_service() as service:
        service.environment["BELSIMPLE_TLS_CERT"] = str(service.folder / "cert.pem")
        service.environment["BELSIMPLE_TLS_KEY"] = str(service.folder / "key.pem")
        renew(service, 1)
        service.start()
        yield service


def renew(service: Service, number: int) -> int:
    """Issue pair `number` and turn the links to it."""
    serial = write_pair(service.folder / f"{number}-cert.pem", service.folder / f"{number}-key.pem")
    for link in ("key.pem", "cert.pem"):
        fresh = service.folder / "fresh"
        fresh.symlink_to(service.folder / f"{number}-{link}")
        fresh.replace(service.folder / link)
    return serial


async def served(service: Service) -> int:
    """The serial number of the certificate that a new connection gets."""
    loop = asyncio.get_running_loop()
    pem = await loop.run_in_executor(None, ssl.get_server_certificate, ("127.0.0.1", service.port))
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


async def knock(service: Service, *, reuse: bool, answers: list[int], stop: asyncio.Event) -> None:
    """Requests without pause, each on a new connection or all on one that is kept open."""
    connector = aiohttp.TCPConnector(ssl=False, force_close=not reuse)
    async with aiohttp.ClientSession(service.url, connector=connector) as client:
        while not stop.is_set():
            async with client.get("/healthz") as answer:
                await answer.read()
                answers.append(answer.status)


async def test_a_renewed_certificate_is_swapped_without_dropping_a_request(own_service: Service) -> None:
    answers: list[int] = []
    stop = asyncio.Event()
    knockers = [
        asyncio.create_task(knock(own_service, reuse=number % 4 == 0, answers=answers, stop=stop))
        for number in range(16)
    ]
    await asyncio.sleep(1)
    second = renew(own_service, 2)
    deadline = time.monotonic() + 30
    while await served(own_service) != second and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    await asyncio.sleep(6)  # until the old workers have ended
    stop.set()
    await asyncio.gather(*knockers)  # raises what a dropped request would have raised
    assert await served(own_service) == second
    assert len(answers) > 500
    assert set(answers) == {200}


async def test_a_pair_that_does_not_fit_is_never_served(own_service: Service) -> None:
    first = await served(own_service)
    write_pair(
        own_service.folder / "other.pem", (own_service.folder / "key.pem").resolve()
    )  # another certificate's key
    deadline = time.monotonic() + 20
    while "certificate-refused" not in own_service.log and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    assert "does not belong" in own_service.log
    assert await served(own_service) == first
