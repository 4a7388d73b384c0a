"""What a relay may be, and what happens when it is not: a real SMTP server each time."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from belsimple.errors import OperatorError
from belsimple.mail import smtp
from belsimple.mail.message import Envelope, enclose
from belsimple.mail.relay import SmtpServer
from belsimple.mail.smtp import NotSent, SmtpRelay
from belsimple.mail.writing import Order, write
from tests.support.relay import Relay, Tls, running_relay, until
from tests.support.service import free_port


def envelope(recipient: str = "jan@example.be") -> Envelope:
    letter = write(Order(kind="test", recipient=recipient, language="fr"), "https://example.be")
    return enclose(letter, message_id=uuid4(), sender="Example <no-reply@example.be>", recipient=recipient)


async def refusal(server: SmtpServer, authority: Path | None) -> NotSent:
    with pytest.raises(NotSent) as caught:
        await SmtpRelay(server, authority).deliver(envelope())
    return caught.value


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_mail_goes_over_verified_tls(tls: Tls, tmp_path: Path) -> None:
    with running_relay(tmp_path, tls=tls) as relay:
        await SmtpRelay(relay.server(), relay.authority).deliver(envelope())
    [mail] = relay.received
    assert (mail.sender, mail.recipients) == ("no-reply@example.be", ["jan@example.be"])
    assert mail.encrypted
    assert mail.message["Subject"] == "E-mail de test de example.be"
    assert "https://example.be" in mail.text
    assert "https://example.be" in mail.html


async def test_a_relay_that_offers_no_starttls_gets_no_mail(tmp_path: Path) -> None:
    with running_relay(tmp_path, offered=False) as relay:
        refused = await refusal(relay.server(), relay.authority)
    assert relay.received == []
    assert not refused.last
    assert "STARTTLS" in refused.reason


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_certificate_of_nobody_we_trust_gets_no_mail(tls: Tls, tmp_path: Path) -> None:
    with running_relay(tmp_path, tls=tls, users={"us": "secret"}) as relay:
        refused = await refusal(relay.server(), None)
    assert refused.label == "SSLCertVerificationError"
    assert (relay.received, relay.behaviour.logins) == ([], [])


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_certificate_for_another_name_gets_no_mail(tls: Tls, tmp_path: Path) -> None:
    with running_relay(tmp_path, tls=tls) as relay:
        refused = await refusal(relay.server(host="127.0.0.1"), relay.authority)
    assert refused.label == "SSLCertVerificationError"
    assert relay.received == []


async def test_a_relay_without_tls_is_for_loopback_settings_only(tmp_path: Path) -> None:
    with running_relay(tmp_path, tls="none") as relay:
        await SmtpRelay(relay.server(), None).deliver(envelope())
    assert not relay.received[0].encrypted


async def test_a_relay_that_asks_who_we_are_is_told_under_tls(tmp_path: Path) -> None:
    with running_relay(tmp_path, users={"us": "secret"}) as relay:
        await SmtpRelay(relay.server(), relay.authority).deliver(envelope())
        wrong = await refusal(relay.server(password="wrong"), relay.authority)
        nobody = await refusal(
            SmtpServer("localhost", relay.port, user=None, password=None, tls="starttls"), relay.authority
        )
    assert len(relay.received) == 1
    assert (wrong.label, wrong.last) == ("535 SMTPAuthenticationError", False)  # a password can be put right
    assert (nobody.label.split()[0], nobody.last) == ("530", False)


@pytest.mark.parametrize(
    ("answers", "label", "last"),
    [
        ({"rcpt": "550 no such mailbox jan@example.be"}, "550 SMTPRecipientRefused", True),
        ({"rcpt": "450 come back later"}, "450 SMTPRecipientRefused", False),
        ({"rcpt": "530 authenticate first"}, "530 SMTPRecipientRefused", False),
        ({"data": "554 we do not like it"}, "554 SMTPDataError", True),
        ({"data": "451 no space"}, "451 SMTPDataError", False),
    ],
)
async def test_what_a_refusal_means(answers: dict[str, str], label: str, last: bool, tmp_path: Path) -> None:
    with running_relay(tmp_path) as relay:
        for name, value in answers.items():
            setattr(relay.behaviour, name, value)
        refused = await refusal(relay.server(), relay.authority)
    assert (refused.label, refused.last) == (label, last)
    assert "example.be" not in refused.label  # it is kept and logged; the relay's own words are not


async def test_a_relay_that_is_not_there() -> None:
    refused = await refusal(SmtpServer("localhost", free_port(), None, None, "starttls"), None)
    assert (refused.label, refused.last) == ("ConnectionRefusedError", False)
    refused = await refusal(SmtpServer("no-such-relay.invalid", 25, None, None, "starttls"), None)
    assert refused.label == "gaierror"


async def test_a_relay_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "_WHOLE_SECONDS", 1.0)
    with running_relay(tmp_path) as relay:
        relay.behaviour.slow = 3
        began = time.monotonic()
        refused = await refusal(relay.server(), relay.authority)
        assert time.monotonic() - began < 2.5
    assert (refused.label, refused.last) == ("TimeoutError", False)


async def test_a_relay_that_hangs_up_after_taking_a_mail_has_taken_it(tmp_path: Path) -> None:
    heard: list[bytes] = []
    async with scripted("250 taken", None, heard) as port:
        await SmtpRelay(SmtpServer("localhost", port, None, None, "none"), None).deliver(envelope())  # raises nothing
    assert heard[-2:] == [b"DATA", b"QUIT"]


async def test_words_that_were_slipped_in_before_tls_are_not_believed(tmp_path: Path) -> None:
    # RFC 3207, 5: who sits between us appends answers to the one before the handshake.
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250-relay\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(
            b"220 go on\r\n250-relay\r\n250 AUTH PLAIN\r\n235 welcome\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n"
        )
        await reader.read(1 << 16)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        refused = await refusal(SmtpServer("localhost", port, "us", "secret", "starttls"), None)
    assert not refused.last


async def test_an_international_address_needs_a_relay_that_knows_them(tmp_path: Path) -> None:
    with running_relay(tmp_path) as relay:
        await SmtpRelay(relay.server(), relay.authority).deliver(envelope("zoë@exämple.be"))
    assert relay.received[0].recipients == ["zoë@xn--exmple-cua.be"]


def test_an_authority_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for file in (tmp_path / "empty.pem", tmp_path / "missing.pem"):
        with pytest.raises(OperatorError, match="BELSIMPLE_SMTP_CA"):
            SmtpRelay(SmtpServer("localhost", 25, None, None, "starttls"), file)


async def test_a_relay_that_stops_and_comes_back(tmp_path: Path) -> None:
    relay = Relay(tmp_path, tls="starttls")
    assert (await refusal(relay.server(), relay.authority)).label == "ConnectionRefusedError"
    relay.start()
    await SmtpRelay(relay.server(), relay.authority).deliver(envelope())
    relay.stop()
    until(lambda: len(relay.received) == 1)


@contextlib.asynccontextmanager
async def scripted(data: str, goodbye: str | None, heard: list[bytes] | None = None) -> AsyncIterator[int]:
    """A relay that answers the end of a message with `data`, and QUIT with `goodbye` or by hanging up; `heard`: its commands."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while line := await reader.readline():
            word = line.split()[0].upper()
            if heard is not None:
                heard.append(word)
            if word == b"DATA":
                writer.write(b"354 go\r\n")
                while await reader.readline() != b".\r\n":
                    pass
                writer.write(data.encode() + b"\r\n")
            elif word == b"QUIT":
                writer.write(goodbye.encode() if goodbye else b"")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
