"""An identity provider for SAML that we did not write (pysaml2 on xmlsec1), in a process of its own."""

import base64
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from .certificates import write_pair
from .identity_provider import PEOPLE
from .saml_messages import certified
from .service import Service, free_port

_CHECKOUT = Path(__file__).parents[2]
BEHAVIOUR: dict[str, Any] = {
    "signs_assertion": True,
    "signs_response": False,
    "signs_logout": True,
    "encrypts": False,
    "transient": False,
    "error": False,
    "wants_signed": True,
    "announced": False,
    "rotated": False,
    "logout_binding": "redirect",
}
"""How it begins. `announced`: a second certificate is in its metadata; `rotated`: it signs with that one."""


class SamlIdentityProvider:
    """It runs on 127.0.0.1, so that its cookies are not sent to the service on localhost: cookies ignore ports.

    People sign in by the first half of their address (`anna`): `input[name=login]`, `button[type=submit]`. `/initiated` begins a
    sign-in there, `/logout` a sign-out.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.issuer = self.metadata_address = f"{self.url}/metadata"
        self.certificate = folder / "saml-provider.pem"
        self._process: subprocess.Popen[bytes] | None = None
        write_pair(self.certificate, folder / "saml-provider.key", host="127.0.0.1")

    @property
    def environment(self) -> dict[str, str]:
        """What a service needs to be allowed to speak with it."""
        return {"BELSIMPLE_OUTBOUND_ALLOWED": f"127.0.0.1:{self.port}", "BELSIMPLE_OUTBOUND_CA": str(self.certificate)}

    def start(self) -> None:
        """Start it. It knows no service yet."""
        settings = {
            "url": self.url,
            "port": self.port,
            "certificate": str(self.certificate),
            "key": str(self.folder / "saml-provider.key"),
            "people": PEOPLE,
            "behaviour": BEHAVIOUR,
            "keys": [_key(self.folder / f"saml-signing-{number}") for number in (1, 2)],
        }
        file = self.folder / "saml-provider.json"
        file.write_bytes(msgspec.json.encode(settings))
        assert shutil.which("xmlsec1"), (
            "the SAML provider of the tests needs the package xmlsec1: apt-get install xmlsec1"
        )
        python = [sys.executable, "-W", "ignore", "-m", "tests.support.saml_peer"]
        command = ["setpriv", "--pdeathsig=TERM", "--", *python, str(file)]
        with (self.folder / "saml-provider.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=_CHECKOUT, env={"PATH": "/usr/bin:/bin"}
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            assert self._process is not None
            assert self._process.poll() is None, self.log
            try:
                ssl.get_server_certificate(("127.0.0.1", self.port), timeout=1)
            except OSError:
                assert time.monotonic() < deadline, self.log
                time.sleep(0.1)
            else:
                return

    @property
    def log(self) -> str:
        return (self.folder / "saml-provider.log").read_text()

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def trust(self, service: Service | None = None) -> ssl.SSLContext:
        """A context that trusts it, and the service."""
        context = ssl.create_default_context() if service is None else service.trust()
        context.load_verify_locations(self.certificate)
        return context

    async def be(self, **behaviour: Any) -> None:
        """From now on; see BEHAVIOUR."""
        assert behaviour.keys() <= BEHAVIOUR.keys()
        await self._send("control", msgspec.json.encode(behaviour))

    async def register(self, metadata: bytes) -> None:
        """The service's metadata, in the place of what it knew."""
        await self._send("register", metadata)

    async def _send(self, path: str, body: bytes) -> None:
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.trust())) as client,
            client.post(f"{self.url}/{path}", data=body) as answer,
        ):
            assert answer.status == 200, await answer.text()


def _key(place: Path) -> dict[str, str]:
    private = rsa.generate_private_key(65537, 2048)
    key, certificate = place.with_suffix(".key"), place.with_suffix(".pem")
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    body = base64.encodebytes(base64.b64decode(certified(private, now=time.time()))).decode()
    certificate.write_text(f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n")
    return {"key": str(key), "certificate": str(certificate)}


@contextmanager
def saml_identity_provider(folder: Path) -> Iterator[SamlIdentityProvider]:
    """One that runs."""
    made = SamlIdentityProvider(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()
