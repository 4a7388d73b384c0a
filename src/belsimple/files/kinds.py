"""What a file is by its content. What it was declared to be, or is called, decides nothing: a person chose that, or a browser."""

import codecs
import re
from typing import Final

HEAD: Final = 64 * 1024
"""Bytes that are looked at, and that are shown of a text."""
_WHERE_PDF_BEGINS: Final = 1024
_IMAGES: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb".{4}ftypavi[fs]", re.DOTALL), "image/avif"),
)
# SVG is missing with reason: it is a document with scripts.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")


def image_type(head: bytes) -> str | None:
    """The media type of an image that browsers draw and that can do nothing else."""
    return next((kind for magic, kind in _IMAGES if magic.match(head)), None)


def is_pdf(head: bytes) -> bool:
    """Whether it says that it is a PDF; readers allow a little before that (ISO 32000-1, annex H.3.4.1)."""
    return b"%PDF-" in head[:_WHERE_PDF_BEGINS]


def text_of(head: bytes, *, cut: bool) -> str | None:
    """The text, if it is one: UTF-8 without control characters. ``cut``: the file goes on, perhaps within a character."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, final=not cut)
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text.removeprefix("\ufeff")
