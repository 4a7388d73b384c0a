"""What a module may not forget: every fault names the file and the line where it is corrected.

`faults_of` is what each start finds out; `deep_faults_of` also compiles templates and compares catalogues, for development and for
what `belsimple up` and `migrate` say. These are no line of defence: the database holds without them.
"""

import ast
import inspect
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from belsimple import module_rules, module_sources
from belsimple.database.module_settings import Setting, UnacceptableValue
from belsimple.fault import Fault
from belsimple.language.extraction import folder_of
from belsimple.letter import Letter
from belsimple.module_contract import ROLES, Module
from belsimple.module_names import name_fault
from belsimple.web.endpoint import SIGNED_IN, Endpoint

Place = Callable[[str], tuple[Path, int]]


def faults_of(module: Module) -> Iterator[Fault]:
    """What is wrong with a module, as far as it can be told without rendering or translating anything."""
    try:
        folder = folder_of(module.package)
    except (ImportError, ValueError) as error:
        yield Fault(Path(module.package), 1, f"cannot be read ({error})")
        return
    place = _placing(folder)
    if why := name_fault(module.name):
        yield Fault(*place(module.name), f"calls its module {module.name!r}: {why}")
        return
    yield from _permission_faults(module, place)
    yield from _endpoint_faults(module)
    yield from _job_faults(module, place)
    yield from _letter_faults(module, place)
    yield from _setting_faults(module, place)
    yield from _menu_faults(module, place)
    yield from _undeclared(module, folder)
    yield from module_rules.migration_faults(module.name, folder / "migrations")
    yield from module_rules.query_faults(module.name, module.package, folder)
    said = module_sources.Declared(
        jobs=frozenset(job.name for job in module.jobs), letters=frozenset(letter.kind for letter in module.mails)
    )
    yield from module_sources.source_faults(module.package, folder, said)


def deep_faults_of(module: Module) -> Iterator[Fault]:
    """Everything: templates that do not compile, text that no catalogue can translate, messages that one lacks."""
    yield from faults_of(module)
    broken = list(broken_templates_of(module))
    yield from broken
    if not broken:  # what cannot be read has no messages
        yield from language_faults_of(module)


def broken_templates_of(module: Module) -> Iterator[Fault]:
    """Templates that do not compile, or that build on one that does not exist."""
    yield from module_sources.template_faults(module.package, folder_of(module.package))


def language_faults_of(module: Module) -> Iterator[Fault]:
    """Text that stays English for everybody. Its templates must compile."""
    from belsimple.language.checks import catalogue_faults  # noqa: PLC0415 - Babel's extractors, which no start needs
    from belsimple.language.template_text import template_faults  # noqa: PLC0415

    yield from template_faults(module.package)
    yield from catalogue_faults(module.package)


def import_fault(package: str, folder: Path | None, error: BaseException) -> Fault:
    """Where in its own files a package failed to be imported."""
    reason = f"{type(error).__name__}: {error}".replace("\n", " ")
    if isinstance(error, SyntaxError) and error.filename:
        return Fault(Path(error.filename), error.lineno or 1, f"cannot be loaded as a module ({reason})")
    mark, place = f"/{package.partition('.')[0]}/", (folder or Path(package)) / "__init__.py"
    line, step = 1, error.__traceback__
    while step is not None:
        if mark in step.tb_frame.f_code.co_filename:
            place, line = Path(step.tb_frame.f_code.co_filename), step.tb_lineno
        step = step.tb_next
    return Fault(place, line, f"cannot be loaded as a module ({reason})")


def _placing(folder: Path) -> Place:
    """Finds where a package says a word: the first of its files, the one with the Module before all others, that quotes it."""
    first = folder / "__init__.py"
    files = [*(one for one in (first,) if one.is_file()), *sorted(one for one in folder.rglob("*.py") if one != first)]

    def place(word: str) -> tuple[Path, int]:
        for quoted in (f'"{word}"', f"'{word}'"):
            for file in files:
                for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
                    if quoted in line:
                        return file, number
        return first, 1

    return place


def _where(made: Endpoint) -> tuple[Path, int]:
    code = inspect.unwrap(made.handler).__code__
    return Path(code.co_filename), code.co_firstlineno


def _permission_faults(module: Module, place: Place) -> Iterator[Fault]:
    roles = {permission.name: permission.roles for permission in module.permissions}
    own = re.compile(rf"{module.name}(?:_[a-z_]+)?:(?:read|write)")
    for name in _repeated(permission.name for permission in module.permissions):
        yield Fault(*place(name), f"declares the permission {name!r} twice")
    for name, holders in roles.items():
        if not own.fullmatch(name):
            yield Fault(
                *place(name),
                f"declares the permission {name!r}: it must look like {module.name}:read or {module.name}:write",
            )
        if not holders <= ROLES:
            yield Fault(
                *place(name),
                f"gives {name} to {', '.join(sorted(holders - ROLES))}: only {', '.join(sorted(ROLES))} exist, and the owner holds all",
            )
        reading = name.replace(":write", ":read")
        if not holders <= roles.get(reading, frozenset()):
            # In the database holding write implies read; a role must not say otherwise.
            yield Fault(*place(name), f"gives {name} to a role that lacks {reading}")


