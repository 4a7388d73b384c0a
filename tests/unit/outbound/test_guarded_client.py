"""The guarded client against real sockets: what a resolver, a redirect and a hostile answer can do to it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from belsimple.outbound import Allowed, GuardedClient, OutboundTrouble, client
from belsimple.outbound.places import Address, parsed
from tests.support.certificates import write_pair

Reply = Callable[[bytes], bytes]


class Peer:
    """A TLS server on loopback that says what it is told to."""

    def __init__(self, port: int, authority: Path) -> None:
        self.port = port
        self.authority = authority
        self.heard: list[bytes] = []
        self.reply: Reply = lambda _: answer(b"{}")
        self.wait = 0.0

    def client(self, *names: str, resolve: client.Resolve | None = None) -> GuardedClient:
        allowed = [Allowed(name, self.port) for name in names or ("localhost",)]
        return GuardedClient(allowed, self.authority, resolve)

    def address(self, path: str = "/", host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", ""))
    return head.encode() + body


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    async with _peer(tmp_path) as made:
        yield made


@asynccontextmanager
async def _peer(folder: Path, host: str = "localhost") -> AsyncIterator[Peer]:
    write_pair(folder / "cert.pem", folder / "key.pem", host=host)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            made.heard.append(head)
            await asyncio.sleep(made.wait)
            writer.write(made.reply(head))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    made = Peer(server.sockets[0].getsockname()[1], folder / "cert.pem")
    async with server:
        yield made


def says(*answers: str) -> tuple[client.Resolve, list[str]]:
    """A resolver that gives these addresses, one each time it is asked."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[Address]:
        asked.append(host)
        return [parsed(one) for one in answers[min(len(asked), len(answers)) - 1].split()]

    return resolve, asked


async def refused(request: object) -> str:
    with pytest.raises(OutboundTrouble) as trouble:
        await request  # pyright: ignore[reportGeneralTypeIssues]
    return trouble.value.name


async def test_it_reaches_a_host_that_is_allowed(peer: Peer) -> None:
    peer.reply = lambda _: answer(b'{"a": 1}', "200 OK", "X-One: 1")
    got = await peer.client().get(peer.address("/path?q=1"))
    assert (got.status, got.body, got.headers["x-one"]) == (200, b'{"a": 1}', "1")
    assert peer.heard[0].startswith(b"GET /path?q=1 ")
    assert b"accept-encoding: identity" in peer.heard[0].lower()


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_it_refuses_loopback_however_it_is_written(peer: Peer, host: str) -> None:
    outside = GuardedClient((), peer.authority)
    assert await refused(outside.get(peer.address(host=host))) in {"private", "unresolved"}
    assert await refused(outside.post(peer.address(host=host), form={})) in {"private", "unresolved"}
    assert not peer.heard


async def test_it_refuses_another_port_of_an_allowed_host(peer: Peer) -> None:
    other = GuardedClient([Allowed("localhost", peer.port + 1)], peer.authority)
    assert await refused(other.get(peer.address())) == "private"


