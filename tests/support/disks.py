"""Small file systems of their own, to be filled; mounting them needs root."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(place: Path, mebibytes: int) -> Iterator[Path]:
    """A disk in `place`, a folder whose content and owner it takes over."""
    kept = place.with_name(place.name + ".kept")
    owner = place.stat()
    subprocess.run(["cp", "-a", place, kept], check=True)
    done = subprocess.run(
        [
            "mount",
            "-t",
            "tmpfs",
            "-o",
            f"size={mebibytes}m,mode=0755,uid={owner.st_uid},gid={owner.st_gid}",
            "tmpfs",
            place,
        ],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        shutil.rmtree(kept)
        pytest.skip("mounting a small disk needs root")
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", place], check=True)
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
        shutil.rmtree(kept, ignore_errors=True)


def fill(folder: Path) -> None:
    """Write until nothing is free."""
    with (folder / "ballast").open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def free(folder: Path) -> None:
    """Take back what `fill` wrote."""
    (folder / "ballast").unlink()
