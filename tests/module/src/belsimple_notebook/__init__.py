"""Notes: the smallest module that has a table, endpoints, a job, a letter and settings."""

from belsimple.modules import Job, Letter, Link, Module, Permission
from belsimple_notebook.notes import COLOUR, LONGEST, SHARED, create_note, list_notes, tidy_notes

module = Module(
    name="notebook",
    package=__name__,
    permissions=(
        Permission("notebook:read", "See notes", roles=frozenset({"admin", "member", "auditor"})),
        Permission("notebook:write", "Write notes", roles=frozenset({"admin", "member"})),
    ),
    endpoints=(list_notes, create_note),
    jobs=(Job("notebook.tidy", tidy_notes),),
    mails=(
        Letter(
            kind="notebook.written",
            subject="A note in {tenant}",
            before=("Somebody wrote: {text}",),
            link=Link("Read it", "/notes/{id}"),
        ),
    ),
    settings=(LONGEST, SHARED, COLOUR),
)
