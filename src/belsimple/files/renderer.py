"""Pages of PDFs as images: each made in a short-lived process that is handed the bytes and can do nothing else (rendering.py)."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, cast

from belsimple.files import rendering
from belsimple.files.stores import in_thread

AT_ONCE: Final = 2
"""Of one process of the service: each may take half a GiB and a core."""
PATIENCE_SECONDS: Final = 4.0
RENDER_SECONDS: Final = 10.0
_LARGEST_ANSWER: Final = 16 * 1024 * 1024
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_DIGITS: Final = 9


class NotRendered(Exception):
    """It is no PDF that opens, or making an image of it took more time or memory than it may."""


class NoSuchPage(Exception):
    """It has no page of this number."""


class RendererBusy(Exception):
    """Others are being rendered, and went on for too long to wait for."""


class Renderer:
    """The renderings of one process."""

    def __init__(self, program: Path = Path(rendering.__file__)) -> None:
        self._command = [sys.executable, "-I", "-B", str(program)]
        self._places = asyncio.Semaphore(AT_ONCE)

    async def count(self, pieces: AsyncIterator[bytes]) -> int:
        """How many pages a PDF has. Raises NotRendered, RendererBusy, and what `pieces` raises."""
        answer = await self._run(pieces, "count")
        if len(answer) > _DIGITS or not answer.isdigit():
            raise NotRendered
        return int(answer)

    async def page(self, pieces: AsyncIterator[bytes], number: int) -> bytes:
        """A page, from 1, as a PNG. Raises NoSuchPage, and what `count` raises."""
        answer = await self._run(pieces, "page", f"{number}")
        if not answer.startswith(_PNG):
            raise NotRendered
        return answer

    async def _run(self, pieces: AsyncIterator[bytes], *arguments: str) -> bytes:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise RendererBusy from None
        try:
            return await self._render(pieces, arguments)
        finally:
            self._places.release()

    async def _render(self, pieces: AsyncIterator[bytes], arguments: Iterable[str]) -> bytes:
        process = await in_thread(self._start, arguments)
        try:
            async with asyncio.timeout(RENDER_SECONDS):
                await _feed(cast("IO[bytes]", process.stdin), pieces)
                answer = await in_thread(cast("IO[bytes]", process.stdout).read, _LARGEST_ANSWER)
                status = await in_thread(process.wait)
        except TimeoutError:
            raise NotRendered from None
        finally:
            process.kill()
            await asyncio.shield(in_thread(_bury, process))
        return _answer(answer, status)

    def _start(self, arguments: Iterable[str]) -> "subprocess.Popen[bytes]":
        # No environment, no descriptor but three, no terminal, no folder of ours. Nothing is said on its standard error.
        return subprocess.Popen(
            [*self._command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            close_fds=True,
            start_new_session=True,
        )


async def _feed(pipe: IO[bytes], pieces: AsyncIterator[bytes]) -> None:
    with suppress(BrokenPipeError):  # it has ended: its exit status says why
        async for piece in pieces:
            await in_thread(pipe.write, piece)
        await in_thread(pipe.close)


def _bury(process: "subprocess.Popen[bytes]") -> None:
    _ = process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            cast("IO[bytes]", pipe).close()


def _answer(answer: bytes, status: int) -> bytes:
    if status == rendering.NO_PAGE:
        raise NoSuchPage
    if status != 0:
        raise NotRendered
    return answer
