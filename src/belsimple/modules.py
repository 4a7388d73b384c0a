"""The module contract: all that a module may import of belsimple, and what it hands over.

A module is an installed package with an entry point in the group ``belsimple.modules`` that names a :class:`Module`::

    module = Module(
        name="notebook",                              # also its database schema
        package=__name__,                             # where its .sql files and the folder `migrations` are
        permissions=(Permission("notebook:read", "See notes", roles=frozenset({"admin", "member", "auditor"})), ...),
        endpoints=(list_notes, create_note),
        jobs=(Job("notebook.tidy", tidy_notes),),
    )

What a module could forget is refused at start with its file and line (see module_rules.py), and once more by the
database: a table without ``tenancy.protect``, a query that does not name its tenant, an endpoint without a permission.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from typing import Any, Final, get_type_hints

import msgspec

from belsimple import module_rules
from belsimple.database.queries import Query, QueryFile, load_queries
from belsimple.database.transaction import Principal, Transaction
from belsimple.errors import OperatorError
from belsimple.web.answers import Answer, Created, HtmlPage, Page, Versioned
from belsimple.web.cursor import cut_page, read_cursor, write_cursor
from belsimple.web.endpoint import SIGNED_IN, Endpoint, endpoint
from belsimple.web.inputs import Caller, Input, Paging
from belsimple.web.limits import Limit, by_address, by_fields, by_session
from belsimple.web.problems import Conflict, Forbidden, NotFound, Problem, Stale, Unprocessable

__all__ = [
    "Answer",
    "Caller",
    "Conflict",
    "Created",
    "Endpoint",
    "Forbidden",
    "HtmlPage",
    "Input",
    "Job",
    "Limit",
    "Module",
    "NotFound",
    "Page",
    "Paging",
    "Permission",
    "Principal",
    "Problem",
    "Query",
    "QueryFile",
    "Stale",
    "Transaction",
    "Unprocessable",
    "Versioned",
    "by_address",
    "by_fields",
    "by_session",
    "cut_page",
    "endpoint",
    "load_queries",
    "read_cursor",
    "write_cursor",
]

GROUP: Final = "belsimple.modules"
ROLES: Final = frozenset({"admin", "member", "auditor"})
"""The built-in roles that may hold a permission by default; the owner holds every one."""

_NAME: Final = re.compile(r"[a-z][a-z_]{1,30}")
_PLATFORM_SCHEMAS: Final = frozenset(
    [
        "access",
        "audit",
        "belsimple",
        "context",
        "idempotency",
        "identity",
        "information_schema",
        "jobs",
        "limits",
        "public",
        "system",
        "tenancy",
    ]
)

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


@dataclass(frozen=True, kw_only=True)
class Module:
    """One module. ``name`` is its database schema too; ``package`` is the Python package that holds its SQL."""

    name: str
    package: str
    permissions: tuple[Permission, ...]
    endpoints: tuple[Endpoint, ...]
    jobs: tuple[Job, ...] = field(default=())

    @property
    def files(self) -> Traversable:
        """The package's folder; every ``.sql`` file in it is a query file, save those in ``migrations``."""
        return resources.files(self.package)

    @property
    def migrations(self) -> Traversable:
        """The folder of numbered migrations."""
        return self.files / "migrations"


def discover() -> list[Module]:
    """The installed modules by name. Raises OperatorError that names the package at fault."""
    modules: dict[str, Module] = {}
    packages: dict[str, str] = {}
    for entry in sorted(metadata.entry_points(group=GROUP), key=lambda entry: (entry.name, _package_of(entry))):
        module, package = _load(entry), _package_of(entry)
        if module.name in modules:
            if modules[module.name] is module:
                continue  # the same package seen on two entries of the path
            raise _refused(
                package,
                f"brings a module {module.name!r}, and so does {packages[module.name]}",
                "Uninstall one of the two.",
            )
        modules[module.name], packages[module.name] = module, package
    _check_routes(modules.values(), packages)
    return list(modules.values())


