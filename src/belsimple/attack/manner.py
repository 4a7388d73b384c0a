"""How a connection is opened and a transaction begun: as the service does it, or with one of its cares left out."""

from collections.abc import Mapping
from typing import Final

import msgspec

from belsimple.database.pool import SETTINGS
from belsimple.database.queries import load_queries

_pool = load_queries("belsimple.database", "pool.sql")
_q = load_queries("belsimple.attack")


class Manner(msgspec.Struct, frozen=True):
    """Settings given when connecting, and the messages that begin a transaction."""

    settings: Mapping[str, str]
    begin_read: str
    begin_write: str


SERVICE: Final = Manner(SETTINGS, _pool.begin_read.sql, _pool.begin_write.sql)

CARELESS: Final[Mapping[str, Manner]] = {
    "startup_options": Manner({}, SERVICE.begin_read, SERVICE.begin_write),
    "reset_all": Manner(SETTINGS, _q.begin_without_reset.sql, _q.begin_without_reset.sql),
    "read_only_transaction": Manner(SETTINGS, SERVICE.begin_write, SERVICE.begin_write),
    "lock_timeout": Manner(
        {**SETTINGS, "lock_timeout": "0", "statement_timeout": "4s"}, SERVICE.begin_read, SERVICE.begin_write
    ),
}
"""The mutations of guards that the service's own connections are: by the guard's name."""
