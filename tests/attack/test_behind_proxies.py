"""Behind a trusted proxy the client's address is what that proxy saw; who goes around the proxy speaks for nobody."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.support.service import Service, running_service

PROXY, AROUND = "127.0.0.1", "127.0.0.2"
CHAINS = [
    ("203.0.113.5", "203.0.113.5"),
    ("198.51.100.1, 203.0.113.5", "203.0.113.5"),
    ("198.51.100.1, 203.0.113.5, 127.0.0.1", "203.0.113.5"),
    ("203.0.113.5:4711", "203.0.113.5"),
    ("2001:db8::5", "2001:db8::5"),
    ("[2001:db8::5]:4711", "2001:db8::5"),
    ("::ffff:203.0.113.5", "203.0.113.5"),
    ("fe80::5%eth0", "fe80::5"),
    ("198.51.100.1, unknown", PROXY),
    ("203.0.113.5, _hidden, 127.0.0.1", PROXY),
    ("999.1.1.1", PROXY),
    (",,,", PROXY),
    ("[2001:db8::5", "2001:db8::5"),
    ("[", PROXY),
    ("203.0.113.5\u00ff", PROXY),
    ("' or true --", PROXY),
    ("", PROXY),
    (", ".join(["198.51.100.1"] * 1000 + ["203.0.113.5"]), "203.0.113.5"),
]


@pytest.fixture(scope="module")
def proxied() -> Iterator[Service]:
    """A service that trusts one address of this machine; it has others."""
    with running_service({"BELSIMPLE_TRUSTED_PROXIES": f"{PROXY},10.0.0.0/8"}) as service:
        yield service


@asynccontextmanager
async def client_from(service: Service, address: str) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(ssl=service.trust(), local_addr=(address, 0), limit=64)
    async with aiohttp.ClientSession(service.url.replace("localhost", "127.0.0.1"), connector=connector) as client:
        yield client


async def address_of_a_session(service: Service, peer: str, headers: list[tuple[str, str]]) -> str:
    """What the service takes for the address of who signs in."""
    tenant = service.demo["tenants"][0]
    member = next(account for account in tenant["accounts"] if account["role"] == "member")
    body = {"tenant": tenant["slug"], "email": member["email"], "password": member["password"]}
    async with client_from(service, peer) as client:
        async with client.post("/api/v1/session", json=body, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            cookie = answer.headers["set-cookie"].partition(";")[0]
        async with client.get("/api/v1/sessions", headers={"Cookie": cookie}) as answer:
            listed = (await answer.json())["items"]
    return next(session["address"] for session in listed if session["current"])


@pytest.mark.parametrize(("forwarded", "address"), CHAINS, ids=lambda value: str(value)[:40])
async def test_a_chain_is_read_from_its_trusted_end(proxied: Service, forwarded: str, address: str) -> None:
    assert await address_of_a_session(proxied, PROXY, [("X-Forwarded-For", forwarded)]) == address


async def test_two_headers_are_one_chain(proxied: Service) -> None:
    headers = [("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "203.0.113.6")]
    assert await address_of_a_session(proxied, PROXY, headers) == "203.0.113.6"


@pytest.mark.parametrize("name", ["Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "X-Belsimple-Address"])
async def test_no_other_header_names_an_address(proxied: Service, name: str) -> None:
    value = "for=198.51.100.9" if name == "Forwarded" else "198.51.100.9"
    assert await address_of_a_session(proxied, PROXY, [(name, value)]) == PROXY


async def test_who_goes_around_the_proxy_is_not_believed(proxied: Service) -> None:
    headers = [("X-Forwarded-For", "203.0.113.5"), ("X-Request-ID", "chosen-by-a-stranger")]
    assert await address_of_a_session(proxied, AROUND, headers) == AROUND
    async with client_from(proxied, AROUND) as client, client.get("/healthz", headers=headers) as answer:
        assert answer.headers["x-request-id"] != "chosen-by-a-stranger"


async def guesses(service: Service, peer: str, email: str, chains: list[str]) -> list[int]:
    """The statuses of wrong passwords for one account, sent at once."""
    body = {"tenant": service.demo["tenants"][1]["slug"], "email": email, "password": "wrong horse battery"}

    async def guess(client: aiohttp.ClientSession, chain: str) -> int:
        async with client.post("/api/v1/session", json=body, headers={"X-Forwarded-For": chain}) as answer:
            return answer.status

    async with client_from(service, peer) as client:
        return await asyncio.gather(*(guess(client, chain) for chain in chains))


@pytest.mark.parametrize(
    ("peer", "chain"),
    [
        (PROXY, "198.51.100.{0}, 203.0.113.8"),
        (PROXY, "2001:db8:0:8:{0}::1"),
        (AROUND, "198.51.100.{0}"),
    ],
)
async def test_inventing_addresses_evades_no_limit(proxied: Service, peer: str, chain: str) -> None:
    found = await guesses(proxied, peer, f"{chain[:5]}{peer}@example.org", [chain.format(n) for n in range(1, 15)])
    assert found.count(429) >= 4


async def test_one_client_s_guesses_do_not_use_up_another_s(proxied: Service) -> None:
    email = "shared@example.org"
    assert 429 in await guesses(proxied, PROXY, email, ["203.0.113.20"] * 12)
    assert await guesses(proxied, PROXY, email, ["203.0.113.21"]) == [401]
