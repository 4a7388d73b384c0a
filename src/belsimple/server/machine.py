"""The machine as the operator's health page shows it."""

import datetime as dt
import os
from pathlib import Path

from belsimple.operators.machine import MachineFacts
from belsimple.server import tls


def machine_facts(data: Path) -> MachineFacts:
    """What can be seen from here. A part with a system user of its own may not enter every folder; that is no trouble."""
    expiry = tls.expiry(data)
    expires_at = dt.datetime.fromtimestamp(expiry, dt.UTC) if expiry else None
    try:
        disk = os.statvfs(data)
    except OSError:
        return MachineFacts(expires_at, None, None)
    return MachineFacts(expires_at, disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)
