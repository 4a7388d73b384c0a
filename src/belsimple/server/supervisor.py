"""`belsimple up`: brings the whole service up in one process tree, keeps it up, and takes it down without a trace.

The supervisor alone knows the database admin's credential. Each part is given its own role's, in its environment.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from belsimple.database.catalogue import examine
from belsimple.database.roles import role_url
from belsimple.errors import OperatorError
from belsimple.server import tls
from belsimple.server.assembly import DATABASE_ROLE, PartName, all_endpoints
from belsimple.server.children import Child
from belsimple.server.cluster import Cluster
from belsimple.server.layout import credentials_folder, embedded_cluster
from belsimple.server.logs import log
from belsimple.server.ports import require_free
from belsimple.server.preparation import prepare_database
from belsimple.server.processes import bound_to_this_process
from belsimple.server.readiness import wait_until_ready
from belsimple.server.settings import Settings

PARTS: Final[tuple[PartName, ...]] = ("gate", "operator", "web", "worker", "redirect")
STOP_SECONDS: Final = 9.5
"""From the signal to the end of the last process; the contract allows ten."""

_PARTS_STOP_SECONDS: Final = 4.5
_CERTIFICATE_CHECK_SECONDS: Final = 5.0
_PROGRESS_SECONDS: Final = 5.0
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "HOME", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What a part's environment keeps of ours, besides the settings: a shell's other secrets are none of its business."""


class Supervisor:
    """The service on one data folder, whose lock the caller holds; its sockets lie in `folder`."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.admin_url = settings.database_url
        self._folder = folder
        self._children: dict[str, Child] = {}
        self._cluster: Cluster | None = None
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Everything in its order; returns when the service answers. Raises `OperatorError`."""
        settings = self.settings
        require_free(settings.host, settings.port, "BELSIMPLE_PORT")
        require_free(settings.host, settings.http_port, "BELSIMPLE_HTTP_PORT")
        _ = all_endpoints()  # a faulty module is told here, once, and not by every part over and over
        _ = await asyncio.to_thread(tls.refresh, settings)
        if self.admin_url is None:
            self.admin_url = await self._start_cluster()
        prefix = await self._prepare_database(self.admin_url)
        for part in PARTS:
            await self._start(Child(part, lambda part=part: self._launch_part(part, prefix)))
        await wait_until_ready(settings, self._children.values)
        self._keepers.append(asyncio.create_task(self._watch_certificate()))

    async def stop(self) -> None:
        """Stop everything, the parts first, within `STOP_SECONDS`; leave no process behind."""
        deadline = time.monotonic() + STOP_SECONDS
        for keeper in self._keepers:
            _ = keeper.cancel()
        _ = await asyncio.gather(*self._keepers, return_exceptions=True)
        postgresql = self._children.pop("postgresql", None)
        _ = await asyncio.gather(*(child.stop(_PARTS_STOP_SECONDS) for child in self._children.values()))
        if postgresql and postgresql.process and self._cluster:
            await asyncio.to_thread(self._cluster.stop, postgresql.process, deadline)

    async def _start_cluster(self) -> str:
        self._cluster = cluster = embedded_cluster(self.settings.data, self._folder)
        await self._start(Child("postgresql", lambda: self._launch_cluster(cluster)))
        return cluster.url()

    async def _launch_cluster(self, cluster: Cluster) -> "subprocess.Popen[bytes]":
        await asyncio.to_thread(cluster.prepare)
        process = cluster.launch()  # here, in the main thread: its life is bound to the thread that starts it
        told = time.monotonic()
        try:
            while not cluster.ready() and process.poll() is None:
                await asyncio.sleep(0.02)
                if time.monotonic() - told > _PROGRESS_SECONDS:  # recovery after a crash takes as long as it takes
                    log.info("database-recovering")
                    told = time.monotonic()
        except BaseException:
            cluster.stop(process, time.monotonic() + 5)
            raise
        if process.poll() is not None:
            raise cluster.trouble()
        return process

    async def _prepare_database(self, admin_url: str) -> str:
        """Migrate and examine; returns the prefix of the installation's roles."""
        credentials = credentials_folder(self.settings.data)
        report = await prepare_database(admin_url, self.settings)
        log.info("migrated", applied=report.applied)
        for module in report.removed:
            log.warning("module-removed", module=module.name, package=module.package, tables=module.tables, data="kept")
        findings = await examine(role_url(admin_url, "app", credentials, report.prefix))
        fatal = [finding for finding in findings if finding.severity == "fatal"]
        if fatal:
            raise OperatorError(
                f"The database is not what this release relies on ({fatal[0].check}: {fatal[0].detail})",
                f"Run `belsimple doctor`, which lists all {len(fatal)} findings.",
            )
        return report.prefix

    async def _start(self, child: Child) -> None:
        self._children[child.name] = child
        await child.start()
        self._keepers.append(asyncio.create_task(child.keep(), name=f"keep-{child.name}"))

    async def _launch_part(self, part: PartName, prefix: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: ASYNC220 - it does not wait for the child, which the keeper does by its pidfd
            [sys.executable, "-I", "-m", "belsimple", "serve", part],
            stdin=subprocess.DEVNULL,
            env=self._environment(part, prefix),
            cwd=self.settings.data,
            start_new_session=True,
            preexec_fn=bound_to_this_process(signal.SIGKILL),  # noqa: PLW1509 - calls prctl alone
        )

    def _environment(self, part: PartName, prefix: str) -> Mapping[str, str]:
        own = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("BELSIMPLE_")}
        for admin in ("BELSIMPLE_DATABASE_URL", "BELSIMPLE_DATABASE_URL_FILE"):
            _ = own.pop(admin, None)
        if part in DATABASE_ROLE:
            assert self.admin_url is not None
            credentials = credentials_folder(self.settings.data)
            own["BELSIMPLE_DATABASE_URL"] = role_url(self.admin_url, DATABASE_ROLE[part], credentials, prefix)
        for name, path in (("CERT", self.settings.tls_certificate), ("KEY", self.settings.tls_key)):
            if path:  # absolute: the part's current folder is another
                own[f"BELSIMPLE_TLS_{name}"] = str(path)
        return {**own, "BELSIMPLE_DATA": str(self.settings.data), "BELSIMPLE_RUN": str(self._folder)}

    async def _watch_certificate(self) -> None:
        """Swap the certificate when it was renewed, or is due: granian starts new workers before it ends the old."""
        refused = ""
        while True:
            await asyncio.sleep(_CERTIFICATE_CHECK_SECONDS)
            try:
                if await asyncio.to_thread(tls.refresh, self.settings):
                    log.info("certificate-swapped")
                    self._children["web"].signal(signal.SIGHUP)
                refused = ""
            except OperatorError as error:
                if refused != str(error):
                    log.error("certificate-refused", reason=str(error))
                refused = str(error)
