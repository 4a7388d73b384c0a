"""Mails of an installation without a relay: encrypted `.eml` files, which `belsimple mail show` opens."""

import datetime as dt
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from belsimple.atomic import write_atomically
from belsimple.errors import OperatorError
from belsimple.keys.wrapping import Undecipherable, WrappingKey
from belsimple.mail.message import Envelope
from belsimple.mail.smtp import NotSent

_DAYS: Final = 30


class KeptMail(msgspec.Struct, frozen=True):
    """What a file tells of itself once it is opened."""

    id: UUID
    to: str
    subject: str


class MailFolder:
    """A transport that writes each mail into a file of its own, whose name is bound to its encryption."""

    def __init__(self, folder: Path, key: Callable[[], WrappingKey]) -> None:
        """`key`: the operator's, asked for each time."""
        self._folder = folder
        self._key = key

    async def deliver(self, envelope: Envelope) -> None:
        """Keep it; a second attempt replaces the first. Raises NotSent."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(
                self._file(envelope.message_id),
                self._key().seal(envelope.content, _place(envelope.message_id)),
            )
        except (OSError, OperatorError) as error:
            raise NotSent(type(error).__name__, str(error)) from error

    def read(self, message_id: UUID) -> EmailMessage:
        """The mail of that id. Raises OperatorError when it is not here or does not open."""
        try:
            content = self._key().open(self._file(message_id).read_bytes(), _place(message_id))
        except FileNotFoundError:
            raise OperatorError(
                f"There is no file of a mail {message_id} in {self._folder}",
                "It waits, it went to the relay, or it is older than 30 days: see `belsimple mail list`.",
            ) from None
        except (OSError, Undecipherable) as error:
            raise OperatorError(
                f"The mail {message_id} cannot be opened ({type(error).__name__})",
                "It was written under another operator's key, or changed since.",
            ) from error
        return message_from_bytes(content, policy=default)

    def kept(self) -> Iterator[KeptMail]:
        """Every mail that opens."""
        for file in self._files():
            try:
                message = self.read(UUID(file.stem))
            except (OperatorError, ValueError):
                continue
            yield KeptMail(UUID(file.stem), str(message["To"]), str(message["Subject"]))

    def tidy(self, now: dt.datetime) -> int:
        """Remove what is older than 30 days; returns how many."""
        before = (now - dt.timedelta(days=_DAYS)).timestamp()
        old = [file for file in self._files() if file.stat().st_mtime < before]
        for file in old:
            file.unlink(missing_ok=True)
        return len(old)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9a-f]*.eml")) if self._folder.is_dir() else []

    def _file(self, message_id: UUID) -> Path:
        return self._folder / f"{message_id}.eml"


def _place(message_id: UUID) -> bytes:
    return b"mail|" + message_id.bytes
