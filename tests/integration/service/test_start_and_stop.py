"""`belsimple up` comes up, serves, and goes down without a trace."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service import Service, new_service


async def test_it_comes_up_with_people_and_dossiers_and_goes_down_within_ten_seconds(own_service: Service) -> None:
    own_service.start()
    assert own_service.url in own_service.output
    assert str(own_service.data / "tls" / "authority.pem") in own_service.output
    assert [sorted(account["role"] for account in tenant["accounts"]) for tenant in own_service.demo["tenants"]] == [
        ["admin", "auditor", "member", "owner"]
    ] * 2
    async with own_service.signed_in("member") as member, member.get("/api/v1/dossiers?limit=200") as answer:
        assert answer.status == 200
        assert len((await answer.json())["items"]) >= 12
    assert own_service.stop() < 10
    assert own_service.process
    assert own_service.process.returncode == 0
    assert own_service.descendants() == []
    assert not (own_service.data / "run").is_symlink()


def test_no_process_of_it_runs_as_root(service: Service) -> None:
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in service.descendants()}
    assert owners == {service.data.stat().st_uid}
    assert 0 not in owners
    capabilities = [
        line.split()[1]
        for pid in service.descendants()
        for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
        if line.startswith(("CapEff", "CapPrm"))
    ]
    assert set(capabilities) == {"0" * 16}


def test_what_it_keeps_is_for_its_own_user_only(service: Service) -> None:
    files = [path for path in service.data.rglob("*") if path.is_file() and not path.is_symlink()]
    readable = {path for path in files if path.stat().st_mode & 0o077}
    assert {path.name for path in readable} <= {"served.pem", "authority.pem"}
    assert service.data.stat().st_mode & 0o077 == 0
    folder = Path(os.readlink(service.data / "run"))
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "gate.sock").stat().st_mode & 0o077 == 0


@pytest.fixture(scope="module")
def veteran() -> Iterator[Service]:
    """A service that is stopped and killed again and again."""
    with new_service() as service:
        yield service


@pytest.fixture
def running(veteran: Service) -> Service:
    """The veteran, running."""
    if not veteran.running:
        veteran.start()
    return veteran


async def remember(service: Service) -> str:
    """Write something that must survive; returns its address."""
    async with service.signed_in("owner") as owner:
        async with owner.post(
            "/api/v1/dossiers", json={"title": "To be kept", "reference": secrets.token_hex(6)}
        ) as answer:
            assert answer.status == 201
            return answer.headers["Location"]


async def remembers(service: Service, address: str) -> bool:
    """Whether that is still there."""
    async with service.signed_in("owner") as owner, owner.get(address) as answer:
        return answer.status == 200


async def test_a_second_start_finds_everything_as_it_was(running: Service) -> None:
    first, address = running.demo, await remember(running)
    running.stop(signal.SIGINT)
    running.start()
    assert running.demo == first
    assert await remembers(running, address)


async def test_a_killed_supervisor_takes_everything_with_it_and_the_next_start_just_works(running: Service) -> None:
    address = await remember(running)
    assert running.process
    running.process.kill()
    running.process.wait(10)
    deadline = time.monotonic() + 10
    while running.descendants() and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    assert running.descendants() == []
    running.start()
    assert await remembers(running, address)


async def test_a_start_after_everything_was_killed_at_once_just_works(running: Service) -> None:
    address = await remember(running)
    assert running.process
    assert running.process.pid in running.descendants()
    for pid in running.descendants():
        with contextlib.suppress(ProcessLookupError):  # some end by themselves once the supervisor is gone
            os.kill(pid, signal.SIGKILL)
    running.process.wait(10)
    running.start()  # at once: nobody waited for anything to settle
    assert await remembers(running, address)


async def test_an_orphaned_database_is_stopped_before_a_new_one_starts(running: Service) -> None:
    address = await remember(running)
    assert running.process
    [postmaster, *_] = running.pids_of("postgresql")
    os.kill(postmaster, signal.SIGSTOP)  # it cannot hear that its supervisor died
    running.process.kill()
    running.process.wait(10)
    running.launch("--demo")
    await asyncio.sleep(1)
    os.kill(postmaster, signal.SIGCONT)
    while "belsimple is ready" not in running.output:
        assert running.running, running.log
        await asyncio.sleep(0.1)
    assert postmaster not in running.pids_of("postgresql")
    assert await remembers(running, address)


async def test_the_pid_of_a_dead_database_may_belong_to_somebody_else_by_now(running: Service) -> None:
    running.stop()
    stale = running.data / "postgresql" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{running.data}/postgresql\n1\n5432\n/nowhere\n\n1 1\nready   \n", "utf-8")
    shutil.chown(stale, running.data.stat().st_uid)
    running.start()
    assert await usable(running)


async def usable(service: Service) -> bool:
    """Whether somebody can sign in."""
    async with service.signed_in("member") as member, member.get("/api/v1/me") as answer:
        return answer.status == 200


@pytest.mark.parametrize("seconds", [0.1, 0.8, 1.6, 2.5])
def test_a_signal_during_the_start_leaves_nothing(own_service: Service, seconds: float) -> None:
    process = own_service.launch("--demo")
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    assert own_service.descendants() == []
    assert "Traceback" not in own_service.log
