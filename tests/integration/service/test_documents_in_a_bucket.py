"""Documents of the real service in an S3-compatible store."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.service.test_documents import MEBIBYTE, memory_of, received, sent, watch
from tests.support.seaweed import KEY_ID, SECRET, running_seaweed
from tests.support.service import running_service


@pytest.mark.slow
async def test_a_gibibyte_goes_through_a_bucket_with_memory_bounded(tmp_path: Path) -> None:
    with running_seaweed(tmp_path / "seaweed") as store:
        environment = {
            "BELSIMPLE_WORKERS": "1",
            "BELSIMPLE_BLOBS": f"s3://{store.bucket}/documents?endpoint={store.endpoint}",
            "BELSIMPLE_BLOBS_KEY_ID": KEY_ID,
            "BELSIMPLE_BLOBS_SECRET": SECRET,
        }
        with running_service(environment) as service:
            async with service.signed_in("owner") as client:
                await received(client, (await sent(client, MEBIBYTE))[0])
                before, most = memory_of(service), [0]
                watching = asyncio.create_task(watch(service, most))
                document, digest = await sent(client, 1024 * MEBIBYTE)
                assert await received(client, document) == digest
                watching.cancel()
            assert most[0] - before < 64 * MEBIBYTE
            assert not (service.data / "blobs").exists()
