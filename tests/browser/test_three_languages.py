"""A Dutch owner, a German administrator and a French member of one tenant, from invitation to a forgotten password."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import msgspec
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.support.browser import Screen, visiting
from tests.support.kept_mail import mail_to
from tests.support.service import Service


@dataclass(frozen=True)
class Reader:
    """Somebody, and what the pages say to them. The browser speaks English, so that only the account can know better."""

    name: str
    language: str
    make_account: str
    sign_in: str
    password: str
    greeting: str
    menu: str
    sign_out: str
    mail: str


OWNER = Reader(
    "Els",
    "nl",
    "Mijn account aanmaken",
    "Aanmelden",
    "Wachtwoord",
    "Welkom bij",
    "Instellingen",
    "Afmelden",
    "Uitnodiging",
)
ADMIN = Reader(
    "Heike",
    "de",
    "Mein Konto anlegen",
    "Anmelden",
    "Passwort",
    "Willkommen bei",
    "Einstellungen",
    "Abmelden",
    "Einladung",
)
MEMBER = Reader(
    "Claire",
    "fr",
    "Créer mon compte",
    "Se connecter",
    "Mot de passe",
    "Bienvenue chez",
    "Dossiers",
    "Se déconnecter",
    "Invitation",
)


class Tenant:
    """One tenant, its people in a browser of their own each."""

    def __init__(self, service: Service, browser: Browser, stack: AsyncExitStack) -> None:
        self.service = service
        self.slug = f"talen-{secrets.token_hex(4)}"
        self.password = f"four words of {self.slug}"
        self._browser = browser
        self._stack = stack

    def email(self, reader: Reader) -> str:
        return f"{reader.name.lower()}@{self.slug}.example"

    async def page(self) -> Page:
        """A browser that nobody used yet, and that asks for English."""
        context, _ = await self._stack.enter_async_context(visiting(self._browser, self.service.url, Screen()))
        return await context.new_page()

    async def joined(self, reader: Reader) -> Page:
        """Accept the invitation that came by mail, sign in, and look at the page one begins with."""
        mail = await mail_to(self.service, self.email(reader), "invitation")
        assert reader.mail in mail.subject
        page = await self.page()
        await page.goto(mail.link)
        await expect(page.get_by_role("heading", level=1)).to_contain_text(reader.greeting)
        await page.locator("#name").fill(reader.name)
        await page.locator("#password").fill(self.password)
        await page.get_by_role("button", name=reader.make_account).click()
        await page.get_by_role("link", name=reader.sign_in).click()
        await self.sign_in(page, reader, self.password)
        return page

    async def sign_in(self, page: Page, reader: Reader, password: str) -> None:
        """Fill in the form, in whatever language it is, and see the pages in one's own."""
        await page.locator("#email").fill(self.email(reader))
        await page.locator("#password").fill(password)
        await page.locator("#sign-in button.primary").click()
        await expect(page.locator("details.account .name")).to_have_text(reader.name)
        await expect(page.locator(f"html[lang={reader.language}]")).to_have_count(1)
        await expect(page.get_by_role("navigation").first).to_contain_text(reader.menu)

    async def invite(self, page: Page, reader: Reader, role: str) -> None:
        """As somebody who may."""
        await page.goto("/settings/invitations/new")
        await page.locator("#email").fill(self.email(reader))
        await page.get_by_label(role).check()
        await page.locator("#language").select_option(reader.language)
        await page.locator("main form button[type=submit]").click()
        await expect(page.get_by_role("status")).to_be_visible()


@pytest_asyncio.fixture
async def tenant(service: Service, browser: Browser) -> AsyncIterator[Tenant]:
    async with AsyncExitStack() as stack:
        made = Tenant(service, browser, stack)
        command = ("tenant", "create", made.slug, "--owner", made.email(OWNER), "--language", "nl", "--json")
        done = await asyncio.to_thread(service.command, *command)
        assert done.returncode == 0, done.stderr
        assert msgspec.json.decode(done.stdout)["slug"] == made.slug
        yield made


async def test_each_has_their_own_from_the_first_mail_on(tenant: Tenant) -> None:
    owner = await tenant.joined(OWNER)
    await tenant.invite(owner, ADMIN, "Beheerder")
    admin = await tenant.joined(ADMIN)
    await tenant.invite(admin, MEMBER, "Mitglied")
    member = await tenant.joined(MEMBER)
    for page, reader in ((owner, OWNER), (admin, ADMIN), (member, MEMBER)):
        await page.goto("/account")
        await expect(page.locator(f"html[lang={reader.language}]")).to_have_count(1)
        await page.locator("details.account summary").click()
        await page.get_by_role("button", name=reader.sign_out).click()
        await expect(page.locator("#sign-in")).to_be_visible()


async def test_a_forgotten_password_and_a_new_address_by_the_links_in_mails(tenant: Tenant) -> None:
    before = await tenant.joined(OWNER)
    page = await tenant.page()
    await page.goto(f"/t/{tenant.slug}")
    await page.get_by_role("link", name="Forgotten your password?").click()
    await page.get_by_label("Organisation").fill(tenant.slug)
    await page.get_by_label("E-mail address").fill(tenant.email(OWNER))
    await page.get_by_role("button", name="Send me the mail").click()
    await page.goto((await mail_to(tenant.service, tenant.email(OWNER), "password_reset")).link)
    new = f"other words for {tenant.slug}"
    await page.get_by_label("Nieuw wachtwoord").fill(new)
    await page.get_by_role("button", name="Dit wachtwoord instellen").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Uw nieuwe wachtwoord is ingesteld.")
    await before.goto("/account")
    await expect(before.locator("#sign-in")).to_be_visible()  # reset ends what was open
    await page.goto(f"/t/{tenant.slug}")
    await tenant.sign_in(page, OWNER, new)
    await page.goto("/account/email")
    moved = f"els.new@{tenant.slug}.example"
    await page.locator("#email").fill(moved)
    await page.locator("main form button[type=submit]").first.click()
    elsewhere = await tenant.page()
    for address, kind in ((moved, "email_change_new"), (tenant.email(OWNER), "email_change_old")):
        mail = await mail_to(tenant.service, address, kind)
        await elsewhere.goto(mail.link)
        await elsewhere.get_by_role("button", name="Ja, verander het").click()
        await expect(elsewhere.get_by_role("button", name="Ja, verander het")).to_have_count(0)
    await page.goto("/account")
    await expect(page).to_have_url(re.compile(r"/\?next="))
