"""A directory of a test's own: a tenant with a proven domain, a connection, and its requests to part web."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

import msgspec

from belsimple.scim import connections
from belsimple.server.assembly import all_endpoints

from .api import Api, Response
from .people import Account
from .world import World

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Directory:
    """A connection's token, and part web to show it to."""

    world: World
    api: Api
    connection: UUID
    token: str
    domain: str

    @classmethod
    async def connected(cls, world: World, api: Api, name: str = "Entra ID") -> Self:
        """A new connection; the tenant's domain is proven with the first."""
        domain = f"{world.slug}.example"
        await prove(world, domain)
        async with world.acting() as inside:
            made = await connections.add(inside, name=name)
        return cls(world, api, made.connection_id, made.token, domain)

    async def __call__(self, method: str, path: str, json: Any = None, **headers: str) -> Response:
        """A request under /scim/v2."""
        shown = {
            "authorization": f"Bearer {self.token}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return await self.api(None, method, f"/scim/v2{path}", json, headers=shown)

    def person(self, name: str, **more: Any) -> dict[str, Any]:
        """A user as a directory sends one."""
        address = f"{name}@{self.domain}"
        return {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "externalId": f"ext-{name}",
            "userName": address,
            "name": {"givenName": name.title(), "familyName": "Brouwer"},
            "emails": [{"value": address, "type": "work", "primary": True}],
            "active": True,
            **more,
        }

    async def user(self, name: str, **more: Any) -> Any:
        """A user that it makes."""
        answer = await self("POST", "/Users", self.person(name, **more))
        assert answer.status == 201, answer.body
        return answer.json

    async def group(self, name: str, *members: Any) -> Any:
        """A group that it makes, of these users."""
        listed = [{"value": one["id"]} for one in members]
        answer = await self("POST", "/Groups", {"displayName": name, "externalId": f"ext-{name}", "members": listed})
        assert answer.status == 201, answer.body
        return answer.json

    async def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> Response:
        """A PATCH of these operations."""
        return await self("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    async def names(self, wanted: str) -> list[str]:
        """The userNames' first parts that a filter finds."""
        answer = await self("POST", "/Users/.search", {"filter": wanted})
        assert answer.status == 200, answer.body
        return [one["userName"].partition("@")[0] for one in answer.json["Resources"]]

    async def map_group(self, group: Any, role: UUID | None, who: Account | None = None) -> None:
        """What a group means, as its tenant's owner or somebody else says."""
        async with self.world.acting(who) as inside:
            group_id = UUID(group["id"])
            known = await connections.group(inside, connection_id=self.connection, group_id=group_id)
            await connections.map_group(
                inside, connection_id=self.connection, group_id=group_id, role_id=role, expected=known.version
            )


async def prove(world: World, domain: str) -> None:
    """A domain of the tenant's, proven."""
    async with world.installed.superuser() as admin, admin.transaction():
        await admin.execute("set local session_replication_role = replica")
        await admin.execute(
            "insert into identity.domain (tenant_id, name, challenge, proven_at) select $1, $2, $3, now() where not exists (select from identity.domain where tenant_id = $1 and name = $2)",
            await world.tenant_id(),
            domain,
            "a" * 32,
        )


@asynccontextmanager
async def web(world: World) -> AsyncIterator[Api]:
    """Part web on the world's database."""
    async with Api.serving(world.installed, [one for one in all_endpoints() if one.part == "web"]) as serving:
        yield serving


def decoded(answer: Response) -> Any:
    """The body of an answer, None without one."""
    return msgspec.json.decode(answer.body) if answer.body else None
