"""Ranges of a document (RFC 9110, section 14) against a slice of its bytes."""

import os
import random

from belsimple.files.cipher import CHUNK

from .conftest import Send, Upload


async def test_single_ranges_are_slices(send: Send, upload: Upload) -> None:
    content = os.urandom(CHUNK + 5000)
    address = f"/api/v1/documents/{(await upload(content)).json['id']}/content"
    size, chance = len(content), random.Random(7)
    borders = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, size - 1]
    pairs = [sorted(chance.choices(borders, k=2)) for _ in range(15)] + [
        sorted(chance.choices(range(size), k=2)) for _ in range(15)
    ]
    for first, last in pairs:
        part = await send("GET", address, headers={"range": f"bytes={first}-{last}"})
        assert (part.status, part.body == content[first : last + 1]) == (206, True)
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert part.headers["content-length"] == str(last + 1 - first)
    for header, expected in (
        (f"bytes={CHUNK}-", content[CHUNK:]),
        ("bytes=-10", content[-10:]),
        (f"bytes=-{size * 2}", content),
        (f"bytes=0-{size * 2}", content),
        ("BYTES=5-6", content[5:7]),
    ):
        part = await send("GET", address, headers={"range": header})
        assert (part.status, part.body == expected) == (206, True), header


async def test_what_is_no_single_range_is_answered_whole(send: Send, upload: Upload) -> None:
    address = f"/api/v1/documents/{(await upload(b'0123456789')).json['id']}/content"
    for header in (
        "bytes=0-1,3-4",
        "bytes=5-2",
        "items=0-1",
        "bytes=a-b",
        "bytes=-",
        "bytes",
        "bytes=" + "1" * 40 + "-",
    ):
        answer = await send("GET", address, headers={"range": header})
        assert (answer.status, answer.body) == (200, b"0123456789"), header
        assert "content-range" not in answer.headers


async def test_a_range_behind_the_end_is_416(send: Send, upload: Upload) -> None:
    full, empty = (await upload(b"0123456789")).json["id"], (await upload(b"")).json["id"]
    for document, header in (
        (full, "bytes=10-"),
        (full, "bytes=10-20"),
        (full, "bytes=-0"),
        (empty, "bytes=0-0"),
        (empty, "bytes=-1"),
    ):
        refused = await send("GET", f"/api/v1/documents/{document}/content", headers={"range": header})
        assert (refused.status, refused.problem) == (416, "range-not-satisfiable")
        assert refused.headers["content-range"] == ("bytes */10" if document == full else "bytes */0")


async def test_a_range_of_something_else_is_answered_whole(send: Send, upload: Upload) -> None:
    address = f"/api/v1/documents/{(await upload(b'0123456789')).json['id']}/content"
    tag = (await send("HEAD", address)).headers["etag"]
    same = await send("GET", address, headers={"range": "bytes=1-2", "if-range": tag})
    assert (same.status, same.body) == (206, b"12")
    for other in ('"another"', f"W/{tag}", "Sun, 22 Nov 2026 10:00:00 GMT"):
        whole = await send("GET", address, headers={"range": "bytes=1-2", "if-range": other})
        assert (whole.status, whole.body) == (200, b"0123456789")


async def test_the_tag_changes_with_the_version_and_saves_a_transfer(send: Send, upload: Upload) -> None:
    document = (await upload(b"first")).json["id"]
    address = f"/api/v1/documents/{document}/content"
    first = (await send("GET", address)).headers["etag"]
    known = await send("GET", address, headers={"if-none-match": first})
    assert (known.status, known.body) == (304, b"")
    await send("POST", f"/api/v1/documents/{document}/versions", pieces=[b"second"])
    again = await send("GET", address, headers={"if-none-match": first})
    assert (again.status, again.body, again.headers["etag"] == first) == (200, b"second", False)


async def test_head_tells_of_it_and_sends_nothing(send: Send, upload: Upload) -> None:
    address = f"/api/v1/documents/{(await upload(b'0123456789')).json['id']}/content"
    told = await send("HEAD", address, headers={"range": "bytes=0-1"})
    assert (told.status, told.body, told.headers["content-length"], told.headers["accept-ranges"]) == (
        200,
        b"",
        "10",
        "bytes",
    )
