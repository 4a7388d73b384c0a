"""The mutations of guards that the program is: each takes one of its cares away (see mutating.py)."""

import os
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from belsimple.attack.mutating import mutant, nothing, original, replace


@mutant
def _session_required(_: str) -> None:
    # Declared while all is well: a public endpoint with a transaction would be refused.
    declared = original("server.assembly:all_endpoints")()

    def known(*_: Any) -> Any:
        return declared

    replace("server.assembly:all_endpoints", known)
    replace("web.endpoint:Endpoint.public", property(lambda _: True))
    item = original("console.menu:Item")

    def entered(entry: Any, page: Any) -> Any:
        return item(entry.label, entry.path, page.permission, page.package)

    replace("console.menu:_item", entered)  # a menu refuses pages that are public


@mutant
def _public_routes(_: str) -> None:
    operation = original("web.openapi:_operation")

    def changed(one: Any, *rest: Any) -> Any:
        return {**operation(one, *rest), **({"x-permission": "public"} if one.path.endswith("/api/v1/me") else {})}

    replace("web.openapi:_operation", changed)


@mutant
def _permission_check(_: str) -> None:
    def authorise(_plan: Any, exchange: Any, principal: Any) -> None:
        exchange.account = principal.account_id

    replace("web.plan:Plan._authorise", authorise)


@mutant
def _operators_rights(tenant: str) -> None:
    _permission_check(tenant)


@mutant
def _fresh_required(_: str) -> None:
    authorise = original("web.plan:Plan._authorise")

    def changed(plan: Any, exchange: Any, principal: Any) -> None:
        authorise(plan, exchange, msgspec.structs.replace(principal, fresh=True))

    replace("web.plan:Plan._authorise", changed)


@mutant
def _operators_fresh(tenant: str) -> None:
    _fresh_required(tenant)


@mutant
def _refusals_recorded(_: str) -> None:
    replace("web.refusals:Refusals.add", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType]


@mutant
def _one_404(_: str) -> None:
    malformed = original("web.problems:Malformed")

    def read(text: str) -> UUID:
        try:
            return UUID(text)
        except ValueError:
            raise malformed("That is no id.") from None

    replace("web.decoding:_uuid", read)


@mutant
def _unknown_fields(_: str) -> None:
    def known(kind: Any, body: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in body.items() if key in kind.__struct_encode_fields__}

    _change_bodies(known)


@mutant
def _typed_input(_: str) -> None:
    _change_bodies(lambda _, body: {key: str(value) for key, value in body.items()})


