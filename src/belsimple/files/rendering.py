"""A page of a PDF as a PNG, in a process of its own that can do nothing else: this file is its program (see previews.py).

It reads the PDF from standard input, and only then locks itself in: from the first byte that the parser looks at, the kernel lets
it compute, take memory up to a limit, and write to the pipe that it has; no file, no network, no other process. What a hostile PDF
makes of the parser can still do no more than that. It imports nothing of belsimple, so that starting it costs little.

Usage: rendering.py count | rendering.py page NUMBER. Exit status: 0, NO_PAGE or UNREADABLE.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
import zlib
from typing import Any, Final

import pypdfium2_raw

pdfium: Any = pypdfium2_raw

LARGEST: Final = 50 * 1024 * 1024
"""Bytes of a PDF."""
NO_PAGE: Final = 3
UNREADABLE: Final = 4
_LONGER_SIDE: Final = 1600
"""Pixels; whatever size a page says it has, no more are made of it."""
_MEMORY: Final = 512 * 1024 * 1024
_CPU_SECONDS: Final = 8
_WALL_SECONDS: Final = 12

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38
_SECCOMP_FILTER: Final = 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM
_LOAD, _JUMP_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x45, 0x06  # of a classic BPF program
_NUMBER, _ARCHITECTURE, _THIRD_ARGUMENT = 0, 4, 32  # where they are in struct seccomp_data
_PROT_EXEC: Final = 4
# What computing needs, by machine: audit architecture, then the calls as its kernel numbers them.
_CALLS: Final[dict[str, tuple[int, dict[str, int]]]] = {
    "x86_64": (
        0xC000003E,
        {
            "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "munmap": 11, "brk": 12, "rt_sigaction": 13,
            "rt_sigprocmask": 14, "rt_sigreturn": 15, "sched_yield": 24, "mremap": 25, "madvise": 28, "getpid": 39, "exit": 60,
            "gettid": 186, "futex": 202, "clock_gettime": 228, "exit_group": 231, "newfstatat": 262, "getrandom": 318,
            "mmap": 9, "mprotect": 10,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62, "munmap": 215, "brk": 214, "rt_sigaction": 134,
            "rt_sigprocmask": 135, "rt_sigreturn": 139, "sched_yield": 124, "mremap": 216, "madvise": 233, "getpid": 172, "exit": 93,
            "gettid": 178, "futex": 98, "clock_gettime": 113, "exit_group": 94, "newfstatat": 79, "getrandom": 278,
            "mmap": 222, "mprotect": 226,
        },
    ),
}  # fmt: skip
_MAPPING: Final = ("mmap", "mprotect")
"""Allowed save for memory that could be executed: no new code."""


class _NoPage(Exception):
    pass


class _Unreadable(Exception):
    pass


def main(arguments: list[str]) -> int:
    """Do what is asked; the answer goes to standard output."""
    _bound()
    content = sys.stdin.buffer.read(LARGEST + 1)
    _lock_in()
    try:
        answer = _page(content, int(arguments[1])) if arguments[0] == "page" else b"%d" % _count(content)
    except _NoPage:
        return NO_PAGE
    except _Unreadable:
        return UNREADABLE
    view = memoryview(answer)
    while view:
        view = view[os.write(1, view) :]
    return 0


def _bound() -> None:
    for limit, value in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),  # a core would hold what a document says
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        resource.setrlimit(limit, (value, value))
    _ = signal.alarm(_WALL_SECONDS)  # should nobody be there any more who ends it


def _lock_in() -> None:
    """Give up all but computing. Raises OSError on a machine or kernel that cannot: then nothing is rendered."""
    libc = ctypes.CDLL(None, use_errno=True)
    program = _program()
    filters = ctypes.create_string_buffer(b"".join(program))
    described = struct.pack("HxxxxxxP", len(program), ctypes.addressof(filters))
    for option, value, more in (
        (_PR_SET_DUMPABLE, 0, 0),  # nobody of the same user looks into its memory
        (_PR_SET_NO_NEW_PRIVS, 1, 0),
        (_PR_SET_SECCOMP, _SECCOMP_FILTER, described),
    ):
        if libc.prctl(option, ctypes.c_ulong(value), more, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "this machine has no seccomp filters")


def _program() -> list[bytes]:
    """The filter: refuse another machine's calls, memory to execute, and every call that is not listed."""
    architecture, numbers = _CALLS[platform.machine()]
    listed = [number for name, number in numbers.items() if name not in _MAPPING]
    mapping = [numbers[name] for name in _MAPPING]
    body: list[bytes] = [_step(_LOAD, _NUMBER)]
    for number in listed:
        body += [_step(_JUMP_EQUAL, number, 0, 1), _step(_RETURN, _ALLOW)]
    for number in mapping:
        body += [
            _step(_JUMP_EQUAL, number, 0, 4),
            _step(_LOAD, _THIRD_ARGUMENT),
            _step(_JUMP_SET, _PROT_EXEC, 1, 0),
            _step(_RETURN, _ALLOW),
            _step(_RETURN, _REFUSE),
        ]
    head = [_step(_LOAD, _ARCHITECTURE), _step(_JUMP_EQUAL, architecture, 1, 0), _step(_RETURN, _REFUSE)]
    return [*head, *body, _step(_RETURN, _REFUSE)]


