"""This service as a client of its tenants' identity providers: OpenID Connect Core 1.0, authorisation code with PKCE. Part gate's."""

import os
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from belsimple.errors import OperatorError
from belsimple.outbound import GuardedClient, OutboundTrouble
from belsimple.sso.browser import challenge_of, nonce_of, state_of, verifier_of
from belsimple.sso.failures import ProviderFailure
from belsimple.sso.metadata import Library, Metadata, fetched
from belsimple.sso.provider import Claims, Provider
from belsimple.sso.saml.provider import SamlProvider
from belsimple.sso.tokens import check_id_token, check_logout_token

Wants = Literal["provider", "linking", "trial", "confirmation"]
ASKS_ANEW: Final = frozenset({"confirmation"})
_NONCE: Final = 12
_SECRET: Final = b"belsimple provider secret 1\0"
_OK: Final = 200
# Of a token and its moment; the rest is what the provider says of the person.
_NOT_SHOWN: Final = frozenset(
    {"nonce", "at_hash", "c_hash", "s_hash", "exp", "iat", "nbf", "jti", "aud", "azp", "rat", "uti", "aio", "rh"}
)


class Identity(msgspec.Struct, frozen=True):
    """Somebody, as a provider says. `session`: the provider's own name for their session there (sid)."""

    issuer: str
    subject: str
    session: str | None
    claims: Claims


class Return(msgspec.Struct, frozen=True):
    """What a provider sends the browser back with (RFC 6749, 4.1.2; RFC 9207)."""

    code: str | None
    error: str | None
    issuer: str | None


class _Tokens(msgspec.Struct):
    id_token: str
    access_token: str | None = None


