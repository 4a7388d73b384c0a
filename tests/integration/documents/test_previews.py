# ruff: noqa: A002 - handlers name their parameters as the path does
"""What is shown of a document within a page: decided by its content, recorded as read, and harmless."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from belsimple.files import renderer
from belsimple.files.vault import Vault
from belsimple.modules import Input, NotFound, Preview, PreviewInfo, Transaction, endpoint, load_queries
from belsimple.web import looks, previews
from belsimple_dossiers.documents import StoredContent
from tests.support.api import Api, Response
from tests.support.databases import ONE_PROFILE
from tests.support.pdfs import encrypted, pdf
from tests.support.world import World

from .conftest import Send, Upload, blobs, served

pytestmark = ONE_PROFILE
_q = load_queries("belsimple_dossiers", "documents.sql")
Show = Callable[..., Awaitable[Response]]
PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
IMAGES = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0rest",
    "image/gif": b"GIF89a/*<html><script>alert(1)</script>*/=1;",  # a polyglot: a GIF, a page and a script
    "image/webp": b"RIFF\x10\0\0\0WEBPrest",
    "image/avif": b"\0\0\0\x1cftypavifrest",
}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


class WhichPage(Input, frozen=True):
    page: int | None = None


async def _stored(transaction: Transaction, id: UUID) -> StoredContent:
    found = await transaction.row(_q.read_content, StoredContent, id=id, number=None)
    if found is None:
        raise NotFound
    return found


async def _which(transaction: Transaction, id: UUID) -> UUID:
    return (await _stored(transaction, id)).file_id


@endpoint("GET", "/shown/{id}/preview", permission="dossiers:read", summary="Show a document")
async def show_document(transaction: Transaction, id: UUID, query: WhichPage) -> Preview:
    found = await _stored(transaction, id)
    return Preview(found.file_id, found.filename, query.page)


@endpoint("GET", "/shown/{id}", permission="dossiers:read", summary="A document's page", look=_which)
async def document_page(transaction: Transaction, id: UUID, preview: PreviewInfo) -> PreviewInfo:
    await _stored(transaction, id)
    return preview


async def _any(id: UUID) -> UUID:
    return id


@endpoint("GET", "/careless/{id}/preview", permission="dossiers:read", summary="Show whatever file is named")
async def show_any(transaction: Transaction, id: UUID) -> Preview:
    return Preview(id, "a")


@endpoint("GET", "/careless/{id}", permission="dossiers:read", summary="Look at whatever file is named", look=_any)
async def look_at_any(transaction: Transaction, id: UUID, preview: PreviewInfo) -> PreviewInfo:
    return preview


@pytest_asyncio.fixture
async def api(world: World, vault: Vault) -> AsyncIterator[Api]:
    """Part web, with a page's endpoints."""
    async with Api.serving(
        world.installed, (*served(), show_document, document_page, show_any, look_at_any), vault
    ) as api:
        yield api


@pytest.fixture
def keep(upload: Upload) -> Callable[..., Awaitable[str]]:
    """Stores a document."""

    async def document(content: bytes, name: str = "a.bin", kind: str = "application/octet-stream") -> str:
        return (await upload(content, name, kind)).json["id"]

    return document


async def reads(world: World) -> int:
    """How often the trail says that a document was read."""
    return len(await world.trail(action="downloaded"))


@pytest.mark.parametrize("kind", IMAGES)
@pytest.mark.parametrize("declared", ["text/html", "image/svg+xml"])
async def test_an_image_is_shown_as_what_it_is_whatever_it_was_said_to_be(
    send: Send, keep: Callable[..., Awaitable[str]], world: World, kind: str, declared: str
) -> None:
    document = await keep(IMAGES[kind], "a.html", declared)
    before = await reads(world)
    shown = await send("GET", f"/shown/{document}/preview")
    assert (shown.status, shown.body, shown.headers["content-type"]) == (200, IMAGES[kind], kind)
    assert shown.headers["content-disposition"].startswith("inline; ")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["cache-control"] == "no-store"
    assert "sandbox" in shown.headers["content-security-policy"].split("; ")
    assert await reads(world) == before + 1
    info = await send("GET", f"/shown/{document}")
    assert info.json == {"kind": "image", "pages": None, "text": None, "truncated": False}


@pytest.mark.parametrize(
    "content", [SVG, b"<html><script>alert(1)</script>", b"MZ\x90\0", b"", b"BM\0\0", b"\0\0\0\x1cftypisom"]
)
async def test_what_is_no_image_and_no_pdf_is_not_shown_as_one(
    send: Send, keep: Callable[..., Awaitable[str]], world: World, content: bytes
) -> None:
    document = await keep(content, "a.png", "image/png")
    shown = await send("GET", f"/shown/{document}/preview")
    assert (shown.status, shown.problem) == (404, "no-preview")
    assert await reads(world) == 0


async def test_a_pdfs_pages_are_images(send: Send, keep: Callable[..., Awaitable[str]], world: World) -> None:
    document = await keep(b"\xef\xbb\xbf" + pdf(3), "a.pdf", "text/plain")
    assert (await send("GET", f"/shown/{document}")).json == {
        "kind": "pdf",
        "pages": 3,
        "text": None,
        "truncated": False,
    }
    assert await reads(world) == 0  # a number of pages is nothing that was shown
    shown = await send("GET", f"/shown/{document}/preview?page=3")
    assert (shown.status, shown.headers["content-type"]) == (200, "image/png")
    assert shown.body.startswith(PNG[:8])
    assert "sandbox" in shown.headers["content-security-policy"].split("; ")
    assert shown.headers["cache-control"] == "no-store"
    first = await send("GET", f"/shown/{document}/preview")
    assert first.headers["etag"] != shown.headers["etag"]
    assert await reads(world) == 1  # one look at a document is one entry, however many pages
    for page in (0, 4, -1, 2**40):
        assert (await send("GET", f"/shown/{document}/preview?page={page}")).status == 404


