"""`python -m belsimple.attack.hostile_provider GUARD`: an identity provider in an attacker's hand, played to the service's own relying party.

In a process of its own and without a network: no live service may be led to a provider on this machine (number 27), and what
this breaks is the program's, so that a guard can be taken out of it first. Each forgery changes one thing of an answer that is
taken as it is. Prints the forgeries that were believed, and "lost" when the honest answer was not.
"""

import asyncio
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hmac import digest
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from belsimple.attack.mutating import all_mutants

ISSUER: Final = "https://provider.example"
OTHERS: Final = "https://other.example"
_CLIENT: Final = "us"
_PROVIDER: Final = UUID(int=21)
Forge = Callable[["Answers"], None]


class Answers:
    """What the provider answers, to the browser and to us; a forgery changes some of it."""

    def __init__(self, key: RSAKey, others: RSAKey, nonce: str) -> None:
        now = time.time()
        self.key, self.signing, self.others = key, key, others
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": _CLIENT,
            "sub": "mallory",
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
        }
        self.said_issuer: str | None = ISSUER
        self.metadata_issuer = ISSUER
        self.as_sent: Callable[[str], str] = str

    def token(self) -> str:
        """The ID token."""
        return self.as_sent(jwt.encode(self.header, self.claims, self.signing))

    def unsigned(self, algorithm: object, mac: Callable[[bytes], bytes] = lambda _: b"") -> str:
        """The claims under a header of one's own, with whatever stands for a signature."""
        head, body = (_text(msgspec.json.encode(part)) for part in ({"alg": algorithm, "kid": "one"}, self.claims))
        return f"{head}.{body}.{_text(mac(f'{head}.{body}'.encode()))}"


class Wire:
    """Stands in the guarded client's place: every address is the provider's."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def get(self, address: str, **_: object) -> Any:
        """Metadata or keys."""
        if address.endswith("/keys"):
            return self._answer(address, {"keys": [{**self._answers.key.as_dict(private=False), "kid": "one"}]})
        found = {"authorization_endpoint": "a", "token_endpoint": "t", "jwks_uri": f"{ISSUER}/keys"}
        found |= {"issuer": self._answers.metadata_issuer}
        return self._answer(address, {**found, "authorization_response_iss_parameter_supported": True})

    async def post(self, address: str, **_: object) -> Any:
        """The tokens for a code."""
        return self._answer(address, {"id_token": self._answers.token()})

    def _answer(self, address: str, found: Mapping[str, object]) -> Any:
        from belsimple.outbound import Answer  # noqa: PLC0415 - only now: it must see the mutation

        return Answer(200, {}, msgspec.json.encode(found), address)


def _claim(name: str, value: object) -> Forge:
    return lambda answers: answers.claims.update({name: value})


def _later(name: str, seconds: float) -> Forge:
    return lambda answers: answers.claims.update({name: time.time() + seconds})


def _sent(change: Callable[[Answers], str]) -> Forge:
    def forge(answers: Answers) -> None:
        answers.as_sent = lambda _: change(answers)

    return forge


def _with_the_public_key(answers: Answers) -> str:
    public = answers.key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return answers.unsigned("HS256", lambda signed: digest(public, signed, "sha256"))


def _others_key(answers: Answers) -> None:
    answers.signing = answers.others


def _brings_its_key(answers: Answers) -> None:
    answers.signing = answers.others
    answers.header["jwk"] = answers.others.as_dict(private=False)


def _altered(answers: Answers) -> None:
    def changed(token: str) -> str:
        head, _, signature = token.split(".")
        return f"{head}.{_text(msgspec.json.encode({**answers.claims, 'groups': ['owners']}))}.{signature}"

    answers.as_sent = changed


def _another_key_id(answers: Answers) -> None:
    answers.header["kid"] = "two"
    answers.signing = answers.others


def _says(issuer: str | None) -> Forge:
    return lambda answers: setattr(answers, "said_issuer", issuer)


FORGERIES: Final[Mapping[str, Mapping[str, Forge]]] = {
    "id_token_issuer": {"another": _claim("iss", OTHERS), "a slash more": _claim("iss", f"{ISSUER}/")},
    "id_token_audience": {
        "another": _claim("aud", "them"),
        "others besides": _claim("aud", [_CLIENT, "them"]),
        "for another": _claim("azp", "them"),
    },
    "id_token_nonce": {"another": _claim("nonce", "n"), "none": _claim("nonce", None)},
    "id_token_times": {
        "over": _later("exp", -61),
        "not yet": _later("nbf", 61),
        "from before": _later("iat", -3600),
        "from later": _later("iat", 3600),
    },
    "id_token_algorithm": {
        "none": _sent(lambda answers: answers.unsigned("none")),
        "nOnE": _sent(lambda answers: answers.unsigned("nOnE")),
        "no word": _sent(lambda answers: answers.unsigned(None)),
        "the public key as a secret": _sent(_with_the_public_key),
    },
    "id_token_signature": {
        "by another key": _others_key,
        "by a key that it brings": _brings_its_key,
        "by a key that is not there": _another_key_id,
        "altered": _altered,
    },
    "provider_mix_up": {
        "another's answer": _says(OTHERS),
        "nobody's answer": _says(None),
        "another's metadata": lambda answers: setattr(answers, "metadata_issuer", OTHERS),
    },
}
"""By the guard that each is refused by."""


async def believed(forge: Forge | None) -> bool:
    """Whether somebody comes in by the answer."""
    # Only now: what is imported here must see the mutation.
    from belsimple.sso.browser import nonce_of  # noqa: PLC0415
    from belsimple.sso.failures import ProviderFailure  # noqa: PLC0415
    from belsimple.sso.provider import Provider  # noqa: PLC0415
    from belsimple.sso.relying_party import RelyingParty, Return  # noqa: PLC0415

    token = bytes(32)
    answers = Answers(_KEY, _OTHERS_KEY, nonce_of(token))
    if forge is not None:
        forge(answers)
    party = RelyingParty(cast("Any", Wire(answers)), bytes(32), "https://us.example")
    provider = Provider(
        tenant_id=UUID(int=1),
        id=_PROVIDER,
        version=1,
        name="Theirs",
        issuer=ISSUER,
        client_id=_CLIENT,
        client_authentication="basic",
        algorithms=("RS256",),
        scopes="openid",
        discovered=True,
    )
    back = Return("code", None, answers.said_issuer)
    try:
        found = await party.arrival(provider, token, back, wants="provider", begun=time.time())
    except ProviderFailure:
        return False
    return found.subject == "mallory"


async def play(guard: str) -> list[str]:
    """Every forgery of a guard, between two honest answers."""
    honest = await believed(None)
    taken = [name for name, forge in FORGERIES[guard].items() if await believed(forge)]
    return taken if honest and await believed(None) else ["lost"]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


_KEY: Final = RSAKey.generate_key(2048, {"kid": "one"})
_OTHERS_KEY: Final = RSAKey.generate_key(2048, {"kid": "one"})


def main(guard: str, broken: str) -> None:
    """Play a guard's forgeries, with another guard taken out or with none."""
    mutants = all_mutants()
    if broken in mutants:
        mutants[broken](str(UUID(int=0)))
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(play(guard))))


if __name__ == "__main__":
    main(*sys.argv[1:])
