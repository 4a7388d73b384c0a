"""`belsimple module`."""

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from belsimple.cli.output import AsJson, command_settings, print_json
from belsimple.errors import OperatorError
from belsimple.fault import Fault
from belsimple.kit import new_module
from belsimple.module_checks import deep_faults_of, import_fault
from belsimple.modules import GROUP, Module, installed, unchecked
from belsimple.server.access import admin_database
from belsimple.tenancy.installation import removed_modules

app = App(name="module", help="Modules: writing one, checking it, listing those there are.")


@app.command
def new(
    name: Annotated[str, Parameter(help="What the module is called: lower-case letters and underscores.")],
    *,
    into: Annotated[Path, Parameter(help="The folder that gets the module's own folder.")] = Path(),
    json: AsJson = False,
) -> None:
    """Write a module of its own: a table, pages, an API, a job, a mail, translations and tests, all of them working."""
    folder = new_module(name, into)
    if json:
        print_json({"folder": folder})
        return
    print(f"The module {name} is in {folder}. Install it, and start the service again:")
    print(f"\n    {sys.executable} -m pip install --no-build-isolation --editable {folder}\n")
    print("`belsimple module check` says what is forgotten while you change it.")


@app.command(name="list")
def list_all(*, json: AsJson = False) -> None:
    """List the installed modules, and those whose data is still here without them."""
    here = installed()
    with admin_database(command_settings()) as url:
        removed = asyncio.run(removed_modules(url))
    if json:
        shown = [{"name": one.module.name, "package": one.package, "version": one.version} for one in here]
        print_json({"installed": shown, "removed": [one._asdict() for one in removed]})
        return
    table = Table("module", "package", "version", "", box=None, pad_edge=False)
    for one in here:
        table.add_row(one.module.name, one.package, one.version, "")
    for one in removed:
        table.add_row(one.name, one.package, one.version, f"removed; its data stays, in {one.tables} tables")
    Console(highlight=False, markup=False).print(table)


@app.command
def check(
    path: Annotated[
        Path | None, Parameter(help="The folder of a module's project; all installed ones if not given.")
    ] = None,
    *,
    json: AsJson = False,
) -> None:
    """Say everything that a module forgot, with file and line. Fails when there is something."""
    faults = _faults_of_project(path) if path is not None else _faults_of_installed()
    if json:
        print_json(
            {"ok": not faults, "faults": [{"file": one.file, "line": one.line, "text": one.text} for one in faults]}
        )
    else:
        print(*faults, *(["Nothing is wrong."] if not faults else []), sep="\n")
    if faults:
        raise SystemExit(1)


def _faults_of_installed() -> list[Fault]:
    return [fault for package, value in unchecked() for fault in _faults(package, value, None)]


def _faults_of_project(path: Path) -> list[Fault]:
    """Of a project that need not be installed. Raises OperatorError when it is none."""
    file = path / "pyproject.toml"
    try:
        project: Any = msgspec.toml.decode(file.read_bytes())["project"]
        entries: dict[str, str] = project["entry-points"][GROUP]
    except (OSError, KeyError, msgspec.DecodeError):
        raise OperatorError(
            f"{file} names no module",
            f'Give it a section [project.entry-points."{GROUP}"], as `belsimple module new` does.',
        ) from None
    source = path / "src" if (path / "src").is_dir() else path
    sys.path.insert(0, str(source.resolve()))
    return [fault for value in entries.values() for fault in _faults(project["name"], value, source)]


def _faults(package: str, value: str, source: Path | None) -> list[Fault]:
    where, _, name = value.partition(":")
    folder = source / where.replace(".", "/") if source else None
    try:
        module = getattr(import_module(where), name or "module")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a broken package raises while it is imported
        return [import_fault(where, folder, error)]
    if not isinstance(module, Module):
        return [
            Fault((folder or Path(where)) / "__init__.py", 1, f"{value!r} of {package} is no belsimple.modules.Module")
        ]
    return list(deep_faults_of(module))
