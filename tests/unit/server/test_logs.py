"""Logs of the processes: JSON lines; libraries' messages and errors' messages stay out."""

import io
import logging
from typing import Any

import msgspec
import pytest

from belsimple.server.logs import configure_logs, log


@pytest.fixture
def written() -> Any:
    stream = io.StringIO()
    configure_logs("info", "web", stream)
    yield lambda: [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]
    logging.basicConfig(force=True, handlers=[])


def test_a_line_names_its_part_and_its_time(written: Any) -> None:
    log.info("started", child="gate", pid=4)
    [line] = written()
    assert line.items() >= {"event": "started", "part": "web", "level": "info", "child": "gate", "pid": 4}.items()
    assert line["at"].endswith("Z")


def test_an_error_is_told_by_type_and_place_never_by_message(written: Any) -> None:
    try:
        raise ValueError("duplicate key: (email)=(an@demo.example)")
    except ValueError:
        log.exception("not-started")
    [line] = written()
    assert line["error"] == "builtins.ValueError"
    assert "test_an_error_is_told" in line["where"][-1]
    assert "an@demo.example" not in msgspec.json.encode(line).decode()


@pytest.mark.parametrize("library", ["procrastinate.worker", "asyncio", "aiohttp.client"])
def test_a_library_does_not_speak_for_itself(written: Any, library: str) -> None:
    logging.getLogger(library).error("Job mail(to=%s) failed", "an@demo.example")
    [line] = written()
    assert (line["event"], line["library"]) == ("library", library)
    assert "an@demo.example" not in msgspec.json.encode(line).decode()
