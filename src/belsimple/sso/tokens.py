"""Signed tokens of a provider: ID tokens (OpenID Connect Core 1.0, 3.1.3.7) and logout tokens (Back-Channel Logout 1.0, 2.6).

Keys and algorithms are the provider's as the tenant's admin set it up (RFC 8725, 3.1). A token's header says which of those keys
it means, and nothing else of it is used: no jwk, jku, x5c or x5u.
"""

import hmac
import warnings
from binascii import a2b_base64
from collections.abc import Sequence
from typing import Any, Final, TypeGuard

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.provider import Claims, Provider

SKEW: Final = 60
"""Seconds that two clocks may differ."""
MOST_KEYS: Final = 50
MOST_TOKEN: Final = 64 * 1024
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_RSA_BITS: Final = 2048
_FAMILY: Final = {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}


class VerifyingKey(msgspec.Struct, frozen=True):
    """A public key of a provider; `algorithm` when its publisher says which it is for."""

    id: str | None
    algorithm: str | None
    key: Any


class _Jwk(msgspec.Struct):
    kty: str
    kid: str | None = None
    use: str | None = None
    alg: str | None = None


class UnknownKey(Exception):
    """The token names a key that is not there: perhaps a new one."""


def read_keys(body: bytes) -> list[VerifyingKey]:
    """The public signature keys of a JWK set (RFC 7517); what is something else is passed over. Raises ProviderFailure."""
    try:
        listed = msgspec.json.decode(body, type=dict[str, Any])["keys"]
        keys = [_read_key(one) for one in msgspec.convert(listed, list[dict[str, Any]])[:MOST_KEYS]]
    except (msgspec.MsgspecError, KeyError, RecursionError):
        raise ProviderFailure("keys") from None
    return [key for key in keys if key is not None]


def _read_key(raw: dict[str, Any]) -> VerifyingKey | None:
    try:
        said = msgspec.convert(raw, _Jwk)
        if said.kty not in ("RSA", "EC", "OKP") or said.use not in (None, "sig"):
            return None
        public = {name: value for name, value in raw.items() if name in ("kty", "n", "e", "crv", "x", "y")}
        kind = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}[said.kty]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # a short key is refused below
            key = kind.import_key(public)
    except (msgspec.MsgspecError, JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAKey) and key.raw_value.key_size < _RSA_BITS:
        return None
    return VerifyingKey(said.kid, said.alg, key)


def verified(token: str, provider: Provider, keys: Sequence[VerifyingKey]) -> Claims:
    """The claims of a token that one of the keys has signed. Raises UnknownKey and ProviderFailure."""
    header = _header(token)
    algorithm = header.get("alg")
    if algorithm not in provider.algorithms:
        raise ProviderFailure("algorithm")
    key = _chosen(keys, header.get("kid"), str(algorithm))
    try:
        registry = JWSRegistry(algorithms=[str(algorithm)], strict_check_header=False)
        decoded = jwt.decode(token, key, algorithms=[str(algorithm)], registry=registry)
    except (JoseError, ValueError, TypeError):
        raise ProviderFailure("signature") from None
    return dict(decoded.claims)


def _header(token: str) -> dict[str, Any]:
    """The token's own header, believed for nothing: it is compared, and looked up by."""
    try:
        if len(token) > MOST_TOKEN or token.count(".") != 2:
            raise ProviderFailure("token")
        first = token.partition(".")[0].replace("-", "+").replace("_", "/")
        header = msgspec.json.decode(a2b_base64(first + "=" * (-len(first) % 4)), type=dict[str, Any])
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise ProviderFailure("token") from None
    if "crit" in header or "b64" in header:  # nothing that we would have to understand (RFC 7515, 4.1.11)
        raise ProviderFailure("token")
    return header


def _chosen(keys: Sequence[VerifyingKey], key_id: object, algorithm: str) -> Key:
    fitting = [
        one for one in keys if isinstance(one.key, _FAMILY[algorithm[:2]]) and one.algorithm in (None, algorithm)
    ]
    if key_id is not None:
        fitting = [one for one in fitting if one.id == key_id]
    if len(fitting) != 1:  # without an id it must be plain which is meant
        raise UnknownKey
    return fitting[0].key


def check_id_token(claims: Claims, provider: Provider, *, nonce: str, begun: float, now: float, fresh: bool) -> None:
    """Whether this token is for us, of now, and of this very sign-in. Raises ProviderFailure.

    `begun`: when the person set off; a token from before is somebody's from before. `fresh`: the person must have been asked since.
    """
    _check_common(claims, provider, now)
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise ProviderFailure("nonce", claims)
    if _moment(claims, "iat") < begun - SKEW:
        raise ProviderFailure("expired", claims)
    if not _is_name(claims.get("sub")):
        raise ProviderFailure("subject", claims)
    if fresh and _moment(claims, "auth_time") < begun - SKEW:
        raise ProviderFailure("not_fresh", claims)


def check_logout_token(claims: Claims, provider: Provider, *, now: float) -> None:
    """Whether this token tells us to end sessions. Raises ProviderFailure."""
    _check_common(claims, provider, now)
    events = claims.get("events")
    if not _is_object(events) or not _is_object(events.get(LOGOUT_EVENT)) or "nonce" in claims:
        raise ProviderFailure("token", claims)  # with a nonce it would be an ID token taken for something else
    if not _is_name(claims.get("jti")) or not (_is_name(claims.get("sub")) or _is_name(claims.get("sid"))):
        raise ProviderFailure("subject", claims)
    if any(name in claims and not _is_name(claims[name]) for name in ("sub", "sid")):
        raise ProviderFailure("subject", claims)


def _check_common(claims: Claims, provider: Provider, now: float) -> None:
    if claims.get("iss") != provider.issuer:
        raise ProviderFailure("issuer", claims)
    # Exactly us: a token for others besides could be replayed by them.
    if (
        claims.get("aud") not in (provider.client_id, [provider.client_id])
        or claims.get("azp", provider.client_id) != provider.client_id
    ):
        raise ProviderFailure("audience", claims)
    early = _moment(claims, "iat") > now + SKEW or ("nbf" in claims and _moment(claims, "nbf") > now + SKEW)
    if early or _moment(claims, "exp") <= now - SKEW:
        raise ProviderFailure("expired", claims)


def _moment(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1 << 50:
        raise ProviderFailure("not_fresh" if name == "auth_time" else "expired", claims)
    return float(value)


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255 and "\0" not in value
