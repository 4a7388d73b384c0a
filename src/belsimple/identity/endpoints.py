"""Every endpoint of this folder."""

from typing import Final

from belsimple.identity import (
    account_pages,
    admission_pages,
    admission_routes,
    api_token_pages,
    api_token_routes,
    factor_pages,
    factor_routes,
    invitation_pages,
    invitation_routes,
    member_pages,
    pages,
    recovery_pages,
    recovery_routes,
    routes,
    sign_in_pages,
    sign_in_routes,
    support_pages,
    support_routes,
)
from belsimple.web.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *sign_in_pages.ENDPOINTS,
    *pages.ENDPOINTS,
    *recovery_pages.ENDPOINTS,
    *account_pages.ENDPOINTS,
    *admission_pages.ENDPOINTS,
    *factor_pages.ENDPOINTS,
    *admission_routes.ENDPOINTS,
    *factor_routes.ENDPOINTS,
    *sign_in_routes.ENDPOINTS,
    *recovery_routes.ENDPOINTS,
    *routes.ENDPOINTS,
    *invitation_routes.ENDPOINTS,
    *member_pages.ENDPOINTS,
    *invitation_pages.ENDPOINTS,
    *api_token_routes.ENDPOINTS,
    *api_token_pages.ENDPOINTS,
    *support_routes.ENDPOINTS,
    *support_pages.ENDPOINTS,
)
