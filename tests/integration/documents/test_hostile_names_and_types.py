"""Names and types that would do harm somewhere: refused, or written so that they cannot."""

from urllib.parse import quote

import pytest

from tests.support.databases import ONE_PROFILE

from .conftest import Send, Upload

pytestmark = ONE_PROFILE
SEPARATORS = ("../../etc/passwd", "a/b", "a\\b", "C:evil", "a:stream")
NOTHING = (".", "..", "...", "", " ", "\u00a0", "\u200b")
HIDDEN = (
    "a\x00b",
    "a\rb",
    "a\nSet-Cookie: x",
    "a\x7f",
    "a\x85b",
    "a\u2028b",
    "\u202egnp.exe",
    "a\u2066b\u2069",
    "\ufeffa",
)
DEVICES = ("con", "NUL.txt", "aux", "com1.pdf", "LPT9", "a.")
LONG = ("x" * 256, "é" * 128, "a" * 5000)
REFUSED = (*SEPARATORS, *NOTHING, *HIDDEN, *DEVICES, *LONG)
KEPT = [
    "a.txt",
    "Brief à l'été.pdf",
    "文档.docx",
    'quote".txt',
    "percent%2e%2e.txt",
    "semi;colon=1.txt",
    "x" * 255,
    "console.txt",
    ".profile",
    "🏠.png",
]


@pytest.mark.parametrize("name", REFUSED, ids=ascii)
async def test_a_name_that_could_do_harm_is_refused(upload: Upload, name: str) -> None:
    refused = await upload(b"x", quote(name, safe=""))
    assert refused.status == (400 if "\0" in name else 422), refused.body
    if refused.status == 422:
        assert refused.pointers == ["/filename"]


@pytest.mark.parametrize("name", KEPT, ids=ascii)
async def test_any_other_name_comes_back_in_a_header_that_holds_nothing_else(
    send: Send, upload: Upload, name: str
) -> None:
    made = await upload(b"x", quote(name, safe=""))
    assert (made.status, made.json["filename"]) == (201, name)
    disposition = (await send("GET", f"/api/v1/documents/{made.json['id']}/content")).headers["content-disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.endswith(f"; filename*=UTF-8''{quote(name, safe='')}")
    assert disposition.isascii()
    assert disposition.count('"') == 2
    assert not any(ord(character) < 32 for character in disposition)


async def test_a_name_is_normalised(upload: Upload) -> None:
    made = await upload(b"x", quote("  e\u0301te\u0301.txt ", safe=""))
    assert made.json["filename"] == "été.txt"


async def test_a_name_is_asked_for(send: Send, dossier: str) -> None:
    for query in ("", "?filename=a&filename=b", "?name=a", "?filename=a&tenant_id=b"):
        refused = await send("POST", f"/api/v1/dossiers/{dossier}/documents{query}", pieces=[b"x"])
        assert refused.status == 422, query


@pytest.mark.parametrize(
    "kind",
    [
        "text/html",
        "image/svg+xml",
        "application/xhtml+xml",
        "text/xml",
        "text/javascript",
        "application/x-msdownload",
        "TEXT/HTML; charset=utf-8",
    ],
)
async def test_what_a_browser_could_run_is_sent_as_bytes_to_save(send: Send, upload: Upload, kind: str) -> None:
    made = await upload(b"<script>alert(1)</script>", "x.html", kind)
    assert (made.status, made.json["content_type"]) == (201, kind.partition(";")[0].lower())
    answer = await send("GET", f"/api/v1/documents/{made.json['id']}/content")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "kind",
    [
        "text",
        "text/",
        "/plain",
        "text/plain/x",
        "a b/c",
        "text/pla\u00efn",
        "x/" + "y" * 200,
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
    ],
)
async def test_what_is_no_type_or_a_form_is_refused(upload: Upload, kind: str) -> None:
    assert (await upload(b"x", kind=kind)).status == 415


async def test_without_a_type_it_is_bytes(send: Send, dossier: str) -> None:
    made = await send("POST", f"/api/v1/dossiers/{dossier}/documents?filename=a", pieces=[b"x"])
    assert (made.status, made.json["content_type"]) == (201, "application/octet-stream")
