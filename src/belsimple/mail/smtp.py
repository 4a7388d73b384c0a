"""Sending by a relay: SMTP (RFC 5321) with TLS (RFC 3207, RFC 8314) whose certificate is verified, or not at all."""

import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Final

import aiosmtplib

from belsimple.errors import OperatorError
from belsimple.mail.message import Envelope
from belsimple.mail.relay import SmtpServer

_STEP_SECONDS: Final = 30.0
_WHOLE_SECONDS: Final = 50.0  # under the minute for which the outbox lends a mail to one attempt
_GOODBYE_SECONDS: Final = 2.0
_AUTHENTICATION_REQUIRED: Final = 530  # RFC 4954: the relay's settings are wrong, not the recipient


class NotSent(Exception):
    """An attempt failed. `label` holds a code and a class and may be kept; `reason` is the relay's own words, for the operator's eyes.

    `last`: the relay will not take this mail tomorrow either.
    """

    def __init__(self, label: str, reason: str, *, last: bool = False) -> None:
        super().__init__(label)
        self.label = label
        self.reason = reason
        self.last = last


class SmtpRelay:
    """A transport that hands each mail to the relay in a connection of its own."""

    def __init__(self, server: SmtpServer, authority: Path | None) -> None:
        """`authority`: a PEM file with the certificates to trust instead of the system's. Raises OperatorError when unusable."""
        self._server = server
        self._context = _verifying(authority) if server.tls != "none" else None

    async def deliver(self, envelope: Envelope) -> None:
        """Hand it over. Raises NotSent."""
        client = self._client(envelope.sender.rpartition("@")[2])
        try:
            async with asyncio.timeout(_WHOLE_SECONDS):
                await client.connect()
                options = [] if envelope.recipient.isascii() else ["SMTPUTF8"]
                await client.sendmail(envelope.sender, [envelope.recipient], envelope.content, mail_options=options)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _answered(refused.recipients[0], about_mail=True) from refused
        except aiosmtplib.SMTPResponseException as answer:
            raise _answered(answer, about_mail=isinstance(answer, aiosmtplib.SMTPDataError)) from answer
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _trouble(error) from error
        else:
            await _say_goodbye(client)
        finally:
            client.close()

    def _client(self, name: str) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            timeout=_STEP_SECONDS,
            use_tls=server.tls == "implicit",
            # True, not None: a relay that does not offer STARTTLS, or somebody between us who hides it, gets no mail.
            start_tls=server.tls == "starttls",
            tls_context=self._context,
            local_hostname=name,  # the machine's own name would cost a look-up and tell it to the world
        )


async def _say_goodbye(client: aiosmtplib.SMTP) -> None:
    """Nothing that happens here changes that the relay has the mail."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await client.quit()


def _verifying(authority: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise OperatorError(
            f"BELSIMPLE_SMTP_CA names {authority}, which holds no certificates", "Give a PEM file."
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _answered(answer: aiosmtplib.SMTPResponseException, *, about_mail: bool) -> NotSent:
    """The relay said no. A 5xx about this mail is for good; one about us or our password may be put right."""
    last = about_mail and 500 <= answer.code <= 599 and answer.code != _AUTHENTICATION_REQUIRED
    return NotSent(f"{answer.code} {type(answer).__name__}", f"{answer.code} {answer.message}", last=last)


def _trouble(error: Exception) -> NotSent:
    """No connection, no TLS, no answer: aiosmtplib wraps what was behind it."""
    cause = error
    while cause.__cause__ is not None and isinstance(cause.__cause__, Exception):
        cause = cause.__cause__
    return NotSent(type(cause).__name__, str(cause) or type(cause).__name__)
