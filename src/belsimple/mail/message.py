"""A letter as an Internet message (RFC 5322) with a plain and an HTML part (RFC 2046)."""

import datetime as dt
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import Final
from uuid import UUID

import msgspec

from belsimple.mail.facts import is_address
from belsimple.mail.writing import Written

_PRINTABLE: Final = "quoted-printable"  # passes relays that know seven bits only


class AddressFault(Exception):
    """No mail can go to that address: trying again does not help."""


class Envelope(msgspec.Struct, frozen=True):
    """What a relay gets: from whom, to whom, and the message as it is sent."""

    message_id: UUID
    sender: str
    recipient: str
    content: bytes


def enclose(written: Written, *, message_id: UUID, sender: str, recipient: str) -> Envelope:
    """The letter in its envelope. `sender` may carry a name; `recipient` is a bare address. Raises AddressFault."""
    to = mailable(recipient)
    message = EmailMessage(policy=SMTP if to.isascii() else SMTPUTF8)  # refuses a line break in any header
    name, address = parseaddr(sender)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address("", *to.rsplit("@", 1))
    message["Subject"] = written.subject
    message["Date"] = format_datetime(dt.datetime.now(dt.UTC))
    # The same for every attempt, so that a mailbox shows a mail that was sent twice once.
    message["Message-ID"] = f"<{message_id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(written.text, cte=_PRINTABLE)
    message.add_alternative(written.html, subtype="html", cte=_PRINTABLE)
    message["Content-Language"] = written.language
    return Envelope(message_id, address, to, message.as_bytes())


def mailable(address: str) -> str:
    """The address with its domain in the form that relays know (IDNA). Raises AddressFault."""
    if not is_address(address):
        raise AddressFault
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise AddressFault from None
