"""What an operator can get wrong is told in one line that says what to do; nothing is lost by it."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.support.service import Service, new_service


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BELSIMPLE_PORT", "https", "BELSIMPLE_PORT is 'https'"),
        ("BELSIMPLE_HTTP_PORT", "70000", "BELSIMPLE_HTTP_PORT is '70000'"),
        ("BELSIMPLE_HOST", "example.org", "BELSIMPLE_HOST is 'example.org'"),
        ("BELSIMPLE_HOST", "203.0.113.7", "203.0.113.7"),
        ("BELSIMPLE_URL", "http://localhost", "BELSIMPLE_URL is 'http://localhost'"),
        ("BELSIMPLE_WORKERS", "0", "BELSIMPLE_WORKERS is '0'"),
        ("BELSIMPLE_LOG_LEVEL", "loud", "BELSIMPLE_LOG_LEVEL is 'loud'"),
        ("BELSIMPLE_TRUSTED_PROXIES", "proxy.example", "BELSIMPLE_TRUSTED_PROXIES"),
        ("BELSIMPLE_TLS_CERT", "/nowhere/cert.pem", "BELSIMPLE_TLS_KEY"),
        ("BELSIMPLE_DATABASE_URL", "mysql://h/d", "BELSIMPLE_DATABASE_URL"),
        ("BELSIMPLE_DATABASE_URL", "postgresql://u:hush@db.example/b?sslmode=require", "sslmode=verify-full"),
        ("BELSIMPLE_DATABASE_URL_FILE", "/nowhere/url", "BELSIMPLE_DATABASE_URL_FILE"),
        ("BELSIMPLE_DATA", "/proc/belsimple", "/proc/belsimple"),
        ("BELSIMPLE_RUN", "/tmp/" + "long" * 30, "BELSIMPLE_RUN"),
        ("BELSIMPLE_ADDRESS_RATE", "-1", "BELSIMPLE_ADDRESS_RATE"),
    ],
)
def test_a_bad_setting_is_named(own_service: Service, name: str, value: str, said: str) -> None:
    own_service.environment[name] = value
    line = own_service.fail()
    assert said in line
    assert "hush" not in line


@pytest.mark.parametrize("name", ["BELSIMPLE_PORT", "BELSIMPLE_HTTP_PORT"])
def test_a_port_in_use_is_named_with_its_variable(own_service: Service, name: str) -> None:
    with socket.socket() as other:
        # As granian listens: a second one with the same option would share the port, and nobody would notice.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", int(own_service.environment[name])))
        other.listen()
        line = own_service.fail()
    assert own_service.environment[name] in line
    assert name in line


def test_a_second_service_on_the_same_data_is_refused(service: Service) -> None:
    with new_service({"BELSIMPLE_DATA": str(service.data)}) as second:
        second.data = second.folder / "none"
        assert "is using the data" in second.fail()


def test_demo_data_is_refused_off_loopback(own_service: Service) -> None:
    own_service.environment["BELSIMPLE_HOST"] = "0.0.0.0"
    assert "--demo" in own_service.fail("--demo")


def test_an_unreachable_database_is_told(own_service: Service) -> None:
    own_service.environment["BELSIMPLE_DATABASE_URL"] = "postgresql://admin:hush@127.0.0.1:9/belsimple"
    line = own_service.fail()
    assert "cannot be reached" in line
    assert "BELSIMPLE_DATABASE_URL" in line
    assert "hush" not in own_service.log


def test_a_wrong_password_for_the_database_is_told(service: Service, own_service: Service) -> None:
    folder = Path(os.readlink(service.data / "run"))
    own_service.environment["BELSIMPLE_DATABASE_URL"] = f"postgresql://postgres:hush@/belsimple?host={folder}"
    line = own_service.fail()
    assert "refuses" in line
    assert "BELSIMPLE_DATABASE_URL" in line
    assert "hush" not in own_service.log


async def test_data_of_a_newer_release_is_left_alone(own_service: Service) -> None:
    own_service.start()
    url = own_service.command("database", "url", "--role", "admin").stdout.strip()
    connection = await asyncpg.connect(url)
    await connection.execute(
        "insert into system.migration (source, number, name, checksum, after) values ('belsimple', 9001, 'future', 'x', true)"
    )
    await connection.close()
    own_service.stop()
    assert "newer" in own_service.fail("--demo")
    version = own_service.data / "postgresql" / "PG_VERSION"
    found = version.read_text("ascii")
    version.write_text("99\n", "ascii")
    assert "PostgreSQL 99" in own_service.fail("--demo")
    version.write_text(found, "ascii")


@pytest.fixture
def small_disk(own_service: Service) -> Iterator[Path]:
    """A small file system of its own that holds the service's data; needs the right to mount."""
    disk = own_service.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=420m,mode=0755", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    own_service.data = disk / "var"
    own_service.environment["BELSIMPLE_DATA"] = str(own_service.data)
    yield disk
    own_service.kill()
    subprocess.run(["umount", "--lazy", disk], check=True)


async def test_a_full_disk_is_told_and_loses_nothing(own_service: Service, small_disk: Path) -> None:
    fill(small_disk, leave=100)
    assert "is full" in own_service.fail("--demo")  # too full to begin
    (small_disk / "ballast").unlink()
    own_service.start()
    own_service.stop()
    fill(small_disk, leave=0)
    assert "is full" in own_service.fail("--demo")  # too full to go on
    (small_disk / "ballast").unlink()
    own_service.start()
    async with own_service.signed_in("member") as member, member.get("/api/v1/dossiers") as answer:
        assert (await answer.json())["items"]


def fill(folder: Path, *, leave: int) -> None:
    """Write until `leave` MiB are free."""
    free = shutil.disk_usage(folder).free - (leave << 20)
    with (folder / "ballast").open("wb") as file:
        for _ in range(max(0, free >> 20)):
            file.write(bytes(1 << 20))
        if leave == 0:
            file.write(bytes(shutil.disk_usage(folder).free // 2))


def test_a_folder_with_other_files_is_not_taken_over(own_service: Service) -> None:
    own_service.data.mkdir()
    (own_service.data / "novel.txt").write_text("It was a dark and stormy night.")
    if os.geteuid() == 0:
        assert "holds other files" in own_service.fail()
        assert own_service.data.stat().st_uid == 0
