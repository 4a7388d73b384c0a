"""Number 23, a tenant's identity provider: whom it can bring in, what is left of it once it is off, and ways round it."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from uuid import UUID

import msgspec

from belsimple.attack.links import new_password, reset, reset_link
from belsimple.attack.site import Broken, Site, api_case, expect
from belsimple.database.queries import Query, load_queries
from belsimple.database.transaction import Database
from belsimple.identity.tokens import sha256

_q = load_queries("belsimple.attack", "providers.sql")
_sso = load_queries("belsimple.sso")
ISSUER: Final = "https://attack.invalid"
AGENT: Final = "belsimple attack"
_ADDRESS: Final = "192.0.2.23"


class Provider(NamedTuple):
    """A synthetic provider of tenant A, and part gate, which speaks for it: what gate says of an answer is believed."""

    site: Site
    gate: Database
    tenant: UUID
    id: UUID

    async def set_off(self) -> bytes:
        """A browser on its way to it: the token of its cookie."""
        token = os.urandom(32)
        [found] = await self.gate.call(
            _sso.begin_provider,
            slug=self.site.names["a_slug"],
            provider_id=self.id,
            pending_hash=sha256(token),
            target=None,
            address=_ADDRESS,
            agent=AGENT,
        )
        assert found[0]  # it is in use
        return token

    async def come_back(self, token: bytes, subject: str, email: str) -> Any:
        """Back as somebody: the exit's word, None when there is nothing to go on with."""
        claims = {"sub": subject, "email": email, "email_verified": True, "name": "Mallory"}
        found = await self.gate.call(
            _sso.prove_provider,
            pending_hash=sha256(token),
            issuer=ISSUER,
            subject=subject,
            claims=msgspec.json.encode(claims).decode(),
            session=None,
            token_hash=os.urandom(32),
            next_hash=os.urandom(32),
            address=_ADDRESS,
            agent=AGENT,
        )
        return found[0] if found else None

    async def command(self, query: Query, *arguments: Any) -> Any:
        """Something that a command or an admin has done."""
        async with self.site.owner_of_the_database() as owner:
            await owner.execute(_q.stamp.sql, self.tenant)
            return await owner.fetchval(query.sql, self.tenant, *arguments)


@asynccontextmanager
async def provider_in_use(site: Site, make: Query = _q.make_provider) -> AsyncIterator[Provider]:
    """One that `make` adds to tenant A; it goes again with all that it brought."""
    gate = await Database.open(site.ground.urls["gate"], part="gate", size=1)
    made = Provider(site, gate, UUID(site.names["a_tenant"]), UUID(int=0))
    try:
        made = made._replace(id=await made.command(make, ISSUER))
        yield made
    finally:
        for query in (_q.remove_account, _q.remove_providers, _q.remove_domains):
            await made.command(query)
        await gate.close()


@api_case(23, "proven_domain")
async def an_address_of_another_tenant(site: Site) -> None:
    """A provider that asserts an address of a domain which its tenant has not proven brings nobody in."""
    async with provider_in_use(site) as provider:
        said = await provider.come_back(await provider.set_off(), secrets.token_hex(8), site.names["b_email"])
        if said is None or said["reason"] != "foreign_address":
            raise Broken(f"a provider made an account with another tenant's address: {said}")


@api_case(23, "no_link_by_address")
async def an_address_of_a_colleague(site: Site) -> None:
    """Nor is somebody taken for the account that has the address, in a domain that is the tenant's own."""
    async with provider_in_use(site) as provider:
        email, subject = site.names["a_fourth_email"], secrets.token_hex(8)
        await provider.command(_q.make_domain, email.partition("@")[2])
        said = await provider.come_back(await provider.set_off(), subject, email)
        if await provider.command(_q.linked, provider.id, subject) is not None or said["reason"] != "not_linked":
            raise Broken(f"an account was taken over by its address: {said}")


@api_case(23, "provider_version")
async def a_provider_that_changed_on_the_way(site: Site) -> None:
    """Its answer counts for nothing once it was switched off, or was changed, after the browser set off."""
    for status in ("disabled", "active"):
        async with provider_in_use(site) as provider:
            await provider.command(_q.make_domain, "attack.invalid")
            token = await provider.set_off()
            await provider.command(_q.change_provider, provider.id, status)
            said = await provider.come_back(token, secrets.token_hex(8), "brought-in@attack.invalid")
            if said is not None:
                raise Broken(f"a provider that is {status} in another version was believed: {said}")


