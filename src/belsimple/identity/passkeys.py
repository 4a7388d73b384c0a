"""Passkeys (WebAuthn Level 3): what a browser is asked for, and whether what it answers is right.

A challenge is not stored: it is derived from the token in the browser's pending cookie. So it belongs to one browser and one row
of identity.pending_sign_in, and is over when that row is.
"""

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec

_CHALLENGE: Final = b"belsimple passkey challenge 1\0"
_MILLISECONDS: Final = 300_000
Credential = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
"""A PublicKeyCredential as its toJSON() has it, as text."""


class Known(msgspec.Struct, frozen=True):
    """A passkey that may answer, or is there already."""

    credential_id: bytes
    transports: list[str]


class NewPasskey(msgspec.Struct, frozen=True):
    """What is kept of a new one."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backed_up: bool
    transports: list[str]


class Answered(msgspec.Struct, frozen=True):
    """A signature that is right, and what the authenticator said with it."""

    sign_count: int
    backed_up: bool


def challenge_of(token: bytes) -> bytes:
    """The challenge of the ceremony that the pending cookie stands for."""
    return hashlib.sha256(_CHALLENGE + token).digest()


class RelyingParty(msgspec.Struct, frozen=True):
    """This service as authenticators know it: its host, and the one origin that may ask."""

    host: str
    origin: str

    # The library costs each process 0.15 s at its start, and only part gate uses it: hence the imports inside.

    def request(self, token: bytes, allowed: Iterable[Known] = ()) -> str:
        """Options for navigator.credentials.get, as JSON; without `allowed` any discoverable passkey may say who it is."""
        from webauthn import generate_authentication_options, options_to_json  # noqa: PLC0415 - see above
        from webauthn.helpers.structs import UserVerificationRequirement  # noqa: PLC0415 - see above

        return options_to_json(
            generate_authentication_options(
                rp_id=self.host,
                challenge=challenge_of(token),
                timeout=_MILLISECONDS,
                allow_credentials=_descriptors(allowed),
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )

    def creation(self, token: bytes, *, account_id: UUID, email: str, name: str, known: Iterable[Known] = ()) -> str:
        """Options for navigator.credentials.create, as JSON: a discoverable passkey that verifies its user."""
        from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415 - see above
        from webauthn.helpers.structs import (  # noqa: PLC0415 - see above
            AuthenticatorSelectionCriteria,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        return options_to_json(
            generate_registration_options(
                rp_id=self.host,
                rp_name="belsimple",
                user_id=account_id.bytes,
                user_name=email,
                user_display_name=name,
                challenge=challenge_of(token),
                timeout=_MILLISECONDS,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=_descriptors(known),
            )
        )

    def registered(self, credential: str, token: bytes) -> NewPasskey | None:
        """The new passkey; None for an answer to another challenge, origin or host, or without its user verified."""
        from webauthn import verify_registration_response  # noqa: PLC0415 - see above
        from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - see above

        try:
            made = verify_registration_response(
                credential=credential,
                expected_challenge=challenge_of(token),
                expected_rp_id=self.host,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError):  # whatever a stranger may have written there
            return None
        return NewPasskey(
            made.credential_id,
            made.credential_public_key,
            made.sign_count,
            made.credential_backed_up,
            _transports(credential),
        )

    def answered(self, credential: str, token: bytes, *, public_key: bytes, account_id: UUID) -> Answered | None:
        """What a known passkey said; None for a wrong signature, challenge, origin or host, and for another's passkey.

        The signature counter is the database's to compare.
        """
        from webauthn import verify_authentication_response  # noqa: PLC0415 - see above
        from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - see above

        try:
            if user_of(credential) not in {None, account_id.bytes}:
                return None
            made = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge_of(token),
                expected_rp_id=self.host,
                expected_origin=self.origin,
                credential_public_key=public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError):
            return None
        return Answered(made.new_sign_count, made.credential_backed_up)


def id_of(credential: str) -> bytes:
    """The id of the passkey that an answer names; empty for what is no answer."""
    from webauthn import base64url_to_bytes  # noqa: PLC0415 - see above

    try:
        return base64url_to_bytes(msgspec.json.decode(credential)["rawId"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return b""


def user_of(credential: str) -> bytes | None:
    """The user handle in an answer, if there is one. Raises ValueError, KeyError, TypeError."""
    from webauthn import base64url_to_bytes  # noqa: PLC0415 - see above

    handle = msgspec.json.decode(credential)["response"].get("userHandle")
    return base64url_to_bytes(handle) if handle else None


def _transports(credential: str) -> list[str]:
    said: Any = msgspec.json.decode(credential)["response"].get("transports")
    known = ("usb", "nfc", "ble", "smart-card", "internal", "hybrid", "cable")
    return [one for one in known if isinstance(said, list) and one in said]


def _descriptors(known: Iterable[Known]) -> list[Any]:
    from webauthn.helpers.structs import (  # noqa: PLC0415 - see above
        AuthenticatorTransport,
        PublicKeyCredentialDescriptor,
    )

    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id, transports=[AuthenticatorTransport(kind) for kind in one.transports]
        )
        for one in known
    ]
