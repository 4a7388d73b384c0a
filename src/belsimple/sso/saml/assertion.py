"""What an assertion says, and whether it is for us, of now, and whole (SAML core, 2; profiles, 4.1.4.2)."""

from typing import Any, Final

import msgspec

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.attributes import Attributes, claims_of, read_attributes
from belsimple.sso.saml.document import Element, at_most_one, check_content, check_leaf, children, only, text_of
from belsimple.sso.saml.messages import check_issuer, is_name
from belsimple.sso.saml.names import BEARER, TRANSIENT, saml
from belsimple.sso.saml.provider import SamlProvider, ServiceProvider
from belsimple.sso.saml.times import LIFETIME, check_begun, check_issued, check_not_over, moment, optional_moment

_NONE: Final[frozenset[str]] = frozenset()
_PARTS: Final = frozenset(
    saml(name) for name in ("Issuer", "Subject", "Conditions", "AuthnStatement", "AttributeStatement")
)
"""No Advice, which could hold another assertion; no statement that we do not understand."""
_NAME_ID: Final = frozenset({"Format", "NameQualifier", "SPNameQualifier", "SPProvidedID"})


class Assertion(msgspec.Struct, frozen=True):
    """Somebody, as a provider says. Nothing here comes from anything but verified bytes.

    `session`: the provider's name for their session (SessionIndex). `claims`: attributes, see `attributes.claims_of`. `expires_at`:
    seconds since 1970 until when, clocks' difference apart, it would be taken: its id is kept against replay until then and SKEW more.
    `authenticated_at`: when the provider last asked the person. `session_expires_at`: no session that it opens may last longer.
    """

    id: str
    in_response_to: str | None
    issuer: str
    subject: str
    name_id: str
    name_id_format: str | None
    session: str | None
    claims: dict[str, Any]
    expires_at: float
    authenticated_at: float
    session_expires_at: float | None = None


class _Confirmation(msgspec.Struct, frozen=True):
    in_response_to: str | None
    until: float


class _Authentication(msgspec.Struct, frozen=True):
    at: float
    session: str | None
    until: float | None


def read_assertion(covered: Element, provider: SamlProvider, own: ServiceProvider, *, now: float) -> Assertion:
    """What a verified assertion says. Raises ProviderFailure; from where its person is known on, with the claims."""
    check_content(covered, _PARTS, frozenset({"Version", "ID", "IssueInstant"}))
    if covered.get("Version") != "2.0" or not covered.get("ID"):
        raise ProviderFailure("document")
    check_issuer(only(covered, saml("Issuer")), provider)
    attributes = read_attributes(children(covered, saml("AttributeStatement")))
    subject = only(covered, saml("Subject"), "subject")
    name_id, name_id_format = _name_id(subject)
    claims = claims_of(attributes, name_id, name_id_format)
    try:
        issued = check_issued(covered, now)
        until = _conditions(only(covered, saml("Conditions"), "conditions"), own, now)
        confirmation = _confirmation(subject, provider, own, now)
        authentication = _authentication(only(covered, saml("AuthnStatement"), "conditions"), now)
        person = _subject(provider, attributes, name_id, name_id_format)
    except ProviderFailure as failure:
        raise ProviderFailure(failure.reason, claims) from None
    return Assertion(
        id=covered.get("ID", ""),
        in_response_to=confirmation.in_response_to,
        issuer=provider.issuer,
        subject=person,
        name_id=name_id,
        name_id_format=name_id_format,
        session=authentication.session,
        claims=claims,
        expires_at=min(until, confirmation.until, issued + LIFETIME),
        authenticated_at=authentication.at,
        session_expires_at=authentication.until,
    )


def _name_id(subject: Element) -> tuple[str, str | None]:
    check_content(subject, frozenset({saml("NameID"), saml("SubjectConfirmation")}), _NONE)
    name = only(subject, saml("NameID"), "subject")
    check_leaf(name, _NAME_ID)
    text, named = text_of(name, "subject"), name.get("Format")
    if not is_name(text) or (named is not None and not is_name(named)):
        raise ProviderFailure("subject")
    return text, named


def _subject(provider: SamlProvider, attributes: Attributes, name_id: str, name_id_format: str | None) -> str:
    """Who it is, for good: the NameID, or the one value of the attribute that the admin chose."""
    if provider.subject_attribute is None:
        if name_id_format == TRANSIENT:  # another one at each sign-in: it would make a new account each time
            raise ProviderFailure("transient")
        return name_id
    values = attributes.get(provider.subject_attribute, [])
    if len(values) != 1 or not is_name(values[0]):
        raise ProviderFailure("subject_attribute")
    return values[0]


def _conditions(conditions: Element, own: ServiceProvider, now: float) -> float:
    """Until when it may be used, which must be now, and here. What we do not understand refuses (core, 2.5.1.1)."""
    known = frozenset(saml(name) for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction"))
    if any(child.tag not in known for child in conditions):
        raise ProviderFailure("conditions")
    check_content(conditions, known, frozenset({"NotBefore", "NotOnOrAfter"}))
    for name in ("OneTimeUse", "ProxyRestriction"):  # every assertion is used once, and we vouch for nobody elsewhere
        at_most_one(conditions, saml(name), "conditions")
    until = moment(conditions, "NotOnOrAfter")
    check_begun(moment(conditions, "NotBefore"), now)
    check_not_over(until, now)
    restriction = only(conditions, saml("AudienceRestriction"), "audience")
    check_content(restriction, frozenset({saml("Audience")}), _NONE)
    if own.entity_id not in [text_of(audience, "audience") for audience in restriction]:
        raise ProviderFailure("audience")
    return until


def _confirmation(subject: Element, provider: SamlProvider, own: ServiceProvider, now: float) -> _Confirmation:
    """That whoever carries it may use it here, for the request that it names (profiles, 4.1.4.2: bearer)."""
    confirmation = only(subject, saml("SubjectConfirmation"), "conditions")
    if confirmation.get("Method") != BEARER:
        raise ProviderFailure("conditions")
    check_content(confirmation, frozenset({saml("SubjectConfirmationData")}), frozenset({"Method"}))
    data = only(confirmation, saml("SubjectConfirmationData"), "conditions")
    check_content(data, _NONE)
    if data.get("Recipient") != own.response_address:
        raise ProviderFailure("recipient")
    if not {"Recipient", "NotOnOrAfter", "InResponseTo", "Address"}.issuperset(str(name) for name in data.attrib):
        raise ProviderFailure("conditions")  # NotBefore must not stand here
    until = moment(data, "NotOnOrAfter")
    check_not_over(until, now)
    request = data.get("InResponseTo")
    if request is None and not provider.idp_initiated:
        raise ProviderFailure("in_response_to")
    if request is not None and not is_name(request):
        raise ProviderFailure("in_response_to")
    return _Confirmation(request, until)


def _authentication(statement: Element, now: float) -> _Authentication:
    """When the provider asked the person, and how long its session lasts (core, 2.7.2)."""
    check_content(
        statement,
        frozenset({saml("AuthnContext"), saml("SubjectLocality")}),
        frozenset({"AuthnInstant", "SessionIndex", "SessionNotOnOrAfter"}),
    )
    only(statement, saml("AuthnContext"))
    at, until = moment(statement, "AuthnInstant"), optional_moment(statement, "SessionNotOnOrAfter")
    check_begun(at, now)
    if until is not None:
        check_not_over(until, now)
    session = statement.get("SessionIndex")
    if session is not None and not is_name(session):
        raise ProviderFailure("document")
    return _Authentication(at, session, until)
