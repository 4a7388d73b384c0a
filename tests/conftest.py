"""Fixtures for every kind of test."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.service import Service, new_service, running_service

_FIRST = ("attack", "browser", "faults", "integration/service", "operations", "saml_sign_on", "single_sign_on")
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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have counted, by `record_property("histogram", (title, counts))`: numbers that a reader of the run wants to see."""
    totals: dict[str, Counter[str]] = {}
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, value in getattr(report, "user_properties", ()):
            if name == "histogram":
                totals.setdefault(value[0], Counter()).update(value[1])
    for title, counts in sorted(totals.items()):
        listed = ", ".join(f"{what} {count:,}" for what, count in counts.most_common() if count)
        terminalreporter.write_line(f"{title}: {counts.total():,}: {listed}")
