"""The documents of the demo, made here: a drawing, a text and a PDF, each a few kilobytes, so that pages have something to show."""

import struct
import zlib
from typing import Final

import msgspec

_WIDTH: Final = 160
_HEIGHT: Final = 150
"""Of a part of the wall with one window; the wall is three parts wide and two high."""
_BRICK: Final = (40, 15)
_COLOURS: Final = bytes((0xB4, 0x5F, 0x45, 0xDD, 0xD0, 0xBE, 0x3B, 0x4A, 0x54, 0xF4, 0xF1, 0xEA))
"""Brick, mortar, glass, frame; red, green, blue each."""


class DemoDocument(msgspec.Struct, frozen=True):
    """A document as it is uploaded over the API."""

    filename: str
    media_type: str
    content: bytes


def facade() -> bytes:
    """A brick wall with six windows: a PNG with a palette (ISO/IEC 15948)."""
    part = b"".join(b"\0" + 3 * bytes(_pixel(x, y) for x in range(_WIDTH)) for y in range(_HEIGHT))
    header = struct.pack(">IIBBBBB", 3 * _WIDTH, 2 * _HEIGHT, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", _COLOURS), (b"IDAT", zlib.compress(2 * part)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pixel(x: int, y: int) -> int:
    from_left, from_top = x - 45, y - 30
    if 0 <= from_left < 70 and 0 <= from_top < 90:
        inside = 6 <= from_left < 64 and 6 <= from_top < 84 and not 32 <= from_left < 38
        return 2 if inside else 3
    width, height = _BRICK
    course = y // height
    mortar = y % height < 2 or (x + course % 2 * width // 2) % width < 2
    return 1 if mortar else 0


def pdf(*pages: tuple[str, ...]) -> bytes:
    """A PDF (ISO 32000-1) of these pages, each some lines of text in ASCII, set in Helvetica."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, lines in enumerate(pages):
        objects += [_page(5 + 2 * number), _content(lines)]
    return _assembled(objects)


def _page(content: int) -> str:
    font = "/Resources << /Font << /F1 3 0 R >> >>"
    return f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R {font} >>"


def _content(lines: tuple[str, ...]) -> str:
    title, *rest = (line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in lines)
    shown = "".join(f"0 -24 Td ({line}) Tj " for line in rest)
    text = f"BT /F1 22 Tf 72 750 Td ({title}) Tj /F1 12 Tf 0 -12 Td {shown}ET"
    return f"<< /Length {len(text)} >>\nstream\n{text}\nendstream"


def _assembled(objects: list[str]) -> bytes:
    body, places = b"%PDF-1.4\n", list[int]()
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode("ascii")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + end.encode("ascii")


_MEASUREMENTS: Final = """\
Façade, measured on 12 October

Width             14.20 m
Height to eaves    9.85 m
Windows            6, each 1.10 x 1.75 m
Joints             8 mm, hollow; lime mortar NHL 2

The frieze above the second storey is loose over 2.3 m. Do not scaffold against it.
"""


def about_the_facade() -> tuple[DemoDocument, ...]:
    """Of the dossier about the façade; made when they are wanted, as a drawing takes its milliseconds."""
    tender = pdf(
        ("Renovation of a listed facade", "Tender documents", "", "1. Scaffolding and protection", "2. Cleaning"),
        ("Conditions", "Lime mortar as the heritage agency asks.", "Offers by 15 January."),
    )
    return (
        DemoDocument("Tender.pdf", "application/pdf", tender),
        DemoDocument("Measurements.txt", "text/plain", _MEASUREMENTS.encode()),
        DemoDocument("Façade.png", "image/png", facade()),
    )
