"""Linking an account that there is, taking the link away, confirming who one is by the provider."""

from tests.support.identity_provider import Company, Wanderer


async def sign_in_with_password(browser: Wanderer) -> None:
    owner = browser.owner
    await browser.post("/sign-in", tenant=owner.slug, email=owner.email, password=owner.password)


async def test_an_account_is_linked_by_its_person_and_never_by_its_address(own_company: Company) -> None:
    async with own_company.browser() as browser:
        await sign_in_with_password(browser)
        owner = await browser.me()
        await browser.post(f"/account/providers/{own_company.provider}/link")
        answer = await browser.get(await browser.meet(browser.onward(), "sub-anna"))
        assert answer.url.path == "/account/providers"
    async with own_company.browser() as another:
        await another.sign_in("sub-anna")
        assert (await another.me())["id"] == owner["id"]
        assert (await another.me())["email"] == owner["email"]  # what the provider calls her changes nothing
        await another.post(f"/account/providers/{own_company.provider}/removal")
        assert "Not linked." in another.said


async def test_nobody_links_a_person_who_is_linked_already(own_company: Company) -> None:
    async with own_company.browser() as first:
        await first.sign_in("sub-anna")
    async with own_company.browser() as browser:
        await sign_in_with_password(browser)
        await browser.post(f"/account/providers/{own_company.provider}/link")
        answer = await browser.get(await browser.meet(browser.onward(), "sub-anna"))
        assert answer.status == 403
        assert "linked to another account here" in browser.said


async def test_an_account_of_the_same_address_is_not_taken_over(own_company: Company) -> None:
    async with own_company.owner.client() as client:
        body = {"email": "anna@brouwer.example", "roles": ["admin"]}
        async with client.post("/api/v1/invitations", json=body) as answer:
            assert answer.status == 201, await answer.text()
    # An invitation is no account. One that is there under this address stays who it is: see also the attack of this name.
    async with own_company.browser() as browser:
        await browser.sign_in("sub-anna")
        assert (await browser.me())["roles"] == []


async def test_whoever_has_no_password_confirms_by_the_provider(own_company: Company) -> None:
    async with own_company.browser() as browser:
        await browser.sign_in("sub-bram")
        await browser.post("/reauthentication/provider", next="/account")
        there = browser.onward()
        assert (there.query["prompt"], there.query["max_age"]) == ("login", "0")
        browser.client.cookie_jar.clear(
            lambda cookie: cookie["domain"] == "127.0.0.1"
        )  # the provider's: somebody else is there now
        answer = await browser.get(await browser.meet(there, "sub-anna"))
        assert answer.status == 403
        assert "confirmed somebody else" in browser.said
        browser.client.cookie_jar.clear(lambda cookie: cookie["domain"] == "127.0.0.1")
        await browser.post("/reauthentication/provider", next="/account")
        answer = await browser.get(await browser.meet(browser.onward(), "sub-bram"))
        assert answer.url.path == "/account"


async def test_the_only_way_in_stays(own_company: Company) -> None:
    async with own_company.browser() as browser:
        await browser.sign_in("sub-bram")
        await browser.post(f"/account/providers/{own_company.provider}/removal")
        assert "This is your only way to sign in" in browser.said
