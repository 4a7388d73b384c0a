"""For the tests of modules: a service of their own with the installed modules in it, and people who use it.

In a ``conftest.py``::

    from belsimple.testing import service

    __all__ = ["service"]

A test then takes ``service`` (see :class:`Service`), which is started once for all of them. It needs pytest.
"""

import contextlib
import html
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import (  # noqa: TID251 - to the service under test
    HTTPCookieProcessor,
    HTTPSHandler,
    OpenerDirector,
    Request,
    build_opener,
)

import pytest

from belsimple.module_checks import deep_faults_of
from belsimple.modules import discover

_READY: Final = "belsimple is ready"
_START_SECONDS: Final = 120.0
_MAIL_SECONDS: Final = 60.0


def faults(name: str) -> list[str]:
    """What `belsimple module check` has to say about an installed module."""
    found = {module.name: module for module in discover()}
    return [str(fault) for fault in deep_faults_of(found[name])]


@dataclass(frozen=True)
class Answer:
    """What came back, from `path`, which after a redirect is another than the one that was asked for."""

    status: int
    path: str
    text: str

    @property
    def json(self) -> Any:
        """The body of an answer of the API."""
        return json.loads(self.text)

    def link(self, shown: str) -> str:
        """Where the link with this text (as the page's source has it) leads. Raises LookupError."""
        found = re.search(rf'<a\b[^>]*href="([^"]+)"[^>]*>\s*{re.escape(shown)}\s*</a>', self.text)
        if found is None:
            raise LookupError(f"no link says {shown!r}")
        return html.unescape(found[1])


class Browser:
    """Somebody who is signed in. Redirects are followed, as a browser does."""

    def __init__(self, url: str, trust: ssl.SSLContext) -> None:
        self._url = url
        self._opener: OpenerDirector = build_opener(HTTPSHandler(context=trust), HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> Answer:
        """A page."""
        return self._ask(Request(self._url + path))  # noqa: S310 - https always

    def post(self, path: str, **fields: str) -> Answer:
        """What a form sends."""
        return self._ask(Request(self._url + path, data=urlencode(fields).encode(), method="POST"))  # noqa: S310

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request of a program's; a header's name is written with underscores."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._url + path, data=data, method=method)  # noqa: S310
        if data is not None:
            request.add_header("content-type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        return self._ask(request)

    def _ask(self, request: Request) -> Answer:
        for name, value in {"origin": self._url, "sec-fetch-site": "same-origin", "accept": "text/html, */*"}.items():
            request.add_header(name, value)
        try:
            with self._opener.open(request, timeout=30) as answer:
                return _read(answer)
        except HTTPError as answer:
            with answer:
                return _read(answer)


def _read(answer: Any) -> Answer:
    address: str = answer.url
    return Answer(answer.status, urlsplit(address).path, answer.read().decode())


@dataclass(frozen=True)
class Mail:
    """A mail as it was sent."""

    to: str
    subject: str
    text: str


class Service:
    """A running `belsimple up --demo`: two tenants (0 and 1) or more, each with people of every built-in role."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        """Everything of it, its data and its logs, lies in `folder`; `python` runs it."""
        self.folder = folder
        self._python = python
        port, http_port = _free_port(), _free_port()
        self.url = f"https://localhost:{port}"
        self._data = folder / "var"
        self._environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "BELSIMPLE_DATA": str(self._data),
            "BELSIMPLE_PORT": str(port),
            "BELSIMPLE_HTTP_PORT": str(http_port),
        }

    @contextlib.contextmanager
    def running(self) -> Iterator["Service"]:
        """Start it, wait until it is ready, and stop it afterwards. Raises RuntimeError with what it said."""
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            process = subprocess.Popen(
                self._command("up", "--demo"), env=self._environment, cwd=self.folder, stdout=out, stderr=err
            )
        try:
            self._wait(process)
            yield self
        finally:
            process.terminate()
            try:
                _ = process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                _ = process.wait(10)

    def signed_in(self, role: str, *, tenant: int = 0) -> Browser:
        """A person with this role of one of the demo's tenants, in a browser of their own."""
        chosen = self._demo["tenants"][tenant]
        account = next(account for account in chosen["accounts"] if account["role"] == role)
        trust = ssl.create_default_context(cafile=self._data / "tls" / "authority.pem")
        browser = Browser(self.url, trust)
        body = {"tenant": chosen["slug"], "email": account["email"], "password": account["password"]}
        answer = browser.api("POST", "/api/v1/session", body)
        if answer.status != 201:
            raise RuntimeError(f"{role} could not sign in: {answer.text}")
        return browser

    def mail(self, kind: str, says: str = "") -> Mail:
        """A mail of this kind with these words in it, as soon as it is sent. Raises TimeoutError."""
        deadline, seen = time.monotonic() + _MAIL_SECONDS, set[str]()
        while time.monotonic() < deadline:
            sent = self.command("mail", "list", "--state", "sent")["mails"]
            for found in (mail["id"] for mail in sent if mail["kind"] == kind and mail["id"] not in seen):
                seen.add(found)
                shown = self.command("mail", "show", found)
                if says in shown["text"]:
                    return Mail(shown["to"], shown["subject"], shown["text"])
            time.sleep(0.5)
        raise TimeoutError(f"no mail of the kind {kind!r} was sent within {_MAIL_SECONDS:.0f} seconds")

    def command(self, *words: str) -> Any:
        """Run another command of belsimple's beside the service; what it prints with ``--json``."""
        done = subprocess.run(
            self._command(*words, "--json"),
            env=self._environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout)

    @property
    def _demo(self) -> Any:
        return json.loads((self._data / "demo.json").read_text("utf-8"))

    def _command(self, *words: str) -> list[str]:
        return [self._python, "-m", "belsimple", *words]

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + _START_SECONDS
        while _READY not in (self.folder / "out").read_text("utf-8"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the service did not start:\n{(self.folder / 'err').read_text('utf-8')[-3000:]}")
            time.sleep(0.05)


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """One running service for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="belsimple-module-", dir="/tmp"))
    folder.chmod(0o755)  # the service runs as a user of its own when the tests run as root
    try:
        with Service(folder).running() as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
