"""Dossiers and documents for the browser's tests, made over the API in the session that the browser has too."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from playwright.async_api import Page


def unique(title: str) -> str:
    """A title that no other test's dossier has."""
    return f"{title} {secrets.token_hex(4)}"


@dataclass
class Dossiers:
    """Makes dossiers, and deletes them afterwards: other tests look at the demo as it is."""

    client: aiohttp.ClientSession
    made: list[str] = field(default_factory=list)

    async def new(self, title: str, **fields: Any) -> str:
        """A dossier's id."""
        _, made = await self._send("POST", "/api/v1/dossiers", json={"title": title, **fields})
        self.made.append(made["id"])
        return self.made[-1]

    async def change(self, dossier: str, **fields: Any) -> None:
        """Somebody else's change."""
        at = f"/api/v1/dossiers/{dossier}"
        version, _ = await self._send("GET", at)
        await self._send("PATCH", at, json=fields, headers={"if-match": version})

    async def document(self, dossier: str, name: str, kind: str, content: bytes) -> str:
        """A document's id."""
        at = f"/api/v1/dossiers/{dossier}/documents?filename={name}"
        _, made = await self._send("POST", at, data=content, headers={"content-type": kind})
        return made["id"]

    async def follow(self, document: str, content: bytes) -> None:
        """Somebody else's next version."""
        at = f"/api/v1/documents/{document}/versions"
        await self._send("POST", at, data=content, headers={"content-type": "text/plain"})

    async def names(self, dossier: str) -> list[str]:
        """The names of a dossier's documents, in their order."""
        _, found = await self._send("GET", f"/api/v1/dossiers/{dossier}/documents")
        return sorted(item["filename"] for item in found["items"])

    def made_on(self, page: Page) -> str:
        """The dossier that the page made and shows; its id."""
        self.made.append(page.url.partition("/dossiers/")[2].partition("?")[0])
        return self.made[-1]

    async def clean_up(self) -> None:
        """Delete what is left."""
        for dossier in self.made:
            at = f"/api/v1/dossiers/{dossier}"
            async with self.client.get(at) as now:
                left = now.status == 200
            if left:
                await self._send("DELETE", at, headers={"if-match": now.headers["ETag"]})

    async def _send(self, method: str, path: str, **options: Any) -> tuple[str, Any]:
        """The version's ETag, and the body."""
        async with self.client.request(method, path, **options) as answer:
            assert answer.ok, await answer.text()
            body = await answer.json() if answer.status != 204 else None
            return answer.headers.get("ETag", ""), body
