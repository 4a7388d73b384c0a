"""PATCH: every form of path, and the forms that Entra ID and Okta really send."""

from typing import Any

import pytest

from belsimple.scim.faults import Fault, InvalidPath, InvalidSyntax, InvalidValue, NoTarget, ReadOnly
from belsimple.scim.patching import MAX_OPERATIONS, patched
from belsimple.scim.schemas import GROUP, USER

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
JAN: dict[str, Any] = {
    "userName": "jan@brouwer.example",
    "active": True,
    "name": {"givenName": "Jan", "familyName": "Brouwer"},
    "emails": [{"type": "work", "value": "jan@brouwer.example", "primary": True}],
    ENTERPRISE: {"department": "Deeds"},
}


def changed(*operations: dict[str, Any], resource: Any = USER, document: Any = JAN) -> dict[str, Any]:
    return patched(document, {"Operations": list(operations)}, resource)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "replace", "path": "title", "value": "Notary"}, {"title": "Notary"}),
        ({"op": "Add", "path": "displayName", "value": "Jan B."}, {"displayName": "Jan B."}),
        ({"op": "Replace", "path": "active", "value": "False"}, {"active": False}),
        ({"op": "replace", "value": {"active": False}}, {"active": False}),
        (
            {"op": "replace", "path": "name.givenName", "value": "Piet"},
            {"name": {"givenName": "Piet", "familyName": "Brouwer"}},
        ),
        (
            {"op": "replace", "path": "name", "value": {"givenName": "Piet"}},
            {"name": {"givenName": "Piet", "familyName": "Brouwer"}},
        ),
        (
            {"op": "replace", "value": {"name.givenName": "Piet"}},
            {"name": {"givenName": "Piet", "familyName": "Brouwer"}},
        ),
        (
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "j@brouwer.example"},
            {"emails": [{"type": "work", "value": "j@brouwer.example", "primary": True}]},
        ),
        (
            {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+32"},
            {"phoneNumbers": [{"type": "mobile", "value": "+32"}]},
        ),
        (
            {"op": "add", "path": "emails", "value": [{"value": "b@brouwer.example", "primary": True}]},
            {
                "emails": [
                    {"type": "work", "value": "jan@brouwer.example"},
                    {"value": "b@brouwer.example", "primary": True},
                ]
            },
        ),
        (
            {"op": "add", "path": "emails", "value": {"value": "jan@brouwer.example", "type": "work"}},
            {"emails": [{"type": "work", "value": "jan@brouwer.example", "primary": True}]},
        ),
        (
            {"op": "replace", "path": "emails.type", "value": "home"},
            {"emails": [{"type": "home", "value": "jan@brouwer.example", "primary": True}]},
        ),
        ({"op": "remove", "path": 'emails[type eq "work"]'}, {"emails": None}),
        ({"op": "remove", "path": "emails"}, {"emails": None}),
        ({"op": "remove", "path": "name.familyName"}, {"name": {"givenName": "Jan"}}),
        ({"op": "remove", "path": "title"}, {}),
        (
            {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Wills"},
            {ENTERPRISE: {"department": "Wills"}},
        ),
        (
            {"op": "add", "path": f"{ENTERPRISE}:manager", "value": "26118915"},
            {ENTERPRISE: {"department": "Deeds", "manager": {"value": "26118915"}}},
        ),
        (
            {"op": "add", "value": {f"{ENTERPRISE}:employeeNumber": "7"}},
            {ENTERPRISE: {"department": "Deeds", "employeeNumber": "7"}},
        ),
        (
            {"op": "add", "value": {ENTERPRISE: {"costCenter": "9"}}},
            {ENTERPRISE: {"department": "Deeds", "costCenter": "9"}},
        ),
        ({"op": "remove", "path": ENTERPRISE}, {ENTERPRISE: None}),
        (
            {"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:title", "value": "Clerk"},
            {"title": "Clerk"},
        ),
        ({"op": "replace", "value": {"id": "of no matter", "title": "Clerk"}}, {"title": "Clerk"}),
        ({"op": "replace", "path": "title", "value": ""}, {}),
    ],
)
def test_an_operation_changes_what_it_says(operation: dict[str, Any], expected: dict[str, Any]) -> None:
    wanted = {name: value for name, value in (JAN | expected).items() if value is not None}
    assert changed(operation) == wanted


