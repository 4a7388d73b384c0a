"""We and pysaml2 understand each other: metadata, requests, responses and logout, both ways and by both bindings."""

import html
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from belsimple.sso.failures import ProviderFailure
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
from belsimple.sso.saml.metadata import ProviderMetadata, own_metadata, read_metadata
from belsimple.sso.saml.own_keys import OwnKey
from belsimple.sso.saml.provider import SamlProvider, ServiceProvider
from belsimple.sso.saml.requests import authentication_request, request_id
from belsimple.sso.saml.response import Assertion, read_response
from tests.support.saml_identity_provider import BEHAVIOUR, SamlIdentityProvider, saml_identity_provider
from tests.support.service import public_folder

OWN = ServiceProvider(
    entity_id="https://localhost:1/sso/saml",
    response_address="https://localhost:1/sso/saml/response",
    logout_address="https://localhost:1/sso/saml/logout",
    keys=(OwnKey.new("localhost", now=time.time()), OwnKey.new("localhost", now=time.time())),
)
ID = request_id(b"token")


@pytest.fixture(scope="module")
def running() -> Iterator[SamlIdentityProvider]:
    with public_folder() as folder, saml_identity_provider(folder) as made:
        yield made


@pytest_asyncio.fixture
async def peer(running: SamlIdentityProvider) -> SamlIdentityProvider:
    await running.be(**BEHAVIOUR)
    await running.register(own_metadata(OWN))
    return running


@pytest_asyncio.fixture
async def browser(peer: SamlIdentityProvider) -> AsyncIterator["Browser"]:
    connector = aiohttp.TCPConnector(ssl=peer.trust())
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        yield Browser(peer, client)


class Browser:
    def __init__(self, peer: SamlIdentityProvider, client: aiohttp.ClientSession) -> None:
        self.peer = peer
        self.client = client

    async def metadata(self) -> ProviderMetadata:
        async with self.client.get(self.peer.metadata_address) as answer:
            return read_metadata(await answer.read(), now=time.time())

    async def go(self, departure: Departure) -> tuple[str, str]:
        """The page, or where it leads to."""
        if departure.fields is None:
            request = self.client.get(departure.address, allow_redirects=False)
        else:
            request = self.client.post(departure.address, data=departure.fields, allow_redirects=False)
        async with request as answer:
            text = await answer.text()
            assert answer.status in (200, 303), text + self.peer.log[-2000:]
            return text, answer.headers.get("Location", "")

    async def login(self, page: str, login: str = "anna") -> str:
        form = {"waiting": _field(page, "waiting"), "login": login}
        async with self.client.post(f"{self.peer.url}/login", data=form) as answer:
            return await answer.text()


def _field(page: str, name: str) -> str:
    tag = next(tag for tag in re.findall(r"<input[^>]*>", page) if re.search(rf'name="?{name}\b', tag))
    found = re.search(r'value="([^"]*)"', tag)
    assert found is not None
    return html.unescape(found[1])


def provider(metadata: ProviderMetadata, **changed: Any) -> SamlProvider:
    facts = {name: getattr(metadata, name) for name in ProviderMetadata.__struct_fields__}
    made = SamlProvider(
        tenant_id=UUID(int=1),
        id=UUID(int=2),
        version=1,
        name="pysaml2",
        algorithms=("rsa-sha256",),
        subject_attribute=None,
        signs_requests=True,
        idp_initiated=False,
        encrypted_only=False,
        **facts,
    )
    return msgspec.structs.replace(made, **changed)


async def signed_in(browser: Browser, known: SamlProvider, *, fresh: bool = False) -> Assertion:
    page, _ = await browser.go(authentication_request(known, OWN, id=ID, now=time.time(), fresh=fresh, relay="handle"))
    if 'name="SAMLResponse"' not in page and "name=SAMLResponse" not in page:
        page = await browser.login(page)
    assert _field(page, "RelayState") == "handle"
    return read_response(_field(page, "SAMLResponse"), known, OWN, now=time.time())


@pytest.mark.parametrize("binding", ["redirect", "post"])
@pytest.mark.parametrize("signs_response", [False, True])
@pytest.mark.parametrize("encrypts", [False, True])
async def test_somebody_signs_in(browser: Browser, *, binding: Any, signs_response: bool, encrypts: bool) -> None:
    await browser.peer.be(signs_response=signs_response, encrypts=encrypts)
    found = await browser.metadata()
    address = f"{browser.peer.url}/sso/{binding}"
    known = provider(found, sign_on_binding=binding, sign_on_address=address, encrypted_only=encrypts)
    assertion = await signed_in(browser, known)
    assert assertion.subject == "sub-anna"
    assert assertion.in_response_to == ID
    assert assertion.claims["email"] == "anna@brouwer.example"
    assert assertion.claims["name"] == "Anna Peeters"
    assert assertion.claims["groups"] == ["staff"]
    assert time.time() < assertion.expires_at < time.time() + 700


async def test_a_session_there_is_enough_unless_the_sign_in_must_be_fresh(browser: Browser) -> None:
    known = provider(await browser.metadata())
    await signed_in(browser, known)
    page, _ = await browser.go(authentication_request(known, OWN, id=ID, now=time.time(), fresh=False))
    assert "SAMLResponse" in page
    page, _ = await browser.go(authentication_request(known, OWN, id=ID, now=time.time(), fresh=True))
    assert "name=login" in page


