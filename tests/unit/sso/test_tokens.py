"""ID tokens and logout tokens: what is not exactly as it must be is refused, and says why."""

import base64
import hmac
import json
import time
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, RSAKey

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.provider import Provider
from belsimple.sso.tokens import (
    LOGOUT_EVENT,
    MOST_KEYS,
    SKEW,
    UnknownKey,
    check_id_token,
    check_logout_token,
    read_keys,
    verified,
)

PROVIDER = Provider(
    tenant_id=UUID(int=1),
    id=UUID(int=2),
    version=1,
    name="Brouwer",
    issuer="https://idp.example",
    client_id="us",
    client_authentication="basic",
    algorithms=("RS256",),
    scopes="openid",
    discovered=True,
)
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER = RSAKey.generate_key(2048, {"kid": "two"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve"})
NOW = 1_800_000_000.0
GOOD: dict[str, Any] = {
    "iss": "https://idp.example",
    "aud": "us",
    "sub": "anna",
    "nonce": "n",
    "iat": NOW,
    "exp": NOW + 300,
}
LOGOUT: dict[str, Any] = {
    "iss": "https://idp.example",
    "aud": "us",
    "iat": NOW,
    "exp": NOW + 120,
    "jti": "j",
    "sid": "s",
    "events": {LOGOUT_EVENT: {}},
}


def published(*keys: Any, **more: Any) -> bytes:
    return json.dumps({"keys": [{**key.as_dict(private=False), **more} for key in keys]}).encode()


def signed(claims: Any = None, key: Any = KEY, **header: Any) -> str:
    algorithm = header.pop("alg", "RS256")
    named = {name: value for name, value in {"alg": algorithm, "kid": key.kid, **header}.items() if value is not None}
    return jwt.encode(named, claims or GOOD, key, algorithms=[algorithm])


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in (header, claims)]
    return ".".join((*parts, signature))


def refusal(token: str, keys: bytes | None = None) -> str:
    with pytest.raises((ProviderFailure, UnknownKey)) as failure:
        verified(token, PROVIDER, read_keys(keys or published(KEY)))
    return failure.value.reason if isinstance(failure.value, ProviderFailure) else "key"


def test_a_token_that_its_key_has_signed() -> None:
    assert verified(signed(), PROVIDER, read_keys(published(KEY, OTHER, CURVE))) == GOOD
    assert verified(signed(kid=None), PROVIDER, read_keys(published(KEY, CURVE)))["sub"] == "anna"


def test_the_token_does_not_choose_its_algorithm() -> None:
    assert refusal(unsigned({"alg": "none"}, GOOD)) == "algorithm"
    assert refusal(unsigned({"alg": "None", "kid": "one"}, GOOD)) == "algorithm"
    assert refusal(unsigned({"kid": "one"}, GOOD)) == "algorithm"
    assert refusal(unsigned({"alg": ["RS256"], "kid": "one"}, GOOD)) == "algorithm"
    assert (
        refusal(signed(key=CURVE, alg="ES256"), published(KEY, CURVE)) == "algorithm"
    )  # good, but not this provider's
    assert refusal(signed(alg="PS256")) == "algorithm"


def test_a_public_key_is_no_shared_secret() -> None:
    public = KEY.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body, _ = unsigned({"alg": "HS256", "kid": "one"}, GOOD).split(".")
    mac = base64.urlsafe_b64encode(hmac.digest(public, f"{head}.{body}".encode(), "sha256")).rstrip(b"=").decode()
    assert refusal(f"{head}.{body}.{mac}") == "algorithm"


@pytest.mark.parametrize("header", ["jwk", "jku", "x5u", "x5c"])
def test_the_token_does_not_bring_its_key(header: str) -> None:
    brought = {
        "jwk": OTHER.as_dict(private=False),
        "jku": "https://evil.example/keys",
        "x5u": "https://evil.example/c",
        "x5c": ["MII"],
    }
    with pytest.raises((ProviderFailure, UnknownKey)):
        verified(signed(key=OTHER, **{header: brought[header]}), PROVIDER, read_keys(published(KEY)))
    token = unsigned(
        {"alg": "RS256", "kid": "one", header: brought[header]}, GOOD, signed(key=OTHER).rpartition(".")[2]
    )
    assert refusal(token) == "signature"


def test_another_key_under_a_known_name_signs_nothing() -> None:
    assert refusal(signed(key=OTHER, kid="one")) == "signature"
    assert refusal(signed(key=OTHER)) == "key"
    assert refusal(signed(kid=None), published(KEY, OTHER)) == "key"  # which of two is meant


def test_a_changed_token_is_refused() -> None:
    head, body, signature = signed().split(".")
    other = signed({**GOOD, "sub": "bram"}).split(".")[1]
    assert refusal(f"{head}.{other}.{signature}") == "signature"
    assert refusal(f"{head}.{body}.{signature[:-8]}AAAAAAAA") == "signature"
    for broken in ("", "a", "a.b", "a.b.c", "a.b.c.d.e", "é.b.c", f"{head}.{body}", "[].b.c", "e30.b.c", "x" * 70_000):
        assert refusal(broken) in {"token", "algorithm"}


def test_nothing_that_we_would_have_to_understand() -> None:
    assert refusal(unsigned({"alg": "RS256", "kid": "one", "crit": ["x"], "x": 1}, GOOD)) == "token"
    assert refusal(unsigned({"alg": "RS256", "kid": "one", "b64": False}, GOOD)) == "token"


def test_a_key_is_used_for_what_its_publisher_says() -> None:
    assert refusal(signed(), published(KEY, use="enc")) == "key"
    assert refusal(signed(), published(KEY, alg="PS256")) == "key"
    assert read_keys(published(OctKey.generate_key(256))) == []
    assert read_keys(published(*[KEY] * (MOST_KEYS + 5)))[MOST_KEYS:] == []


def test_a_short_key_is_none() -> None:
    with pytest.warns(SecurityWarning):
        short = RSAKey.import_key(rsa.generate_private_key(65537, 1024))
    assert read_keys(published(short)) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys": 1}', b'{"keys": [1]}', b"<html>", b"[" * 10_000])
def test_garbage_is_no_key_set(body: bytes) -> None:
    with pytest.raises(ProviderFailure, match="keys"):
        read_keys(body)


def test_odd_keys_are_passed_over() -> None:
    body = json.dumps(
        {"keys": [{"kty": "RSA"}, {"kty": "RSA", "n": "!", "e": 3}, {"kty": "EC", "crv": "P-1"}, {}]}
    ).encode()
    assert read_keys(body) == []


def id_token(changed: dict[str, Any], *, now: float = NOW, begun: float = NOW, fresh: bool = False) -> str | None:
    claims = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    try:
        check_id_token(claims, PROVIDER, nonce="n", begun=begun, now=now, fresh=fresh)
    except ProviderFailure as failure:
        return failure.reason
    return None


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, None),
        ({"aud": ["us"]}, None),
        ({"azp": "us"}, None),
        ({"iss": "https://idp.example/"}, "issuer"),
        ({"iss": "https://IDP.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"iss": ["https://idp.example"]}, "issuer"),
        ({"aud": "them"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": ["us", "them"]}, "audience"),
        ({"aud": "US"}, "audience"),
        ({"azp": "them"}, "audience"),
        ({"nonce": "m"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": 1}, "nonce"),
        ({"sub": None}, "subject"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": "x" * 256}, "subject"),
        ({"sub": "a\0"}, "subject"),
        ({"exp": None}, "expired"),
        ({"exp": "soon"}, "expired"),
        ({"exp": True}, "expired"),
        ({"exp": float("nan")}, "expired"),
        ({"exp": float("inf")}, "expired"),
        ({"iat": None}, "expired"),
        ({"iat": NOW + SKEW + 1}, "expired"),
        ({"iat": NOW + SKEW - 1}, None),
        ({"nbf": NOW + SKEW + 1}, "expired"),
        ({"nbf": NOW + SKEW - 1}, None),
        ({"exp": NOW - SKEW - 1}, "expired"),
        ({"exp": NOW - SKEW + 1}, None),
        ({"iat": NOW - SKEW - 1}, "expired"),  # from before the person set off
    ],
)
def test_an_id_token_is_for_us_of_now_and_of_this_sign_in(changed: dict[str, Any], why: str | None) -> None:
    assert id_token(changed) == why


def test_clocks_may_differ_by_a_minute() -> None:
    assert id_token({"exp": NOW - 59}) is None
    assert id_token({"exp": NOW - 61}) == "expired"


def test_whoever_must_be_asked_anew_was() -> None:
    assert id_token({"auth_time": NOW}, fresh=True) is None
    assert id_token({"auth_time": NOW - SKEW - 1}, fresh=True) == "not_fresh"
    assert id_token({}, fresh=True) == "not_fresh"


def logout(changed: dict[str, Any]) -> str | None:
    claims = {name: value for name, value in {**LOGOUT, **changed}.items() if value is not None}
    try:
        check_logout_token(claims, PROVIDER, now=NOW)
    except ProviderFailure as failure:
        return failure.reason
    return None


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, None),
        ({"sid": None, "sub": "anna"}, None),
        ({"nonce": "n"}, "token"),
        ({"events": None}, "token"),
        ({"events": {"else": {}}}, "token"),
        ({"events": {LOGOUT_EVENT: 1}}, "token"),
        ({"sid": None}, "subject"),
        ({"sid": 1}, "subject"),
        ({"sub": 1}, "subject"),
        ({"jti": None}, "subject"),
        ({"iss": "https://other.example"}, "issuer"),
        ({"aud": "them"}, "audience"),
        ({"exp": NOW - SKEW - 1}, "expired"),
        ({"exp": None}, "expired"),
        ({"iat": NOW + SKEW + 1}, "expired"),
    ],
)
def test_a_logout_token_ends_sessions_and_is_no_id_token(changed: dict[str, Any], why: str | None) -> None:
    assert logout(changed) == why


def test_a_token_is_verified_quickly() -> None:
    keys, token = read_keys(published(KEY)), signed()
    began = time.perf_counter()
    for _ in range(20):
        verified(token, PROVIDER, keys)
    assert time.perf_counter() - began < 2
