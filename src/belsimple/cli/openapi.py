"""`belsimple openapi`."""

import sys
from typing import Annotated

import msgspec
from cyclopts import Parameter

from belsimple.server.assembly import interface
from belsimple.web.openapi import document


def openapi(
    *, operator: Annotated[bool, Parameter(negative="", help="The operator's interface, not the tenants'.")] = False
) -> None:
    """The interface."""
    side = "operator" if operator else "web"
    text = msgspec.json.encode(document(interface(side), side)).decode()
    _ = sys.stdout.write(msgspec.json.format(text, indent=2) + "\n")
