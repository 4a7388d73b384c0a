"""Dossiers: a client's file with a title, a reference, a status, notes and documents. The module that comes in the box."""

from belsimple.modules import MenuEntry, Module, Permission
from belsimple.modules import marked as _
from belsimple_dossiers import document_pages, document_routes, form_pages, pages, routes

_READERS = frozenset({"admin", "member", "auditor"})
_WRITERS = frozenset({"admin", "member"})

module = Module(
    name="dossiers",
    package=__name__,
    permissions=(
        Permission("dossiers:read", _("See dossiers and their documents"), roles=_READERS),
        Permission("dossiers:write", _("Create, change, close and delete dossiers and documents"), roles=_WRITERS),
    ),
    endpoints=(
        *routes.ENDPOINTS,
        *document_routes.ENDPOINTS,
        *pages.ENDPOINTS,
        *form_pages.ENDPOINTS,
        *document_pages.ENDPOINTS,
    ),
    menu=(MenuEntry(_("Dossiers"), "/dossiers", within=("/documents",)),),
    objects={
        "dossiers.dossier": _("Dossier"),
        "dossiers.document": _("Document"),
        "dossiers.document_version": _("Version of a document"),
    },
    actions={
        "document_added": _("Document added"),
        "document_replaced": _("New version of a document"),
        "document_deleted": _("Document deleted"),
    },
)
