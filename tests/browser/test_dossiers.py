"""Dossiers on their pages: found, made, changed, closed and deleted; with scripts and without, by mouse and by keyboard."""

import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.support.browser import Screen
from tests.support.dossiers import Dossiers, unique
from tests.support.recorder import Recorder
from tests.support.service import Service

from .conftest import SignIn

WITHOUT_SCRIPTS = pytest.mark.parametrize("screen", [Screen(scripts=False)], ids=str)
BOTH_WAYS = pytest.mark.parametrize("screen", [Screen(), Screen(scripts=False)], ids=str)


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this accessible name has the focus."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.locator(":focus").and_(page.get_by_role("textbox", name=name).or_(page.get_by_role("button", name=name)).or_(page.get_by_role("link", name=name))).count():  # fmt: skip
            return
    raise AssertionError(f"no way to {name!r} by keyboard")


@BOTH_WAYS
async def test_a_dossier_is_made_changed_closed_reopened_and_deleted(page: Page, dossiers: Dossiers) -> None:
    title = unique("Lease")
    await page.goto("/dossiers")
    await page.get_by_role("link", name="New dossier").click()
    await page.get_by_role("textbox", name="Title").fill(title)
    await page.get_by_role("textbox", name="Notes").fill("First line.\n<b>Second</b> line.")
    await page.get_by_role("button", name="Make the dossier").click()
    await expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    await expect(page.get_by_role("status")).to_contain_text("The dossier is made.")
    await expect(page.get_by_text("<b>Second</b> line.")).to_be_visible()
    dossiers.made_on(page)

    await page.get_by_role("link", name="Edit").click()
    await page.get_by_role("textbox", name="Title").fill(f"{title} of a shop")
    await page.get_by_role("textbox", name="Notes").fill("")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1, name=f"{title} of a shop")).to_be_visible()
    await expect(page.get_by_role("heading", name="Notes")).to_have_count(0)  # what was emptied is empty

    await page.get_by_role("button", name="Close the dossier").click()
    await expect(page.locator(".head .badge")).to_have_text("Closed")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".head .badge")).to_have_text("Open")
    await expect(page.locator("#history")).to_contain_text(f"Changed the title from “{title}” to “{title} of a shop”.")
    entries = await page.locator("#history li").all_inner_texts()
    assert all("Chloé Dubois" in entry for entry in entries)
    assert [entry.split()[0] for entry in entries] == ["Reopened", "Closed", "Changed", "Made"]

    await page.get_by_role("link", name="Delete…").click()
    await page.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_role("status").first).to_contain_text("The dossier is deleted.")
    assert title not in await page.content()


async def test_a_dossier_is_made_by_keyboard_alone(page: Page, dossiers: Dossiers) -> None:
    title = unique("By keyboard")
    await page.goto("/dossiers")
    await tab_to(page, "New dossier")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/dossiers/new")
    await tab_to(page, "Title")
    await page.keyboard.type(title)
    await tab_to(page, "Make the dossier")
    await page.keyboard.press("Space")
    await expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    dossiers.made_on(page)


@WITHOUT_SCRIPTS
async def test_what_is_wrong_stands_beside_its_field_with_what_was_typed(page: Page, dossiers: Dossiers) -> None:
    await dossiers.new(unique("First"), reference=(reference := unique("R")))
    await page.goto("/dossiers/new")
    await page.get_by_role("textbox", name="Title").fill("\u00ad")
    await page.get_by_role("textbox", name="Reference").fill(reference)
    await page.get_by_role("button", name="Make the dossier").click()
    title = page.get_by_role("textbox", name="Title")
    await expect(title).to_have_accessible_description("Write at least one character that can be seen.")
    await title.fill("Second")
    await page.get_by_role("button", name="Make the dossier").click()
    await expect(page.get_by_role("alert")).to_contain_text("Another dossier has this reference.")
    await expect(page.get_by_role("textbox", name="Reference")).to_have_value(reference)


async def test_somebody_elses_change_is_shown_before_it_is_overwritten(page: Page, dossiers: Dossiers) -> None:
    dossier = await dossiers.new(unique("Sale"), notes="a\nb")
    await page.goto(f"/dossiers/{dossier}/edit")
    await page.get_by_role("textbox", name="Title").fill(mine := unique("Mine"))
    await dossiers.change(dossier, title=(theirs := unique("Theirs")))
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed this dossier.")
    title = page.get_by_role("textbox", name="Title")
    await expect(title).to_have_value(mine)
    await expect(title).to_have_accessible_description(re.compile(theirs))
    await expect(page.get_by_text("Somebody else has changed this to")).to_have_count(1)  # the notes are as they were
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1, name=mine)).to_be_visible()


@WITHOUT_SCRIPTS
async def test_closing_what_is_closed_says_so_on_the_dossiers_page(page: Page, dossiers: Dossiers) -> None:
    dossier = await dossiers.new(unique("Twice"))
    await page.goto(f"/dossiers/{dossier}")
    await dossiers.change(dossier, status="closed")
    await page.get_by_role("button", name="Close the dossier").click()
    await expect(page.get_by_role("alert")).to_contain_text("changed since you read it")
    await expect(page.get_by_role("button", name="Reopen the dossier")).to_be_visible()


