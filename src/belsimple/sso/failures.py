"""Why a sign-in by a provider failed: a name for the trail and tests, and what the tenant's admin is told to do."""

from collections.abc import Mapping
from typing import Final

from belsimple.language import marked as _

REASONS: Final[Mapping[str, str]] = {
    # Reaching it
    "address": _("An address of the provider is not an https address."),
    "scheme": _("An address of the provider does not begin with https://."),
    "unresolved": _("The provider's host name is not known in the DNS."),
    "private": _("The provider's address leads into a private network. The operator of this service can allow it."),
    "unreachable": _("No connection to the provider could be made."),
    "certificate": _("The provider's certificate is not good, or not for that name."),
    "slow": _("The provider did not answer in time."),
    "large": _("The provider's answer was too large."),
    "broken": _("The provider answered something that cannot be read."),
    "redirect": _("The provider's address leads on to another too often."),
    "status": _("The provider answered with an error."),
    # What it says of itself
    "metadata_issuer": _(
        "The provider's metadata names another issuer than you entered. They must be the same, to the letter."
    ),
    "metadata": _("The provider's metadata lacks an address that is needed."),
    "keys": _("The provider's keys could not be read."),
    # Its return
    "denied": _("The provider refused the sign-in, or the person cancelled it."),
    "provider_error": _("The provider returned an error instead of a code."),
    "state": _("The return does not belong to a sign-in that this browser began."),
    "mix_up": _("The return says that it comes from another issuer."),
    "code": _("The provider did not take the code. Check the client id, the client secret and how it is sent."),
    # Its token
    "token": _("The provider sent no ID token that can be read."),
    "key": _(
        "What the provider sent is signed with a key that is not among its known ones. Check its certificates or keys."
    ),
    "algorithm": _(
        "What the provider sent is signed in a way that is not allowed for it. Check the algorithms on both sides."
    ),
    "signature": _("The signature of what the provider sent is not right."),
    "issuer": _(
        "What the provider sent comes from another issuer than you entered. They must be the same, to the letter."
    ),
    "audience": _(
        "What the provider sent is meant for another service. Check the client id or the entity id at the provider."
    ),
    "expired": _("What the provider sent is too old, or the clocks differ by more than a minute."),
    "nonce": _("The ID token belongs to another sign-in."),
    "subject": _("What the provider sent does not say clearly who it is about."),
    "not_fresh": _("The provider did not ask the person anew."),
    "userinfo": _("The provider's user information is about somebody else."),
    # Its SAML message
    "document": _("The provider sent a SAML message that is not as the standard and our profile of it want it."),
    "unsigned": _("The SAML assertion or message is not signed. Let the provider sign assertions and logout messages."),
    "wrapping": _(
        "The signature of the SAML message does not stand where it must, or covers something else: it may be forged."
    ),
    "no_assertion": _("The SAML response holds no assertion."),
    "certificate_over": _("The certificate of the provider is not valid at this time. Enter its new one."),
    "destination": _(
        "The SAML message was sent to another address. Enter our addresses at the provider, to the letter."
    ),
    "recipient": _(
        "The SAML assertion is for another address. Enter our response address at the provider, to the letter."
    ),
    "in_response_to": _("The SAML response does not belong to a sign-in that was begun here."),
    "conditions": _("The SAML assertion lacks a condition that we require, or has one that we do not know."),
    "status_saml": _("The provider answered with a SAML error. Its log says why."),
    "transient": _(
        "The provider sends another name for a person at each sign-in. Choose a lasting NameID or an attribute."
    ),
    "subject_attribute": _("The attribute that says who it is about is missing, or has several values."),
    "attributes": _("The SAML assertion has too many attributes, or too long ones. Let the provider send fewer."),
    "encryption": _("The SAML assertion cannot be decrypted. Give the provider our current certificate."),
    "encryption_algorithm": _(
        "The SAML assertion is encrypted in an unsafe way. Choose AES-GCM and RSA-OAEP at the provider."
    ),
    "not_encrypted": _("The SAML assertion is not encrypted, and you require that."),
    "replayed": _("The SAML assertion was used before."),
    # Its SAML metadata and certificates
    "certificate_unreadable": _("This is no certificate that can be read. Paste one X.509 certificate."),
    "certificate_weak": _(
        "The certificate's key is too weak or of an unknown kind. RSA from 2048 bits or a NIST curve is needed."
    ),
    "metadata_document": _("This is not the metadata of one SAML provider."),
    "metadata_several": _("The metadata hold several providers. Enter the address of the metadata of one."),
    "metadata_over": _("The metadata are not valid any more. Get new ones from the provider."),
    "metadata_sign_on": _("The metadata name no sign-in address with the redirect or POST binding."),
    "metadata_certificates": _("The metadata hold no certificate for signatures, or more than four."),
    # Who it is here
    "no_account": _("Nobody here is linked to this person, and accounts are not made at sign-in."),
    "no_address": _(
        "The provider sent no e-mail address: an account cannot be made. Ask for the scope email, or let it send that attribute."
    ),
    "address_not_verified": _("The provider says that the e-mail address is not verified."),
    "foreign_address": _("The e-mail address is not of a domain that the organisation has proven to be its own."),
    "not_linked": _("There is an account with this e-mail address already. Its person must sign in and link it."),
    "not_admitted": _("The account may not sign in now: it is deactivated, or the rules for signing in refuse it."),
    "linked_elsewhere": _("This person of the provider is linked to another account here."),
    "somebody_else": _("The provider confirmed somebody else than who is signed in."),
    "over": _("The sign-in took too long, or the provider was changed meanwhile."),
}

RETRIABLE: Final = frozenset(
    {
        "unresolved",
        "unreachable",
        "certificate",
        "slow",
        "large",
        "broken",
        "redirect",
        "status",
        "metadata",
        "metadata_issuer",
        "keys",
        "private",
        "address",
        "scheme",
    }
)
"""What leaves the sign-in as it was when it happens before the person has gone to the provider: trying again may mend it."""


class ProviderFailure(Exception):
    """A sign-in by a provider that does not go on. `claims`: what it said as far as that was verified."""

    def __init__(self, reason: str, claims: Mapping[str, object] | None = None) -> None:
        super().__init__(reason)
        assert reason in REASONS
        self.reason = reason
        self.claims = dict(claims or {})
