"""Shut by its directory, an account stays shut, whichever way in is tried; and what it held has ended."""

import time
from uuid import UUID

from belsimple.identity import account, invitations
from belsimple.scim import connections
from tests.support.directory import Directory
from tests.support.links import ask_for_reset, posted
from tests.support.people import Account, attempt
from tests.support.world import World, refused


async def linked(directory: Directory, role: str = "member") -> Account:
    """A member with a password, whom the directory has now."""
    person = await directory.world.account(role, email=f"an@{directory.domain}")
    await directory("POST", "/Users", directory.person("an"))
    async with directory.world.acting() as inside:
        [waiting] = await connections.waiting(inside, connection_id=directory.connection)
        await connections.link(inside, connection_id=directory.connection, waiting_id=waiting.id)
    await directory.user("an")
    return person


async def shut(directory: Directory, person: Account) -> None:
    answer = await directory.patch(f"/Users/{person.id}", {"op": "Replace", "path": "active", "value": "False"})
    assert answer.json["active"] is False


async def reactivated(world: World, person: Account, who: Account | None = None) -> None:
    async with world.acting(who) as inside:
        await account.change_member(inside, member_id=person.id, status="active", roles=None, expected=None)


async def test_sessions_and_sign_ins_end_with_the_answer(directory: Directory) -> None:
    person = await linked(directory)
    session = await directory.world.session(person)
    assert (await directory.api(session, "GET", "/api/v1/me")).status == 200
    began = time.monotonic()
    await shut(directory, person)
    assert (await directory.api(session, "GET", "/api/v1/me")).status == 401
    assert time.monotonic() - began < 1
    assert not await attempt(directory.world.gate, person)


async def test_no_colleague_lets_them_in_again(directory: Directory) -> None:
    person, admin = await linked(directory), await directory.world.account("admin")
    await shut(directory, person)
    for who in (admin, None):  # not even an owner
        with refused("BS409"):
            await reactivated(directory.world, person, who)
    assert not await attempt(directory.world.gate, person)


async def test_no_link_lets_them_in_again(directory: Directory) -> None:
    world, person = directory.world, await linked(directory)
    await shut(directory, person)
    await ask_for_reset(world, world.slug, person.email)
    assert await posted(world, "password_reset", to=person.email) == []
    with refused("BS409"):
        async with world.acting() as inside:
            await invitations.invite(inside, email=person.email, roles=["member"], language=None)


async def test_who_was_taken_out_stays_out(directory: Directory) -> None:
    person = await linked(directory)
    await directory("DELETE", f"/Users/{person.id}")
    with refused("BS409"):
        await reactivated(directory.world, person)
    assert not await attempt(directory.world.gate, person)


async def test_an_owner_detaches_and_then_may(directory: Directory) -> None:
    world, person, admin = directory.world, await linked(directory), await directory.world.account("admin")
    await shut(directory, person)
    with refused("42501"):
        async with world.acting(admin) as inside:
            await connections.detach(inside, member_id=person.id)
    async with world.acting() as inside:
        await connections.detach(inside, member_id=person.id)
    assert (await directory("GET", f"/Users/{person.id}")).status == 404
    await reactivated(world, person)
    assert await attempt(world.gate, person)


async def test_the_directory_lets_them_in_again(directory: Directory) -> None:
    person = await linked(directory)
    await shut(directory, person)
    answer = await directory.patch(f"/Users/{person.id}", {"op": "Replace", "path": "active", "value": "True"})
    assert answer.json["active"] is True
    assert await attempt(directory.world.gate, person)


async def test_another_connection_does_not(directory: Directory) -> None:
    person = await linked(directory)
    await shut(directory, person)
    other = await Directory.connected(directory.world, directory.api, "Okta")
    assert (await other.patch(f"/Users/{person.id}", {"op": "replace", "value": {"active": True}})).status == 404
    await other("POST", "/Users", other.person("an"))
    with refused("BS409"):
        async with directory.world.acting() as inside:
            [waiting] = await connections.waiting(inside, connection_id=other.connection)
            await connections.link(inside, connection_id=other.connection, waiting_id=waiting.id)


async def test_a_colleagues_deactivation_is_told_to_the_directory(directory: Directory) -> None:
    person = await linked(directory)
    await directory.world.deactivate(person)
    assert (await directory("GET", f"/Users/{person.id}")).json["active"] is False
    await directory.world.reactivate(person)
    assert (await directory("GET", f"/Users/{UUID(str(person.id))}")).json["active"] is True
