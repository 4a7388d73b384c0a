"""A module that forgot something does not start: the fault is named, with the package, the file and the line."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from belsimple.errors import OperatorError
from belsimple.module_checks import deep_faults_of, faults_of
from belsimple.modules import (
    Form,
    Job,
    Letter,
    Link,
    MenuEntry,
    Module,
    Page,
    Paging,
    Permission,
    Redirect,
    Setting,
    Transaction,
    View,
    discover,
    endpoint,
    page,
    view,
)
from belsimple_dossiers import module as dossiers

TABLE = "create table notebook.note (id uuid not null default tenancy.new_id(), text text not null);\n"
PROTECT = "select tenancy.protect('notebook.note', 'notebook:read', 'notebook:write');\n"
EVERYONE = frozenset({"admin", "member", "auditor"})
READ = Permission("notebook:read", "See notes", roles=EVERYONE)
WRITE = Permission("notebook:write", "Write notes", roles=frozenset({"admin"}))
_numbers = itertools.count()


class Note(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Anything."""


@endpoint("GET", "/api/v1/notes", permission="notebook:read", summary="List")
async def list_notes(transaction: Transaction, query: Paging) -> Page[Note]:
    """Nothing."""
    return Page([])


async def tidy(transaction: Transaction) -> None:
    """Nothing."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A place that packages are imported from."""
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))


def package(folder: Path, files: dict[str, str]) -> str:
    """An importable package of these files."""
    name = f"made_up_{next(_numbers)}"
    for path, text in {"__init__.py": "", **files}.items():
        file = folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return name


def faults(folder: Path, files: dict[str, str] | None = None, **changes: Any) -> str:
    """All that is wrong with a module that is right but for the changes."""
    name = package(folder, {"migrations/0001_note.sql": TABLE + PROTECT} | (files or {}))
    plain: dict[str, Any] = {"name": "notebook", "permissions": (READ, WRITE), "endpoints": (list_notes,), "jobs": ()}
    return "\n".join(str(fault) for fault in faults_of(Module(package=name, **plain | changes)))


def test_the_module_in_the_box_has_no_fault() -> None:
    assert list(faults_of(dossiers)) == []


def test_one_without_fault_has_none(folder: Path) -> None:
    assert faults(folder, jobs=(Job("notebook.tidy", tidy),)) == ""


@pytest.mark.parametrize(
    "name", ["Notebook", "n", "note-book", "note;drop", "pg_notes", "identity", "mail", "order", "x" * 40]
)
def test_its_name_must_fit_a_schema(folder: Path, name: str) -> None:
    assert "calls its module" in faults(folder, name=name)


def test_permissions_begin_with_its_name(folder: Path) -> None:
    for name in ("members:read", "notebook", "notebook:own", "notebookx:read"):
        assert f"'{name}'" in faults(folder, permissions=(READ, WRITE, Permission(name, "x", frozenset())))
    assert faults(folder, permissions=(READ, WRITE, Permission("notebook_archive:read", "x", EVERYONE))) == ""


def test_only_roles_that_exist_hold_a_permission(folder: Path) -> None:
    assert "gives notebook:read to owner" in faults(
        folder, permissions=(Permission("notebook:read", "x", EVERYONE | {"owner"}), WRITE)
    )


def test_who_writes_reads(folder: Path) -> None:
    assert "lacks notebook:read" in faults(folder, permissions=(Permission("notebook:read", "x", frozenset()), WRITE))


def test_an_endpoint_needs_a_permission_of_the_modules_own(folder: Path) -> None:
    assert "GET /api/v1/notes with the permission 'notebook:read'" in faults(folder, permissions=())


def test_a_module_has_no_public_endpoint(folder: Path) -> None:
    @endpoint("GET", "/api/v1/notes", permission="public", summary="List")
    async def everyone() -> None:
        """Nothing."""

    assert "'public', which it does not declare" in faults(folder, endpoints=(everyone,))


def test_a_module_stays_out_of_gate(folder: Path) -> None:
    @endpoint("GET", "/api/v1/notes", permission="notebook:read", summary="List", part="gate")
    async def inside(transaction: Transaction) -> None:
        """Nothing."""

    assert "outside the part web" in faults(folder, endpoints=(inside,))


