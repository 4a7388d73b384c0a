"""The service behind real proxies, with the very files of `deploy`: ports, names and certificates put in place."""

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.certificates import write_pair
from tests.support.service import Service, free_port, new_service

DEPLOY = Path(__file__).parents[3] / "deploy"
_MIB = 1 << 20


@dataclass
class Proxied:
    """A service, and the proxy in front of it."""

    name: str
    service: Service
    port: int
    http_port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def client(self, address: str = "127.0.0.1", **more: Any) -> aiohttp.ClientSession:
        """A client that connects from `address`."""
        context = ssl.create_default_context(cafile=self.folder / "cert.pem")
        connector = aiohttp.TCPConnector(ssl=context, local_addr=(address, 0), family=socket.AF_INET)
        return aiohttp.ClientSession(self.url, connector=connector, **more)

    async def sign_in(self, client: aiohttp.ClientSession, headers: dict[str, str] | None = None) -> None:
        tenant = self.service.demo["tenants"][0]
        owner = next(one for one in tenant["accounts"] if one["role"] == "owner")
        body = {"tenant": tenant["slug"], "email": owner["email"], "password": owner["password"]}
        async with client.post("/api/v1/session", json=body, headers=headers) as answer:
            assert answer.status == 201, await answer.text()


def _configured(name: str, file: Path, proxied: Proxied) -> None:
    text = (DEPLOY / name / ("Caddyfile" if name == "caddy" else "belsimple.conf")).read_text("utf-8")
    certificate, key = proxied.folder / "cert.pem", proxied.folder / "key.pem"
    changes = {
        "127.0.0.1:8443": f"127.0.0.1:{proxied.service.port}",
        "127.0.0.1:8080": f"127.0.0.1:{proxied.service.http_port}",
        "/etc/belsimple/authority.pem": str(proxied.folder / "authority.pem"),
        "listen 80;": f"listen 127.0.0.1:{proxied.http_port};",
        "listen 443 ssl": f"listen 127.0.0.1:{proxied.port} ssl",
        "/var/log/nginx/": f"{proxied.folder}/",
        "/etc/nginx/tls/fullchain.pem": str(certificate),
        "/etc/nginx/tls/privkey.pem": str(key),
        "service.example.com {": f"https://localhost:{proxied.port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}",
        "{\n\tservers {": f"{{\n\tadmin off\n\thttp_port {proxied.http_port}\n\tservers {{",
        "service.example.com": "localhost",
    }
    for old, new in changes.items():
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def _nginx(proxied: Proxied) -> list[str]:
    _configured("nginx", proxied.folder / "belsimple.conf", proxied)
    places = "".join(
        f"{kind}_temp_path {proxied.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # As root its workers would become another user, who cannot write into this folder.
    main = f"{'user root;' if os.geteuid() == 0 else ''}\ndaemon off;\npid {proxied.folder}/pid;\nevents {{}}\n"
    (proxied.folder / "nginx.conf").write_text(
        f"{main}http {{\naccess_log {proxied.folder}/any.log;\n{places}include {proxied.folder}/belsimple.conf;\n}}\n",
        "utf-8",
    )
    return ["nginx", "-p", str(proxied.folder), "-c", str(proxied.folder / "nginx.conf"), "-e", "stderr"]


def _caddy(proxied: Proxied) -> list[str]:
    _configured("caddy", proxied.folder / "Caddyfile", proxied)
    return ["caddy", "run", "--config", str(proxied.folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxied(request: pytest.FixtureRequest) -> Iterator[Proxied]:
    name: str = request.param
    if shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin") is None:
        pytest.skip(f"needs the package {name}")
    port = free_port()
    more = {"BELSIMPLE_URL": f"https://localhost:{port}", "BELSIMPLE_TRUSTED_PROXIES": "127.0.0.1"}
    with new_service(more) as service:
        service.start()
        found = Proxied(name, service, port, free_port(), service.folder / "proxy")
        found.folder.mkdir()
        write_pair(found.folder / "cert.pem", found.folder / "key.pem")
        shutil.copy(service.data / "tls" / "authority.pem", found.folder / "authority.pem")
        with _running(_nginx(found) if name == "nginx" else _caddy(found), found):
            yield found


@contextmanager
def _running(command: list[str], proxied: Proxied) -> Iterator[None]:
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/usr/local/bin",
        "HOME": str(proxied.folder),
        "XDG_DATA_HOME": str(proxied.folder),
    }
    with (proxied.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", "--", *command],
            stdout=log,
            stderr=log,
            env=environment,
            cwd=proxied.folder,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 15
        while not _listens(proxied.port):
            assert process.poll() is None, (proxied.folder / "log").read_text("utf-8")
            assert time.monotonic() < deadline, (proxied.folder / "log").read_text("utf-8")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(15)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _addresses_in_trail(proxied: Proxied, client: aiohttp.ClientSession) -> list[str]:
    async with client.get("/api/v1/audit", params={"limit": "200"}) as answer:
        assert answer.status == 200, await answer.text()
        items = (await answer.json())["items"]
    return [item["new"]["address"] for item in items if item["object_type"] == "identity.session" and item.get("new")]


async def test_the_trail_holds_the_clients_real_address(proxied: Proxied):
    async with proxied.client("127.0.0.2") as client:
        await proxied.sign_in(client)
        assert any("127.0.0.2" in address for address in await _addresses_in_trail(proxied, client))


async def test_a_forged_address_is_dropped(proxied: Proxied):
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    async with proxied.client("127.0.0.3") as client:
        await proxied.sign_in(client, forged)
        found = await _addresses_in_trail(proxied, client)
    assert any("127.0.0.3" in address for address in found)
    assert not any("203.0.113.9" in address for address in found)


async def test_a_forged_address_is_ignored_without_the_proxy_too(proxied: Proxied):
    context = proxied.service.trust()
    # From an address that is no proxy's, straight to the service.
    connector = aiohttp.TCPConnector(ssl=context, local_addr=("127.0.0.4", 0), family=socket.AF_INET)
    async with aiohttp.ClientSession(f"https://localhost:{proxied.service.port}", connector=connector) as client:
        await proxied.sign_in(client, {"X-Forwarded-For": "203.0.113.7", "Host": f"localhost:{proxied.port}"})
    async with proxied.client() as client:
        await proxied.sign_in(client)
        found = await _addresses_in_trail(proxied, client)
    assert any("127.0.0.4" in address for address in found)
    assert not any("203.0.113.7" in address for address in found)


async def test_an_upload_is_passed_on_while_it_arrives(proxied: Proxied):
    blobs = proxied.service.data / "blobs"
    seen: list[int] = []

    async def content():
        for number in range(16):
            if number == 12:
                await asyncio.sleep(1)
                seen.append(_size_of(blobs))
            yield os.urandom(_MIB)

    async with proxied.client() as client:
        await proxied.sign_in(client)
        async with client.post("/api/v1/dossiers", json={"title": "Behind a proxy"}) as answer:
            assert answer.status == 201, await answer.text()
            dossier = (await answer.json())["id"]
        before = _size_of(blobs)
        async with client.post(
            f"/api/v1/dossiers/{dossier}/documents?filename=large.bin",
            data=content(),
            headers={"Content-Type": "application/octet-stream"},
        ) as answer:
            assert answer.status == 201, await answer.text()
    assert seen[0] - before > 8 * _MIB
    if proxied.name == "nginx":
        assert _size_of(proxied.folder / "client_body") == 0


def _size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.exists() else 0


def test_it_speaks_http_2_and_redirects(proxied: Proxied):
    curl = ["curl", "--silent", "--show-error", "--cacert", str(proxied.folder / "cert.pem"), "-o", "/dev/null"]
    spoken = subprocess.run(
        [*curl, "--http2", "-w", "%{http_version} %{http_code}", f"{proxied.url}/readyz"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert spoken.stdout == "2 200"
    sent = subprocess.run(
        [*curl, "-w", "%{http_code} %{redirect_url}", f"http://localhost:{proxied.http_port}/account?a=b"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert sent.stdout == f"308 {proxied.url}/account?a=b"


async def test_the_proxys_log_holds_no_token_of_a_link(proxied: Proxied):
    token, page = "T0ken" * 8, f"{proxied.url}/reset"
    async with proxied.client() as client:
        async with client.get(f"/reset?token={token}", headers={"Referer": f"{page}?token={token}"}) as answer:
            assert answer.status == 404
        async with client.get(f"http://localhost:{proxied.http_port}/reset?token={token}", allow_redirects=False):
            pass
    logs = [file for file in proxied.folder.rglob("*log*") if file.is_file()]
    assert logs
    assert not [file for file in logs if token.encode() in file.read_bytes()]
    if proxied.name == "nginx":
        assert b"GET /reset" in (proxied.folder / "belsimple.log").read_bytes()


async def test_a_strangers_host_is_refused_through_the_proxy(proxied: Proxied):
    async with proxied.client() as client, client.get("/sign-in", headers={"Host": "evil.example"}) as answer:
        assert answer.status >= 400 or (await answer.read()) == b""
