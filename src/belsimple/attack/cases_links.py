"""Number 17: links of resets, address changes and invitations, used twice, late, raced, for something else, by somebody else."""

import asyncio
import secrets
from collections.abc import Iterable

from belsimple.attack.client import Reply
from belsimple.attack.links import (
    accept,
    add_link,
    change_links,
    confirm,
    invitation_link,
    make_old,
    new_password,
    newest_reset,
    reset,
    reset_link,
)
from belsimple.attack.site import Broken, Site, api_case, expect
from belsimple.tenancy import actions as tenancy

_RACERS = 6


@api_case(17, "reset_once")
async def a_reset_used_twice(site: Site) -> None:
    """404 the second time, and the password of the first time stays."""
    link, first = await reset_link(site, "forgetful"), new_password()
    expect(await reset(site, link, first), 204, why="a reset")
    expect(await reset(site, link, new_password()), 404, why="a reset used twice")
    expect(await site.sign_in("forgetful", first), 201, why="the password of the first time")


@api_case(17, "reset_once")
async def a_reset_raced(site: Site) -> None:
    """Of several who use one link at the same moment, one succeeds."""
    link = await reset_link(site, "forgetful")
    _one_of(await asyncio.gather(*(reset(site, link, new_password()) for _ in range(_RACERS))), 204, "a reset raced")


@api_case(17, "reset_expiry")
async def a_reset_used_late(site: Site) -> None:
    """404 after its hour."""
    link = await reset_link(site, "forgetful")
    await make_old(site, "password_reset", link)
    expect(await reset(site, link, new_password()), 404, why="a reset used late")


@api_case(17, "other_links_end")
async def another_reset_of_the_account(site: Site) -> None:
    """One link used ends the others: a second mail in a stranger's hands opens nothing."""
    one, other = await reset_link(site, "forgetful"), await reset_link(site, "forgetful")
    expect(await reset(site, one, new_password()), 204, why="a reset")
    expect(await reset(site, other, new_password()), 404, why="another reset of the account")


@api_case(17, "shut_links")
async def links_of_who_is_shut_out(site: Site) -> None:
    """404 for the links of a deactivated account and a suspended tenant, and for the account's ever after."""
    owner, path = await site.session("owner"), f"/api/v1/members/{site.names['a_leaver']}"
    link = await reset_link(site, "leaver")
    expect(await site.send("PATCH", path, token=owner, json={"status": "deactivated"}), 200)
    try:
        expect(await reset(site, link, new_password()), 404, why="a reset of a deactivated account")
    finally:
        expect(await site.send("PATCH", path, token=owner, json={"status": "active"}), 200)
    expect(await reset(site, link, new_password()), 404, why="a reset from before the deactivation")


@api_case(17, "suspended_links")
async def links_of_a_suspended_tenant(site: Site) -> None:
    """404 for every link of a suspended tenant; none is used up by it."""
    forgotten, invited = await reset_link(site, "forgetful"), await invitation_link(site)
    await tenancy.set_status(site.ground.admin_url, slug=site.names["a_slug"], status="suspended")
    try:
        expect(await reset(site, forgotten, new_password()), 404, why="a reset in a suspended tenant")
        expect(await accept(site, invited), 404, why="an invitation to a suspended tenant")
    finally:
        await tenancy.set_status(site.ground.admin_url, slug=site.names["a_slug"], status="active")
        site.forget_sessions()
    expect(await accept(site, invited), 201, why="an invitation after the suspension")


@api_case(17, "link_purpose")
async def a_link_of_another_kind(site: Site) -> None:
    """A link opens what it was made for, though it leads to the right row."""
    link = await reset_link(site, "forgetful")
    async with site.owner_of_the_database() as owner:
        other = await add_link(owner, "invitation", link.tenant, link.row)
    expect(await reset(site, other, new_password()), 404, why="a reset by an invitation's link")


@api_case(17, "links_kept")
async def links_that_a_scanner_follows(site: Site) -> None:
    """Opening a link's page changes nothing, however often: the person's own click still works."""
    link, invited = await reset_link(site, "forgetful"), await invitation_link(site)
    _, change = await change_links(site, "mover", _address(site))
    for path, one in (("/reset", link), ("/invitation", invited), ("/email-change", change)):
        for method in ("GET", "HEAD", "GET"):
            expect(await site.send(method, f"{path}?token={one.token}"), 200, why=f"{method} {path}")
    expect(await reset(site, link, new_password()), 204, why="a reset whose page was opened")
    expect(await accept(site, invited), 201, why="an invitation whose page was opened")
    expect(await confirm(site, change), 204, why="a change whose page was opened")


