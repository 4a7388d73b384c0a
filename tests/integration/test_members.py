"""Members: who may change whom, and the owner who stays."""

import asyncio
import uuid

import pytest

from belsimple.identity import account
from belsimple.identity.account import Member
from belsimple.web.problems import NotFound
from tests.support.people import Account
from tests.support.world import World, refused


async def change(
    world: World,
    actor: Account,
    target: Account,
    *,
    status: str | None = None,
    roles: list[str] | None = None,
    expected: int | None = None,
) -> Member:
    async with world.acting(actor) as transaction:
        return await account.change_member(
            transaction, member_id=target.id, status=status, roles=roles, expected=expected
        )


async def test_an_owner_deactivates_reactivates_and_sets_roles(world: World) -> None:
    member = await world.account("member")
    changed = await change(world, world.owner, member, status="deactivated", roles=["auditor", "member"])
    assert (changed.status, changed.roles, changed.version) == ("deactivated", ["auditor", "member"], 2)
    changed = await change(world, world.owner, member, status="active", roles=[], expected=2)
    assert (changed.status, changed.roles, changed.version) == ("active", [], 3)


async def test_a_change_names_the_version_it_builds_on(world: World) -> None:
    member = await world.account("member")
    with refused("BS412"):
        await change(world, world.owner, member, status="deactivated", expected=2)
    with refused("BS412"):
        async with world.acting() as transaction:
            await account.change_me(transaction, name="New", language=None, zone=None, expected=7)


async def test_a_role_that_does_not_exist_is_refused_by_its_place(world: World) -> None:
    member = await world.account("member")
    _, stranger = await world.another_tenant()
    [theirs] = await world.observe(
        "select r.id::text from access.role r join identity.tenant t on t.id = r.tenant_id where t.slug = $1 and r.name = 'auditor'",
        stranger.tenant,
    )
    for role in ("emperor", theirs[0]):
        with refused("BS422") as _:
            await change(world, world.owner, member, roles=[role])


async def test_another_tenants_member_is_not_there(world: World) -> None:
    _, stranger = await world.another_tenant()
    with refused("BS404"):
        await change(world, world.owner, stranger, status="deactivated")
    async with world.acting() as transaction:
        with pytest.raises(NotFound):
            await account.member(transaction, member_id=stranger.id)
        with pytest.raises(NotFound):
            await account.member(transaction, member_id=uuid.uuid4())
        assert stranger.email not in {
            member.email for member in await account.members(transaction, after=None, limit=100)
        }


async def test_a_member_without_the_permission_sees_and_changes_nothing(world: World) -> None:
    member, auditor = await world.account("member"), await world.account("auditor")
    for actor in (member, auditor):
        with refused("42501"):
            await change(world, actor, world.owner, status="deactivated")
    async with world.acting() as transaction:
        nobody = await account.change_member(transaction, member_id=member.id, status=None, roles=[], expected=None)
        assert nobody.roles == []
    async with world.acting(member) as transaction:
        assert await account.members(transaction, after=None, limit=100) == []


async def test_an_admin_makes_no_owner_unmakes_none_and_touches_none(world: World) -> None:
    admin, member, second = await world.account("admin"), await world.account("member"), await world.account("owner")
    assert (await change(world, admin, member, roles=["admin"])).roles == ["admin"]
    for target, roles, status in (
        (member, ["owner"], None),
        (admin, ["owner"], None),
        (second, ["member"], None),
        (second, None, "deactivated"),
        (world.owner, None, "deactivated"),
    ):
        with refused("BS403"):
            await change(world, admin, target, roles=roles, status=status)


async def test_nobody_touches_who_holds_more_in_a_role_of_the_tenants_own(world: World) -> None:
    from belsimple.access import actions

    async with world.acting() as transaction:
        await actions.create_role(transaction, name="Successor", permissions=["ownership:write"])
    admin, member = await world.account("admin"), await world.account("member")
    await change(world, world.owner, member, roles=["Successor"])
    with refused("BS403"):
        await change(world, admin, member, roles=[])
    with refused("BS403"):
        await change(world, admin, admin, roles=["admin", "Successor"])


@pytest.mark.parametrize("change_wanted", [{"status": "deactivated"}, {"roles": ["admin"]}, {"roles": []}], ids=str)
async def test_the_last_owner_stays(world: World, change_wanted: dict) -> None:
    with refused("BS409"):
        await change(world, world.owner, world.owner, **change_wanted)
    second = await world.account("owner")
    await change(world, world.owner, world.owner, **change_wanted)
    with refused("BS409"):
        await change(world, second, second, **change_wanted)


async def test_a_deactivated_owner_does_not_count(world: World) -> None:
    second = await world.account("owner")
    await world.deactivate(second)
    with refused("BS409"):
        await change(world, world.owner, world.owner, roles=["admin"])


async def test_two_owners_cannot_remove_one_another_at_once(world: World) -> None:
    for _ in range(4):
        second = await world.account("owner")
        results = await asyncio.gather(
            change(world, world.owner, second, roles=["member"]),
            change(world, second, world.owner, roles=["member"]),
            return_exceptions=True,
        )
        [row] = await world.observe(
            "select count(*) as owners from access.assignment g join access.role r using (tenant_id) join identity.tenant t on t.id = g.tenant_id"
            " where r.id = g.role_id and r.name = 'owner' and t.slug = $1",
            world.slug,
        )
        assert row["owners"] == 1, results
        world.owner = second if isinstance(results[0], BaseException) else world.owner


async def test_each_owner_leaving_at_once_leaves_one(world: World) -> None:
    second = await world.account("owner")
    results = await asyncio.gather(
        *(change(world, who, who, status="deactivated") for who in (world.owner, second)), return_exceptions=True
    )
    assert sorted(isinstance(result, Member) for result in results) == [False, True]


async def test_members_are_listed_in_pages_by_address(world: World) -> None:
    for letter in "cab":
        await world.account("member", email=f"{letter}@list.example")
    async with world.acting() as transaction:
        first = await account.members(transaction, after=None, limit=2)
        rest = await account.members(transaction, after=first[-1].email, limit=10)
    assert [member.email for member in [*first, *rest]] == [
        "a@list.example",
        "b@list.example",
        "c@list.example",
        world.owner.email,
    ]


async def test_one_changes_the_own_account_and_nothing_else(world: World) -> None:
    async with world.acting() as transaction:
        me = await account.change_me(transaction, name="Zoë", language="nl", zone=None, expected=1)
    assert (me.name, me.language, me.zone, me.version, me.email) == (
        "Zoë",
        "nl",
        "Europe/Brussels",
        2,
        world.owner.email,
    )
    [entry] = await world.trail(object_type="identity.account", action="update")
    assert (entry["account_id"], entry["object_id"]) == (world.owner.id, world.owner.id)


async def test_the_same_address_in_two_tenants_is_two_accounts(world: World) -> None:
    slug, _ = await world.another_tenant()
    here, there = (
        await world.account("member", email="same@example.com"),
        await world.account("admin", slug=slug, email="same@example.com"),
    )
    assert here.id != there.id
    await world.deactivate(here)
    assert await world.session(there)
