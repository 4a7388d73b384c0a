"""Every endpoint of this folder."""

from typing import Final

from belsimple.sso import (
    domain_routes,
    logout_routes,
    own_pages,
    provider_pages,
    provider_routes,
    rule_pages,
    setup_pages,
    sign_in_pages,
    single_sign_on_pages,
)
from belsimple.web.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *sign_in_pages.ENDPOINTS,
    *logout_routes.ENDPOINTS,
    *own_pages.ENDPOINTS,
    *setup_pages.ENDPOINTS,
    *provider_pages.ENDPOINTS,
    *rule_pages.ENDPOINTS,
    *single_sign_on_pages.ENDPOINTS,
    *provider_routes.ENDPOINTS,
    *domain_routes.ENDPOINTS,
)
