"""Documents on a real database and a folder of their own, over ASGI without a network."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from belsimple.files.folder import FolderStore
from belsimple.files.vault import Vault
from belsimple.keys.store import KeyStore
from belsimple.server.assembly import all_endpoints
from belsimple.web.endpoint import Endpoint
from tests.support.api import Api, Response
from tests.support.databases import PROFILES, Profile
from tests.support.world import World

Send = Callable[..., Awaitable[Response]]
Upload = Callable[..., Awaitable[Response]]
MEBIBYTE = 1 << 20


@pytest.fixture(params=[PROFILES[0], PROFILES[3]], ids=str)
def profile(request: pytest.FixtureRequest) -> Profile:
    """The two that differ most."""
    return request.param


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    """A key store of this test's own."""
    return KeyStore(tmp_path / "keys", None)


@pytest.fixture
def vault(tmp_path: Path, keys: KeyStore) -> Vault:
    """Files up to 20 MiB, in a folder."""
    return Vault(keys, FolderStore(tmp_path / "blobs"), limit=20 * MEBIBYTE)


def served() -> tuple[Endpoint, ...]:
    """What part web answers itself."""
    return tuple(one for one in all_endpoints() if one.part == "web")


@pytest_asyncio.fixture
async def api(world: World, vault: Vault) -> AsyncIterator[Api]:
    """Part web."""
    async with Api.serving(world.installed, served(), vault) as api:
        yield api


@pytest_asyncio.fixture
async def session(world: World) -> bytes:
    """The owner's."""
    return await world.session()


@pytest.fixture
def send(api: Api, session: bytes) -> Send:
    """Requests of the tenant's owner."""

    async def request(
        method: str, target: str, json: Any = None, *, token: bytes | None = None, **options: Any
    ) -> Response:
        return await api(token or session, method, target, json, **options)

    return request


@pytest_asyncio.fixture
async def dossier(send: Send) -> str:
    """A dossier's id."""
    made = await send("POST", "/api/v1/dossiers", {"title": "Janssens"})
    return made.json["id"]


@pytest.fixture
def upload(send: Send, dossier: str) -> Upload:
    """Adds a document to the dossier."""

    async def document(
        content: bytes = b"content",
        name: str = "a.txt",
        kind: str = "text/plain",
        *,
        piece: int = 65536,
        **options: Any,
    ) -> Response:
        pieces = options.pop("pieces", None) or [content[i : i + piece] for i in range(0, len(content), piece)]
        headers = {"content-type": kind, **options.pop("headers", {})}
        target = options.pop("target", f"/api/v1/dossiers/{dossier}/documents")
        return await send("POST", f"{target}?filename={name}", pieces=pieces, headers=headers, **options)

    return document


def blobs(tmp_path: Path) -> list[Path]:
    """Every file under the folder of blobs, unfinished ones too."""
    return [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
