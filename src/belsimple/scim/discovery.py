"""What the server says of itself (RFC 7643, sections 5 to 7; RFC 7644, section 4)."""

from typing import Any, Final

from belsimple.scim.attributes import Resource, Schema
from belsimple.scim.bulk import MAX_OPERATIONS
from belsimple.scim.listing import LIST
from belsimple.scim.questions import MAX_RESULTS
from belsimple.scim.schemas import RESOURCES
from belsimple.web.bodies import MAX_JSON
from belsimple.web.problems import NotFound
from belsimple.web.provisioning import ScimAnswer

_CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:"


def provider_config(base: str) -> ScimAnswer:
    """What of the protocol is supported: all of it, save changing passwords, which people do themselves or not at all."""
    supported = {"supported": True}
    return ScimAnswer(
        200,
        {
            "schemas": [f"{_CORE}ServiceProviderConfig"],
            "patch": supported,
            "bulk": {**supported, "maxOperations": MAX_OPERATIONS, "maxPayloadSize": MAX_JSON},
            "filter": {**supported, "maxResults": MAX_RESULTS},
            "changePassword": {"supported": False},
            "sort": supported,
            "etag": supported,
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "Token of a provisioning connection",
                    "description": "Authorization: Bearer, with the token that an administrator made (RFC 6750).",
                    "primary": True,
                }
            ],
            "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
        },
    )


def resource_types(base: str) -> ScimAnswer:
    """Both types."""
    return _list([_resource_type(one, base) for one in RESOURCES])


def resource_type(name: str, base: str) -> ScimAnswer:
    """One of them. Raises NotFound."""
    found = next((one for one in RESOURCES if one.name == name), None)
    if found is None:
        raise NotFound
    return ScimAnswer(200, _resource_type(found, base))


def schemas(base: str) -> ScimAnswer:
    """Every schema."""
    return _list([_schema(one, base) for one in _schemas()])


def schema(urn: str, base: str) -> ScimAnswer:
    """One of them. Raises NotFound."""
    found = next((one for one in _schemas() if one.urn == urn), None)
    if found is None:
        raise NotFound
    return ScimAnswer(200, _schema(found, base))


def _schemas() -> list[Schema]:
    return [one for resource in RESOURCES for one in (resource.core, *resource.extensions)]


def _list(found: list[dict[str, Any]]) -> ScimAnswer:
    counted = {"totalResults": len(found), "startIndex": 1, "itemsPerPage": len(found)}
    return ScimAnswer(200, {"schemas": [LIST], **counted, "Resources": found})


def _resource_type(one: Resource, base: str) -> dict[str, Any]:
    return {
        "schemas": [f"{_CORE}ResourceType"],
        "id": one.name,
        "name": one.name,
        "endpoint": one.endpoint,
        "description": one.core.description,
        "schema": one.core.urn,
        "schemaExtensions": [{"schema": extension.urn, "required": False} for extension in one.extensions],
        "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{one.name}"},
    }


def _schema(one: Schema, base: str) -> dict[str, Any]:
    return {
        "schemas": [f"{_CORE}Schema"],
        "id": one.urn,
        "name": one.name,
        "description": one.description,
        "attributes": [attribute.shown() for attribute in one.attributes],
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{one.urn}"},
    }
