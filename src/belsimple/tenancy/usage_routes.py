"""What a tenant uses of its space."""

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.web.endpoint import endpoint
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.tenancy", "usage.sql")


class Usage(msgspec.Struct, frozen=True):
    """Documents of a tenant, in bytes before encryption; ``retained``: deleted, and kept until no backup needs them."""

    files: int
    bytes: int
    retained: int
    quota: int


@endpoint("GET", "/api/v1/usage", permission="settings:read", summary="Read how much space documents take")
async def read_usage(transaction: Transaction) -> Usage:
    """The tenant's usage and quota."""
    usage = await transaction.row(_q.usage, Usage)
    if usage is None:
        raise NotFound
    return usage


ENDPOINTS = (read_usage,)
