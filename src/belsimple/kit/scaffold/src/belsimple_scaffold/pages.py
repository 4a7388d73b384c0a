"""The pages. A POST raises what its action raises; the platform then shows the form again as it was typed."""

from uuid import UUID

from belsimple.modules import Redirect, Transaction, View, page, view
from belsimple.modules import marked as _
from belsimple_scaffold import actions
from belsimple_scaffold.model import EntryForm, EntryPaging


@page("GET", "/scaffold", permission="scaffold:read", summary="The list of entries")
async def list_page(transaction: Transaction, query: EntryPaging) -> View:
    """The list."""
    return view("list.html", entries=await actions.list_entries(transaction, query))


@page("GET", "/scaffold/new", permission="scaffold:write", summary="A new entry")
async def new_page(transaction: Transaction) -> View:  # noqa: ARG001 - it shows an empty form
    """The empty form."""
    return view("entry.html", entry=None)


@page("POST", "/scaffold/new", permission="scaffold:write", summary="Write an entry", done=_("The entry is written."))
async def create(transaction: Transaction, body: EntryForm) -> Redirect:
    """Back to the list."""
    await actions.create_entry(transaction, body.title)
    return Redirect("/scaffold")


@page("GET", "/scaffold/{id}", permission="scaffold:read", summary="One entry")
async def entry_page(transaction: Transaction, id: UUID) -> View:
    """The entry with its form and its history."""
    entry = await actions.read_entry(transaction, id)
    return view("entry.html", entry=entry, history=await transaction.history("scaffold.entry", id, limit=20))


@page("POST", "/scaffold/{id}", permission="scaffold:write", summary="Change an entry", done=_("The entry is saved."))
async def change(transaction: Transaction, id: UUID, body: EntryForm) -> Redirect:
    """Back to the entry."""
    await actions.change_entry(transaction, id, body.title, body.version)
    return Redirect(f"/scaffold/{id}")
