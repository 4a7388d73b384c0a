"""Clients that a generator makes of the OpenAPI documents, used against the running service."""

import asyncio
import importlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.service import Service

CODE = b"import this\n"


class Generated:
    """A generated package."""

    def __init__(self, name: str) -> None:
        self.name = name

    def module(self, path: str) -> ModuleType:
        """One of its modules; its types are what the generator made, so nothing here can know them."""
        return importlib.import_module(f"{self.name}.{path}")

    def call(self, path: str, client: Any, *arguments: Any, **options: Any) -> Any:
        """Call an operation, such as ``dossiers.create_dossier``; its whole answer."""
        return self.module(f"api.{path}").sync_detailed(*arguments, client=client, **options)

    def model(self, name: str, **fields: Any) -> Any:
        """A body."""
        return getattr(self.module("models"), name)(**fields)

    def client(self, service: Service, token: str | None = None) -> Any:
        """A client that keeps cookies, or one with an API token."""
        kind = self.module("client")
        options = {"base_url": service.url, "verify_ssl": service.trust()}
        return kind.Client(**options) if token is None else kind.AuthenticatedClient(**options, token=token)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("generated_")]:
        del sys.modules[name]


def generated(service: Service, folder: Path, path: str, name: str) -> Generated:
    """The package for the document at ``path``, whole: an operation that is left out fails."""
    (folder / f"{name}.json").write_bytes(asyncio.run(_document(service, path)))
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta", "none"]
    said = subprocess.run(
        [*command, "--path", folder / f"{name}.json", "--output-path", folder / name],
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    return Generated(name)


async def _document(service: Service, path: str) -> bytes:
    async with service.client() as client, client.get(path) as answer:
        assert answer.status == 200
        return await answer.read()


def test_a_members_client_works_from_sign_in_to_sign_out(service: Service, folder: Path) -> None:
    made = generated(service, folder, "/api/openapi.json", "generated_web")
    tenant = service.demo["tenants"][0]
    member = next(account for account in tenant["accounts"] if account["role"] == "member")
    with made.client(service) as client:
        wrong = made.model("SignIn", tenant=tenant["slug"], email=member["email"], password="not at all my password")
        assert made.call("session.sign_in", client, body=wrong).parsed.type_ == "urn:belsimple:error:sign-in-refused"
        body = made.model("SignIn", tenant=tenant["slug"], email=member["email"], password=member["password"])
        assert made.call("session.sign_in", client, body=body).status_code == 201
        assert made.call("me.me", client).parsed.email == member["email"]

        dossier = made.call("dossiers.create_dossier", client, body=made.model("NewDossier", title="Made by a client"))
        at, version = dossier.parsed.id, dossier.headers["ETag"]
        file = made.module("types").File(payload=io.BytesIO(CODE))
        document = made.call("dossiers.add_document", client, at, body=file, filename="this.py").parsed
        assert document.filename == "this.py"
        content = made.call("documents.download_document", client, document.id).parsed
        assert content.payload.read() == CODE

        change = made.model("DossierChange", notes="Changed by a client")
        changed = made.call("dossiers.change_dossier", client, at, body=change, if_match=version)
        assert changed.parsed.notes == "Changed by a client"
        stale = made.call("dossiers.change_dossier", client, at, body=change, if_match=version)
        assert (stale.status_code, stale.parsed.type_) == (412, "urn:belsimple:error:stale")
        assert at in [one.id for one in made.call("dossiers.list_dossiers", client, q="client").parsed.items]
        version = changed.headers["ETag"]
        assert made.call("dossiers.delete_dossier", client, at, if_match=version).status_code == 204
        assert made.call("session.sign_out", client).status_code == 204
        assert made.call("me.me", client).status_code == 401


def test_an_operators_client_sees_the_tenants(service: Service, folder: Path) -> None:
    made = generated(service, folder, "/operator/api/openapi.json", "generated_operator")
    with made.client(service) as client:
        body = made.model("SignIn", **service.demo["operator"])
        assert made.call("session.sign_in", client, body=body).status_code == 201
        listed = made.call("tenants.list_tenants", client).parsed.items
        assert {tenant["slug"] for tenant in service.demo["tenants"]} <= {one.slug for one in listed}
