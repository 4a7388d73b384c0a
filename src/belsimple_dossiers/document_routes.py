"""The API of documents. An upload is the raw body, a download streams; the platform encrypts, counts and records both."""

from typing import Final
from uuid import UUID

from belsimple.modules import Created, Download, Page, Transaction, Upload, endpoint
from belsimple_dossiers import documents
from belsimple_dossiers.documents import (
    Document,
    DocumentPaging,
    DocumentVersion,
    NewDocument,
    NewVersion,
    WhichVersion,
)


async def _admit_document(transaction: Transaction, id: UUID, query: NewDocument) -> None:
    documents.checked_name(query.filename)
    await documents.require_dossier(transaction, id)


async def _admit_version(transaction: Transaction, id: UUID, query: NewVersion) -> None:
    if query.filename is not None:
        documents.checked_name(query.filename)
    await documents.read_document(transaction, id)


@endpoint(
    "GET",
    "/api/v1/dossiers/{id}/documents",
    permission="dossiers:read",
    summary="List a dossier's documents, newest first",
)
async def list_documents(transaction: Transaction, id: UUID, query: DocumentPaging) -> Page[Document]:
    """A page of documents."""
    return await documents.page_of_documents(transaction, id, query)


@endpoint(
    "POST",
    "/api/v1/dossiers/{id}/documents",
    permission="dossiers:write",
    summary="Add a document to a dossier",
    admit=_admit_document,
)
async def add_document(transaction: Transaction, id: UUID, query: NewDocument, upload: Upload) -> Created[Document]:
    """The new document and its address."""
    document = await documents.add_document(transaction, id, query.filename, upload)
    return Created(document, f"/api/v1/documents/{document.id}")


@endpoint("GET", "/api/v1/documents/{id}", permission="dossiers:read", summary="Read what is known of a document")
async def read_document(transaction: Transaction, id: UUID) -> Document:
    """The document, without its content."""
    return await documents.read_document(transaction, id)


@endpoint(
    "DELETE",
    "/api/v1/documents/{id}",
    permission="dossiers:write",
    summary="Delete a document with all its versions",
    precondition="optional",
)
async def delete_document(transaction: Transaction, id: UUID, expected: int | None) -> None:
    """Nothing."""
    await documents.delete_document(transaction, id, expected)


@endpoint("GET", "/api/v1/documents/{id}/content", permission="dossiers:read", summary="Download a document")
async def download_document(transaction: Transaction, id: UUID, query: WhichVersion) -> Download:
    """The content of a version."""
    found = await documents.stored_content(transaction, id, query.version)
    return Download(found.file_id, found.filename, found.content_type)


@endpoint(
    "GET",
    "/api/v1/documents/{id}/versions",
    permission="dossiers:read",
    summary="List a document's versions, newest first",
)
async def list_versions(transaction: Transaction, id: UUID, query: DocumentPaging) -> Page[DocumentVersion]:
    """A page of versions."""
    return await documents.page_of_versions(transaction, id, query)


@endpoint(
    "POST",
    "/api/v1/documents/{id}/versions",
    permission="dossiers:write",
    summary="Add a version to a document",
    precondition="optional",
    admit=_admit_version,
)
async def add_version(
    transaction: Transaction, id: UUID, query: NewVersion, upload: Upload, expected: int | None
) -> Created[Document]:
    """The document with its new version, and the version's address."""
    document = await documents.follow_document(transaction, id, query.filename, upload, expected)
    return Created(document, f"/api/v1/documents/{id}/content?version={document.version}")


ENDPOINTS: Final = (
    list_documents,
    add_document,
    read_document,
    delete_document,
    download_document,
    list_versions,
    add_version,
)
