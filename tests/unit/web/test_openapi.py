"""The OpenAPI document is valid and says what the declarations say."""

from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from belsimple.database.transaction import Transaction
from belsimple.web.answers import Page
from belsimple.web.endpoint import Endpoint, endpoint
from belsimple.web.inputs import Paging
from belsimple.web.openapi import document as document_of

from .harness import Service


@pytest.fixture
def document(service: Service) -> dict[str, Any]:
    answer = service.request("GET", "/api/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    return answer.json


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_it_has_every_endpoint_with_its_permission(document: dict[str, Any]) -> None:
    permissions = {
        (method, path): operation["x-permission"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert permissions["patch", "/things/{id}"] == "things:write"
    assert permissions["get", "/readyz"] == "public"
    assert len(permissions) == 14  # the page for people is not in it


def test_public_endpoints_need_no_session_and_the_others_do(document: dict[str, Any]) -> None:
    assert document["paths"]["/seen"]["get"]["security"] == []
    assert document["paths"]["/things"]["get"]["security"] == [{"session": []}, {"token": []}]


def test_parameters_are_those_that_are_taken(document: dict[str, Any]) -> None:
    def parameters(path: str, method: str) -> dict[str, tuple[str, bool]]:
        listed = document["paths"][path][method]["parameters"]
        return {one["name"]: (one["in"], one["required"]) for one in listed}

    assert parameters("/things", "get") == {
        "limit": ("query", False),
        "cursor": ("query", False),
        "closed": ("query", False),
    }
    assert parameters("/things/{id}", "patch") == {"id": ("path", True), "If-Match": ("header", True)}
    assert parameters("/things/{id}", "delete") == {"id": ("path", True), "If-Match": ("header", False)}
    assert parameters("/things/{id}", "get") == {"id": ("path", True), "If-None-Match": ("header", False)}
    assert parameters("/things", "post") == {"Idempotency-Key": ("header", False)}


def test_limits_of_values_are_in_it(document: dict[str, Any]) -> None:
    limit = next(one for one in document["paths"]["/things"]["get"]["parameters"] if one["name"] == "limit")
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"]) == (1, 200)
    assert document["components"]["schemas"]["ThingChange"]["additionalProperties"] is False


def test_answers_and_problems_are_in_it(document: dict[str, Any]) -> None:
    responses = document["paths"]["/things"]["post"]["responses"]
    assert {"Location", "ETag", "Idempotency-Replayed"} == set(responses["201"]["headers"])
    assert {"400", "401", "403", "413", "415", "422", "429", "503", "default"} <= set(responses)
    schema = responses["422"]["content"]["application/problem+json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ProblemDetails"}
    assert {"404", "412", "428"} <= set(document["paths"]["/things/{id}"]["patch"]["responses"])
    assert "/page" not in document["paths"]


def listing(package: str, field: str) -> Endpoint:
    """An endpoint as a package writes it, with names that other packages use too."""
    entry = msgspec.defstruct("Entry", [(field, str)], module=f"{package}.model")

    async def list_entries(transaction: Transaction, query: Paging) -> Any:
        """Nothing."""

    list_entries.__module__ = f"{package}.routes"
    list_entries.__annotations__["return"] = Page[entry]
    return endpoint("GET", f"/api/v1/{package}", permission="things:read", summary="List")(list_entries)


def test_two_packages_may_use_the_same_names() -> None:
    made = document_of([listing("one", "alpha"), listing("two", "beta")])
    OpenAPIV31SpecValidator(made).validate()
    operations = [operation for methods in made["paths"].values() for operation in methods.values()]
    assert {operation["operationId"] for operation in operations} == {"one_list_entries", "two_list_entries"}
    for package, field in (("one", "alpha"), ("two", "beta")):
        shown = made["paths"][f"/api/v1/{package}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        page = made["components"]["schemas"][shown["$ref"].rpartition("/")[2]]
        item = made["components"]["schemas"][page["properties"]["items"]["items"]["$ref"].rpartition("/")[2]]
        assert list(item["properties"]) == [field]
