"""Setting a SAML provider up: metadata with a preview, certificates and keys that change, a setup link, what the admin is told."""

import asyncio
import time
from base64 import b64decode
from typing import Any

import asyncpg
import pytest
from yarl import URL

from tests.support.saml_company import (
    AGENT,
    ISSUER,
    LOGOUT,
    SIGN_ON,
    SamlCompany,
    saml_company,
    saml_draft,
    try_and_switch_on,
)
from tests.support.saml_messages import certified, rsa_key
from tests.support.service import Service


def metadata(*certificates: str, issuer: str = ISSUER, address: str = SIGN_ON) -> str:
    """As a provider publishes them."""
    keys = "".join(
        '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
        f"{one}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        for one in certificates
    )
    redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    return (
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{issuer}"><IDPSSODescriptor '
        f'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}'
        f'<SingleLogoutService Binding="{redirect}" Location="{LOGOUT}"/>'
        f'<SingleSignOnService Binding="{redirect}" Location="{address}"/></IDPSSODescriptor></EntityDescriptor>'
    )


async def shown(where: SamlCompany) -> Any:
    async with (
        where.owner.client(AGENT["User-Agent"]) as client,
        client.get(f"/api/v1/saml-providers/{where.provider}") as answer,
    ):
        return await answer.json()


async def test_metadata_are_looked_at_before_anything_changes(saml_service: Service) -> None:
    draft = await saml_draft(saml_service)
    before = await shown(draft)
    async with draft.owner.client(AGENT["User-Agent"]) as client:
        address = f"/api/v1/saml-providers/{draft.provider}/metadata"
        async with client.post(address, json={"document": metadata(*draft.certificates)}) as answer:
            seen = await answer.json()
    assert await shown(draft) == before
    changes = {one["field"]: (one["before"], one["after"]) for one in seen["changes"]}
    assert changes["issuer"] == ([], [ISSUER])
    assert changes["sign_on_address"] == ([], [SIGN_ON])
    assert changes["logout_address"] == ([], [LOGOUT])
    assert [len(one) for one in changes["certificates"][1]] == [95]  # SHA-256 in pairs
    await draft.change(**seen["found"])
    await try_and_switch_on(draft)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("<x/>", "metadata"),
        ("no XML", "not the metadata"),
        ('<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>', "not the metadata"),
        (metadata(address="http://idp.example/sso"), "https"),
    ],
)
async def test_what_is_wrong_with_metadata_is_said(company: SamlCompany, document: str, said: str) -> None:
    before = await shown(company)
    async with company.owner.client(AGENT["User-Agent"]) as client:
        address = f"/api/v1/saml-providers/{company.provider}/metadata"
        async with client.post(address, json={"document": document}) as answer:
            problem = await answer.json()
    assert (answer.status, problem["errors"][0]["pointer"]) == (422, "/document")
    assert said.lower() in problem["errors"][0]["detail"].lower()
    assert await shown(company) == before


async def test_metadata_are_fetched_from_no_private_network(company: SamlCompany) -> None:
    async with company.owner.client(AGENT["User-Agent"]) as client:
        address = f"/api/v1/saml-providers/{company.provider}/metadata"
        async with client.post(
            address, json={"address": f"{company.service.url}/sso/{company.provider}/metadata"}
        ) as answer:
            problem = await answer.json()
    assert (answer.status, problem["errors"][0]["pointer"]) == (422, "/address")


async def test_a_certificate_beside_the_old_one_stops_no_sign_in(own_company: SamlCompany) -> None:
    """The roll-over: from before the new key is known until the old one is gone, nobody who is under way fails."""
    async with own_company.browser() as first, own_company.browser() as second, own_company.browser() as third:
        before = await first.request()
        brought = await second.bring(own_company.response(await second.request()))
        own_company.keys = ["company", "company-next"]
        now = await own_company.change(certificates=own_company.certificates)
        assert (now["status"], now["tried"], len(now["certificates"])) == ("active", True, 2)
        await first.get(await first.bring(own_company.response(before)))
        await second.get(brought)
        await third.get(await third.bring(own_company.response(await third.request(), key="company-next")))
        assert [bool(await one.me()) for one in (first, second, third)] == [True, True, True]
        own_company.keys = ["company-next"]
        now = await own_company.change(certificates=own_company.certificates)
        assert (now["status"], now["tried"]) == ("active", True)
        assert [bool(await one.me()) for one in (first, second, third)] == [True, True, True]
    async with own_company.browser() as late:
        await late.sign_in_as(key="company")
        assert await late.me() is None
        await late.get(await late.bring(own_company.response(await late.request())))
        assert await late.me()


