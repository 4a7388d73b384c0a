"""Logs: one JSON object a line, with the request id, and with nothing secret or personal in them."""

import msgspec

from tests.support.service import Service


async def test_logs_are_json_and_hold_no_secret_and_nothing_personal(service: Service) -> None:
    people = [account for tenant in service.demo["tenants"] for account in tenant["accounts"]]
    async with service.signed_in("owner") as owner:
        tokens = [cookie.value for cookie in owner.cookie_jar]
        async with owner.get("/api/v1/dossiers?q=Kerkstraat") as answer:
            request_id = answer.headers["X-Request-Id"]
        async with owner.get("/api/v1/dossiers/nobody@demeester.example") as answer:
            assert answer.status == 404
        wrong = {"tenant": "demeester", "email": "stranger@far.example", "password": "a wrong password"}
        async with owner.post("/api/v1/session", json=wrong) as answer:
            assert answer.status == 401
    service.command("tenant", "create", "logged", "--owner", "first@newcomer.example")
    lines = service.log.splitlines()
    records = [msgspec.json.decode(line) for line in lines]
    assert all(isinstance(record, dict) and record["event"] for record in records)
    assert any(record.get("request_id") == request_id for record in records)
    written = service.log + "".join(file.read_text("utf-8", "replace") for file in (service.data / "log").iterdir())
    credentials = [file.read_text("ascii").strip() for file in (service.data / "credentials").iterdir()]
    secrets = [*tokens, *credentials, "a wrong password", *(person["password"] for person in people)]
    personal = ["stranger@", "Kerkstraat", "first@newcomer", *(person["email"] for person in people), "nobody@"]
    assert [secret for secret in secrets if secret in written] == []
    assert [word for word in personal if word in written] == []
