"""One service for this folder; `company` is a tenant that tests share, `own_company` one to change."""

from collections.abc import Iterator

import pytest
import pytest_asyncio

from tests.support.saml_company import SamlCompany, saml_company
from tests.support.service import Service, running_service


@pytest.fixture(scope="session")
def saml_service() -> Iterator[Service]:
    with running_service() as running:
        yield running


@pytest_asyncio.fixture(name="company", scope="session")
async def shared_company(saml_service: Service) -> SamlCompany:
    return await saml_company(saml_service)


@pytest_asyncio.fixture
async def own_company(saml_service: Service) -> SamlCompany:
    return await saml_company(saml_service)