def test_a_job_is_an_async_function_of_the_transaction(folder: Path) -> None:
    async def without() -> None:
        """Nothing."""

    assert "whose first parameter is `transaction`" in faults(folder, jobs=(Job("notebook.tidy", without),))
    assert "must look like notebook.tidy" in faults(folder, jobs=(Job("dossiers.tidy", tidy),))
    assert "two jobs of one name" in faults(folder, jobs=(Job("notebook.tidy", tidy), Job("notebook.tidy", tidy)))


def test_a_table_must_be_protected(folder: Path) -> None:
    found = faults(folder, {"migrations/0001_note.sql": "-- create table notebook.x\n\n" + TABLE})
    assert "/migrations/0001_note.sql:3: makes the table notebook.note without tenancy.protect(" in found


def test_a_later_migration_may_protect_but_a_comment_does_not(folder: Path) -> None:
    assert faults(folder, {"migrations/0001_note.sql": TABLE, "migrations/0002_protect.sql": PROTECT}) == ""
    assert "without tenancy.protect" in faults(folder, {"migrations/0001_note.sql": f"{TABLE}/* {PROTECT} */"})


@pytest.mark.parametrize("table", ["identity.note", "note", "dossiers.note"])
def test_tables_stand_in_its_own_schema(folder: Path, table: str) -> None:
    found = faults(folder, {"migrations/0002_more.sql": f"create table {table} (id uuid);"})
    assert f"/migrations/0002_more.sql:1: makes the table {table}: only plain tables in the schema notebook" in found


@pytest.mark.parametrize(
    "statement",
    [
        "alter table notebook.note no force row level security;",
        "create policy all on notebook.note using (true);",
        "drop policy see on notebook.note;",
        "grant select on notebook.note to public;",
        "create function notebook.f() returns int security\n definer language sql as 'select 1';",
        "alter table notebook.note disable trigger all;",
        "create view notebook.v as select 1;",
        "set local role postgres;",
        "set session_replication_role = replica;",
    ],
)
def test_what_protects_is_not_a_modules_to_change(folder: Path, statement: str) -> None:
    found = faults(folder, {"migrations/0002_more.sql": f"\n{statement}"})
    assert "/migrations/0002_more.sql:2: says `" in found
    assert "that is the platform's" in found


def test_a_string_is_no_statement(folder: Path) -> None:
    assert (
        faults(
            folder, {"migrations/0002_more.sql": "comment on table notebook.note is 'grant nothing; it''s -- fine';"}
        )
        == ""
    )


def test_there_must_be_a_migration(folder: Path) -> None:
    bare = Module(name="notebook", package=package(folder, {}), permissions=(), endpoints=())
    assert "has no migration" in "\n".join(str(fault) for fault in faults_of(bare))


@pytest.mark.parametrize(
    "query",
    [
        "select * from notebook.note;",
        'select * from "notebook"."note";',
        "select * from notebook.note where id = :id; -- tenant_id = :tenant",
        "select 'tenant_id = $1', :tenant from notebook.note;",
        "select * from notebook.note where tenant_id = :other;",
        "select * from notebook.note a join notebook.note b using (id) where a.tenant_id = :tenant;",
        "update notebook.note set text = '';",
        "delete from notebook.note where id in (select id from notebook.note where tenant_id = :tenant);",
        "insert into notebook.note (text) values (:text);",
    ],
)
def test_a_query_names_its_tenant_for_each_table(folder: Path, query: str) -> None:
    found = faults(folder, {"queries.sql": f"-- name: fine\nselect 1;\n\n-- name: forgetful\n{query}\n"})
    assert "/queries.sql:4: has the query forgetful that reaches a table without `tenant_id = :tenant`" in found


@pytest.mark.parametrize(
    "query",
    [
        "select n.text, notebook.note.id from notebook.note n where n.tenant_id = :tenant and id = :id;",
        "select * from notebook.note a join notebook.note b using (id) where a.tenant_id = :tenant and b.tenant_id=:tenant;",
        "insert into notebook.note (tenant_id, text) values (:tenant, :text);",
        "select notebook.helper(:id);",
        "select now();",
    ],
)
def test_a_query_that_names_it_passes(folder: Path, query: str) -> None:
    assert faults(folder, {"queries.sql": f"-- name: q\n{query}\n"}) == ""


