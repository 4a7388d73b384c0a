"""A PostgreSQL whose clock can be set, by libfaketime."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .clusters import RunningCluster, binaries_of, running_cluster
from .service import public_folder

_LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


_CACHED_SECONDS = 2.2  # libfaketime counts its one second of cache in whole seconds: up to two


class Clock:
    """How far the clock is off, in seconds; read by the server every second."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        """From now on the clock is off by so much; waits until every backend has noticed."""
        draft = self.file.with_suffix(".new")
        draft.write_text(f"{seconds:+d}\n")
        draft.chmod(0o644)
        draft.rename(self.file)
        time.sleep(_CACHED_SECONDS)


@contextlib.contextmanager
def cluster_with_a_clock(version: str = "18") -> Iterator[tuple[RunningCluster, Clock]]:
    """A cluster whose server, and nothing else, lives by this clock; what measures how long something takes is not touched."""
    if _LIBRARY is None:
        pytest.skip("setting the clock needs the package faketime")
    with public_folder() as folder:
        clock = Clock(folder / "offset")
        programs = folder / "bin"
        programs.mkdir()
        for program in binaries_of(version).iterdir():
            (programs / program.name).symlink_to(program)
        real, server = binaries_of(version) / "postgres", programs / "postgres"
        server.unlink()
        server.write_text(
            f"#!/bin/sh\nexport LD_PRELOAD={_LIBRARY} FAKETIME_TIMESTAMP_FILE={clock.file} FAKETIME_CACHE_DURATION=1 "
            f'FAKETIME_DONT_FAKE_MONOTONIC=1\nexec {real} "$@"\n'
        )
        server.chmod(0o755)
        os.chmod(programs, 0o755)
        with running_cluster(version, fsync="on", binaries=programs) as cluster:
            yield cluster, clock
