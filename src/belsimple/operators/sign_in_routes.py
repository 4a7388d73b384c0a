"""Operators signing in and out, and their own account."""

from typing import Final, Literal
from uuid import UUID

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.database.transaction import Database
from belsimple.identity.account import Session
from belsimple.identity.hashing import Hasher
from belsimple.identity.sign_in_routes import Password, PasswordChange, PersonName, Text
from belsimple.language import Language
from belsimple.operators import sign_in as actions
from belsimple.operators.sign_in import Operator
from belsimple.web.answers import Answer, EndSession, NewSession, Page
from belsimple.web.attempts import Attempts
from belsimple.web.cursor import page_of_all
from belsimple.web.endpoint import SIGNED_IN, endpoint
from belsimple.web.inputs import Caller, Input, Paging
from belsimple.web.limits import Limit, by_address, by_fields, by_fields_and_address, by_session

# As for tenants' people (docs/decisions/0006), and fewer: a company has a handful of operators.
PER_ADDRESS: Final = Limit(name="operator-sign-in-address", times=20, seconds=60, burst=20, subject=by_address)
PER_ACCOUNT: Final = Limit(
    name="operator-sign-in-account", times=2, seconds=60, burst=10, subject=by_fields_and_address("email")
)
STRANGERS: Final = Limit(name="operator-sign-in-strangers", times=4, seconds=60, burst=20, subject=by_fields("email"))
PER_SESSION: Final = Limit(name="operator-own-password", times=2, seconds=60, burst=10, subject=by_session)


class SignIn(Input, frozen=True):
    """Credentials."""

    email: Text
    password: Password


class OwnChange(Input, frozen=True):
    """What changes; a field left out stays. The language is that of pages and mails."""

    name: PersonName | None = None
    language: Language | None = None


class Reauthentication(Input, frozen=True):
    """The own password, once more."""

    password: Password


class SignedIn(msgspec.Struct, frozen=True):
    """The session that was opened; its token is in the cookie alone."""

    id: UUID
    operator_id: UUID


@endpoint(
    "POST",
    "/operator/api/v1/session",
    permission="public",
    part="operator",
    limits=(PER_ADDRESS, PER_ACCOUNT),
    summary="Sign in with a password",
)
async def sign_in(
    database: Database, hasher: Hasher, body: SignIn, caller: Caller, attempts: Attempts
) -> Answer[Literal[201], SignedIn]:
    attempt = await actions.begin_sign_in(database, email=body.email, caller=caller)
    if not attempt.familiar:
        await attempts.take(STRANGERS)
    opened = await actions.sign_in(database, hasher, attempt, password=body.password)
    await attempts.give_back()
    return Answer(201, SignedIn(opened.session_id, opened.operator_id), cookie=NewSession(opened.token))


@endpoint("DELETE", "/operator/api/v1/session", permission=SIGNED_IN, part="operator", summary="Sign out")
async def sign_out(transaction: OperatorTransaction) -> Answer[Literal[204], None]:
    await actions.end_session(transaction, session_id=transaction.principal.session_id)
    return Answer(204, cookie=EndSession())


@endpoint(
    "PUT",
    "/operator/api/v1/account/password",
    permission=SIGNED_IN,
    part="operator",
    limits=(PER_SESSION,),
    summary="Change the own password",
)
async def change_password(
    transaction: OperatorTransaction, hasher: Hasher, body: PasswordChange, caller: Caller
) -> Answer[Literal[204], None]:
    token = await actions.change_password(transaction, hasher, current=body.current, new=body.new, caller=caller)
    return Answer(204, cookie=NewSession(token))


@endpoint(
    "POST",
    "/operator/api/v1/reauthentication",
    permission=SIGNED_IN,
    part="operator",
    limits=(PER_SESSION,),
    idempotent=False,
    summary="Confirm who you are with the own password",
)
async def reauthenticate(transaction: OperatorTransaction, hasher: Hasher, body: Reauthentication) -> None:
    await actions.reauthenticate(transaction, hasher, password=body.password)


@endpoint("GET", "/operator/api/v1/me", permission=SIGNED_IN, part="operator", summary="The operator who is signed in")
async def me(transaction: OperatorTransaction) -> Operator:
    return await actions.me(transaction)


@endpoint(
    "PATCH", "/operator/api/v1/me", permission=SIGNED_IN, part="operator", summary="Change the own name or language"
)
async def change_me(transaction: OperatorTransaction, body: OwnChange) -> Operator:
    return await actions.change_me(transaction, name=body.name, language=body.language)


@endpoint("GET", "/operator/api/v1/sessions", permission=SIGNED_IN, part="operator", summary="The own living sessions")
async def list_sessions(transaction: OperatorTransaction, query: Paging) -> Page[Session]:
    return page_of_all(await actions.sessions(transaction), query)


@endpoint(
    "DELETE",
    "/operator/api/v1/sessions/{id}",
    permission=SIGNED_IN,
    part="operator",
    summary="End one of the own sessions",
)
async def end_session(transaction: OperatorTransaction, id: UUID) -> None:
    await actions.end_session(transaction, session_id=id)


ENDPOINTS = (sign_in, sign_out, change_password, reauthenticate, me, change_me, list_sessions, end_session)
