"""Signing out: here and then at the provider; at the provider and then here."""

import asyncio
import time

from yarl import URL

from tests.support.identity_provider import Company, Wanderer


async def test_signing_out_here_leads_to_the_provider(company: Company) -> None:
    async with company.browser() as browser:
        await browser.sign_in("sub-anna")
        await browser.post("/sign-out")
        assert await browser.me() is None
        there = browser.onward()
        assert there.origin() == URL(company.peer.url)
        assert there.query["post_logout_redirect_uri"] == f"{company.service.url}/"
        await leave(browser, there)
        answer = await browser.client.get(await browser.set_off(), allow_redirects=True)
        assert "Who are you?" in await answer.text()  # the provider has forgotten too


async def test_signing_out_there_ends_the_session_here(company: Company) -> None:
    async with company.browser() as browser, company.browser() as other:
        await browser.sign_in("sub-bram")
        await other.sign_in("sub-bram")
        assert await browser.me() is not None
        await leave(browser, URL(company.peer.url) / "session/end" % {"client_id": f"client-{company.provider}"})
        began = time.monotonic()
        while await browser.me() is not None:
            assert time.monotonic() - began < 10
            await asyncio.sleep(0.05)
        assert await other.me() is not None  # that one is another session there


async def test_what_is_no_logout_token_ends_nothing(company: Company) -> None:
    async with company.browser() as browser:
        await browser.sign_in("sub-anna")
        for token in ("x", "a.b.c", ""):
            address = f"{company.service.url}/sso/{company.provider}/logout"
            async with browser.client.post(address, data={"logout_token": token}) as answer:
                assert answer.status in (400, 403, 422)
        assert await browser.me() is not None


async def leave(browser: Wanderer, there: URL) -> None:
    """Confirm at the provider."""
    async with browser.client.get(there) as answer:
        page = await answer.text()
    token = page.partition('name="xsrf" value="')[2].partition('"')[0]
    address = URL(page.partition('action="')[2].partition('"')[0])
    async with browser.client.post(address, data={"xsrf": token, "logout": "yes"}, allow_redirects=False) as answer:
        assert answer.status in (302, 303), await answer.text()
