"""PostgreSQL is killed under load."""

import os
import signal

from tests.support.faults import account_for, recovered, witnessed
from tests.support.service import Service


async def test_it_recovers_and_loses_nothing(struck: Service) -> None:
    async with witnessed(struck, "PostgreSQL killed") as witness:
        os.kill(struck.pids_of("postgresql")[0], signal.SIGKILL)
        await recovered(witness)
        figures = await account_for(struck, witness)
    assert figures.writes_away_s < 10
    assert set(figures.seen) <= {"503"}, "people saw more than `try again`"
