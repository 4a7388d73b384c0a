"""`belsimple openapi`."""

import sys

import msgspec

from belsimple.server.assembly import public_endpoints
from belsimple.web.openapi import document


def openapi() -> None:
    """The interface."""
    text = msgspec.json.encode(document(public_endpoints())).decode()
    _ = sys.stdout.write(msgspec.json.format(text, indent=2) + "\n")
