"""The mutations of what keeps API tokens and support to their place, where that is the program."""

from typing import Any

from belsimple.attack.mutating import mutant, nothing, original, replace


@mutant
def _token_reach(_: str) -> None:
    bearer_token = original("web.bearer:bearer_token")

    def token(plan: Any, exchange: Any) -> Any:
        return bearer_token(exchange) or plan._runtime.cookie.token(exchange)  # noqa: SLF001 - its own

    replace("web.plan:Plan._token", token)


@mutant
def _token_alone(_: str) -> None:
    bearer_token, refused = original("web.bearer:bearer_token"), original("web.bearer:TokenRefused")

    def lenient(exchange: Any) -> Any:
        try:
            return bearer_token(exchange)
        except refused:
            return None

    replace("web.plan:bearer_token", lenient)


@mutant
def _token_ended(_: str) -> None:
    replace("identity.api_tokens:end_token", nothing)


@mutant
def _token_leak(_: str) -> None:
    replace("identity.api_tokens:report_leaks", nothing)


@mutant
def _support_reach(_: str) -> None:
    replace("web.plan:is_support", lambda _: False)  # pyright: ignore[reportUnknownLambdaType]
