"""The API."""

from belsimple.modules import Created, Page, Transaction, endpoint
from belsimple_scaffold import actions
from belsimple_scaffold.model import Entry, EntryPaging, NewEntry


@endpoint("GET", "/api/v1/scaffold", permission="scaffold:read", summary="List entries, newest first")
async def list_entries(transaction: Transaction, query: EntryPaging) -> Page[Entry]:
    """A page of entries."""
    return await actions.list_entries(transaction, query)


@endpoint("POST", "/api/v1/scaffold", permission="scaffold:write", summary="Write an entry")
async def create_entry(transaction: Transaction, body: NewEntry) -> Created[Entry]:
    """The entry as written."""
    entry = await actions.create_entry(transaction, body.title)
    return Created(entry, f"/scaffold/{entry.id}")
