"""State changes of dossiers. Each is one function inside the caller's transaction; the platform's triggers write the trail."""

from uuid import UUID

from msgspec import UNSET, structs

from belsimple.modules import Conflict, NotFound, Stale, Transaction, load_queries
from belsimple.modules import marked as _
from belsimple_dossiers.documents import delete_documents_of
from belsimple_dossiers.fields import cleaned
from belsimple_dossiers.model import Dossier, DossierChange, NewDossier

_q = load_queries("belsimple_dossiers")


async def create_dossier(transaction: Transaction, new: NewDossier) -> Dossier:
    """Make a dossier. Raises Unprocessable, and Conflict when its reference is taken."""
    new = cleaned(new)
    await _refuse_taken(transaction, new.reference, None)
    made = await transaction.row(
        _q.insert_dossier, Dossier, account=transaction.principal.account_id, **structs.asdict(new)
    )
    return _present(made)


async def change_dossier(transaction: Transaction, dossier_id: UUID, change: DossierChange, expected: int) -> Dossier:
    """Change what `change` holds. Raises NotFound, Stale, Unprocessable, and Conflict when its reference is taken."""
    wanted = {name: value for name, value in structs.asdict(cleaned(change)).items() if value is not UNSET}
    return await _store(transaction, await _locked(transaction, dossier_id, expected), **wanted)


async def close_dossier(transaction: Transaction, dossier_id: UUID, expected: int | None) -> Dossier:
    """Close an open dossier. Raises NotFound, Stale, and Conflict when it is closed already."""
    dossier = await _locked(transaction, dossier_id, expected)
    if dossier.status == "closed":
        raise Conflict(_("This dossier is closed already."))
    return await _store(transaction, dossier, status="closed")


async def reopen_dossier(transaction: Transaction, dossier_id: UUID, expected: int | None) -> Dossier:
    """Reopen a closed dossier. Raises NotFound, Stale, and Conflict when it is open."""
    dossier = await _locked(transaction, dossier_id, expected)
    if dossier.status == "open":
        raise Conflict(_("This dossier is open."))
    return await _store(transaction, dossier, status="open")


async def delete_dossier(transaction: Transaction, dossier_id: UUID, expected: int) -> None:
    """Delete a dossier with its documents. Raises NotFound and Stale."""
    await _locked(transaction, dossier_id, expected)
    await delete_documents_of(transaction, dossier_id)
    await transaction.execute(_q.delete_dossier, id=dossier_id)


async def _locked(transaction: Transaction, dossier_id: UUID, expected: int | None) -> Dossier:
    dossier = _present(await transaction.row(_q.lock_dossier, Dossier, id=dossier_id))
    if expected is not None and dossier.version != expected:
        raise Stale
    return dossier


async def _store(transaction: Transaction, dossier: Dossier, **changes: object) -> Dossier:
    changed = structs.replace(dossier, **changes)
    if changed == dossier:
        return dossier  # nothing to write, and nothing for the trail
    if changed.reference != dossier.reference:
        await _refuse_taken(transaction, changed.reference, dossier.id)
    fields = {name: getattr(changed, name) for name in ("id", "title", "reference", "status", "notes")}
    return _present(
        await transaction.row(_q.update_dossier, Dossier, account=transaction.principal.account_id, **fields)
    )


async def _refuse_taken(transaction: Transaction, reference: str | None, dossier_id: UUID | None) -> None:
    # Two that race for one reference are told apart by the unique index: the second gets the platform's own conflict.
    if reference is not None and await transaction.value(_q.reference_taken, reference=reference, id=dossier_id):
        raise Conflict(_("Another dossier has this reference."))


def _present(dossier: Dossier | None) -> Dossier:
    if dossier is None:
        raise NotFound
    return dossier
