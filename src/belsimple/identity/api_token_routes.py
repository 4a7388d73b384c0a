"""API tokens over the API: people make and end their own; a secret scanner reports one that it found."""

import datetime as dt
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Database, Transaction
from belsimple.identity import api_tokens as tokens
from belsimple.identity.api_tokens import ApiToken, NewApiToken
from belsimple.web.answers import Answer, Page
from belsimple.web.cursor import page_of_all
from belsimple.web.endpoint import SIGNED_IN, endpoint
from belsimple.web.inputs import Input, Paging
from belsimple.web.limits import Limit, by_address

REPORTS: Final = Limit(name="token-leaks", times=60, seconds=60, burst=30, subject=by_address)

TokenName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")
]
Scopes = Annotated[list[Annotated[str, msgspec.Meta(max_length=80)]], msgspec.Meta(min_length=1, max_length=200)]


class NewToken(Input, frozen=True):
    """A name to know it by, what it may do (permissions of one's own), and when it ends: within a year."""

    name: TokenName
    scopes: Scopes
    expires_at: Annotated[dt.datetime, msgspec.Meta(tz=True)]


class Leak(Input, frozen=True):
    """A text that looks like a token, and where it was found."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    place: Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class LeakReport(Input, frozen=True):
    """What a secret scanner found."""

    found: Annotated[list[Leak], msgspec.Meta(min_length=1, max_length=100)]


@endpoint("GET", "/api/v1/tokens", permission=SIGNED_IN, summary="The own API tokens")
async def list_tokens(transaction: Transaction, query: Paging) -> Page[ApiToken]:
    return page_of_all(await tokens.tokens(transaction), query)


@endpoint(
    "POST", "/api/v1/tokens", permission=SIGNED_IN, fresh=True, secret=True, summary="Make an API token; shown once"
)
async def create_token(transaction: Transaction, body: NewToken) -> Answer[Literal[201], NewApiToken]:
    made = await tokens.create_token(transaction, name=body.name, scopes=body.scopes, expires_at=body.expires_at)
    return Answer(201, made)


@endpoint("DELETE", "/api/v1/tokens/{id}", permission=SIGNED_IN, summary="End an own API token")
async def end_token(transaction: Transaction, id: UUID) -> None:
    await tokens.end_token(transaction, token_id=id)


@endpoint(
    "POST",
    "/api/v1/token-leaks",
    permission="public",
    part="gate",
    limits=(REPORTS,),
    summary="Report API tokens found where they should not be: they end, and their owners are told",
)
async def report_leaks(database: Database, body: LeakReport) -> Answer[Literal[202], None]:
    # The same answer whether there is such a token or not: who asks learns nothing.
    await tokens.report_leaks(database, [(leak.token, leak.place) for leak in body.found])
    return Answer(202)


ENDPOINTS = (list_tokens, create_token, end_token, report_leaks)
