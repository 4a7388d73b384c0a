"""Pages: a form that was refused comes back with what was typed; who has to sign in first goes on afterwards."""

from typing import Any

import asyncpg
import msgspec
import pytest

from belsimple.web.answers import Redirect, View, view
from belsimple.web.declaration import DeclarationError
from belsimple.web.endpoint import page
from belsimple.web.held import go_on
from belsimple.web.pages import is_local
from belsimple.web.problems import Conflict

from .conftest import Make
from .harness import SIGNED_IN, FakeDatabase, Response, Service
from .things import a_page, fill_in, form

FORM = {"content-type": "application/x-www-form-urlencoded"}
BROWSER = {"accept": "text/html,*/*;q=0.8"}
ID = "00000000-0000-0000-0000-000000000007"


@page("GET", "/rooms/{number}", permission="things:read", summary="A room")
async def room(number: str) -> View:
    return view("room.html", number=number)


@page(
    "POST",
    "/rooms/{number}/closure",
    permission="things:write",
    form="/rooms/{number}",
    summary="Close",
    fresh=True,
    done="Closed.",
    undo="/rooms/{number}/opening",
)
async def close(number: str) -> Redirect:
    return Redirect(f"/rooms/{number}")


@page("POST", "/rooms/{number}/opening", permission="things:write", form="/rooms/{number}", summary="Open")
async def reopen(number: str) -> Redirect:
    raise Conflict(f"Room {number} is open.")


PAGES = (a_page, form, fill_in, room, close, reopen)


@pytest.fixture
def pages(make: Make) -> Service:
    return make(endpoints=PAGES)


def shown(answer: Response) -> Any:
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return msgspec.json.decode(answer.body)


def send(service: Service, path: str, body: str = "", **headers: str) -> Response:
    given = SIGNED_IN | FORM | {name.replace("_", "-"): value for name, value in headers.items()}
    return service.request("POST", path, headers=given, body=body.encode())


def test_a_page_knows_its_reader_and_speaks_the_readers_language(pages: Service) -> None:
    found = shown(pages.request("GET", "/form", headers=SIGNED_IN | {"accept-language": "de"}))
    assert (found["viewer"], found["language"]) == ("Ann", "fr")


def test_a_refusal_shows_the_page_of_the_form_whose_links_build_on_its_own_address(pages: Service) -> None:
    answer = send(pages, f"/rooms/{ID}/opening")
    found = shown(answer)
    assert (answer.status, found["template"], found["path"]) == (409, "room.html", f"/rooms/{ID}")


def test_a_page_for_everybody_speaks_the_browsers_language_or_the_chosen_one(pages: Service) -> None:
    assert shown(pages.request("GET", "/page", headers={"accept-language": "nl-BE,en;q=0.5"}))["language"] == "nl"
    assert shown(pages.request("GET", "/page?language=de", headers={"accept-language": "nl"}))["language"] == "de"


def test_an_accepted_form_leads_on_and_says_what_it_did(pages: Service) -> None:
    answer = send(pages, "/form", "name=Jan&agreed=true")
    assert (answer.status, answer.headers["location"]) == (303, "/page?done=form")
    assert pages.database.log[-1] == "commit"


@pytest.mark.parametrize(
    ("body", "status", "wrong"),
    [
        ("name=&agreed=true", 422, ["name"]),
        ("", 422, ["agreed", "name"]),
        ("name=Jan&agreed=maybe", 422, ["agreed"]),
        ("name=Jan&agreed=true&admin=1", 422, ["admin"]),
        ("name=Jan&name=Piet&agreed=true", 422, ["name"]),
        ("name=%ff&agreed=true", 400, []),
        ("name=%00&agreed=true", 400, []),
    ],
)
def test_a_refused_form_comes_back_with_every_fault(pages: Service, body: str, status: int, wrong: list[str]) -> None:
    answer = send(pages, "/form", body)
    assert answer.status == status
    if status == 400:
        assert answer.problem == "malformed"
        return
    found = shown(answer)
    assert found["template"] == "form.html"
    assert sorted(pointer.removeprefix("/") for pointer in found["errors"]) == wrong
    assert "commit" not in pages.database.log[:1]


def test_a_form_refused_by_its_handler_comes_back_with_what_was_typed(pages: Service) -> None:
    answer = send(pages, "/form", "name=taken&agreed=true")
    found = shown(answer)
    assert (answer.status, found["problem"], found["given"]) == (
        409,
        "conflict",
        {"name": ["taken"], "agreed": ["true"]},
    )
    assert pages.database.log == ["write", "rollback", "read", "commit"]


def test_a_form_is_no_json(pages: Service) -> None:
    assert pages.request("POST", "/form", headers=SIGNED_IN, json={"name": "a", "agreed": True}).status == 415


