"""PDFs made by hand: sound ones, and ones that mean harm."""

import zlib

Numbers = tuple[float, float]


def pdf(
    pages: int = 2, *, size: Numbers = (595, 842), content: bytes = b"1 0 0 rg 50 50 200 100 re f", packed: bool = False
) -> bytes:
    """A PDF of so many pages, each drawn by this content stream."""
    kids = " ".join(f"{4 + number} 0 R" for number in range(pages))
    drawn = zlib.compress(content) if packed else content
    how = b" /Filter /FlateDecode" if packed else b""
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]} {size[1]}] /Contents 3 0 R >>".encode()
    return _file(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
            b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(drawn), how, drawn),
            *[page] * pages,
        ]
    )


def encrypted() -> bytes:
    """One that says that a password opens it."""
    rest = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >> /ID [<00> <00>]"
    return _file(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"], rest % ((b"00" * 32,) * 2)
    )


def huge_image() -> bytes:
    """A page with an image of 30,000 by 30,000 points: a few hundred KiB that unpack to 2.7 GB."""
    packer = zlib.compressobj(9)
    head, block = (packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    data = head + block * 2700 + packer.flush()
    image = b"<< /Type /XObject /Subtype /Image /Width 30000 /Height 30000 /ColorSpace /DeviceRGB /BitsPerComponent 8 "
    image += b"/Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(data), data)
    draw = b"595 0 0 842 0 0 cm /I Do"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>"
    return _file(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page,
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(draw), draw),
            image,
        ]
    )


def _file(objects: list[bytes], more: bytes = b"") -> bytes:
    out = b"%PDF-1.4\n"
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return (
        out
        + head
        + table
        + b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
        % (
            len(objects) + 1,
            more,
            len(out),
        )
    )
