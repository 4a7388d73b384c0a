"""`belsimple attack` against a running service: every attack is refused, and nothing is left behind."""

import json

import pytest

from tests.support.service import Service


@pytest.mark.xdist_group("attack-service")
def test_every_attack_is_refused_and_the_tenants_leave(own_service: Service) -> None:
    own_service.start()
    before = json.loads(own_service.command("tenant", "list", "--json").stdout)
    result = own_service.command("attack", "--json")
    report = json.loads(result.stdout)
    assert report["broken"] == []
    assert report["cases"] == report["held"]
    assert all(number["cases"] for number in report["numbers"].values())
    assert {int(number) for number in report["numbers"]} == {*range(1, 25), 27}
    assert result.returncode == 0
    assert json.loads(own_service.command("tenant", "list", "--json").stdout) == before


@pytest.mark.xdist_group("attack-service")
def test_a_service_elsewhere_is_attacked_by_its_owner_only(own_service: Service) -> None:
    result = own_service.command("attack", "--url", "https://example.org")
    assert result.returncode == 1
    assert "--i-own-this" in result.stderr
    assert result.stdout == ""
