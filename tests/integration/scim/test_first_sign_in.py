"""Who was provisioned signs in by the tenant's provider: by the directory's own key in a claim, and never by an address."""

import json
import os

from belsimple.scim import connections
from tests.support.directory import Directory
from tests.support.factors import AGENT
from tests.support.people import ADDRESS, digest
from tests.support.ways_in import ISSUER, Someone, in_use, set_off, sso
from tests.support.world import World


async def bound(directory: Directory, claim: str = "sub", attribute: str = "externalId") -> Someone:
    """The connection bound to the tenant's provider."""
    someone = await Someone.new(directory.world)
    provider = await in_use(someone)
    async with directory.world.acting() as inside:
        await connections.change(
            inside,
            connection_id=directory.connection,
            name="Entra ID",
            networks=[],
            provider_id=provider,
            subject_claim=claim,
            subject_attribute=attribute,  # pyright: ignore[reportArgumentType]
            expected=1,
        )
    return someone


async def come(someone: Someone, subject: str, **claims: str) -> tuple[str, str | None, str | None]:
    """Sign in by the provider: outcome, account and reason."""
    token = await set_off(someone, ADDRESS)
    assert token
    [found] = await someone.world.gate.call(
        sso.prove_provider,
        pending_hash=digest(token),
        issuer=ISSUER,
        subject=subject,
        claims=json.dumps(claims),
        session=None,
        token_hash=digest(os.urandom(32)),
        next_hash=os.urandom(32),
        address=ADDRESS,
        agent=AGENT,
    )
    return found["outcome"], found["account_id"] and str(found["account_id"]), found["reason"]


async def test_the_key_in_the_claim_links_the_account(directory: Directory) -> None:
    someone, jan = await bound(directory), await directory.user("jan")
    assert await come(someone, "ext-jan") == ("open", jan["id"], None)
    assert await come(someone, "ext-jan") == ("open", jan["id"], None)


async def test_another_claim_and_the_user_name_do_too(directory: Directory) -> None:
    someone, jan = await bound(directory, "oid", "userName"), await directory.user("jan")
    assert await come(someone, "pairwise", oid=f"JAN@{directory.domain}") == ("open", jan["id"], None)


async def test_an_address_links_nothing(directory: Directory) -> None:
    someone, _ = await bound(directory), await directory.user("jan")
    assert await come(someone, "stranger", email=f"jan@{directory.domain}") == ("refused", None, "not_linked")


async def test_a_second_subject_with_the_same_key_links_nothing(directory: Directory) -> None:
    someone, jan = await bound(directory, "oid"), await directory.user("jan")
    assert (await come(someone, "first", oid="ext-jan"))[1] == jan["id"]
    assert (await come(someone, "second", oid="ext-jan", email=f"jan@{directory.domain}"))[2] == "not_linked"


async def test_without_a_binding_nobody_is_linked(directory: Directory) -> None:
    someone = await Someone.new(directory.world)
    await in_use(someone)
    await directory.user("jan")
    assert await come(someone, "ext-jan", email=f"jan@{directory.domain}") == ("refused", None, "not_linked")


async def test_another_tenants_key_links_nothing(directory: Directory) -> None:
    someone = await bound(directory)
    async with World.opened(directory.world.installed) as elsewhere:
        other = await Directory.connected(elsewhere, directory.api)
        await other.user("jan")
        assert (await come(someone, "ext-jan"))[0] == "refused"


async def test_who_is_shut_stays_out(directory: Directory) -> None:
    someone, jan = await bound(directory), await directory.user("jan")
    await come(someone, "ext-jan")
    await directory.patch(f"/Users/{jan['id']}", {"op": "Replace", "path": "active", "value": "False"})
    assert (await come(someone, "ext-jan"))[0] == "refused"
    await directory("DELETE", f"/Users/{jan['id']}")
    assert (await come(someone, "ext-jan"))[0] == "refused"
    piet = await directory.user("piet", active=False)
    assert (await come(someone, "ext-piet"))[0] == "refused"
    assert piet["active"] is False
