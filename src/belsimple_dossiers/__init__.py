"""Dossiers: a client's file with a title, a reference, a status and notes. The module that comes in the box."""

from belsimple.modules import Module, Permission
from belsimple_dossiers import routes

_READERS = frozenset({"admin", "member", "auditor"})
_WRITERS = frozenset({"admin", "member"})

module = Module(
    name="dossiers",
    package=__name__,
    permissions=(
        Permission("dossiers:read", "See dossiers and search them", roles=_READERS),
        Permission("dossiers:write", "Create, change, close and delete dossiers", roles=_WRITERS),
    ),
    endpoints=(
        routes.list_dossiers,
        routes.create_dossier,
        routes.read_dossier,
        routes.change_dossier,
        routes.delete_dossier,
        routes.close_dossier,
        routes.reopen_dossier,
    ),
)
