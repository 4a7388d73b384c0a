"""Where mails go."""

from typing import Literal

import msgspec


class SmtpServer(msgspec.Struct, frozen=True):
    """The mail relay. ``tls``: from the first byte (implicit), by STARTTLS and never without, or none (loopback only)."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: Literal["implicit", "starttls", "none"]