async def test_a_name_that_changes_its_mind_is_asked_once_and_leads_where_was_looked(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # DNS rebinding: public when it is looked at (127.0.0.2 stands for that), the peer's own when it is connected to.
    monkeypatch.setattr(client, "is_public", lambda address: str(address) == "127.0.0.2")
    resolve, asked = says("127.0.0.2", "127.0.0.1")
    rebound = GuardedClient((), peer.authority, resolve)
    assert await refused(rebound.get(peer.address(host="rebinding.example"))) == "unreachable"
    assert asked == ["rebinding.example"]
    assert not peer.heard


async def test_one_private_address_among_public_ones_refuses_them_all(peer: Peer) -> None:
    resolve, _ = says("8.8.8.8 127.0.0.1")
    assert await refused(GuardedClient((), peer.authority, resolve).get(peer.address())) == "private"


async def test_an_allowed_name_never_leads_to_a_clouds_credentials(peer: Peer) -> None:
    resolve, _ = says("169.254.169.254")
    assert await refused(peer.client(resolve=resolve).get(peer.address())) == "private"


async def test_a_redirect_is_looked_at_like_the_first_address(peer: Peer) -> None:
    resolve, asked = says("127.0.0.1")
    known = peer.client("localhost", resolve=resolve)
    for location in (f"https://127.0.0.1:{peer.port}/", f"https://other.example:{peer.port}/"):
        peer.reply = lambda _, to=location: answer(b"", "302 Found", f"Location: {to}")
        assert await refused(known.get(peer.address())) == "private"
    for location in ("http://localhost/", "file:///etc/passwd", "gopher://x"):
        peer.reply = lambda _, to=location: answer(b"", "302 Found", f"Location: {to}")
        assert await refused(known.get(peer.address())) == "scheme"
    assert len(peer.heard) == 5
    assert set(asked) == {"localhost", "127.0.0.1", "other.example"}


async def test_redirects_come_to_an_end(peer: Peer) -> None:
    peer.reply = lambda _: answer(b"", "302 Found", f"Location: {peer.address('/on')}")
    assert await refused(peer.client().get(peer.address())) == "redirect"
    assert len(peer.heard) == client.MOST_REDIRECTS + 1


async def test_a_redirect_is_followed_and_what_is_sent_is_not(peer: Peer) -> None:
    peer.reply = lambda head: (
        answer(b"there") if head.startswith(b"GET /on") else answer(b"", "307 Temporary", "Location: /on")
    )
    assert (await peer.client().get(peer.address())).body == b"there"
    assert (await peer.client().post(peer.address(), form={"secret": "s"})).status == 307
    assert len(peer.heard) == 3


async def test_it_takes_no_certificate_of_another_name_or_of_nobody(peer: Peer) -> None:
    resolve, _ = says("127.0.0.1")
    assert (
        await refused(peer.client("other.example", resolve=resolve).get(peer.address(host="other.example")))
        == "certificate"
    )
    assert await refused(GuardedClient([Allowed("localhost", peer.port)]).get(peer.address())) == "certificate"
    assert not peer.heard


async def test_it_stops_reading_what_is_too_much(peer: Peer) -> None:
    peer.reply = lambda _: answer(b"x" * 5000)
    assert await refused(peer.client().get(peer.address(), most=4999)) == "large"
    assert len((await peer.client().get(peer.address(), most=5000)).body) == 5000


async def test_it_unpacks_nothing(peer: Peer) -> None:
    peer.reply = lambda _: answer(b"\x1f\x8b" + b"x" * 100, "200 OK", "Content-Encoding: gzip")
    assert await refused(peer.client().get(peer.address())) == "broken"


@pytest.mark.parametrize(
    "said",
    [
        b"garbage\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20000,
    ],
)
async def test_garbage_is_told_as_such(peer: Peer, said: bytes) -> None:
    peer.reply = lambda _: said
    assert await refused(peer.client().get(peer.address())) == "broken"


async def test_it_waits_no_longer_than_it_may(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SECONDS", 0.2)
    peer.wait = 5
    assert await refused(peer.client().get(peer.address())) == "slow"


async def test_nobody_there_and_no_such_name_are_told_apart(peer: Peer) -> None:
    free = Peer(1, peer.authority)
    assert await refused(free.client().get(free.address())) == "unreachable"
    assert await refused(peer.client().get("https://nobody.invalid/")) == "unresolved"


async def test_no_cookie_comes_back(peer: Peer) -> None:
    peer.reply = lambda _: answer(b"", "200 OK", "Set-Cookie: a=b; Path=/")
    guarded = peer.client()
    await guarded.get(peer.address())
    await guarded.get(peer.address())
    assert not any(b"cookie" in head.lower() for head in peer.heard)


async def test_a_socket_goes_nowhere_else_even_if_the_library_asks_another_resolver(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lied(*_: object, **__: object) -> list[object]:
        return [{"hostname": "x", "host": "127.0.0.1", "port": peer.port, "family": 2, "proto": 6, "flags": 0}]

    monkeypatch.setattr(client._Pinned, "resolve", lied)
    monkeypatch.setattr(client, "is_public", lambda address: str(address) == "127.0.0.2")
    resolve, _ = says("127.0.0.2")
    assert await refused(GuardedClient((), peer.authority, resolve).get(peer.address())) == "unreachable"
    assert not peer.heard
