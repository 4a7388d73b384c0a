"""Installed databases for tests: a template per profile, a copy of it for each test that breaks things."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from belsimple.database.queries import load_queries
from belsimple.database.roles import role_url
from belsimple.tenancy.installation import install

from .clusters import RunningCluster

_roles = load_queries("belsimple.database", "roles.sql")
_numbers = itertools.count(1)
_MANAGER = "manager"
_MANAGER_PASSWORD = "only-on-this-cluster"


@dataclass(frozen=True)
class Profile:
    """A PostgreSQL version, and whether the admin is a superuser (owned) or a role with CREATEROLE (managed)."""

    version: str
    managed: bool

    def __str__(self) -> str:
        return f"{self.version}-{'managed' if self.managed else 'owned'}"


PROFILES = tuple(Profile(version, managed) for version in ("18", "15") for managed in (False, True))
EVERY_PROFILE = pytest.mark.parametrize("profile", PROFILES, ids=str)
"""For what may differ between them: installing, doctor, isolation, the queue."""
ONE_PROFILE = pytest.mark.parametrize("profile", [PROFILES[0]], ids=str)
"""For what is Python's alone."""


@dataclass(frozen=True)
class Installed:
    """A database on `cluster`; `admin_url` is the one that migrates it."""

    cluster: RunningCluster
    profile: Profile
    name: str
    admin_url: str
    credentials: Path
    prefix: str

    def url(self, role: str) -> str:
        """The URL of a service role."""
        return role_url(self.admin_url, role, self.credentials, self.prefix)

    @asynccontextmanager
    async def superuser(self) -> AsyncIterator[Any]:
        """A connection that sees everything, to observe with; no part of the product has one in the managed profile."""
        async with connected(self.cluster.url(self.name)) as connection:
            yield connection

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[Any]:
        """A connection that acts as the installation's owner, as commands do."""
        async with connected(self.admin_url) as connection:
            await connection.execute(f'set role "{self.prefix}_owner"; set search_path = pg_catalog, pg_temp')
            yield connection

    @asynccontextmanager
    async def role(self, role: str) -> AsyncIterator[Any]:
        """A bare connection of a service role: what an attacker with its credential has."""
        async with connected(self.url(role)) as connection:
            yield connection


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    """A connection for the length of a `with`."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        yield connection
    finally:
        connection.terminate()


async def empty_database(cluster: RunningCluster, profile: Profile) -> tuple[str, str]:
    """Create an empty database; returns its name and its admin's URL."""
    name = f"test_{next(_numbers)}"
    async with connected(cluster.url()) as connection:
        await _create(connection, name, profile)
    return name, _admin_url(cluster, name, profile)


async def installed_template(cluster: RunningCluster, profile: Profile, folder: Path) -> Installed:
    """Install into a new database, to be copied."""
    name, url = await empty_database(cluster, profile)
    report = await install(url, folder)
    return Installed(cluster, profile, name, url, folder, report.prefix)


async def copy_of(template: Installed) -> Installed:
    """A copy of `template`, with the same roles and passwords."""
    name = f"test_{next(_numbers)}"
    async with connected(template.cluster.url()) as connection:
        await _create(connection, name, template.profile, template.name)
    url = _admin_url(template.cluster, name, template.profile)
    async with connected(url) as connection:  # CREATE DATABASE copies no privileges of the database itself
        for statement in await connection.fetch(_roles.own_database.sql, template.prefix):
            await connection.execute(statement[0])
    return Installed(template.cluster, template.profile, name, url, template.credentials, template.prefix)


async def dropped(installed: Installed) -> None:
    """Remove a copy."""
    async with connected(installed.cluster.url()) as connection:
        await connection.execute(f'drop database "{installed.name}" with (force)')


async def _create(connection: Any, name: str, profile: Profile, template: str = "template1") -> None:
    if profile.managed:
        if not await connection.fetchval(_roles.role_exists.sql, _MANAGER):
            await connection.execute(f"create role {_MANAGER} login createrole password '{_MANAGER_PASSWORD}'")
        await connection.execute(f'create database "{name}" template "{template}" strategy file_copy owner {_MANAGER}')
    else:
        await connection.execute(f'create database "{name}" template "{template}" strategy file_copy')


def _admin_url(cluster: RunningCluster, name: str, profile: Profile) -> str:
    if profile.managed:
        return cluster.url(name, user=_MANAGER, password=_MANAGER_PASSWORD)
    return cluster.url(name)
