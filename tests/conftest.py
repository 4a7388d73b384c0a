"""Fixtures for every kind of test."""

from collections.abc import Iterator

import pytest

from tests.support.service import Service, new_service, running_service


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
