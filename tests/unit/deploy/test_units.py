"""The units of `deploy/systemd`: what systemd says of them, and that none forgets what the others have."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PARTS = ("database", "web", "gate", "operator", "worker", "redirect", "migrate")
_HARDENED = (
    "NoNewPrivileges=yes",
    "RestrictSUIDSGID=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectProc=invisible",
    "ProcSubset=pid",
    "UMask=0077",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "LockPersonality=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "MemoryDenyWriteExecute=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
)
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs the package systemd")


def _lines(unit: Path) -> list[str]:
    return unit.read_text("utf-8").splitlines()


def _analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["systemd-analyze", *arguments],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{DEPLOY / 'systemd'}:"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_each_is_hardened(unit: Path):
    assert [line for line in _HARDENED if line not in _lines(unit)] == []


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_little_exposed(unit: Path):
    said = _analyze("security", "--offline=yes", str(unit))
    if "Unknown command" in said.stderr or "offline" in said.stderr:
        pytest.skip("this systemd cannot examine a unit that is not loaded")
    found = re.search(r"exposure level for \S+ ([\d.]+)", said.stdout)
    assert found, said.stderr
    assert float(found[1]) < 2.0
    page = (DEPLOY.parent / "docs" / "operations.md").read_text("utf-8")
    assert f"| `{unit.stem}` |" in page


@needs_systemd
def test_systemd_understands_every_line():
    files = [str(file) for file in (DEPLOY / "systemd").iterdir()]
    said = _analyze("verify", *files).stderr.splitlines()
    # The program is not installed here; of other units of this machine nothing is asked.
    ours = [line for line in said if "belsimple" in line and "is not executable" not in line]
    assert ours == []


def test_only_the_migration_sees_the_admins_credential():
    holders = [
        unit.stem for unit in UNITS if any("admin.url" in line and "LoadCredential" in line for line in _lines(unit))
    ]
    assert holders == ["belsimple-migrate"]


def test_each_part_is_given_its_own_role_and_no_other():
    for part, role in (("web", "app"), ("gate", "gate"), ("operator", "operator"), ("worker", "worker")):
        given = [line for line in _lines(DEPLOY / "systemd" / f"belsimple-{part}.service") if ".url" in line]
        assert given == [f"LoadCredential=database-url:/var/lib/belsimple/admin/credentials/{role}.url"]


def test_every_user_and_group_is_made():
    made = (DEPLOY / "sysusers.d" / "belsimple.conf").read_text("utf-8")
    for part in PARTS:
        for line in _lines(DEPLOY / "systemd" / f"belsimple-{part}.service"):
            key, _, value = line.partition("=")
            if key in {"User", "Group", "SupplementaryGroups"}:
                assert re.search(rf"^[ug] {value}\b", made, re.MULTILINE), f"{part}: {line}"


def test_no_two_parts_share_a_user():
    users = [
        line
        for part in PARTS
        for line in _lines(DEPLOY / "systemd" / f"belsimple-{part}.service")
        if line.startswith("User=")
    ]
    assert len(set(users)) == len(PARTS)
