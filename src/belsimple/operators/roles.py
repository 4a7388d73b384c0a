"""The operator's roles. What each may do stands in the database (`operators.permissions_of`) and is read anew at each request."""

from typing import Final, Literal, TypeAlias, cast, get_args

Role: TypeAlias = Literal["support", "security", "platform"]
"""support sees tenants, queues, mails and health; security also the trail, doctor and operators, and suspends; platform does all."""
ROLES: Final = cast("tuple[Role, ...]", get_args(Role))
"""From the one that may least to the one that may most."""
