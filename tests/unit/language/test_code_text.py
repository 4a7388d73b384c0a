"""A sentence for people that nobody marked would stay English in every language; it is found with its line."""

import sys
from pathlib import Path

import pytest

from belsimple.language.code_text import code_faults, unmarked
from tools.catalogues import PACKAGES


@pytest.mark.parametrize("package", PACKAGES)
def test_every_sentence_for_people_is_marked(package: str) -> None:
    assert "\n".join(str(fault) for fault in code_faults(package)) == ""


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ('raise Conflict("This is closed.")', [(1, "This is closed.")]),
        ('\nraise problems.Conflict("This is closed.", name="is-closed")', [(2, "This is closed.")]),
        ('raise Unprocessable([\n    ("/email", "Give an address.")\n])', [(2, "Give an address.")]),
        ('raise Conflict(f"There are {count} already.")', [(1, "There are {} already.")]),
        ('raise Conflict(f"{count} are there already.")', [(1, "{} are there already.")]),
        ('raise Conflict("Now." if late else _("Later."))', [(1, "Now.")]),
        ('message("At most {count}.", count=1)', [(1, "At most {count}.")]),
        ('MenuEntry("Notes", "/notes", "notes:read")', [(1, "Notes")]),
        ('MenuEntry(label="My notes", path="/notes")', [(1, "My notes")]),
        ('Permission("notes:read", "See notes", roles=frozenset({"admin"}))', [(1, "See notes")]),
        ('@page("POST", "/notes", done="The note is kept.")\ndef add(): ...', [(1, "The note is kept.")]),
        ('class Full(Problem):\n    status, name, title = 409, "full", "This is full."', [(2, "This is full.")]),
        ('class Full(Problem):\n    title = "This is full."', [(2, "This is full.")]),
    ],
)
def test_what_is_not_marked_is_found(source: str, faults: list[tuple[int, str]]) -> None:
    assert unmarked(source) == faults


@pytest.mark.parametrize(
    "source",
    [
        'raise Conflict(_("This is closed."), name="is-closed")',
        'raise Unprocessable([("/email", message(_("At most {count}."), count=3))])',
        'raise Unprocessable([(f"/{name}", fault.said)])',
        'MenuEntry(_("Notes"), "/notes", "notes:read")',
        'class Full(Problem):\n    status, name, title = 409, "full", _("This is full.")',
        'raise Malformed("The JSON is nested too deeply.")',
        'raise ValueError("This is for programmers.")',
        '@page("GET", "/notes", summary="List notes")\ndef notes(): ...',
    ],
)
def test_what_is_marked_or_for_programmers_is_fine(source: str) -> None:
    assert unmarked(source) == []


def test_a_fault_names_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "quill").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "quill", raising=False)
    (tmp_path / "quill" / "__init__.py").write_text("")
    (tmp_path / "quill" / "actions.py").write_text('\nraise Conflict("This is closed.")\n')
    assert [str(fault) for fault in code_faults("quill")] == [
        f"{tmp_path}/quill/actions.py:2: not marked with _(): 'This is closed.'"
    ]
