"""What a module is: everything that its package declares in the one place."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final, get_type_hints

import msgspec

from belsimple.console.menu import MenuEntry
from belsimple.database.module_settings import Setting
from belsimple.database.transaction import Transaction
from belsimple.letter import Letter
from belsimple.web.endpoint import Endpoint

ROLES: Final = frozenset({"admin", "member", "auditor"})
"""The built-in roles that may hold a permission by default; the owner holds every one."""

JobFunction = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Permission:
    """What one may do, as ``module:read`` or ``module:write``, and the built-in roles that hold it by default.

    A module with several kinds of objects prefixes them with its name: ``notebook_archive:read``.
    """

    name: str
    description: str
    roles: frozenset[str]


@dataclass(frozen=True)
class Job:
    """Work done later, inside the tenant and with the permissions of the account that enqueued it.

    ``await transaction.enqueue("notebook.tidy", {"id": note})`` is part of the caller's transaction. ``run`` is an async
    function of ``transaction`` and of the arguments by name; those come back from JSON as its annotations say. It may run again
    after a crash, but its changes are committed once, together with the job's end.
    """

    name: str
    run: JobFunction

    async def perform(self, transaction: Transaction, arguments: dict[str, Any]) -> None:
        """Run it. Raises msgspec.ValidationError when an argument is not what the annotation says."""
        hints = get_type_hints(self.run)
        await self.run(
            transaction, **{key: msgspec.convert(value, hints.get(key, Any)) for key, value in arguments.items()}
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Module:
    """One module. ``name`` is its database schema too; ``package`` is the Python package that holds its SQL.

    ``objects`` says what people call its tables in the trail: ``{"notebook.note": _("Note")}``, and ``actions`` what its own
    entries there tell: ``{"note_shared": _("Note shared")}``.
    """

    name: str
    package: str
    permissions: tuple[Permission, ...]
    endpoints: tuple[Endpoint, ...]
    jobs: tuple[Job, ...] = field(default=())
    menu: tuple[MenuEntry, ...] = field(default=())
    mails: tuple[Letter, ...] = field(default=())
    settings: tuple[Setting[int] | Setting[bool] | Setting[str], ...] = field(default=())
    objects: Mapping[str, str] = field(default_factory=dict[str, str])
    actions: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def files(self) -> Traversable:
        """The package's folder; every ``.sql`` file in it is a query file, save those in ``migrations``."""
        return resources.files(self.package)

    @property
    def migrations(self) -> Traversable:
        """The folder of numbered migrations."""
        return self.files / "migrations"
