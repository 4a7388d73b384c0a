"""Names and types of files as people send them: normalised, bounded, and harmless where they are written again."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from belsimple.language import Message, message
from belsimple.language import marked as _

NAME_BYTES: Final = 255
"""What file systems take."""
UNKNOWN_TYPE: Final = "application/octet-stream"
TYPE_LENGTH: Final = 127

# Control characters, line separators and surrogates; the overrides and isolates of the writing direction, which make "exe.pdf" of "fdp.exe";
# and what separates folders, drives and streams on any system.
_REFUSED: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff/\\\\:]"
)
# Windows opens a device for these, whatever comes behind the dot.
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
# A browser that shows one of these runs nothing in it; and it is told to save it in any case.
_SERVED: Final = frozenset(
    (
        "application/gzip",
        "application/json",
        "application/msword",
        "application/pdf",
        "application/rtf",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/zip",
        "audio/mpeg",
        "audio/ogg",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/tiff",
        "image/webp",
        "text/csv",
        "text/plain",
        "video/mp4",
        "video/webm",
    )
)


class FileNameRefused(ValueError):
    """A file name that could do harm; ``said`` is for the person."""

    def __init__(self, said: Message) -> None:
        super().__init__(str(said))
        self.said = said


def file_name(text: str) -> str:
    """The name in NFC without spaces around it. Raises FileNameRefused."""
    if len(text) > 4 * NAME_BYTES:
        raise FileNameRefused(message(_("At most {count} bytes."), count=NAME_BYTES))
    if found := _REFUSED.search(text):
        raise FileNameRefused(
            message(_("The character {character} cannot stand in a file name."), character=f"U+{ord(found[0]):04X}")
        )
    name = unicodedata.normalize("NFC", text).strip()
    if len(name.encode()) > NAME_BYTES:
        raise FileNameRefused(message(_("At most {count} bytes."), count=NAME_BYTES))
    if not name.strip(".") or not any(unicodedata.category(character)[0] not in "ZC" for character in name):
        raise FileNameRefused(message(_("Give the file a name.")))
    if name.endswith(".") or _RESERVED.fullmatch(name):
        raise FileNameRefused(message(_("Some systems cannot keep a file of this name.")))
    return name


def media_type(header: str) -> str | None:
    """The type that a Content-Type header (RFC 9110, 8.3) names, in lower case and without parameters; None for no type."""
    name = header.partition(";")[0].strip().lower()
    if not name:
        return UNKNOWN_TYPE
    return name if len(name) <= TYPE_LENGTH and _TYPE.fullmatch(name) else None


def served_type(stored: str) -> str:
    """The type to send a file as: what could run in a browser (HTML, SVG, XML, scripts) is bytes like any other."""
    return stored if stored in _SERVED else UNKNOWN_TYPE


def attachment(name: str) -> str:
    """A Content-Disposition (RFC 6266) that has the file saved, under its name in UTF-8 (RFC 8187), in ASCII for old readers."""
    return f"attachment; {_named(name)}"


def inline(name: str) -> str:
    """One that has it shown, and saved under its name when somebody saves it."""
    return f"inline; {_named(name)}"


def _named(name: str) -> str:
    plain = re.sub(r'[^\x20-\x7e]|["%\\]', "_", name)
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
