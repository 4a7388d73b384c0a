"""Every address of part operator."""

from belsimple.operators import (
    account_pages,
    links_routes,
    overview_pages,
    pages,
    profile_pages,
    profile_routes,
    service_pages,
    service_routes,
    sign_in_pages,
    sign_in_routes,
    staff_pages,
    staff_routes,
    support_pages,
    support_routes,
    tenants_pages,
    tenants_routes,
)

ENDPOINTS = (
    *sign_in_routes.ENDPOINTS,
    *links_routes.ENDPOINTS,
    *staff_routes.ENDPOINTS,
    *tenants_routes.ENDPOINTS,
    *service_routes.ENDPOINTS,
    *profile_routes.ENDPOINTS,
    *support_routes.ENDPOINTS,
    *pages.ENDPOINTS,
    *sign_in_pages.ENDPOINTS,
    *overview_pages.ENDPOINTS,
    *tenants_pages.ENDPOINTS,
    *service_pages.ENDPOINTS,
    *staff_pages.ENDPOINTS,
    *profile_pages.ENDPOINTS,
    *account_pages.ENDPOINTS,
    *support_pages.ENDPOINTS,
)
