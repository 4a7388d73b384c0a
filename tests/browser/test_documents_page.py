"""Documents on their pages: uploaded with progress or by a plain form, shown, followed, deleted."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Download, FileChooser, Page, Route, expect

from belsimple.server.demo_documents import about_the_facade, facade
from tests.support.browser import Screen
from tests.support.dossiers import Dossiers, unique
from tests.support.recorder import Recorder

WITHOUT_SCRIPTS = pytest.mark.parametrize("screen", [Screen(scripts=False)], ids=str)
BOTH_WAYS = pytest.mark.parametrize("screen", [Screen(), Screen(scripts=False)], ids=str)
TEXT = {"name": "Deed of sale.txt", "mimeType": "text/plain", "buffer": b"The parties <b>agree</b>.\n"}
PICTURE = {"name": "Plan.png", "mimeType": "image/png", "buffer": facade()}
_DROP = """([selector, files]) => {
    const data = new DataTransfer();
    for (const [name, size] of files) data.items.add(new File([new Uint8Array(size)], name, {type: "application/zip"}));
    const target = document.querySelector(selector);
    const send = (kind) => target.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
    send("dragover");
    const marked = document.getElementById("upload").classList.contains("over");
    send("drop");
    return marked;
}"""
_WATCH = """() => {
    window.seen = [];
    new MutationObserver(() => {
        for (const bar of document.querySelectorAll("#uploads progress")) seen.push([bar.getAttribute("aria-label"), bar.value]);
    }).observe(document.getElementById("uploads"), {subtree: true, attributes: true, childList: true});
}"""


async def upload(page: Page, *files: object) -> None:
    """Choose the files and press the button."""
    await page.locator("#file").set_input_files(list(files))  # pyright: ignore[reportArgumentType]
    await page.get_by_role("button", name="Upload", exact=True).click()


async def test_files_are_dropped_and_uploaded_one_by_one_with_progress(page: Page, dossiers: Dossiers) -> None:
    dossier = await dossiers.new(unique("Dropped"))
    await page.goto(f"/dossiers/{dossier}")
    await expect(page.get_by_text("or drop files here")).to_be_visible()
    await page.evaluate(_WATCH)
    assert await page.evaluate(_DROP, ["#upload", [["big.zip", 6_000_000], ["small.zip", 10]]])
    await expect(page.locator("#uploads .sent")).to_have_count(2)
    await expect(page.locator("#documents tbody tr")).to_have_count(2)  # the list is fetched anew
    await expect(page.locator("#history")).to_contain_text("Added the document “big.zip”.")
    await expect(page.locator("#uploads progress")).to_have_count(0)
    seen = await page.evaluate("seen")
    assert {name for name, _ in seen} == {"big.zip", "small.zip"}
    assert {value for name, value in seen if name == "big.zip"} >= {0, 1}
    assert await dossiers.names(dossier) == ["big.zip", "small.zip"]


async def test_what_is_dropped_beside_the_area_is_taken_too(page: Page, dossiers: Dossiers) -> None:
    dossier = await dossiers.new(unique("Beside"))
    await page.goto(f"/dossiers/{dossier}")
    await page.evaluate(_DROP, ["h1", [["a.zip", 10]]])
    await expect(page.locator("#documents tbody tr")).to_have_count(1)


@pytest.mark.parametrize("screen", [Screen(language="nl")], ids=str)
async def test_a_refusal_stands_beside_its_file_in_the_readers_language(
    page: Page, dossiers: Dossiers, recorder: Recorder
) -> None:
    recorder.expect("422 for POST .*con.txt")
    recorder.expect("413 for POST .*full.txt")
    dossier = await dossiers.new(unique("Refused"))

    async def full(route: Route) -> None:
        await route.fulfill(status=413, json={"type": "urn:belsimple:error:quota-exceeded", "title": "English"})

    await page.route("**/documents?filename=full.txt", full)
    await page.goto(f"/dossiers/{dossier}?language=nl")
    names = ("con.txt", "full.txt", "fine.txt")
    await page.locator("#file").set_input_files([{**TEXT, "name": name} for name in names])  # pyright: ignore[reportArgumentType]
    await page.locator("#upload button").click()
    await expect(page.locator("#uploads .sent")).to_have_count(1)
    said = await page.locator("#uploads .refused .state").all_inner_texts()
    data = page.locator("#uploads")
    assert said == [await data.get_attribute("data-invalid"), await data.get_attribute("data-quota-exceeded")]
    assert await dossiers.names(dossier) == ["fine.txt"]


async def test_a_lost_connection_is_told_and_the_page_stays(page: Page, dossiers: Dossiers, recorder: Recorder) -> None:
    recorder.expect("failed: net::ERR_.* for POST")
    dossier = await dossiers.new(unique("Lost"))
    await page.route("**/api/v1/dossiers/*/documents**", lambda route: route.abort("connectionreset"))
    await page.goto(f"/dossiers/{dossier}")
    await upload(page, TEXT)
    await expect(page.locator("#uploads .refused")).to_contain_text("The connection was lost.")
    await expect(page.locator("#documents")).to_contain_text("no documents in this dossier yet")


@WITHOUT_SCRIPTS
async def test_a_plain_form_uploads_several_files(page: Page, dossiers: Dossiers) -> None:
    dossier = await dossiers.new(unique("Plain"))
    await page.goto(f"/dossiers/{dossier}")
    await expect(page.get_by_text("or drop files here")).to_be_hidden()
    await upload(page, TEXT, PICTURE)
    await expect(page.get_by_role("status")).to_contain_text("Everything is uploaded.")
    await expect(page.locator("#documents tbody tr")).to_have_count(2)
    await upload(page, {**TEXT, "name": "con.txt"})
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.locator("#file-error")).to_be_visible()
    assert await dossiers.names(dossier) == ["Deed of sale.txt", "Plan.png"]


async def test_a_file_is_uploaded_by_keyboard_alone(page: Page, dossiers: Dossiers) -> None:
    dossier = await dossiers.new(unique("By keyboard"))
    choosers: asyncio.Queue[FileChooser] = asyncio.Queue()
    # From here on the browser asks us for files; were it told so later, a key might come first.
    page.on("filechooser", choosers.put_nowait)
    await page.goto(f"/dossiers/{dossier}")
    await page.get_by_role("link", name="Delete…").focus()
    await page.keyboard.press("Tab")
    await expect(page.locator("#file")).to_be_focused()
    await page.keyboard.press("Enter")
    await (await asyncio.wait_for(choosers.get(), 20)).set_files(TEXT)  # pyright: ignore[reportArgumentType]
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Deed of sale.txt", exact=True)).to_be_visible()


async def test_an_image_and_a_text_are_shown_as_they_are(page: Page, dossiers: Dossiers) -> None:
    dossier = await dossiers.new(unique("Shown"))
    picture = await dossiers.document(dossier, "Plan.png", "image/png", facade())
    await page.goto(f"/documents/{picture}")
    await expect(page.get_by_role("link", name="Dossiers", exact=True)).to_have_attribute("aria-current", "true")
    image = page.get_by_role("img", name="The image “Plan.png”")
    assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 480
    text = await dossiers.document(dossier, "deed.txt", "text/plain", b"The parties <b>agree</b>. " * 5000)
    await page.goto(f"/documents/{text}")
    shown = page.get_by_role("region", name="The text of “deed.txt”")
    await expect(shown).to_contain_text("The parties <b>agree</b>.")
    await expect(page.get_by_text("This is only the beginning.")).to_be_visible()
    other = await dossiers.document(dossier, "data.bin", "application/octet-stream", bytes(range(256)))
    await page.goto(f"/documents/{other}")
    await expect(page.get_by_text("There is no preview of this document.")).to_be_visible()


@BOTH_WAYS
async def test_a_pdf_is_read_page_by_page(page: Page, dossiers: Dossiers) -> None:
    tender = about_the_facade()[0]
    dossier = await dossiers.new(unique("Tender"))
    document = await dossiers.document(dossier, tender.filename, tender.media_type, tender.content)
    await page.goto(f"/documents/{document}")
    await expect(page.get_by_text("Page 1 of 2")).to_be_visible()
    first = page.get_by_role("img", name="Page 1 of “Tender.pdf”")
    await expect(first).to_have_js_property("complete", True)
    assert await page.get_by_role("link", name="Previous page").count() == 0
    await page.get_by_role("link", name="Next page").click()
    second = page.get_by_role("img", name="Page 2 of “Tender.pdf”")
    await expect(second).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await expect(page).to_have_url(re.compile(r"page=2"))
    await page.get_by_role("link", name="Previous page").click()
    await expect(first).to_be_visible()
    assert await page.get_by_role("link", name="Next page").count() == 1


@BOTH_WAYS
async def test_a_document_gets_a_new_version_and_the_old_one_can_be_read(page: Page, dossiers: Dossiers) -> None:
    dossier = await dossiers.new(unique("Versions"))
    document = await dossiers.document(dossier, "deed.txt", "text/plain", b"first wording")
    await page.goto(f"/documents/{document}")
    await upload(page, {**TEXT, "name": "final.txt", "buffer": b"second wording"})
    await expect(page.get_by_role("status").first).to_contain_text("The new version is uploaded.")
    await expect(page.get_by_role("heading", level=1)).to_have_text("final.txt")
    await expect(page.locator("pre")).to_have_text("second wording")
    await page.get_by_role("link", name="Version 1", exact=True).click()
    await expect(page.locator("pre")).to_have_text("first wording")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Download version 1").click()
    download: Download = await downloading.value
    assert download.suggested_filename == "deed.txt"
    assert Path(await download.path()).read_bytes() == b"first wording"
    await page.goto(f"/dossiers/{dossier}")
    await expect(page.locator("#history")).to_contain_text("Added version 2 of the document “final.txt”.")


@WITHOUT_SCRIPTS
async def test_a_new_version_follows_what_was_shown(page: Page, dossiers: Dossiers) -> None:
    dossier = await dossiers.new(unique("Stale"))
    document = await dossiers.document(dossier, "deed.txt", "text/plain", b"first")
    await page.goto(f"/documents/{document}")
    await dossiers.follow(document, b"theirs")
    await upload(page, {**TEXT, "buffer": b"mine"})
    await expect(page.get_by_role("alert")).to_contain_text("changed since you read it")
    await expect(page.locator("pre")).to_have_text("theirs")
    await upload(page, {**TEXT, "buffer": b"mine"})
    await expect(page.locator("pre")).to_have_text("mine")


@BOTH_WAYS
async def test_deleting_says_what_is_lost(page: Page, dossiers: Dossiers) -> None:
    dossier = await dossiers.new(unique("Deleted"))
    document = await dossiers.document(dossier, "deed.txt", "text/plain", b"first")
    await dossiers.document(dossier, "other.txt", "text/plain", b"other")
    await dossiers.follow(document, b"second")
    await page.goto(f"/documents/{document}")
    await page.get_by_role("link", name="Delete…").click()
    await expect(page.get_by_text("All 2 versions of it will be deleted.")).to_be_visible()
    await page.get_by_role("link", name="Cancel").click()
    await page.get_by_role("link", name="Delete…").click()
    await page.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_role("status").first).to_contain_text("The document is deleted.")
    assert await dossiers.names(dossier) == ["other.txt"]
    await page.get_by_role("link", name="Delete…").click()
    await expect(page.get_by_text("1 document in it will be deleted too")).to_be_visible()
    await page.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_role("status").first).to_contain_text("The dossier is deleted.")
