"""What the API and the pages read of dossiers."""

from typing import Final
from uuid import UUID

from belsimple.modules import NotFound, Page, Transaction, cut_page, load_queries, read_cursor
from belsimple_dossiers.model import Dossier, DossierItem, DossierQuery, Place
from belsimple_dossiers.search import search, words_of

_q = load_queries("belsimple_dossiers")
_AFTER_ALL: Final = UUID(int=2**128 - 1)


async def page_of_dossiers(transaction: Transaction, query: DossierQuery) -> Page[DossierItem]:
    """The dossiers that the query asks for, newest first. Raises Unprocessable."""
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


async def read_dossier(transaction: Transaction, dossier_id: UUID) -> Dossier:
    """The dossier with its notes. Raises NotFound."""
    dossier = await transaction.row(_q.read_dossier, Dossier, id=dossier_id)
    if dossier is None:
        raise NotFound
    return dossier
