"""What stands in a mail's link: 32 random bytes, of which the database keeps the SHA-256."""

from base64 import urlsafe_b64decode
from binascii import Error

from belsimple.language import marked as _
from belsimple.web.problems import NotFound, Problem

TOKEN_BYTES = 32


class LinkOver(Problem):
    """404: used, late, unknown, or of a tenant or an account that is shut."""

    status, name, title = 404, "link-not-valid", _("This link is not valid any more. Ask for a new one.")


def token_of(text: str) -> bytes:
    """The token in a link. Raises NotFound for what cannot be one."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Error, ValueError):
        raise NotFound from None
