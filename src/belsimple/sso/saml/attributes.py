"""What an assertion says of its person (SAML core, 2.7.3), as claims like those of OpenID Connect, so that one set of rules serves both."""

from typing import Any, Final

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.provider import Claims
from belsimple.sso.saml.document import Element, check_content, text_of
from belsimple.sso.saml.names import saml

MOST_ATTRIBUTES: Final = 200
MOST_VALUES: Final = 2000
MOST_NAME: Final = 512
MOST_VALUE: Final = 4096
_XML_SOAP: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_MICROSOFT: Final = "http://schemas.microsoft.com"
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
Attributes = dict[str, list[str]]

FRIENDLY: Final[dict[str, tuple[str, ...]]] = {
    "email": (
        "email",
        "mail",
        f"{_XML_SOAP}/emailaddress",
        "urn:oid:0.9.2342.19200300.100.1.3",
        "urn:oid:1.2.840.113549.1.9.1",
        "Email",
        "emailAddress",
        "emailaddress",
    ),
    "name": (
        "name",
        "displayName",
        f"{_MICROSOFT}/identity/claims/displayname",
        "urn:oid:2.16.840.1.113730.3.1.241",
        "urn:oid:2.5.4.3",
        "displayname",
        "cn",
    ),
    "given_name": (
        "given_name",
        "givenName",
        f"{_XML_SOAP}/givenname",
        "urn:oid:2.5.4.42",
        "firstName",
        "givenname",
    ),
    "family_name": ("family_name", "sn", "surname", f"{_XML_SOAP}/surname", "urn:oid:2.5.4.4", "lastName"),
    "groups": (
        "groups",
        f"{_MICROSOFT}/ws/2008/06/identity/claims/groups",
        "http://schemas.xmlsoap.org/claims/Group",
        "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
        "isMemberOf",
        "memberOf",
        f"{_MICROSOFT}/ws/2008/06/identity/claims/role",
    ),
}
"""Under which names providers send what has a claim of its own: the first that is there counts."""


def read_attributes(statements: list[Element]) -> Attributes:
    """Values by attribute name. Raises ProviderFailure for more than fits.

    An attribute that is there twice has the values of both, in their order. A value that holds elements, or nothing, is left out.
    """
    found: Attributes = {}
    for statement in statements:
        check_content(
            statement, frozenset({saml("Attribute")})
        )  # an EncryptedAttribute would be passed over in silence
        for attribute in statement:
            name = attribute.get("Name", "")
            if not 0 < len(name) <= MOST_NAME:
                raise ProviderFailure("attributes")
            found.setdefault(name, []).extend(_values(attribute))
    if len(found) > MOST_ATTRIBUTES or sum(map(len, found.values())) > MOST_VALUES:
        raise ProviderFailure("attributes")
    return {name: values for name, values in found.items() if values}


def _values(attribute: Element) -> list[str]:
    check_content(attribute, frozenset({saml("AttributeValue")}))
    texts = [text_of(value) for value in attribute if not len(value) and value.get(_NIL) not in ("true", "1")]
    if any(len(text) > MOST_VALUE for text in texts):
        raise ProviderFailure("attributes")
    return [text for text in texts if text]


def claims_of(attributes: Attributes, name_id: str, name_id_format: str | None) -> Claims:
    """The attributes by their own names, and those that rules and accounts look at by one name each.

    Groups are a list even of one. What an attribute calls itself `name_id` does not stand in for the NameID.
    """
    claims: dict[str, Any] = {name: values if len(values) > 1 else values[0] for name, values in attributes.items()}
    for claim, names in FRIENDLY.items():
        values = next((attributes[name] for name in names if name in attributes), None)
        if values is not None:
            claims[claim] = values if claim == "groups" else values[0]
    claims["name_id"] = name_id
    claims.pop("name_id_format", None)
    if name_id_format is not None:
        claims["name_id_format"] = name_id_format
    return claims
