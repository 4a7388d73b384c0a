"""The mutations of what keeps directories' tokens and others' apart, where that is the program."""

from typing import Any

from belsimple.attack.mutating import mutant, nothing, original, replace


@mutant
def _scim_token_reach(_: str) -> None:
    directory_token, refused = (
        original("web.provisioning:directory_token"),
        original("web.provisioning:DirectoryTokenRefused"),
    )
    tenant = original("database.transaction:Database.tenant")

    def token(plan: Any, exchange: Any) -> Any:
        try:
            return directory_token(exchange)
        except refused:
            return plan._runtime.cookie.token(exchange)  # noqa: SLF001 - its own

    def enter(database: Any, token: bytes, **more: Any) -> Any:
        return database.provisioning(token, **more) if token.startswith(b"bels_") else tenant(database, token, **more)

    replace("web.plan:Plan._token", token)
    replace("database.transaction:Database.tenant", enter)


@mutant
def _scim_token_kind(_: str) -> None:
    bearer_token = original("web.bearer:bearer_token")

    def any_token(exchange: Any) -> Any:
        return bearer_token(exchange) or exchange.headers.get(b"cookie", b"")

    def enter(database: Any, token: bytes, **more: Any) -> Any:
        return database.tenant(token, **more)

    replace("web.provisioning_plan:directory_token", any_token)
    replace("database.transaction:Database.provisioning", enter)


@mutant
def _scim_token_ended(_: str) -> None:
    replace("scim.connections:end_token", nothing)
