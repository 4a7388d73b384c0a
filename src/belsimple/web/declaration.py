"""The words of a declaration, and what an endpoint's author got wrong: raised while modules are imported, so that the process refuses to start."""

import re

PUBLIC = "public"
SIGNED_IN = "signed-in"
PARAMETER = re.compile(r"\{([a-z_]+)\}")
"""One of a path."""


class DeclarationError(Exception):
    """An endpoint's declaration is incomplete or contradicts itself."""

    def __init__(self, endpoint: str, what: str) -> None:
        super().__init__(f"{endpoint}: {what}")
