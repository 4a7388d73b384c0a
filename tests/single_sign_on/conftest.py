"""One service and one identity provider for this folder; `company` is a tenant that tests share, `own_company` one to change."""

import os
from collections.abc import AsyncIterator, Iterator
from subprocess import CalledProcessError

import pytest
import pytest_asyncio

from tests.support.identity_provider import Company, IdentityProvider, company, identity_provider
from tests.support.service import Service, public_folder, running_service
from tools.provider import installed


@pytest.fixture(scope="session")
def peer() -> Iterator[IdentityProvider]:
    """The provider of npm. Where no npm package can be had, what needs it is skipped, unless BELSIMPLE_TEST_EVERYTHING is set."""
    try:
        installed()
    except CalledProcessError:
        if "BELSIMPLE_TEST_EVERYTHING" in os.environ:
            raise
        pytest.skip("npm packages cannot be had here")
    with public_folder() as folder, identity_provider(folder) as made:
        yield made


@pytest.fixture(scope="session")
def sso_service(peer: IdentityProvider) -> Iterator[Service]:
    with running_service(peer.environment) as running:
        yield running


@pytest_asyncio.fixture(name="company", scope="session")
async def shared_company(sso_service: Service, peer: IdentityProvider) -> Company:
    return await company(sso_service, peer)


@pytest_asyncio.fixture
async def own_company(sso_service: Service, peer: IdentityProvider) -> Company:
    return await company(sso_service, peer)


@pytest_asyncio.fixture(autouse=True)
async def in_order(peer: IdentityProvider, company: Company) -> AsyncIterator[None]:
    yield
    await peer.be("ok")