async def test_the_search_is_live_and_the_address_follows(page: Page, dossiers: Dossiers, recorder: Recorder) -> None:
    wanted, other = unique("Orchard"), unique("Brewery")
    await dossiers.new(wanted)
    await dossiers.new(other, status="closed")
    await page.goto("/dossiers")
    await expect(page.get_by_role("link", name=other)).to_be_visible()
    await page.get_by_role("searchbox").press_sequentially(wanted, delay=5)
    await expect(page.get_by_role("link", name=other)).to_have_count(0)
    await expect(page.get_by_role("link", name=wanted)).to_be_visible()
    await expect(page.locator("#found")).to_have_text("1 dossier")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    assert page.url.endswith(f"/dossiers?q={wanted.replace(' ', '+')}&status=")
    assert sum("/dossiers?" in request.url for request in recorder.requests) < 5  # not one for each letter
    await page.get_by_role("combobox", name="Status").select_option("Closed")
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await expect(page.locator("#found")).to_have_text("No dossier matches.")
    await page.get_by_role("link", name="Clear the search").click()
    await expect(page.get_by_role("link", name=other)).to_be_visible()


@WITHOUT_SCRIPTS
async def test_the_search_is_a_form(page: Page, dossiers: Dossiers) -> None:
    await dossiers.new(wanted := unique("Orchard"), status="closed")
    await page.goto("/dossiers")
    await page.get_by_role("searchbox").fill(wanted)
    await page.get_by_role("combobox", name="Status").select_option("Closed")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator("#dossiers tr")).to_have_count(1)
    await expect(page.get_by_role("searchbox")).to_have_value(wanted)
    await expect(page.get_by_role("combobox", name="Status")).to_have_value("closed")


async def test_older_dossiers_are_appended_and_the_focus_stays(page: Page, dossiers: Dossiers) -> None:
    word = unique("Page").split()[1]
    titles = [f"{word} {number}" for number in range(5)]
    for title in titles:
        await dossiers.new(title)
    await page.goto(f"/dossiers?q={word}&limit=2")
    for shown in (2, 4, 5):
        await expect(page.locator("#dossiers tr")).to_have_count(shown)
        if shown < 5:
            await page.get_by_role("link", name="Show older dossiers").press("Enter")
    assert await page.locator("#dossiers th").all_inner_texts() == titles[::-1]
    await expect(page.get_by_text("That is all.")).to_be_focused()


@WITHOUT_SCRIPTS
async def test_older_dossiers_are_a_page_of_their_own(page: Page, dossiers: Dossiers) -> None:
    word = unique("Page").split()[1]
    for number in range(3):
        await dossiers.new(f"{word} {number}")
    await page.goto(f"/dossiers?q={word}&limit=2")
    await page.get_by_role("link", name="Show older dossiers").click()
    assert await page.locator("#dossiers th").all_inner_texts() == [f"{word} 0"]
    await page.get_by_role("link", name="To the newest").click()
    await expect(page.locator("#dossiers tr")).to_have_count(2)


async def test_a_long_history_goes_on_on_a_page_of_its_own(page: Page, dossiers: Dossiers) -> None:
    dossier = await dossiers.new(unique("Long"))
    for number in range(21):
        await dossiers.change(dossier, notes=str(number))
    await page.goto(f"/dossiers/{dossier}")
    await expect(page.locator("#history li")).to_have_count(20)
    await page.get_by_role("link", name="The whole history").click()
    await expect(page.locator("#entries li")).to_have_count(22)
    await page.goto(f"/dossiers/{dossier}/history?limit=15")
    await page.get_by_role("link", name="Show older entries").click()
    await expect(page.locator("#entries li")).to_have_count(22)
    await expect(page.locator("#entries li").last).to_contain_text("Made the dossier")


async def test_a_search_after_the_sessions_end_leads_to_the_sign_in(page: Page, sign_in: SignIn) -> None:
    await sign_in(page, "member")
    await page.goto("/dossiers")
    await page.context.clear_cookies()
    await page.get_by_role("searchbox").fill("anything")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_an_auditor_reads_and_is_offered_nothing_else(
    page: Page, sign_in: SignIn, service: Service, context: BrowserContext
) -> None:
    await sign_in(page, "auditor")
    await page.goto("/dossiers")
    assert await page.locator("main a.button, main button.primary").count() == 0
    await page.get_by_role("link", name="Renovation of a listed façade").click()
    await expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert await page.locator("main form, main a.button, main button").count() == 0
    at = page.url.removeprefix(service.url)
    for path in ("/dossiers/new", f"{at}/edit", f"{at}/deletion"):
        answer = await page.goto(path)
        assert answer
        assert answer.status == 403
        await expect(page.get_by_role("heading", level=1)).to_have_text("You are not allowed to do this.")


async def test_another_tenants_dossier_is_the_same_page_as_none(
    page: Page, dossiers: Dossiers, sign_in: SignIn
) -> None:
    dossier = await dossiers.new(unique("Secret"))
    document = await dossiers.document(dossier, "secret.txt", "text/plain", b"secret")
    await page.context.clear_cookies()
    await sign_in(page, "owner", tenant=1)
    nowhere = "00000000-0000-4000-8000-000000000000"
    for path, of in (("/dossiers/{}", dossier), ("/dossiers/{}/edit", dossier), ("/dossiers/{}/history", dossier),
                     ("/documents/{}", document), ("/documents/{}/deletion", document)):  # fmt: skip
        pages = []
        for one in (of, nowhere):
            answer = await page.goto(path.format(one))
            assert answer
            assert answer.status == 404
            pages.append((await page.content()).replace(one, ""))
        assert pages[0] == pages[1]
