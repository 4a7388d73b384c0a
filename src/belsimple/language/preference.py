"""The language that a browser asks for (RFC 9110, 12.5.4)."""

import re
from typing import Final

from belsimple.language.catalogues import LANGUAGES, Language

_MOST: Final = 50
"""Ranges that are read; no browser sends as many."""
_OURS: Final[dict[str, Language]] = {language: language for language in LANGUAGES}
# A language range with a quality value (RFC 9110, 12.4.2; RFC 4647, 2.1). Of a tag only the language itself counts here.
_RANGE: Final = re.compile(
    r"\s*(?P<language>[A-Za-z]{1,8})(?:[-_][A-Za-z0-9]{1,8})*\s*"
    r"(?:;\s*[Qq]\s*=\s*(?P<quality>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
)


def preferred_language(accept_language_header: str) -> Language | None:
    """The one of our languages that the header wants most; of equals the first.

    A quality of 0 is a refusal. None when it names none of ours: "any language" (``*``) is no wish, and neither is what
    cannot be read.
    """
    wanted: dict[Language, float] = {}
    for part in accept_language_header.split(",", _MOST)[:_MOST]:
        found = _RANGE.fullmatch(part)
        language = found and _OURS.get(found["language"].lower())
        if found and language:
            wanted[language] = max(wanted.get(language, 0.0), float(found["quality"] or 1))
    best = max(wanted, key=wanted.__getitem__, default=None)
    return best if best and wanted[best] > 0 else None
