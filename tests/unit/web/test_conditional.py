"""If-Match guards changes, If-None-Match saves transfers."""

import pytest

from .harness import SIGNED_IN, Service

PATH = "/things/00000000-0000-0000-0000-000000000007"


def change(service: Service, if_match: str | None) -> tuple[int, str | None]:
    headers = SIGNED_IN | ({} if if_match is None else {"if-match": if_match})
    answer = service.request("PATCH", PATH, headers=headers, json={"title": "a"})
    return answer.status, answer.headers.get("etag")


def test_a_single_object_carries_its_version(service: Service) -> None:
    assert service.request("GET", PATH, headers=SIGNED_IN).headers["etag"] == '"3"'
    assert service.request("POST", "/things", headers=SIGNED_IN, json={"title": "a"}).headers["etag"] == '"1"'


def test_the_action_is_given_the_version_that_if_match_names(service: Service) -> None:
    assert change(service, '"41"') == (200, '"42"')


@pytest.mark.parametrize("missing", [None, "", "*"])
def test_a_change_must_name_a_version(service: Service, missing: str | None) -> None:
    assert change(service, missing)[0] == 428


@pytest.mark.parametrize("other", ['W/"3"', '"abc"', '"03"', '"-3"', '"' + "9" * 40 + '"', '""'])
def test_a_tag_that_no_version_has_is_stale(service: Service, other: str) -> None:
    assert change(service, other)[0] == 412


@pytest.mark.parametrize("broken", ["3", '"3', '"3", "4"', "W/3", '"3"x'])
def test_anything_but_one_tag_is_malformed(service: Service, broken: str) -> None:
    assert change(service, broken)[0] == 400


def test_an_optional_precondition_may_be_left_out(service: Service) -> None:
    assert service.request("DELETE", PATH, headers=SIGNED_IN).status == 204


@pytest.mark.parametrize("known", ['"3"', 'W/"3"', '"1", "3"', "*"])
def test_a_known_object_is_not_sent_again(service: Service, known: str) -> None:
    answer = service.request("GET", PATH, headers=SIGNED_IN | {"if-none-match": known})
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", '"3"')


def test_an_object_that_changed_is_sent(service: Service) -> None:
    assert service.request("GET", PATH, headers=SIGNED_IN | {"if-none-match": '"2"'}).status == 200


def test_if_none_match_changes_nothing_for_a_write(service: Service) -> None:
    headers = SIGNED_IN | {"if-none-match": "*"}
    assert service.request("POST", "/things", headers=headers, json={"title": "a"}).status == 201