def test_operations_follow_each_other_and_leave_the_document_alone() -> None:
    before = dict(JAN)
    after = changed({"op": "add", "path": "title", "value": "A"}, {"op": "replace", "path": "title", "value": "B"})
    assert after["title"] == "B"
    assert before == JAN


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ({"op": "replace", "path": "nothing", "value": 1}, InvalidPath),
        ({"op": "replace", "path": "emails[", "value": 1}, InvalidPath),
        ({"op": "replace", "path": 'emails[nothing eq "x"].value', "value": "x"}, InvalidPath),
        ({"op": "replace", "path": 'title[value eq "x"]', "value": "x"}, InvalidPath),
        ({"op": "replace", "path": "x" * 3000, "value": 1}, InvalidPath),
        ({"op": "replace", "path": "id", "value": "other"}, ReadOnly),
        ({"op": "add", "path": "groups", "value": [{"value": "x"}]}, ReadOnly),
        ({"op": "replace", "path": "meta.created", "value": "x"}, ReadOnly),
        ({"op": "replace", "path": "active", "value": "perhaps"}, InvalidValue),
        ({"op": "replace", "path": "title", "value": {"a": 1}}, InvalidValue),
        ({"op": "replace", "path": "name", "value": ["a"]}, InvalidValue),
        ({"op": "replace", "path": 'phoneNumbers[type co "m"].value', "value": "1"}, NoTarget),
        ({"op": "replace", "path": "phoneNumbers.value", "value": "1"}, NoTarget),
        ({"op": "remove", "path": "active"}, ReadOnly),
        ({"op": "remove", "path": "userName"}, ReadOnly),
        ({"op": "remove"}, NoTarget),
        ({"op": "add", "value": "text"}, NoTarget),
        ({"op": "move", "path": "title", "value": 1}, InvalidSyntax),
        ({"op": "replace", "path": "title"}, InvalidSyntax),
        ({"op": "replace", "path": 5, "value": 1}, InvalidSyntax),
        ("no object", InvalidSyntax),
    ],
)
def test_an_operation_that_cannot_be_is_refused(operation: Any, fault: type[Fault]) -> None:
    with pytest.raises(fault):
        changed(operation)


@pytest.mark.parametrize("body", [None, [], {}, {"Operations": []}, {"Operations": [{}] * (MAX_OPERATIONS + 1)}])
def test_a_body_without_operations_is_refused(body: Any) -> None:
    with pytest.raises(InvalidSyntax):
        patched(JAN, body, USER)


def test_members_come_and_go_in_the_ways_that_directories_have() -> None:
    group = {"displayName": "Clerks", "members": [{"value": "1"}, {"value": "2"}]}

    def members(operation: dict[str, Any]) -> list[str]:
        found = changed(operation, resource=GROUP, document=group)
        return [one["value"] for one in found.get("members", [])]

    assert members({"op": "Add", "path": "members", "value": [{"value": "3"}, {"value": "1"}]}) == ["1", "2", "3"]
    assert members({"op": "Remove", "path": "members", "value": [{"value": "1"}]}) == ["2"]
    assert members({"op": "remove", "path": 'members[value eq "1"]'}) == ["2"]
    assert members({"op": "replace", "path": "members", "value": [{"value": "9"}]}) == ["9"]
    assert members({"op": "remove", "path": "members"}) == []
    assert members({"op": "replace", "value": {"id": "g", "displayName": "Notaries"}}) == ["1", "2"]
