"""A scratch cluster with an installed database in each profile: what `attack --mutate` breaks, never the running service's."""

import asyncio
import itertools
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote, urlsplit

import msgspec
from psycopg.sql import SQL, Identifier, Literal

from belsimple.attack.backend import literal
from belsimple.attack.ground import Ground, Profile, furnish, new_credential
from belsimple.database.driver import connect
from belsimple.database.queries import load_queries
from belsimple.database.roles import LOGIN_ROLES, ROLES, role_url
from belsimple.server.cluster import Cluster, embedded_binaries
from belsimple.tenancy.installation import install

_q = load_queries("belsimple.attack", "scratch.sql")
_roles = load_queries("belsimple.database", "roles.sql")
_MANAGER: Final = "manager"


class RunningCluster(Protocol):
    """A cluster that answers on the Unix socket in `sockets`."""

    @property
    def sockets(self) -> Path:
        """The folder of its socket."""
        ...

    def url(self, database: str, /) -> str:
        """The superuser's URL of a database."""
        ...


class Scratch:
    """A running cluster, and a private folder for the credentials and services of this run."""

    def __init__(self, cluster: RunningCluster, folder: Path) -> None:
        self.cluster = cluster
        self.folder = folder
        self._password = secrets.token_urlsafe(24)
        self._numbers = itertools.count(1)

    @classmethod
    @asynccontextmanager
    async def running(cls) -> "AsyncIterator[Scratch]":
        """Start it; nothing of it is left afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="belsimple-scratch-"))
        cluster = Cluster(
            binaries=embedded_binaries(),
            folder=folder / "postgresql",
            sockets=folder,
            logs=folder / "log",
            credential=folder / "credentials" / "admin",
            settings={"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "autovacuum": "off"},
        )
        try:
            process = cluster.start_and_wait()  # in this thread, which the server's life is bound to
            try:
                yield cls(cluster, folder)
            finally:
                await asyncio.to_thread(cluster.stop, process, time.monotonic() + 8)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def template(self, profile: Profile) -> Ground:
        """An installed database with the two tenants in it and nobody connected, to be copied."""
        name = f"template_{profile}"
        await self._create(name, profile, "template1")
        admin = self.admin_url(name, profile)
        report = await install(admin, self.folder / name)
        urls = {role: role_url(admin, role, self.folder / name, report.prefix) for role in LOGIN_ROLES}
        ground = Ground(
            admin, urls, {role: f"{report.prefix}_{role}" for role in ROLES}, profile, await new_credential()
        )
        await furnish(ground)
        async with self.superuser(name) as connection:
            await connection.execute(_q.analyze.sql)
        return ground

    @asynccontextmanager
    async def copy_of(self, template: Ground) -> AsyncIterator[Ground]:
        """A copy of `template`, dropped afterwards; its roles are the template's."""
        profile, number = template.profile, next(self._numbers)
        source, name = f"template_{profile}", f"copy_{number}"
        await self._create(name, profile, source)
        try:
            async with _connected(
                self.admin_url(name, profile)
            ) as admin:  # CREATE DATABASE copies no privileges of its own
                for statement in await admin.fetch(
                    _roles.own_database.sql, template.names["owner"].removesuffix("_owner")
                ):
                    await admin.execute(statement[0])
            urls = {role: url.replace(f"/{source}?", f"/{name}?") for role, url in template.urls.items()}
            yield msgspec.structs.replace(
                template, admin_url=self.admin_url(name, profile), urls=urls, names=dict(template.names)
            )
        finally:
            async with self.superuser("postgres") as connection:
                await connection.execute(_named(_q.drop.sql, Identifier(name)))

    def service_folder(self) -> Path:
        """A new folder for one scratch service; short, for it holds a socket."""
        folder = self.folder / f"s{next(self._numbers)}"
        folder.mkdir(mode=0o700)
        return folder

    def admin_url(self, database: str, profile: Profile) -> str:
        """The URL of who migrates `database`."""
        if profile == "owned":
            return self.cluster.url(database)
        return f"postgresql://{_MANAGER}:{self._password}@/{database}?host={quote(str(self.cluster.sockets), safe='/')}"

    @asynccontextmanager
    async def superuser(self, database: str) -> AsyncIterator[Any]:
        """A connection to break things with."""
        async with _connected(self.cluster.url(database)) as connection:
            yield connection

    async def _create(self, name: str, profile: Profile, template: str) -> None:
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(self.superuser("postgres"))
            if profile == "managed" and template == "template1":
                await connection.execute(_named(_q.create_manager.sql, Identifier(_MANAGER), Literal(self._password)))
            owner = _MANAGER if profile == "managed" else "postgres"
            await connection.execute(_named(_q.create.sql, Identifier(name), Identifier(template), Identifier(owner)))


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    connection = await connect(url, {})
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


def _named(statement: str, *parts: Identifier | Literal) -> str:
    return SQL(literal(statement)).format(*parts).as_string(None)


def database_of(url: str) -> str:
    """The name of the database in a URL."""
    return urlsplit(url).path.lstrip("/")
