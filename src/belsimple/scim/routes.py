"""SCIM's own addresses (RFC 7644, section 3.2), for directories with a connection's token."""

from functools import partial
from typing import Final
from uuid import UUID

from belsimple.database.transaction import Transaction
from belsimple.scim import bulk, discovery, groups, listing, users
from belsimple.scim.schemas import GROUP, USER
from belsimple.web.endpoint import endpoint
from belsimple.web.provisioning import ScimAnswer, ScimRequest

READ: Final = "scim:read"
WRITE: Final = "scim:write"
_scim = partial(endpoint, tokens=False, support=False, idempotent=False)


@_scim("GET", "/scim/v2/ServiceProviderConfig", permission=READ, summary="What is supported")
async def get_provider_config(request: ScimRequest) -> ScimAnswer:
    return discovery.provider_config(request.base)


@_scim("GET", "/scim/v2/ResourceTypes", permission=READ, summary="Types of resources")
async def list_resource_types(request: ScimRequest) -> ScimAnswer:
    return discovery.resource_types(request.base)


@_scim("GET", "/scim/v2/ResourceTypes/{id}", permission=READ, summary="A type of resources")
async def get_resource_type(request: ScimRequest, id: str) -> ScimAnswer:
    return discovery.resource_type(id, request.base)


@_scim("GET", "/scim/v2/Schemas", permission=READ, summary="Schemas")
async def list_schemas(request: ScimRequest) -> ScimAnswer:
    return discovery.schemas(request.base)


@_scim("GET", "/scim/v2/Schemas/{id}", permission=READ, summary="A schema")
async def get_schema(request: ScimRequest, id: str) -> ScimAnswer:
    return discovery.schema(id, request.base)


@_scim("GET", "/scim/v2/Users", permission=READ, summary="Users")
async def list_users(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    return await listing.listed(transaction, USER, request)


@_scim("POST", "/scim/v2/Users/.search", permission=READ, summary="Search among users")
async def search_users(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    return await listing.listed(transaction, USER, request)


@_scim("POST", "/scim/v2/Users", permission=WRITE, summary="Make a user")
async def create_user(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    return await users.create(transaction, request)


@_scim("GET", "/scim/v2/Users/{id}", permission=READ, summary="A user")
async def get_user(transaction: Transaction, request: ScimRequest, id: UUID) -> ScimAnswer:
    return await listing.one(transaction, USER, id, request)


@_scim("PUT", "/scim/v2/Users/{id}", permission=WRITE, summary="Replace a user")
async def replace_user(transaction: Transaction, request: ScimRequest, id: UUID) -> ScimAnswer:
    return await users.replace(transaction, id, request)


@_scim("PATCH", "/scim/v2/Users/{id}", permission=WRITE, summary="Change a user")
async def patch_user(transaction: Transaction, request: ScimRequest, id: UUID) -> ScimAnswer:
    return await users.patch(transaction, id, request)


@_scim("DELETE", "/scim/v2/Users/{id}", permission=WRITE, summary="Take a user out")
async def delete_user(transaction: Transaction, request: ScimRequest, id: UUID) -> ScimAnswer:
    return await users.delete(transaction, id, request)


@_scim("GET", "/scim/v2/Groups", permission=READ, summary="Groups")
async def list_groups(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    return await listing.listed(transaction, GROUP, request)


@_scim("POST", "/scim/v2/Groups/.search", permission=READ, summary="Search among groups")
async def search_groups(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    return await listing.listed(transaction, GROUP, request)


@_scim("POST", "/scim/v2/Groups", permission=WRITE, summary="Make a group")
async def create_group(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    return await groups.create(transaction, request)


@_scim("GET", "/scim/v2/Groups/{id}", permission=READ, summary="A group")
async def get_group(transaction: Transaction, request: ScimRequest, id: UUID) -> ScimAnswer:
    return await listing.one(transaction, GROUP, id, request)


@_scim("PUT", "/scim/v2/Groups/{id}", permission=WRITE, summary="Replace a group")
async def replace_group(transaction: Transaction, request: ScimRequest, id: UUID) -> ScimAnswer:
    return await groups.replace(transaction, id, request)


@_scim("PATCH", "/scim/v2/Groups/{id}", permission=WRITE, summary="Change a group")
async def patch_group(transaction: Transaction, request: ScimRequest, id: UUID) -> ScimAnswer:
    return await groups.patch(transaction, id, request)


@_scim("DELETE", "/scim/v2/Groups/{id}", permission=WRITE, summary="Remove a group")
async def delete_group(transaction: Transaction, request: ScimRequest, id: UUID) -> ScimAnswer:
    return await groups.delete(transaction, id, request)


@_scim("POST", "/scim/v2/.search", permission=READ, summary="Search among everything")
async def search(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    return await listing.searched(transaction, request)


@_scim("POST", "/scim/v2/Bulk", permission=WRITE, summary="Many changes at once")
async def run_bulk(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    return await bulk.run(transaction, request)


ENDPOINTS: Final = (
    get_provider_config,
    list_resource_types,
    get_resource_type,
    list_schemas,
    get_schema,
    list_users,
    search_users,
    create_user,
    get_user,
    replace_user,
    patch_user,
    delete_user,
    list_groups,
    search_groups,
    create_group,
    get_group,
    replace_group,
    patch_group,
    delete_group,
    search,
    run_bulk,
)
