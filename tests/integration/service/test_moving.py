"""A data folder that was moved: another place, another owner, the same service."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import service as support
from tests.support.service import new_service

_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--pdeathsig=TERM", "--"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become two users")
async def test_it_goes_on_at_another_place_as_another_user(monkeypatch: pytest.MonkeyPatch):
    with new_service() as old, new_service() as new:
        old.start()
        async with old.signed_in("owner") as client:
            async with client.post("/api/v1/dossiers", json={"title": "Moved along"}) as answer:
                assert answer.status == 201
                dossier = (await answer.json())["id"]
            async with client.post(
                f"/api/v1/dossiers/{dossier}/documents?filename=note.txt",
                data=b"kept",
                headers={"Content-Type": "text/plain"},
            ) as answer:
                assert answer.status == 201, await answer.text()
                document = (await answer.json())["id"]
        _ = old.stop()
        _move(old.data, new.data)
        monkeypatch.setattr(support, "_bound", lambda: _NOBODY)
        new.start()
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in new.descendants()} == {new.data.stat().st_uid}
        async with new.signed_in("owner") as client:
            async with client.get(f"/api/v1/dossiers/{dossier}") as answer:
                assert (await answer.json())["title"] == "Moved along"
            async with client.get(f"/api/v1/documents/{document}/content") as answer:
                assert await answer.read() == b"kept"


def _move(old: Path, new: Path) -> None:
    _ = shutil.copytree(old, new, symlinks=True)
    _ = subprocess.run(["chown", "--recursive", "--no-dereference", "nobody:nogroup", new, new.parent], check=True)
    shutil.rmtree(old)
