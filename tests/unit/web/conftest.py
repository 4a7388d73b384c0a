"""Fixtures of the request path's tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .harness import FakeDatabase, Service
from .things import EVERY

Make = Callable[..., Service]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes services and stops them at the end."""
    made: list[Service] = []

    def factory(database: FakeDatabase | None = None, **changes: Any) -> Service:
        made.append(Service(changes.pop("endpoints", EVERY), database, **changes))
        return made[-1]

    yield factory
    for service in made:
        service.stop()
        service.loop.close()


@pytest.fixture
def service(make: Make) -> Service:
    """Part web with every thing."""
    return make()
