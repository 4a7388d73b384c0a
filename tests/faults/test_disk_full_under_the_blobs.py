"""The disk under the documents is full: uploads are told to try again, everything else goes on."""

import os
from io import BytesIO

import pytest

from tests.support.disks import fill, free, small_disk
from tests.support.faults import account_for, recovered, witnessed
from tests.support.service import Service

MEBIBYTE = 1 << 20


@pytest.mark.slow
async def test_uploads_fail_whole_and_work_again(own_service: Service) -> None:
    place = own_service.folder / "blobs"
    place.mkdir(mode=0o700)
    own_service.environment["BELSIMPLE_BLOBS"] = str(place / "store")
    with small_disk(place, 16):
        place.chmod(0o777)
        own_service.start()
        async with (
            witnessed(own_service, "disk full under the blobs") as witness,
            own_service.signed_in("owner") as owner,
        ):
            async with owner.get("/api/v1/dossiers?limit=1") as answer:
                dossier = (await answer.json())["items"][0]["id"]
            path, content = f"/api/v1/dossiers/{dossier}/documents", os.urandom(4 * MEBIBYTE)
            octets = {"Content-Type": "application/octet-stream"}
            async with owner.post(f"{path}?filename=first.bin", data=BytesIO(content), headers=octets) as answer:
                assert answer.status == 201, await answer.text()
                first = (await answer.json())["id"]
            fill(place)
            async with owner.post(f"{path}?filename=second.bin", data=BytesIO(content), headers=octets) as answer:
                assert answer.status == 503, await answer.text()
                assert "retry-after" in answer.headers
            async with owner.get(path) as answer:
                assert [one["id"] for one in (await answer.json())["items"]] == [first]
            async with owner.get(f"/api/v1/documents/{first}/content") as answer:
                assert await answer.read() == content
            free(place)
            async with owner.post(f"{path}?filename=second.bin", data=BytesIO(content), headers=octets) as answer:
                assert answer.status == 201, await answer.text()
            files = [file for file in (place / "store").rglob("*") if file.is_file()]
            assert len(files) == 2, "the failed upload left something"
            await recovered(witness)
            figures = await account_for(own_service, witness)
        own_service.kill()
    assert figures.seen == {}, "others were disturbed"
