"""What people wrote about themselves, made fit to stand in somebody else's mail."""

import datetime as dt
import re
import unicodedata
from typing import Final

from belsimple.language import Language, formats
from belsimple.web.browsers import known_browser

_LONGEST: Final = 120
_ADDRESS: Final = re.compile(r"[^\s@<>\"()\[\]\\,;:]{1,64}@[^\s@<>\"()\[\]\\,;:/]{1,190}")
# Mail programs turn `word.word`, `word:` and `//` into links, and decode `=?` (RFC 2047) in a subject. A word joiner, which
# nobody sees, keeps a name from being either.
_ACTIVE: Final = re.compile(r"(?<=\w)\.(?=[^\W\d])|:(?=//)|/(?=/)|=(?=\?)")
_WORD_JOINER: Final = "\u2060"


def fit(value: str, longest: int = _LONGEST) -> str:
    """One line of at most `longest` characters that is no link and cannot turn the writing direction around.

    An invitation goes to any address: without this, a tenant's name would be an advertisement with a link, sent by us.
    """
    kept = "".join(" " if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} else one for one in value)
    kept = "".join(one for one in kept if unicodedata.category(one) not in {"Cf", "Co", "Cn"})
    line = " ".join(kept.split())
    if is_address(line):
        return line
    line = line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
    return _ACTIVE.sub(lambda found: found[0] + _WORD_JOINER, line)


def is_address(value: str) -> bool:
    """Whether it can be one mailbox and nothing else: no list, no comment, no route, no second header."""
    return _ADDRESS.fullmatch(value) is not None and len(value) <= 254 and value.isprintable()


def browser(agent: str) -> str:
    """What a person calls the browser that says this of itself (RFC 9110, 10.1.5), or what it says."""
    return known_browser(agent) or fit(agent)


def moment(value: str, language: Language, zone: str | None) -> str:
    """An RFC 3339 time as the reader's clock and language have it. Raises ValueError."""
    return f"{formats.moment(dt.datetime.fromisoformat(value), language, zone)} ({formats.zone_of(zone).key})"
