"""`belsimple attack`."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated, TypeVar

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from belsimple.attack import mutate as mutation
from belsimple.attack.command import Report, report_on, run
from belsimple.attack.mutate import Mutated, MutationReport, report_mutations
from belsimple.attack.outcome import Outcome
from belsimple.cli.output import AsJson, command_settings, print_json

Found = TypeVar("Found", Outcome, Mutated)


def attack(
    *,
    mutate: Annotated[
        bool, Parameter(negative="", help="Break every guard in a scratch copy and see its cases go red.")
    ] = False,
    url: Annotated[str | None, Parameter(help="The service's address, if it is not reached on this machine.")] = None,
    i_own_this: Annotated[
        bool, Parameter(negative="", help="The service is mine to attack: needed for any address off this machine.")
    ] = False,
    json: AsJson = False,
) -> None:
    """The attack suite, or its mutations."""
    settings = command_settings()
    console = Console(highlight=False, stderr=True)
    try:
        ok = (
            _mutate(console, json=json)
            if mutate
            else _attack(console, run(settings, url=url, i_own_this=i_own_this), json=json)
        )
    except asyncio.CancelledError:  # by SIGTERM, after everything was removed
        raise SystemExit(128 + signal.SIGTERM) from None
    if not ok:
        raise SystemExit(1)


def _mutate(console: Console, *, json: bool) -> bool:
    with console.status("Making a scratch cluster") as status:
        mutated = asyncio.run(_collect(mutation.mutate(), lambda one: status.update(f"{one.guard}: {one.case}")))
    return _show_mutations(report_mutations(mutated), mutated, json=json)


def _attack(console: Console, found: AsyncGenerator[Outcome, None], *, json: bool) -> bool:
    with console.status("Making two tenants to attack") as status:
        outcomes = asyncio.run(_collect(found, lambda one: status.update(f"{one.number}: {one.name}")))
    return _show(report_on(outcomes), outcomes, json=json)


async def _collect(found: AsyncGenerator[Found, None], tell: Callable[[Found], None]) -> list[Found]:
    """All that is found. SIGTERM ends it as Ctrl-C does: what was made for the attack is removed either way."""
    task = asyncio.current_task()
    assert task is not None  # asyncio.run made it
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    collected: list[Found] = []
    async with aclosing(found) as each:
        async for one in each:
            collected.append(one)
            tell(one)
    return collected


def _show(report: Report, outcomes: list[Outcome], *, json: bool) -> bool:
    if json:
        print_json(report)
        return report.ok
    console = Console(highlight=False)
    table = Table("number", "cases", "held", box=None, pad_edge=False)
    for number, tally in report.numbers.items():
        table.add_row(number, str(tally.cases), str(tally.held) if tally.cases else "no case")
    console.print(table)
    _list(console, [(one.name, one.expected, one.seen) for one in report.broken], ("broken", "expected", "seen"))
    console.print(f"{report.held} of {len(outcomes)} attacks were refused.")
    return report.ok


def _show_mutations(report: MutationReport, mutated: list[Mutated], *, json: bool) -> bool:
    if json:
        print_json(report)
        return report.ok
    console = Console(highlight=False)
    rows = [(one.guard, one.case, "red" if one.right else "GREEN") for one in mutated if one.guard != mutation.NOTHING]
    _list(console, sorted(rows), ("guard broken", "case", "went"))
    _list(console, [(one.guard, one.case, one.seen) for one in report.broken], ("not as it should be", "case", "seen"))
    console.print(
        f"{len(report.guards)} guards were broken; {report.held} of {report.cases} cases were as they should be."
    )
    return report.ok


def _list(console: Console, rows: list[tuple[str, str, str]], titles: tuple[str, str, str]) -> None:
    if rows:
        table = Table(*titles, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*(cell[:200] for cell in row))
        console.print(table)
