"""Second factors in a browser: an app's codes, passkeys alone and from autofill, making one because a role needs it, removal."""

import re
from base64 import b32decode
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.support.browser import Screen, axe, carry_cookies
from tests.support.factors import code_of, earlier_code
from tests.support.newcomers import Newcomer, newcomer
from tests.support.recorder import Recorder
from tests.support.service import Service
from tests.support.virtual_authenticator import VirtualAuthenticator


@pytest_asyncio.fixture
async def somebody(service: Service) -> AsyncIterator[Newcomer]:
    """The only person of a new tenant."""
    yield await newcomer(service)


async def begin_session(page: Page, somebody: Newcomer) -> None:
    """As by this browser, which is not new to the account afterwards."""
    async with somebody.client(await page.evaluate("navigator.userAgent")) as client:
        await carry_cookies(page.context, somebody.service, client)


async def give_password(page: Page, somebody: Newcomer) -> None:
    await page.goto(f"/t/{somebody.slug}")
    await page.get_by_label("E-mail address").fill(somebody.email)
    await page.get_by_label("Password").fill(somebody.password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def add_app(page: Page) -> tuple[bytes, list[str]]:
    """Through the pages; the secret and the recovery codes. The step before the present one is used up."""
    await page.goto("/account/factors")
    await page.get_by_role("button", name="Add an app").click()
    secret = b32decode(await page.locator(".secret code").inner_text())
    assert await page.locator("svg.qr").is_visible()
    assert await axe(page) == []
    await page.get_by_role("textbox", name="Code", exact=True).fill(await earlier_code(secret))
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("heading", level=1, name="Recovery codes")).to_be_visible()
    codes = await page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    await page.get_by_role("link", name="I have kept them").click()
    return secret, codes


async def add_passkey(page: Page, name: str = "Laptop") -> None:
    await page.goto("/account/factors/passkey")
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Make a passkey").click()
    await expect(page.get_by_role("heading", level=1, name="Recovery codes")).to_be_visible()


async def sign_out(page: Page) -> None:
    await page.context.clear_cookies()


async def test_a_password_and_a_code(page: Page, somebody: Newcomer) -> None:
    await begin_session(page, somebody)
    secret, codes = await add_app(page)
    await sign_out(page)
    await give_password(page, somebody)
    await expect(page.get_by_role("heading", level=1, name="Second factor")).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("textbox", name="Code", exact=True).fill("000000")
    await page.get_by_role("button", name="Go on").first.click()
    await expect(page.get_by_role("alert").first).to_contain_text("This is not right")
    await page.get_by_role("textbox", name="Code", exact=True).fill(code_of(secret))
    await page.get_by_role("button", name="Go on").first.click()
    await page.wait_for_url("**/dossiers")

    await sign_out(page)
    await give_password(page, somebody)
    await page.get_by_text("Use a recovery code").click()
    await page.get_by_label("Recovery code").fill(codes[0])
    await page.get_by_role("button", name="Go on").last.click()
    await page.wait_for_url("**/dossiers")


@pytest.mark.parametrize("screen", [Screen(scripts=False)], ids=str)
async def test_a_code_without_scripts_and_what_was_wanted_comes_along(page: Page, somebody: Newcomer) -> None:
    await begin_session(page, somebody)
    await page.goto("/account/factors")
    await page.get_by_role("button", name="Add an app").click()
    secret = b32decode(await page.locator(".secret code").inner_text())
    await page.get_by_role("textbox", name="Code", exact=True).fill(await earlier_code(secret))
    await page.get_by_role("button", name="Confirm").click()
    await sign_out(page)
    await page.goto("/settings/security")
    await page.get_by_label("Organisation").fill(somebody.slug)
    await page.get_by_label("E-mail address").fill(somebody.email)
    await page.get_by_label("Password").fill(somebody.password)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("textbox", name="Code", exact=True).fill(code_of(secret))
    await page.get_by_role("button", name="Go on").first.click()
    await page.wait_for_url("**/settings/security")
    await expect(page.get_by_role("heading", level=1, name="Signing in")).to_be_visible()


async def test_a_form_that_waits_goes_on_after_the_code(page: Page, somebody: Newcomer) -> None:
    await begin_session(page, somebody)
    secret, _ = await add_app(page)
    await page.goto("/dossiers/new")
    await page.get_by_role("textbox", name="Title").fill("Kept through it all")
    await sign_out(page)
    await page.get_by_role("button", name="Make the dossier").click()
    await page.get_by_label("Organisation").fill(somebody.slug)
    await page.get_by_label("E-mail address").fill(somebody.email)
    await page.get_by_label("Password").fill(somebody.password)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("textbox", name="Code", exact=True).fill(code_of(secret))
    await page.get_by_role("button", name="Go on").first.click()
    await page.get_by_role("button").filter(has_text=re.compile("^(Go on|Continue|Send)")).first.click()
    await expect(page.get_by_role("heading", level=1, name="Kept through it all")).to_be_visible()


async def test_a_passkey_alone(page: Page, somebody: Newcomer) -> None:
    device = await VirtualAuthenticator.of(page)
    await begin_session(page, somebody)
    await add_passkey(page)
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_role("row", name="Laptop")).to_be_visible()
    assert await axe(page) == []
    [kept] = await device.passkeys()
    assert kept["isResidentCredential"]
    await sign_out(page)
    await page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = undefined")  # as older browsers
    await page.goto(f"/t/{somebody.slug}")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.wait_for_url("**/dossiers")


