"""The mutations of guards that the program is: each takes one of its cares away, in a process of its own.

They are applied before the request path is imported, so that a name imported elsewhere is the changed one.
"""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final
from uuid import UUID

import msgspec

Mutant = Callable[[str], None]
MUTANTS: Final[dict[str, Mutant]] = {}
"""By the guard's name; each is given the id of the other tenant."""


def _mutant(mutant: Mutant) -> Mutant:
    MUTANTS[mutant.__name__.lstrip("_")] = mutant
    return mutant


def _owner(target: str) -> tuple[Any, str]:
    """What holds `target`, written `module:Class.name` or `module:name`; and the name."""
    module, _, path = target.partition(":")
    *classes, name = path.split(".")
    owner: Any = import_module(f"belsimple.{module}")
    for one in classes:
        owner = getattr(owner, one)
    return owner, name


def _original(target: str) -> Any:
    return getattr(*_owner(target))


def _replace(target: str, replacement: Any) -> None:
    setattr(*_owner(target), replacement)


async def _nothing(*_: Any, **__: Any) -> None:
    """Takes the place of a coroutine function that mattered."""


@_mutant
def _session_required(_: str) -> None:
    _original(
        "server.assembly:all_endpoints"
    )()  # declared before: a public endpoint with a transaction would be refused
    _replace("web.endpoint:Endpoint.public", property(lambda _: True))


@_mutant
def _public_routes(_: str) -> None:
    operation = _original("web.openapi:_operation")

    def changed(one: Any, *rest: Any) -> Any:
        return {**operation(one, *rest), **({"x-permission": "public"} if one.path == "/api/v1/me" else {})}

    _replace("web.openapi:_operation", changed)


@_mutant
def _permission_check(_: str) -> None:
    def authorise(_plan: Any, exchange: Any, principal: Any) -> None:
        exchange.account = principal.account_id

    _replace("web.plan:Plan._authorise", authorise)


@_mutant
def _fresh_required(_: str) -> None:
    authorise = _original("web.plan:Plan._authorise")

    def changed(plan: Any, exchange: Any, principal: Any) -> None:
        authorise(plan, exchange, msgspec.structs.replace(principal, fresh=True))

    _replace("web.plan:Plan._authorise", changed)


@_mutant
def _refusals_recorded(_: str) -> None:
    _replace("web.refusals:Refusals.add", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType]


@_mutant
def _one_404(_: str) -> None:
    malformed = _original("web.problems:Malformed")

    def read(text: str) -> UUID:
        try:
            return UUID(text)
        except ValueError:
            raise malformed("That is no id.") from None

    _replace("web.decoding:_uuid", read)


@_mutant
def _unknown_fields(_: str) -> None:
    def known(kind: Any, body: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in body.items() if key in kind.__struct_encode_fields__}

    _change_bodies(known)


@_mutant
def _typed_input(_: str) -> None:
    _change_bodies(lambda _, body: {key: str(value) for key, value in body.items()})


def _change_bodies(change: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> None:
    compile_body = _original("web.decoding:compile_body")

    def changed(kind: Any) -> Any:
        read = compile_body(kind)

        def change_and_read(exchange: Any, raw: bytes) -> Any:
            return read(exchange, msgspec.json.encode(change(kind, msgspec.json.decode(raw, type=dict[str, Any]))))

        return change_and_read

    _replace("web.decoding:compile_body", changed)


@_mutant
def _media_type(_: str) -> None:
    compile_body = _original("web.decoding:compile_body")

    def changed(kind: Any) -> Any:
        read = compile_body(kind)

        def read_anything(exchange: Any, raw: bytes) -> Any:
            exchange.headers[b"content-type"] = b"application/json"
            return read(exchange, raw)

        return read_anything

    _replace("web.decoding:compile_body", changed)


@_mutant
def _parse_errors(_: str) -> None:
    def why(_raw: bytes, error: Exception) -> None:
        raise error

    _replace("web.decoding:_why", why)


@_mutant
def _unknown_parameters(_: str) -> None:
    compile_query = _original("web.decoding:compile_query")

    def changed(kind: Any, **options: Any) -> Any:
        read = compile_query(kind, **options)
        fields = kind.__struct_encode_fields__ if kind else ()

        def read_known(raw: bytes) -> Any:
            return read(b"&".join(pair for pair in raw.split(b"&") if pair.partition(b"=")[0].decode() in fields))

        return read_known

    _replace("web.decoding:compile_query", changed)


@_mutant
def _body_limit(_: str) -> None:
    _original("web.bodies:read_body").__kwdefaults__["limit"] = 64 * 1024 * 1024


@_mutant
def _body_time(_: str) -> None:
    _original("web.bodies:read_body").__kwdefaults__.update(total_seconds=3600.0, chunk_seconds=3600.0)


@_mutant
def _cursor_checked(_: str) -> None:
    read_cursor, unprocessable = _original("web.cursor:read_cursor"), _original("web.problems:Unprocessable")

    def lenient(text: str | None, into: Any) -> Any:
        try:
            return read_cursor(text, into)
        except unprocessable:
            return None

    _replace("web.cursor:read_cursor", lenient)


@_mutant
def _tenant_filter(other_tenant: str) -> None:
    bind = _original("database.transaction:bind")

    def changed(_transaction: Any, query: Any, parameters: dict[str, Any]) -> Any:
        return bind(query, {**parameters, "tenant": UUID(other_tenant)}, spare=1)

    _replace("database.transaction:Transaction._bind", changed)


@_mutant
def _idempotency_account(_: str) -> None:
    kept: dict[tuple[str, str], Any] = {}

    async def replay(claim: Any, _transaction: Any) -> Any:
        reply = kept.get((getattr(claim, "_route"), getattr(claim, "_key")))  # noqa: B009 - its own
        return reply and type(reply)(reply.status, reply.body)

    async def store(claim: Any, _transaction: Any, reply: Any) -> None:
        kept[getattr(claim, "_route"), getattr(claim, "_key")] = reply  # noqa: B009 - its own

    _replace("web.idempotency:Claim.replay", replay)
    _replace("web.idempotency:Claim.store", store)


@_mutant
def _idempotency_hash(_: str) -> None:
    claim_of = _original("web.idempotency:claim_of")

    def changed(exchange: Any, route: str, _body: bytes) -> Any:
        return claim_of(exchange, route, b"")

    _replace("web.idempotency:claim_of", changed)


@_mutant
def _ended(_: str) -> None:
    _replace("identity.account:end_session", _nothing)


@_mutant
def _rate_limits(_: str) -> None:
    _replace("web.attempts:Attempts.take", _nothing)
    _hash_for_free()


@_mutant
def _trusted_proxies(_: str) -> None:
    _replace("web.addresses:TrustedProxies.trusts", lambda *_: True)  # pyright: ignore[reportUnknownLambdaType]
    _hash_for_free()


@_mutant
def _same_refusal(_: str) -> None:
    unauthorized = _original("identity.actions:Unauthorized")

    def telling(detail: str, **more: Any) -> Any:
        return unauthorized(f"{detail} ({os.urandom(4).hex()})", **more)

    _replace("identity.actions:Unauthorized", telling)


def _hash_for_free() -> None:
    """Where every guess is let through, each would cost its hash: the case is not about that."""

    async def proof(*_: Any) -> bytes:
        return os.urandom(32)

    _replace("identity.hashing:Hasher.proof", proof)
