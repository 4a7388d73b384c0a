"""Operators on the running service: over TLS, through part web, in a process of their own."""

import re
import secrets
import time
from pathlib import Path

import msgspec
from openapi_spec_validator import validate

from tests.support.service import Service

PASSWORD = "four unrelated words here"
LINK = re.compile(r"https://localhost:\d+(/operator/invitation\?token=[\w-]{43})$", re.MULTILINE)


async def test_the_demo_operator_signs_in_and_sees_the_tenants(service: Service) -> None:
    operator = service.demo["operator"]
    async with service.client() as client:
        async with client.post("/operator/api/v1/session", json=operator) as answer:
            assert answer.status == 201
            [cookie] = answer.cookies.values()
            assert re.fullmatch(r"__Host-belsimple-operator-[0-9a-f]{8}", cookie.key)
            assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (
                True,
                True,
                "Lax",
                "/",
            )
            assert answer.headers["x-content-type-options"] == "nosniff"
        async with client.get("/operator/api/v1/me") as answer:
            assert (await answer.json())["role"] == "platform"
        async with client.get("/operator/api/v1/tenants") as answer:
            slugs = {tenant["slug"] for tenant in (await answer.json())["items"]}
        assert {tenant["slug"] for tenant in service.demo["tenants"]} <= slugs
        async with client.get("/operator/api/v1/health") as answer:
            health = await answer.json()
        assert health["workers"] >= 1
        async with client.get("/api/v1/me") as answer:
            assert answer.status == 401  # the operator is nobody's member
        evil = {"origin": "https://evil.example"}
        async with client.delete("/operator/api/v1/session", headers=evil) as answer:
            assert answer.status == 403
        async with client.delete("/operator/api/v1/session") as answer:
            assert answer.status == 204
        async with client.get("/operator/api/v1/me") as answer:
            assert answer.status == 401


async def test_a_member_is_no_operator(service: Service) -> None:
    async with service.signed_in("owner") as owner:
        for path in ("me", "tenants", "audit", "mails"):
            async with owner.get(f"/operator/api/v1/{path}") as answer:
                assert answer.status == 401


async def test_suspension_over_the_api_shuts_a_tenant_out_and_lets_it_in_again(service: Service) -> None:
    slug = f"shut-{secrets.token_hex(3)}"
    made = service.command("tenant", "create", slug, "--owner", f"owner@{slug}.example", "--json")
    token = msgspec.json.decode(made.stdout)["link"].partition("token=")[2]
    credentials = {"tenant": slug, "email": f"owner@{slug}.example", "password": PASSWORD}
    async with service.client() as owner, service.client() as operator:
        acceptance = {"token": token, "name": "An Peeters", "password": PASSWORD}
        async with owner.post("/api/v1/invitations/acceptance", json=acceptance) as answer:
            assert answer.status == 201
        async with owner.post("/api/v1/session", json=credentials) as answer:
            assert answer.status == 201
        async with owner.post("/api/v1/dossiers", json={"title": "Kept"}) as answer:
            assert answer.status == 201
        await operator.post("/operator/api/v1/session", json=service.demo["operator"])
        async with operator.get("/operator/api/v1/tenants?limit=200") as answer:
            [tenant] = [one for one in (await answer.json())["items"] if one["slug"] == slug]
        path = f"/operator/api/v1/tenants/{tenant['id']}/suspension"
        async with operator.put(path, json={"reason": "unpaid"}) as answer:
            assert answer.status == 200
        async with owner.get("/api/v1/dossiers") as answer:
            assert answer.status == 401
        async with owner.post("/api/v1/session", json=credentials) as answer:
            assert answer.status == 401
        async with operator.delete(path) as answer:
            assert answer.status == 204
        async with owner.post("/api/v1/session", json=credentials) as answer:
            assert answer.status == 201
        async with owner.get("/api/v1/dossiers") as answer:
            assert [one["title"] for one in (await answer.json())["items"]] == ["Kept"]


async def test_each_side_describes_itself(service: Service) -> None:
    async with service.client() as client:
        async with client.get("/operator/api/openapi.json") as answer:
            operators = await answer.json()
        async with client.get("/api/openapi.json") as answer:
            tenants = await answer.json()
    validate(operators)
    assert operators == msgspec.json.decode(service.command("openapi", "--operator").stdout)
    assert not any(path.startswith("/operator") for path in tenants["paths"])
    assert not any(path.startswith("/api") for path in operators["paths"])


def test_a_command_invites_and_lists(service: Service) -> None:
    email = f"new-{secrets.token_hex(3)}@operator.example"
    done = service.command("operator", "invite", email, "--role", "support", "--json")
    link = msgspec.json.decode(done.stdout)["link"]
    assert re.fullmatch(rf"{service.url}/operator/invitation\?token=[\w-]{{43}}", link)
    listed = msgspec.json.decode(service.command("operator", "list", "--json").stdout)["operators"]
    assert service.demo["operator"]["email"] in {one["email"] for one in listed}
    refused = service.command("operator", "invite", "nobody", "--role", "support")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


def test_it_runs_apart_with_a_credential_of_its_own(service: Service) -> None:
    pids = service.pids_of("operator")
    assert pids
    assert not set(pids) & {*service.pids_of("web"), *service.pids_of("gate")}
    for pid in pids:
        environment = Path(f"/proc/{pid}/environ").read_text("utf-8")
        assert "belsimple_operator:" in environment
        assert "belsimple_app:" not in environment


async def test_a_first_start_prints_a_link_once(own_service: Service) -> None:
    link = LINK.search(started(own_service))
    assert link
    assert link[1] not in own_service.log
    form = {"token": link[1].partition("=")[2], "email": "first@operator.example", "name": "Emma", "password": PASSWORD}
    async with own_service.client() as client:
        async with client.get(link[1]) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        async with client.post("/operator/invitation", data=form) as answer:
            assert answer.status == 200
        async with client.post("/operator/invitation", data=form) as answer:
            assert answer.status == 404
        credentials = {"email": form["email"], "password": PASSWORD}
        async with client.post("/operator/api/v1/session", json=credentials) as answer:
            assert answer.status == 201
    own_service.stop()
    assert LINK.search(started(own_service)) is None


def started(service: Service) -> str:
    """Start it without demo data; what it says."""
    service.launch()
    deadline = time.monotonic() + 90
    while "Certificate authority to trust" not in service.output:
        assert service.running, service.log[-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return service.output
