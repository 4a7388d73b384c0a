"""Results for people (a table) and for programs (JSON files)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.measure import Figures, Sample

RESULTS: Final = Path(__file__).parent / "results"
COLUMNS: Final[dict[str, tuple[str, float, Callable[[Sample], float | None]]]] = {
    "cpu_us": ("CPU us", 1e6, lambda sample: sample.cpu),
    "database_cpu_us": ("database us", 1e6, lambda sample: sample.database_cpu),
    "rate": ("a second", 1, lambda sample: sample.rate),
    "p50_ms": ("p50 ms", 1e3, lambda sample: sample.p50),
    "p99_ms": ("p99 ms", 1e3, lambda sample: sample.p99),
}


def summary(results: Sequence[Figures]) -> dict[str, Any]:
    """The object that `--json` prints: each ratio by its name, and the medians behind it."""
    return {
        "ratios": {one.name: round(one.value, 3) for one in results},
        "figures": {one.name: _figures(one) for one in results},
    }


def write(results: Sequence[Figures]) -> None:
    """Write results/NAME.json with every round, and results/latest.json with the summary."""
    RESULTS.mkdir(exist_ok=True)
    for one in results:
        _write(one.name, {"ratio": one.value, **_figures(one), "rounds": asdict(one)})
    _write("latest", summary(results))


def print_table(results: Sequence[Figures], console: Console) -> None:
    """One block a ratio: the verdict, then both sides' medians."""
    table = Table(title="belsimple bench: each ratio from alternating rounds, medians", title_justify="left")
    table.add_column("name", no_wrap=True)
    for heading in ("value", "low", "high", "goal", "met", *(heading for heading, _, _ in COLUMNS.values())):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in results:
        verdict = "[green]yes" if one.met else "[red]no"
        numbers = (f"{number:.2f}" for number in (one.value, one.low, one.high))
        table.add_row(f"[bold]{one.name}", *numbers, f">= {one.goal:g}", verdict)
        table.add_row(f"  ours (ratio of {one.measure})", *[""] * 5, *_cells(one.ours))
        table.add_row("  peer", *[""] * 5, *_cells(one.peer), end_section=True)
    console.print(table)


def _write(name: str, content: dict[str, Any]) -> None:
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")


def _figures(one: Figures) -> dict[str, Any]:
    return {
        "goal": one.goal,
        "met": one.met,
        "measure": one.measure,
        "low": round(one.low, 3),
        "high": round(one.high, 3),
        "ours": _medians(one.ours),
        "peer": _medians(one.peer),
    }


def _medians(samples: Sequence[Sample]) -> dict[str, float]:
    found: dict[str, float] = {}
    for key, (_, factor, of) in COLUMNS.items():
        values = [value for value in map(of, samples) if value is not None]
        if values:
            found[key] = round(median(values) * factor, 2)
    return found


def _cells(samples: Sequence[Sample]) -> list[str]:
    medians = _medians(samples)
    return [f"{medians[key]:,.4g}" if key in medians else "" for key in COLUMNS]
