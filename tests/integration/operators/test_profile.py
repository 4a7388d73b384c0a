"""The operator describes itself once; its Belgian enterprise number is checked, here and in the database."""

import pytest

from belsimple.operators.profile import enterprise_number
from belsimple.web.problems import Unprocessable
from tests.support.databases import ONE_PROFILE
from tests.support.operators import OperatorApi
from tests.support.world import refused

WHOLE = {
    "legal_name": "Voorbeeld BV",
    "enterprise_number": "BE 0403.170.701",
    "address": "Kerkstraat 1\n9000 Gent",
    "email": "info@voorbeeld.example",
    "officer_name": "Nele Maes",
    "officer_email": "privacy@voorbeeld.example",
    "security_name": "Tom Smets",
    "security_email": "security@voorbeeld.example",
}


async def test_it_is_filled_in_and_everybody_reads_it(own_operators: OperatorApi) -> None:
    session = await own_operators.session()
    empty = await own_operators(session, "GET", "/profile")
    assert set(empty.json.values()) == {None, 1}
    unconditional = await own_operators(session, "PATCH", "/profile", WHOLE)
    assert unconditional.status == 428
    changed = await own_operators(session, "PATCH", "/profile", WHOLE, headers={"if-match": empty.headers["etag"]})
    assert (changed.status, changed.json) == (200, {**WHOLE, "enterprise_number": "0403.170.701", "version": 2})
    stale = await own_operators(session, "PATCH", "/profile", {"email": "x@y.example"}, headers={"if-match": '"1"'})
    assert stale.status == 412
    read = await own_operators(await own_operators.session("support"), "GET", "/profile")
    assert read.json == changed.json
    async with own_operators.installed.owner() as connection:
        assert await connection.fetchval("select operators.security_contact()") == WHOLE["security_email"]
    [entry] = await own_operators.observe("select * from audit.system_entry where action = 'operator_profile_changed'")
    assert entry["actor"].startswith("operator:")


@pytest.mark.parametrize("text", ["0403.170.701", "be0403170701", "BE 403.170.701", "0403 170 701"])
def test_a_number_may_be_written_in_many_ways(text: str) -> None:
    assert enterprise_number(text) == "0403170701"


@pytest.mark.parametrize("text", ["0403.170.702", "2403.170.701", "0403.170.70", "", "NL 0403.170.701", "٠٤٠٣١٧٠٧٠١"])
def test_a_number_that_no_enterprise_has_is_refused(text: str) -> None:
    with pytest.raises(Unprocessable):
        enterprise_number(text)


@ONE_PROFILE
async def test_it_is_refused_over_the_api_and_in_the_database(operators: OperatorApi) -> None:
    session = await operators.session()
    version = (await operators(session, "GET", "/profile")).headers["etag"]
    for field, value in (("enterprise_number", "0403.170.702"), ("email", "nobody"), ("legal_name", "")):
        answer = await operators(session, "PATCH", "/profile", {field: value}, headers={"if-match": version})
        assert (answer.status, answer.pointers) == (422, [f"/{field}"])
    for number in ("0403170702", "403170701", "0403.170.701"):
        with refused("23514"):
            await operators.own("update operators.profile set enterprise_number = $1", number)