def test_every_query_file_is_read_wherever_it_is(folder: Path) -> None:
    found = faults(folder, {"deep/down/more.sql": "-- name: q\nselect * from notebook.note;\n"})
    assert "deep/down/more.sql:1: " in found


def test_a_query_file_that_cannot_be_read_is_a_fault(folder: Path) -> None:
    assert "has unreadable SQL" in faults(folder, {"queries.sql": "-- name: q\n-- nothing\n"})


def entry(folder: Path, distribution: str, name: str, value: str) -> None:
    """An installed distribution with an entry point."""
    info = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[belsimple.modules]\n{name} = {value}\n")


RIGHT = """
from belsimple.modules import Module, Permission
module = Module(name={name!r}, package=__name__, permissions=(), endpoints=())
"""
SQL = {"migrations/0001_note.sql": TABLE + PROTECT}


def test_an_installed_module_is_found_beside_the_one_in_the_box(folder: Path) -> None:
    entry(
        folder, "notes", "notebook", package(folder, {"__init__.py": RIGHT.format(name="notebook"), **SQL}) + ":module"
    )
    assert [module.name for module in discover()] == ["dossiers", "notebook"]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("raise RuntimeError('first\\nsecond')", "cannot be loaded as a module (RuntimeError: first second)"),
        ("import a_package_that_is_missing", "cannot be loaded as a module (ModuleNotFoundError"),
        ("module = 'no module'", "which is not a belsimple.modules.Module"),
        (RIGHT.format(name="diary"), "calls its module 'diary' in the code and 'notebook' in its entry point"),
        (RIGHT.format(name="notebook") + "raise SystemExit", "cannot be loaded as a module (SystemExit"),
    ],
)
def test_a_broken_one_stops_the_start_by_name(folder: Path, code: str, says: str) -> None:
    entry(folder, "belsimple-broken", "notebook", package(folder, {"__init__.py": code, **SQL}) + ":module")
    with pytest.raises(OperatorError) as refused:
        discover()
    assert str(refused.value).startswith("The package belsimple-broken is not right: ")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_faulty_one_stops_the_start_with_file_and_line(folder: Path) -> None:
    files = {"__init__.py": RIGHT.format(name="notebook"), "migrations/0001_note.sql": TABLE}
    entry(folder, "belsimple-forgetful", "notebook", package(folder, files) + ":module")
    with pytest.raises(
        OperatorError,
        match=r"belsimple-forgetful is not right: .*/migrations/0001_note\.sql:1: makes the table notebook\.note",
    ):
        discover()


def test_two_of_one_name_stop_the_start(folder: Path) -> None:
    for distribution in ("belsimple-one", "belsimple-two"):
        entry(
            folder,
            distribution,
            "notebook",
            package(folder, {"__init__.py": RIGHT.format(name="notebook"), **SQL}) + ":module",
        )
    with pytest.raises(
        OperatorError, match="belsimple-two is not right: brings a module 'notebook', and so does belsimple-one"
    ):
        discover()


def test_two_of_one_address_stop_the_start(folder: Path) -> None:
    code = """
from belsimple.modules import Module, Permission, Transaction, endpoint
@endpoint("DELETE", "/api/v1/dossiers/{key}", permission="signed-in", summary="Mine now")
async def take(transaction: Transaction, key: str) -> None: ...
module = Module(name="notebook", package=__name__, permissions=(), endpoints=(take,))
"""
    entry(folder, "belsimple-greedy", "notebook", package(folder, {"__init__.py": code, **SQL}) + ":module")
    with pytest.raises(
        OperatorError, match=r"belsimple-greedy is not right: has the endpoint DELETE /api/v1/dossiers/\{key\}"
    ):
        discover()


