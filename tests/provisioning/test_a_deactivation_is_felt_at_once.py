"""A directory deactivates somebody: how long their session and their API token still open anything."""

import datetime as dt
import time

from tests.support.provisioned import answered, provisioned
from tests.support.service import Service

LIMIT_SECONDS = 1.0


async def test_session_and_token_are_dead_with_the_answer(service: Service) -> None:
    made = await provisioned(service)
    async with (
        made.owner.client() as owner,
        made.owner.client() as person,
        service.client() as program,
        made.client() as directory,
    ):
        # The tenant's second owner, whom the directory gets: the first one may then be deactivated.
        me = await answered(person.get("/api/v1/me"))
        ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        body = {"name": "Export", "scopes": ["dossiers:read"], "expires_at": ends.isoformat()}
        token = (await answered(owner.post("/api/v1/tokens", json=body)))["token"]
        bearer = {"authorization": f"Bearer {token}"}
        person_sent = {"userName": me["email"], "externalId": "owner", "active": True}
        async with directory.post("/scim/v2/Users", json=person_sent) as answer:
            assert answer.status == 409
        address = f"/api/v1/scim-connections/{made.connection}/waiting"
        [waiting] = (await answered(owner.get(address)))["items"]
        await answered(owner.put(f"{address}/{waiting['id']}/link"))
        second = await answered(directory.post("/scim/v2/Users", json={"userName": f"second@{made.domain}"}))
        group = await answered(
            directory.post(
                "/scim/v2/Groups",
                json={"displayName": "Owners", "members": [{"value": second["id"]}, {"value": me["id"]}]},
            )
        )
        roles = (await answered(owner.get("/api/v1/roles")))["items"]
        role = next(one["id"] for one in roles if one["name"] == "owner")
        mapping = f"/api/v1/scim-connections/{made.connection}/groups/{group['id']}"
        async with owner.get(mapping) as shown:
            version = {"If-Match": shown.headers["ETag"]}
        await answered(owner.put(f"{mapping}/role", json={"role_id": role}, headers=version))
        async with person.get("/api/v1/dossiers") as one, program.get("/api/v1/dossiers", headers=bearer) as other:
            assert (one.status, other.status) == (200, 200)

        operation = {"op": "Replace", "path": "active", "value": "False"}
        began = time.perf_counter()
        await answered(directory.patch(f"/scim/v2/Users/{me['id']}", json={"Operations": [operation]}))
        told = time.perf_counter()
        async with person.get("/api/v1/dossiers") as one:
            session, status = time.perf_counter(), one.status
        async with program.get("/api/v1/dossiers", headers=bearer) as other:
            dead, also = time.perf_counter(), other.status
    assert (status, also) == (401, 401)
    assert dead - began < LIMIT_SECONDS
    print(  # noqa: T201 - the figures are what this is for
        f"\nanswer after {told - began:.3f} s; session refused {session - began:.3f} s, API token {dead - began:.3f} s after the request"
    )
