"""The platform's own permissions, declared as a module declares its."""

from typing import Final

from belsimple.modules import Permission

_ADMIN: Final = frozenset({"admin"})
_READERS: Final = frozenset({"admin", "auditor"})

PERMISSIONS: Final = (
    Permission("members:read", "See members and their roles", roles=frozenset({"admin", "member", "auditor"})),
    Permission("members:write", "Deactivate members and set their roles", roles=_ADMIN),
    Permission("roles:read", "See roles and what they permit", roles=_READERS),
    Permission("roles:write", "Define roles", roles=_ADMIN),
    Permission("settings:read", "See the tenant's settings", roles=_READERS),
    Permission("settings:write", "Change the tenant's settings", roles=_ADMIN),
    Permission("audit:read", "Read the audit trail", roles=_READERS),
    # Held by owners alone: as nobody grants or takes what they do not hold, only owners make and unmake owners.
    Permission("ownership:read", "See what only owners decide", roles=frozenset()),
    Permission("ownership:write", "Appoint and remove owners", roles=frozenset()),
)
