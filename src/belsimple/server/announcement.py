"""The ready line: where the service answers, who may sign in to the demo, which authority to trust."""

import sys

from rich.console import Console
from rich.table import Table

from belsimple.server import tls
from belsimple.server.demo import Demo
from belsimple.server.settings import Settings


def announce(settings: Settings, demo: Demo | None, *, first_link: str | None) -> None:
    """Tell on standard output that the service answers, in one piece: who waits for the first line may read all of it.

    `first_link` is where the first operator sets up; it is a secret, and therefore never in a log.
    """
    console = Console(soft_wrap=True, highlight=False)
    with console.capture() as captured:
        console.print(f"belsimple is ready at [bold]{settings.url}[/bold]")
        if demo is not None:
            console.print(_sign_ins(demo))
            console.print(f"Demo sign-ins are also in {settings.data / 'demo.json'}", markup=False)
        if first_link is not None:
            console.print("There is no operator yet. Who opens this link becomes the first one; it works once:")
            console.print(first_link, markup=False)
        if settings.tls_certificate is None:
            authority = tls.served_files(settings.data).authority
            console.print(f"Certificate authority to trust: {authority}", markup=False)
    _ = sys.stdout.write(captured.get())
    sys.stdout.flush()


def _sign_ins(demo: Demo) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("tenant", "e-mail", "password", "role"):
        table.add_column(heading, no_wrap=True)
    for tenant in demo.tenants:
        for account in tenant.accounts:
            table.add_row(tenant.slug, account.email, account.password, account.role)
    if demo.operator is not None:
        table.add_row("(operator)", demo.operator.email, demo.operator.password, "platform")
    return table
