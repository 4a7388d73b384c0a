"""The tenant's trail over the API."""

from uuid import UUID

from belsimple.audit.export import ExportQuery, export_trail
from belsimple.audit.trail import Entry, Moment, Place, Word, read_entries
from belsimple.database.transaction import Transaction
from belsimple.web.answers import Export, Page
from belsimple.web.cursor import cut_page, read_cursor
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Paging


class TrailQuery(Paging, frozen=True):
    """Filters: from `since` (included) until `until` (excluded), by actor, action and object."""

    since: Moment | None = None
    until: Moment | None = None
    actor: UUID | None = None
    action: Word | None = None
    object_type: Word | None = None
    object_id: UUID | None = None


@endpoint("GET", "/api/v1/audit", permission="audit:read", summary="The tenant's trail, newest first")
async def list_entries(transaction: Transaction, query: TrailQuery) -> Page[Entry]:
    found = await read_entries(transaction, query, read_cursor(query.cursor, Place), query.limit + 1)
    return cut_page(found, query.limit, lambda last: Place(at=last.at, id=last.id))


@endpoint("GET", "/api/v1/audit/export", permission="audit:read", summary="The tenant's trail as a file")
async def export_entries(transaction: Transaction, query: ExportQuery) -> Export:  # noqa: ARG001 - every piece has its own
    return export_trail(query)


ENDPOINTS = (list_entries, export_entries)
