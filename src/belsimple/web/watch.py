"""Whether the session that began a long stream still lives."""

import time
from typing import Final

from belsimple.database.queries import load_queries
from belsimple.web.problems import NoSession
from belsimple.web.runtime import Runtime

_q = load_queries("belsimple.files")
CHECK_SECONDS: Final = 60.0


class Watch:
    """Looks each minute whether a stream may go on; a session in use so is kept from falling idle."""

    def __init__(self, runtime: Runtime, token: bytes, permission: str | None) -> None:
        self._runtime = runtime
        self._token = token
        self._permission = permission
        self._due = time.monotonic() + CHECK_SECONDS

    async def look(self) -> None:
        """Raises NoSession when the session has ended, its tenant is suspended or the permission is gone."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + CHECK_SECONDS
        self._runtime.touch(self._token)
        permitted = await self._runtime.database.call(_q.permitted, token=self._token, permission=self._permission)
        if not permitted[0][0]:
            raise NoSession
