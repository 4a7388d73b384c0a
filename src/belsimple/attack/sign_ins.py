"""Sign-ins half done, as an attacker would have them: begun by a password, and gone on with by whatever proof."""

import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from pyotp.totp import TOTP

from belsimple.attack.authenticator import Authenticator
from belsimple.attack.client import Reply
from belsimple.attack.site import FORM, Broken, Site, expect
from belsimple.database.queries import load_queries

_q = load_queries("belsimple.attack", "ground.sql")
_STEP: Final = 30


class App(NamedTuple):
    """Somebody's authenticator app, and the recovery codes that are not used yet."""

    secret: str
    recovery: list[str]

    def code(self, ahead: int = 0) -> str:
        """What it shows now, or some steps from now."""
        return TOTP(self.secret).generate_otp(int(time.time() // _STEP) + ahead)


async def with_app(site: Site, who: str) -> App:
    """A new app for an account, in place of one it may have. The code before the present one is used up."""
    token = await site.session(who)
    expect(await site.send("DELETE", "/api/v1/account/totp", token=token), 204, 404, why="an app removed")
    begun = await site.send("POST", "/api/v1/account/totp", token=token, json={})
    expect(begun, 201, why="an app")
    app = App(begun.json["secret"], [])
    done = await site.send("POST", "/api/v1/account/totp/confirmation", token=token, json={"code": app.code(ahead=-1)})
    expect(done, 200, why="an app confirmed")
    app.recovery.extend(done.json["codes"])
    if not app.recovery:  # a passkey had codes already
        made = await site.send("POST", "/api/v1/account/recovery-codes", token=token, json={})
        app.recovery.extend(made.json["codes"])
    return app


class Passkey(NamedTuple):
    """A passkey's id, and the device that holds it."""

    id: str
    device: Authenticator


async def with_passkey(site: Site, who: str) -> Passkey:
    """One more passkey for an account."""
    device = Authenticator(f"https://{site.client.host}")
    token = await site.session(who)
    asked = await site.send("POST", "/api/v1/account/passkeys/challenge", token=token, json={})
    expect(asked, 201, why="a passkey's challenge")
    cookies = f"{site.client.cookie_of(token)}; {_cookie(site, pending_of(asked))}"
    body = {"credential": device.create(asked.json["options"]), "name": "Attack"}
    made = await site.send("POST", "/api/v1/account/passkeys", json=body, headers={"Cookie": cookies})
    expect(made, 201, why="a passkey")
    return Passkey(made.json["id"], device)


async def without_passkey(site: Site, who: str, passkey_id: str) -> None:
    """The account has it no more."""
    gone = await site.send("DELETE", f"/api/v1/account/passkeys/{passkey_id}", token=await site.session(who))
    expect(gone, 204, why="a passkey removed")


async def begin(site: Site, who: str, agent: str = "", *, known: bool = True) -> bytes:
    """Give the right password; the token of what is pending then. `known`: no browser is new to this account."""
    if known:
        await forget_browsers(site, who)
    reply = await give_password(site, who, agent)
    expect(reply, 202, why="a password where more is wanted")
    return pending_of(reply)


async def give_password(site: Site, who: str, agent: str = "") -> Reply:
    """Sign in by the right password."""
    body = {
        "tenant": site.names["a_slug"],
        "email": site.names[f"a_{who}_email"],
        "password": site.ground.credential.password,
    }
    return await site.send("POST", "/api/v1/session", json=body, headers=_agent(agent))


async def begin_passkey(site: Site) -> tuple[bytes, str]:
    """A sign-in that a passkey is to begin: what is pending, and what the device is asked."""
    reply = await site.send("POST", "/api/v1/session/challenge", json={})
    expect(reply, 201, why="a challenge")
    return pending_of(reply), reply.json["options"]


async def go_on(site: Site, pending: bytes, agent: str = "", **proof: str) -> Reply:
    """Give one more proof."""
    return await _send(site, "/api/v1/session/factor", pending, agent, proof)


async def go_on_in_browser(site: Site, pending: bytes, agent: str = "") -> Reply:
    """Go on as if the mailbox had said yes."""
    return await _send(site, "/api/v1/session/browser", pending, agent, {})


async def answer_the_mail(site: Site, token: str) -> Reply:
    """Say yes on the page that the mail's link leads to, in a browser that knows nothing of the sign-in."""
    fields = urlencode({"token": token, "answer": "yes"}).encode()
    return await site.send("POST", "/sign-in/confirmation", raw=fields, headers=FORM)


async def forget_browsers(site: Site, who: str) -> None:
    """As an account that has never signed in: the next browser is not new to it."""
    await site.as_owner_of_the_database(_q.forget_browsers, site.names[f"a_{who}"])


def pending_of(reply: Reply) -> bytes:
    """The token of the pending sign-in that an answer leaves in the browser."""
    value = reply.headers.get("set-cookie", "").partition(";")[0].partition("=")[2]
    if not value:
        raise Broken(f"no pending sign-in in the answer: {reply.status}")
    return urlsafe_b64decode(value + "=")


async def _send(site: Site, path: str, pending: bytes, agent: str, body: Mapping[str, Any]) -> Reply:
    headers = {"Cookie": _cookie(site, pending), **_agent(agent)}
    return await site.send("POST", path, json=body, headers=headers)


def _cookie(site: Site, pending: bytes) -> str:
    return site.client.cookie_of(pending, site.client.pending_cookie)


def _agent(agent: str) -> dict[str, str]:
    return {"User-Agent": agent} if agent else {}