async def test_a_passkey_from_autofill(page: Page, somebody: Newcomer) -> None:
    await VirtualAuthenticator.of(page)
    await begin_session(page, somebody)
    await add_passkey(page)
    await sign_out(page)
    await page.goto(f"/t/{somebody.slug}")  # the browser offers it by itself, and the person's thumb is on the sensor
    await page.wait_for_url("**/dossiers")
    await expect(page.locator("details.account")).to_be_visible()


async def test_a_passkey_is_a_second_factor_and_confirms_who_one_is(page: Page, somebody: Newcomer) -> None:
    device = await VirtualAuthenticator.of(page)
    await begin_session(page, somebody)
    await add_passkey(page)
    await device.be_absent()
    await sign_out(page)
    await give_password(page, somebody)
    await expect(page.get_by_role("heading", level=1, name="Second factor")).to_be_visible()
    await device.be_present()
    await page.get_by_role("button", name="Use a passkey").click()
    await page.wait_for_url("**/dossiers")

    await page.goto("/reauthentication?next=/account/factors")
    await page.get_by_text("Use a code or a passkey instead").click()
    await page.get_by_role("button", name="Use a passkey").click()
    await page.wait_for_url("**/account/factors")


async def test_a_passkey_is_renamed_and_removed(page: Page, somebody: Newcomer) -> None:
    await VirtualAuthenticator.of(page)
    await begin_session(page, somebody)
    await add_passkey(page)
    await page.goto("/account/factors")
    await page.get_by_role("link", name="Laptop").click()
    await page.get_by_label("Name").fill("Old laptop")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_contain_text("The name is saved.")
    await page.get_by_role("link", name="Old laptop").click()
    assert await axe(page) == []
    await page.get_by_role("button", name="Remove the passkey").click()
    await expect(page.get_by_role("status")).to_contain_text("The passkey is removed.")
    await expect(page.get_by_text("No passkey yet.")).to_be_visible()


async def test_a_finger_that_the_device_does_not_know_is_told(page: Page, somebody: Newcomer) -> None:
    device = await VirtualAuthenticator.of(page)
    await device.not_know_its_user()
    await begin_session(page, somebody)
    await page.goto("/account/factors/passkey")
    await page.get_by_role("button", name="Make a passkey").click()
    await expect(page.get_by_role("alert")).to_contain_text("The passkey was not used.")
    await expect(page.get_by_role("button", name="Make a passkey")).to_be_enabled()


@pytest.mark.parametrize("screen", [Screen(scripts=False)], ids=str)
async def test_without_scripts_the_page_says_that_passkeys_need_them(page: Page, somebody: Newcomer) -> None:
    await begin_session(page, somebody)
    await page.goto("/account/factors/passkey")
    await expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()


async def test_an_app_is_removed(page: Page, somebody: Newcomer) -> None:
    await begin_session(page, somebody)
    await add_app(page)
    await page.get_by_role("link", name="Remove the app").click()
    assert await axe(page) == []
    await page.get_by_role("button", name="Remove the app").click()
    await expect(page.get_by_role("status")).to_contain_text("The authenticator app is removed.")
    await sign_out(page)
    await give_password(page, somebody)
    await page.wait_for_url("**/dossiers")


@pytest.mark.parametrize("way", ["app", "passkey"])
async def test_a_role_that_needs_a_factor_makes_its_people_add_one(
    page: Page, somebody: Newcomer, recorder: Recorder, way: str
) -> None:
    await VirtualAuthenticator.of(page)
    await begin_session(page, somebody)
    await add_app(page)  # whoever asks it of a role of their own must have one
    await page.goto("/settings/security")
    assert await axe(page) == []
    await page.get_by_label("Owner").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_contain_text("The sign-in rules are saved.")
    await page.goto("/account/factors/totp/removal")
    await page.get_by_role("button", name="Remove the app").click()
    await sign_out(page)
    await give_password(page, somebody)
    await expect(page.get_by_role("heading", level=1, name="Add a second factor")).to_be_visible()
    assert await axe(page) == []
    if way == "passkey":
        await page.get_by_role("button", name="Make a passkey").click()
    else:
        await page.get_by_role("button", name="Use an app").click()
        secret = b32decode(await page.locator(".secret code").inner_text())
        await page.get_by_role("textbox", name="Code", exact=True).fill(code_of(secret))
        await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("heading", level=1, name="Recovery codes")).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("link", name="I have kept them").click()
    await page.wait_for_url("**/dossiers")
    assert recorder.requests


async def test_rules_that_would_shut_one_out_are_refused(page: Page, somebody: Newcomer) -> None:
    await begin_session(page, somebody)
    await page.goto("/settings/security")
    await page.get_by_label("Password", exact=True).uncheck()
    await page.get_by_label("Networks").fill("198.51.100.0/24")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert").first).to_contain_text("Your own address is not in these networks")
    await expect(page.get_by_label("Networks")).to_have_value("198.51.100.0/24")
    await page.get_by_label("Networks").fill("127.0.0.0/8\n::1/128")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert").first).to_contain_text("You could not sign in yourself any more")
