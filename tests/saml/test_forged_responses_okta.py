"""Forged responses of a provider that signs response and assertion; see `tests/support/saml_forgeries`."""

from collections.abc import Callable

import pytest

from tests.support.saml_forgeries import Maker
from tests.support.saml_forgeries.catalogue import MAKERS, check


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_no_forgery_is_accepted(maker: Maker, record_property: Callable[[str, object], None]) -> None:
    check("okta", maker, record_property)
