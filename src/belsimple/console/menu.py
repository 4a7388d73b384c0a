"""What stands in the menu of every page: an entry is there for whoever may open its page."""

from collections.abc import Iterable
from typing import Final

import msgspec

from belsimple.language import marked as _
from belsimple.web.declaration import DeclarationError
from belsimple.web.endpoint import SIGNED_IN, Endpoint


class MenuEntry(msgspec.Struct, frozen=True):
    """A page in the menu; ``label`` is marked for translation. Who may open the page sees the entry.

    ``within``: paths whose pages belong to it, beside those below its own.
    """

    label: str
    path: str
    within: tuple[str, ...] = ()


class Item(msgspec.Struct, frozen=True):
    """An entry with what its page wants, and the package that can translate its label."""

    label: str
    path: str
    permission: str
    package: str
    within: tuple[str, ...] = ()

    def current(self, path: str) -> str | None:
        """The value of aria-current on the page at ``path``: "page", "true" for a page that belongs to this one, or None."""
        if path == self.path:
            return "page"
        return "true" if any(path.startswith(f"{one}/") for one in (self.path, *self.within)) else None


SETTINGS: Final[tuple[MenuEntry, ...]] = (
    MenuEntry(_("People"), "/settings/members"),
    MenuEntry(_("Invitations"), "/settings/invitations"),
    MenuEntry(_("Roles"), "/settings/roles"),
    MenuEntry(_("Organisation"), "/settings/organisation"),
    MenuEntry(_("Signing in"), "/settings/security"),
    MenuEntry(
        _("Single sign-on"), "/settings/single-sign-on", within=("/settings/providers", "/settings/saml-providers")
    ),
    MenuEntry(_("Provisioning"), "/settings/provisioning"),
    MenuEntry(_("Audit trail"), "/settings/audit"),
    MenuEntry(_("Support access"), "/settings/support"),
)
"""What a tenant's owners and admins look after."""

MODULE_SETTINGS_ENTRY: Final = MenuEntry(_("Modules"), "/settings/modules")
"""Among the settings, where a module has any."""

OPERATOR: Final[tuple[MenuEntry, ...]] = (
    MenuEntry(_("Overview"), "/operator/overview"),
    MenuEntry(_("Tenants"), "/operator/tenants"),
    MenuEntry(_("Support"), "/operator/support"),
    MenuEntry(_("Health"), "/operator/health"),
    MenuEntry(_("Jobs"), "/operator/jobs"),
    MenuEntry(_("Mails"), "/operator/mails"),
    MenuEntry(_("Operators"), "/operator/staff"),
    MenuEntry(_("Company"), "/operator/profile"),
    MenuEntry(_("Trail"), "/operator/trail"),
)
"""The operator's console."""


class Menu:
    """The entries of one menu. Raises DeclarationError for an entry whose page does not exist."""

    def __init__(self, entries: Iterable[MenuEntry], endpoints: Iterable[Endpoint]) -> None:
        pages = {one.path: one for one in endpoints if one.page and one.reads}
        self._items = [_item(entry, pages.get(entry.path)) for entry in entries]

    def permitted(self, permissions: frozenset[str]) -> list[Item]:
        """What somebody with these permissions may open."""
        return [item for item in self._items if item.permission == SIGNED_IN or item.permission in permissions]


def _item(entry: MenuEntry, page: Endpoint | None) -> Item:
    if page is None or page.public:
        raise DeclarationError(
            entry.path, f"the menu entry {entry.label!r} leads to no page for people who are signed in"
        )
    return Item(entry.label, entry.path, page.permission, page.package, entry.within)
