"""The figures that a running service gives to Prometheus, and the alerts that stand on them."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.service import Service, free_port, new_service

DEPLOY = Path(__file__).parents[3] / "deploy" / "prometheus"
_NAMED = re.compile(r"\bbelsimple_[a-z0-9_]+")
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Watched:
    """A service and the address of its figures."""

    def __init__(self, service: Service, port: int) -> None:
        self.service = service
        self.url = f"http://127.0.0.1:{port}/metrics"

    async def figures(self) -> Figures:
        async with aiohttp.ClientSession() as client, client.get(self.url) as answer:
            assert answer.status == 200
            families = list(text_string_to_metric_families(await answer.text()))
        return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}

    async def figure(self, name: str, **labels: str) -> float:
        return (await self.figures())[name, frozenset(labels.items())]


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    port = free_port()
    with new_service({"BELSIMPLE_METRICS": f"127.0.0.1:{port}", "BELSIMPLE_WORKERS": "2"}) as service:
        service.start()
        yield Watched(service, port)


async def test_every_series_that_an_alert_names_exists(watched: Watched):
    found = {name for name, _ in await watched.figures()}
    named = set(_NAMED.findall((DEPLOY / "alerts.yml").read_text("utf-8")))
    assert len(named) > 15
    assert named <= found


async def test_there_is_an_alert_for_each_figure(watched: Watched):
    alerts = (DEPLOY / "alerts.yml").read_text("utf-8")
    families = {re.sub(r"_(total|created|bucket|sum|count)$", "", name) for name, _ in await watched.figures()}
    assert {name for name in families if name not in alerts} == {"belsimple_release"}


async def test_it_counts_requests_of_all_processes_by_part_and_class(watched: Watched):
    before = await watched.figure("belsimple_requests_total", part="web", status="4xx")
    for _ in range(20):
        async with watched.service.client() as client, client.get("/api/v1/me") as answer:
            assert answer.status == 401
    await _settle()
    assert await watched.figure("belsimple_requests_total", part="web", status="4xx") == before + 20
    assert await watched.figure("belsimple_request_seconds_count", part="web") >= before + 20


async def test_it_counts_refused_sign_ins(watched: Watched):
    before = await watched.figure("belsimple_sign_ins_refused_total", part="gate")
    body = {"tenant": "nobody", "email": "nobody@example.com", "password": "not the password"}
    async with watched.service.client() as client, client.post("/api/v1/session", json=body) as answer:
        assert answer.status == 401
    await _settle()
    assert await watched.figure("belsimple_sign_ins_refused_total", part="gate") == before + 1


async def test_the_figures_are_true(watched: Watched):
    async with watched.service.signed_in("owner"):
        await _settle()
        assert await watched.figure("belsimple_sessions") >= 1
    assert await watched.figure("belsimple_database_up") == 1
    assert await watched.figure("belsimple_processes", part="web") == 2
    assert await watched.figure("belsimple_processes", part="gate") == 1
    assert await watched.figure("belsimple_database_size_bytes") > 1 << 20
    free = await watched.figure("belsimple_disk_free_bytes", place="data")
    assert free == pytest.approx(shutil.disk_usage(watched.service.data).free, rel=0.05)
    assert 0 <= await watched.figure("belsimple_worker_heartbeat_age_seconds") < 30
    import time

    expires = await watched.figure("belsimple_certificate_expires_timestamp_seconds")
    assert expires > time.time() + 86400


async def test_a_process_that_died_is_no_longer_counted_and_its_count_stays(watched: Watched):
    import os
    import signal

    total = await watched.figure("belsimple_requests_total", part="gate", status="2xx")
    os.kill(watched.service.pids_of("gate")[0], signal.SIGKILL)
    await _settle(seconds=6)
    assert await watched.figure("belsimple_processes", part="gate") == 1
    assert await watched.figure("belsimple_requests_total", part="gate", status="2xx") >= total


async def test_there_are_no_figures_unless_asked_for(service: Service):
    assert "metrics" not in {entry.name for entry in (service.data / "run").iterdir()}


async def test_the_figures_hold_no_name_of_anybody(watched: Watched):
    async with aiohttp.ClientSession() as client, client.get(watched.url) as answer:
        text = await answer.text()
    for tenant in watched.service.demo["tenants"]:
        assert tenant["slug"] not in text
        for account in tenant["accounts"]:
            assert account["email"] not in text
    assert msgspec.json.encode(text)


def test_promtool_accepts_the_alerts():
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs the package prometheus")
    for command, file in (("rules", "alerts.yml"), ("config", "prometheus.yml")):
        done = subprocess.run([promtool, "check", command, DEPLOY / file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


async def _settle(seconds: float = 0.3) -> None:
    import asyncio

    await asyncio.sleep(seconds)
