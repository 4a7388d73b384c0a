"""Nobody becomes an operator by the word of an operator who is out, or who may not invite any more."""

import os

import pytest

from belsimple.database.queries import load_queries
from tests.support.operators import OperatorApi, signed_in
from tests.support.people import COST, digest, token_bytes

links = load_queries("belsimple.operators", "links.sql")
ENDINGS = {"deactivated": "status = 'deactivated'", "demoted": "role = 'support'"}


@pytest.mark.parametrize("how", ENDINGS)
async def test_an_invitation_ends_with_its_inviters_right(operators: OperatorApi, email: str, how: str) -> None:
    inviter = await operators.operator()
    session = await signed_in(operators.database, inviter)
    assert (await operators(session, "POST", "/invitations", {"email": email, "role": "platform"})).status == 201
    token = await operators.mailed_link(email)
    assert (await operators(None, "GET", f"/operator/invitation?token={token}")).status == 200
    await operators.own(f"update operators.account set {ENDINGS[how]} where id = $1", inviter.id)
    assert (await operators(None, "GET", f"/operator/invitation?token={token}")).status == 404
    made = await operators.database.call(
        links.accept_invitation,
        token_hash=digest(token_bytes(token)),
        email=None,
        name="Intruder",
        salt=os.urandom(16),
        verifier=os.urandom(32),
        **COST,
    )
    assert made == []
    listed = await operators(await operators.session(), "GET", "/invitations")
    assert email not in [one["email"] for one in listed.json["items"]]


async def test_who_comes_back_finds_no_invitation_of_theirs(operators: OperatorApi, email: str) -> None:
    inviter = await operators.operator()
    session = await signed_in(operators.database, inviter)
    await operators(session, "POST", "/invitations", {"email": email, "role": "platform"})
    token = await operators.mailed_link(email)
    for status in ("deactivated", "active"):
        await operators.own("update operators.account set status = $2 where id = $1", inviter.id, status)
    assert (await operators(None, "GET", f"/operator/invitation?token={token}")).status == 404
