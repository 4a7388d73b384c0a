"""The API of dossiers."""

from typing import Final
from uuid import UUID

from belsimple.modules import Created, NotFound, Page, Transaction, cut_page, endpoint, load_queries, read_cursor
from belsimple_dossiers import actions
from belsimple_dossiers.model import Dossier, DossierChange, DossierItem, DossierQuery, NewDossier, Place
from belsimple_dossiers.search import search, words_of

_q = load_queries("belsimple_dossiers")
_AFTER_ALL: Final = UUID(int=2**128 - 1)


@endpoint("GET", "/api/v1/dossiers", permission="dossiers:read", summary="List and search dossiers, newest first")
async def list_dossiers(transaction: Transaction, query: DossierQuery) -> Page[DossierItem]:
    """A page of dossiers; `q` searches titles and references."""
    place = read_cursor(query.cursor, Place)
    rows = await _rows(transaction, query, place.id if place else _AFTER_ALL)
    return cut_page(rows, query.limit, lambda row: Place(id=row.id))


async def _rows(transaction: Transaction, query: DossierQuery, before: UUID) -> list[DossierItem]:
    limit = query.limit + 1
    if query.q.strip():
        return await search(transaction, await words_of(transaction, query.q), query.status, before, limit)
    if query.status is None:
        return await transaction.rows(_q.list_dossiers, DossierItem, before=before, limit=limit)
    return await transaction.rows(
        _q.list_dossiers_of_status, DossierItem, status=query.status, before=before, limit=limit
    )


@endpoint("POST", "/api/v1/dossiers", permission="dossiers:write", summary="Create a dossier")
async def create_dossier(transaction: Transaction, body: NewDossier) -> Created[Dossier]:
    """The new dossier and its address."""
    dossier = await actions.create_dossier(transaction, body)
    return Created(dossier, f"/api/v1/dossiers/{dossier.id}")


@endpoint("GET", "/api/v1/dossiers/{id}", permission="dossiers:read", summary="Read a dossier")
async def read_dossier(transaction: Transaction, id: UUID) -> Dossier:
    """The dossier with its notes."""
    dossier = await transaction.row(_q.read_dossier, Dossier, id=id)
    if dossier is None:
        raise NotFound
    return dossier


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
