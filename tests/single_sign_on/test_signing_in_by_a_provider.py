"""Signing in by a tenant's identity provider: the first time, the second time, and who does not come in."""

import pytest

from tests.support.identity_provider import Company


async def test_the_first_sign_in_makes_an_account_and_the_second_finds_it(company: Company) -> None:
    async with company.browser() as browser:
        answer = await browser.sign_in("sub-anna", target="/account")
        assert answer.url.path == "/account"
        first = await browser.me()
        assert (first["email"], first["name"]) == ("anna@brouwer.example", "Anna Peeters")
    async with company.browser() as another:
        await another.sign_in("sub-anna")
        assert (await another.me())["id"] == first["id"]


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("sub-mallory", "not of a domain that the organisation has proven"),
        ("sub-noah", "says that the e-mail address is not verified"),
        ("", "refused the sign-in, or the person cancelled it"),
    ],
)
async def test_nobody_comes_in_who_cannot_be_placed(company: Company, who: str, why: str) -> None:
    async with company.browser() as browser:
        answer = await browser.sign_in(who)
        assert answer.status == 403
        assert why in browser.said
        assert await browser.me() is None
