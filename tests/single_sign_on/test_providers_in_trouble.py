"""A provider that is down, slow, answers garbage or changes its keys: a clear message, no half-open session, and a retry mends it."""

import pytest
from yarl import URL

from tests.support.identity_provider import Company, IdentityProvider

TROUBLE = {
    "down": "answered something that cannot be read",
    "slow": "did not answer in time",
    "garbage": "answered something that cannot be read",
    "error": "answered with an error",
}


@pytest.mark.parametrize("mode", ["down", "slow", "garbage", "error"])
async def test_trouble_before_leaving_is_told_and_mended_by_a_retry(
    company: Company, peer: IdentityProvider, mode: str
) -> None:
    await forgotten(company)
    await peer.be(mode)
    async with company.browser() as browser:
        answer = await browser.post("/sign-in/provider", tenant=company.slug)
        assert answer.status == 502
        assert "The provider" in browser.said
        assert "Try again" in browser.said
        assert await browser.me() is None
        await peer.be("ok")
        await browser.get("/sso/go")
        await browser.get(await browser.meet(browser.onward(), "sub-anna"))
        assert (await browser.me())["email"] == "anna@brouwer.example"


@pytest.mark.parametrize("mode", ["down", "slow", "garbage", "error"])
async def test_trouble_on_the_way_back_leaves_nothing_behind(
    company: Company, peer: IdentityProvider, mode: str
) -> None:
    async with company.browser() as browser:
        back = await browser.meet(await browser.set_off(), "sub-anna")
        await peer.be(mode)
        answer = await browser.get(back)
        assert answer.status == 403
        assert "The provider" in browser.said
        assert await browser.me() is None
        await peer.be("ok")
        assert (await browser.get(back)).status == 401  # that sign-in is over
        await browser.get(await browser.meet(await browser.set_off(), "sub-anna"))
        assert await browser.me() is not None


async def test_keys_that_change_half_way_are_fetched_once_more(company: Company, peer: IdentityProvider) -> None:
    async with company.browser() as browser:
        await browser.sign_in("sub-anna")
    async with company.browser() as browser:
        there = await browser.set_off()
        await peer.be("rotate")
        back = await browser.meet(there, "sub-anna")
        answer = await browser.get(back)
        if answer.status == 403:  # the keys were fetched within the last seconds: a retry mends it
            assert "a key that is not among its known ones" in browser.said
    # However often keys change, nobody is shut out for longer than a moment.
    async with company.browser() as again:
        for _ in range(15):
            await again.sign_in("sub-anna")
            if await again.me() is not None:
                return
            await asyncio_pause()
        raise AssertionError(again.said)


async def asyncio_pause() -> None:
    import asyncio

    await asyncio.sleep(1)


async def forgotten(company: Company) -> None:
    """Part gate knows nothing of the provider any more: any change makes it another version."""
    async with company.owner.client() as client:
        address = f"/api/v1/providers/{company.provider}"
        async with client.get(address) as answer:
            version = answer.headers["etag"]
        async with client.patch(address, json={"name": "Brouwer"}, headers={"If-Match": version}) as answer:
            assert answer.status == 200, await answer.text()


async def test_a_return_that_is_nobodys_ends_nothing(company: Company) -> None:
    async with company.browser() as browser:
        there = await browser.set_off()
        address = URL(f"/sso/{company.provider}/return")
        for query in ({"code": "x", "state": "y"}, {"code": "x"}, {"error": "access_denied"}, {"state": ""}):
            answer = await browser.get(address.with_query(query))
            assert answer.status == 502
            assert "does not belong to a sign-in that this browser began" in browser.said
        await browser.get(await browser.meet(there, "sub-anna"))
        assert await browser.me() is not None