async def test_it_refuses_a_request_of_ours_that_is_not_signed(browser: Browser) -> None:
    known = provider(await browser.metadata(), signs_requests=False)
    with pytest.raises(AssertionError, match="Refused"):
        await browser.go(authentication_request(known, OWN, id=ID, now=time.time(), fresh=False))


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"error": True}, "denied"),
        ({"transient": True}, "transient"),
        ({"signs_assertion": False, "signs_response": True}, "unsigned"),
        ({"signs_assertion": False}, "unsigned"),
        ({"rotated": True}, "key"),
    ],
)
async def test_what_it_sends_otherwise_is_refused(browser: Browser, behaviour: Any, reason: str) -> None:
    known = provider(await browser.metadata())
    await browser.peer.be(**behaviour)
    with pytest.raises(ProviderFailure) as failure:
        await signed_in(browser, known)
    assert failure.value.reason == reason


async def test_a_transient_name_is_no_hindrance_where_an_attribute_tells_who_it_is(browser: Browser) -> None:
    await browser.peer.be(transient=True)
    known = provider(await browser.metadata(), subject_attribute="urn:oid:0.9.2342.19200300.100.1.1")
    assert (await signed_in(browser, known)).subject == "sub-anna"


async def test_certificates_are_rolled_over(browser: Browser) -> None:
    before = await browser.metadata()
    await browser.peer.be(announced=True)
    after = await browser.metadata()
    assert len(before.certificates) == 1
    assert len(after.certificates) == 2
    assert set(before.certificates) < set(after.certificates)
    known = provider(after)
    await signed_in(browser, known)
    await browser.peer.be(rotated=True)
    assert (await signed_in(browser, known, fresh=True)).subject == "sub-anna"
    assert set((await browser.metadata()).certificates) == set(after.certificates)


async def test_it_sends_somebody_whom_nobody_asked_for(browser: Browser) -> None:
    known = provider(await browser.metadata(), idp_initiated=True)
    async with browser.client.get(f"{browser.peer.url}/initiated") as answer:
        page = await browser.login(await answer.text())
    assertion = read_response(_field(page, "SAMLResponse"), known, OWN, now=time.time())
    assert assertion.in_response_to is None
    with pytest.raises(ProviderFailure, match="in_response_to"):
        read_response(_field(page, "SAMLResponse"), provider(await browser.metadata()), OWN, now=time.time())


def received(page: str, location: str, name: str) -> LogoutMessage:
    if location:
        return LogoutMessage("redirect", query=urlsplit(location).query.encode())
    form = {name: _field(page, name)}
    return LogoutMessage(
        "post", form=form | ({"RelayState": _field(page, "RelayState")} if "RelayState" in page else {})
    )


@pytest.mark.parametrize("binding", ["redirect", "post"])
async def test_we_end_a_session_there(browser: Browser, binding: Any) -> None:
    await browser.peer.be(logout_binding=binding)
    address = f"{browser.peer.url}/slo/{binding}"
    known = provider(await browser.metadata(), logout_binding=binding, logout_address=address)
    person = await signed_in(browser, known)
    request = logout_request(
        known,
        OWN,
        id=message_id(),
        name_id=person.name_id,
        name_id_format=person.name_id_format,
        session=person.session,
        now=time.time(),
        relay="bye",
    )
    answer = read_logout(received(*await browser.go(request), "SAMLResponse"), known, OWN, now=time.time())
    assert isinstance(answer, LogoutResponse)
    assert answer.success
    assert answer.relay == "bye"
    page, _ = await browser.go(authentication_request(known, OWN, id=ID, now=time.time(), fresh=False))
    assert "name=login" in page


@pytest.mark.parametrize("binding", ["redirect", "post"])
async def test_it_ends_a_session_here(browser: Browser, binding: Any) -> None:
    await browser.peer.be(logout_binding=binding)
    address = f"{browser.peer.url}/slo/{binding}"
    known = provider(await browser.metadata(), logout_binding=binding, logout_address=address)
    await signed_in(browser, known)
    page, location = await browser.go(Departure(f"{browser.peer.url}/logout"))
    request = read_logout(received(page, location, "SAMLRequest"), known, OWN, now=time.time())
    assert isinstance(request, LogoutRequest)
    assert request.name_id == "sub-anna"
    reply = logout_response(known, OWN, in_response_to=request.id, relay=request.relay, now=time.time())
    page, _ = await browser.go(reply)
    assert "Signed out everywhere" in page


@pytest.mark.parametrize("binding", ["redirect", "post"])
async def test_a_logout_that_is_not_signed_is_refused(browser: Browser, binding: Any) -> None:
    known = provider(await browser.metadata())
    await browser.peer.be(logout_binding=binding, signs_logout=False)
    page, location = await browser.go(Departure(f"{browser.peer.url}/logout?login=anna"))
    with pytest.raises(ProviderFailure, match="unsigned"):
        read_logout(received(page, location, "SAMLRequest"), known, OWN, now=time.time())
