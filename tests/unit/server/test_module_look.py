"""Before the database is brought to them, modules are looked at closely: once, until their files change."""

import itertools
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from belsimple.errors import OperatorError
from belsimple.modules import Module
from belsimple.server.module_look import look_at_modules

_numbers = itertools.count()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """A module with one template."""
    name = f"looked_at_{next(_numbers)}"
    (tmp_path / name / "templates").mkdir(parents=True)
    (tmp_path / name / "__init__.py").touch()
    (tmp_path / name / "templates" / "one.html").write_text("<p></p>", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return Module(name="looked", package=name, permissions=(), endpoints=())


def template(tmp_path: Path, module: Module, text: str) -> None:
    file = tmp_path / module.package / "templates" / "one.html"
    file.write_text(text, "utf-8")
    os.utime(file, (1, 1))


def test_a_template_that_does_not_compile_stops_the_start(tmp_path: Path, module: Module, data: Path) -> None:
    template(tmp_path, module, "\n{{ 1 + }}")
    with pytest.raises(OperatorError, match=r"one\.html:2: is a template that does not compile"):
        look_at_modules([module], data)
    with pytest.raises(OperatorError):  # and the next one too
        look_at_modules([module], data)


def test_text_that_stays_english_is_told_once_and_stops_nothing(tmp_path: Path, module: Module, data: Path) -> None:
    template(tmp_path, module, "<p>Only English</p>")
    with capture_logs() as told:
        look_at_modules([module], data)
    assert [(one["event"], one["faults"]) for one in told] == [("module-untranslated", 1)]
    assert "one.html:1: outside of _(): 'Only English'" in told[0]["first"]
    with capture_logs() as again:
        look_at_modules([module], data)
    assert again == []
    template(tmp_path, module, "<p>Only English, still</p>")
    with capture_logs() as changed:
        look_at_modules([module], data)
    assert len(changed) == 1