def test_without_a_session_a_page_leads_to_the_sign_in_and_back(pages: Service) -> None:
    answer = pages.request("GET", f"/rooms/{ID}?a=1")
    assert (answer.status, answer.headers["location"]) == (303, f"/?next=/rooms/{ID}%3Fa%3D1")


def ended(token: bytes) -> None:
    raise asyncpg.InvalidAuthorizationSpecificationError("no session")


@pytest.mark.parametrize("with_cookie", [True, False])
def test_a_form_sent_after_the_session_ended_is_held(make: Make, with_cookie: bool) -> None:
    service = make(FakeDatabase(enter=ended), endpoints=PAGES)
    headers = FORM | (SIGNED_IN if with_cookie else {})
    answer = service.request("POST", "/form", headers=headers, body=b"name=Jan+Peeters&agreed=true")
    assert answer.status == 401
    assert shown(answer)["values"] == {"next": "/form", "held": "name=Jan+Peeters&agreed=true"}
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_a_sensitive_form_is_held_until_the_password_is_given(make: Make) -> None:
    service = make(FakeDatabase(fresh=False), endpoints=PAGES)
    answer = send(service, f"/rooms/{ID}/closure")
    assert answer.status == 403
    found = shown(answer)
    assert found["template"] == "reauthentication.html"
    assert found["values"]["next"] == f"/rooms/{ID}/closure"
    button = go_on(found["values"]["next"], found["values"]["held"])
    assert isinstance(button, View)
    assert button.values == {"next": f"/rooms/{ID}/closure", "fields": []}


def test_what_was_held_goes_on_by_its_persons_own_press() -> None:
    found = go_on("/form", "name=Jan+%C3%A9&box=1&box=2")
    assert isinstance(found, View)
    assert found.values == {"next": "/form", "fields": [("name", "Jan é"), ("box", "1"), ("box", "2")]}
    assert go_on("/dossiers?q=a", "") == Redirect("/dossiers?q=a")


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "evil", "/a\r\nb", "/a b",
     "/api/v1/session", "/a?next=\thttps://x"],
)  # fmt: skip
def test_nobody_is_led_to_another_site(address: str) -> None:
    assert not is_local(address)
    assert go_on(address, "") == Redirect("/")


def test_a_notice_is_shown_where_our_own_redirect_led(pages: Service) -> None:
    answer = send(pages, f"/rooms/{ID}/closure")
    where = answer.headers["location"]
    assert where == f"/rooms/{ID}?done=rooms-number-closure&on={ID}"
    seen = SIGNED_IN | {"sec-fetch-site": "same-origin"}
    assert shown(pages.request("GET", where, headers=seen))["notice"] == ["done rooms-number-closure", ID]


@pytest.mark.parametrize("site", ["cross-site", "none", "same-site", None])
def test_no_other_site_puts_a_notice_before_anybody(pages: Service, site: str | None) -> None:
    headers = SIGNED_IN | ({"sec-fetch-site": site} if site else {})
    found = shown(pages.request("GET", f"/rooms/{ID}?done=rooms-number-closure&on={ID}", headers=headers))
    assert found["notice"] is None


def test_people_are_told_of_problems_by_pages_and_programs_by_json(pages: Service) -> None:
    assert pages.request("GET", "/nowhere", headers=BROWSER).headers["content-type"] == "text/html; charset=utf-8"
    assert pages.request("GET", "/nowhere").problem == "not-found"
    assert pages.request("GET", "/api/v1/nowhere", headers=BROWSER).problem == "not-found"


class NotAForm(msgspec.Struct, forbid_unknown_fields=True):
    name: str


async def takes_json(transaction: object, body: NotAForm) -> Redirect:
    return Redirect("/")


async def undoes(number: str) -> Redirect:
    return Redirect("/")


async def nothing() -> View:
    return view("x.html")


@pytest.mark.parametrize(
    ("declare", "says"),
    [
        (lambda: page("POST", "/a", permission="a:write", summary="x")(takes_json), "is a form"),
        (lambda: page("GET", "/a", permission="a:read", summary="x", done="Done.")(nothing), "POSTs"),
        (
            lambda: page("POST", "/a/{number}", permission="a:write", summary="x", undo="/a/{number}")(undoes),
            "done gives",
        ),
        (
            lambda: page("POST", "/a/{number}", permission="a:write", summary="x", done="x", undo="/a/{other}")(undoes),
            "one of the path's",
        ),
        (lambda: page("GET", "/api/v1/a", permission="a:read", summary="x")(nothing), "no part of the API"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declare: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        declare()


def test_a_form_needs_its_page(make: Make) -> None:
    with pytest.raises(DeclarationError, match="no page /form"):
        make(endpoints=[fill_in])
