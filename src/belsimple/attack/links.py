"""Links as mails hold them, with tokens that the suite knows: those of a real mail are known to the mailbox alone."""

import os
import secrets
from typing import Any, Final, Literal, NamedTuple

from belsimple.attack.client import Reply
from belsimple.attack.site import Site, expect
from belsimple.database.queries import Query, load_queries
from belsimple.tenancy.actions import encode_token

_q = load_queries("belsimple.attack", "ground.sql")

Purpose = Literal["invitation", "password_reset", "email_change"]
EveryPurpose = Literal[Purpose, "operator_invitation", "operator_reset", "sign_in"]


class Link(NamedTuple):
    """A link: the tenant and the row that it is about, and its token as it stands in a mail."""

    tenant: Any
    row: Any
    token: str


_AGE: Final[dict[Purpose, Query]] = {
    "invitation": _q.age_invitation,
    "password_reset": _q.age_reset,
    "email_change": _q.age_email_change,
}


async def reset_link(site: Site, who: str) -> Link:
    """A new link to set a new password, asked for as anybody can."""
    slug, email, account = site.names["a_slug"], site.names[f"a_{who}_email"], site.names[f"a_{who}"]
    async with site.owner_of_the_database() as owner:
        await owner.execute(_q.ask_for_reset.sql, slug, email)
    return await newest_reset(site, account)


async def newest_reset(site: Site, account: str) -> Link:
    """A link to the newest reset of an account; what the worker has not answered yet is answered here."""
    async with site.owner_of_the_database() as owner:
        await owner.execute(_q.answer_resets.sql, site.names["a_slug"])
        [made, *_] = await owner.fetch(_q.resets.sql, account)
        return await add_link(owner, "password_reset", made["tenant_id"], made["id"])


async def change_links(site: Site, who: str, email: str) -> tuple[Link, Link]:
    """The links of a change of address that `who` asks for: from the present mailbox and from the new one."""
    token = await site.new_session(who)
    expect(await site.send("POST", "/api/v1/account/email-change", token=token, json={"email": email}), 202)
    async with site.owner_of_the_database() as owner:
        [made] = await owner.fetch(_q.email_changes.sql, site.names[f"a_{who}"])
        old = await add_link(owner, "email_change", made["tenant_id"], made["old_link"])
        new = await add_link(owner, "email_change", made["tenant_id"], made["new_link"])
    return old._replace(row=made["id"]), new._replace(row=made["id"])


async def invitation_link(site: Site, email: str = "", by: str = "owner") -> Link:
    """The link of a new invitation, made over HTTPS by `by`."""
    email = email or f"invited-{secrets.token_hex(4)}@{site.names['a_slug']}.invalid"
    body = {"email": email, "roles": ["member"]}
    token = await site.new_session(by)
    expect(await site.send("POST", "/api/v1/invitations", token=token, json=body), 201, why="an invitation")
    async with site.owner_of_the_database() as owner:
        [made, *_] = await owner.fetch(_q.invitations.sql, site.names["a_slug"], email)
        return await add_link(owner, "invitation", made["tenant_id"], made["id"])


async def add_link(owner: Any, purpose: EveryPurpose, tenant: Any, row: Any) -> Link:
    """One more link to a row, of any purpose."""
    token = os.urandom(32)
    await owner.execute(_q.add_link.sql, purpose, tenant, row, token)
    return Link(tenant, row, encode_token(token))


async def make_old(site: Site, purpose: Purpose, link: Link) -> None:
    """The time within which a link can be used is over."""
    async with site.owner_of_the_database() as owner:
        await owner.execute(_q.inside.sql, link.tenant)
        await owner.execute(_AGE[purpose].sql, link.tenant, link.row)


async def reset(site: Site, link: Link, password: str) -> Reply:
    """Set a new password by a link."""
    body = {"token": link.token, "password": password}
    return await site.send("POST", "/api/v1/password-resets/confirmation", json=body)


async def confirm(site: Site, link: Link) -> Reply:
    """Say yes to a change of address."""
    return await site.send("POST", "/api/v1/account/email-change/confirmation", json={"token": link.token})


async def accept(site: Site, link: Link, token: bytes | None = None) -> Reply:
    """Accept an invitation, with the cookie of somebody signed in or without."""
    body = {"token": link.token, "name": "Attack", "password": new_password()}
    return await site.send("POST", "/api/v1/invitations/acceptance", token=token, json=body)


def new_password() -> str:
    """One that every rule allows."""
    return secrets.token_urlsafe(18)
