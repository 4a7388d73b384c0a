"""Resources as directories send them, in the schema's form."""

from typing import Any

import pytest

from belsimple.scim.documents import read_resource
from belsimple.scim.faults import Fault
from belsimple.scim.questions import Question, selected
from belsimple.scim.schemas import GROUP, USER
from belsimple.scim.users import address_of, language_of, name_of

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def test_names_are_found_whatever_their_case_and_what_is_not_known_is_left_out() -> None:
    sent = {
        "schemas": ["x"],
        "ID": "chosen by the caller",
        "USERNAME": "jan",
        "Active": "TRUE",
        "password": "secret",
        "groups": [{"value": "g"}],
        "emails": {"Value": "a@b.example"},
        "phoneNumbers": ["+32"],
        "title": None,
        ENTERPRISE.upper(): {"Department": "Deeds", "manager": {"value": "1", "displayName": "Boss"}},
        "urn:example:other:User": {"a": 1},
    }
    assert read_resource(sent, USER) == {
        "userName": "jan",
        "active": True,
        "emails": [{"value": "a@b.example"}],
        "phoneNumbers": [{"value": "+32"}],
        ENTERPRISE: {"department": "Deeds", "manager": {"value": "1"}},
    }


@pytest.mark.parametrize(
    "sent",
    [
        [],
        "text",
        {"userName": 5},
        {"userName": "x" * 5000},
        {"active": "perhaps"},
        {"active": 1},
        {"name": "Jan"},
        {"emails": [{"value": "a", "primary": True}, {"value": "b", "primary": True}]},
        {"emails": [{"value": str(number)} for number in range(1001)]},
        {"externalId": 7},
    ],
)
def test_what_is_not_of_its_type_is_refused(sent: Any) -> None:
    with pytest.raises(Fault):
        read_resource(sent, USER)


@pytest.mark.parametrize(
    ("document", "address"),
    [
        ({"userName": "Jan@B.example"}, "jan@b.example"),
        (
            {"userName": "jan", "emails": [{"value": "home@b.example"}, {"value": "w@b.example", "type": "Work"}]},
            "w@b.example",
        ),
        (
            {
                "userName": "jan",
                "emails": [{"value": "w@b.example", "type": "work"}, {"value": "p@b.example", "primary": True}],
            },
            "p@b.example",
        ),
    ],
)
def test_the_address_is_the_primary_one(document: dict[str, Any], address: str) -> None:
    assert address_of(document) == address


def test_a_user_without_an_address_is_refused() -> None:
    with pytest.raises(Fault):
        address_of({"userName": "jan"})


def test_names_and_languages_are_what_people_read() -> None:
    assert name_of({"userName": "u", "name": {"givenName": "Jan", "familyName": "Brouwer"}}) == "Jan Brouwer"
    assert name_of({"userName": "u", "displayName": "Jan\x07B"}) == "Jan B"
    assert name_of({"userName": "u"}) == "u"
    assert language_of({"locale": "fr-BE"}) == "fr"
    assert language_of({"preferredLanguage": "xx"}) is None


def test_an_answer_has_the_attributes_that_were_asked_for() -> None:
    document = {
        "schemas": ["s"],
        "id": "1",
        "userName": "u",
        "name": {"givenName": "a", "familyName": "b"},
        "emails": [{"value": "x", "type": "work"}],
    }
    only = Question(attributes=("NAME.givenname", "emails.value", "unknown"))
    assert selected(document, USER, only) == {
        "schemas": ["s"],
        "id": "1",
        "name": {"givenName": "a"},
        "emails": [{"value": "x"}],
    }
    without = Question(excluded=("name.familyName", "emails", "id"))
    assert selected(document, USER, without) == {
        "schemas": ["s"],
        "id": "1",
        "userName": "u",
        "name": {"givenName": "a"},
    }
    assert selected({"id": "g", "members": [1]}, GROUP, Question(excluded=("members",))) == {"id": "g"}
