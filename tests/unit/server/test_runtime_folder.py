"""The folder of the sockets: short, private, and nobody else's; the lock on the data folder."""

from pathlib import Path

import pytest

from belsimple.errors import OperatorError
from belsimple.server.runtime import (
    current_runtime_folder,
    data_lock,
    make_runtime_folder,
    remove_runtime_folder,
    runtime_folder,
)


def test_it_is_short_however_long_the_data_path_is(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    assert len(str(runtime_folder(deep, None) / ".s.PGSQL.5432.lock")) <= 107
    assert runtime_folder(deep, None) != runtime_folder(tmp_path, None)


def test_a_configured_one_that_is_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="BELSIMPLE_RUN"):
        runtime_folder(tmp_path, Path("/tmp") / ("r" * 90))


def test_it_is_private_and_found_through_the_data_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run-here"
    make_runtime_folder(folder, tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert current_runtime_folder(tmp_path) == folder
    remove_runtime_folder(folder, tmp_path)
    assert not folder.exists()
    assert current_runtime_folder(tmp_path) is None


@pytest.mark.parametrize("trap", ["open to others", "a link", "a file"])
def test_one_that_somebody_laid_as_a_trap_is_refused(tmp_path: Path, trap: str) -> None:
    folder = tmp_path / "squatted"
    if trap == "open to others":
        folder.mkdir()
        folder.chmod(0o777)
    elif trap == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.touch()
    with pytest.raises(OperatorError, match="runtime folder"):
        make_runtime_folder(folder, tmp_path)


def test_two_cannot_hold_one_data_folder(tmp_path: Path) -> None:
    with data_lock(tmp_path), pytest.raises(OperatorError, match="using the data"), data_lock(tmp_path):
        pass
    with data_lock(tmp_path):
        pass
