"""PostgreSQL is restarted under load, as for a change of its settings."""

import os
import signal

from tests.support.faults import account_for, recovered, witnessed
from tests.support.service import Service


async def test_requests_wait_for_it_and_nothing_is_lost(struck: Service) -> None:
    async with witnessed(struck, "PostgreSQL restarted") as witness:
        os.kill(struck.pids_of("postgresql")[0], signal.SIGINT)
        await recovered(witness)
        figures = await account_for(struck, witness)
    assert figures.writes_away_s < 10
    assert set(figures.seen) <= {"503"}, "people saw more than `try again`"
