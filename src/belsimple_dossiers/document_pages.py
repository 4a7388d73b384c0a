"""The page of a document, and the forms that add, follow and delete documents."""

from typing import Final
from uuid import UUID

from belsimple.modules import (
    Form,
    FormUpload,
    Preview,
    PreviewInfo,
    Redirect,
    Transaction,
    Unprocessable,
    View,
    endpoint,
    page,
    view,
)
from belsimple.modules import marked as _
from belsimple_dossiers import documents, reading
from belsimple_dossiers.documents import DocumentPaging, VersionNumber, WhichVersion


class WhatToShow(DocumentPaging, frozen=True, kw_only=True):
    """Which version of a document, and which page of it, beside which versions."""

    shown: VersionNumber | None = None
    page: int = 1


class WhichPage(WhichVersion, frozen=True, kw_only=True):
    """Which version, and which page of a PDF."""

    page: int | None = None


class VersionForm(Form, frozen=True):
    """Of the version that was shown: what somebody else has added since is not followed unseen."""

    version: int


async def _admit_documents(transaction: Transaction, id: UUID) -> None:
    await documents.require_dossier(transaction, id)


async def _admit_version(transaction: Transaction, id: UUID) -> None:
    await documents.read_document(transaction, id)


@page(
    "POST",
    "/dossiers/{id}/documents",
    permission="dossiers:write",
    summary="Add documents to a dossier on its page",
    admit=_admit_documents,
    form="/dossiers/{id}",
    done=_("Everything is uploaded."),
)
async def add(transaction: Transaction, id: UUID, uploads: list[FormUpload]) -> Redirect:
    for upload in uploads:
        await documents.add_document(transaction, id, upload.filename, upload)
    return Redirect(f"/dossiers/{id}")


async def _file_of(transaction: Transaction, id: UUID, query: WhatToShow) -> UUID:
    return (await documents.stored_content(transaction, id, query.shown)).file_id


@page("GET", "/documents/{id}", permission="dossiers:read", summary="See a document", look=_file_of)
async def document_page(transaction: Transaction, id: UUID, query: WhatToShow, preview: PreviewInfo) -> View:
    document = await documents.read_document(transaction, id)
    versions = await documents.page_of_versions(transaction, id, query)
    accounts = {document.updated_by, *(one.created_by for one in versions.items)}
    return view(
        "document.html",
        document=document,
        dossier=await reading.read_dossier(transaction, document.dossier_id),
        shown=query.shown or document.version,
        preview=preview,
        versions=versions,
        wanted=query,
        names=await transaction.names(accounts),
    )


@endpoint("GET", "/documents/{id}/preview", permission="dossiers:read", summary="Show a document within its page")
async def preview_document(transaction: Transaction, id: UUID, query: WhichPage) -> Preview:
    found = await documents.stored_content(transaction, id, query.version)
    return Preview(found.file_id, found.filename, query.page)


@page(
    "POST",
    "/documents/{id}/versions",
    permission="dossiers:write",
    summary="Add a version to a document on its page",
    admit=_admit_version,
    form="/documents/{id}",
    done=_("The new version is uploaded."),
)
async def follow(transaction: Transaction, id: UUID, body: VersionForm, uploads: list[FormUpload]) -> Redirect:
    if len(uploads) > 1:
        raise Unprocessable([("/file", _("Choose one file."))])
    upload = uploads[0]
    await documents.follow_document(transaction, id, upload.filename, upload, body.version)
    return Redirect(f"/documents/{id}")


@page("GET", "/documents/{id}/deletion", permission="dossiers:write", summary="What deleting a document would lose")
async def deletion_page(transaction: Transaction, id: UUID) -> View:
    return view("document_deletion.html", document=await documents.read_document(transaction, id))


@page(
    "POST",
    "/documents/{id}/deletion",
    permission="dossiers:write",
    summary="Delete a document on a page",
    done=_("The document is deleted."),
)
async def delete(transaction: Transaction, id: UUID, body: VersionForm) -> Redirect:
    document = await documents.read_document(transaction, id)
    await documents.delete_document(transaction, id, body.version)
    return Redirect(f"/dossiers/{document.dossier_id}")


ENDPOINTS: Final = (add, document_page, preview_document, follow, deletion_page, delete)