@api_case(17, "both_mailboxes")
async def a_change_confirmed_by_one_mailbox(site: Site) -> None:
    """One mailbox alone moves no account, be it the present one or the new."""
    for which in (0, 1):
        email = _address(site)
        links = await change_links(site, "mover", email)
        expect(await confirm(site, links[which]), 204, why="one mailbox")
        await _must_have_stayed(site, "mover", "confirmed by one mailbox")


@api_case(17, "confirmed_once")
async def a_change_confirmed_twice_by_one_mailbox(site: Site) -> None:
    """404 for the second yes from the same mailbox, and the account stays where it is."""
    _, new = await change_links(site, "mover", _address(site))
    expect(await confirm(site, new), 204, why="one mailbox")
    expect(await confirm(site, new), 404, why="the same mailbox again")
    await _must_have_stayed(site, "mover", "confirmed twice by one mailbox")


@api_case(17, "change_expiry")
async def a_change_confirmed_late(site: Site) -> None:
    """404 after its day."""
    old, new = await change_links(site, "mover", _address(site))
    await make_old(site, "email_change", old)
    for link in (old, new):
        expect(await confirm(site, link), 404, why="a change confirmed late")


@api_case(17, "change_replaced")
async def a_change_that_was_taken_back(site: Site) -> None:
    """404 for the links of a change that was taken back, and of one that another took the place of."""
    first = await change_links(site, "mover", _address(site))
    second = await change_links(site, "mover", _address(site))
    token = await site.new_session("mover")
    expect(await site.send("DELETE", "/api/v1/account/email-change", token=token), 204)
    for link in (*first, *second):
        expect(await confirm(site, link), 404, why="a change that was taken back")


@api_case(17, "change_ends_sessions")
async def sessions_after_a_change_of_address(site: Site) -> None:
    """Every session ends with the address it was opened with, and so do resets sent to the old one."""
    email, forgotten = _address(site), await reset_link(site, "mover")
    old, new = await change_links(site, "mover", email)
    token = await site.new_session("mover")
    racers = [confirm(site, link) for link in (old, new)]
    for reply in await asyncio.gather(*racers):
        expect(reply, 204, why="both mailboxes at once")
    site.names["a_mover_email"] = email
    if await site.alive(token):
        raise Broken("a session outlived the change of address")
    expect(await reset(site, forgotten, new_password()), 404, why="a reset mailed to the old address")


@api_case(17, "invitation_once")
async def an_invitation_used_twice(site: Site) -> None:
    """404 the second time; of several at the same moment, one succeeds."""
    link = await invitation_link(site)
    _one_of(await asyncio.gather(*(accept(site, link) for _ in range(_RACERS))), 201, "an invitation raced")
    expect(await accept(site, link), 404, why="an invitation used twice")


@api_case(17, "invitation_expiry")
async def an_invitation_used_late(site: Site) -> None:
    """404 after its time."""
    link = await invitation_link(site)
    await make_old(site, "invitation", link)
    expect(await accept(site, link), 404, why="an invitation used late")


@api_case(17, "invitation_replaced")
async def an_invitation_that_another_replaced(site: Site) -> None:
    """404 for the link of an invitation once the same address was invited again."""
    email = _address(site)
    first, second = await invitation_link(site, email), await invitation_link(site, email)
    expect(await accept(site, first), 404, why="an invitation that another replaced")
    expect(await accept(site, second), 201, why="the invitation in its place")


@api_case(17, "invitation_withdrawn")
async def an_invitation_that_was_withdrawn(site: Site) -> None:
    """404 for the link of an invitation that somebody took back."""
    link = await invitation_link(site)
    reply = await site.send("DELETE", f"/api/v1/invitations/{link.row}", token=await site.new_session("owner"))
    expect(reply, 204, why="withdrawing")
    expect(await accept(site, link), 404, why="an invitation that was withdrawn")


