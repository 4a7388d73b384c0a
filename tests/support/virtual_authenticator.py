"""Chromium's own virtual authenticator (WebAuthn Level 3, 11): a device with a passkey store, whose user is always there and verified."""

from typing import Any

from playwright.async_api import CDPSession, Page


class VirtualAuthenticator:
    """Belongs to one page."""

    def __init__(self, session: CDPSession, identifier: str) -> None:
        self._session = session
        self._identifier = identifier

    @classmethod
    async def of(cls, page: Page) -> "VirtualAuthenticator":
        """Plug one in."""
        session = await page.context.new_cdp_session(page)
        await session.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made: Any = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return cls(session, made["authenticatorId"])

    async def passkeys(self) -> list[dict[str, Any]]:
        """What it holds."""
        found: Any = await self._session.send("WebAuthn.getCredentials", {"authenticatorId": self._identifier})
        return found["credentials"]

    async def be_absent(self) -> None:
        """The person does not touch it from now on."""
        await self._session.send(
            "WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": self._identifier, "enabled": False}
        )

    async def be_present(self) -> None:
        """The person is back."""
        await self._session.send(
            "WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": self._identifier, "enabled": True}
        )

    async def not_know_its_user(self) -> None:
        """The finger on it is somebody else's from now on."""
        await self._session.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self._identifier, "isUserVerified": False}
        )

    async def carry_to(self, page: Page) -> "VirtualAuthenticator":
        """Another page's authenticator with the same passkeys: the same device at another browser."""
        other = await VirtualAuthenticator.of(page)
        for credential in await self.passkeys():
            await other._session.send(
                "WebAuthn.addCredential", {"authenticatorId": other._identifier, "credential": credential}
            )
        return other
