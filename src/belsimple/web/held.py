"""A request that waits until somebody has proven who they are, and goes on afterwards with all that was typed."""

from typing import Annotated, Final

import msgspec

from belsimple.web.answers import Cookie, Redirect, View
from belsimple.web.forms import read_pairs
from belsimple.web.pages import is_local

Next = Annotated[str, msgspec.Meta(max_length=1300)]
"""An address of ours to go on to; see `go_on`."""
_FRONT: Final = "/"
START: Final = "/start"


def wanted_or_start(address: str | None) -> str:
    """The page of ours that was wanted, or the first one: a link must not lead through us to another site (CWE-601)."""
    return address if address is not None and is_local(address) else START


def go_on(address: str, held: str, cookie: Cookie | None = None) -> View | Redirect:
    """To the page that was wanted, or to the form that waits. An address that is not ours leads to the first page.

    A form that waits is sent by its person's own press of a button: a script might do it, and some browsers have none.
    """
    if not is_local(address):
        return Redirect(_FRONT, cookie)
    if not held:
        return Redirect(address, cookie)
    fields = [(name, value) for name, values in read_pairs(held.encode()).items() if name for value in values]
    return View("belsimple/continue.html", {"next": address, "fields": fields}, cookie=cookie)
