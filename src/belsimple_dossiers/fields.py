"""The rules of a dossier's texts: normalised to NFC (UAX 15), bounded, and without characters that hide or forge text."""

import re
import unicodedata
from typing import Final, TypeVar

import msgspec

from belsimple.modules import Message, Unprocessable, message
from belsimple.modules import marked as _
from belsimple_dossiers.model import DossierChange, NewDossier

Body = TypeVar("Body", NewDossier, DossierChange)

TITLE_LENGTH: Final = 200
REFERENCE_LENGTH: Final = 60
NOTES_LENGTH: Final = 20_000
COMBINING_RUN: Final = 30
"""UAX 15's stream-safe limit. Normalising longer runs takes time that grows with their square: 20,000 marks block for a second."""

# Control characters and line separators, lone surrogates, and the overrides and isolates of the writing direction, which make
# a title read as another one ("Trojan Source", CVE-2021-42574).
_HIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_HIDDEN_IN_NOTES: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


class _Fault(Exception):
    """A text that a field does not take; ``said`` is for the person."""

    def __init__(self, said: Message) -> None:
        super().__init__(str(said))
        self.said = said


def cleaned(body: Body) -> Body:
    """The body with its texts normalised. Raises Unprocessable with a pointer to each text that is refused."""
    changes: dict[str, str | None] = {}
    faults: list[tuple[str, str]] = []
    for name, clean in (("title", _title), ("reference", _reference), ("notes", _notes)):
        value: object = getattr(body, name)
        if isinstance(value, str):
            try:
                changes[name] = clean(value)
            except _Fault as fault:
                faults.append((f"/{name}", fault.said))
    if faults:
        raise Unprocessable(faults)
    return msgspec.structs.replace(body, **changes)


def _title(text: str) -> str:
    return _one_line(text, TITLE_LENGTH)


def _reference(text: str) -> str:
    return _one_line(text, REFERENCE_LENGTH)


def _notes(text: str) -> str:
    return _normalised(text.replace("\r\n", "\n"), NOTES_LENGTH, _HIDDEN_IN_NOTES)


def _one_line(text: str, length: int) -> str:
    text = _normalised(text.strip(), length, _HIDDEN)
    if not any(unicodedata.category(character)[0] not in "ZC" for character in text):
        raise _Fault(message(_("Write at least one character that can be seen.")))
    return text


def _normalised(text: str, length: int, hidden: re.Pattern[str]) -> str:
    if len(text) > 4 * length:  # more than normalisation could shorten
        raise _Fault(message(_("At most {count} characters."), count=length))
    if found := hidden.search(text):
        raise _Fault(message(_("The character {character} cannot stand here."), character=f"U+{ord(found[0]):04X}"))
    if not text.isascii():
        _refuse_combining_run(text)
        text = unicodedata.normalize("NFC", text)
    if len(text) > length:
        raise _Fault(message(_("At most {count} characters; these are {given}."), count=length, given=len(text)))
    return text


def _refuse_combining_run(text: str) -> None:
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > COMBINING_RUN:
            raise _Fault(message(_("At most {count} combining marks on one character."), count=COMBINING_RUN))
