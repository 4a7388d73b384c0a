"""The pages on which a dossier is made, changed, closed, reopened and deleted."""

from typing import Final
from uuid import UUID

from belsimple.modules import Form, Redirect, Transaction, View, page, view
from belsimple.modules import marked as _
from belsimple_dossiers import actions, documents, reading
from belsimple_dossiers.model import DossierChange, NewDossier, Notes, Reference, Title


class NewForm(Form, frozen=True, kw_only=True):
    """A dossier as it is typed in. Unlike the API's change, what is left empty is empty afterwards."""

    title: Title
    reference: Reference | None = None
    notes: Notes = ""


class ChangeForm(NewForm, frozen=True, kw_only=True):
    """The same, of the version that was read."""

    version: int


class StateForm(Form, frozen=True):
    """For closing and reopening; an undo comes without a version."""

    version: int | None = None


class DeletionForm(Form, frozen=True):
    """What is to be deleted is what was shown."""

    version: int


@page("GET", "/dossiers/new", permission="dossiers:write", summary="Begin a dossier")
async def new_page() -> View:
    return view("dossier_form.html", dossier=None)


@page("POST", "/dossiers/new", permission="dossiers:write", summary="Make a dossier", done=_("The dossier is made."))
async def make(transaction: Transaction, body: NewForm) -> Redirect:
    new = NewDossier(title=body.title, reference=body.reference, notes=body.notes)
    dossier = await actions.create_dossier(transaction, new)
    return Redirect(f"/dossiers/{dossier.id}")


@page("GET", "/dossiers/{id}/edit", permission="dossiers:write", summary="Edit a dossier")
async def edit_page(transaction: Transaction, id: UUID) -> View:
    return view("dossier_form.html", dossier=await reading.read_dossier(transaction, id))


@page(
    "POST",
    "/dossiers/{id}/edit",
    permission="dossiers:write",
    summary="Change a dossier on a page",
    done=_("The dossier is saved."),
)
async def change(transaction: Transaction, id: UUID, body: ChangeForm) -> Redirect:
    change = DossierChange(title=body.title, reference=body.reference, notes=body.notes)
    await actions.change_dossier(transaction, id, change, body.version)
    return Redirect(f"/dossiers/{id}")


@page(
    "POST",
    "/dossiers/{id}/closure",
    permission="dossiers:write",
    summary="Close a dossier on its page",
    form="/dossiers/{id}",
    done=_("The dossier is closed."),
    undo="/dossiers/{id}/reopening",
)
async def close(transaction: Transaction, id: UUID, body: StateForm) -> Redirect:
    await actions.close_dossier(transaction, id, body.version)
    return Redirect(f"/dossiers/{id}")


@page(
    "POST",
    "/dossiers/{id}/reopening",
    permission="dossiers:write",
    summary="Reopen a dossier on its page",
    form="/dossiers/{id}",
    done=_("The dossier is open again."),
    undo="/dossiers/{id}/closure",
)
async def reopen(transaction: Transaction, id: UUID, body: StateForm) -> Redirect:
    await actions.reopen_dossier(transaction, id, body.version)
    return Redirect(f"/dossiers/{id}")


@page("GET", "/dossiers/{id}/deletion", permission="dossiers:write", summary="What deleting a dossier would lose")
async def deletion_page(transaction: Transaction, id: UUID) -> View:
    dossier = await reading.read_dossier(transaction, id)
    return view("dossier_deletion.html", dossier=dossier, count=await documents.count_documents(transaction, id))


@page(
    "POST",
    "/dossiers/{id}/deletion",
    permission="dossiers:write",
    summary="Delete a dossier on a page",
    done=_("The dossier is deleted."),
)
async def delete(transaction: Transaction, id: UUID, body: DeletionForm) -> Redirect:
    await actions.delete_dossier(transaction, id, body.version)
    return Redirect("/dossiers")


ENDPOINTS: Final = (new_page, make, edit_page, change, close, reopen, deletion_page, delete)
