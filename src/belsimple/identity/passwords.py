"""What a password may be: NIST SP 800-63B-4, 3.1.1.2. Long, not a common one, anything else goes; pasting is welcome."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from belsimple.language import Language, message, translated
from belsimple.language import marked as _
from belsimple.web.problems import Unprocessable

SHORTEST: Final = 15  # characters, where a password is the only factor
LONGEST: Final = 256
_ENDS: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")


_TOO_SHORT: Final = _("Use at least {count} characters. A few unrelated words are easy to remember.")
_TOO_LONG: Final = _("Use at most {count} characters.")
_COMMON: Final = _("This is among the passwords that attackers try first. Choose another one.")
_OWN: Final = _("This is made of your own name or address. Choose another one.")


class PasswordRefused(Unprocessable):
    """422: the one thing to mend. The API says it in English, a page in its reader's language."""

    def __init__(self, pointer: str, sentence: str, **facts: int) -> None:
        super().__init__([(pointer, message(sentence, **facts))])

    def said(self, language: Language) -> str:
        """The sentence in a language."""
        return translated(self.errors[0][1], language)


def normalised(password: str) -> str:
    """The form that is hashed: Unicode NFC, so that the same characters typed on two keyboards are the same password."""
    return unicodedata.normalize("NFC", password)


def accepted(password: str, *, pointer: str, about: tuple[str, ...] = (), shortest: int = SHORTEST) -> str:
    """A new password in its hashed form.

    `shortest`: what the tenant's policy says. `about` are words an attacker would try first for this person (tenant, e-mail address, name).
    Raises Unprocessable with the one thing to mend; there are no composition rules.
    """
    password = normalised(password)
    if len(password) < shortest:
        raise PasswordRefused(pointer, _TOO_SHORT, count=shortest)
    if len(password) > LONGEST:
        raise PasswordRefused(pointer, _TOO_LONG, count=LONGEST)
    if _is_common(password.casefold()):
        raise PasswordRefused(pointer, _COMMON)
    core = _core(password.casefold())
    if core and any(len(word) >= 4 and core == _core(word.casefold()) for word in about):
        raise PasswordRefused(pointer, _OWN)
    return password


def _is_common(password: str) -> bool:
    """In the list itself, or a listed one with digits around it, or one, or up to three characters, written over and over."""
    common = _common_passwords()
    for candidate in {password, _core(password)}:
        if candidate in common:
            return True
        for length in range(1, len(candidate)):
            unit = candidate[:length]
            if (length <= 3 or unit in common) and (unit * (len(candidate) // length + 1)).startswith(candidate):
                return True
    return False


def _core(password: str) -> str:
    return _ENDS.sub("", password)


@lru_cache(maxsize=1)
def _common_passwords() -> frozenset[str]:
    """The 30,000 most common passwords of public leaks, as zxcvbn ships them."""
    return frozenset(FREQUENCY_LISTS["passwords"])
