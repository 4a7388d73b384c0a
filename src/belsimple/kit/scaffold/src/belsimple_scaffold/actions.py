"""What can be done with entries: each function is part of its caller's transaction, and the platform writes the trail."""

from typing import Final
from uuid import UUID

from belsimple.modules import NotFound, Page, Stale, Transaction, cut_page, load_queries, read_cursor
from belsimple_scaffold.jobs import TELLS
from belsimple_scaffold.model import Entry, EntryPaging, Place

_q = load_queries("belsimple_scaffold")
_AFTER_ALL: Final = UUID(int=2**128 - 1)


async def list_entries(transaction: Transaction, query: EntryPaging) -> Page[Entry]:
    """A page of entries, newest first."""
    place = read_cursor(query.cursor, Place)
    before = place.id if place else _AFTER_ALL
    rows = await transaction.rows(_q.list_entries, Entry, before=before, limit=query.limit + 1)
    return cut_page(rows, query.limit, lambda row: Place(id=row.id))


async def read_entry(transaction: Transaction, entry_id: UUID) -> Entry:
    """The entry. Raises NotFound."""
    entry = await transaction.row(_q.read_entry, Entry, id=entry_id)
    if entry is None:
        raise NotFound
    return entry


async def create_entry(transaction: Transaction, title: str) -> Entry:
    """Write an entry; whoever wrote it gets a mail, where the tenant wants that."""
    entry = await transaction.row(_q.insert_entry, Entry, title=title)
    assert entry is not None
    if await transaction.setting(TELLS):
        await transaction.enqueue("scaffold.tell", {"entry": entry.id})
    return entry


async def change_entry(transaction: Transaction, entry_id: UUID, title: str, expected: int) -> Entry:
    """Change an entry. Raises NotFound, and Stale when somebody else was faster."""
    changed = await transaction.row(_q.update_entry, Entry, id=entry_id, title=title, expected=expected)
    if changed is None:
        await read_entry(transaction, entry_id)
        raise Stale
    return changed
