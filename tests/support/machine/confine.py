#!/usr/bin/python3
"""The last step before a unit's program: seccomp filters and W^X, as systemd would set them. Then the program."""

import ctypes
import functools
import os
import socket
import subprocess
import sys

_ALLOW, _EPERM = 0x7FFF0000, 0x00050000 | 1
_EQUAL = 4  # of enum scmp_compare
_MDWE, _NO_NEW_PRIVS = 65, 38


class _Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def main() -> None:
    families, refused, mdwe = sys.argv[1], sys.argv[2], sys.argv[3] == "yes"
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    if mdwe:
        libc.prctl(_MDWE, 1, 0, 0, 0)  # kernels before 6.3 do not know it
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    if families:
        _load_families(library, families.split(","))
    if refused:
        _load_calls(library, refused.split(","))
    os.execvpe(sys.argv[4], sys.argv[4:], os.environ)


def _load_families(library: ctypes.CDLL, names: list[str]) -> None:
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ALLOW)))
    call = library.seccomp_syscall_resolve_name(b"socket")
    allowed = {int(getattr(socket, name)) for name in names}
    for family in set(range(46)) - allowed:
        compare = _Compare(0, _EQUAL, family, 0)
        _check(library.seccomp_rule_add_array(context, ctypes.c_uint32(_EPERM), call, 1, ctypes.byref(compare)))
    _check(library.seccomp_load(context))


def _load_calls(library: ctypes.CDLL, names: list[str]) -> None:
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ALLOW)))
    for name in names:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # those below do not exist on this architecture
            _check(library.seccomp_rule_add_array(context, ctypes.c_uint32(_EPERM), number, 0, None))
    _check(library.seccomp_load(context))


def _check(code: int) -> None:
    if code != 0:
        raise OSError(-code, os.strerror(-code))


def refused_calls(filters: list[str]) -> list[str]:
    """What a unit's SystemCallFilter= lines refuse, asked of systemd-analyze: every known call less what is let through."""
    allowed: set[str] = set()
    for line in filters:
        names = {name for word in line.lstrip("~").split() for name in _expand(word)}
        allowed = allowed - names if line.startswith("~") else allowed | names
    return sorted(_expand("@known") - allowed)


@functools.cache
def _expand(word: str) -> set[str]:
    if not word.startswith("@"):
        return {word}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True)
    names: set[str] = set()
    for line in listed.stdout.splitlines()[1:]:
        name = line.strip()
        if name and not name.startswith("#"):
            names |= _expand(name)
    return names


if __name__ == "__main__":
    main()
