"""Fixtures for every kind of test."""

from collections.abc import Iterator

import pytest

from tests.support.service import Service, new_service, running_service

_FIRST = ("attack", "browser", "faults", "integration/service", "operations")
"""Folders with files of few tests, some of which last a minute: done last, they would leave one of two workers idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow folders first; files stay whole, and in their order."""
    slow = tuple(f"tests/{folder}/" for folder in _FIRST)
    items.sort(key=lambda item: not item.nodeid.startswith(slow))


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """One running service with demo data, for tests that leave it as they found it."""
    with running_service() as running:
        yield running


@pytest.fixture
def own_service() -> Iterator[Service]:
    """A service of one's own, not started yet: to stop, to kill, to start badly."""
    with new_service() as service:
        yield service
