"""Number 20: uploads with a hostile name, type and length, ranges, and what is swapped underneath."""

import asyncio
import os
from typing import Final
from urllib.parse import quote
from uuid import UUID

import aiohttp

from belsimple.attack.client import Reply
from belsimple.attack.site import Broken, Site, api_case, expect
from belsimple.database.queries import load_queries
from belsimple.files.cipher import CHUNK, TAG, sealed_size
from belsimple.files.stores import BlobName

_q = load_queries("belsimple.attack", "ground.sql")
_SEALED: Final = CHUNK + TAG
_EVERYTHING: Final = 1 << 40
_HOSTILE_NAMES: Final = (
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "a/b.txt",
    "C:evil.txt",
    "file.txt:stream",
    "a\0b.txt",
    "a\r\nSet-Cookie: x=1",
    "invoice\u202efdp.exe",
    "\ufeffx.txt",
    "CON",
    "nul.txt",
    "..",
    " ",
    "",
    "x" * 256,
    "\u00e9" * 200,
)
_ODD_NAMES: Final = (
    'x";filename="evil.html',
    "%0d%0aX-Evil=1",
    "a;b=c.txt",
    "caf\u00e9.pdf",
    "-rf.txt",
    "<script>.txt",
    "' or true --",
)
_ACTIVE: Final = (
    "text/html",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "application/javascript",
    "text/html; charset=utf-7",
    "application/x-shockwave-flash",
)
_SAFE_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


@api_case(20, "file_names")
async def hostile_names(site: Site) -> None:
    """Refused: a name that leaves its folder, its header or its type; nothing is kept."""
    for name in _HOSTILE_NAMES:
        reply = await site.upload(b"x", name=quote(name))
        expect(reply, 400, 422, why=f"a file called {name[:20]!r}")


@api_case(20, "quoted_names")
async def names_in_a_header(site: Site) -> None:
    """An odd name is one header, which says to save the file, and comes back as it went in."""
    for name in _ODD_NAMES:
        made = await site.upload(b"x", name=quote(name, safe=""))
        expect(made, 201, why=f"a file called {name!r}")
        reply = await _content(site, made.json["id"])
        disposition = reply.headers.get("content-disposition", "")
        if not disposition.startswith('attachment; filename="') or disposition.count('"') != 2:
            raise Broken(f"a file called {name!r}: {disposition}")
        if f"filename*=UTF-8''{quote(name, safe='')}" not in disposition or "x-evil" in reply.headers:
            raise Broken(f"a file called {name!r} became {disposition}")


@api_case(20, "served_types")
async def hostile_types(site: Site) -> None:
    """What a browser would run is served as bytes to be saved, whatever it was sent as."""
    for kind in _ACTIVE:
        made = await site.upload(b"<script>alert(1)</script>", kind=kind)
        if made.status == 415:
            continue
        expect(made, 201, why=kind)
        reply = await _content(site, made.json["id"])
        if reply.headers.get("content-type") != "application/octet-stream":
            raise Broken(f"{kind} is served as {reply.headers.get('content-type')}")
        policy = reply.headers.get("content-security-policy", "")
        if "sandbox" not in policy or "default-src 'none'" not in policy:
            raise Broken(f"{kind} is served under the policy {policy or 'none'}")
        for name, value in _SAFE_HEADERS.items():
            if reply.headers.get(name) != value:
                raise Broken(f"{kind}: {name} is {reply.headers.get(name)}")


@api_case(20, "form_types")
async def forms_as_files(site: Site) -> None:
    """415 for what a form wraps a file in: another site can send it."""
    for kind in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text", "a/b/c", "x y/z"):
        expect(await site.upload(b"x", kind=kind), 415, why=kind)


@api_case(20, "whole_uploads")
async def lengths_that_lie(site: Site) -> None:
    """An upload that ends before its length leaves nothing; one that is too long is refused before it is sent."""
    token, dossier = await site.session("owner"), (await site.make_dossier())["id"]
    path = f"/api/v1/dossiers/{dossier}/documents"
    for length, statuses in (
        ("x", (400,)),
        ("-1", (400,)),
        ("99999999999999999999999", (400, 413)),
        (f"{_EVERYTHING}", (413,)),
    ):
        status = await site.client.begin(
            f"{path}?filename=long.txt", token, b"", length=length, kind="application/octet-stream", seconds=5
        )
        if status not in statuses:
            raise Broken(f"a length of {length} was answered {status or 'with silence'}")
    await site.client.begin(
        f"{path}?filename=short.txt", token, b"x" * 1000, length="1001", kind="application/octet-stream", seconds=0.5
    )
    await asyncio.sleep(0.5)
    if (await site.send("GET", path, token=token)).json["items"]:
        raise Broken("an upload that broke off left a document")


@api_case(20, "quota")
async def more_than_the_quota(site: Site) -> None:
    """413 once the space is full, also for two at once that fit one by one."""
    tenant = site.names["a_tenant"]
    used = (await site.send("GET", "/api/v1/usage", token=await site.session("owner"))).json
    async with site.owner_of_the_database() as owner:
        await owner.execute(_q.set_quota.sql, tenant, used["bytes"] + 1500)
    try:
        expect(await site.upload(b"x" * 2000), 413, why="more than there is room for")
        both = await asyncio.gather(*(site.upload(b"x" * 1000) for _ in range(2)))
        if sorted(reply.status for reply in both) != [201, 413]:
            raise Broken(f"two at once that fit one by one: {[reply.status for reply in both]}")
    finally:
        async with site.owner_of_the_database() as owner:
            await owner.execute(_q.set_quota.sql, tenant, 10 << 30)


