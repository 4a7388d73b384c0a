"""Part web passes gate's endpoints on over its Unix socket, and only what belongs there."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web

from belsimple.database.transaction import Database
from belsimple.web import forward
from belsimple.web.answers import Answer
from belsimple.web.application import build_application
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Caller
from belsimple.web.limits import Limit, by_address

from .harness import FakeDatabase, Service, settings
from .things import Seen, SignIn

LIMIT = Limit(name="sign-in", times=1, seconds=1, burst=1, subject=by_address)


@endpoint("POST", "/gate/sign-in", permission="public", summary="Sign in", part="gate", limits=(LIMIT,))
async def sign_in(database: Database, caller: Caller, body: SignIn) -> Answer[Literal[201], Seen]:
    return Answer(201, Seen(caller.address, caller.user_agent, caller.request_id), headers=(("x-inner", "1"),))


class Behind:
    """A part behind the socket that answers with what it was sent."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.pause = 0.0
        self.status = 201
        self.content_type = "application/json"
        self.headers = [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("server", "x"), ("etag", '"1"')]

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.socket)).start()

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.pause)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((request.method, request.raw_path, headers, await request.read()))
        answer = web.Response(status=self.status, body=b'{"x":1}', content_type=self.content_type, charset="utf-8")
        for name, value in self.headers:
            answer.headers.add(name, value)
        return answer


class Web(Service):
    """Part web in front of a socket."""

    def __init__(self, socket: Path, **changes: Any) -> None:
        self.database = FakeDatabase()
        self.records = []
        self.loop = asyncio.Runner()

        async def opened() -> Any:
            return self.database

        self.app = build_application(
            part="web",
            endpoints=[sign_in],
            open_database=opened,
            settings=settings(**changes),
            log=self.records.append,
            sockets={"gate": socket},
        )
        inner: Any = self.app
        self.inner = inner._app
        self.loop.run(self.inner.start())


@pytest.fixture
def front(tmp_path: Path) -> Iterator[tuple[Web, Behind]]:
    made = Web(tmp_path / "s"), Behind(tmp_path / "s")
    made[0].loop.run(made[1].start())
    yield made
    made[0].loop.run(made[1].stop())
    made[0].stop()
    made[0].loop.close()


BODY = {"tenant": "a", "email": "b"}


def test_a_request_arrives_with_its_body_and_the_headers_that_belong_there(front: tuple[Web, Behind]) -> None:
    service, behind = front
    sent = {
        "cookie": "c=1",
        "user-agent": "curl",
        "accept": "text/html",
        "accept-language": "nl-BE, fr;q=0.5",
        "sec-fetch-site": "same-origin",
        "x-belsimple-address": "6.6.6.6",
        "connection": "close",
        "x-forwarded-for": "6.6.6.6",
        "authorization": "Bearer x",
    }
    answer = service.request("POST", "/gate/sign-in?x=%20", headers=sent, json=BODY)
    assert (answer.status, answer.body) == (201, b'{"x":1}')
    method, target, headers, body = behind.requests[0]
    assert (method, target, body) == ("POST", "/gate/sign-in?x=%20", b'{"tenant":"a","email":"b"}')
    assert headers["x-belsimple-address"] == "203.0.113.9"
    assert headers["x-request-id"] == answer.headers["x-request-id"]
    assert (headers["cookie"], headers["user-agent"]) == ("c=1", "curl")
    assert (headers["accept"], headers["accept-language"]) == ("text/html", "nl-BE, fr;q=0.5")
    assert headers["sec-fetch-site"] == "same-origin"  # a part's pages show a notice only where our own redirect led
    assert {"x-forwarded-for", "authorization", "connection"}.isdisjoint(headers)


def test_letters_that_nobody_encoded_arrive_encoded(front: tuple[Web, Behind]) -> None:
    service, behind = front
    assert service.request("POST", "/gate/sign-in?x=%C3%A9&y=\u00e9[1]'", json=BODY).status == 201
    assert behind.requests[0][1] == "/gate/sign-in?x=%C3%A9&y=%C3%A9[1]'"