def test_a_command_says_so_in_one_line(folder: Path) -> None:
    files = {"__init__.py": RIGHT.format(name="notebook"), "migrations/0001_note.sql": TABLE}
    entry(folder, "belsimple-forgetful", "notebook", package(folder, files) + ":module")
    command = [sys.executable, "-m", "belsimple", "openapi"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": f"{folder}:src"})
    assert (said.returncode, said.stdout, said.stderr.count("\n")) == (1, "", 1)
    assert "The package belsimple-forgetful is not right: " in said.stderr
    assert "/migrations/0001_note.sql:1: makes the table notebook.note without tenancy.protect" in said.stderr


class NoteForm(Form, frozen=True, kw_only=True):
    """A form."""

    text: str


@page("GET", "/notes", permission="notebook:read", summary="Notes")
async def notes_page(transaction: Transaction) -> View:
    """Nothing."""
    return view("notes.html")


def test_a_menu_entry_leads_to_a_page_of_its_own(folder: Path) -> None:
    entry_of = MenuEntry("Notes", "/notes")
    assert "has the menu entry 'Notes' for '/notes', which is no page" in faults(folder, menu=(entry_of,))
    assert faults(folder, endpoints=(list_notes, notes_page), menu=(entry_of,)) == ""


def test_a_form_that_is_shown_elsewhere_is_shown_on_a_page_of_its_own(folder: Path) -> None:
    @page("POST", "/notes/write", permission="notebook:write", summary="Write", form="/notes")
    async def write(transaction: Transaction, body: NoteForm) -> Redirect:
        return Redirect("/notes")

    assert "shows the form of POST /notes/write at '/notes', which is no page" in faults(folder, endpoints=(write,))
    assert faults(folder, endpoints=(write, notes_page)) == ""


def test_letters_and_settings_are_called_after_it_and_can_be(folder: Path) -> None:
    def letter(kind: str, path: str = "/notes") -> Letter:
        return Letter(kind=kind, subject="x", before=(), link=Link("y", path))

    def setting(name: str, default: int) -> Setting[int]:
        return Setting(name=name, label="x", kind=int, default=default, minimum=1)

    assert "must look like notebook.reminder" in faults(folder, mails=(letter("diary.reminder"),))
    assert "no path under the service's address" in faults(
        folder, mails=(letter("notebook.a", "https://evil.example"),)
    )
    assert "two letters of one kind" in faults(folder, mails=(letter("notebook.a"), letter("notebook.a")))
    assert "must look like notebook.reminder_days" in faults(folder, settings=(setting("days", 1),))
    assert "with a default that it cannot have" in faults(folder, settings=(setting("notebook.days", 0),))


CODE = """from belsimple.modules import Transaction, load_queries, view

_q = load_queries("{package}")


async def work(transaction: Transaction) -> object:
    await transaction.execute(_q.present)
    {line}
"""


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("await transaction.execute(_q.absent)", "uses the query 'absent', which no `-- name:` in its file has"),
        ("return view('absent.html')", "shows the template 'absent.html', which is not in its folder `templates`"),
        (
            "await transaction.mail('notebook.absent', None, {})",
            "posts the letter 'notebook.absent', which its Module does not name",
        ),
        (
            "await transaction.enqueue('notebook.absent', {})",
            "enqueues the job 'notebook.absent', which its Module does not name",
        ),
        ("return view('present.html')", ""),
    ],
)
def test_what_python_names_is_there(folder: Path, line: str, says: str) -> None:
    name = f"made_up_{next(_numbers)}"
    files = {
        "work.py": CODE.replace("{package}", name).replace("{line}", line),
        "queries.sql": "-- name: present\nselect 1;\n",
        "templates/present.html": "",
        "migrations/0001_note.sql": TABLE + PROTECT,
        "__init__.py": "",
    }
    for path, text in files.items():
        file = folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    found = [
        str(one) for one in faults_of(Module(name="notebook", package=name, permissions=(READ, WRITE), endpoints=()))
    ]
    assert found == ([f"{folder}/{name}/work.py:8: {says}"] if says else [])


@pytest.mark.parametrize(
    ("template", "line", "says"),
    [
        ("<p>\n{{ 1 + }}", 2, "does not compile"),
        ("\n{{ 1 | nofilter }}", 2, "does not compile: No filter named 'nofilter'"),
        ('\n\n{% extends "belsimple/absent.html" %}', 3, "builds on the template 'belsimple/absent.html'"),
        ("<p>\n<b>Delete it</b>", 2, "outside of _(): 'Delete it'"),
        ('\n{{ _("A message of its own") }}', 2, "not in the nl catalogue: 'A message of its own'"),
    ],
)
def test_its_templates_compile_and_say_nothing_untranslated(folder: Path, template: str, line: int, says: str) -> None:
    name = package(folder, {"migrations/0001_note.sql": TABLE + PROTECT, "templates/note.html": template})
    module = Module(name="notebook", package=name, permissions=(READ, WRITE), endpoints=())
    assert list(faults_of(module)) == []
    found = [str(one) for one in deep_faults_of(module)]
    assert any(one.startswith(f"{folder}/{name}/templates/note.html:{line}: ") and says in one for one in found), found


