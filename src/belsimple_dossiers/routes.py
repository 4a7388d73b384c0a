"""The API of dossiers."""

from typing import Final
from uuid import UUID

from belsimple.modules import Created, Page, Transaction, endpoint
from belsimple_dossiers import actions, reading
from belsimple_dossiers.model import Dossier, DossierChange, DossierItem, DossierQuery, NewDossier


@endpoint("GET", "/api/v1/dossiers", permission="dossiers:read", summary="List and search dossiers, newest first")
async def list_dossiers(transaction: Transaction, query: DossierQuery) -> Page[DossierItem]:
    """A page of dossiers; `q` searches titles and references."""
    return await reading.page_of_dossiers(transaction, query)


@endpoint("POST", "/api/v1/dossiers", permission="dossiers:write", summary="Create a dossier")
async def create_dossier(transaction: Transaction, body: NewDossier) -> Created[Dossier]:
    """The new dossier and its address."""
    dossier = await actions.create_dossier(transaction, body)
    return Created(dossier, f"/api/v1/dossiers/{dossier.id}")


@endpoint("GET", "/api/v1/dossiers/{id}", permission="dossiers:read", summary="Read a dossier")
async def read_dossier(transaction: Transaction, id: UUID) -> Dossier:
    """The dossier with its notes."""
    return await reading.read_dossier(transaction, id)


@endpoint(
    "PATCH", "/api/v1/dossiers/{id}", permission="dossiers:write", summary="Change a dossier", precondition="required"
)
async def change_dossier(transaction: Transaction, id: UUID, body: DossierChange, expected: int) -> Dossier:
    """The dossier as changed."""
    return await actions.change_dossier(transaction, id, body, expected)


@endpoint(
    "DELETE", "/api/v1/dossiers/{id}", permission="dossiers:write", summary="Delete a dossier", precondition="required"
)
async def delete_dossier(transaction: Transaction, id: UUID, expected: int) -> None:
    """Nothing."""
    await actions.delete_dossier(transaction, id, expected)


@endpoint(
    "POST",
    "/api/v1/dossiers/{id}/closure",
    permission="dossiers:write",
    summary="Close a dossier",
    precondition="optional",
)
async def close_dossier(transaction: Transaction, id: UUID, expected: int | None) -> Dossier:
    """The dossier, closed."""
    return await actions.close_dossier(transaction, id, expected)


@endpoint(
    "DELETE",
    "/api/v1/dossiers/{id}/closure",
    permission="dossiers:write",
    summary="Reopen a dossier",
    precondition="optional",
)
async def reopen_dossier(transaction: Transaction, id: UUID, expected: int | None) -> Dossier:
    """The dossier, open again."""
    return await actions.reopen_dossier(transaction, id, expected)


ENDPOINTS: Final = (
    list_dossiers,
    create_dossier,
    read_dossier,
    change_dossier,
    delete_dossier,
    close_dossier,
    reopen_dossier,
)
