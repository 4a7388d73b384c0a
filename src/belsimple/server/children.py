"""Child processes that are kept alive: each is started again when it ends, until it is told to stop."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable

from belsimple.server.logs import log
from belsimple.server.processes import processes_in_group, send_group

Launch = Callable[[], Awaitable["subprocess.Popen[bytes]"]]

_FIRST_DELAY, _LONGEST_DELAY = 0.1, 3.0  # seconds; doubled from one to the other while a child keeps ending
_STEADY_SECONDS = 20.0  # a child that lived this long is started at once again


class Child:
    """One child in a process group of its own. `launch` starts it and may be asked again and again."""

    def __init__(self, name: str, launch: Launch) -> None:
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self._launch = launch
        self._delay = _FIRST_DELAY

    async def start(self) -> None:
        """Start it; what an earlier one of this name left running ends first."""
        self.kill_group()
        self.process = await self._launch()
        self.starts += 1
        log.info("started", child=self.name, pid=self.process.pid)

    async def keep(self) -> None:
        """Start it again whenever it ends; returns only by cancellation."""
        while True:
            began = time.monotonic()
            code = await self._ended()
            log.warning("ended", child=self.name, code=code)
            if time.monotonic() - began > _STEADY_SECONDS:
                self._delay = _FIRST_DELAY
            await asyncio.sleep(self._delay)
            self._delay = min(self._delay * 2, _LONGEST_DELAY)
            await self._start_whatever_it_takes()

    def signal(self, number: signal.Signals) -> None:
        """Signal the child itself, not its group."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    async def stop(self, seconds: float) -> None:
        """Ask it to end with SIGTERM; kill its whole group when it has not after `seconds`."""
        self.signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                _ = await self._ended()
        self.kill_group()
        log.info("stopped", child=self.name)

    def kill_group(self) -> None:
        """Nothing of the child's group survives; afterwards it is reaped."""
        if self.process is None:
            return
        group = self.process.pid
        if self.process.poll() is None or processes_in_group(group):
            send_group(group, signal.SIGKILL)
        _ = self.process.wait()
        self.process = None

    async def _start_whatever_it_takes(self) -> None:
        while True:
            try:
                await self.start()
            except Exception as error:  # noqa: BLE001 - whatever it is, what keeps the service alive goes on trying
                log.exception("not-started", child=self.name, exc_info=error)
                await asyncio.sleep(_LONGEST_DELAY)
            else:
                return

    async def _ended(self) -> int:
        """Wait for the end of the process, by its pidfd; returns the exit code (negative: the signal)."""
        process = self.process
        if process is None or process.poll() is not None:
            return 0 if process is None else process.wait()
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        descriptor = os.pidfd_open(process.pid)
        try:
            loop.add_reader(descriptor, ended.set)
            _ = await ended.wait()
        finally:
            _ = loop.remove_reader(descriptor)
            os.close(descriptor)
        return process.wait()
