"""Files that several processes begin with."""

from pathlib import Path

from belsimple.atomic import write_once


def test_the_first_content_stays(tmp_path: Path) -> None:
    file = tmp_path / "key"
    assert write_once(file, "first") == "first"
    assert write_once(file, "second") == "first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]
    assert file.stat().st_mode & 0o777 == 0o600
