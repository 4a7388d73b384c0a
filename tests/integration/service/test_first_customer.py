"""A first customer on a running service, by mail links and HTTP alone: nothing here looks into the database."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest

from tests.support.relay import Received, Relay, running_relay, until
from tests.support.service import Service, new_service

OWNER, COLLEAGUE = "an@acme.example", "bram@acme.example"
OWNERS_PASSWORD, COLLEAGUES_PASSWORD = "four unrelated words here", "another four words there"


DEED = b"%PDF-1.7\n" + bytes(range(256)) * 3000


@pytest.fixture(scope="module")
def mailing() -> Iterator[tuple[Service, Relay]]:
    """A service without demo data whose mails go to a relay that demands TLS and a password."""
    with new_service() as service:
        with running_relay(service.folder / "relay", users={"belsimple": "relay secret"}) as relay:
            service.environment |= {
                "BELSIMPLE_SMTP_URL": f"smtp://belsimple:relay%20secret@localhost:{relay.port}",
                "BELSIMPLE_SMTP_CA": str(relay.authority),
                "BELSIMPLE_TRUSTED_PROXIES": "127.0.0.1/32",
            }
            process = service.launch()
            until(lambda: "belsimple is ready" in service.output or process.poll() is not None, 90)
            assert process.poll() is None, service.log
            made = service.command(
                "tenant", "create", "acme", "--owner", OWNER, "--name", "Acme", "--language", "nl", "--json"
            )
            assert made.returncode == 0, made.stderr
            yield service, relay


def mail_to(relay: Relay, email: str, subject: str) -> Received:
    """The newest mail to somebody whose subject matches, once it is there."""

    def found() -> list[Received]:
        return [
            one for one in relay.received if one.recipients == [email] and re.search(subject, one.message["subject"])
        ]

    until(lambda: bool(found()))
    return found()[-1]


def link_in(mail: Received, service: Service, page: str) -> str:
    """The one link of a mail, as it stands in both of its parts; it leads to the public address and nowhere else."""
    [link] = set(re.findall(r"https?://\S+\?token=[\w-]+", mail.text))
    assert link.startswith(f"{service.url}{page}?token=")
    assert link in mail.html
    assert mail.encrypted
    return link


async def scanned(client: aiohttp.ClientSession, link: str) -> str:
    """What a mail scanner, a preview and at last the person see: the same page, three times."""
    pages: list[str] = []
    for method in ("HEAD", "GET", "GET", "GET"):
        async with client.request(method, link) as answer:
            assert answer.status == 200
            pages.append(await answer.text())
    assert len(set(pages[1:])) == 1
    return pages[-1]


async def submit(client: aiohttp.ClientSession, service: Service, path: str, fields: dict[str, str]) -> tuple[int, str]:
    """Send a page's form, as a browser on that page does."""
    headers = {"origin": service.url, "sec-fetch-site": "same-origin"}
    async with client.post(path, data=fields, headers=headers) as answer:
        return answer.status, await answer.text()


def token_in(link: str) -> str:
    return link.rpartition("=")[2]


