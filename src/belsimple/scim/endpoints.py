"""Every endpoint of this folder."""

from typing import Final

from belsimple.scim import connection_pages, connection_routes, group_pages, group_routes, routes
from belsimple.web.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *routes.ENDPOINTS,
    *connection_routes.ENDPOINTS,
    *group_routes.ENDPOINTS,
    *connection_pages.ENDPOINTS,
    *group_pages.ENDPOINTS,
)
