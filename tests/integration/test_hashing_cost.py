"""The cost of hashing passwords goes up only."""

import pytest

from belsimple.errors import OperatorError
from belsimple.identity.cost import raise_cost
from tests.support.databases import Installed


async def test_it_rises_and_the_same_again_is_no_change(fresh: Installed) -> None:
    assert await raise_cost(fresh.admin_url, memory_mib=96, passes=4, actor="command:test") is True
    assert await raise_cost(fresh.admin_url, memory_mib=96, passes=4, actor="command:test") is False


@pytest.mark.parametrize(("memory_mib", "passes"), [(64, 4), (96, 3), (32, 9)])
async def test_it_never_falls(fresh: Installed, memory_mib: int, passes: int) -> None:
    await raise_cost(fresh.admin_url, memory_mib=96, passes=4, actor="command:test")
    with pytest.raises(OperatorError, match="can only rise"):
        await raise_cost(fresh.admin_url, memory_mib=memory_mib, passes=passes, actor="command:test")
