"""Responses that the provider really signed, and that say one thing wrong: for somebody else, of another time, with something missing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.support.saml_forgeries import Forgery, forged
from tests.support.saml_messages import ADDRESS, ENTITY, NOW, REQUEST, Facts, Shape, moment

_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_METHOD = "urn:oasis:names:tc:SAML:2.0:cm:"


def near(value: str) -> list[str]:
    """What looks like a name and is another."""
    host = value.replace("localhost", "evil.example").replace("idp.example", "evil.example")
    return [
        *(("", " ", "*", "https://", "null", "/") if value else ()),
        value + "/",
        value + " ",
        " " + value,
        value + "\n",
        "&#9;" + value,
        value + "&#10;",
        value + "&#xA0;",
        value + "&#x200B;",
        value.upper(),
        value.title(),
        value[:-1],
        value[1:],
        value + "x",
        "x" + value,
        value + value,
        value + "#",
        value + "?",
        value + "#x",
        value + "?x=1",
        value.replace("/", "%2F"),
        value.replace("e", "\u0435", 1),
        value.replace("e", "%65", 1),
        value.replace("s", "\u017f", 1),
        value.replace("-", "\u2010", 1) if "-" in value else "-" + value,
        f"{value},{value}",
        f"{value} {value}",
        f"https://evil.example/?{value}",
        f"https://evil.example/{value}",
        host if host != value else "evil",
        value.replace("https:", "http:") if "https:" in value else "http:" + value,
        value.replace("https:", "HTTPS:") if "https:" in value else "HTTPS:" + value,
        value.replace("localhost:8443", "localhost") + "//",
    ]


def wrong_names(shape: Shape) -> Iterator[Forgery]:
    """Issuer, audience, addresses and request: each nearly right."""
    issuer = Facts().issuer
    yield from _each(shape, "issuer", near(issuer))
    yield from _each(shape, "response_issuer", near(issuer))
    yield from _each(shape, "recipient", [*near(ADDRESS), None])
    yield from _each(shape, "destination", [*near(ADDRESS), None])
    yield from _each(shape, "audiences", [(name,) for name in near(ENTITY)])
    yield from _each(shape, "audiences", [(), ("https://other.example",), ("https://a.example", "https://b.example")])
    yield from _each(shape, "response_request", [*near(REQUEST), None])
    yield from _each(shape, "request", [*near(REQUEST), None])
    yield from _both(shape, "no request at all", request=None, response_request=None)
    yield from _each(shape, "version", ["1.0", "1.1", "2", "2.1", "3.0", "", " 2.0", "02.0"])


def wrong_times(shape: Shape) -> Iterator[Forgery]:
    """Too early, too late, and no moments at all."""
    for seconds in (61, 62, 90, 120, 300, 3600, 86_400, 31_536_000, 3_000_000_000):
        later, earlier = moment(NOW + seconds), moment(NOW - min(seconds, 1_700_000_000))
        for name in ("issued", "response_issued", "begins", "authenticated"):
            yield from _each(shape, name, [later])
        for name in ("ends", "confirmed_until", "session_until"):
            yield from _each(shape, name, [earlier])
    for seconds in (661, 700, 3600, 86_400, 1_000_000_000):
        yield from _each(shape, "issued", [moment(NOW - seconds)])
        yield from _each(shape, "response_issued", [moment(NOW - seconds)])
    for name in ("issued", "response_issued", "begins", "ends", "confirmed_until", "authenticated", "session_until"):
        yield from _each(shape, name, _NO_MOMENTS)
    for name in ("begins", "ends", "confirmed_until"):
        yield from _each(shape, name, [None])
    yield from _each(shape, "confirmed_from", [moment(NOW - 30), moment(NOW + 30), "", "x"])


_NO_MOMENTS = [
    "",
    "now",
    "1800000000",
    "2027-01-15",
    "2027-01-15T08:00:00",
    "2027-01-15 08:00:00Z",
    "2027-01-15T08:00:00z",
    "2027-01-15t08:00:00Z",
    "2027-01-15T08:00Z",
    "2027-1-15T08:00:00Z",
    "2027-01-15T8:00:00Z",
    "2027-02-30T08:00:00Z",
    "2027-13-15T08:00:00Z",
    "2027-01-15T24:00:00Z",
    "2027-01-15T08:60:00Z",
    "2027-01-15T08:00:60Z",
    "2027-01-15T08:00:00.Z",
    "2027-01-15T08:00:00.0000000000001Z",
    "2027-01-15T08:00:00,5Z",
    "2027-01-15T08:00:00+25:00",
    "2027-01-15T08:00:00+00",
    "2027-01-15T08:00:00+0000",
    "2027-01-15T08:00:00ZZ",
    " 2027-01-15T08:00:00Z",
    "2027-01-15T08:00:00Z ",
    "-2027-01-15T08:00:00Z",
    "+2027-01-15T08:00:00Z",
    "12027-01-15T08:00:00Z",
    "0000-01-15T08:00:00Z",
    "20270115T080000Z",
    "2027-W02-5T08:00:00Z",
    "\u0662027-01-15T08:00:00Z",
    "2027-01-15T08:00:00\u200bZ",
    "Infinity",
    "NaN",
]


def wrong_persons(shape: Shape) -> Iterator[Forgery]:
    """Names that can be nobody's, confirmations that are not a bearer's, statuses that are no success."""
    names = [
        "",
        " ",
        "\n",
        " anna",
        "anna ",
        "an&#9;na",
        "an&#10;na",
        "an&#xA0;na",
        "an&#x200B;na",
        "an&#x202E;na",
        "a" * 256,
    ]
    names += ["an&#xFEFF;na", "an&#x2028;na", "an&#x85;na", "<b>anna</b>", "anna<b/>", "\n anna \n"]
    yield from _each(shape, "name_id", names)
    yield from _each(shape, "name_id_format", [f"{_FORMAT}transient", "", " ", "x" * 300])
    methods = ["", "holder-of-key", "sender-vouches", "Bearer", "bearer ", "bearer/x"]
    yield from _each(shape, "method", [f"{_METHOD}{name}" for name in methods])
    yield from _each(shape, "method", ["", "bearer", "urn:oasis:names:tc:SAML:1.0:cm:bearer"])
    yield from _each(shape, "session", ["", " ", "x" * 256, "a&#10;b"])
    statuses = [
        "",
        "Requester",
        "Responder",
        "VersionMismatch",
        "success",
        "SUCCESS",
        "Success ",
        " Success",
        "Successs",
    ]
    yield from _each(shape, "status", [f"{_STATUS}{name}" for name in statuses])
    yield from _each(shape, "status", ["", "Success", "urn:oasis:names:tc:SAML:1.0:status:Success"])
    seconds = ["AuthnFailed", "RequestDenied", "NoPassive", "PartialLogout", "Success", "UnknownPrincipal"]
    yield from _each(shape, "sub_status", [f"{_STATUS}{name}" for name in seconds])
    for name in seconds:
        for status in ("Responder", "Requester"):
            changed: dict[str, Any] = {"status": f"{_STATUS}{status}", "sub_status": f"{_STATUS}{name}"}
            yield from _both(shape, f"{status} {name}", **changed)


def too_much(shape: Shape) -> Iterator[Forgery]:
    """Elements twice or unknown, where one or none may be; more attributes than fit."""
    a = shape.a
    audience = f"<{a}AudienceRestriction><{a}Audience>{ENTITY}</{a}Audience></{a}AudienceRestriction>"
    other = f"<{a}AudienceRestriction><{a}Audience>https://other.example</{a}Audience></{a}AudienceRestriction>"
    unknown = '<x:Condition xmlns:x="https://x.example"/>'
    conditions = [audience, other, unknown, f"<{a}Condition/>", f"<{a}OneTimeUse/><{a}OneTimeUse/>", "text"]
    conditions += [
        f"<{a}ProxyRestriction/><{a}ProxyRestriction/>",
        f"<{a}Advice/>",
        f"<{a}Audience>{ENTITY}</{a}Audience>",
    ]
    yield from _each(shape, "extra_condition", conditions)
    bearer = f'<{a}SubjectConfirmation Method="{_METHOD}bearer">'
    data = f'<{a}SubjectConfirmationData Recipient="{ADDRESS}" InResponseTo="{REQUEST}" NotOnOrAfter="{moment(NOW + 99)}"/>'
    subjects = [
        f"{bearer}{data}</{a}SubjectConfirmation>",
        f"{bearer}</{a}SubjectConfirmation>",
        "text",
        f"<{a}NameID>m</{a}NameID>",
    ]
    subjects += [f"<{a}BaseID/>", f"<{a}EncryptedID/>", unknown]
    yield from _each(shape, "extra_subject", subjects)
    context = f"<{a}AuthnContext><{a}AuthnContextClassRef>x</{a}AuthnContextClassRef></{a}AuthnContext>"
    statements = [
        f'<{a}AuthnStatement AuthnInstant="{moment(NOW)}">{context}</{a}AuthnStatement>',
        f"<{a}Statement/>",
        unknown,
    ]
    statements += [
        f"<{a}Subject/>",
        f"<{a}Conditions/>",
        f"<{a}Issuer>{Facts().issuer}</{a}Issuer>",
        "text",
        f"<{a}Advice/>",
    ]
    statements += [
        f"<{a}AuthzDecisionStatement/>",
        f"<{a}AttributeStatement><{a}EncryptedAttribute/></{a}AttributeStatement>",
    ]
    yield from _each(shape, "extra_statement", statements)
    many = tuple((f"a{number}", ("x",)) for number in range(201))
    values: list[Any] = [
        many,
        (("", ("x",)),),
        (("n" * 513, ("x",)),),
        (("n", ("v" * 4097,)),),
        (("n", ("v",) * 2001),),
    ]
    yield from _each(shape, "attributes", values)
    p = shape.p
    extra = [f"<{p}Status/>", f"<{p}Extensions/>", unknown, "text", f"<{p}Response/>", f"<{p}LogoutRequest/>"]
    yield from _each(shape, "extra_response", extra)


def _each(shape: Shape, name: str, values: list[Any]) -> Iterator[Forgery]:
    for value in values:
        yield from _both(shape, f"{name} {value!r:.60}", **{name: value})


def _both(shape: Shape, name: str, **changed: Any) -> Iterator[Forgery]:
    facts = replace(Facts(), **changed)
    if facts != Facts():
        yield forged(name, shape.document(facts))


ALL = (wrong_names, wrong_times, wrong_persons, too_much)
