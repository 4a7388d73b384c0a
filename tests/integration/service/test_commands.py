"""The commands beside a running service, and without one."""

import subprocess
import sys

import msgspec
import pytest
from openapi_spec_validator import validate

from tests.support.service import Service

_COMMANDS = (
    "up",
    "serve",
    "migrate",
    "doctor",
    "database url",
    "database shell",
    "tenant create",
    "tenant list",
    "tenant suspend",
    "tenant resume",
    "openapi",
)


@pytest.mark.parametrize("command", ["", *_COMMANDS])
def test_every_command_explains_itself(service: Service, command: str) -> None:
    done = service.command(*command.split(), "--help")
    assert done.returncode == 0
    assert "Usage: belsimple" in done.stdout


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["serve", "everything"], ["tenant", "create"], ["doctor", "--nonsense"]]
)
def test_what_is_not_understood_fails_without_a_traceback(service: Service, arguments: list[str]) -> None:
    done = service.command(*arguments)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_doctor_finds_the_running_service_healthy(service: Service) -> None:
    done = service.command("doctor", "--json")
    assert done.returncode == 0, done.stderr
    assert msgspec.json.decode(done.stdout) == {"ok": True, "findings": []}


async def test_a_new_tenant_is_set_up_with_its_link_once(service: Service) -> None:
    done = service.command("tenant", "create", "set-up-once", "--owner", "owner@set-up.example", "--json")
    made = msgspec.json.decode(done.stdout)
    assert made["link"].startswith(f"{service.url}/")
    token = made["link"].rpartition("=")[2]
    body = {"token": token, "name": "Owner", "password": "a long enough passphrase"}
    async with service.client() as client:
        async with client.post("/api/v1/invitations/acceptance", json=body) as answer:
            assert answer.status == 201, await answer.text()
        async with client.post("/api/v1/invitations/acceptance", json=body) as answer:
            assert answer.status == 404
        credentials = {"tenant": "set-up-once", "email": "owner@set-up.example", "password": body["password"]}
        async with client.post("/api/v1/session", json=credentials) as answer:
            assert answer.status == 201
    assert any(tenant["slug"] == "set-up-once" for tenant in listed(service))
    again = service.command("tenant", "create", "set-up-once", "--owner", "other@set-up.example")
    assert again.returncode == 1
    assert again.stderr.startswith("belsimple: ")
    assert again.stderr.count("\n") == 1


def listed(service: Service) -> list[dict[str, object]]:
    """What `tenant list` says."""
    return msgspec.json.decode(service.command("tenant", "list", "--json").stdout)["tenants"]


def test_a_role_url_comes_with_a_warning_and_works(service: Service) -> None:
    done = service.command("database", "url", "--role", "app")
    assert done.stdout.startswith("postgresql://belsimple_app:")
    assert "credential" in done.stderr
    shell = subprocess.run(
        [sys.executable, "-I", "-m", "belsimple", "database", "shell", "--role", "app"],
        env=service.environment,
        cwd=service.folder,
        input="select current_user;",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "belsimple_app" in shell.stdout, shell.stderr


@pytest.mark.parametrize(("option", "path"), [((), "/api/v1/dossiers"), (("--operator",), "/operator/api/v1/tenants")])
def test_the_openapi_document_is_valid(service: Service, option: tuple[str, ...], path: str) -> None:
    document = msgspec.json.decode(service.command("openapi", *option).stdout)
    validate(document)  # raises what is wrong with it
    assert path in document["paths"]


def test_migrate_and_tenants_work_without_a_running_service(own_service: Service) -> None:
    first = own_service.command("migrate", "--json")
    assert first.returncode == 0, first.stderr
    assert msgspec.json.decode(first.stdout)["applied"]
    assert msgspec.json.decode(own_service.command("migrate", "--json").stdout) == {"applied": [], "removed": []}
    assert own_service.command("tenant", "create", "quiet", "--owner", "a@quiet.example").returncode == 0
    assert msgspec.json.decode(own_service.command("doctor", "--json").stdout)["ok"]
    assert own_service.descendants() == []
    url = own_service.command("database", "url", "--role", "app")
    assert url.returncode == 1
    assert "No service is running" in url.stderr


def test_demo_people_are_not_put_among_real_tenants(own_service: Service) -> None:
    assert own_service.command("migrate").returncode == 0
    assert own_service.command("tenant", "create", "real", "--owner", "a@real.example").returncode == 0
    assert "tenants of its own" in own_service.fail("--demo")
