"""The platform's own permissions, declared as a module declares its."""

from typing import Final

from belsimple.language import marked as _
from belsimple.modules import Permission

_ADMIN: Final = frozenset({"admin"})
_READERS: Final = frozenset({"admin", "auditor"})

PERMISSIONS: Final = (
    Permission("members:read", _("See members and their roles"), roles=frozenset({"admin", "member", "auditor"})),
    Permission("members:write", _("Deactivate members and set their roles"), roles=_ADMIN),
    Permission("roles:read", _("See roles and what they permit"), roles=_READERS),
    Permission("roles:write", _("Define roles"), roles=_ADMIN),
    Permission("settings:read", _("See the tenant's settings"), roles=_READERS),
    Permission("settings:write", _("Change the tenant's settings"), roles=_ADMIN),
    Permission("audit:read", _("Read the audit trail"), roles=_READERS),
    # Held by owners alone: as nobody grants or takes what they do not hold, only owners make and unmake owners.
    Permission("ownership:read", _("See what only owners decide"), roles=frozenset()),
    Permission("ownership:write", _("Appoint and remove owners"), roles=frozenset()),
)
