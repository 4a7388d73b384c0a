"""`python -m bench [NAME ...] [--json] [--seconds N]`: the ratios of the design, each beside its peer."""

from __future__ import annotations

import argparse
import json
import sys

from rich.console import Console

from bench import report
from bench.cases import CASES
from bench.load import LoadError
from bench.measure import Figures
from bench.postgres import PostgresError
from bench.service import ServiceError
from bench.world import world

DEFAULT_SECONDS = 1.0


def main() -> int:
    """Run the cases named, or all of them. The exit code tells whether they ran; the goals are in the results."""
    arguments = _arguments()
    console = Console(stderr=arguments.json)
    names: list[str] = arguments.names or list(CASES)
    try:
        results = _run(names, arguments.seconds, console)
    except (LoadError, PostgresError, ServiceError) as error:
        print(f"The benchmarks stopped: {error}", file=sys.stderr)
        return 1
    report.write(results)
    report.print_tables(results, console)
    if arguments.json:
        print(json.dumps(report.summary(results)))
    return 0


def _run(names: list[str], seconds: float, console: Console) -> list[Figures]:
    with console.status("starting the service and filling it") as status, world() as running:
        results: list[Figures] = []
        for name in names:
            status.update(f"{name}: {CASES[name].__doc__}")
            try:
                results.append(CASES[name](running, seconds))
            except LoadError as error:
                raise LoadError(f"{name}: {error}") from error
        return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Ratios of the service against its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CASES))
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS, help="length of one interval (default 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on standard output")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(CASES):
        parser.error(f"there is no case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    return arguments


sys.exit(main())
