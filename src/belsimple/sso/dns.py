"""Whether a domain's TXT record says what its tenant was told to write there. The worker's."""

from collections.abc import Awaitable, Callable
from typing import Final

import dns.asyncresolver
from dns.exception import DNSException
from dns.name import EmptyLabel, LabelTooLong
from dns.resolver import NXDOMAIN, NoAnswer

from belsimple.sso.domains import RECORD

SECONDS: Final = 5.0
Look = Callable[[str, str], Awaitable[bool | None]]


async def has_record(name: str, challenge: str) -> bool | None:
    """Whether the record is there; None when nobody could say, which proves nothing and takes nothing away."""
    try:
        found = await dns.asyncresolver.resolve(f"{RECORD}.{name}.", "TXT", lifetime=SECONDS, search=False)
    except (NXDOMAIN, NoAnswer, LabelTooLong, EmptyLabel):
        return False
    except (DNSException, OSError):
        return None
    return any(b"".join(record.strings) == challenge.encode() for record in found)
