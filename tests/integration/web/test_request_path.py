"""The request path on the real database: part web as it is served, called over ASGI."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio

from belsimple.database.transaction import Database
from belsimple.files.folder import FolderStore
from belsimple.files.vault import Vault
from belsimple.keys.store import KeyStore
from belsimple.server.assembly import all_endpoints, console_pages
from belsimple.web.application import Application, build_application
from belsimple.web.flood import Rate
from belsimple.web.log import Access, Failure
from tests.support.databases import PROFILES
from tests.support.people import Account
from tests.support.world import World
from tests.unit.web.harness import Response, ask, cookie_of, settings

DOSSIERS = "/api/v1/dossiers"
_NOWHERE = Path("/nonexistent")  # no document is sent here
pytestmark = pytest.mark.parametrize("profile", [pytest.param(PROFILES[0], id=str(PROFILES[0]))], indirect=True)


class Front:
    """Part web in front of a world's database."""

    def __init__(self, world: World, **changes: Any) -> None:
        self.world = world
        self.records: list[Access | Failure] = []
        self.app = build_application(
            part="web",
            endpoints=[one for one in all_endpoints() if one.part == "web"],
            open_database=self._open,
            settings=settings(**changes),
            log=self.records.append,
            services={
                "behind": (),
                "vault": Vault(KeyStore(_NOWHERE, None), FolderStore(_NOWHERE), limit=1),
                "modules": (),
                "origin": "https://localhost",
            },
            pages=console_pages("web", all_endpoints()),
        )
        inner: Any = self.app
        self.inner: Application = inner._app

    async def _open(self) -> Database:
        return await Database.open(self.world.installed.url("app"), part="web", size=3)

    async def ask(self, method: str, target: str, token: bytes | None, **details: Any) -> Response:
        headers = dict(details.pop("headers", {}))
        if token is not None:
            headers |= cookie_of(token, f"__Host-belsimple-{self.world.app.instance}")
        return await ask(self.app, method, target, headers=headers, **details)

    async def made(self, token: bytes) -> dict[str, Any]:
        answer = await self.ask("POST", DOSSIERS, token, json=dossier())
        assert answer.status == 201, answer.body
        return answer.json


@pytest_asyncio.fixture
async def front(world: World) -> AsyncGenerator[Front]:
    front = Front(world)
    await front.inner.start()
    yield front
    await front.inner.stop()


def dossier(title: str = "A dossier") -> dict[str, str]:
    return {"title": title, "reference": f"R-{uuid4().hex[:12]}"}


async def test_a_dossier_is_made_read_changed_and_removed(front: Front) -> None:
    token = await front.world.session()
    made = await front.ask("POST", DOSSIERS, token, json=dossier("First"))
    assert (made.status, made.headers["location"]) == (201, f"{DOSSIERS}/{made.json['id']}")
    path = made.headers["location"]
    read = await front.ask("GET", path, token)
    assert (read.status, read.headers["etag"]) == (200, made.headers["etag"])
    assert (await front.ask("GET", path, token, headers={"if-none-match": read.headers["etag"]})).status == 304
    changed = await front.ask(
        "PATCH", path, token, json={"title": "Second"}, headers={"if-match": read.headers["etag"]}
    )
    assert (changed.status, changed.json["title"]) == (200, "Second")
    assert changed.headers["etag"] != read.headers["etag"]
    listed = await front.ask("GET", f"{DOSSIERS}?limit=5", token)
    assert [one["title"] for one in listed.json["items"]] == ["Second"]
    removed = await front.ask("DELETE", path, token, headers={"if-match": changed.headers["etag"]})
    assert removed.status == 204
    assert (await front.ask("GET", path, token)).status == 404


async def test_a_stale_version_is_412_and_changes_nothing(front: Front) -> None:
    token = await front.world.session()
    made = await front.made(token)
    path = f"{DOSSIERS}/{made['id']}"
    stale = await front.ask("PATCH", path, token, json={"title": "x"}, headers={"if-match": '"999"'})
    assert (stale.status, stale.problem) == (412, "stale")
    assert (await front.ask("PATCH", path, token, json={"title": "x"})).status == 428
    assert (await front.ask("GET", path, token)).json == made


