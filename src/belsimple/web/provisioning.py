"""SCIM on the wire (RFC 7644): a directory's request, what a handler answers, and errors in SCIM's own form."""

import re
from typing import Any, Final

import msgspec

from belsimple.web.bearer import ALPHABET, BODY, CHECKSUM
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.problems import Malformed, Problem, Stale, Unauthorized, UnsupportedMediaType

SCIM: Final = "/scim/v2/"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
TOKEN_PREFIX: Final = "bels_"  # noqa: S105 - how every such token begins
_JSON: Final = (b"content-type", b"application/scim+json")
_TOKEN: Final = re.compile(
    rb"bearer +(?P<token>%s[%s]{%d})" % (TOKEN_PREFIX.encode(), ALPHABET.encode(), BODY + CHECKSUM), re.IGNORECASE
)
_TAG: Final = re.compile(rb'(?:W/)?"(?P<version>0|[1-9][0-9]{0,8})"')
_TYPES: Final = {
    "invalid-filter": "invalidFilter",
    "invalid-path": "invalidPath",
    "invalid-syntax": "invalidSyntax",
    "invalid-value": "invalidValue",
    "no-target": "noTarget",
    "too-many": "tooMany",
    "malformed": "invalidSyntax",
    "mutability": "mutability",
    "uniqueness": "uniqueness",
    "conflict": "uniqueness",
    "invalid": "invalidValue",
}
"""The scimType of a problem, by its name (RFC 7644, table 9)."""


class DirectoryTokenRefused(Unauthorized):
    """401: not a directory's token, or one that has ended."""

    name = "token-refused"

    def __init__(self) -> None:
        challenge = {"www-authenticate": 'Bearer realm="belsimple", error="invalid_token"'}
        super().__init__("This is no token of a provisioning connection, or not any more.", headers=challenge)


class ScimRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A directory's request. ``document``: its JSON body, None without one; ``expected``: the version that If-Match names."""

    method: str
    query: dict[str, str]
    document: Any
    expected: int | None
    base: str


class ScimAnswer(msgspec.Struct, frozen=True):
    """An answer in SCIM's media type. ``version`` is sent as a weak ETag; ``body`` None sends nothing."""

    status: int
    body: Any = None
    version: int | None = None
    location: str | None = None


def directory_token(exchange: Exchange) -> bytes:
    """The text of the directory's token. Raises DirectoryTokenRefused; cookies and API tokens count for nothing here."""
    found = _TOKEN.fullmatch(exchange.headers.get(b"authorization", b"").strip())
    if found is None:
        raise DirectoryTokenRefused
    return found["token"]


def expected_version(exchange: Exchange) -> int | None:
    """The version that If-Match names (RFC 7644, 3.14); None without one. Raises Stale for what is no version of ours."""
    given = exchange.headers.get(b"if-match", b"").strip()
    if not given or given == b"*":
        return None
    tag = _TAG.fullmatch(given)
    if tag is None:
        raise Stale
    return int(tag["version"])


def read_document(exchange: Exchange, raw: bytes) -> Any:
    """The JSON body, or None. Raises UnsupportedMediaType, and Malformed, also for JSON that is nested too deeply, and for NUL, which text cannot hold."""
    if not raw:
        return None
    media_type = exchange.text(b"content-type").partition(";")[0].strip().lower()
    if media_type not in ("application/scim+json", "application/json"):
        raise UnsupportedMediaType
    try:
        document = msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        raise Malformed("The body is not valid JSON in UTF-8, or nested too deeply.") from None
    if rb"\u0000" in raw:
        raise Malformed("Text cannot hold the NUL character.")
    return document


def encoded(answer: ScimAnswer) -> Reply:
    """The reply of an answer."""
    headers: list[tuple[bytes, bytes]] = [_JSON] if answer.body is not None else []
    if answer.location is not None:
        headers.append((b"location", answer.location.encode("ascii")))
    body = b"" if answer.body is None else msgspec.json.encode(answer.body)
    return Reply(answer.status, body, headers, None if answer.version is None else f'W/"{answer.version}"')


def told(problem: Problem) -> dict[str, Any]:
    """A problem as SCIM's error (RFC 7644, section 3.12). What the service calls 422 is 400 here."""
    status = 400 if problem.status == 422 else problem.status
    detail = problem.detail or (problem.errors[0][1] if problem.errors else None) or problem.title
    kind = _TYPES.get(problem.name) if status in (400, 409) else None
    return {
        "schemas": [ERROR],
        "status": str(status),
        "detail": str(detail),
        **({"scimType": kind} if kind else {}),
    }


def explained(problem: Problem) -> Reply:
    """The reply that tells of a problem."""
    body = told(problem)
    headers = [_JSON, *((name.encode("latin-1"), value.encode("latin-1")) for name, value in problem.headers.items())]
    return Reply(int(body["status"]), msgspec.json.encode(body), headers)
