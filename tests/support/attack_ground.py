"""The ground of the SQL attacks in an installed test database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from belsimple.attack.ground import Ground, prepared

from .databases import Installed, connected


@asynccontextmanager
async def ground_in(installed: Installed) -> AsyncIterator[Ground]:
    """Two synthetic tenants in `installed`, with the planner's statistics up to date: old ones would hide what they leak."""
    urls = {role: installed.url(role) for role in ("app", "gate", "worker", "operator")}
    profile = "managed" if installed.profile.managed else "owned"
    async with prepared(installed.admin_url, urls, installed.prefix, profile) as ground:
        async with connected(installed.cluster.url(installed.name)) as superuser:
            await superuser.execute("analyze")
        yield ground
