"""Results for people (tables) and for programs (JSON files)."""

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


def print_tables(results: Sequence[Figures], console: Console) -> None:
    """The verdicts, then both sides' medians behind each."""
    verdicts = Table(title="Ratios: medians of alternating rounds", title_justify="left")
    for heading in ("name", "of", "value", "lowest", "highest", "goal", "met"):
        verdicts.add_column(heading, no_wrap=True, justify="left" if heading in ("name", "of") else "right")
    figures = Table(title="Figures: medians", title_justify="left")
    for heading in ("name", "side", *(heading for heading, _, _ in COLUMNS.values())):
        figures.add_column(heading, no_wrap=True, justify="left" if heading in ("name", "side") else "right")
    for one in results:
        numbers = (f"{number:.2f}" for number in (one.value, one.low, one.high))
        verdicts.add_row(one.name, one.measure, *numbers, f">= {one.goal:g}", "[green]yes" if one.met else "[red]no")
        figures.add_row(one.name, "ours", *_cells(one.ours))
        figures.add_row("", "peer", *_cells(one.peer), end_section=True)
    console.print(verdicts, figures)


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
    return [f"{medians[key]:,.{0 if medians[key] > 99 else 1}f}" if key in medians else "" for key in COLUMNS]
