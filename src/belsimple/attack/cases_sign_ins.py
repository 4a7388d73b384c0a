"""Number 17: sign-ins half done, used twice, late, raced, in another browser, after a change, without the mailbox."""

import asyncio
import hashlib
from typing import Any, Final

from belsimple.attack.client import Reply
from belsimple.attack.links import add_link, new_password, reset, reset_link
from belsimple.attack.sign_ins import (
    answer_the_mail,
    begin,
    give_password,
    go_on,
    go_on_in_browser,
    pending_of,
    with_app,
)
from belsimple.attack.site import Broken, Site, api_case, expect
from belsimple.database.queries import load_queries

_q = load_queries("belsimple.attack", "ground.sql")
_ELSEWHERE: Final = "belsimple-attack elsewhere"


@api_case(17, "code_once")
async def a_code_used_twice(site: Site) -> None:
    """401 for a code that has opened a session, in whatever sign-in."""
    code = (await with_app(site, "coder")).code()
    expect(await go_on(site, await begin(site, "coder"), code=code), 201, why="a code")
    expect(await go_on(site, await begin(site, "coder"), code=code), 401, why="a code used twice")


@api_case(17, "recovery_once")
async def a_recovery_code_used_twice(site: Site) -> None:
    """401 for a recovery code that was used."""
    code = (await with_app(site, "coder")).recovery[0]
    expect(await go_on(site, await begin(site, "coder"), recovery_code=code), 201, why="a recovery code")
    expect(await go_on(site, await begin(site, "coder"), recovery_code=code), 401, why="a recovery code used twice")


@api_case(17, "pending_once")
async def a_sign_in_raced(site: Site) -> None:
    """Of several who go on with one sign-in, each with a code that is good, one comes in."""
    app, pending = await with_app(site, "coder"), await begin(site, "coder")
    _one_of(await asyncio.gather(*(go_on(site, pending, recovery_code=code) for code in app.recovery[:6])))


@api_case(17, "pending_expiry")
async def a_sign_in_finished_late(site: Site) -> None:
    """401 after its ten minutes, with a code that is good."""
    app, pending = await with_app(site, "coder"), await begin(site, "coder")
    await site.as_owner_of_the_database(_q.age_sign_in, hashlib.sha256(pending).digest())
    expect(await go_on(site, pending, recovery_code=app.recovery[0]), 401, why="a sign-in finished late")


@api_case(17, "pending_browser")
async def a_sign_in_finished_elsewhere(site: Site) -> None:
    """401 for the cookie of a pending sign-in in another browser."""
    app, pending = await with_app(site, "coder"), await begin(site, "coder")
    reply = await go_on(site, pending, _ELSEWHERE, recovery_code=app.recovery[0])
    expect(reply, 401, why="a sign-in finished in another browser")


@api_case(17, "factor_owner")
async def a_code_of_somebody_else(site: Site) -> None:
    """401 for another account's recovery code, and it is not used up."""
    await with_app(site, "coder")
    other = await with_app(site, "halved")
    reply = await go_on(site, await begin(site, "coder"), recovery_code=other.recovery[0])
    expect(reply, 401, why="another account's recovery code")
    expect(await go_on(site, await begin(site, "halved"), recovery_code=other.recovery[0]), 201, why="its owner")


@api_case(17, "pending_ends")
async def a_sign_in_of_who_was_shut_out(site: Site) -> None:
    """401 for a sign-in begun before a deactivation, for ever after."""
    app, pending = await with_app(site, "locked"), await begin(site, "locked")
    owner, path = await site.session("owner"), f"/api/v1/members/{site.names['a_locked']}"
    for status in ("deactivated", "active"):
        expect(await site.send("PATCH", path, token=owner, json={"status": status}), 200)
    expect(await go_on(site, pending, code=app.code()), 401, why="a sign-in from before the deactivation")