@pytest.mark.parametrize("content", [b"%PDF-1.4 nothing", pdf()[:300], encrypted()], ids=["none", "cut", "encrypted"])
async def test_a_pdf_that_does_not_open_is_not_shown_and_its_page_is(
    send: Send, keep: Callable[..., Awaitable[str]], world: World, content: bytes
) -> None:
    document = await keep(content)
    shown = await send("GET", f"/shown/{document}/preview")
    assert (shown.status, shown.problem) == (404, "no-preview")
    info = await send("GET", f"/shown/{document}")
    assert (info.status, info.json["kind"]) == (200, None)
    assert await reads(world) == 0


async def test_text_is_handed_to_the_page(send: Send, keep: Callable[..., Awaitable[str]], world: World) -> None:
    short = await keep("\ufeffEen brief,\r\n\t<b>née</b>".encode(), kind="image/png")
    assert (await send("GET", f"/shown/{short}")).json == {
        "kind": "text",
        "pages": None,
        "text": "Een brief,\r\n\t<b>née</b>",
        "truncated": False,
    }
    assert await reads(world) == 1
    for _ in range(2):
        await send("GET", f"/shown/{short}")
    assert await reads(world) == 1
    long = (await send("GET", f"/shown/{await keep(b'x' + 'é'.encode() * 100_000)}")).json
    assert (long["kind"], long["truncated"], long["text"]) == ("text", True, "x" + "é" * 32767)


@pytest.mark.parametrize("content", [b"a\0b", b"\x1b[2Jx", b"\xff\xfea\0", b"caf\xe9", "é".encode()[:1], b"\x7fELF"])
async def test_what_is_no_text_is_not_handed_on(
    send: Send, keep: Callable[..., Awaitable[str]], world: World, content: bytes
) -> None:
    document = await keep(content, "a.txt", "text/plain")
    assert (await send("GET", f"/shown/{document}")).json["kind"] is None
    assert await reads(world) == 0


async def test_what_is_too_large_is_not_shown(
    send: Send, keep: Callable[..., Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    image, document = await keep(PNG), await keep(pdf())
    for module in (previews, looks):
        monkeypatch.setattr(module, "LARGEST_IMAGE", len(PNG) - 1)
        monkeypatch.setattr(module, "LARGEST_PDF", len(pdf()) - 1)
    for one in (image, document):
        assert (await send("GET", f"/shown/{one}/preview")).status == 404
        assert (await send("GET", f"/shown/{one}")).json["kind"] is None


async def test_nobody_else_sees_anything(api: Api, keep: Callable[..., Awaitable[str]], world: World) -> None:
    document = await keep(PNG)
    _, other = await world.another_tenant()
    token = await world.session(other)
    for path in ("", "/preview", "/preview?page=2"):
        theirs, missing = [await api(token, "GET", f"/shown/{one}{path}") for one in (document, uuid4())]
        assert (theirs.status, theirs.body) == (missing.status, missing.body) == (404, missing.body)
        assert (await api(None, "GET", f"/shown/{document}{path}")).status == 401
    assert await reads(world) == 0


async def test_a_module_that_takes_any_files_id_shows_no_other_tenants(
    api: Api, send: Send, keep: Callable[..., Awaitable[str]], world: World
) -> None:
    for content in (PNG, pdf(), b"a letter"):
        await keep(content)
    own = "select id from files.file where tenant_id = $1 order by created_at"
    files = [row["id"] for row in await world.observe(own, await world.tenant_id())]
    assert [(await send("GET", f"/careless/{file}")).json["kind"] for file in files] == ["image", "pdf", "text"]
    _, other = await world.another_tenant()
    token = await world.session(other)
    for file in (*files, uuid4()):
        assert (await api(token, "GET", f"/careless/{file}/preview")).status == 404
        assert (await api(token, "GET", f"/careless/{file}")).json["kind"] is None


async def test_while_all_places_are_taken_others_come_again_and_pages_are_shown_without(
    send: Send, keep: Callable[..., Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer, "PATIENCE_SECONDS", 0.2)
    document = await keep(pdf())

    async def full(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(asyncio.Semaphore, "acquire", full)
    shown = await send("GET", f"/shown/{document}/preview")
    assert (shown.status, shown.problem, shown.headers["retry-after"]) == (503, "unavailable", "2")
    assert (await send("GET", f"/shown/{document}")).json["kind"] is None


async def test_a_blob_that_is_gone_or_changed_takes_the_page_not_down(
    send: Send, keep: Callable[..., Awaitable[str]], tmp_path: Path
) -> None:
    document = await keep(b"text")
    (blob,) = blobs(tmp_path)
    blob.write_bytes(bytes(len(blob.read_bytes())))
    assert (await send("GET", f"/shown/{document}")).json["kind"] is None
    assert (await send("GET", f"/shown/{document}/preview")).status >= 500
    blob.unlink()
    assert (await send("GET", f"/shown/{document}")).json["kind"] is None


async def test_nothing_of_it_lies_on_the_disk(send: Send, keep: Callable[..., Awaitable[str]], tmp_path: Path) -> None:
    document = await keep(pdf())
    before = sorted(path for path in tmp_path.rglob("*"))
    await send("GET", f"/shown/{document}/preview")
    assert sorted(path for path in tmp_path.rglob("*")) == before
