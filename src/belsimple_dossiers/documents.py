"""Documents of a dossier: what the API takes and gives of them, and their state changes."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from belsimple.modules import (
    FileNameRefused,
    Input,
    NotFound,
    Page,
    Paging,
    Stale,
    Transaction,
    Unprocessable,
    Upload,
    Versioned,
    cut_page,
    file_name,
    load_queries,
    read_cursor,
)
from belsimple_dossiers.model import Place

_q = load_queries("belsimple_dossiers", "documents.sql")
_AFTER_ALL: Final = UUID(int=2**128 - 1)
_AFTER_ALL_VERSIONS: Final = 2**31 - 1

VersionNumber = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class NewDocument(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an upload is called; the body is the file."""

    filename: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 255})]


class NewVersion(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a new version is called; as the one before when that is left out."""

    filename: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 255})] | None = None


class WhichVersion(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which version; the newest when that is left out."""

    version: VersionNumber | None = None


class PlaceAmongVersions(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a page of versions ends."""

    number: int


class DocumentPaging(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page."""


class Document(Versioned, frozen=True):
    """A document; ``version`` is the number of its newest content, which name, type and size (in bytes) are of."""

    id: UUID
    dossier_id: UUID
    filename: str
    content_type: str
    size: int
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None


class DocumentVersion(Struct, frozen=True):
    """One version of a document."""

    number: int
    filename: str
    content_type: str
    size: int
    created_at: datetime
    created_by: UUID | None


class StoredContent(Struct, frozen=True):
    """Which file holds a version's content."""

    file_id: UUID
    filename: str
    content_type: str


def checked_name(filename: str) -> str:
    """The name as it is kept. Raises Unprocessable."""
    try:
        return file_name(filename)
    except FileNameRefused as refused:
        raise Unprocessable([("/filename", refused.said)]) from None


async def read_document(transaction: Transaction, document_id: UUID) -> Document:
    """The document. Raises NotFound."""
    document = await transaction.row(_q.read_document, Document, id=document_id)
    if document is None:
        raise NotFound
    return document


async def page_of_documents(transaction: Transaction, dossier_id: UUID, paging: DocumentPaging) -> Page[Document]:
    """A dossier's documents, newest first. Raises NotFound and Unprocessable."""
    await require_dossier(transaction, dossier_id)
    place = read_cursor(paging.cursor, Place)
    before = place.id if place else _AFTER_ALL
    rows = await transaction.rows(
        _q.list_documents, Document, dossier=dossier_id, before=before, limit=paging.limit + 1
    )
    return cut_page(rows, paging.limit, lambda row: Place(id=row.id))


async def count_documents(transaction: Transaction, dossier_id: UUID) -> int:
    """How many documents a dossier has."""
    count: int = await transaction.value(_q.count_documents, dossier=dossier_id)
    return count


async def page_of_versions(
    transaction: Transaction, document_id: UUID, paging: DocumentPaging
) -> Page[DocumentVersion]:
    """A document's versions, newest first. Raises NotFound and Unprocessable."""
    await read_document(transaction, document_id)
    place = read_cursor(paging.cursor, PlaceAmongVersions)
    before = place.number if place else _AFTER_ALL_VERSIONS
    rows = await transaction.rows(
        _q.list_versions, DocumentVersion, document=document_id, before=before, limit=paging.limit + 1
    )
    return cut_page(rows, paging.limit, lambda row: PlaceAmongVersions(number=row.number))


async def stored_content(transaction: Transaction, document_id: UUID, number: int | None) -> StoredContent:
    """Which file a version is, the newest without a number. Raises NotFound."""
    found = await transaction.row(_q.read_content, StoredContent, id=document_id, number=number)
    if found is None:
        raise NotFound
    return found


async def require_dossier(transaction: Transaction, dossier_id: UUID) -> None:
    """Raises NotFound when there is no such dossier."""
    if not await transaction.value(_q.dossier_exists, id=dossier_id):
        raise NotFound


async def add_document(transaction: Transaction, dossier_id: UUID, filename: str, upload: Upload) -> Document:
    """Make a document of what was uploaded. Raises NotFound and Unprocessable."""
    name = checked_name(filename)
    if not await transaction.value(_q.hold_dossier, id=dossier_id):
        raise NotFound
    document: UUID = await transaction.value(
        _q.insert_document, dossier=dossier_id, account=transaction.principal.account_id
    )
    await _add_version(transaction, document, 1, name, upload)
    return await _recorded(transaction, "document_added", await read_document(transaction, document))


async def follow_document(
    transaction: Transaction, document_id: UUID, filename: str | None, upload: Upload, expected: int | None
) -> Document:
    """Make what was uploaded the newest version. Raises NotFound, Stale and Unprocessable."""
    number = await _locked(transaction, document_id, expected) + 1
    name = checked_name(filename or (await read_document(transaction, document_id)).filename)
    await _add_version(transaction, document_id, number, name, upload)
    await transaction.execute(_q.set_version, id=document_id, number=number)
    return await _recorded(transaction, "document_replaced", await read_document(transaction, document_id))


async def delete_document(transaction: Transaction, document_id: UUID, expected: int | None) -> None:
    """Delete a document with all its versions. Raises NotFound and Stale."""
    await _locked(transaction, document_id, expected)
    await _recorded(transaction, "document_deleted", await read_document(transaction, document_id))
    await transaction.execute(_q.delete_versions, id=document_id)
    await transaction.execute(_q.delete_document, id=document_id)


async def delete_documents_of(transaction: Transaction, dossier_id: UUID) -> None:
    """Delete everything that a dossier holds."""
    await transaction.execute(_q.delete_versions_of_dossier, dossier=dossier_id)
    await transaction.execute(_q.delete_documents_of_dossier, dossier=dossier_id)


async def _recorded(transaction: Transaction, event: str, document: Document) -> Document:
    # On the dossier: its history tells of its documents, whose own rows say ids where people want names.
    detail = {"document": document.id, "filename": document.filename, "version": document.version}
    await transaction.record(event, "dossiers.dossier", document.dossier_id, detail)
    return document


async def _locked(transaction: Transaction, document_id: UUID, expected: int | None) -> int:
    version: int | None = await transaction.value(_q.lock_document, id=document_id)
    if version is None:
        raise NotFound
    if expected is not None and version != expected:
        raise Stale
    return version


async def _add_version(transaction: Transaction, document_id: UUID, number: int, name: str, upload: Upload) -> None:
    await transaction.execute(
        _q.insert_version,
        document=document_id,
        number=number,
        file=upload.id,
        filename=name,
        content_type=upload.media_type,
        size=upload.size,
        account=transaction.principal.account_id,
    )
