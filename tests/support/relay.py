"""A real SMTP server in a thread of its own, which can be made to refuse, to be slow, and to offer no TLS."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from belsimple.mail.relay import SmtpServer

from .certificates import write_pair
from .service import free_port

Tls = Literal["implicit", "starttls", "none"]


@dataclass(frozen=True)
class Received:
    """A mail as the relay got it; `encrypted`: whether it came over TLS."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    encrypted: bool

    @property
    def text(self) -> str:
        """The plain part."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    @property
    def html(self) -> str:
        """The HTML part."""
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content())


@dataclass
class Behaviour:
    """What the relay answers. `slow`: seconds before it answers the end of a message."""

    rcpt: str | None = None
    data: str = "250 taken"
    slow: float = 0
    received: list[Received] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        """Answers RCPT TO."""
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Answers the end of a message."""
        if self.data.startswith("250"):
            message = message_from_bytes(envelope.content, policy=default)
            encrypted = server.transport.get_extra_info("sslcontext") is not None
            self.received.append(Received(envelope.mail_from, envelope.rcpt_tos, message, encrypted))
        await asyncio.sleep(self.slow)
        return self.data


class Relay:
    """Where it listens and what it has received. `authority`: the certificate to trust."""

    def __init__(self, folder: Path, *, tls: Tls, users: dict[str, str] | None = None, offered: bool = True) -> None:
        """`offered` False: a relay that should speak STARTTLS and does not, or whose offer somebody hides."""
        folder.mkdir(exist_ok=True)
        self.authority = folder / "certificate.pem"
        self.port = free_port()
        self.tls: Tls = tls
        self.behaviour = Behaviour()
        self._users = users or {}
        self._key = folder / "key.pem"
        self._offered = offered
        write_pair(self.authority, self._key)
        self._running: Controller | None = None

    def server(self, *, host: str = "localhost", password: str | None = None) -> SmtpServer:
        """The setting that leads here."""
        user = next(iter(self._users), None)
        return SmtpServer(host, self.port, user, password or (self._users[user] if user else None), self.tls)

    @property
    def received(self) -> list[Received]:
        """Mails, oldest first."""
        return self.behaviour.received

    def start(self) -> None:
        """Listen."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.authority, self._key)
        starttls = self.tls == "starttls" and self._offered
        self._running = Controller(
            self.behaviour,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=context if self.tls == "implicit" else None,
            tls_context=context if starttls else None,
            require_starttls=starttls,
            # aiosmtpd takes implicit TLS for none: there it asks nobody who they are.
            auth_required=bool(self._users) and starttls,
            auth_require_tls=starttls,
            authenticator=self._authenticate,
        )
        self._running.start()

    def stop(self) -> None:
        """Listen no more."""
        if self._running is not None:
            self._running.stop(no_assert=True)
            self._running = None

    def wait(self, count: int, seconds: float = 30) -> list[Received]:
        """What was received, once it is that many."""
        until(lambda: len(self.received) >= count, seconds)
        return self.received

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        self.behaviour.logins.append((given.login, given.password))
        known = self._users.get(given.login.decode()) == given.password.decode()
        return AuthResult(success=known, handled=False)


@contextmanager
def running_relay(
    folder: Path, *, tls: Tls = "starttls", users: dict[str, str] | None = None, offered: bool = True
) -> Iterator[Relay]:
    """A relay for the length of a `with`."""
    relay = Relay(folder, tls=tls, users=users, offered=offered)
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()


def until(condition: Callable[[], bool], seconds: float = 90) -> None:
    """Wait for something that happens in another process or thread, on a machine that may be busy."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
