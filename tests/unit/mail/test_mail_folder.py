"""Mails kept in files: for whoever has the key, and for nobody else."""

import datetime as dt
import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from belsimple.errors import OperatorError
from belsimple.keys.wrapping import WrappingKey
from belsimple.mail.folder import MailFolder
from belsimple.mail.message import enclose
from belsimple.mail.smtp import NotSent
from belsimple.mail.writing import Order, write

CANARY = "canary-7d0f"
KEY = WrappingKey(os.urandom(32))


async def keep(folder: MailFolder, message_id: UUID | None = None) -> UUID:
    message_id = message_id or uuid4()
    order = Order(kind="invitation", recipient=f"{CANARY}@example.be", language="nl", tenant=CANARY, token=CANARY)
    letter = write(order, "https://example.be")
    await folder.deliver(enclose(letter, message_id=message_id, sender="a@example.be", recipient=order.recipient))
    return message_id


async def test_a_mail_is_read_with_the_key_only(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path / "mail", lambda: KEY)
    message_id = await keep(folder)
    [file] = (tmp_path / "mail").iterdir()
    assert CANARY.encode() not in file.read_bytes()
    assert b"example" not in file.read_bytes()
    assert (file.stat().st_mode & 0o777, (tmp_path / "mail").stat().st_mode & 0o777) == (0o600, 0o700)
    assert CANARY in str(folder.read(message_id))
    with pytest.raises(OperatorError, match="cannot be opened"):
        MailFolder(tmp_path / "mail", lambda: WrappingKey(os.urandom(32))).read(message_id)


async def test_a_file_opens_under_its_own_name_and_unchanged_only(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path, lambda: KEY)
    first, second = await keep(folder), await keep(folder)
    kept = (tmp_path / f"{first}.eml").read_bytes()
    (tmp_path / f"{second}.eml").write_bytes(kept)
    (tmp_path / f"{first}.eml").write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    for message_id in (first, second):
        with pytest.raises(OperatorError, match="cannot be opened"):
            folder.read(message_id)
    assert list(folder.kept()) == []


async def test_a_second_attempt_takes_the_place_of_the_first(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path, lambda: KEY)
    message_id = await keep(folder, await keep(folder))
    assert [(mail.id, mail.to) for mail in folder.kept()] == [(message_id, f"{CANARY}@example.be")]


async def test_a_file_that_is_not_there_and_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no file"):
        MailFolder(tmp_path, lambda: KEY).read(uuid4())
    (tmp_path / "file").touch()
    with pytest.raises(NotSent, match="Error"):
        await keep(MailFolder(tmp_path / "file", lambda: KEY))


async def test_files_go_after_thirty_days(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path, lambda: KEY)
    old, new = await keep(folder), await keep(folder)
    now = dt.datetime.now(dt.UTC)
    past = (now - dt.timedelta(days=31)).timestamp()
    os.utime(tmp_path / f"{old}.eml", (past, past))
    assert folder.tidy(now) == 1
    assert [mail.id for mail in folder.kept()] == [new]