@api_case(17, "inviter_gone")
async def an_invitation_of_somebody_who_left(site: Site) -> None:
    """404 for the invitation of a member who was deactivated since: nobody comes in on the word of who is out."""
    link, owner = await invitation_link(site, by="inviter"), await site.session("owner")
    path = f"/api/v1/members/{site.names['a_inviter']}"
    expect(await site.send("PATCH", path, token=owner, json={"status": "deactivated"}), 200)
    try:
        expect(await accept(site, link), 404, why="an invitation of somebody who left")
    finally:
        expect(await site.send("PATCH", path, token=owner, json={"status": "active"}), 200)


@api_case(17, "held_permissions")
async def an_invitation_to_more_than_one_holds(site: Site) -> None:
    """403 for an admin who invites an owner, or takes an owner's invitation away by inviting the address again."""
    admin, email = await site.new_session("inviter"), _address(site)
    body = {"email": email, "roles": ["owner"]}
    expect(await site.send("POST", "/api/v1/invitations", token=admin, json=body), 403, why="an owner by an admin")
    owner = await site.new_session("owner")
    made = await site.send("POST", "/api/v1/invitations", token=owner, json=body)
    expect(made, 201, why="an owner by an owner")
    again = {**body, "roles": ["member"]}
    expect(await site.send("POST", "/api/v1/invitations", token=admin, json=again), 403, why="in an owner's place")
    path = f"/api/v1/invitations/{made.json['id']}"
    expect(await site.send("DELETE", path, token=admin), 403, why="an owner's invitation withdrawn by an admin")
    expect(await site.send("DELETE", path, token=owner), 204)


@api_case(17, "link_session")
async def a_link_used_by_another_account(site: Site) -> None:
    """A link works on its own account alone: who is signed in where it is used gains and loses nothing."""
    theirs = await site.new_session("b_owner")
    link, email = await reset_link(site, "forgetful"), site.names["b_email"]
    body = {"token": link.token, "password": new_password()}
    reply = await site.send("POST", "/api/v1/password-resets/confirmation", token=theirs, json=body)
    expect(reply, 204, why="a reset in another's browser")
    if "set-cookie" in reply.headers:
        raise Broken("a link gave a session away")
    accepted = await accept(site, await invitation_link(site), theirs)
    expect(accepted, 201, why="an invitation in another's browser")
    me = await site.send("GET", "/api/v1/me", token=theirs)
    if "set-cookie" in accepted.headers or me.status != 200 or me.json["email"] != email:
        raise Broken(f"a link changed who is signed in: {me.status}")


@api_case(17, "same_reset_answer")
async def what_asking_for_a_reset_tells(site: Site) -> None:
    """202 byte for byte alike, for a member, a stranger, a tenant that is none."""
    slug, known = site.names["a_slug"], site.names["a_second_email"]
    asked = ((slug, known), (slug, "nobody@example.invalid"), (f"none-{secrets.token_hex(4)}", known))
    replies: list[Reply] = []
    for tenant, email in asked:
        body = {"tenant": tenant, "email": email}
        replies.append(await site.send("POST", "/api/v1/password-resets", json=body))
        expect(replies[-1], 202, why="asking for a reset")
        if replies[-1].comparable() != replies[0].comparable():
            raise Broken("asking for a reset tells who is known")
    link = await newest_reset(site, site.names["a_second"])
    token = await site.new_session("second")
    expect(await reset(site, link, new_password()), 204, why="the reset that was asked for")
    if await site.alive(token):
        raise Broken("a session outlived the reset")


@api_case(17, "same_change_answer")
async def what_asking_for_an_address_tells(site: Site) -> None:
    """202 alike for an address that is free and one that a colleague has."""
    token, replies = await site.new_session("mover"), list[Reply]()
    for email in (_address(site), site.names["a_member_email"]):
        replies.append(await site.send("POST", "/api/v1/account/email-change", token=token, json={"email": email}))
        expect(replies[-1], 202, why="asking for another address")
    if replies[0].comparable() != replies[1].comparable():
        raise Broken("asking for another address tells whose it is")


def _one_of(replies: Iterable[Reply], status: int, why: str) -> None:
    statuses = sorted(reply.status for reply in replies)
    if statuses != [status, *([404] * (_RACERS - 1))]:
        raise Broken(f"{why}: {statuses}")


async def _must_have_stayed(site: Site, who: str, why: str) -> None:
    if (await site.sign_in(who, site.ground.credential.password)).status != 201:
        raise Broken(f"an account moved, {why}")


def _address(site: Site) -> str:
    return f"new-{secrets.token_hex(4)}@{site.names['a_slug']}.invalid"