async def test_another_tenants_id_is_answered_as_one_that_does_not_exist(front: Front) -> None:
    _, stranger = await front.world.another_tenant()
    theirs = await front.made(await front.world.session(stranger))
    token = await front.world.session()
    for method, extra in (
        ("GET", {}),
        ("PATCH", {"json": {"title": "x"}, "headers": {"if-match": '"1"'}}),
        ("DELETE", {"headers": {"if-match": '"1"'}}),
    ):
        answers = [
            await front.ask(method, f"{DOSSIERS}/{id}", token, **extra)  # pyright: ignore[reportArgumentType]
            for id in (theirs["id"], uuid4(), "nonsense")  # noqa: A001
        ]
        assert [one.status for one in answers] == [404, 404, 404]
        assert len({one.body for one in answers}) == 1


async def test_a_deactivated_account_is_401_at_once(front: Front) -> None:
    member = await front.world.account("member")
    token, owner = await front.world.session(member), await front.world.session()
    assert (await front.ask("GET", DOSSIERS, token)).status == 200
    path = f"/api/v1/members/{member.id}"
    assert (await front.ask("PATCH", path, owner, json={"status": "deactivated"})).status == 200
    ended = await front.ask("GET", DOSSIERS, token)
    assert (ended.status, ended.problem) == (401, "no-session")
    assert "Max-Age=0" in ended.headers["set-cookie"]


async def test_a_session_ended_from_another_is_401_at_once(front: Front) -> None:
    token, other = await front.world.session(), await front.world.session()
    sessions = (await front.ask("GET", "/api/v1/sessions", token)).json["items"]
    for one in sessions:
        await front.ask("DELETE", f"/api/v1/sessions/{one['id']}", token)
    assert (await front.ask("GET", DOSSIERS, other)).status == 401


async def test_a_permission_taken_away_is_403_at_once(front: Front) -> None:
    member = await front.world.account("member")
    token, owner = await front.world.session(member), await front.world.session()
    assert (await front.ask("POST", DOSSIERS, token, json=dossier())).status == 201
    path = f"/api/v1/members/{member.id}"
    assert (await front.ask("PATCH", path, owner, json={"roles": ["auditor"]})).status == 200
    assert (await front.ask("POST", DOSSIERS, token, json=dossier())).status in (401, 403)


async def test_a_token_that_was_never_given_is_401(front: Front) -> None:
    assert (await front.ask("GET", DOSSIERS, os.urandom(32))).status == 401


async def refused(front: Front, account: Account) -> tuple[bytes, Response]:
    token = await front.world.session(account)
    return token, await front.ask("POST", DOSSIERS, token, json=dossier())


async def test_a_refusal_is_403_and_comes_into_the_trail_counted(front: Front) -> None:
    auditor = await front.world.account("auditor")
    token, answer = await refused(front, auditor)
    assert (answer.status, answer.problem) == (403, "forbidden")
    for _ in range(4):
        await front.ask("POST", DOSSIERS, token, json=dossier())
    assert front.inner._runtime is not None
    await front.inner._runtime.refusals.flush()
    (entry,) = await front.world.trail(action="refused", account_id=auditor.id)
    assert msgspec.json.decode(entry["detail"]) == {"route": f"POST {DOSSIERS}", "status": 403, "times": 5}


