"""Signing in by a SAML provider: its form, the browser that fetches what it brought, and who comes in."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.support.saml_company import AGENT, SamlCompany, SamlWanderer, request_of
from tests.support.saml_messages import moment


async def test_an_account_is_made_at_the_first_sign_in_and_found_at_the_second(company: SamlCompany) -> None:
    for _ in range(2):
        async with company.browser() as wanderer:
            await wanderer.sign_in_as()
            me = await wanderer.me()
            assert (me["email"], me["name"]) == ("anna@brouwer.example", "Anna Peeters")
    async with company.owner.client() as client, client.get("/api/v1/members") as answer:
        members = (await answer.json())["items"]
    assert [one["email"] for one in members if one["email"].startswith("anna")] == ["anna@brouwer.example"]


async def test_the_page_that_was_wanted_is_reached(company: SamlCompany) -> None:
    async with company.browser() as wanderer:
        target = await wanderer.set_off("/account")
        assert str(target).startswith("https://idp.brouwer.example/sso?SAMLRequest=")
        assert "Signature=" in str(target)
        answer = await wanderer.get(await wanderer.bring(company.response(request_of(target))))
        assert answer.url.path == "/account"


async def test_an_address_in_relaystate_leads_nowhere(company: SamlCompany) -> None:
    async with company.browser() as wanderer:
        request = await wanderer.request()
        back = await wanderer.bring(company.response(request), RelayState="https://evil.example/")
        answer = await wanderer.get(back)
        assert answer.url.host == "localhost"
        assert await wanderer.me()


async def test_what_was_brought_is_for_the_browser_that_set_off(company: SamlCompany) -> None:
    async with company.browser() as victim, company.browser() as attacker:
        theirs = await attacker.bring(company.response(await attacker.request()))
        await victim.request()
        answer = await victim.get(theirs)
        assert (answer.status, await victim.me()) == (502, None)
        # Nothing was lost by it: the attacker's is still theirs, and the victim's own is not over.
        await attacker.get(theirs)
        assert await attacker.me()
        onward = await victim.get("/sso/go")
        assert onward.status == 200


async def test_a_browser_that_did_not_set_off_gets_nothing(company: SamlCompany) -> None:
    async with company.browser() as wanderer, company.browser() as nobody:
        brought = await wanderer.bring(company.response(await wanderer.request()))
        answer = await nobody.get(brought)
        assert (answer.status, await nobody.me()) == (401, None)


async def test_a_handle_and_an_assertion_count_once(company: SamlCompany) -> None:
    async with company.browser() as wanderer:
        request = await wanderer.request()
        response = company.response(request)
        first, second = await wanderer.bring(response), await wanderer.bring(response)
        answer = await wanderer.get(second)
        assert answer.status == 502
        assert (await company.attempts())[0]["reason"] == "replayed"
        await wanderer.get(first)
        assert await wanderer.me()
        async with company.browser() as other:
            assert (await other.get(first)).status == 401


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"audiences": ("https://them.example",)}, "audience"),
        ({"recipient": "https://them.example/response"}, "recipient"),
        ({"destination": "https://them.example/response"}, "destination"),
        ({"issuer": "http://idp.them.example", "response_issuer": "http://idp.them.example"}, "issuer"),
        ({"ends": moment(time.time() - 100)}, "expired"),
        ({"request": "_another", "response_request": "_another"}, "state"),
        ({"request": None, "response_request": None}, "in_response_to"),
        ({"key": "strangers"}, "signature"),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, "status_saml"),
        ({"name_id_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"}, "transient"),
    ],
)
async def test_a_forged_answer_is_refused_and_the_admin_told_why(
    company: SamlCompany, changed: dict[str, Any], reason: str
) -> None:
    async with company.browser() as wanderer:
        answer = await wanderer.sign_in_as(**changed)
        assert (answer.status, await wanderer.me()) == (502, None)
        assert (await company.attempts())[0]["reason"] == reason
        # What somebody else could have sent does not end the sign-in that this browser began.
        again = await wanderer.get("/sso/go")
        assert again.status == 200
        await wanderer.get(await wanderer.bring(company.response(request_of(wanderer.onward()))))
        assert await wanderer.me()


async def test_the_admin_sees_the_decoded_assertion_of_a_sign_in_that_failed(company: SamlCompany) -> None:
    async with company.browser() as wanderer:
        await wanderer.sign_in_as(audiences=("https://them.example",))
    seen = (await company.attempts())[0]
    assert seen["reason"] == "audience"
    assert (seen["claims"]["email"], seen["claims"]["name_id"]) == ("anna@brouwer.example", "anna-4711")


async def test_an_address_of_another_domain_makes_no_account(company: SamlCompany) -> None:
    mail = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
    async with company.browser() as wanderer:
        answer = await wanderer.sign_in_as(
            name_id="mallory", attributes=((mail, ("member@demeester.example",)), ("name", ("Mallory",)))
        )
        assert (answer.status, await wanderer.me()) == (403, None)
    assert (await company.attempts())[0]["reason"] == "foreign_address"


async def test_a_form_is_taken_from_no_other_provider(company: SamlCompany, own_company: SamlCompany) -> None:
    """Two tenants with the same provider: what one was told does not count for the other."""
    async with company.browser() as wanderer:
        request = await wanderer.request()
        theirs = SamlWanderer(own_company, wanderer.client)
        back = await theirs.bring(company.response(request))
        answer = await wanderer.get(back)
        assert (answer.status, await wanderer.me()) == (401, None)
        answer = await wanderer.get(str(back).replace(own_company.provider, company.provider))
        assert (answer.status, await wanderer.me()) == (502, None)


async def test_a_disabled_provider_lets_nobody_in(own_company: SamlCompany) -> None:
    async with own_company.browser() as wanderer:
        request = await wanderer.request()
        brought = await wanderer.bring(own_company.response(request))
        async with own_company.owner.client(AGENT["User-Agent"]) as client:
            where = f"/api/v1/providers/{own_company.provider}"
            async with client.get(where) as answer:
                version = answer.headers["etag"]
            async with client.put(
                f"{where}/status", json={"status": "disabled"}, headers={"If-Match": version}
            ) as done:
                assert done.status == 200
        assert (await wanderer.get(brought)).status == 401
        late = await wanderer.bring(own_company.response(request, assertion_id="_late"))
        assert (await wanderer.get(late)).status == 401
        assert await wanderer.me() is None


async def test_a_provider_may_begin_only_where_its_tenant_says_so(
    company: SamlCompany, own_company: SamlCompany
) -> None:
    async with company.browser() as wanderer:
        answer = await wanderer.get(await wanderer.bring(company.response(None)))
        assert (answer.status, await wanderer.me()) == (401, None)
    await own_company.change(idp_initiated=True)
    async with own_company.browser() as wanderer:
        back = await wanderer.bring(own_company.response(None))
        answer = await wanderer.get(back)
        assert (answer.status, await wanderer.me()) == (200, None)
        assert "Anna Peeters" in wanderer.said  # asked whether it is them
        answer = await wanderer.post(f"/sso/{own_company.provider}/arrival", handle=back.query["handle"])
        assert (answer.status, bool(await wanderer.me())) == (200, True)
        async with own_company.browser() as other:
            answer = await other.post(f"/sso/{own_company.provider}/arrival", handle=back.query["handle"])
            assert (answer.status, await other.me()) == (401, None)


async def test_another_site_cannot_accept_for_somebody(own_company: SamlCompany) -> None:
    await own_company.change(idp_initiated=True)
    async with own_company.browser() as wanderer:
        back = await wanderer.bring(own_company.response(None))
        url = URL(f"{own_company.where}/arrival")
        sent = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        answer = await wanderer.client.post(url, data={"handle": back.query["handle"]}, headers=sent)
        assert (answer.status, await wanderer.me()) == (403, None)


async def test_a_confirmation_asks_the_person_anew(company: SamlCompany) -> None:
    async with company.browser() as wanderer:
        await wanderer.sign_in_as()
        for authenticated, confirmed in ((moment(time.time() - 3600), False), (moment(time.time()), True)):
            await wanderer.post("/reauthentication/provider", next="/account")
            response = company.response(request_of(wanderer.onward()), authenticated=authenticated)
            answer = await wanderer.get(await wanderer.bring(response))
            assert (answer.url.path == "/account") is confirmed


async def test_no_session_outlasts_what_the_provider_allows(company: SamlCompany) -> None:
    async with company.browser() as wanderer:
        await wanderer.sign_in_as(session_until=moment(time.time() + 2))
        assert await wanderer.me()
        await asyncio.sleep(2.1)
        assert await wanderer.me() is None


async def test_rubbish_is_refused_without_a_word_too_much(company: SamlCompany) -> None:
    async with company.browser() as wanderer:
        await wanderer.request()
        for rubbish in ("", "x", "PHg+", "A" * 600_000):
            answer = await wanderer.get(await wanderer.bring(rubbish))
            assert (answer.status, await wanderer.me()) == (502, None)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=company.service.trust())) as client:
            nowhere = f"{company.service.url}/sso/00000000-0000-0000-0000-000000000000/response"
            assert (await client.post(nowhere, data={"SAMLResponse": "x"})).status == 404
            assert (await client.get(nowhere.replace("response", "metadata"))).status == 404