@api_case(23, "only_way")
async def a_password_where_a_provider_is_the_only_way(site: Site) -> None:
    """The right password, and one that a reset has just set, open nothing; the reset itself opens nothing either."""
    async with provider_in_use(site) as provider:
        await provider.command(_q.set_only_way, True, site.names["a_email"])
        try:
            who, password = "fourth", site.ground.credential.password
            expect(await site.sign_in(who, password), 401, why="a password where a provider is the only way")
            link, password = await reset_link(site, "forgetful"), new_password()
            done = await reset(site, link, password)
            if "set-cookie" in done.headers:
                raise Broken("a reset opened a session where a provider is the only way")
            expect(await site.sign_in("forgetful", password), 401, why="a password just reset, likewise")
        finally:
            await provider.command(_q.set_only_way, False, "")


_INSIDE: Final = (
    *("https://127.0.0.1:{port}", "https://localhost:{port}", "https://127.1:{port}", "https://2130706433:{port}"),
    *("https://[::1]:{port}", "https://[::ffff:127.0.0.1]:{port}", "https://169.254.169.254", "https://10.0.0.1"),
)


@api_case(27, "public_addresses")
async def a_provider_within_our_network(site: Site) -> None:
    """An identity provider's address that leads to this machine, its network or a cloud's credentials is never asked."""
    owner = await site.new_session("owner")
    made = await site.send("POST", "/api/v1/providers", token=owner, json={"name": "Attack inside"})
    expect(made, 201, why="a draft of a provider")
    path, port = f"/api/v1/providers/{made.json['id']}", site.client.host.rpartition(":")[2]
    try:
        for address in (one.format(port=port) for one in _INSIDE):
            reason = await _asked(site, owner, path, address)
            if reason not in ("private", "unresolved"):
                raise Broken(f"the service went to {address}: {reason}")
    finally:
        async with site.owner_of_the_database() as connection:
            await connection.execute(_q.stamp.sql, UUID(site.names["a_tenant"]))
            await connection.execute(_q.remove_providers.sql, UUID(site.names["a_tenant"]))


async def _asked(site: Site, owner: bytes, path: str, issuer: str) -> str:
    """Why a test sign-in with this issuer failed."""
    shown = await site.send("GET", path, token=owner)
    body = {"issuer": issuer, "client_id": "attack"}
    headers = {"If-Match": shown.headers["etag"]}
    expect(await site.send("PATCH", path, token=owner, json=body, headers=headers), 200, why="a provider's address")
    page = path.replace("/api/v1", "/settings")
    origin = {"Origin": f"https://{site.client.host}", "Content-Type": "application/x-www-form-urlencoded"}
    begun = await site.send("POST", f"{page}/trial", token=owner, raw=b"", headers=origin)
    expect(begun, 303, why="a test sign-in")
    cookie = begun.headers["set-cookie"].partition(";")[0]
    await site.send("GET", "/sso/go", headers={"Cookie": f"{site.client.cookie_of(owner)}; {cookie}"})
    async with site.owner_of_the_database() as connection:
        ids = UUID(site.names["a_tenant"]), UUID(path.rpartition("/")[2])
        return str(await connection.fetchval(_q.last_reason.sql, *ids))


@api_case(21, "provider_state")
async def a_return_that_somebody_else_sends(site: Site) -> None:
    """A return whose state is not this browser's is refused, and does not end the sign-in that it did begin."""
    async with provider_in_use(site) as provider:
        token = await provider.set_off()
        cookie = site.client.cookie_of(token, site.client.pending_cookie)
        for state in ("", "x", secrets.token_urlsafe(32)):
            path = f"/sso/{provider.id}/return?code=x&state={state}&iss={quote(ISSUER, safe='')}"
            reply = await site.send("GET", path, headers={"Cookie": cookie, "User-Agent": AGENT})
            if reply.status < 400:
                raise Broken(f"a return with the state {state!r} is answered {reply.status}")
        if await provider.come_back(token, secrets.token_hex(8), "nobody@attack.invalid") is None:
            raise Broken("somebody else's return has ended the sign-in")


@api_case(21, "pending_once")
async def a_return_that_comes_twice(site: Site) -> None:
    """An answer counts once: the browser's sign-in is used up by it."""
    async with provider_in_use(site) as provider:
        subject = secrets.token_hex(8)
        await provider.command(_q.make_domain, "attack.invalid")
        token = await provider.set_off()
        email = f"brought-{subject}@attack.invalid"
        first = await provider.come_back(token, subject, email)
        if first is None or first["outcome"] != "open":
            raise Broken("not even the first return opens: the attack shows nothing")
        if await provider.come_back(token, subject, email) is not None:
            raise Broken("the same answer was taken twice")