def _step(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, when_true, when_false, value)


def _count(content: bytes) -> int:
    return pdfium.FPDF_GetPageCount(_open(content))


def _page(content: bytes, number: int) -> bytes:
    document = _open(content)
    if not 1 <= number <= pdfium.FPDF_GetPageCount(document):
        raise _NoPage
    page = pdfium.FPDF_LoadPage(document, number - 1)
    if not page:
        raise _Unreadable
    width, height = _pixels(pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page))
    bitmap = pdfium.FPDFBitmap_Create(width, height, 0)
    if not bitmap:
        raise _Unreadable
    _ = pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
    _draw(document, page, bitmap, width, height)
    stride = pdfium.FPDFBitmap_GetStride(bitmap)
    return _png(ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height), width, height, stride)


def _open(content: bytes) -> Any:
    if len(content) > LARGEST:
        raise _Unreadable
    configuration = pdfium.FPDF_LIBRARY_CONFIG(version=2)
    pdfium.FPDF_InitLibraryWithConfig(configuration)
    document = pdfium.FPDF_LoadMemDocument64(content, len(content), None)
    if not document:
        raise _Unreadable  # broken, or encrypted with a password
    return document


def _pixels(width: float, height: float) -> tuple[int, int]:
    if not (0 < width < float("inf") and 0 < height < float("inf")):
        raise _Unreadable
    scale = _LONGER_SIDE / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _draw(document: Any, page: Any, bitmap: Any, width: int, height: int) -> None:
    flags = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER
    pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
    # What somebody typed into a form's fields is drawn apart. There is no JavaScript in this build of pdfium.
    callbacks = pdfium.FPDF_FORMFILLINFO(version=2)
    form = pdfium.FPDFDOC_InitFormFillEnvironment(document, callbacks)
    if form:
        pdfium.FORM_OnAfterLoadPage(page, form)
        pdfium.FPDF_FFLDraw(form, bitmap, page, 0, 0, width, height, 0, flags)


def _png(pixels: bytes, width: int, height: int, stride: int) -> bytes:
    """The PNG (ISO/IEC 15948) of rows of four bytes a pixel, of which the fourth is nothing."""
    packed = bytearray(3 * width * height)
    rows = memoryview(pixels)
    for channel in range(3):
        packed[channel::3] = b"".join(
            bytes(rows[y * stride + channel : y * stride + 4 * width : 4]) for y in range(height)
        )
    lines = b"".join(b"\0" + packed[y * 3 * width : (y + 1) * 3 * width] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines, 3)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))  # no clean-up that would ask the kernel for more
