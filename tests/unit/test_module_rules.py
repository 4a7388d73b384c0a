"""A module that forgot something does not start: the fault is named, with the package, the file and the line."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from belsimple.errors import OperatorError
from belsimple.modules import Job, Module, Page, Paging, Permission, Transaction, discover, endpoint, faults_of
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
    return "\n".join(faults_of(Module(package=name, **plain | changes)))


def test_the_module_in_the_box_has_no_fault() -> None:
    assert list(faults_of(dossiers)) == []


def test_one_without_fault_has_none(folder: Path) -> None:
    assert faults(folder, jobs=(Job("notebook.tidy", tidy),)) == ""


@pytest.mark.parametrize("name", ["Notebook", "n", "note-book", "note;drop", "pg_notes", "identity", "audit", "x" * 40])
def test_its_name_must_fit_a_schema(folder: Path, name: str) -> None:
    assert "use 2 to 31 lower-case letters" in faults(folder, name=name)


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
    assert found.startswith(
        "makes the table notebook.note in migrations/0001_note.sql, line 3, without tenancy.protect("
    )


def test_a_later_migration_may_protect_but_a_comment_does_not(folder: Path) -> None:
    assert faults(folder, {"migrations/0001_note.sql": TABLE, "migrations/0002_protect.sql": PROTECT}) == ""
    assert "without tenancy.protect" in faults(folder, {"migrations/0001_note.sql": f"{TABLE}/* {PROTECT} */"})


@pytest.mark.parametrize("table", ["identity.note", "note", "dossiers.note"])
def test_tables_stand_in_its_own_schema(folder: Path, table: str) -> None:
    assert (
        f"makes the table {table} in migrations/0002_more.sql, line 1: only plain tables in the schema notebook"
        in faults(folder, {"migrations/0002_more.sql": f"create table {table} (id uuid);"})
    )


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
    assert "in migrations/0002_more.sql, line 2: that is the platform's" in faults(
        folder, {"migrations/0002_more.sql": f"\n{statement}"}
    )


def test_a_string_is_no_statement(folder: Path) -> None:
    assert (
        faults(
            folder, {"migrations/0002_more.sql": "comment on table notebook.note is 'grant nothing; it''s -- fine';"}
        )
        == ""
    )


def test_there_must_be_a_migration(folder: Path) -> None:
    assert "has no migration" in "\n".join(
        faults_of(Module(name="notebook", package=package(folder, {}), permissions=(), endpoints=()))
    )


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
    assert "has the query forgetful in made_up_" in found
    assert "/queries.sql, line 4, that reaches a table without `tenant_id = :tenant`" in found


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
    assert "deep/down/more.sql, line 1" in found


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
    assert str(refused.value).startswith("The package belsimple-broken ")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_faulty_one_stops_the_start_with_file_and_line(folder: Path) -> None:
    files = {"__init__.py": RIGHT.format(name="notebook"), "migrations/0001_note.sql": TABLE}
    entry(folder, "belsimple-forgetful", "notebook", package(folder, files) + ":module")
    with pytest.raises(
        OperatorError, match=r"belsimple-forgetful makes the table notebook\.note in migrations/0001_note\.sql, line 1"
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
    with pytest.raises(OperatorError, match="belsimple-two brings a module 'notebook', and so does belsimple-one"):
        discover()


def test_two_of_one_address_stop_the_start(folder: Path) -> None:
    code = """
from belsimple.modules import Module, Permission, Transaction, endpoint
@endpoint("DELETE", "/api/v1/dossiers/{key}", permission="signed-in", summary="Mine now")
async def take(transaction: Transaction, key: str) -> None: ...
module = Module(name="notebook", package=__name__, permissions=(), endpoints=(take,))
"""
    entry(folder, "belsimple-greedy", "notebook", package(folder, {"__init__.py": code, **SQL}) + ":module")
    with pytest.raises(OperatorError, match=r"belsimple-greedy has the endpoint DELETE /api/v1/dossiers/\{key\}"):
        discover()


def test_a_command_says_so_in_one_line(folder: Path) -> None:
    files = {"__init__.py": RIGHT.format(name="notebook"), "migrations/0001_note.sql": TABLE}
    entry(folder, "belsimple-forgetful", "notebook", package(folder, files) + ":module")
    command = [sys.executable, "-m", "belsimple", "openapi"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": f"{folder}:src"})
    assert (said.returncode, said.stdout, said.stderr.count("\n")) == (1, "", 1)
    assert "belsimple-forgetful makes the table notebook.note in migrations/0001_note.sql, line 1" in said.stderr
