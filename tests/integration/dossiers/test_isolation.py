"""Nothing of another tenant's dossiers shows, whichever way it is asked for."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest_asyncio

from tests.support.api import Api
from tests.support.world import World

from .conftest import Make, Send

DOSSIERS = "/api/v1/dossiers"
REQUESTS = [
    ("GET", "", None),
    ("PATCH", "", {"title": "mine"}),
    ("DELETE", "", None),
    ("POST", "/closure", None),
    ("DELETE", "/closure", None),
]


@pytest_asyncio.fixture
async def stranger(world: World) -> AsyncIterator[bytes]:
    """The session of another tenant's owner."""
    _, owner = await world.another_tenant()
    yield await world.session(owner)


async def test_another_tenants_dossier_is_answered_byte_for_byte_like_none(
    api: Api, make: Make, stranger: bytes
) -> None:
    theirs = (await make("Janssens"))["id"]
    for method, suffix, body in REQUESTS:
        answers = [
            await api(stranger, method, f"{DOSSIERS}/{which}{suffix}", body, headers={"if-match": '"1"'})
            for which in (theirs, uuid4(), "no-id-at-all")
        ]
        for answer in answers:
            answer.headers.pop("x-request-id", None)
        assert answers[0].status == 404
        assert answers[0] == answers[1] == answers[2], method


async def test_lists_and_searches_hold_only_ones_own(api: Api, make: Make, stranger: bytes) -> None:
    await make("Janssens", reference="2026/1")
    for query in ("", "?q=janssens", "?q=2026", "?status=open", "?q=j&status=open"):
        page = await api(stranger, "GET", f"{DOSSIERS}{query}")
        assert (page.status, page.json) == (200, {"items": [], "next": None})


async def test_two_tenants_may_use_one_reference(api: Api, make: Make, stranger: bytes) -> None:
    await make(reference="2026/1")
    assert (await api(stranger, "POST", DOSSIERS, {"title": "x", "reference": "2026/1"})).status == 201


async def test_a_cursor_of_another_tenant_opens_nothing(api: Api, send: Send, make: Make, stranger: bytes) -> None:
    for _ in range(3):
        await make("Janssens")
    cursor = (await send("GET", f"{DOSSIERS}?limit=1")).json["next"]
    assert (await api(stranger, "GET", f"{DOSSIERS}?cursor={cursor}")).json["items"] == []


async def test_what_the_server_decides_is_not_taken_from_a_body(send: Send, make: Make) -> None:
    made = await make()
    value = str(uuid4())
    for field in ("tenant_id", "id", "created_by", "version", "closed_at", "words"):
        for answer in (
            await send("POST", DOSSIERS, {"title": "x", field: value}),
            await send("PATCH", f"{DOSSIERS}/{made['id']}", {field: value}, headers={"if-match": '"1"'}),
        ):
            assert (answer.status, answer.pointers) == (422, [f"/{field}"])
    assert (await send("GET", f"{DOSSIERS}?tenant_id={value}")).status == 422