def _endpoint_faults(module: Module) -> Iterator[Fault]:
    own = {permission.name for permission in module.permissions}
    forms = {one.path for one in module.endpoints if one.page and one.reads}
    for made in module.endpoints:
        if made.permission != SIGNED_IN and made.permission not in own:
            yield Fault(
                *_where(made),
                f"has the endpoint {made.route} with the permission {made.permission!r}, which it does not declare",
            )
        if made.part != "web" or made.signature.services:
            # Gate and operator hold credentials that no module may get near.
            yield Fault(
                *_where(made),
                f"has the endpoint {made.route} outside the part web, or taking a service of the platform's",
            )
        if made.form not in (None, made.path) and made.form not in forms:
            yield Fault(*_where(made), f"shows the form of {made.route} at {made.form!r}, which is no page of its own")


def _job_faults(module: Module, place: Place) -> Iterator[Fault]:
    for job in module.jobs:
        if not re.fullmatch(rf"{module.name}\.[a-z_]+", job.name):
            yield Fault(*place(job.name), f"has the job {job.name!r}: it must look like {module.name}.tidy")
        if (
            not inspect.iscoroutinefunction(job.run)
            or next(iter(inspect.signature(job.run).parameters), "") != "transaction"
        ):
            yield Fault(
                *place(job.name),
                f"has the job {job.name}, which is not an async function whose first parameter is `transaction`",
            )
    for name in _repeated(job.name for job in module.jobs):
        yield Fault(*place(name), f"has two jobs of one name, {name!r}")


def _letter_faults(module: Module, place: Place) -> Iterator[Fault]:
    for letter in module.mails:
        if not re.fullmatch(rf"{module.name}\.[a-z][a-z_]{{0,39}}", letter.kind):
            yield Fault(
                *place(letter.kind), f"has the letter {letter.kind!r}: its kind must look like {module.name}.reminder"
            )
        if letter.action is not None:
            yield Fault(
                *place(letter.kind),
                f"has the letter {letter.kind} with an action, which opens a page with a token: give it a Link instead",
            )
        if letter.link is not None and not letter.link.path.startswith("/"):
            yield Fault(
                *place(letter.kind),
                f"has the letter {letter.kind} with a link to {letter.link.path!r}, which is no path under the service's address",
            )
    for kind in _repeated(letter.kind for letter in module.mails):
        yield Fault(*place(kind), f"has two letters of one kind, {kind!r}")


def _setting_faults(module: Module, place: Place) -> Iterator[Fault]:
    for setting in module.settings:
        if not re.fullmatch(rf"{module.name}\.[a-z][a-z_]{{0,39}}", setting.name):
            yield Fault(
                *place(setting.name), f"has the setting {setting.name!r}: it must look like {module.name}.reminder_days"
            )
        if setting.kind not in (int, bool, str):
            yield Fault(
                *place(setting.name),
                f"has the setting {setting.name} of the kind {setting.kind!r}: only int, bool and str exist",
            )
            continue
        try:
            _ = setting.checked(setting.default)
        except UnacceptableValue as refused:
            yield Fault(
                *place(setting.name), f"has the setting {setting.name} with a default that it cannot have ({refused})"
            )
    for name in _repeated(setting.name for setting in module.settings):
        yield Fault(*place(name), f"has two settings of one name, {name!r}")


def _menu_faults(module: Module, place: Place) -> Iterator[Fault]:
    pages = {one.path for one in module.endpoints if one.page and one.reads and not one.public}
    for entry in module.menu:
        if entry.path not in pages:
            yield Fault(
                *place(entry.path),
                f"has the menu entry {entry.label!r} for {entry.path!r}, which is no page of its own",
            )


def _undeclared(module: Module, folder: Path) -> Iterator[Fault]:
    """Endpoints, letters and settings that stand in the package's code and that its Module does not name."""
    declared: tuple[object, ...] = (*module.endpoints, *module.mails, *module.settings)
    known = {id(one) for one in declared}
    for name, loaded in list(sys.modules.items()):
        if name != module.package and not name.startswith(f"{module.package}."):
            continue
        for word, value in list(cast("dict[str, object]", vars(loaded)).items()):
            forgotten = _forgotten(loaded, word, value)
            if id(value) in known or forgotten is None:
                continue
            known.add(id(value))
            what, (file, line) = forgotten
            if file.is_relative_to(folder):
                yield Fault(file, line, f"makes {what}, which its Module does not name: nobody will ever reach it")


def _forgotten(loaded: Any, word: str, value: object) -> tuple[str, tuple[Path, int]] | None:
    if isinstance(value, Endpoint):
        return value.route, _where(value)
    return (word, _assigned(loaded, word)) if isinstance(value, Letter | Setting) else None


def _assigned(loaded: Any, word: str) -> tuple[Path, int]:
    file = Path(loaded.__file__)
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == word for target in targets):
            return file, node.lineno
    return Path(), 1  # imported from elsewhere


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
