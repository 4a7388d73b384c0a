"""A hostile provider's messages about signing out: an honest request in the query, and what is forged of it."""

import zlib
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from belsimple.attack.saml_answers import ISSUER, LOGOUT_ADDRESS, MORE, OTHERS, Keys, moment, sign, text
from belsimple.sso.saml.names import ASSERTION, PROTOCOL, SIGNATURE


class Farewell(msgspec.Struct, kw_only=True):
    """A request to be. `method`: of the signature, None for no signature; `as_sent`: what becomes of the query; `in_a_form`: it comes by one."""

    keys: Keys
    key: rsa.RSAPrivateKey
    now: float
    issuer: str = ISSUER
    destination: str = LOGOUT_ADDRESS
    method: str | None = f"{MORE}rsa-sha256"
    as_sent: Callable[[str], str] = str
    in_a_form: bool = False

    def query(self) -> bytes:
        """With its signature, over what stands before it."""
        squeezed = zlib.compress(self.document().encode(), 9, wbits=-zlib.MAX_WBITS)
        query = f"SAMLRequest={_quoted(squeezed)}&RelayState=there"
        if self.method is not None:
            query += f"&SigAlg={quote(self.method, safe='')}"
            query += f"&Signature={_quoted(sign(query.encode(), self.key, self.method))}"
        return self.as_sent(query).encode()

    def form(self) -> dict[str, str]:
        """The fields of a form, in which nothing is signed."""
        return {"SAMLRequest": text(self.document().encode())}

    def document(self) -> str:
        """Somebody's sessions end."""
        return (
            f'<samlp:LogoutRequest xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="_logout" Version="2.0" '
            f'IssueInstant="{moment(self.now)}" Destination="{self.destination}"><saml:Issuer>{self.issuer}</saml:Issuer>'
            "<saml:NameID>victim</saml:NameID></samlp:LogoutRequest>"
        )


def _quoted(data: bytes) -> str:
    return quote(text(data), safe="")


def _set(**changed: object) -> Callable[[Farewell], None]:
    def forge(farewell: Farewell) -> None:
        for name, value in changed.items():
            setattr(farewell, name, value)

    return forge


def _others_key(farewell: Farewell) -> None:
    farewell.key = farewell.keys.others


def _another_request(change: Callable[[str, str], str]) -> Callable[[Farewell], None]:
    """A request that is not the signed one stands in its place, or besides."""

    def forge(farewell: Farewell) -> None:
        unsigned = msgspec.structs.replace(farewell, method=None, now=farewell.now - 1)
        other = unsigned.query().decode().partition("&")[0]
        farewell.as_sent = lambda query: change(query, other)

    return forge


def _sent(change: Callable[[str], str]) -> Callable[[Farewell], None]:
    return lambda farewell: setattr(farewell, "as_sent", change)


FAREWELLS: Final[Mapping[str, Callable[[Farewell], None]]] = {
    "not signed": _set(method=None),
    "not signed, by a form": _set(in_a_form=True),
    "no value": _sent(lambda query: query.partition("&Signature=")[0]),
    "by another key": _others_key,
    "SHA-1": _set(method=f"{SIGNATURE}rsa-sha1"),
    "altered": _another_request(lambda query, other: "&".join((other, *query.split("&")[1:]))),
    "a second request": _another_request(lambda query, other: f"{query}&{other}"),
    "a second request before it": _another_request(lambda query, other: f"{other}&{query}"),
    "another relay": _sent(lambda query: query.replace("=there", "=elsewhere")),
    "something besides": _sent(lambda query: f"{query}&x=y"),
    "another issuer": _set(issuer=OTHERS),
    "another destination": _set(destination=OTHERS),
    "over": lambda farewell: setattr(farewell, "now", farewell.now - 700),
}
