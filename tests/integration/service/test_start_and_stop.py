"""`belsimple up` comes up, serves, and goes down without a trace."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.service import Service


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


async def test_a_second_start_finds_everything_as_it_was(own_service: Service) -> None:
    own_service.start()
    first = own_service.demo
    async with own_service.signed_in("member") as member:
        async with member.post("/api/v1/dossiers", json={"title": "Kept", "reference": "kept-1"}) as answer:
            made = await answer.json()
    own_service.stop(signal.SIGINT)
    own_service.start()
    assert own_service.demo == first
    async with own_service.signed_in("member") as member, member.get(f"/api/v1/dossiers/{made['id']}") as answer:
        assert (await answer.json())["title"] == "Kept"


@pytest.mark.parametrize("seconds", [0.1, 0.8, 1.6, 2.5])
def test_a_signal_during_the_start_leaves_nothing(own_service: Service, seconds: float) -> None:
    process = own_service.launch("--demo")
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    assert own_service.descendants() == []
    assert "Traceback" not in own_service.log


async def test_a_killed_supervisor_takes_everything_with_it_and_the_next_start_just_works(own_service: Service) -> None:
    own_service.start()
    async with own_service.signed_in("owner") as owner:
        async with owner.post("/api/v1/dossiers", json={"title": "Before the kill", "reference": "kill-1"}) as answer:
            assert answer.status == 201
            made = await answer.json()
    assert own_service.process
    os.kill(own_service.process.pid, signal.SIGKILL)
    own_service.process.wait()
    deadline = time.monotonic() + 10
    while own_service.descendants() and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    assert own_service.descendants() == []
    own_service.start()
    async with own_service.signed_in("owner") as owner, owner.get(f"/api/v1/dossiers/{made['id']}") as answer:
        assert answer.status == 200


async def test_a_start_after_everything_was_killed_at_once_just_works(own_service: Service) -> None:
    own_service.start()
    for pid in own_service.descendants():
        os.kill(pid, signal.SIGKILL)
    assert own_service.process
    own_service.process.wait()
    own_service.start()  # at once: nobody waited for anything to settle
    async with own_service.signed_in("owner") as owner, owner.get("/api/v1/me") as answer:
        assert answer.status == 200
