"""Calls any route of the registry, with whatever it needs to get past its declaration."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import msgspec

from belsimple.attack.client import Reply
from belsimple.attack.site import OCTETS, Route, Site

_BODIES: Final[Mapping[str, Any]] = {
    "/api/v1/account/passkeys/{id}": {"name": "x"},
    "/api/v1/domains/{id}": {"provider_only": False},
    "/api/v1/providers/{id}/status": {"status": "disabled"},
    "/api/v1/providers/{id}/rules": {"rules": [], "role_ids": [], "makes_accounts": True},
    "/api/v1/providers/{id}/rules/trial": {"rules": []},
    "/api/v1/saml-providers/{id}/metadata": {"document": "<x/>"},
    "/api/v1/saml-providers/{id}/signing-key": {"key_id": "00000000-0000-0000-0000-000000000000"},
    "/api/v1/scim-connections/{id}": {
        "name": "x",
        "networks": [],
        "provider_id": None,
        "subject_claim": "sub",
        "subject_attribute": "externalId",
    },
    "/api/v1/scim-connections/{id}/status": {"status": "disabled"},
    "/api/v1/scim-connections/{id}/groups/{group}/role": {"role_id": None},
    "/api/v1/scim-connections/{id}/groups/{group}/role/trial": {"role_id": None},
    "/api/v1/dossiers/{id}": {"title": "x"},
    "/api/v1/members/{id}": {"status": "active"},
    "/api/v1/roles/{id}": {"name": "x"},
}
HEALTH: Final = ("/healthz", "/readyz")  # asked by load balancers, under any name
SAFE: Final = ("GET", "HEAD")


async def call(
    site: Site,
    route: Route,
    token: bytes | None,
    headers: Mapping[str, str] | None = None,
    *,
    object_id: str = "",
    patient: bool = True,
) -> Reply:
    """Call a route with an id that does not exist unless one is given, and a body where it takes one."""
    sent = {"If-Match": '"1"', **(headers or {})}
    raw = None
    if route.has_body:
        sent = {"Content-Type": route.media_type, **sent}
        raw = b"" if "form" in route.media_type else msgspec.json.encode(_BODIES.get(route.path, {}))
    path = route.at(object_id or str(uuid4())) + ("?filename=x.txt" if route.media_type == OCTETS else "")
    return await site.send(route.method, path, token=token, raw=raw, headers=sent, patient=patient)


def readable(site: Site) -> list[Route]:
    """What a browser may be led to: all that GET answers."""
    return [route for route in site.addresses() if route.method in SAFE and route.path not in HEALTH]
