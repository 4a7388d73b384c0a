"""Slots of counters: one for each living process of a part, and none more."""

import subprocess
import sys
from pathlib import Path

from belsimple.metrics.slots import claim, forget_the_dead

_HOLD = "import sys; from pathlib import Path; from belsimple.metrics.slots import claim; print(claim(Path(sys.argv[1]), 'gate'), flush=True); sys.stdin.read()"


def _holder(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _HOLD, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2] / "src",
    )


def _said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def _end(process: "subprocess.Popen[str]") -> None:
    _ = process.communicate()


def test_a_process_takes_over_the_slot_of_one_that_ended(tmp_path: Path):
    first, second = _holder(tmp_path), _holder(tmp_path)
    assert {_said(first), _said(second)} == {"gate-0", "gate-1"}
    _end(first)
    _end(second)
    assert claim(tmp_path, "gate") == "gate-0"


def test_gauges_of_the_living_stay_and_those_of_the_dead_go(tmp_path: Path):
    living, dead = _holder(tmp_path), _holder(tmp_path)
    slots = [_said(living), _said(dead)]
    for slot in slots:
        for kind in ("gauge_livesum", "counter"):
            (tmp_path / f"{kind}_{slot}.db").touch()
    _end(dead)
    forget_the_dead(tmp_path)
    left = {file.name for file in tmp_path.glob("*.db")}
    assert left == {f"gauge_livesum_{slots[0]}.db", f"counter_{slots[0]}.db", f"counter_{slots[1]}.db"}
    _end(living)


def test_its_files_can_be_read_by_their_group_and_nobody_else(tmp_path: Path):
    slot = claim(tmp_path, "web")
    assert (tmp_path / f"{slot}.lock").stat().st_mode & 0o777 == 0o640