def _load(entry: metadata.EntryPoint) -> Module:
    package = _package_of(entry)
    try:
        module = entry.load()
    except (Exception, SystemExit) as error:  # whatever a broken package raises while it is imported
        reason = f"{type(error).__name__}: {error}".replace("\n", " ")
        raise _refused(package, f"cannot be loaded as a module ({reason})") from error
    if not isinstance(module, Module):
        raise _refused(package, f"names {entry.value!r} as a module, which is not a belsimple.modules.Module")
    if module.name != entry.name:
        raise _refused(package, f"calls its module {module.name!r} in the code and {entry.name!r} in its entry point")
    for fault in faults_of(module):
        raise _refused(package, fault)
    return module


def faults_of(module: Module) -> Iterator[str]:
    """What is wrong with a module, one sentence each, with file and line where there is one."""
    if not _NAME.fullmatch(module.name) or module.name in _PLATFORM_SCHEMAS or module.name.startswith("pg_"):
        yield f"calls its module {module.name!r}: use 2 to 31 lower-case letters and underscores, and no name of the platform's"
        return
    yield from _permission_faults(module)
    yield from _endpoint_faults(module)
    yield from _job_faults(module)
    try:
        yield from module_rules.migration_faults(module.name, module.migrations)
        yield from module_rules.query_faults(module.name, module.package, module.files)
    except (OSError, ValueError, ModuleNotFoundError) as error:
        yield f"has unreadable SQL ({error})"


def _permission_faults(module: Module) -> Iterator[str]:
    roles = {permission.name: permission.roles for permission in module.permissions}
    own = re.compile(rf"{module.name}(?:_[a-z_]+)?:(?:read|write)")
    if len(roles) != len(module.permissions):
        yield "declares a permission twice"
    for name, holders in roles.items():
        if not own.fullmatch(name):
            yield f"declares the permission {name!r}: it must look like {module.name}:read or {module.name}:write"
        if not holders <= ROLES:
            yield f"gives {name} to {', '.join(sorted(holders - ROLES))}: only {', '.join(sorted(ROLES))} exist, and the owner holds all"
        reading = name.replace(":write", ":read")
        if not holders <= roles.get(reading, frozenset()):
            # In the database holding write implies read; a role must not say otherwise.
            yield f"gives {name} to a role that lacks {reading}"


def _endpoint_faults(module: Module) -> Iterator[str]:
    own = {permission.name for permission in module.permissions}
    for made in module.endpoints:
        if made.permission != SIGNED_IN and made.permission not in own:
            yield f"has the endpoint {made.route} with the permission {made.permission!r}, which it does not declare"
        if made.part != "web" or made.signature.services:
            # Gate and operator hold credentials that no module may get near.
            yield f"has the endpoint {made.route} outside the part web, or taking a service of the platform's"


def _job_faults(module: Module) -> Iterator[str]:
    for job in module.jobs:
        if not re.fullmatch(rf"{module.name}\.[a-z_]+", job.name):
            yield f"has the job {job.name!r}: it must look like {module.name}.tidy"
        if (
            not inspect.iscoroutinefunction(job.run)
            or next(iter(inspect.signature(job.run).parameters), "") != "transaction"
        ):
            yield f"has the job {job.name}, which is not an async function whose first parameter is `transaction`"
    if len({job.name for job in module.jobs}) != len(module.jobs):
        yield "has two jobs of one name"


def _check_routes(modules: Iterable[Module], packages: dict[str, str]) -> None:
    taken: dict[str, str] = {}
    for module in modules:
        for made in module.endpoints:
            route = re.sub(r"\{[a-z_]+\}", "{}", made.route)
            if route in taken:
                raise _refused(
                    packages[module.name],
                    f"has the endpoint {made.route}, and so does {taken[route]}",
                    "Uninstall one of the two.",
                )
            taken[route] = packages[module.name]


def endpoints_of(modules: Sequence[Module]) -> list[Endpoint]:
    """Every endpoint of the modules."""
    return [made for module in modules for made in module.endpoints]


def _package_of(entry: metadata.EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


def _refused(package: str, fault: str, remedy: str = "Correct the package or uninstall it.") -> OperatorError:
    return OperatorError(f"The package {package} {fault}", remedy)