async def test_the_same_key_makes_one_dossier(front: Front) -> None:
    token = await front.world.session()
    wanted, keyed = dossier(), {"idempotency-key": "k-1"}
    first = await front.ask("POST", DOSSIERS, token, json=wanted, headers=keyed)
    again = await front.ask("POST", DOSSIERS, token, json=wanted, headers=keyed)
    assert (again.status, again.body) == (first.status, first.body) == (201, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    for name in ("location", "etag", "content-type"):
        assert again.headers[name] == first.headers[name]
    other = await front.ask("POST", DOSSIERS, token, json=dossier(), headers=keyed)
    assert (other.status, other.problem) == (422, "idempotency-key-reused")
    assert len((await front.ask("GET", DOSSIERS, token)).json["items"]) == 1


async def test_two_at_once_with_one_key_make_one_dossier(front: Front) -> None:
    token = await front.world.session()
    wanted, keyed = dossier(), {"idempotency-key": "k-2"}
    answers = await asyncio.gather(*(front.ask("POST", DOSSIERS, token, json=wanted, headers=keyed) for _ in range(3)))
    assert {one.body for one in answers} == {answers[0].body}
    assert len((await front.ask("GET", DOSSIERS, token)).json["items"]) == 1


async def test_a_key_means_nothing_to_another_account_or_tenant(front: Front) -> None:
    _, stranger = await front.world.another_tenant()
    keyed = {"idempotency-key": "shared"}
    accounts = (front.world.owner, await front.world.account("member"), stranger)
    answers = [
        await front.ask("POST", DOSSIERS, await front.world.session(one), json=dossier(), headers=keyed)
        for one in accounts
    ]
    assert [one.status for one in answers] == [201, 201, 201]
    assert len({one.json["id"] for one in answers}) == 3
    assert all("idempotency-replayed" not in one.headers for one in answers)


async def test_a_failed_request_frees_its_key(front: Front) -> None:
    token = await front.world.session()
    keyed = {"idempotency-key": "k-3"}
    assert (await front.ask("POST", DOSSIERS, token, json={"title": 1}, headers=keyed)).status == 422
    assert (await front.ask("POST", DOSSIERS, token, json=dossier(), headers=keyed)).status == 201


async def test_the_last_use_is_written_apart(front: Front) -> None:
    token = await front.world.session()
    async with front.world.installed.superuser() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            "update identity.session set last_seen = now() - interval '5 min' where token_hash = sha256($1)", token
        )
    assert (await front.ask("GET", DOSSIERS, token)).status == 200
    query = "select now() - last_seen < interval '1 min' from identity.session where token_hash = sha256($1)"
    async with asyncio.timeout(5):
        while not (await front.world.observe(query, token))[0][0]:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("text", ["nul \0 inside", "surrogate"])
async def test_text_that_postgresql_cannot_hold_is_refused(front: Front, text: str) -> None:
    token = await front.world.session()
    body = msgspec.json.encode(dossier(text)).replace(b"surrogate", b"\\ud800")
    answer = await front.ask("POST", DOSSIERS, token, body=body, headers={"content-type": "application/json"})
    assert answer.status in (400, 422)


@pytest.mark.parametrize("cursor", ["nonsense", "e30", "bnVsbA", "W10"])
async def test_an_edited_cursor_is_422(front: Front, cursor: str) -> None:
    answer = await front.ask("GET", f"{DOSSIERS}?cursor={cursor}", await front.world.session())
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/cursor")


async def test_another_tenants_cursor_opens_nothing(front: Front) -> None:
    _, stranger = await front.world.another_tenant()
    theirs = await front.world.session(stranger)
    for _ in range(3):
        await front.made(theirs)
    cursor = (await front.ask("GET", f"{DOSSIERS}?limit=1", theirs)).json["next"]
    own = await front.world.session()
    mine = await front.made(own)
    answer = await front.ask("GET", f"{DOSSIERS}?cursor={cursor}", own)
    assert answer.status == 200
    assert {one["id"] for one in answer.json["items"]} <= {mine["id"]}


async def test_ready_and_a_database_that_went_away(front: Front) -> None:
    token = await front.world.session()
    assert (await front.ask("GET", "/healthz", None)).status == 200
    await front.world.observe(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'belsimple-web' and datname = current_database()"
    )
    statuses = [(await front.ask("GET", DOSSIERS, token)).status for _ in range(8)]
    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200


async def test_a_flood_of_one_tenant_leaves_another_alone(world: World) -> None:
    front = Front(world, tenant_rate=Rate(0.01, 2))
    await front.inner.start()
    token, other = await world.session(), await world.session((await world.another_tenant())[1])
    assert [(await front.ask("GET", DOSSIERS, token)).status for _ in range(3)] == [200, 200, 429]
    assert (await front.ask("GET", DOSSIERS, other)).status == 200
    await front.inner.stop()