class RelyingParty:
    """Speaks with providers. It keeps no state of a sign-in: that is in the database and in the browser's cookie."""

    def __init__(self, client: GuardedClient, key: bytes, base: str, *, clock: Callable[[], float] = time.time) -> None:
        """`key`: 32 bytes that only part gate has; `base`: the public address."""
        self._client = client
        self._cipher = AESGCM(key)
        self._base = base
        self._clock = clock
        self.library = Library(client)

    def seal(self, secret: str, tenant_id: UUID, provider_id: UUID) -> bytes:
        """A client secret as the database keeps it (AES-256-GCM): moved to another provider it does not open."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), _place(tenant_id, provider_id))

    def unseal(self, sealed: bytes | None, tenant_id: UUID, provider_id: UUID) -> bytes:
        """The secret; empty for a public client. Raises OperatorError when gate's key is not the one that sealed it."""
        if sealed is None:
            return b""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _place(tenant_id, provider_id))
        except InvalidTag:
            raise OperatorError(
                "A provider's secret does not open with the key in credentials/providers",
                "Put back the key that was there.",
            ) from None

    def opened(self, facts: str, sealed_secret: bytes | None) -> Provider | SamlProvider:
        """A provider as the database tells it, with the client secret of one that has one. Raises OperatorError."""
        known = msgspec.json.decode(facts, type=Provider | SamlProvider)
        if isinstance(known, SamlProvider):
            return known
        return msgspec.structs.replace(known, secret=self.unseal(sealed_secret, known.tenant_id, known.id))

    def return_address(self, provider_id: UUID) -> str:
        """Where a provider sends people back: one for each, so that no provider's answer is taken for another's (RFC 9700, 4.4)."""
        return f"{self._base}/sso/{provider_id}/return"

    @property
    def start_address(self) -> str:
        """Where people begin, and where a provider sends them after signing out."""
        return f"{self._base}/"

    def logout_address(self, provider_id: UUID) -> str:
        """Where a provider tells us to end sessions."""
        return f"{self._base}/sso/{provider_id}/logout"

    async def departure(self, provider: Provider, token: bytes, wants: Wants) -> str:
        """Where the browser goes. Raises ProviderFailure when the provider cannot be reached."""
        metadata = await self.library.metadata(provider)
        parameters = {
            "response_type": "code",
            "response_mode": "query",
            "client_id": provider.client_id,
            "redirect_uri": self.return_address(provider.id),
            "scope": provider.scopes,
            "state": state_of(token),
            "nonce": nonce_of(token),
            "code_challenge": challenge_of(token),
            "code_challenge_method": "S256",
            **({"prompt": "login", "max_age": "0"} if wants in ASKS_ANEW else {}),
        }
        return _with(metadata.authorization_endpoint, parameters)

    async def arrival(self, provider: Provider, token: bytes, back: Return, *, wants: Wants, begun: float) -> Identity:
        """Who came back. Raises ProviderFailure for whatever is not as it must be; nothing is believed before."""
        metadata = await self.library.metadata(provider)
        if back.issuer != provider.issuer and (back.issuer is not None or metadata.says_issuer):
            raise ProviderFailure("mix_up")
        if back.error is not None:
            raise ProviderFailure("denied" if back.error in ("access_denied", "login_required") else "provider_error")
        if back.code is None:
            raise ProviderFailure("provider_error")
        tokens = await self._redeem(provider, metadata, token, back.code)
        claims = await self.library.verified(tokens.id_token, provider)
        check_id_token(
            claims, provider, nonce=nonce_of(token), begun=begun, now=self._clock(), fresh=wants in ASKS_ANEW
        )
        return self._identity(provider, claims, await self._userinfo(metadata, tokens, claims))

    async def logout(self, provider: Provider, logout_token: str) -> Claims:
        """What a logout token says. Raises ProviderFailure."""
        claims = await self.library.verified(logout_token, provider)
        check_logout_token(claims, provider, now=self._clock())
        return claims

    async def farewell(self, provider: Provider) -> str | None:
        """Where the browser ends its session at the provider (RP-Initiated Logout 1.0); None where there is no such place."""
        try:
            metadata = await self.library.metadata(provider)
        except ProviderFailure:
            return None  # ours has ended in any case
        if metadata.end_session_endpoint is None or not metadata.end_session_endpoint.startswith("https://"):
            return None
        parameters = {"client_id": provider.client_id, "post_logout_redirect_uri": f"{self._base}/"}
        return _with(metadata.end_session_endpoint, parameters)

    async def _redeem(self, provider: Provider, metadata: Metadata, token: bytes, code: str) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.return_address(provider.id),
            "code_verifier": verifier_of(token),
        }
        headers: dict[str, str] = {}
        secret = provider.secret.decode()
        if not secret:
            form["client_id"] = provider.client_id
        elif provider.client_authentication == "post":
            form |= {"client_id": provider.client_id, "client_secret": secret}
        else:
            pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        try:
            answer = await self._client.post(metadata.token_endpoint, form=form, headers=headers)
        except OutboundTrouble as trouble:
            raise ProviderFailure(trouble.name) from None
        if answer.status != _OK:
            raise ProviderFailure("code" if answer.status < 500 else "status")
        try:
            return msgspec.json.decode(answer.body, type=_Tokens)
        except (msgspec.MsgspecError, RecursionError):
            raise ProviderFailure("token") from None

    async def _userinfo(self, metadata: Metadata, tokens: _Tokens, claims: Claims) -> Claims:
        """What many providers tell there only, such as address and groups. It must be about the same person (Core 1.0, 5.3.2)."""
        if metadata.userinfo_endpoint is None or tokens.access_token is None or not tokens.access_token.isascii():
            return {}
        headers = {"authorization": f"Bearer {tokens.access_token}"}
        if any(character < "!" for character in tokens.access_token):
            return {}
        answer = await fetched(self._client.get(metadata.userinfo_endpoint, headers=headers))
        try:
            found = msgspec.json.decode(answer.body, type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError):
            raise ProviderFailure("broken", claims) from None
        if found.get("sub") != claims["sub"]:
            raise ProviderFailure("userinfo", claims)
        return found

    def _identity(self, provider: Provider, claims: Claims, more: Claims) -> Identity:
        session = claims.get("sid")
        return Identity(
            provider.issuer,
            claims["sub"],
            session if isinstance(session, str) and 0 < len(session) <= 255 else None,
            shown_claims({**more, **claims}),
        )


def shown_claims(claims: Claims) -> Claims:
    """What the admin sees, and rules look at: without what belongs to the token."""
    return {name: value for name, value in claims.items() if name not in _NOT_SHOWN}


def _with(address: str, parameters: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"


def _place(tenant_id: UUID, provider_id: UUID) -> bytes:
    return _SECRET + tenant_id.bytes + provider_id.bytes
