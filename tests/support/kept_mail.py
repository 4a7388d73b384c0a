"""Mails of a service without a relay, which keeps them; read by command, as whoever runs it would."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from .service import Service

_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class KeptMail:
    """A mail to somebody; `link` is the path and query of the one link in it that carries a token."""

    subject: str
    text: str

    @property
    def link(self) -> str:
        """Raises ValueError when there is none, or another beside it."""
        [link] = set(re.findall(r"https?://[^/\s]+(/\S+\?token=[\w-]+)", self.text))
        return link


async def mail_to(service: Service, email: str, kind: str) -> KeptMail:
    """The mail of this kind to somebody, once it is sent."""
    deadline = asyncio.get_running_loop().time() + _WAIT_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        for mail in (await _answer(service, "list", "--state", "sent", "--limit", "200"))["mails"]:
            if (mail["recipient"], mail["kind"]) == (email, kind):
                shown = await _answer(service, "show", mail["id"])
                return KeptMail(shown["subject"], shown["text"])
        await asyncio.sleep(0.3)
    raise AssertionError(f"no mail {kind} came to {email}")


async def _answer(service: Service, *words: str) -> Any:
    done = await asyncio.to_thread(service.command, "mail", *words, "--json")
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout)
