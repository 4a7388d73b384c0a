"""One service that faults are done to; each leaves it running. Those that break more start their own."""

from collections.abc import Iterator

import pytest

from tests.support.service import Service, running_service


@pytest.fixture(scope="session")
def struck() -> Iterator[Service]:
    """Two web workers, as on a machine of some size."""
    with running_service({"BELSIMPLE_WORKERS": "2"}) as service:
        yield service
