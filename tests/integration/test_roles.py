"""Roles: built in and of the tenant's own; nobody grants what they do not hold."""

import uuid

import pytest

from belsimple.access import actions
from belsimple.access.permissions import PERMISSIONS
from belsimple.web.problems import NotFound
from tests.support.world import World, refused


async def test_the_four_built_in_roles_hold_what_their_permissions_say(world: World) -> None:
    async with world.acting() as transaction:
        roles = {role.name: role for role in await actions.roles(transaction)}
        every = {permission.name for permission in await actions.permissions(transaction)}
    assert list(roles) == ["admin", "auditor", "member", "owner"]
    assert all(role.builtin for role in roles.values())
    assert set(roles["owner"].permissions) == every
    assert every >= {permission.name for permission in PERMISSIONS}
    assert not any(
        name.startswith("ownership:") for role in ("admin", "member", "auditor") for name in roles[role].permissions
    )
    assert "members:write" in roles["admin"].permissions
    assert not any(name.endswith(":write") for name in roles["auditor"].permissions)
    assert "dossiers:write" in roles["member"].permissions


async def test_writing_a_thing_implies_reading_it(world: World) -> None:
    async with world.acting() as transaction:
        role = await actions.create_role(transaction, name="Writers", permissions=["dossiers:write"])
        assert role.permissions == ["dossiers:read", "dossiers:write"]
        role = await actions.change_role(
            transaction, role_id=role.id, name=None, permissions=["members:write"], expected=1
        )
        assert (role.permissions, role.version, role.name) == (["members:read", "members:write"], 2, "Writers")


async def test_a_role_can_be_renamed_and_deleted(world: World) -> None:
    async with world.acting() as transaction:
        role = await actions.create_role(transaction, name="Helpers", permissions=[])
        renamed = await actions.change_role(transaction, role_id=role.id, name="Aides", permissions=None, expected=1)
        assert (renamed.name, renamed.permissions, renamed.members) == ("Aides", [], 0)
        await actions.delete_role(transaction, role_id=role.id, expected=2)
        with pytest.raises(NotFound):
            await actions.role(transaction, role_id=role.id)


@pytest.mark.parametrize("permission", ["dossiers:own", "nothing:read", "dossiers:read,ownership:write", ""])
async def test_a_permission_that_nobody_declared_is_refused(world: World, permission: str) -> None:
    with refused("BS422"):
        async with world.acting() as transaction:
            await actions.create_role(transaction, name="Odd", permissions=[permission])


async def test_an_admin_grants_no_more_than_it_holds(world: World) -> None:
    admin = await world.account("admin")
    async with world.acting() as transaction:
        strong = await actions.create_role(transaction, name="Strong", permissions=["ownership:read"])
    async with world.acting(admin) as transaction:
        weak = await actions.create_role(transaction, name="Weak", permissions=["dossiers:read"])
    for attempt in (
        lambda t: actions.create_role(t, name="Crown", permissions=["ownership:write"]),
        lambda t: actions.change_role(t, role_id=weak.id, name=None, permissions=["ownership:read"], expected=1),
        lambda t: actions.change_role(t, role_id=strong.id, name="Mine", permissions=None, expected=1),
        lambda t: actions.change_role(t, role_id=strong.id, name=None, permissions=[], expected=1),
        lambda t: actions.delete_role(t, role_id=strong.id, expected=1),
    ):
        with refused("BS403"):
            async with world.acting(admin) as transaction:
                await attempt(transaction)


async def test_built_in_roles_cannot_be_changed(world: World) -> None:
    async with world.acting() as transaction:
        builtin = (await actions.roles(transaction))[0]
    for attempt in (
        lambda t: actions.change_role(t, role_id=builtin.id, name="Mine", permissions=None, expected=1),
        lambda t: actions.delete_role(t, role_id=builtin.id, expected=1),
    ):
        with refused("BS409"):
            async with world.acting() as transaction:
                await attempt(transaction)


async def test_a_role_that_somebody_holds_cannot_be_deleted(world: World) -> None:
    from belsimple.identity import account

    member = await world.account("member")
    async with world.acting() as transaction:
        role = await actions.create_role(transaction, name="Held", permissions=[])
        await account.change_member(transaction, member_id=member.id, status=None, roles=["Held"], expected=None)
        assert (await actions.role(transaction, role_id=role.id)).members == 1
    with refused("BS409"):
        async with world.acting() as transaction:
            await actions.delete_role(transaction, role_id=role.id, expected=1)


async def test_a_stale_version_is_refused(world: World) -> None:
    async with world.acting() as transaction:
        role = await actions.create_role(transaction, name="Versioned", permissions=[])
    for attempt in (
        lambda t: actions.change_role(t, role_id=role.id, name="Other", permissions=None, expected=2),
        lambda t: actions.delete_role(t, role_id=role.id, expected=0),
    ):
        with refused("BS412"):
            async with world.acting() as transaction:
                await attempt(transaction)


async def test_a_name_is_used_once_in_a_tenant_and_again_in_another(world: World) -> None:
    _, stranger = await world.another_tenant()
    async with world.acting() as transaction:
        await actions.create_role(transaction, name="Same", permissions=[])
    async with world.acting(stranger) as transaction:
        await actions.create_role(transaction, name="Same", permissions=[])
    for name in ("Same", "owner"):
        with refused("23505"):
            async with world.acting() as transaction:
                await actions.create_role(transaction, name=name, permissions=[])


async def test_another_tenants_role_is_not_there(world: World) -> None:
    _, stranger = await world.another_tenant()
    async with world.acting(stranger) as transaction:
        theirs = await actions.create_role(transaction, name="Theirs", permissions=[])
    for role_id in (theirs.id, uuid.uuid4()):
        async with world.acting() as transaction:
            with pytest.raises(NotFound):
                await actions.role(transaction, role_id=role_id)
        for attempt in (
            lambda t, r=role_id: actions.change_role(t, role_id=r, name="Mine", permissions=None, expected=1),
            lambda t, r=role_id: actions.delete_role(t, role_id=r, expected=1),
        ):
            with refused("BS404"):
                async with world.acting() as transaction:
                    await attempt(transaction)


async def test_without_the_permission_nothing_is_seen_or_changed(world: World) -> None:
    member, auditor = await world.account("member"), await world.account("auditor")
    async with world.acting(member) as transaction:
        assert await actions.roles(transaction) == []
        assert await actions.permissions(transaction) == []
    async with world.acting(auditor) as transaction:
        assert len(await actions.roles(transaction)) == 4
    for actor in (member, auditor):
        with refused("42501"):
            async with world.acting(actor) as transaction:
                await actions.create_role(transaction, name="Mine", permissions=[])
