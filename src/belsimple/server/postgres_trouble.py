"""What PostgreSQL's programs wrote when they failed, turned into the operator's one line."""

import re
from pathlib import Path

from belsimple.errors import OperatorError
from belsimple.server.disk import disk_full

_FAILURE = re.compile(r"(?:FATAL|PANIC|ERROR|error|fatal):\s+(.+)")


def explain(program: str, written: str, logs: Path) -> OperatorError:
    """The error behind what `program` wrote."""
    if "No space left on device" in written or "Disk quota exceeded" in written:
        return disk_full(logs, f"PostgreSQL's {program} could not write")
    found = _FAILURE.findall(written)
    reason = found[-1] if found else (written.strip().splitlines() or ["it said nothing"])[-1]
    return OperatorError(f"PostgreSQL's {program} failed: {reason}", f"Its log is in {logs}.")


def explain_start(logs: Path) -> OperatorError:
    """The error behind a server that ended during its start: its first words, then its newest log."""
    files = [logs / "postgresql-start.log", *sorted(logs.glob("postgresql-*.log"), key=_changed)[-1:]]
    written = "\n".join(_tail(file) for file in files)
    return explain("server", written, logs)


def _changed(file: Path) -> float:
    return file.stat().st_mtime


def _tail(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            _ = opened.seek(max(0, file.stat().st_size - 8192))
            return opened.read().decode("utf-8", "replace")
    except OSError:
        return ""
