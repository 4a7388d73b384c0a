"""The operator's profile: the company that runs this installation, as pages, mails and dossiers name it."""

import re

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.database.queries import load_queries
from belsimple.language import marked as _
from belsimple.web.answers import Versioned
from belsimple.web.problems import NotFound, Unprocessable

_q = load_queries("belsimple.operators", "profile.sql")


class Profile(Versioned, frozen=True):
    """The company. `enterprise_number` as Belgium writes it: 0123.456.749. The officer is the data protection officer."""

    legal_name: str | None
    enterprise_number: str | None
    address: str | None
    email: str | None
    officer_name: str | None
    officer_email: str | None
    security_name: str | None
    security_email: str | None

    def __post_init__(self) -> None:
        number = self.enterprise_number
        if number is not None and number.isdecimal():
            written = f"{number[:4]}.{number[4:7]}.{number[7:]}"
            msgspec.structs.force_setattr(self, "enterprise_number", written)


async def profile(transaction: OperatorTransaction) -> Profile:
    """The profile; fields that nobody has filled in are null."""
    found = await transaction.row(_q.profile, Profile)
    if found is None:
        raise NotFound
    return found


async def change_profile(transaction: OperatorTransaction, changes: dict[str, str | None], *, expected: int) -> Profile:
    """Change the fields that are given; an empty text empties one. Raises BS412, and Unprocessable for a number that no Belgian enterprise has."""
    number = changes.get("enterprise_number")
    if number:
        changes = {**changes, "enterprise_number": enterprise_number(number)}
    await transaction.value(_q.change_profile, **changes, expected=expected)
    return await profile(transaction)


def enterprise_number(text: str) -> str:
    """The ten digits of a number of the Crossroads Bank for Enterprises, however it was written (BE 0123.456.749).

    Raises Unprocessable when the check digits, 97 less the first eight modulo 97, are not right.
    """
    digits = re.sub(r"[\s.-]", "", text.upper().removeprefix("BE"))
    digits = f"0{digits}" if len(digits) == 9 else digits  # as they were written before 2008
    good = re.fullmatch(r"[01][0-9]{9}", digits) and 97 - int(digits[:8]) % 97 == int(digits[8:])
    if not good:
        detail = _("This is no Belgian enterprise number: the check digits do not fit. Write it as 0123.456.749.")
        raise Unprocessable([("/enterprise_number", detail)])
    return digits
