"""The module contract: all that a module may import of belsimple, and what it hands over.

A module is an installed package with an entry point in the group ``belsimple.modules`` that names a :class:`Module`::

    module = Module(
        name="notebook",                              # also its database schema
        package=__name__,                             # where its .sql files and the folder `migrations` are
        permissions=(Permission("notebook:read", "See notes", roles=frozenset({"admin", "member", "auditor"})), ...),
        endpoints=(list_notes, create_note),
        jobs=(Job("notebook.tidy", tidy_notes),),
    )

What a module could forget is refused at start with its file and line (see module_checks.py), and once more by the
database: a table without ``tenancy.protect``, a query that does not name its tenant, an endpoint without a permission.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import metadata
from typing import Final, NamedTuple

from belsimple.console.menu import MenuEntry
from belsimple.database.history import HistoryEntry
from belsimple.database.module_settings import Setting
from belsimple.database.queries import Query, QueryFile, load_queries
from belsimple.database.transaction import Principal, Transaction
from belsimple.errors import OperatorError
from belsimple.fault import Fault
from belsimple.files.names import FileNameRefused, file_name
from belsimple.language import Message, counted, marked, message
from belsimple.letter import ByValue, IfGiven, Letter, Link
from belsimple.module_checks import faults_of, import_fault
from belsimple.module_contract import Job, Module, Permission
from belsimple.web.answers import Answer, Created, Download, Page, Preview, Redirect, Versioned, View, view
from belsimple.web.cursor import cut_page, read_cursor, write_cursor
from belsimple.web.endpoint import Endpoint, endpoint, page
from belsimple.web.form_errors import SAID
from belsimple.web.inputs import Caller, Form, FormUpload, Input, Paging, PreviewInfo, Upload
from belsimple.web.limits import Limit, by_address, by_fields, by_session
from belsimple.web.problems import Conflict, Forbidden, NotFound, Problem, Stale, Unprocessable

__all__ = [
    "SAID",
    "Answer",
    "ByValue",
    "Caller",
    "Conflict",
    "Created",
    "Download",
    "Endpoint",
    "FileNameRefused",
    "Forbidden",
    "Form",
    "FormUpload",
    "HistoryEntry",
    "IfGiven",
    "Input",
    "Job",
    "Letter",
    "Limit",
    "Link",
    "MenuEntry",
    "Message",
    "Module",
    "NotFound",
    "Page",
    "Paging",
    "Permission",
    "Preview",
    "PreviewInfo",
    "Principal",
    "Problem",
    "Query",
    "QueryFile",
    "Redirect",
    "Setting",
    "Stale",
    "Transaction",
    "Unprocessable",
    "Upload",
    "Versioned",
    "View",
    "by_address",
    "by_fields",
    "by_session",
    "counted",
    "cut_page",
    "endpoint",
    "file_name",
    "load_queries",
    "marked",
    "message",
    "page",
    "read_cursor",
    "view",
    "write_cursor",
]

GROUP: Final = "belsimple.modules"


class Installed(NamedTuple):
    """An installed module, with the package that brings it and that package's version."""

    module: Module
    package: str
    version: str


def discover() -> list[Module]:
    """The installed modules by name. Raises OperatorError that names the package at fault."""
    return [one.module for one in installed()]


def installed() -> list[Installed]:
    """The same with their packages. Raises OperatorError likewise."""
    found: dict[str, Installed] = {}
    for entry in sorted(metadata.entry_points(group=GROUP), key=lambda entry: (entry.name, _package_of(entry))):
        module, package = _load(entry), _package_of(entry)
        if module.name in found:
            if found[module.name].module is module:
                continue  # the same package seen on two entries of the path
            raise _refused(
                package,
                f"brings a module {module.name!r}, and so does {found[module.name].package}",
                "Uninstall one of the two.",
            )
        found[module.name] = Installed(module, package, entry.dist.version if entry.dist else "")
    _check_routes(found.values())
    return list(found.values())


def unchecked() -> list[tuple[str, str]]:
    """The entry points as they stand, package and value, whatever is wrong with them."""
    return sorted({(_package_of(entry), entry.value) for entry in metadata.entry_points(group=GROUP)})


def _load(entry: metadata.EntryPoint) -> Module:
    package = _package_of(entry)
    try:
        module = entry.load()
    except (Exception, SystemExit) as error:  # whatever a broken package raises while it is imported
        raise _refused(package, str(import_fault(entry.module, None, error))) from error
    if not isinstance(module, Module):
        raise _refused(package, f"names {entry.value!r} as a module, which is not a belsimple.modules.Module")
    if module.name != entry.name:
        raise _refused(package, f"calls its module {module.name!r} in the code and {entry.name!r} in its entry point")
    if fault := _first_fault(module):
        raise _refused(package, str(fault))
    return module


@lru_cache(maxsize=256)
def _first_fault(module: Module) -> Fault | None:
    # Once for each process: a start asks for its modules several times, and no package changes under it.
    return next(faults_of(module), None)


def _check_routes(modules: Iterable[Installed]) -> None:
    taken: dict[str, str] = {}
    for one in modules:
        for made in one.module.endpoints:
            route = re.sub(r"\{[a-z_]+\}", "{}", made.route)
            if route in taken:
                raise _refused(
                    one.package,
                    f"has the endpoint {made.route}, and so does {taken[route]}",
                    "Uninstall one of the two.",
                )
            taken[route] = one.package


def endpoints_of(modules: Sequence[Module]) -> list[Endpoint]:
    """Every endpoint of the modules."""
    return [made for module in modules for made in module.endpoints]


def _package_of(entry: metadata.EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


def _refused(
    package: str, fault: str, remedy: str = "Correct the package (`belsimple module check` tells all) or uninstall it."
) -> OperatorError:
    return OperatorError(f"The package {package} is not right: {fault}", remedy)
