"""scim2-tester, a suite of others' making, finds nothing wrong with a running service over TLS."""

import asyncio
import secrets
from typing import Any

import httpx2
import pytest
import scim2_tester.checkers.patch_add
import scim2_tester.checkers.patch_replace
import scim2_tester.filling
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.support.provisioned import Provisioned, provisioned
from tests.support.service import Service

GOOD = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}


def within(domain: str, generate: Any) -> Any:
    """The suite makes up addresses anywhere; here they are of the tenant's own domain, as a directory's are."""

    def value(context: Any, path: Any, **more: Any) -> Any:
        made = generate(context, path=path, **more)
        if isinstance(made, str) and ("@" in made or str(path).endswith("userName")):
            return f"{secrets.token_hex(8)}@{domain}"
        return made

    return value


def check(made: Provisioned) -> list[Any]:
    headers = {"authorization": f"Bearer {made.token}"}
    with httpx2.Client(base_url=f"{made.service.url}/scim/v2", headers=headers, verify=made.service.trust()) as client:
        return check_server(SyncSCIMClient(client))


async def test_it_finds_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await provisioned(service)
    generate = within(made.domain, scim2_tester.filling.generate_random_value)
    for module in (scim2_tester.filling, scim2_tester.checkers.patch_add, scim2_tester.checkers.patch_replace):
        monkeypatch.setattr(module, "generate_random_value", generate)
    results = await asyncio.to_thread(check, made)
    wrong = [f"{one.status.name} {one.title}: {one.reason}" for one in results if one.status not in GOOD]
    assert not wrong, "\n".join(wrong)
    assert len(results) > 100