async def test_other_certificates_altogether_are_another_provider(own_company: SamlCompany) -> None:
    own_company.keys = ["thieves"]
    now = await own_company.change(certificates=own_company.certificates)
    assert (now["status"], now["tried"]) == ("draft", False)


@pytest.mark.parametrize(
    "fields",
    [
        {"issuer": "https://another.example"},
        {"sign_on_address": "https://another.example/sso"},
        {"subject_attribute": "employee"},
        {"algorithms": ["rsa-sha512"]},
    ],
)
async def test_what_is_trusted_must_be_tried_anew(saml_service: Service, fields: dict[str, Any]) -> None:
    where = await saml_company(saml_service)
    async with where.browser() as wanderer:
        await wanderer.sign_in_as()
        assert await wanderer.me()
        now = await where.change(**fields)
        assert (now["status"], now["tried"]) == ("draft", False)
        assert await wanderer.me() is None


async def test_our_keys_are_rolled_over_without_a_gap(own_company: SamlCompany) -> None:
    where = f"/api/v1/saml-providers/{own_company.provider}"
    async with own_company.owner.client(AGENT["User-Agent"]) as client:
        async with client.post(f"{where}/keys") as answer:
            made = await answer.json()
        assert [one["signs"] for one in made["keys"]] == [True, False]
        async with client.post(f"{where}/keys") as answer:
            assert answer.status == 409
        async with client.get(f"/sso/{own_company.provider}/metadata") as answer:
            document = await answer.text()
            assert answer.content_type == "application/samlmetadata+xml"
        assert all(one["certificate"] in document for one in made["keys"])
        old, new = (one["id"] for one in made["keys"])
        async with client.delete(f"{where}/keys/{old}") as answer:
            assert answer.status == 409  # it signs
        async with client.put(f"{where}/signing-key", json={"key_id": new}) as answer:
            assert [one["signs"] for one in (await answer.json())["keys"]] == [False, True]
        async with client.delete(f"{where}/keys/{old}") as answer:
            assert answer.status == 204
        async with client.delete(f"{where}/keys/{new}") as answer:
            assert answer.status == 409
    async with own_company.browser() as wanderer:
        await wanderer.sign_in_as()
        assert await wanderer.me()


async def test_whoever_runs_the_provider_fills_it_in_by_a_link(saml_service: Service) -> None:
    draft = await saml_draft(saml_service)
    async with draft.owner.client(AGENT["User-Agent"]) as client:
        address = f"/api/v1/providers/{draft.provider}/setup"
        async with client.post(address, headers={"If-Match": '"1"'}) as answer:
            link = (await answer.json())["path"]
    async with draft.browser() as somebody:
        page = await somebody.get(link)
        assert page.status == 200
        assert f"/sso/{draft.provider}/response" in somebody.said
        token = URL(link).query["token"]
        wrong = await somebody.post("/sso/setup/saml", token=token, document="<x/>")
        assert wrong.status == 422
        assert draft.owner.slug in somebody.said  # the form is there again
        done = await somebody.post("/sso/setup/saml", token=token, document=metadata(*draft.certificates))
        assert done.status == 200
        again = await somebody.post("/sso/setup/saml", token=token, document=metadata(*draft.certificates))
        assert again.status == 404
    now = await shown(draft)
    assert (now["issuer"], now["status"], now["tried"]) == (ISSUER, "draft", False)
    await try_and_switch_on(draft)


async def test_a_certificate_that_is_none_is_refused(company: SamlCompany) -> None:
    async with company.owner.client(AGENT["User-Agent"]) as client:
        address = f"/api/v1/saml-providers/{company.provider}"
        async with client.get(address) as answer:
            version = answer.headers["etag"]
        weak = certified(rsa_key("weak", 1024), now=time.time())
        for certificate in ("abc", weak):
            headers = {"If-Match": version}
            async with client.patch(address, json={"certificates": [certificate]}, headers=headers) as answer:
                assert (answer.status, (await answer.json())["errors"][0]["pointer"]) == (422, "/certificates")
        pem = f"-----BEGIN CERTIFICATE-----\n{company.certificates[0]}\n-----END CERTIFICATE-----\n"
    assert len((await company.change(certificates=[*company.certificates, pem]))["certificates"]) == 1


