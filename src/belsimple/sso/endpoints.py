"""Every endpoint of this folder."""

from typing import Final

from belsimple.sso import (
    domain_routes,
    logout_routes,
    own_pages,
    provider_pages,
    provider_routes,
    rule_pages,
    saml_logout_pages,
    saml_provider_pages,
    saml_provider_routes,
    saml_sign_in_pages,
    setup_pages,
    sign_in_pages,
    single_sign_on_pages,
)
from belsimple.web.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *sign_in_pages.ENDPOINTS,
    *logout_routes.ENDPOINTS,
    *saml_sign_in_pages.ENDPOINTS,
    *saml_logout_pages.ENDPOINTS,
    *own_pages.ENDPOINTS,
    *setup_pages.ENDPOINTS,
    *provider_pages.ENDPOINTS,
    *saml_provider_pages.ENDPOINTS,
    *rule_pages.ENDPOINTS,
    *single_sign_on_pages.ENDPOINTS,
    *provider_routes.ENDPOINTS,
    *saml_provider_routes.ENDPOINTS,
    *domain_routes.ENDPOINTS,
)
