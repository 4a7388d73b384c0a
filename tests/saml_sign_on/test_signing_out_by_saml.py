"""Single logout: a session that ends here ends at the provider, and the other way round."""

import re
import time
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from yarl import URL

from belsimple.sso.saml.departure import Departure
from belsimple.sso.saml.logout import (
    LogoutMessage,
    LogoutRequest,
    LogoutResponse,
    logout_request,
    logout_response,
    message_id,
    read_logout,
)
from belsimple.sso.saml.own_keys import OwnKey
from belsimple.sso.saml.provider import SamlProvider, ServiceProvider
from tests.support.saml_company import AGENT, ISSUER, LOGOUT, SamlCompany, SamlWanderer
from tests.support.saml_messages import provider, rsa_key


def theirs(where: SamlCompany, key: str | None = None) -> ServiceProvider:
    """The provider's side, as what writes its messages."""
    name = key or where.keys[0]
    der = rsa_key(name).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    [certificate] = where.certificates
    keys = (OwnKey(der, certificate),)
    return ServiceProvider(entity_id=ISSUER, response_address="-", logout_address=LOGOUT, keys=keys)


def us(where: SamlCompany, **changed: Any) -> SamlProvider:
    """Us, as whom it writes to."""
    fields: dict[str, Any] = {"logout_address": f"{where.where}/single-logout", **changed}
    return provider(f"{where.where}/metadata", rsa_key(), **fields)


def request(where: SamlCompany, *, key: str | None = None, to: SamlProvider | None = None, **changed: Any) -> Departure:
    said: dict[str, Any] = {"name_id": "anna-4711", "name_id_format": None, "session": None, **changed}
    return logout_request(
        to or us(where), theirs(where, key), id=message_id(), now=time.time(), relay="their-relay", **said
    )


async def send(where: SamlCompany, departure: Departure) -> tuple[int, str]:
    """From a browser without a cookie of ours."""
    connector = aiohttp.TCPConnector(ssl=where.service.trust())
    headers = {**AGENT, "Accept": "text/html", "Origin": "https://idp.brouwer.example"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as stranger:
        if departure.fields is None:
            sent = stranger.get(URL(departure.address, encoded=True), allow_redirects=False)
        else:
            sent = stranger.post(departure.address, data=departure.fields, allow_redirects=False)
        async with sent as answer:
            return answer.status, await answer.text()


async def reading(where: SamlCompany, page: str) -> LogoutRequest | LogoutResponse:
    """What a page of ours leads to, as the provider reads it: with our certificate, at its own address."""
    async with where.owner.client() as client, client.get(f"/api/v1/saml-providers/{where.provider}") as answer:
        ours = (await answer.json())["keys"][0]["certificate"]
    query = urlsplit(onward(page).address).query.encode()
    told = us(where, certificates=(ours,))
    return read_logout(LogoutMessage("redirect", query=query), told, theirs(where), now=time.time())


def onward(page: str) -> Departure:
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert found, page
    return Departure(found[1].replace("&amp;", "&"))


async def signed_in(wanderer: SamlWanderer, **changed: Any) -> None:
    await wanderer.sign_in_as(**changed)
    assert await wanderer.me()


async def test_signing_out_here_tells_the_provider_whose_session_ended(company: SamlCompany) -> None:
    async with company.browser() as wanderer:
        await signed_in(wanderer, session="_there-7")
        answer = await wanderer.post("/sign-out")
        told = await reading(company, wanderer.said)
        assert isinstance(told, LogoutRequest)
        assert (told.name_id, told.sessions) == ("anna-4711", ("_there-7",))
        assert await wanderer.me() is None
        # Once: whoever finds the address in a history tells nobody anything.
        again = await wanderer.get(answer.url)
        assert again.url.path == "/"
        back = logout_response(us(company), theirs(company), in_response_to=told.id, relay=None, now=time.time())
        answer = await wanderer.get(URL(back.address, encoded=True))
        assert (answer.status, answer.url.path) == (200, "/")


async def test_the_provider_ends_what_it_opened(company: SamlCompany) -> None:
    async with company.browser() as one, company.browser() as two, company.browser() as somebody:
        await signed_in(one, session="_one")
        await signed_in(two, session="_two")
        mail = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
        bram = ((mail, ("bram@brouwer.example",)), ("name", ("Bram",)))
        await signed_in(somebody, name_id="bram-1", attributes=bram)

        asked = request(company, session="_one")
        status, page = await send(company, asked)
        assert status == 200
        answered = await reading(company, page)
        assert isinstance(answered, LogoutResponse)
        assert (answered.success, answered.relay) == (True, "their-relay")
        assert [bool(await each.me()) for each in (one, two, somebody)] == [False, True, True]

        assert (await send(company, asked))[0] == 400  # it counts once
        assert (await send(company, request(company)))[0] == 200  # no session named: all of hers
        assert [bool(await each.me()) for each in (one, two, somebody)] == [False, False, True]


async def test_a_form_ends_it_too(own_company: SamlCompany) -> None:
    async with own_company.browser() as wanderer:
        await signed_in(wanderer)
        by_form = us(own_company, logout_binding="post")
        status, _ = await send(own_company, request(own_company, to=by_form))
        assert (status, await wanderer.me()) == (200, None)


async def test_nobody_else_ends_anything(company: SamlCompany, own_company: SamlCompany) -> None:
    async with company.browser() as wanderer:
        await signed_in(wanderer)
        honest = request(company)
        unsigned = Departure(honest.address.partition("&SigAlg=")[0])
        altered = Departure(honest.address.replace("RelayState=their", "RelayState=other"))
        twice = Departure(f"{honest.address}&SAMLRequest=x")
        elsewhere = request(company, to=us(own_company))
        for forged in (
            unsigned,
            altered,
            twice,
            request(company, key="strangers"),
            Departure(elsewhere.address.replace(own_company.provider, company.provider)),
        ):
            status, page = await send(company, forged)
            assert status == 400, page
        assert await wanderer.me()
        assert (await send(company, honest))[0] == 200
        assert await wanderer.me() is None


async def test_a_disabled_provider_is_told_nothing(own_company: SamlCompany) -> None:
    async with own_company.owner.client(AGENT["User-Agent"]) as client:
        where = f"/api/v1/providers/{own_company.provider}"
        async with client.get(where) as answer:
            headers = {"If-Match": answer.headers["etag"]}
        async with client.put(f"{where}/status", json={"status": "disabled"}, headers=headers) as answer:
            assert answer.status == 200
    assert (await send(own_company, request(own_company)))[0] == 404
