"""`belsimple doctor`."""

import asyncio

from rich.console import Console
from rich.table import Table

from belsimple.cli.output import AsJson, command_settings, print_json
from belsimple.database.catalogue import Finding, examine
from belsimple.server.access import admin_database
from belsimple.server.environment import examine_environment


def doctor(*, json: AsJson = False) -> None:
    """The catalogue check and the environment check."""
    settings = command_settings()
    findings = examine_environment(settings)
    with admin_database(settings) as url:
        findings += asyncio.run(examine(url))
    ok = not any(finding.severity == "fatal" for finding in findings)
    if json:
        print_json({"ok": ok, "findings": findings})
    else:
        _print(findings, ok=ok)
    if not ok:
        raise SystemExit(1)


def _print(findings: list[Finding], *, ok: bool) -> None:
    console = Console(highlight=False)
    if findings:
        table = Table("severity", "check", "detail", box=None, pad_edge=False)
        for finding in findings:
            table.add_row(finding.severity, finding.check, finding.detail)
        console.print(table)
    console.print("Healthy." if ok else "Not healthy: see the fatal findings.")
