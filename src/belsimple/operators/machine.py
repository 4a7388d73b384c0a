"""What part operator is told of the machine that it runs on."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

import msgspec


class MachineFacts(msgspec.Struct, frozen=True):
    """When the served certificate expires, and the disk under the data in bytes; None for what this part may not look at."""

    certificate_expires_at: datetime | None
    disk_free: int | None
    disk_size: int | None


Machine: TypeAlias = Callable[[], MachineFacts]
"""Looks, at this moment."""