async def test_the_kinds_are_told_apart(company: SamlCompany) -> None:
    async with company.owner.client(AGENT["User-Agent"]) as client:
        async with client.get("/api/v1/providers") as answer:
            assert [one["protocol"] for one in (await answer.json())["items"]] == ["saml"]
        async with client.post("/api/v1/providers", json={"name": "Other"}) as answer:
            other = (await answer.json())["id"]
        async with client.get(f"/api/v1/saml-providers/{other}") as answer:
            assert answer.status == 404
        headers = {"If-Match": '"1"'}
        async with client.patch(f"/api/v1/saml-providers/{other}", json={"issuer": "x"}, headers=headers) as answer:
            assert answer.status == 404
        async with client.get(f"/api/v1/providers/{company.provider}") as answer:
            headers = {"If-Match": answer.headers["etag"]}
        fields = {"issuer": "https://them.example", "client_id": "us"}
        async with client.patch(f"/api/v1/providers/{company.provider}", json=fields, headers=headers) as answer:
            assert answer.status == 404


async def test_nothing_of_another_tenants_provider_is_there(company: SamlCompany, own_company: SamlCompany) -> None:
    async with own_company.owner.client(AGENT["User-Agent"]) as client:
        where = f"/api/v1/saml-providers/{company.provider}"
        keys = (await shown(company))["keys"]
        for method, path, body in (
            ("GET", where, None),
            ("PATCH", where, {"idp_initiated": True}),
            ("POST", f"{where}/metadata", {"document": metadata()}),
            ("POST", f"{where}/keys", None),
            ("PUT", f"{where}/signing-key", {"key_id": keys[0]["id"]}),
            ("DELETE", f"{where}/keys/{keys[0]['id']}", None),
        ):
            headers = {"If-Match": '"1"'} if method == "PATCH" else {}
            async with client.request(method, path, json=body, headers=headers) as answer:
                assert answer.status == 404, path
    assert (await shown(company))["keys"] == keys


async def test_our_metadata_are_what_another_can_read(company: SamlCompany) -> None:
    async with company.owner.client() as client, client.get(f"/sso/{company.provider}/metadata") as answer:
        document = await answer.text()
    assert f'entityID="{company.where}/metadata"' in document
    assert f"{company.where}/response" in document
    assert f"{company.where}/single-logout" in document
    assert 'WantAssertionsSigned="true"' in document
    key = (await shown(company))["keys"][0]["certificate"]
    assert b64decode(key)
    assert key in document


async def test_the_private_key_opens_nowhere_else(company: SamlCompany) -> None:
    for role in ("app", "gate", "operator", "worker", "backup"):
        url = (await asyncio.to_thread(company.service.command, "database", "url", "--role", role)).stdout.strip()
        connection = await asyncpg.connect(url)
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch("select sealed_key from identity.provider_key")
        finally:
            await connection.close()


@pytest.mark.parametrize("kind", ["saml-providers", "providers"])
async def test_a_providers_page_hands_over_switches_off_and_removes(saml_service: Service, kind: str) -> None:
    where = await saml_company(saml_service)
    async with where.browser() as wanderer:
        await wanderer.post("/sign-in", tenant=where.slug, email=where.owner.email, password=where.owner.password)
        listed = f"{saml_service.url}/api/v1/providers"
        if kind == "providers":
            sent = wanderer.client.post(listed, json={"name": "Other"}, headers={"Origin": saml_service.url})
            async with sent as answer:
                provider = (await answer.json())["id"]
        else:
            provider = where.provider
            disabled = await wanderer.post(f"/settings/providers/{provider}/status", status="disabled", version="3")
            assert disabled.status == 200, wanderer.said
        async with wanderer.client.get(f"{listed}/{provider}") as answer:
            shown = await answer.json()
        assert shown["status"] == ("draft" if kind == "providers" else "disabled")
        handed = await wanderer.post(f"/settings/providers/{provider}/setup", version=str(shown["version"]))
        assert (handed.status, "/sso/setup?token=" in wanderer.said) == (200, True)
        gone = await wanderer.post(f"/settings/providers/{provider}/removal", version=str(shown["version"]))
        assert gone.url.path == "/settings/single-sign-on"
        async with wanderer.client.get(f"{listed}/{provider}") as answer:
            assert answer.status == 404
