"""An upgrade in two halves: links that the release before printed, and its commands, work until the second half."""

from collections.abc import Callable
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from belsimple.database import migrator
from belsimple.database.migration_files import Migration, migrations_in
from belsimple.database.roles import role_url
from tests.support.clusters import RunningCluster
from tests.support.databases import Profile, connected, empty_database
from tests.support.people import digest

LAST_WITHOUT_MAIL, LAST_OF_ITS_RELEASE = 11, 22
OLD_COMMAND = "select tenancy.create_tenant($1, $1, $2, $3, 'test', false)"
OPEN = "select tenant_slug from identity.invitation_open($1)"
ACCEPT = "select tenant_slug from identity.accept_invitation($1, 'Old', $2, 65536, 3, 4, $3)"


def _until(last: int, source: str, folder: Traversable) -> list[Migration]:
    return [one for one in migrations_in(source, folder) if one.number <= last]


async def _as_owner(url: str, prefix: str, sql: str, *arguments: Any) -> Any:
    async with connected(url) as connection:
        await connection.execute(f'set role "{prefix}_owner"; set search_path = pg_catalog, pg_temp')
        return await connection.fetchval(sql, *arguments)


async def test_they_do(
    clusters: Callable[[str], RunningCluster], profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, url = await empty_database(clusters(profile.version), profile)
    with monkeypatch.context() as patched:
        patched.setattr(migrator, "migrations_in", partial(_until, LAST_WITHOUT_MAIL))
        prefix = (await migrator.migrate(url, tmp_path, [], [])).prefix
    owner = partial(_as_owner, url, prefix)
    await owner(OLD_COMMAND, "early", "a@early.example", digest(b"early"))

    monkeypatch.setattr(migrator, "migrations_in", partial(_until, LAST_OF_ITS_RELEASE))
    await migrator.migrate(url, tmp_path, [], [], before=True)
    await owner(OLD_COMMAND, "between", "a@between.example", digest(b"between"))
    async with connected(role_url(url, "gate", tmp_path, prefix)) as gate:
        assert await gate.fetchval(OPEN, digest(b"early")) == "early"
        assert await gate.fetchval(ACCEPT, digest(b"early"), bytes(16), bytes(32)) == "early"
        assert await gate.fetchval(ACCEPT, digest(b"early"), bytes(16), bytes(32)) is None

        await migrator.migrate(url, tmp_path, [], [])
        assert await gate.fetchval(ACCEPT, digest(b"between"), bytes(16), bytes(32)) == "between"
    with pytest.raises(asyncpg.UndefinedFunctionError):
        await owner(OLD_COMMAND, "late", "a@late.example", digest(b"late"))
