"""Signing in as an operator: one answer for everything that is wrong, and guessing that ends."""

import asyncio
import time

import pytest

from tests.support.databases import ONE_PROFILE
from tests.support.operators import Operator, OperatorApi, attempt, signed_in
from tests.support.people import random_proof

PASSWORD = "four unrelated words here"
WRONG = {"password": "not the right one at all"}


async def accepted(operators: OperatorApi, email: str, role: str = "platform") -> str:
    """An operator who chose PASSWORD on the API, as people do."""
    boss = await operators.session()
    body = {"email": email, "role": role}
    assert (await operators(boss, "POST", "/invitations", body)).status == 201
    token = await operators.mailed_link(email)
    acceptance = {"token": token, "name": "Emma Claes", "password": PASSWORD}
    answer = await operators(None, "POST", "/invitations/acceptance", acceptance)
    assert (answer.status, answer.json) == (201, {"email": email})
    return email


@ONE_PROFILE
async def test_the_right_password_sets_the_operators_own_cookie(operators: OperatorApi, email: str) -> None:
    await accepted(operators, email)
    answer = await operators(None, "POST", "/session", {"email": f" {email.upper()} ", "password": PASSWORD})
    assert answer.status == 201
    assert answer.headers["set-cookie"].startswith(f"{operators.cookie}=")
    assert answer.headers["set-cookie"].endswith("; Path=/; Secure; HttpOnly; SameSite=Lax")
    cookie = answer.headers["set-cookie"].partition(";")[0]
    assert (await operators(None, "GET", "/me", headers={"cookie": cookie})).json["email"] == email
    change = {"current": PASSWORD, "new": "five quite different words now"}
    changed = await operators(None, "PUT", "/account/password", change, headers={"cookie": cookie})
    assert changed.status == 204
    assert (await operators(None, "GET", "/me", headers={"cookie": cookie})).status == 401
    cookie = changed.headers["set-cookie"].partition(";")[0]
    wrong = await operators(None, "POST", "/reauthentication", {"password": PASSWORD}, headers={"cookie": cookie})
    assert (wrong.status, wrong.problem) == (403, "wrong-password")
    right = {"password": change["new"]}
    assert (await operators(None, "POST", "/reauthentication", right, headers={"cookie": cookie})).status == 204


@ONE_PROFILE
async def test_a_password_that_is_no_good_is_refused(operators: OperatorApi, email: str) -> None:
    boss = await operators.session()
    await operators(boss, "POST", "/invitations", {"email": email, "role": "support"})
    body = {"token": await operators.mailed_link(email), "name": "Emma", "password": "short"}
    answer = await operators(None, "POST", "/invitations/acceptance", body)
    assert (answer.status, answer.pointers) == (422, ["/password"])


@ONE_PROFILE
async def test_every_refusal_is_the_same_and_takes_as_long(operators: OperatorApi, email: str) -> None:
    await accepted(operators, email)
    gone = await operators.operator("support")
    boss = await operators.session()
    await operators(boss, "PATCH", f"/operators/{gone.id}", {"status": "deactivated"})
    answers, seconds = [], []
    for who in (email, "nobody@operator.example", gone.email):
        began = time.perf_counter()
        answers.append(await operators(None, "POST", "/session", {"email": who, **WRONG}))
        seconds.append(time.perf_counter() - began)
    assert {(one.status, one.body) for one in answers} == {(401, answers[0].body)}
    assert min(seconds) > max(seconds) / 4
    assert min(seconds) > 0.03  # Argon2id ran for each


@ONE_PROFILE
async def test_an_unknown_address_has_a_salt_that_stays(operators: OperatorApi) -> None:
    from tests.support.operators import sign_in

    async def salt(email: str) -> bytes:
        return (await operators.database.call(sign_in.password_parameters, email=email, address=None))[0]["salt"]

    assert await salt("a@operator.example") == await salt("a@operator.example") != await salt("b@operator.example")


async def test_a_hundred_failures_shut_strangers_out_and_not_the_person(operators: OperatorApi) -> None:
    operator = await operators.operator()
    await signed_in(operators.database, operator)  # from ADDRESS, which is familiar from now on
    for _ in range(100):
        assert await attempt(operators.database, operator, proof=random_proof(), address="198.51.100.7") == []
    assert await attempt(operators.database, operator, address="198.51.100.8") == []
    told = [facts["times"] for _, facts in await operators.mails(operator.email) if "times" in facts]
    assert told == [10, 50, 100]
    assert len(await attempt(operators.database, operator)) == 1
    assert len(await attempt(operators.database, operator, address="198.51.100.8")) == 1  # forgiven by the person


@ONE_PROFILE
async def test_raced_guesses_are_counted_one_by_one(operators: OperatorApi) -> None:
    operator = await operators.operator()
    await asyncio.gather(*(attempt(operators.database, operator, proof=random_proof()) for _ in range(12)))
    [row] = await operators.observe(
        "select failures from operators.sign_in_failure where operator_id = $1", operator.id
    )
    assert row["failures"] == 12
    refused = await operators.observe(
        "select 1 from audit.system_entry where action = 'operator_sign_in_refused' and detail ->> 'operator' = $1",
        str(operator.id),
    )
    assert len(refused) == 12


@ONE_PROFILE
async def test_guessing_is_slowed_by_account_and_by_address(
    operators: OperatorApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def proof(*_: object) -> bytes:
        return bytes(32)

    monkeypatch.setattr("belsimple.identity.hashing.Hasher.proof", proof)

    async def statuses(times: int, email: str | None, address: str | None) -> list[int]:
        found = []
        for number in range(times):
            headers = {"x-belsimple-address": address or f"198.51.100.{number}"}
            body = {"email": email or f"guess{number}@operator.example", **WRONG}
            found.append((await operators(None, "POST", "/session", body, headers=headers)).status)
        return found

    one_account = await statuses(12, "a@operator.example", "192.0.2.50")
    assert one_account == [401] * 10 + [429] * 2
    many_addresses = await statuses(22, "b@operator.example", None)
    assert many_addresses == [401] * 20 + [429] * 2
    one_address = await statuses(22, None, "192.0.2.51")
    assert one_address == [401] * 20 + [429] * 2


async def test_a_burst_of_guesses_is_told_to_the_security_contact(own_operators: OperatorApi) -> None:
    operator = await own_operators.operator()
    await own_operators.own("update operators.profile set security_email = 'security@operator.example'")
    unknown = Operator("nobody@operator.example", b"", operator.id, "support")
    for who in (operator, unknown) * 51:
        await attempt(own_operators.database, who, proof=random_proof(), address="198.51.100.7")
    [(kind, facts)] = await own_operators.mails("security@operator.example")
    assert (kind, facts["network"]) == ("sign_in_burst", "198.51.100.0/24")
