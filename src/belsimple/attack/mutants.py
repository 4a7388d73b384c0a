"""The mutations of guards that the program is: each takes one of its cares away, in a process of its own.

They are applied before the request path is imported, so that a name imported elsewhere is the changed one.
"""

import os
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import msgspec

Mutant = Callable[[str], None]
MUTANTS: Final[dict[str, Mutant]] = {}
"""By the guard's name; each is given the id of the other tenant."""


def _mutant(mutant: Mutant) -> Mutant:
    MUTANTS[mutant.__name__.lstrip("_")] = mutant
    return mutant


@_mutant
def _session_required(_: str) -> None:
    from belsimple.server import assembly  # noqa: PLC0415

    assembly.all_endpoints()  # declared before: a public endpoint with a transaction would be refused
    from belsimple.web.endpoint import Endpoint  # noqa: PLC0415

    Endpoint.public = property(lambda _: True)


@_mutant
def _public_routes(_: str) -> None:
    from belsimple.web import openapi  # noqa: PLC0415

    declared = openapi._operation

    def operation(one: Any, *rest: Any) -> Any:
        return {**declared(one, *rest), **({"x-permission": "public"} if one.path == "/api/v1/me" else {})}

    openapi._operation = operation


@_mutant
def _permission_check(_: str) -> None:
    from belsimple.web.plan import Plan  # noqa: PLC0415

    def authorise(_plan: Any, exchange: Any, principal: Any) -> None:
        exchange.account = principal.account_id

    Plan._authorise = authorise


@_mutant
def _fresh_required(_: str) -> None:
    from belsimple.web.plan import Plan  # noqa: PLC0415
    from belsimple.web.problems import Forbidden  # noqa: PLC0415

    def authorise(plan: Any, _exchange: Any, principal: Any) -> None:
        if plan._permission is not None and plan._permission not in principal.permissions:
            raise Forbidden

    Plan._authorise = authorise


@_mutant
def _refusals_recorded(_: str) -> None:
    from belsimple.web.refusals import Refusals  # noqa: PLC0415

    Refusals.add = lambda *_: None


@_mutant
def _one_404(_: str) -> None:
    from belsimple.web import decoding  # noqa: PLC0415

    def read(text: str) -> UUID:
        try:
            return UUID(text)
        except ValueError:
            raise decoding.Malformed("That is no id.") from None

    decoding._uuid = read


@_mutant
def _unknown_fields(_: str) -> None:
    def known(kind: type[msgspec.Struct], body: Any) -> Any:
        fields = kind.__struct_encode_fields__
        return {key: value for key, value in body.items() if key in fields} if isinstance(body, dict) else body

    _change_bodies(known)


@_mutant
def _typed_input(_: str) -> None:
    def coerced(_kind: type[msgspec.Struct], body: Any) -> Any:
        return {key: str(value) for key, value in body.items()} if isinstance(body, dict) else body

    _change_bodies(coerced)


def _change_bodies(change: Callable[[type[msgspec.Struct], Any], Any]) -> None:
    from belsimple.web import decoding  # noqa: PLC0415

    compile_body = decoding.compile_body

    def changed(kind: type[msgspec.Struct]) -> Any:
        read = compile_body(kind)
        return lambda exchange, raw: read(exchange, msgspec.json.encode(change(kind, msgspec.json.decode(raw))))

    decoding.compile_body = changed


@_mutant
def _media_type(_: str) -> None:
    from belsimple.web import decoding  # noqa: PLC0415

    compile_body = decoding.compile_body

    def changed(kind: type[msgspec.Struct]) -> Any:
        read = compile_body(kind)

        def anything(exchange: Any, raw: bytes) -> Any:
            exchange.headers[b"content-type"] = b"application/json"
            return read(exchange, raw)

        return anything

    decoding.compile_body = changed


@_mutant
def _parse_errors(_: str) -> None:
    from belsimple.web import decoding  # noqa: PLC0415

    def why(_raw: bytes, error: Exception) -> Any:
        raise error

    decoding._why = why


@_mutant
def _unknown_parameters(_: str) -> None:
    from belsimple.web import decoding  # noqa: PLC0415

    compile_query = decoding.compile_query

    def changed(kind: type[msgspec.Struct] | None, **options: Any) -> Any:
        read = compile_query(kind, **options)
        fields = kind.__struct_encode_fields__ if kind else ()
        return lambda raw: read(b"&".join(pair for pair in raw.split(b"&") if pair.partition(b"=")[0].decode() in fields))

    decoding.compile_query = changed


@_mutant
def _body_limit(_: str) -> None:
    from belsimple.web import bodies  # noqa: PLC0415

    bodies.read_body.__kwdefaults__["limit"] = 64 * bodies.MAX_JSON


@_mutant
def _body_time(_: str) -> None:
    from belsimple.web import bodies  # noqa: PLC0415

    bodies.read_body.__kwdefaults__.update(total_seconds=3600.0, chunk_seconds=3600.0)


@_mutant
def _cursor_checked(_: str) -> None:
    from belsimple.web import cursor  # noqa: PLC0415

    read_cursor = cursor.read_cursor

    def lenient(text: str | None, into: Any) -> Any:
        try:
            return read_cursor(text, into)
        except cursor.Unprocessable:
            return None

    cursor.read_cursor = lenient


@_mutant
def _tenant_filter(other_tenant: str) -> None:
    from belsimple.database import transaction  # noqa: PLC0415

    def bind(_transaction: Any, query: Any, parameters: dict[str, Any]) -> list[Any]:
        return transaction.bind(query, {**parameters, "tenant": UUID(other_tenant)}, spare=1)

    transaction.Transaction._bind = bind


@_mutant
def _idempotency_account(_: str) -> None:
    from belsimple.web import idempotency  # noqa: PLC0415

    kept: dict[tuple[str, str], Any] = {}

    async def replay(claim: Any, _transaction: Any) -> Any:
        reply = kept.get((claim._route, claim._key))
        return reply and idempotency.Reply(reply.status, reply.body)

    async def store(claim: Any, _transaction: Any, reply: Any) -> None:
        kept[claim._route, claim._key] = reply

    idempotency.Claim.replay, idempotency.Claim.store = replay, store


@_mutant
def _idempotency_hash(_: str) -> None:
    from belsimple.web import idempotency  # noqa: PLC0415

    claim_of = idempotency.claim_of
    idempotency.claim_of = lambda exchange, route, _body: claim_of(exchange, route, b"")


@_mutant
def _ended(_: str) -> None:
    from belsimple.identity import account  # noqa: PLC0415

    async def end_session(*_: Any, **__: Any) -> None: ...

    account.end_session = end_session


@_mutant
def _rate_limits(_: str) -> None:
    from belsimple.web.attempts import Attempts  # noqa: PLC0415

    async def take(*_: Any) -> None: ...

    Attempts.take = take
    _hash_for_free()


@_mutant
def _trusted_proxies(_: str) -> None:
    from belsimple.web.addresses import TrustedProxies  # noqa: PLC0415

    TrustedProxies.trusts = lambda *_: True
    _hash_for_free()


def _hash_for_free() -> None:
    """Where every guess is let through, each would cost its hash: the case is not about that."""
    from belsimple.identity.hashing import Hasher  # noqa: PLC0415

    async def proof(*_: Any) -> bytes:
        return os.urandom(32)

    Hasher.proof = proof


@_mutant
def _same_refusal(_: str) -> None:
    from belsimple.identity import actions  # noqa: PLC0415

    unauthorized = actions.Unauthorized
    actions.Unauthorized = lambda detail, **more: unauthorized(f"{detail} ({os.urandom(4).hex()})", **more)