@api_case(20, "ranges")
async def hostile_ranges(site: Site) -> None:
    """A range is that range of this file, or the whole, or 416; several are the whole."""
    content = os.urandom(CHUNK + 1000)
    document = (await site.upload(content)).json["id"]
    size = len(content)
    for header, start, stop in (
        ("bytes=0-0", 0, 1),
        ("bytes=-5", size - 5, size),
        (f"bytes={CHUNK - 3}-{CHUNK + 2}", CHUNK - 3, CHUNK + 3),
        (f"bytes={size - 1}-", size - 1, size),
        (f"bytes=10-{_EVERYTHING}", 10, size),
        (f"bytes=-{_EVERYTHING}", 0, size),
    ):
        reply = await _content(site, document, {"Range": header})
        expect(reply, 206, why=header)
        if reply.body != content[start:stop]:
            raise Broken(f"{header} is not that range")
    for header in ("bytes=0-0,2-3", "bytes=5-2", "bytes=a-b", "bytes=--5", "lines=0-1", "bytes=" + "0-1," * 2000):
        reply = await _content(site, document, {"Range": header})
        expect(reply, 200, why=header[:30])
        if reply.body != content:
            raise Broken(f"{header[:30]} is not the whole")
    for header in (f"bytes={size}-", f"bytes={_EVERYTHING}-"):
        expect(await _content(site, document, {"Range": header}), 416, why=header)


@api_case(20, "download_recorded")
async def downloads_are_recorded(site: Site) -> None:
    """Who fetched which file stands in the trail, before its first byte left."""
    document = (await site.upload(b"x")).json["id"]
    name = await _blob_of(site, document)
    query = f"/api/v1/audit?action=downloaded&object_id={name.file}"
    if not (await site.send("GET", query, token=await site.session("owner"))).json["items"]:
        raise Broken("the trail does not tell of a download")


@api_case(20, "authenticated_content")
async def a_blob_that_was_changed(site: Site) -> None:
    """No byte of a blob that was edited, cut, reordered or taken from another document is served as if it were right."""
    content = os.urandom(2 * CHUNK + 100)
    document = (await site.upload(content)).json["id"]
    name, other = await _blob_of(site, document), await _blob_of(site, (await site.upload(content)).json["id"])
    size = sealed_size(len(content))
    sealed, others = await _read(site, name, size), await _read(site, other, size)
    changes = {
        "a flipped bit": sealed[:100] + bytes([sealed[100] ^ 1]) + sealed[101:],
        "a missing end": sealed[:_SEALED],
        "a last chunk cut short": sealed[:-10],
        "two chunks reordered": sealed[_SEALED : 2 * _SEALED] + sealed[:_SEALED] + sealed[2 * _SEALED :],
        "another document's blob": others,
    }
    for why, changed in changes.items():
        await _overwrite(site, name, changed)
        try:
            reply = await _content(site, document)
        except aiohttp.ClientError:  # the connection broke off: nothing ended as if complete
            continue
        if reply.status < 500:
            raise Broken(
                f"{why}: {reply.status}, {len(reply.body)} bytes, {'right' if reply.body == content else 'wrong'}"
            )
    await _overwrite(site, name, sealed)
    if (await _content(site, document)).body != content:
        raise Broken("the restored blob does not open")


@api_case(20, "bound_content")
async def a_swapped_key_and_blob(site: Site) -> None:
    """A blob with its own key, put in another document's place in store and database, does not open there."""
    documents = [(await site.upload(content)).json["id"] for content in (b"one" * 100, b"two" * 100)]
    names = [await _blob_of(site, document) for document in documents]
    sealed = [await _read(site, name, sealed_size(300)) for name in names]
    for name, swapped in zip(names, reversed(sealed), strict=True):
        await _overwrite(site, name, swapped)
    async with site.owner_of_the_database() as owner:
        await owner.execute(_q.inside.sql, names[0].tenant)
        await owner.execute(_q.swap_keys.sql, *(name.file for name in names))
    for document in documents:
        try:
            reply = await _content(site, document)
        except aiohttp.ClientError:
            continue
        if reply.status < 500:
            raise Broken(f"another document's content opened in its place: {reply.status}")


async def _content(site: Site, document: str, headers: dict[str, str] | None = None) -> Reply:
    return await site.send(
        "GET", f"/api/v1/documents/{document}/content", token=await site.session("owner"), headers=headers
    )


async def _blob_of(site: Site, document: str) -> BlobName:
    """Where the newest content of a document is: its entity tag is the file's id."""
    etag = (await _content(site, document)).headers["etag"]
    return BlobName(UUID(site.names["a_tenant"]), UUID(etag.strip('"')))


async def _read(site: Site, name: BlobName, size: int) -> bytes:
    blob = await site.store.open(name, 0, size)
    try:
        return b"".join([await blob.read(min(_SEALED, size - start), bytes) for start in range(0, size, _SEALED)])
    finally:
        await blob.close()


async def _overwrite(site: Site, name: BlobName, content: bytes) -> None:
    """What the product never does: put other bytes in a blob's place."""
    await site.store.delete([name])
    draft = await site.store.draft(name)
    for start in range(0, len(content), _SEALED):
        piece = content[start : start + _SEALED]
        await draft.write(len(piece), lambda into, piece=piece: _fill(into, piece))
    await draft.complete()


def _fill(into: memoryview, piece: bytes) -> None:
    into[:] = piece
