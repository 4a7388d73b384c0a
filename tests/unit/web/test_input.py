"""Input is validated: unknown fields refused, wrong types 422 with pointers, broken syntax 400."""

from typing import Any
from uuid import UUID

import pytest

from .harness import SIGNED_IN, Service

JSON = SIGNED_IN | {"content-type": "application/json"}
ID = UUID(int=7)


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        ({"title": 1}, "/title", "Expected `str`, got `int`"),
        ({"title": None}, "/title", "got `null`"),
        ({}, "/title", "This field is required."),
        ({"title": "a", "colour": 1}, "/colour", "This field is not known."),
        ({"title": "a", "tenant_id": str(ID)}, "/tenant_id", "This field is not known."),
        ({"title": "a", "parts": [{"amount": 1}, {"amount": "2"}]}, "/parts/1/amount", "Expected `int`, got `str`"),
        ({"title": "a", "parts": [{"amount": 1, "a/b~c": 2}]}, "/parts/0/a~1b~0c", "This field is not known."),
        ([], "", "Expected `object`, got `array`"),
        ({"title": "nul \0"}, "", "NUL"),
    ],
)
def test_a_body_that_is_not_acceptable_is_422_and_says_where(
    service: Service, body: Any, pointer: str, says: str
) -> None:
    answer = service.request("POST", "/things", headers=SIGNED_IN, json=body)
    assert (answer.status, answer.problem) == (422, "invalid")
    assert answer.json["errors"][0]["pointer"] == pointer
    assert says in answer.json["errors"][0]["detail"]


def test_text_that_only_mentions_nul_is_accepted(service: Service) -> None:
    answer = service.request("POST", "/things", headers=SIGNED_IN, json={"title": r"\u0000"})
    assert answer.status == 201


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'title': 1}",
        b'{"title": "a"} {}',
        b'{"title": "\xff"}',
        b'{"title": 1, "x": [}',
        b'{"title": "\\ud800"}',
        b"[" * 100_000,
        b'{"title": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    ],
)
def test_broken_or_too_deep_json_is_400(service: Service, body: bytes) -> None:
    answer = service.request("POST", "/things", headers=JSON, body=body)
    assert (answer.status, answer.problem) == (400, "malformed")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_another_content_type_is_415(service: Service, media_type: str) -> None:
    answer = service.request("POST", "/things", headers=SIGNED_IN | {"content-type": media_type}, body=b'{"title":"a"}')
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


def test_json_with_a_charset_is_json(service: Service) -> None:
    headers = SIGNED_IN | {"content-type": "Application/JSON; charset=utf-8"}
    assert service.request("POST", "/things", headers=headers, body=b'{"title":"a"}').status == 201


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=many", "/limit"),
        ("limit=1&limit=2", "/limit"),
        ("colour=red", "/colour"),
        ("tenant_id=1", "/tenant_id"),
        ("closed=perhaps", "/closed"),
        ("&", "/"),
        ("&".join(f"p{number}=1" for number in range(60)), ""),
    ],
)
def test_a_query_that_is_not_acceptable_is_422(service: Service, query: str, pointer: str) -> None:
    answer = service.request("GET", f"/things?{query}", headers=SIGNED_IN)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.parametrize("query", ["q=%ff", "q=%00"])
def test_a_query_that_is_not_text_is_400(service: Service, query: str) -> None:
    assert service.request("GET", f"/things?{query}", headers=SIGNED_IN).status == 400


def test_an_endpoint_without_parameters_refuses_any(service: Service) -> None:
    assert service.request("GET", f"/things/{ID}?x=1", headers=SIGNED_IN).status == 422


def test_a_page_bears_the_parameters_that_links_collect(service: Service) -> None:
    assert service.request("GET", "/page?utm_source=x").status == 200


def test_a_query_is_decoded(service: Service) -> None:
    answer = service.request("GET", "/things?limit=2%30&closed=true", headers=SIGNED_IN)
    assert answer.json["items"][0]["title"] == "20 True"


@pytest.mark.parametrize(
    "malformed",
    [
        "7",
        "x" * 36,
        f"{{{ID}}}",
        ID.hex,
        "00000000-0000-0000-0000-00000000000g",
        f"{ID} ",
        "0000_000-0000-0000-0000-000000000007",
        "\u06600000000-0000-0000-0000-000000000007",
        f"{ID.hex[:31]}-----",
    ],
)
def test_a_malformed_id_is_the_same_404_as_a_missing_object(service: Service, malformed: str) -> None:
    answer = service.request("GET", f"/things/{malformed}", headers=SIGNED_IN)
    unknown = service.request("GET", "/nothing/at/all", headers=SIGNED_IN)
    assert answer.status == 404
    assert answer.body == unknown.body


def test_nul_in_a_name_is_404(service: Service) -> None:
    assert service.request("GET", "/named/a\0b", headers=SIGNED_IN).status == 404
