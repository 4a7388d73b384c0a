"""`python -m tests.faults`: the table of docs/operations.md, section 11, from the figures of the last run of `tests/faults`."""

import sys

import msgspec

from tests.support.faults import RESULTS, Figures

_STAY = {
    "disk full under the blobs": "uploads: 503 until there is room; nothing of them is left",
    "blob store down": "uploads and downloads: 503 until it is back",
    "blob store slow": "uploads and downloads take as long as the store does",
    "mail relay down": "nothing; mails wait and are sent within a minute of its return",
    "mail relay slow": "nothing; mails arrive later",
    "worker killed in a mail": "nothing; the mail is sent once more",
}
"""What no status tells."""


def main() -> None:
    """Write it to standard output."""
    lines = [
        "| fault | people see | writing away, s | reading away, s | acknowledged | lost | unaudited |",
        "|---" * 7 + "|",
    ]
    for file in sorted(RESULTS.glob("*.json")):
        one = msgspec.json.decode(file.read_bytes(), type=Figures)
        seen = ", ".join(f"{status} ({times} times)" for status, times in sorted(one.seen.items()))
        told = _STAY.get(one.fault) or seen or "nothing"
        figures = (one.writes_away_s, one.reads_away_s, one.acknowledged, one.lost, one.unaudited)
        lines.append(f"| {one.fault} | {told} | {' | '.join(map(str, figures))} |")
    sys.stdout.write("\n".join(lines) + "\n")


main()
