"""Readers read, writers write; the endpoint refuses, and so does the database if the endpoint did not."""

from uuid import UUID

import asyncpg
import pytest

from belsimple_dossiers import actions
from belsimple_dossiers.model import DossierChange, NewDossier
from tests.support.api import Api
from tests.support.world import World

from .conftest import Make

DOSSIERS = "/api/v1/dossiers"
WRITES = [("POST", "", {"title": "x"}), ("PATCH", "/{id}", {"title": "x"}), ("DELETE", "/{id}", None)] + [
    (method, "/{id}/closure", None) for method in ("POST", "DELETE")
]


@pytest.mark.parametrize("role", ["admin", "member"])
async def test_admins_and_members_write(api: Api, world: World, role: str) -> None:
    session = await world.session(await world.account(role))
    assert (await api(session, "POST", DOSSIERS, {"title": "x"})).status == 201


@pytest.mark.parametrize(("method", "suffix", "body"), WRITES)
async def test_an_auditor_reads_and_writes_nothing(
    api: Api, make: Make, world: World, method: str, suffix: str, body: dict[str, str] | None
) -> None:
    made = await make()
    session = await world.session(await world.account("auditor"))
    assert (await api(session, "GET", f"{DOSSIERS}/{made['id']}")).json == made
    refused = await api(session, method, DOSSIERS + suffix.format(id=made["id"]), body, headers={"if-match": '"1"'})
    assert (refused.status, refused.problem) == (403, "forbidden")
    assert (await api(session, "GET", f"{DOSSIERS}/{made['id']}")).json == made


async def test_without_a_session_nothing_is_answered(api: Api, make: Make) -> None:
    made = await make()
    for address in (DOSSIERS, f"{DOSSIERS}/{made['id']}", f"{DOSSIERS}?q=janssens"):
        assert (await api(None, "GET", address)).status == 401


async def test_the_database_refuses_an_auditors_change_by_itself(make: Make, world: World) -> None:
    dossier = UUID((await make())["id"])
    auditor = await world.account("auditor")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with world.acting(auditor) as transaction:
            await actions.create_dossier(transaction, NewDossier(title="x"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with world.acting(auditor) as transaction:
            await actions.change_dossier(transaction, dossier, DossierChange(title="x"), 1)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with world.acting(auditor) as transaction:
            await actions.delete_dossier(transaction, dossier, 1)


async def test_a_reading_request_cannot_write(world: World) -> None:
    with pytest.raises(asyncpg.PostgresError):
        async with world.acting(writing=False) as transaction:
            await actions.create_dossier(transaction, NewDossier(title="x"))
