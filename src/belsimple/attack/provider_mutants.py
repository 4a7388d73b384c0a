"""The mutations of what a provider's answer must be, and of what keeps requests of ours out of our own network."""

from base64 import urlsafe_b64decode
from typing import Any

import msgspec

from belsimple.attack.mutating import mutant, original, replace


@mutant
def _public_addresses(_: str) -> None:
    replace("outbound.client:is_public", lambda _address: True)  # pyright: ignore[reportUnknownLambdaType]
    replace("outbound.client:is_metadata", lambda _address: False)  # pyright: ignore[reportUnknownLambdaType]


def _silent(target: str, reason: str) -> None:
    """A check of a token that does not mind one thing."""
    check, failure = original(target), original("sso.failures:ProviderFailure")

    def lax(*arguments: Any, **named: Any) -> None:
        try:
            check(*arguments, **named)
        except failure as refused:
            if refused.reason != reason:
                raise

    replace(target, lax)


@mutant
def _id_token_issuer(_: str) -> None:
    _silent("sso.tokens:_check_common", "issuer")


@mutant
def _id_token_audience(_: str) -> None:
    _silent("sso.tokens:_check_common", "audience")


@mutant
def _id_token_nonce(_: str) -> None:
    _silent("sso.tokens:check_id_token", "nonce")


@mutant
def _id_token_times(_: str) -> None:
    _silent("sso.tokens:check_id_token", "expired")


def _believing(reason: str) -> None:
    """A token is believed although its signature is none of the provider's."""
    verify, failure, unknown = (
        original(f"sso.{name}") for name in ("tokens:verified", "failures:ProviderFailure", "tokens:UnknownKey")
    )

    def trusting(token: str, provider: Any, keys: Any) -> Any:
        try:
            return verify(token, provider, keys)
        except (failure, unknown) as refused:
            if getattr(refused, "reason", "signature") != reason:
                raise
            body = token.split(".")[1]
            return msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)))

    replace("sso.tokens:verified", trusting)


@mutant
def _id_token_algorithm(_: str) -> None:
    _believing("algorithm")


@mutant
def _id_token_signature(_: str) -> None:
    _believing("signature")


@mutant
def _provider_mix_up(_: str) -> None:
    party = original("sso.relying_party:RelyingParty")
    arrival = party.arrival

    async def from_anybody(self: Any, provider: Any, token: bytes, back: Any, **named: Any) -> Any:
        return await arrival(self, provider, token, msgspec.structs.replace(back, issuer=provider.issuer), **named)

    party.arrival = from_anybody


@mutant
def _provider_state(_: str) -> None:
    replace("sso.browser:is_state_of", lambda _token, _said: True)  # pyright: ignore[reportUnknownLambdaType]