def _change_bodies(change: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> None:
    compile_body = original("web.decoding:compile_body")

    def changed(kind: Any) -> Any:
        read = compile_body(kind)

        def change_and_read(exchange: Any, raw: bytes) -> Any:
            return read(exchange, msgspec.json.encode(change(kind, msgspec.json.decode(raw, type=dict[str, Any]))))

        return change_and_read

    replace("web.decoding:compile_body", changed)


@mutant
def _media_type(_: str) -> None:
    compile_body = original("web.decoding:compile_body")

    def changed(kind: Any) -> Any:
        read = compile_body(kind)

        def read_anything(exchange: Any, raw: bytes) -> Any:
            exchange.headers[b"content-type"] = b"application/json"
            return read(exchange, raw)

        return read_anything

    replace("web.decoding:compile_body", changed)


@mutant
def _parse_errors(_: str) -> None:
    def why(_raw: bytes, error: Exception) -> None:
        raise error

    replace("web.decoding:_why", why)


@mutant
def _unknown_parameters(_: str) -> None:
    compile_query = original("web.decoding:compile_query")

    def changed(kind: Any, **options: Any) -> Any:
        read = compile_query(kind, **options)
        fields = kind.__struct_encode_fields__ if kind else ()

        def read_known(raw: bytes) -> Any:
            return read(b"&".join(pair for pair in raw.split(b"&") if pair.partition(b"=")[0].decode() in fields))

        return read_known

    replace("web.decoding:compile_query", changed)


@mutant
def _body_limit(_: str) -> None:
    original("web.bodies:read_body").__kwdefaults__["limit"] = 64 * 1024 * 1024


@mutant
def _body_time(_: str) -> None:
    original("web.bodies:read_body").__kwdefaults__.update(total_seconds=3600.0, chunk_seconds=3600.0)


@mutant
def _cursor_checked(_: str) -> None:
    read_cursor, unprocessable = original("web.cursor:read_cursor"), original("web.problems:Unprocessable")

    def lenient(text: str | None, into: Any) -> Any:
        try:
            return read_cursor(text, into)
        except unprocessable:
            return None

    replace("web.cursor:read_cursor", lenient)


@mutant
def _tenant_filter(other_tenant: str) -> None:
    bind = original("database.transaction:bind")

    def changed(_transaction: Any, query: Any, parameters: dict[str, Any]) -> Any:
        return bind(query, {**parameters, "tenant": UUID(other_tenant)}, own="tenant")

    replace("database.transaction:Transaction._bind", changed)


@mutant
def _idempotency_account(_: str) -> None:
    kept: dict[tuple[str, str], Any] = {}

    async def replay(claim: Any, _transaction: Any) -> Any:
        reply = kept.get((getattr(claim, "_route"), getattr(claim, "_key")))  # noqa: B009 - its own
        return reply and type(reply)(reply.status, reply.body)

    async def store(claim: Any, _transaction: Any, reply: Any) -> None:
        kept[getattr(claim, "_route"), getattr(claim, "_key")] = reply  # noqa: B009 - its own

    replace("web.idempotency:Claim.replay", replay)
    replace("web.idempotency:Claim.store", store)


@mutant
def _idempotency_hash(_: str) -> None:
    claim_of = original("web.idempotency:claim_of")

    def changed(exchange: Any, route: str, _body: bytes) -> Any:
        return claim_of(exchange, route, b"")

    replace("web.idempotency:claim_of", changed)


@mutant
def _ended(_: str) -> None:
    replace("identity.account:end_session", nothing)
    replace("identity.account:end_other_sessions", nothing)


@mutant
def _operators_signed_out(_: str) -> None:
    replace("operators.sign_in:end_session", nothing)


@mutant
def _rate_limits(_: str) -> None:
    replace("web.attempts:Attempts.take", nothing)
    _hash_for_free()


@mutant
def _trusted_proxies(_: str) -> None:
    replace("web.addresses:TrustedProxies.trusts", lambda *_: True)  # pyright: ignore[reportUnknownLambdaType]
    _hash_for_free()


@mutant
def _address_network(_: str) -> None:
    replace("web.limits:network_of", lambda address: address)  # pyright: ignore[reportUnknownLambdaType]
    replace("web.middleware:network_of", lambda address: address)  # pyright: ignore[reportUnknownLambdaType]
    _hash_for_free()


@mutant
def _same_refusal(_: str) -> None:
    unauthorized = original("identity.actions:Unauthorized")

    def telling(detail: str, **more: Any) -> Any:
        return unauthorized(f"{detail} ({os.urandom(4).hex()})", **more)

    replace("identity.actions:Unauthorized", telling)
    replace("identity.admission:Unauthorized", telling)
    replace("operators.sign_in:Unauthorized", telling)


@mutant
def _passkey_answer(_: str) -> None:
    answered = original("identity.passkeys:Answered")

    def believing(*_: Any, **__: Any) -> Any:
        return answered(sign_count=1 << 31, backed_up=False)

    replace("identity.passkeys:RelyingParty.answered", believing)


def _hash_for_free() -> None:
    """Where every guess is let through, each would cost its hash: the case is not about that."""

    async def proof(*_: Any) -> bytes:
        return os.urandom(32)

    replace("identity.hashing:Hasher.proof", proof)