def test_the_answer_keeps_its_cookies_and_loses_what_is_not_named(front: tuple[Web, Behind]) -> None:
    answer = front[0].request("POST", "/gate/sign-in", json=BODY)
    assert [value for name, value in answer.raw_headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert answer.headers["etag"] == '"1"'
    assert "server" not in answer.headers
    assert answer.headers["x-frame-options"] == "DENY"


def test_a_page_from_gate_may_use_our_stylesheet(front: tuple[Web, Behind]) -> None:
    front[1].content_type = "text/html"
    answer = front[0].request("POST", "/gate/sign-in", json=BODY)
    assert "style-src 'self'" in answer.headers["content-security-policy"]


def test_one_persons_cookie_is_never_sent_with_anothers_request(front: tuple[Web, Behind]) -> None:
    for _ in range(2):
        front[0].request("POST", "/gate/sign-in", json=BODY)
    assert all("cookie" not in headers for _, _, headers, _ in front[1].requests)


def test_the_door_stands_in_front_of_it(front: tuple[Web, Behind]) -> None:
    answer = front[0].request("POST", "/gate/sign-in", headers={"origin": "https://evil.example"}, json=BODY)
    assert answer.status == 403
    assert front[0].request("POST", "/gate/other", json=BODY).status == 404
    assert front[0].request("GET", "/gate/sign-in").status == 405
    assert front[1].requests == []


def test_gate_away_is_503(tmp_path: Path) -> None:
    service = Web(tmp_path / "none")
    answer = service.request("POST", "/gate/sign-in", json=BODY)
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    assert service.request("GET", "/readyz").status == 503
    service.stop()
    service.loop.close()


def test_gate_that_does_not_answer_is_503(tmp_path: Path) -> None:
    service, behind = Web(tmp_path / "s", request_seconds=0.05), Behind(tmp_path / "s")
    service.loop.run(behind.start())
    behind.pause = 1
    assert service.request("POST", "/gate/sign-in", json=BODY).status == 503
    service.stop()
    service.loop.run(behind.stop())
    service.loop.close()


def test_gate_with_too_much_to_do_is_503_at_once(front: tuple[Web, Behind], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "MAX_IN_FLIGHT", 0)
    assert front[0].request("POST", "/gate/sign-in", json=BODY).status == 503
    assert front[1].requests == []


def test_a_redirect_is_passed_on_and_not_followed(front: tuple[Web, Behind]) -> None:
    front[1].status = 303
    front[1].headers = [("location", "/gate/elsewhere")]
    answer = front[0].request("POST", "/gate/sign-in", json=BODY)
    assert (answer.status, answer.headers["location"]) == (303, "/gate/elsewhere")
    assert len(front[1].requests) == 1


def test_gate_that_dies_in_the_middle_is_503(tmp_path: Path) -> None:
    async def dying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    service = Web(tmp_path / "s")
    server = service.loop.run(asyncio.start_unix_server(dying, tmp_path / "s"))
    assert service.request("POST", "/gate/sign-in", json=BODY).status == 503
    server.close()
    service.stop()
    service.loop.close()


def test_gate_takes_webs_word_on_the_caller() -> None:
    service = Service([sign_in], part="gate")
    headers = {"x-belsimple-address": "192.0.2.7", "x-request-id": "r" * 32, "user-agent": "curl", "host": "part"}
    answer = service.request("POST", "/gate/sign-in", headers=headers, json=BODY)
    assert answer.json == {"address": "192.0.2.7", "user_agent": "curl", "request_id": "r" * 32}
    assert "x-frame-options" not in answer.headers
    service.stop()
    service.loop.close()


def test_ready_asks_gate(front: tuple[Web, Behind]) -> None:
    assert front[0].request("GET", "/readyz").status == 503  # it answers 201
    assert front[1].requests[0][1] == "/readyz"
