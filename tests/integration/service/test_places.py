"""Where the data may lie: in a deep folder, and where the service's own user cannot get to."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service import Service


async def test_a_data_path_of_150_characters_is_no_trouble(own_service: Service) -> None:
    data = own_service.folder / ("d" * 60)
    data = data / ("e" * (149 - len(str(data))))
    assert len(str(data)) == 150
    own_service.data = data
    own_service.environment["BELSIMPLE_DATA"] = str(data)
    own_service.start()
    async with own_service.signed_in("member") as member, member.get("/api/v1/me") as answer:
        assert answer.status == 200


@pytest.fixture
def secluded(own_service: Service) -> Iterator[Path]:
    """A folder that only root may enter, with the configured data folder in it."""
    if os.geteuid() != 0:
        pytest.skip("only root has folders that the service's user cannot reach")
    folder = own_service.folder / "secluded"
    folder.mkdir(mode=0o700)
    configured = folder / "var"
    own_service.environment["BELSIMPLE_DATA"] = str(configured)
    yield configured
    if configured.is_symlink():
        own_service.kill()
        shutil.rmtree(configured.resolve())


def test_root_may_keep_data_where_the_service_cannot_reach_it(own_service: Service, secluded: Path) -> None:
    done = own_service.command("migrate", "--json")
    assert done.returncode == 0, done.stderr
    assert secluded.is_symlink()
    assert secluded.resolve().is_relative_to("/var/lib/belsimple")
    assert (secluded / "postgresql" / "PG_VERSION").exists()
    assert {path.stat().st_uid for path in secluded.resolve().rglob("*")} == {secluded.stat().st_uid}
    assert secluded.stat().st_uid != 0


def test_what_lies_there_already_is_never_moved(own_service: Service, secluded: Path) -> None:
    secluded.mkdir()
    (secluded / "novel.txt").write_text("It was a dark and stormy night.")
    done = own_service.command("migrate")
    assert done.returncode == 1
    assert "holds files" in done.stderr
    assert (secluded / "novel.txt").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has one account to run things from")
def test_data_of_another_user_is_refused(own_service: Service) -> None:
    own_service.data.mkdir()
    shutil.chown(own_service.data, "nobody")
    assert "belongs to somebody else" in own_service.fail()
