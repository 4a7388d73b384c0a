"""E-mail addresses as people may give them: plain ASCII, as HTML's own form field takes them (WHATWG HTML, 4.10.5.1.5).

No quoted parts, no comments, nothing that means something in a header; and no letters that look like others.
"""

import re
from typing import Annotated, Final

import msgspec

from belsimple.language import marked as _
from belsimple.web.form_errors import SAID

PATTERN: Final = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?$"

_SAID: Final = _("Write an e-mail address, such as name@example.be.")
Email = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=PATTERN, extra={SAID: _SAID})]


def is_address(text: str) -> bool:
    """Whether mail can be sent there."""
    return re.fullmatch(PATTERN, text) is not None
