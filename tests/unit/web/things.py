# ruff: noqa: A002 - handlers name their parameters as the path does
"""The endpoints that the tests of the request path serve."""

from typing import Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Database, Transaction
from belsimple.web.answers import Answer, Asset, Created, EndSession, NewSession, Page, Redirect, Versioned, View, view
from belsimple.web.endpoint import endpoint, page
from belsimple.web.inputs import Caller, Form, Input, Paging
from belsimple.web.limits import Limit, by_address, by_fields
from belsimple.web.problems import Conflict


class Thing(Versioned, frozen=True, kw_only=True):
    id: UUID
    title: str


class Part(Input, frozen=True):
    amount: int


class ThingChange(Input, frozen=True):
    title: str
    parts: tuple[Part, ...] = ()


class ThingQuery(Paging, frozen=True):
    closed: bool | None = None


class Seen(msgspec.Struct):
    address: str
    user_agent: str
    request_id: str


class SignIn(Input, frozen=True):
    tenant: str
    email: str


def thing(title: str = "a thing", version: int = 3) -> Thing:
    return Thing(version=version, id=UUID(int=7), title=title)


@endpoint("GET", "/things", permission="things:read", summary="List things")
async def list_things(transaction: Transaction, query: ThingQuery) -> Page[Thing]:
    return Page([thing(f"{query.limit} {query.closed}")])


@endpoint("POST", "/things", permission="things:write", summary="Make a thing")
async def make_thing(transaction: Transaction, body: ThingChange) -> Created[Thing]:
    return Created(thing(body.title, 1), "/things/00000000-0000-0000-0000-000000000007")


@endpoint("GET", "/things/{id}", permission="things:read", summary="One thing")
async def get_thing(transaction: Transaction, id: UUID) -> Thing:
    return thing(str(id))


@endpoint("PATCH", "/things/{id}", permission="things:write", summary="Change a thing", precondition="required")
async def change_thing(transaction: Transaction, id: UUID, body: ThingChange, expected: int) -> Thing:
    return thing(body.title, expected + 1)


@endpoint("DELETE", "/things/{id}", permission="things:write", summary="Remove a thing", precondition="optional")
async def remove_thing(transaction: Transaction, id: UUID, expected: int | None) -> None:
    return None


@endpoint("POST", "/things/{id}/closure", permission="things:write", summary="Close a thing", fresh=True)
async def close_thing(transaction: Transaction, id: UUID) -> None:
    return None


@endpoint("GET", "/named/{name}", permission="signed-in", summary="A thing by name")
async def named(transaction: Transaction, name: str) -> Thing:
    return thing(name)


@endpoint("GET", "/seen", permission="public", summary="Who is asking")
async def seen(caller: Caller) -> Seen:
    return Seen(caller.address, caller.user_agent, caller.request_id)


@endpoint("GET", "/style.css", permission="public", summary="A stylesheet")
async def style() -> Asset:
    return Asset("text/css; charset=utf-8", b"body { color: black }")


@page("GET", "/page", permission="public", summary="A page")
async def a_page() -> View:
    return view("page.html", said="é")


@page("GET", "/onward", permission="public", summary="A page whose form goes elsewhere")
async def onward() -> View:
    return View("page.html", {"said": "é"}, leads_to="https://idp.example:8443")


@endpoint(
    "POST",
    "/sign-in",
    permission="public",
    summary="Sign in",
    limits=(
        Limit(name="address", times=30, seconds=60, burst=10, subject=by_address),
        Limit(name="account", times=10, seconds=60, burst=5, subject=by_fields("tenant", "email")),
    ),
)
async def sign_in(database: Database, body: SignIn) -> Answer[Literal[201], None]:
    return Answer(201, cookie=NewSession(bytes(32)))


@endpoint("DELETE", "/sign-in", permission="signed-in", summary="Sign out")
async def sign_out(transaction: Transaction) -> Answer[Literal[204], None]:
    return Answer(204, cookie=EndSession())


@endpoint("GET", "/fault", permission="public", summary="Fails")
async def fault() -> Thing:
    raise RuntimeError("secret value 4711")


class Signature(Form, frozen=True):
    name: str
    agreed: bool


@page("GET", "/form", permission="signed-in", summary="A page with a form")
async def form(transaction: Transaction) -> View:
    return view("form.html")


@page("POST", "/form", permission="signed-in", summary="A form", done="Kept.")
async def fill_in(transaction: Transaction, body: Signature) -> View | Redirect:
    if body.name == "taken":
        raise Conflict("There is one of that name.")
    return Redirect("/page") if body.agreed else view("filled.html", name=body.name)


EVERY = (
    list_things,
    make_thing,
    get_thing,
    change_thing,
    remove_thing,
    onward,
    close_thing,
    named,
    seen,
    a_page,
    style,
    sign_in,
    sign_out,
    fault,
)
