"""Notes: the smallest module that has a table, endpoints and a job."""

from belsimple.modules import Job, Module, Permission
from belsimple_notebook.notes import create_note, list_notes, tidy_notes

module = Module(
    name="notebook",
    package=__name__,
    permissions=(
        Permission("notebook:read", "See notes", roles=frozenset({"admin", "member", "auditor"})),
        Permission("notebook:write", "Write notes", roles=frozenset({"admin", "member"})),
    ),
    endpoints=(list_notes, create_note),
    jobs=(Job("notebook.tidy", tidy_notes),),
)
