"""The pages of dossiers: the list, a dossier, and its history."""

from datetime import datetime
from typing import Final
from uuid import UUID

from belsimple.modules import Input, Page, Paging, Transaction, View, cut_page, page, read_cursor, view
from belsimple_dossiers import documents, reading
from belsimple_dossiers.documents import Document, DocumentPaging
from belsimple_dossiers.history import Told, told
from belsimple_dossiers.model import Dossier, DossierQuery

_HISTORY: Final = "dossiers.dossier"
_FIRST_ENTRIES: Final = 20
"""Of the history, on the dossier's own page."""
_MOST_ENTRIES: Final = 199
"""The platform gives 200 at once, and one more than is shown tells whether more follow."""


class PlaceInHistory(Input, frozen=True):
    """Where a page of a history ends."""

    at: datetime
    id: UUID


@page("GET", "/dossiers", permission="dossiers:read", summary="See and search dossiers")
async def dossiers_page(transaction: Transaction, query: DossierQuery) -> View:
    found = await reading.page_of_dossiers(transaction, query)
    return view("dossiers.html", found=found, wanted=query)


@page("GET", "/dossiers/{id}", permission="dossiers:read", summary="See a dossier")
async def dossier_page(transaction: Transaction, id: UUID, query: DocumentPaging) -> View:
    dossier = await reading.read_dossier(transaction, id)
    found = await documents.page_of_documents(transaction, id, query)
    return view(
        "dossier.html",
        dossier=dossier,
        documents=found,
        wanted=query,
        names=await transaction.names(_accounts(dossier, found)),
        history=await _history(transaction, id, _FIRST_ENTRIES, None),
    )


def _accounts(dossier: Dossier, found: Page[Document]) -> set[UUID | None]:
    return {dossier.created_by, dossier.updated_by, *(one.updated_by for one in found.items)}


@page("GET", "/dossiers/{id}/history", permission="dossiers:read", summary="See what happened to a dossier")
async def history_page(transaction: Transaction, id: UUID, query: Paging) -> View:
    dossier = await reading.read_dossier(transaction, id)
    history = await _history(transaction, id, query.limit, query.cursor)
    return view("history.html", dossier=dossier, history=history, wanted=query)


async def _history(transaction: Transaction, dossier_id: UUID, limit: int, cursor: str | None) -> Page[Told]:
    place = read_cursor(cursor, PlaceInHistory)
    before = (place.at, place.id) if place else None
    shown = min(limit, _MOST_ENTRIES)
    entries = await transaction.history(_HISTORY, dossier_id, limit=shown + 1, before=before)
    cut = cut_page(entries, shown, lambda entry: PlaceInHistory(at=entry.at, id=entry.id))
    return Page([told(entry) for entry in cut.items], cut.next)


ENDPOINTS: Final = (dossiers_page, dossier_page, history_page)