@asynccontextmanager
async def signed_in(service: Service, email: str, password: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with service.client() as client:
        async with client.post(
            "/api/v1/session", json={"tenant": "acme", "email": email, "password": password}
        ) as answer:
            assert answer.status == 201, await answer.text()
        yield client


async def post(client: aiohttp.ClientSession, path: str, body: Any) -> Any:
    async with client.post(path, json=body) as answer:
        text = await answer.text()
        assert answer.status in {201, 202, 204}, text
        return msgspec.json.decode(text) if text else None


async def test_from_a_new_tenant_to_a_colleagues_work(mailing: tuple[Service, Relay]) -> None:
    service, relay = mailing
    mail = mail_to(relay, OWNER, "Acme")
    assert mail.message["content-language"] == "nl"
    link = link_in(mail, service, "/invitation")
    async with service.client() as client:
        assert "Acme".lower() in (await scanned(client, link)).lower()
        fields = {"token": token_in(link), "name": "An Peeters", "password": OWNERS_PASSWORD}
        status, page = await submit(client, service, "/invitation", fields)
        assert (status, OWNER in page) == (200, True)
        assert (await submit(client, service, "/invitation", fields))[0] == 404
    mail_to(relay, OWNER, "klaar|account")  # the welcome

    async with signed_in(service, OWNER, OWNERS_PASSWORD) as owner:
        await post(owner, "/api/v1/invitations", {"email": COLLEAGUE, "roles": ["member"], "language": "en"})
    mail = mail_to(relay, COLLEAGUE, "Invitation")
    assert "An Peeters" in mail.text
    link = link_in(mail, service, "/invitation")
    async with service.client() as client:
        await scanned(client, link)
        accepted = {"token": token_in(link), "name": "Bram Wouters", "password": COLLEAGUES_PASSWORD}
        made = await post(client, "/api/v1/invitations/acceptance", accepted)
        assert made == {"tenant": "acme", "email": COLLEAGUE}

    async with signed_in(service, COLLEAGUE, COLLEAGUES_PASSWORD) as colleague:
        dossier = await post(colleague, "/api/v1/dossiers", {"title": "The first dossier"})
        path = f"/api/v1/dossiers/{dossier['id']}/documents?filename=deed.pdf"
        async with colleague.post(path, data=DEED, headers={"content-type": "application/pdf"}) as answer:
            assert answer.status == 201, await answer.text()
            document = await answer.json()
    async with signed_in(service, OWNER, OWNERS_PASSWORD) as owner:
        async with owner.get(f"/api/v1/documents/{document['id']}/content") as answer:
            assert await answer.read() == DEED


async def ask(client: aiohttp.ClientSession, tenant: str, email: str) -> tuple[int, dict[str, str], bytes]:
    async with client.post("/api/v1/password-resets", json={"tenant": tenant, "email": email}) as answer:
        headers = {
            name: value for name, value in answer.headers.items() if name.lower() not in ("x-request-id", "date")
        }
        return answer.status, headers, await answer.read()


async def test_a_reset_answers_everybody_alike_and_mails_its_owner(mailing: tuple[Service, Relay]) -> None:
    service, relay = mailing
    new = "a password by the mail"
    async with signed_in(service, OWNER, OWNERS_PASSWORD) as before, service.client() as client:
        answers = [
            await ask(client, tenant, email)
            for tenant, email in (("acme", OWNER), ("acme", "nobody@acme.example"), ("absent", OWNER))
        ]
        assert answers[0] == answers[1] == answers[2]
        assert answers[0][0] == 202
        link = link_in(mail_to(relay, OWNER, "wachtwoord"), service, "/reset")
        assert OWNER in await scanned(client, link)
        status, page = await submit(client, service, "/reset", {"token": token_in(link), "password": "short"})
        assert (status, 'lang="nl"' in page, "minstens 15 tekens" in page) == (422, True, True)
        status, page = await submit(client, service, "/reset", {"token": token_in(link), "password": new})
        assert (status, OWNER in page) == (200, True)
        async with client.get(link) as again:
            assert again.status == 404
        body = {"token": token_in(link), "password": new}
        async with client.post("/api/v1/password-resets/confirmation", json=body) as again:
            assert again.status == 404
        async with before.get("/api/v1/me") as ended:
            assert ended.status == 401
    async with signed_in(service, OWNER, new) as owner:
        body = {"current": new, "new": OWNERS_PASSWORD}
        async with owner.put("/api/v1/account/password", json=body) as changed:
            assert changed.status == 204
    assert not [one for one in relay.received if one.recipients not in ([OWNER], [COLLEAGUE])]


async def test_a_stranger_who_floods_is_stopped_alike_and_stops_nobody(mailing: tuple[Service, Relay]) -> None:
    service, _ = mailing

    async def asked(email: str, address: str) -> int:
        body = {"tenant": "acme", "email": email}
        headers = {"x-forwarded-for": address}
        async with client.post("/api/v1/password-resets", json=body, headers=headers) as answer:
            return answer.status

    async with service.client() as client:
        stranger = [await asked(OWNER, "198.51.100.9") for _ in range(6)]
        assert stranger == [await asked("nobody@acme.example", "198.51.100.9") for _ in range(6)]
        assert stranger == [202, 202, 202, 429, 429, 429]
        assert await asked(OWNER, "203.0.113.80") == 202


async def test_the_page_for_who_has_no_link_says_the_same_to_everybody(mailing: tuple[Service, Relay]) -> None:
    service, _ = mailing
    async with service.client() as client:
        async with client.get("/reset") as answer:
            assert 'action="/reset/request"' in await answer.text()
        known = await submit(client, service, "/reset/request", {"tenant": "acme", "email": COLLEAGUE})
        unknown = await submit(client, service, "/reset/request", {"tenant": "acme", "email": "x@acme.example"})
        assert known == unknown
        assert known[0] == 202
        for path in ("/reset?token=AAAA", "/reset?token=%C3%A9", "/email-change?token=AAAA"):
            async with client.get(path) as answer:
                assert answer.status == 404
                assert "cannot be used any more" in await answer.text()


async def test_a_change_of_address_by_both_mailboxes(mailing: tuple[Service, Relay]) -> None:
    service, relay = mailing
    moved = "bram.wouters@acme.example"
    async with signed_in(service, COLLEAGUE, COLLEAGUES_PASSWORD) as colleague, service.client() as client:
        await post(colleague, "/api/v1/account/email-change", {"email": moved})
        new = link_in(mail_to(relay, moved, "."), service, "/email-change")
        old = link_in(mail_to(relay, COLLEAGUE, "address"), service, "/email-change")
        for link, said in ((new, "One more yes"), (old, "Your address is changed")):
            page = await scanned(client, link)
            assert COLLEAGUE in page
            assert moved in page
            status, page = await submit(client, service, "/email-change", {"token": token_in(link)})
            assert (status, said in page) == (200, True)
        async with colleague.get("/api/v1/me") as ended:
            assert ended.status == 401
    async with signed_in(service, moved, COLLEAGUES_PASSWORD) as colleague:
        async with colleague.get("/api/v1/me") as me:
            assert (await me.json())["email"] == moved
    until(lambda: len([one for one in relay.received if one.recipients == [moved]]) >= 2)


async def test_suspending_by_command_refuses_everything_and_resuming_loses_nothing(
    mailing: tuple[Service, Relay],
) -> None:
    service, _ = mailing
    unknown = service.command("tenant", "suspend", "absent")
    assert (unknown.returncode, "There is no tenant absent" in unknown.stderr) == (1, True)
    async with signed_in(service, OWNER, OWNERS_PASSWORD) as owner:
        assert service.command("tenant", "suspend", "acme").returncode == 0
        async with owner.get("/api/v1/dossiers") as refused:
            assert refused.status == 401
        body = {"tenant": "acme", "email": OWNER, "password": OWNERS_PASSWORD}
        async with owner.post("/api/v1/session", json=body) as refused:
            assert refused.status == 401
    done = service.command("tenant", "resume", "acme", "--json")
    assert msgspec.json.decode(done.stdout) == {"slug": "acme", "status": "active"}
    async with signed_in(service, OWNER, OWNERS_PASSWORD) as owner:
        async with owner.get("/api/v1/dossiers") as answer:
            assert len((await answer.json())["items"]) == 1


async def test_no_token_stands_in_any_log(mailing: tuple[Service, Relay]) -> None:
    service, relay = mailing
    tokens = {token for mail in relay.received for token in re.findall(r"token=([\w-]{20,})", mail.text)}
    assert len(tokens) >= 4
    time.sleep(0.2)
    logs = service.log + service.output
    logs += "".join(file.read_text("utf-8", errors="replace") for file in service.data.rglob("*.log"))
    assert not [token for token in tokens if token in logs]
    assert "/reset" in logs