def test_a_message_that_nothing_says_is_a_fault(folder: Path) -> None:
    name = f"made_up_{next(_numbers)}"
    catalogue = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
        '\nmsgid "Long gone"\nmsgstr "Al lang weg"\n'
    )
    for path, text in {
        "__init__.py": "",
        "migrations/0001_note.sql": TABLE + PROTECT,
        f"locale/nl/LC_MESSAGES/{name}.po": catalogue,
    }.items():
        file = folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    module = Module(name="notebook", package=name, permissions=(READ, WRITE), endpoints=())
    [found] = [str(one) for one in deep_faults_of(module)]
    assert found.endswith(f"/{name}.po:6: nothing says it: 'Long gone'")


FORGETFUL = """from belsimple.modules import Letter, Module, Permission, Setting, Transaction, endpoint, page, View, view

DAYS = Setting(name="notebook.days", label="Days", kind=int, default=1)
LETTER = Letter(kind="notebook.a", subject="x", before=())


@endpoint("GET", "/api/v1/forgotten", permission="notebook:read", summary="List")
async def forgotten(transaction: Transaction) -> None: ...


module = Module(name="notebook", package=__name__, permissions=(
    Permission("notebook:read", "x", roles=frozenset()), Permission("notebook:write", "x", roles=frozenset())), endpoints=())
"""


def test_what_its_module_does_not_name_is_told(folder: Path) -> None:
    name = package(folder, {"__init__.py": FORGETFUL, "migrations/0001_note.sql": TABLE + PROTECT})
    found = sorted(str(one).removeprefix(f"{folder}/{name}/") for one in faults_of(import_module(name).module))
    assert found == [
        "__init__.py:3: makes DAYS, which its Module does not name: nobody will ever reach it",
        "__init__.py:4: makes LETTER, which its Module does not name: nobody will ever reach it",
        "__init__.py:7: makes GET /api/v1/forgotten, which its Module does not name: nobody will ever reach it",
    ]


@pytest.mark.parametrize(
    ("code", "line", "says"),
    [
        ("\n@page('GET', '/n', summary='N')\nasync def n(transaction: Transaction) -> View: ...", 3, "'permission'"),
        (
            "\n@endpoint('GET', '/api/v1/n', summary='N')\nasync def n(transaction: Transaction) -> None: ...",
            3,
            "'permission'",
        ),
        (
            "\n@page('GET', '/n', permission='', summary='N')\nasync def n(transaction: Transaction) -> View: ...",
            3,
            "x:y",
        ),
        ("\n\ndef f(:", 4, "SyntaxError"),
        ("x = load_queries(__name__)\ny = x.absent", 3, "no query named 'absent'"),
    ],
)
def test_a_page_without_a_permission_is_told_with_its_line(folder: Path, code: str, line: int, says: str) -> None:
    imports = "from belsimple.modules import Transaction, View, endpoint, load_queries, page\n"
    files = {"__init__.py": imports + code, "migrations/0001_note.sql": TABLE + PROTECT, "queries.sql": ""}
    name = package(folder, files)
    entry(folder, "belsimple-forgetful", "notebook", name + ":module")
    with pytest.raises(OperatorError) as refused:
        discover()
    assert f"{folder}/{name}/__init__.py:{line}: cannot be loaded as a module" in str(refused.value)
    assert says in str(refused.value)


def test_a_column_that_comes_later_keeps_no_statistics(folder: Path) -> None:
    added = "alter table notebook.note\n  add column day date not null default current_date;\n"
    found = faults(folder, {"migrations/0002_day.sql": f"\n{added}"})
    assert (
        "/migrations/0002_day.sql:2: adds a column to notebook.note without tenancy.hide_statistics('notebook.note')"
        in found
    )
    hidden = "select tenancy.hide_statistics('notebook.note');"
    assert faults(folder, {"migrations/0002_day.sql": added + hidden}) == ""
