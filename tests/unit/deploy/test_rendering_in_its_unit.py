"""The renderer works under what the unit of part web takes away: system calls, kinds of sockets, memory to execute."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from belsimple.files import rendering
from tests.support.machine import confine
from tests.support.pdfs import pdf

ROOT = Path(__file__).parents[3]
UNIT = (ROOT / "deploy/systemd/belsimple-web.service").read_text("utf-8").splitlines()


def said(key: str) -> list[str]:
    """The values of a setting."""
    return [line.removeprefix(f"{key}=") for line in UNIT if line.startswith(f"{key}=")]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="what the filters mean, systemd-analyze knows")
def test_it_renders_within_the_unit() -> None:
    refused = confine.refused_calls(said("SystemCallFilter"))
    assert "setpriority" in refused
    families = said("RestrictAddressFamilies")[0].replace(" ", ",")
    confined = [sys.executable, confine.__file__, families, ",".join(refused), *said("MemoryDenyWriteExecute")]
    render = [sys.executable, "-I", "-B", rendering.__file__, "page", "1"]
    done = subprocess.run([*confined, *render], input=pdf(), env={}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"\x89PNG")
