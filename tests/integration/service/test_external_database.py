"""`belsimple up` on a database that somebody else runs, by its admin's URL."""

import secrets
from pathlib import Path

import asyncpg
import pytest

from tests.support.clusters import running_cluster
from tests.support.service import Service


@pytest.mark.parametrize(("version", "managed"), [("15", True), ("18", False)])
async def test_the_service_runs_on_a_database_by_url(own_service: Service, version: str, managed: bool) -> None:
    with running_cluster(version, fsync="on") as cluster:
        url = cluster.url("belsimple")
        if managed:
            password = secrets.token_hex(16)
            connection = await asyncpg.connect(cluster.url())
            await connection.execute(f"create role landlord login createrole password '{password}'")
            await connection.execute("alter database belsimple owner to landlord")
            await connection.close()
            url = cluster.url("belsimple", user="landlord", password=password)
        file = own_service.folder / "url"
        file.write_text(url + "\n")
        own_service.environment["BELSIMPLE_DATABASE_URL_FILE"] = str(file)
        own_service.start()
        assert not (own_service.data / "postgresql").exists()
        async with own_service.signed_in("member") as member, member.get("/api/v1/dossiers") as answer:
            assert len((await answer.json())["items"]) == 12
        environments = [
            Path(f"/proc/{pid}/environ").read_text("utf-8")
            for part in ("web", "gate", "operator", "worker", "redirect")
            for pid in own_service.pids_of(part)
        ]
        assert environments
        assert [found for found in environments if file.name in found or url in found] == []
        own_service.stop()
