"""Every endpoint of this folder."""

from typing import Final

from belsimple.scim import connection_routes, routes
from belsimple.web.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (*routes.ENDPOINTS, *connection_routes.ENDPOINTS)
