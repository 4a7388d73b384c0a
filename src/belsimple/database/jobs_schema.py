"""procrastinate's own tables and functions, in the schema `jobs`: made once, and brought along when it is upgraded."""

from importlib import metadata
from pathlib import Path
from typing import Any

from procrastinate.schema import SchemaManager

from belsimple.database.queries import load_queries

_q = load_queries("belsimple.database", "migrator.sql")


async def install(connection: Any) -> None:
    """Make them, as the owner, within the caller's transaction."""
    await connection.execute(_q.look_in_jobs.sql)
    await connection.execute(SchemaManager.get_schema())
    await connection.execute(_q.look_nowhere.sql)
    await connection.execute(_q.note_component.sql, "procrastinate", metadata.version("procrastinate"))


async def upgrade(connection: Any) -> None:
    """Run those of procrastinate's migrations that stand between the version installed and the one that is imported."""
    installed: str = await connection.fetchval(_q.component.sql, "procrastinate")
    wanted = metadata.version("procrastinate")
    if _version(installed) >= _version(wanted):
        return
    async with connection.transaction():
        await connection.execute(_q.look_in_jobs.sql)
        for script in _scripts(above=installed, up_to=wanted):
            await connection.execute(script)
        await connection.execute(_q.look_nowhere.sql)
        await connection.execute(_q.adopt_queue.sql)
        await connection.execute(_q.note_component.sql, "procrastinate", wanted)


def _scripts(*, above: str, up_to: str) -> list[str]:
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return [
        file.read_text() for file in files if _version(above) < _version(file.name.split("_")[0]) <= _version(up_to)
    ]


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3])
