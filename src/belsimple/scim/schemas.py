"""The schemas of users and groups (RFC 7643, sections 4.1, 4.2 and 4.3). What they do not name is not kept."""

from typing import Final

from belsimple.scim.attributes import Attribute, Resource, Schema

USER_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_URN: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"


def _texts(*names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name) for name in names)


def _many(name: str, *types: str, value: Attribute | None = None) -> Attribute:
    """A multi-valued attribute with the sub-attributes of RFC 7643, section 2.4."""
    parts = (value or Attribute("value"), Attribute("display"), Attribute("type", values=types))
    return Attribute(name, "complex", many=True, parts=(*parts, Attribute("primary", "boolean")))


_NAME: Final = Attribute(
    "name",
    "complex",
    parts=_texts("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"),
)
_ADDRESS_PARTS: Final = (
    *_texts("formatted", "streetAddress", "locality", "region", "postalCode", "country"),
    Attribute("type", values=("work", "home", "other")),
    Attribute("primary", "boolean"),
)
_MANAGER: Final = Attribute(
    "manager",
    "complex",
    parts=(
        Attribute("value"),
        Attribute("$ref", "reference", references=("uri",)),
        Attribute("displayName", read_only=True),
    ),
)

USER: Final = Resource(
    "User",
    "/Users",
    Schema(
        USER_URN,
        "User",
        "A person with an account. The address is the primary or work e-mail, else userName; its domain must be proven.",
        (
            Attribute("userName", required=True, unique="server"),
            _NAME,
            *_texts("displayName", "nickName"),
            Attribute("profileUrl", "reference", references=("external",)),
            *_texts("title", "userType", "preferredLanguage", "locale", "timezone"),
            Attribute(
                "active",
                "boolean",
                "Whether the account is open; true for a new user that leaves it out.",
                required=True,
            ),
            _many("emails", "work", "home", "other"),
            _many("phoneNumbers", "work", "home", "mobile", "fax", "pager", "other"),
            _many("ims"),
            _many("photos", "photo", "thumbnail", value=Attribute("value", "reference", references=("external",))),
            Attribute("addresses", "complex", many=True, parts=_ADDRESS_PARTS),
            Attribute(
                "groups",
                "complex",
                many=True,
                read_only=True,
                parts=(
                    Attribute("value", read_only=True),
                    Attribute("$ref", "reference", read_only=True, references=("Group",)),
                    Attribute("display", read_only=True),
                ),
            ),
            _many("entitlements"),
            _many("roles"),
        ),
    ),
    (
        Schema(
            ENTERPRISE_URN,
            "EnterpriseUser",
            "Where in the company somebody works.",
            (*_texts("employeeNumber", "costCenter", "organization", "division", "department"), _MANAGER),
        ),
    ),
)
GROUP: Final = Resource(
    "Group",
    "/Groups",
    Schema(
        GROUP_URN,
        "Group",
        "A group of users; an administrator here decides whether it means a role.",
        (
            Attribute("displayName", required=True, unique="server"),
            Attribute(
                "members",
                "complex",
                many=True,
                parts=(
                    Attribute("value", exact=True),
                    Attribute("$ref", "reference", references=("User",)),
                    Attribute("type", values=("User",)),
                ),
            ),
        ),
    ),
)
RESOURCES: Final = (USER, GROUP)
