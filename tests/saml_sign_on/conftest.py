"""One service and one identity provider for this folder; `company` is a tenant that tests share, `own_company` one to change."""

from collections.abc import Iterator

import pytest
import pytest_asyncio

from tests.support.saml_company import SamlCompany, saml_company
from tests.support.saml_identity_provider import SamlIdentityProvider, saml_identity_provider
from tests.support.service import Service, public_folder, running_service


@pytest.fixture(scope="session")
def peer() -> Iterator[SamlIdentityProvider]:
    """pysaml2's, which those tests meet that go by a browser."""
    with public_folder() as folder, saml_identity_provider(folder) as made:
        yield made


@pytest.fixture(scope="session")
def saml_service(peer: SamlIdentityProvider) -> Iterator[Service]:
    with running_service(peer.environment) as running:
        yield running


@pytest_asyncio.fixture(name="company", scope="session")
async def shared_company(saml_service: Service) -> SamlCompany:
    return await saml_company(saml_service)


@pytest_asyncio.fixture
async def own_company(saml_service: Service) -> SamlCompany:
    return await saml_company(saml_service)
