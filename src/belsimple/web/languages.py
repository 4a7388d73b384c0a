"""Which language a request is answered in, as far as the request itself says."""

import re
from typing import Final, cast

from belsimple.language import LANGUAGES, Language, preferred_language
from belsimple.web.exchange import Exchange

DEFAULT: Final[Language] = "en"
_ASKED: Final = re.compile(rb"(?:^|&)language=(%s)(?:&|$)" % "|".join(LANGUAGES).encode("ascii"))


def asked_language(exchange: Exchange) -> Language | None:
    """The query parameter `language`, which a person chose on the page and which therefore goes before everything else."""
    found = _ASKED.search(exchange.query)
    return cast("Language", found[1].decode("ascii")) if found else None


def language_of(exchange: Exchange, *chosen: Language | None) -> Language:
    """The language of a page: as asked for; else the first `chosen` (of the account, of its tenant); else the browser's."""
    for language in (asked_language(exchange), *chosen, preferred_language(exchange.text(b"accept-language"))):
        if language is not None:
            return language
    return DEFAULT