@api_case(17, "pending_ends")
async def a_sign_in_under_an_earlier_policy(site: Site) -> None:
    """401 for a sign-in begun before the tenant changed what it demands."""
    app, pending = await with_app(site, "halved"), await begin(site, "halved")
    await _change_policy(site, most_sessions=50)
    try:
        expect(await go_on(site, pending, code=app.code()), 401, why="a sign-in under an earlier policy")
    finally:
        await _change_policy(site, most_sessions=None)


@api_case(17, "pending_ends")
async def a_sign_in_by_an_earlier_password(site: Site) -> None:
    """401 for a sign-in begun with the password that a reset has replaced."""
    app, pending = await with_app(site, "resetter"), await begin(site, "resetter")
    expect(await reset(site, await reset_link(site, "resetter"), new_password()), 204, why="a reset")
    expect(await go_on(site, pending, code=app.code()), 401, why="a sign-in by an earlier password")


@api_case(17, "mailbox_asked")
async def a_stolen_password_and_a_code(site: Site) -> None:
    """A code in a browser that was never used before waits for the mailbox."""
    _, reply = await _in_a_new_browser(site)
    expect(reply, 202, why="a code in a new browser")


@api_case(17, "mailbox_yes")
async def going_on_without_the_mailbox(site: Site) -> None:
    """401 until the mailbox has said yes; the browser that says it comes in by nothing, and says it once."""
    pending, reply = await _in_a_new_browser(site)
    expect(reply, 202, why="a code in a new browser")
    expect(await go_on_in_browser(site, pending, _ELSEWHERE), 401, why="a new browser that nobody has confirmed")
    async with site.owner_of_the_database() as owner:
        [made] = await owner.fetch(_q.sign_ins.sql, hashlib.sha256(pending).digest())
        link = await add_link(owner, "sign_in", made["tenant_id"], made["id"])
    for status in (200, 404):
        answer = await answer_the_mail(site, link.token)
        expect(answer, status, why="the mailbox's yes")
        if site.client.cookie in answer.headers.get("set-cookie", ""):
            raise Broken("whoever follows the mail's link is signed in")
    expect(await go_on_in_browser(site, pending), 401, why="yet another browser")
    expect(await go_on_in_browser(site, pending, _ELSEWHERE), 201, why="the browser that was confirmed")


@api_case(17, "enrolment_mailbox")
async def a_stolen_password_that_makes_a_factor(site: Site) -> None:
    """Where a role needs a factor, a new browser makes none before the mailbox was asked."""
    path = f"/api/v1/members/{site.names['a_enroller']}"
    roles = {"roles": [site.names["a_role"]]}
    expect(await site.send("PATCH", path, token=await site.session("owner"), json=roles), 200, why="a role")
    await _change_policy(site, factor_role_ids=[site.names["a_role"]])
    try:
        reply = await give_password(site, "enroller", _ELSEWHERE)
        expect(reply, 202, why="a password where a factor is wanted")
    finally:
        await _change_policy(site, factor_role_ids=[])
    if reply.json["pending"] != "browser":
        raise Broken(f"a new browser that knows the password may go on with its {reply.json['pending']}")


async def _in_a_new_browser(site: Site) -> tuple[bytes, Reply]:
    """A password and a recovery code where the account has never been; what is pending, and the last answer."""
    app = await with_app(site, "coder")
    first = await go_on(site, await begin(site, "coder"), recovery_code=app.recovery[0])
    expect(first, 201, why="the browser that is known")
    pending = await begin(site, "coder", _ELSEWHERE, known=False)
    reply = await go_on(site, pending, _ELSEWHERE, recovery_code=app.recovery[1])
    return (pending_of(reply) if reply.status == 202 else b""), reply


def _one_of(replies: list[Reply]) -> None:
    done = sum(reply.status == 201 for reply in replies)
    if done != 1:
        raise Broken(f"{done} of {len(replies)} came in with one sign-in")


async def _change_policy(site: Site, **changes: Any) -> None:
    """What the tenant demands from now on."""
    owner, path = await site.new_session("owner"), "/api/v1/tenant/policy"
    known = await site.send("GET", path, token=owner)
    headers = {"If-Match": known.headers["etag"]}
    expect(await site.send("PATCH", path, token=owner, json=changes, headers=headers), 200, why="a policy")
