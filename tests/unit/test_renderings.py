"""The process that makes an image of a PDF's page: what it draws, what it may not do, and when it is ended."""

import asyncio
import os
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from belsimple.files import renderer, rendering
from belsimple.files.renderer import NoSuchPage, NotRendered, Renderer, RendererBusy
from tests.support.pdfs import encrypted, huge_image, pdf

PROGRAM = Path(rendering.__file__)


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 65536):
        yield content[at : at + 65536]


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and the rows of an RGB image without filters."""
    width, height = struct.unpack(">II", png[16:24])
    at, data = 8, b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + body) == struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0]
        data += body if kind == b"IDAT" else b""
        at += 12 + size
    rows = zlib.decompress(data)
    return width, height, b"".join(rows[y * (3 * width + 1) + 1 : (y + 1) * (3 * width + 1)] for y in range(height))


async def test_a_page_is_drawn() -> None:
    assert await Renderer().count(pieces(pdf(3))) == 3
    width, height, rgb = pixels(await Renderer().page(pieces(pdf()), 2))
    assert (width, height) == (1131, 1600)

    def at(x: float, y: float) -> bytes:
        place = 3 * (round((842 - y) / 842 * height) * width + round(x / 595 * width))
        return rgb[place : place + 3]

    assert at(150, 100) == b"\xff\0\0"
    assert at(300, 600) == b"\xff\xff\xff"


@pytest.mark.parametrize("number", [0, 3, 2**31, 10**12])
async def test_a_page_that_is_not_there(number: int) -> None:
    with pytest.raises(NoSuchPage):
        await Renderer().page(pieces(pdf()), number)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", pdf()[:400], b"<html>" * 100, encrypted()], ids=str)
async def test_what_does_not_open_is_not_rendered(content: bytes) -> None:
    with pytest.raises(NotRendered):
        await Renderer().count(pieces(content))


@pytest.mark.parametrize("size", [(1e9, 1e9), (200_000, 3), (0.001, 0.001), (14400, 14400)])
async def test_a_huge_page_becomes_no_huge_image(size: tuple[float, float]) -> None:
    try:
        width, height, _ = pixels(await Renderer().page(pieces(pdf(size=size)), 1))
    except NotRendered:
        return
    assert max(width, height) == 1600


async def test_an_image_that_unpacks_to_gigabytes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer, "RENDER_SECONDS", 0.5)  # unpacking alone takes longer on any machine
    with pytest.raises(NotRendered):
        await Renderer().page(pieces(huge_image()), 1)


async def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer, "RENDER_SECONDS", 1.0)
    endless = pdf(content=b"0 0 m 9 9 l S 0 0 595 842 re f\n" * 3_000_000, packed=True)
    began = time.monotonic()
    with pytest.raises(NotRendered):
        await Renderer().page(pieces(endless), 1)
    assert time.monotonic() - began < 3


def program(tmp_path: Path, text: str) -> Path:
    """Another program in the renderer's place."""
    path = tmp_path / "program.py"
    path.write_text(text)
    return path


async def test_a_process_that_hangs_is_killed_and_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer, "RENDER_SECONDS", 0.5)
    told = tmp_path / "pid"
    text = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(NotRendered):
        await Renderer(program(tmp_path, text)).page(pieces(b"x" * 1_000_000), 1)
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


async def test_it_is_given_no_environment_no_descriptors_and_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELSIMPLE_SECRET", "4711")
    told = tmp_path / "told"
    text = f"import os, sys; open({str(told)!r}, 'w').write(repr((sorted(os.environ), os.listdir('/proc/self/fd'), os.getcwd(), sys.flags.isolated)))"
    with open(__file__, "rb") as descriptor:
        os.set_inheritable(descriptor.fileno(), True)
        with pytest.raises(NotRendered):
            await Renderer(program(tmp_path, text)).page(pieces(b""), 1)
    environment, descriptors, folder, isolated = eval(told.read_text())
    assert (environment in ([], ["LC_CTYPE"]), folder, isolated) == (True, "/", 1)
    assert len(descriptors) <= 5  # three, its own listing and the file it writes


@pytest.mark.parametrize("answer", ["b'<script>'", "b''", "b'-1'", "b'9' * 40"])
async def test_an_answer_that_is_none_is_not_passed_on(tmp_path: Path, answer: str) -> None:
    text = f"import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write({answer})"
    with pytest.raises(NotRendered):
        await Renderer(program(tmp_path, text)).page(pieces(b"x"), 1)
    with pytest.raises(NotRendered):
        await Renderer(program(tmp_path, text)).count(pieces(b"x"))


async def test_two_at_once_and_the_others_do_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer, "PATIENCE_SECONDS", 0.3)
    text = "import sys, time; sys.stdin.buffer.read(); time.sleep(1.2); sys.stdout.buffer.write(b'7')"
    one = Renderer(program(tmp_path, text))
    answers = await asyncio.gather(*(one.count(pieces(b"x")) for _ in range(3)), return_exceptions=True)
    assert sorted(answer if isinstance(answer, int) else -1 for answer in answers) == [-1, 7, 7]
    assert any(isinstance(answer, RendererBusy) for answer in answers)
    assert await one.count(pieces(b"x")) == 7  # a place that was taken is given back


ESCAPES = {
    "open a file": "open('/etc/hostname')",
    "write a file": "os.open('/tmp/x', os.O_CREAT | os.O_WRONLY)",
    "connect": "__import__('socket').socket()",
    "start a process": "os.fork()",
    "become another program": "os.execv('/bin/true', ['true'])",
    "signal others": "os.kill(os.getppid(), 0)",
    "make memory executable": "__import__('mmap').mmap(-1, 4096, prot=7)",
    "look into another process": "os.readlink('/proc/self/exe')",
}


@pytest.mark.parametrize("what", ESCAPES)
def test_once_it_reads_a_document_it_can_do_nothing_else(what: str) -> None:
    text = f"""
import os, resource, runpy, socket, mmap, sys
rendering = runpy.run_path({str(PROGRAM)!r})
rendering["_lock_in"]()
try:
    {ESCAPES[what]}
except OSError as refused:
    os.write(1, b"refused" if refused.errno == 1 else repr(refused).encode())
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, check=False)
    assert done.stdout == b"refused", done
    free = subprocess.run(
        [sys.executable, "-c", text.replace('rendering["_lock_in"]()', "")], capture_output=True, check=False
    )
    assert free.stdout != b"refused"  # without the lock it could


def test_it_has_limits_before_it_reads() -> None:
    text = f"""
import resource, runpy
rendering = runpy.run_path({str(PROGRAM)!r})
rendering["_bound"]()
print([resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in ("AS", "CPU", "FSIZE", "CORE", "NPROC", "NOFILE")])
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, check=False, text=True)
    memory = 512 * 1024 * 1024
    assert eval(done.stdout) == [(memory, memory), (8, 8), (0, 0), (0, 0), (0, 0), (16, 16)], done


def test_memory_beyond_its_limit_is_refused_and_not_taken_from_the_service() -> None:
    text = f"import runpy; runpy.run_path({str(PROGRAM)!r})['_bound'](); bytearray(600 << 20)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, check=False, text=True)
    assert done.stderr.strip().endswith("MemoryError")
