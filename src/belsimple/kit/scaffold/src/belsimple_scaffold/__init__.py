"""Everything that this module brings, declared in one place."""

from belsimple.modules import Job, MenuEntry, Module, Permission
from belsimple.modules import marked as _
from belsimple_scaffold import jobs, pages, routes

module = Module(
    name="scaffold",
    package=__name__,
    permissions=(
        Permission("scaffold:read", _("See entries"), roles=frozenset({"admin", "member", "auditor"})),
        Permission("scaffold:write", _("Write entries"), roles=frozenset({"admin", "member"})),
    ),
    endpoints=(
        routes.list_entries,
        routes.create_entry,
        pages.list_page,
        pages.new_page,
        pages.create,
        pages.entry_page,
        pages.change,
    ),
    menu=(MenuEntry(_("Scaffold"), "/scaffold"),),
    jobs=(Job("scaffold.tell", jobs.tell),),
    mails=(jobs.WRITTEN,),
    settings=(jobs.TELLS,),
)
