"""A runtime folder that an administrator made for parts which run as users of their own."""

import os
from pathlib import Path

import pytest

from belsimple.errors import OperatorError
from belsimple.server import runtime
from belsimple.server.runtime import is_shared, prepare_socket_folder, socket_folder


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like root's to whoever runs this test."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    monkeypatch.setattr(runtime, "is_shared", lambda found: found == folder)
    monkeypatch.setattr(runtime.os, "geteuid", lambda: folder.stat().st_uid or 12345)
    return folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folder is shared")
def test_only_roots_own_folder_that_nobody_else_writes_in_is_shared(tmp_path: Path):
    folder = tmp_path / "run"
    assert not is_shared(folder)
    for mode, expected in ((0o755, True), (0o700, True), (0o775, False), (0o757, False)):
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
        assert is_shared(folder) is expected
    folder.chmod(0o755)
    os.chown(folder, 12345, 0)
    assert not is_shared(folder)
    link = tmp_path / "link"
    link.symlink_to("/")
    assert not is_shared(link)


def test_each_part_has_a_folder_of_its_own_in_it(shared: Path):
    assert socket_folder(shared, "gate") == shared / "gate"
    assert socket_folder(shared.parent, "gate") == shared.parent


def test_a_missing_part_folder_is_told(shared: Path, tmp_path: Path):
    with pytest.raises(OperatorError, match="missing"):
        prepare_socket_folder(shared, "gate", tmp_path)


def test_a_part_folder_that_its_group_or_others_could_change_is_refused(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = shared / "gate"
    folder.mkdir()
    monkeypatch.setattr(runtime.os, "geteuid", lambda: folder.stat().st_uid)
    monkeypatch.setattr(runtime, "socket_folder", lambda run, part: run / part)
    for mode in (0o770, 0o755, 0o751):
        folder.chmod(mode)
        with pytest.raises(OperatorError, match="open to others"):
            prepare_socket_folder(shared, "gate", tmp_path)
    folder.chmod(0o750)
    assert prepare_socket_folder(shared, "gate", tmp_path) == folder
