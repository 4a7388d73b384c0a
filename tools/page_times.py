"""`make pages`: how long the service takes to answer each page with demo data. The budget is 100 ms at the median."""

import asyncio
import sys
import time
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.support.pages import SitePage, Visitors, site_pages
from tests.support.service import Service, running_service

_REQUESTS: Final = 15
_BUDGET_MS: Final = 100


def main() -> int:
    """Print a table; the exit code is 1 when a page is over the budget."""
    with running_service() as service:
        times = asyncio.run(_times(service))
    table = Table(title=f"Milliseconds from request to the last byte, {_REQUESTS} requests each", title_justify="left")
    table.add_column("page")
    for heading in ("median", "slowest", "within budget"):
        table.add_column(heading, justify="right")
    slow = False
    for page, taken in times.items():
        over = median(taken) >= _BUDGET_MS
        slow |= over
        table.add_row(page.name, f"{median(taken):.1f}", f"{max(taken):.1f}", "[red]no" if over else "[green]yes")
    Console().print(table)
    return 1 if slow else 0


async def _times(service: Service) -> dict[SitePage, list[float]]:
    async with Visitors.of(service) as visitors:
        return {page: await _times_of(page, visitors) for page in site_pages()}


async def _times_of(page: SitePage, visitors: Visitors) -> list[float]:
    client, address = await visitors.client(page.viewer), await visitors.address(page)
    taken: list[float] = []
    for _ in range(_REQUESTS + 1):
        began = time.perf_counter()
        async with client.get(address, headers={"accept": "text/html"}, allow_redirects=False) as answer:
            _ = await answer.read()
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status == page.status, f"{page}: {answer.status} instead of {page.status}"
    return taken[1:]  # the first opens the connection


if __name__ == "__main__":
    sys.exit(main())
