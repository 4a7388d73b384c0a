"""`belsimple module new` writes a module that installs, runs and passes its own tests; bad names are refused in one sentence."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from belsimple.errors import OperatorError
from belsimple.kit import new_module
from tests.kit.environment import Environment, new_environment


@pytest.fixture(scope="module")
def environment() -> Iterator[Environment]:
    """Where its author works."""
    with new_environment() as made:
        yield made


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Visits", "lower-case"),
        ("v", "2 to 31"),
        ("v" * 40, "2 to 31"),
        ("../escape", "lower-case"),
        ("visits;drop", "lower-case"),
        ("identity", "the platform uses that name"),
        ("pg_visits", "the platform uses that name"),
        ("order", "SQL keeps that word"),
    ],
)
def test_a_bad_name_is_refused(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(OperatorError, match=why):
        new_module(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = new_module("visits", tmp_path)
    (folder / "README.md").write_text("mine", "utf-8")
    with pytest.raises(OperatorError, match="There is a folder"):
        new_module("visits", tmp_path)
    assert (folder / "README.md").read_text("utf-8") == "mine"
    with pytest.raises(OperatorError, match="There is no folder"):
        new_module("visits", tmp_path / "absent")


def test_no_word_of_the_scaffold_is_left(tmp_path: Path) -> None:
    folder = new_module("case_notes", tmp_path)
    for file in folder.rglob("*"):
        assert "scaffold" not in str(file.relative_to(folder)).lower()
        assert file.is_dir() or "scaffold" not in file.read_text("utf-8").lower()


def test_the_command_says_so_in_one_sentence(environment: Environment) -> None:
    said = environment.run(environment.folder, "belsimple", "module", "new", "Visits", fails=True)
    assert said.startswith("belsimple: No module can be called 'Visits'")
    assert said.count("\n") == 1


def test_check_tells_every_fault_of_a_project_at_once(environment: Environment, tmp_path: Path) -> None:
    folder = new_module("visits", tmp_path)
    source = folder / "src" / "belsimple_visits"
    assert environment.run(folder, "belsimple", "module", "check", ".") == "Nothing is wrong.\n"
    for file, was, becomes in (
        ("migrations/0001_entry.sql", "select tenancy.protect('visits.entry', 'visits:read', 'visits:write');", ""),
        ("queries.sql", "where tenant_id = :tenant and id = :id;", "where id = :id;"),
        ("templates/list.html", '{{ _("Older entries") }}', "Older entries"),
        ("pages.py", 'view("list.html"', 'view("lost.html"'),
        ("routes.py", 'permission="visits:read"', 'permission="visit:read"'),
    ):
        text = (source / file).read_text("utf-8")
        assert was in text
        (source / file).write_text(text.replace(was, becomes), "utf-8")
    said = environment.run(folder, "belsimple", "module", "check", ".", fails=True)
    for expected in (
        "migrations/0001_entry.sql:2: makes the table visits.entry without tenancy.protect",
        "queries.sql:5: has the query read_entry that reaches a table",
        "templates/list.html:23: outside of _(): 'Older entries'",
        "pages.py:14: shows the template 'lost.html'",
        "routes.py:8: has the endpoint GET /api/v1/visits with the permission 'visit:read'",
        "belsimple_visits.po:",
    ):
        assert expected in said


@pytest.mark.slow
def test_it_installs_runs_and_passes_its_own_tests(environment: Environment) -> None:
    environment.run(environment.folder, "belsimple", "module", "new", "case_notes")
    project = environment.folder / "belsimple-case-notes"
    environment.run(project, "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", ".")
    assert "8 passed" in environment.run(project, "python", "-m", "pytest", "--quiet")
    with environment.service() as service:
        assert service.signed_in("member").post("/case_notes/new", title="Kept").path == "/case_notes"
    environment.run(project, "python", "-m", "pip", "uninstall", "--quiet", "--yes", "belsimple-case-notes")
    with environment.service() as service:
        said = [
            json.loads(line) for line in (service.folder / "err").read_text("utf-8").splitlines() if line[:1] == "{"
        ]
        [removed] = [line for line in said if line["event"] == "module-removed"]
        assert (removed["module"], removed["tables"], removed["data"]) == ("case_notes", 1, "kept")
        assert service.signed_in("member").get("/case_notes").status == 404
        listed = service.command("module", "list")
        assert [(one["name"], one["package"]) for one in listed["removed"]] == [("case_notes", "belsimple-case-notes")]
        doctor = service.command("doctor")
        assert doctor["ok"]
        assert ("information", "removed_modules") in {(one["severity"], one["check"]) for one in doctor["findings"]}
    environment.run(project, "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", ".")
    with environment.service() as service:
        assert "Kept" in service.signed_in("member").get("/case_notes").text
