"""The operator's commands on tenants: what they make, what they refuse, and both trails."""

import json

import pytest

from belsimple.errors import OperatorError
from belsimple.tenancy import actions
from tests.support.people import accept
from tests.support.world import World


async def system(world: World, slug: str) -> list[tuple[str, str]]:
    rows = await world.observe(
        "select actor, action from audit.system_entry where detail->>'slug' = $1 order by at", slug
    )
    return [(row["actor"].partition(":")[0], row["action"]) for row in rows]


async def test_making_suspending_and_resuming_stand_in_both_trails(world: World) -> None:
    await world.suspend()
    await world.resume()
    assert await system(world, world.slug) == [
        ("command", "tenant_created"),
        ("command", "tenant_suspended"),
        ("command", "tenant_active"),
    ]
    entries = await world.trail(object_type="identity.tenant")
    assert [(row["source"], row["action"]) for row in entries] == [
        ("command", "insert"),
        ("command", "update"),
        ("command", "update"),
    ]
    assert [json.loads(row["new"])["status"] for row in entries] == ["active", "suspended", "active"]


async def test_the_tenants_trail_tells_the_operators_staff_from_a_command(world: World) -> None:
    await world.as_owner("select tenancy.set_status($1, 'suspended', 'operator:somebody')", world.slug)
    assert (await world.trail(object_type="identity.tenant", action="update"))[0]["source"] == "operator"
    await world.resume()
    assert (await world.trail(object_type="identity.tenant", action="update"))[1]["source"] == "command"


@pytest.mark.parametrize("slug", ["", "ab", "Acme", "1st", "a_b", "acme-", "a" * 41, "acme.example", "é-acme"])
async def test_a_slug_that_cannot_be_is_refused(world: World, slug: str) -> None:
    with pytest.raises(OperatorError, match="cannot name a tenant"):
        await actions.create_tenant(world.installed.admin_url, slug=slug, owner="o@example.com")


@pytest.mark.parametrize("owner", ["", "nobody", "a@b@c", "a b@c"])
async def test_an_address_that_cannot_be_is_refused(world: World, owner: str) -> None:
    with pytest.raises(OperatorError, match="is not an e-mail address"):
        await actions.create_tenant(world.installed.admin_url, slug=f"{world.slug}-x", owner=owner)


async def test_a_slug_is_given_once_and_a_refusal_leaves_nothing(world: World) -> None:
    with pytest.raises(OperatorError, match=f"There is a tenant '{world.slug}' already"):
        await actions.create_tenant(world.installed.admin_url, slug=world.slug, owner="other@example.com")
    assert await system(world, world.slug) == [("command", "tenant_created")]
    assert "other@example.com" not in str(await world.observe("select email from identity.invitation"))


async def test_tenants_are_listed_without_their_data(world: World) -> None:
    await world.account("member")
    [view] = [tenant for tenant in await actions.list_tenants(world.installed.admin_url) if tenant.slug == world.slug]
    assert (view.status, view.accounts, view.synthetic) == ("active", 2, False)


async def test_what_does_not_exist_is_one_clear_line(world: World) -> None:
    for command in (
        lambda url: actions.set_status(url, slug="absent", status="suspended"),
        lambda url: actions.remove_synthetic(url, slug="absent"),
    ):
        with pytest.raises(OperatorError, match=r"There is no (synthetic )?tenant absent"):
            await command(world.installed.admin_url)


async def test_only_a_synthetic_tenant_is_removed_and_its_trail_stays(world: World) -> None:
    slug = f"{world.slug}-s"
    token = await actions.create_tenant(world.installed.admin_url, slug=slug, owner="o@example.com", synthetic=True)
    owner = await accept(world.gate, token)
    await world.session(owner)
    [tenant] = await world.observe("select id from identity.tenant where slug = $1", slug)
    await actions.remove_synthetic(world.installed.admin_url, slug=slug)
    for table in ("identity.account", "identity.session", "identity.invitation", "access.role", "access.assignment"):
        assert await world.observe(f"select from {table} where tenant_id = $1", tenant["id"]) == []
    assert len(await world.observe("select from audit.entry where tenant_id = $1", tenant["id"])) > 5
    assert (await system(world, slug))[-1] == ("command", "synthetic_tenant_removed")
    with pytest.raises(OperatorError, match="There is no synthetic tenant"):
        await actions.remove_synthetic(world.installed.admin_url, slug=world.slug)
    async with world.acting():
        pass


async def test_no_part_of_the_service_can_run_them(world: World) -> None:
    for role in ("app", "gate", "worker", "operator", "backup"):
        async with world.installed.role(role) as connection:
            for call in (
                "tenancy.create('evil', 'Evil', 'a@b', 'en', 'me', false)",
                f"tenancy.set_status('{world.slug}', 'suspended', 'me')",
                "tenancy.invite_by_command('x', 'a@b', 'owner')",
                "tenancy.tenants()",
                f"tenancy.remove_synthetic('{world.slug}', 'me')",
                "identity.raise_hashing(131072, 3, 'me')",
            ):
                with pytest.raises(Exception, match="permission denied"):
                    await connection.execute(f"select {call}")
