"""Measuring one side, alternating two of them, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench import cpu
from bench.load import Load, run

ROUNDS: Final = 15
WARM_UP_S: Final = 1.0

Processes = Callable[[], Collection[int]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One interval of one side: requests a second, seconds of latency, processor seconds per request.

    `cpu` is the serving processes', `database_cpu` PostgreSQL's; either is None where it was not looked at.
    """

    rate: float
    p50: float | None = None
    p99: float | None = None
    cpu: float | None = None
    database_cpu: float | None = None


Side = Callable[[float], Sample]
"""Runs one side for so many seconds."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One ratio and what stands behind it. `low` and `high` are the extremes over the rounds, `value` their median."""

    name: str
    goal: float
    measure: str
    value: float
    low: float
    high: float
    ours: list[Sample]
    peer: list[Sample]

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.value >= self.goal


def http_side(load: Callable[[float], Load], serving: Processes, database: Processes) -> Side:
    """A side that is loaded over HTTPS; `load` makes the load for a number of seconds."""

    def measured(seconds: float) -> Sample:
        before = cpu.spent(serving()), cpu.spent(database())
        answers = run(load(seconds))
        count = len(answers.latencies)
        return Sample(
            rate=answers.rate,
            p50=answers.p50,
            p99=answers.p99,
            cpu=(cpu.spent(serving()) - before[0]) / count,
            database_cpu=(cpu.spent(database()) - before[1]) / count,
        )

    return measured


def by_rate(ours: Sample, peer: Sample) -> float:
    """Our rate, as a share of the peer's."""
    return ours.rate / peer.rate


def by_cpu(ours: Sample, peer: Sample) -> float:
    """The peer's processor time per request, as a share of ours: more is better, as with a rate.

    With the load generator and the database on the same cores, rates say how the cores were shared; this does not.
    """
    if not ours.cpu or not peer.cpu:
        raise ValueError("processor time was not measured on both sides")
    return peer.cpu / ours.cpu


def compare(
    name: str,
    goal: float,
    ours: Side,
    peer: Side,
    *,
    value: Callable[[Sample, Sample], float],
    seconds: float,
    rounds: int = ROUNDS,
) -> Figures:
    """Run both sides in turn, A B A B, and judge each round by itself: what slows the machine meets both.

    Many short rounds say more than a few long ones: a disturbance spoils its round, and the median leaves it out.
    """
    for side in (ours, peer):
        side(WARM_UP_S)
    pairs = [(ours(seconds), peer(seconds)) for _ in range(rounds)]
    ratios = [value(one, other) for one, other in pairs]
    return Figures(
        name=name,
        goal=goal,
        measure="CPU" if value is by_cpu else "rate",
        value=median(ratios),
        low=min(ratios),
        high=max(ratios),
        ours=[one for one, _ in pairs],
        peer=[other for _, other in pairs],
    )
