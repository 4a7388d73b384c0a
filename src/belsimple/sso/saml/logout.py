"""Single logout (SAML core, 3.7; profiles, 4.4): sessions end here when they end at the provider, and the other way round.

Every message of a provider must be signed: one that is not could end anybody's sessions.
"""

import os
from collections.abc import Mapping
from typing import Final

import msgspec
from lxml import etree

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.departure import Departure, Parameter, departure, message
from belsimple.sso.saml.document import (
    Element,
    check_content,
    check_leaf,
    children,
    from_base64,
    only,
    parsed,
    text_of,
)
from belsimple.sso.saml.messages import check_envelope, is_name, is_success
from belsimple.sso.saml.names import SUCCESS, ds, saml, samlp
from belsimple.sso.saml.provider import Binding, SamlProvider, ServiceProvider
from belsimple.sso.saml.query import CARRIERS, verified_query
from belsimple.sso.saml.signature import verified
from belsimple.sso.saml.times import LIFETIME, check_not_over, optional_moment, written

MOST_SESSIONS: Final = 100
_REQUEST_SECONDS: Final = 300
_ENVELOPE: Final = frozenset({"ID", "Version", "IssueInstant", "Destination", "Consent"})
_NAME_ID: Final = frozenset({"Format", "NameQualifier", "SPNameQualifier", "SPProvidedID"})


class LogoutMessage(msgspec.Struct, frozen=True):
    """A logout message as it was received: the raw query string, without its question mark, or the values of the form."""

    binding: Binding
    query: bytes = b""
    form: Mapping[str, str] = {}


class LogoutRequest(msgspec.Struct, frozen=True):
    """A provider ends somebody's sessions: those named, or, with none named, all. `expires_at`: its id is kept until then and SKEW more."""

    id: str
    name_id: str
    name_id_format: str | None
    sessions: tuple[str, ...]
    expires_at: float
    relay: str | None


class LogoutResponse(msgspec.Struct, frozen=True):
    """A provider's answer to a request of ours. `success`: everything has ended there, too."""

    id: str
    in_response_to: str
    success: bool
    relay: str | None


class _Received(msgspec.Struct, frozen=True):
    parameter: Parameter
    root: Element
    relay: str | None


def message_id() -> str:
    """A new message's id, which nobody can guess (SAML core, 1.3.4)."""
    return f"_{os.urandom(20).hex()}"


def logout_request(
    provider: SamlProvider,
    own: ServiceProvider,
    *,
    id: str,  # noqa: A002 - the attribute's name
    name_id: str,
    name_id_format: str | None,
    session: str | None,
    now: float,
    relay: str | None = None,
) -> Departure:
    """The browser's way to the provider, to end the session there. The provider has a logout address."""
    assert provider.logout_address is not None
    root = message("LogoutRequest", id=id, issuer=own.entity_id, destination=provider.logout_address, now=now)
    root.set("NotOnOrAfter", written(now + _REQUEST_SECONDS))
    name = etree.SubElement(root, saml("NameID"))
    name.text = name_id
    if name_id_format is not None:
        name.set("Format", name_id_format)
    if session is not None:
        etree.SubElement(root, samlp("SessionIndex")).text = session
    return _departure(root, provider, own, "SAMLRequest", relay)


def logout_response(
    provider: SamlProvider,
    own: ServiceProvider,
    *,
    in_response_to: str,
    relay: str | None,
    now: float,
    id: str | None = None,  # noqa: A002 - the attribute's name
) -> Departure:
    """The answer that the sessions have ended here."""
    assert provider.logout_address is not None
    root = message(
        "LogoutResponse", id=id or message_id(), issuer=own.entity_id, destination=provider.logout_address, now=now
    )
    root.set("InResponseTo", in_response_to)
    etree.SubElement(etree.SubElement(root, samlp("Status")), samlp("StatusCode")).set("Value", SUCCESS)
    return _departure(root, provider, own, "SAMLResponse", relay)


def _departure(
    root: Element, provider: SamlProvider, own: ServiceProvider, parameter: Parameter, relay: str | None
) -> Departure:
    assert provider.logout_address is not None
    return departure(
        root,
        binding=provider.logout_binding,
        address=provider.logout_address,
        parameter=parameter,
        relay=relay,
        key=own.keys[0],  # always signed: profiles, 4.4.3.1
    )


def read_logout(
    received: LogoutMessage, provider: SamlProvider, own: ServiceProvider, *, now: float
) -> LogoutRequest | LogoutResponse:
    """What a provider says of a logout, whichever binding it came by. Raises ProviderFailure.

    Left to the caller: whether the id of a request was seen before, and whether a response answers a request of ours.
    """
    read = (
        _of_query(received.query, provider, now)
        if received.binding == "redirect"
        else _of_form(received, provider, now)
    )
    if read.root.tag == samlp("LogoutRequest") and read.parameter == "SAMLRequest":
        return _request(read, provider, own, now)
    if read.root.tag == samlp("LogoutResponse") and read.parameter == "SAMLResponse":
        return _response(read, provider, own, now)
    raise ProviderFailure("document")


def _of_query(query: bytes, provider: SamlProvider, now: float) -> _Received:
    found = verified_query(query, provider, now=now)
    root = parsed(found.document)
    if children(root, ds("Signature")):  # a signature in the message has no place in this binding (bindings, 3.4.4.1)
        raise ProviderFailure("document")
    return _Received(found.parameter, root, found.relay)


def _of_form(received: LogoutMessage, provider: SamlProvider, now: float) -> _Received:
    carriers: list[Parameter] = [name for name in CARRIERS if name in received.form]
    if len(carriers) != 1:
        raise ProviderFailure("document")
    root = parsed(from_base64(received.form[carriers[0]], "document"))
    return _Received(carriers[0], verified(root, provider, now=now), received.form.get("RelayState"))


def _request(read: _Received, provider: SamlProvider, own: ServiceProvider, now: float) -> LogoutRequest:
    root = read.root
    parts = frozenset({saml("Issuer"), saml("NameID"), samlp("SessionIndex")})
    check_content(root, parts, _ENVELOPE | {"NotOnOrAfter", "Reason"})
    issued = _check_envelope(root, provider, own, now)
    until = optional_moment(root, "NotOnOrAfter")
    if until is not None:
        check_not_over(until, now)
    name = only(root, saml("NameID"), "subject")
    check_leaf(name, _NAME_ID)
    sessions = tuple(text_of(one) for one in children(root, samlp("SessionIndex")))
    if not is_name(text_of(name)) or len(sessions) > MOST_SESSIONS or not all(map(is_name, sessions)):
        raise ProviderFailure("subject")
    expires_at = issued + LIFETIME if until is None else min(until, issued + LIFETIME)
    return LogoutRequest(root.get("ID", ""), text_of(name), name.get("Format"), sessions, expires_at, read.relay)


def _response(read: _Received, provider: SamlProvider, own: ServiceProvider, now: float) -> LogoutResponse:
    root = read.root
    check_content(root, frozenset({saml("Issuer"), samlp("Status")}), _ENVELOPE | {"InResponseTo"})
    _check_envelope(root, provider, own, now)
    request = root.get("InResponseTo", "")
    if not is_name(request):
        raise ProviderFailure("in_response_to")
    return LogoutResponse(root.get("ID", ""), request, is_success(root), read.relay)


def _check_envelope(root: Element, provider: SamlProvider, own: ServiceProvider, now: float) -> float:
    only(root, saml("Issuer"), "issuer")
    return check_envelope(root, provider, own.logout_address, now=now)
