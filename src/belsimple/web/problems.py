"""Errors as people and scripts see them: ``application/problem+json`` (RFC 9457).

A problem's text never holds a value from the request's path, another tenant's data or anything of the inside. It is a marked
message or a Message: the API says it in English, a page in its reader's language (`translated`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from belsimple.language import Message, counted
from belsimple.language import marked as _

MEDIA_TYPE = b"application/problem+json"
CHALLENGE = {"www-authenticate": 'Cookie realm="belsimple"'}
"""A 401 must name a scheme (RFC 9110, 11.6.1); no browser opens a password dialogue for this one."""
_PREFIX = "urn:belsimple:error:"
_MINUTE = 60


class Problem(Exception):
    """Raised anywhere in the request path; answered as its status with its headers and its JSON body."""

    status: int = 500
    name: str = "internal"
    title: str = _("Something went wrong on our side.")

    def __init__(
        self,
        detail: str | None = None,
        *,
        status: int | None = None,
        name: str | None = None,
        title: str | None = None,
        errors: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """``errors`` are pairs of a JSON pointer (RFC 6901) and a sentence."""
        super().__init__(name or self.name)
        self.status = status or self.status
        self.name = name or self.name
        self.title = title or self.title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def encode(self) -> bytes:
        """The JSON body, in English."""
        # str(): msgspec takes no subclass of it, such as Message.
        body: dict[str, Any] = {
            "type": _PREFIX + self.name,
            "title": str(self.title),
            "status": self.status,
        }
        if self.detail is not None:
            body["detail"] = str(self.detail)
        if self.errors:
            body["errors"] = [{"pointer": pointer, "detail": str(detail)} for pointer, detail in self.errors]
        return msgspec.json.encode(body)


class Malformed(Problem):
    """400: the request's syntax is broken."""

    status, name, title = 400, "malformed", _("The request could not be read.")


class Unauthorized(Problem):
    """401: wrong credentials."""

    status, name, title = 401, "unauthorized", _("Sign in first.")

    def __init__(
        self, detail: str | None = None, *, name: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail, name=name, headers={**CHALLENGE, **(headers or {})})


class NoSession(Unauthorized):
    """401: no session, or one that has ended. The answer clears the cookie."""

    name = "no-session"


class Forbidden(Problem):
    """403: signed in, but not allowed."""

    status, name, title = 403, "forbidden", _("You are not allowed to do this.")


class ReauthenticationRequired(Forbidden):
    """403: allowed, but only within minutes of proving who you are (ASVS 5.0, 7.5.1)."""

    name, title = "reauthentication-required", _("Confirm who you are first.")


class CrossOrigin(Forbidden):
    """403: a page of another site caused this request."""

    name, title = "cross-origin", _("This request came from another site.")


class NotFound(Problem):
    """404: missing, another tenant's, or a malformed id; the three cannot be told apart, so it takes no detail."""

    status, name, title = 404, "not-found", _("There is nothing here.")

    def __init__(self) -> None:
        super().__init__()


class MethodNotAllowed(Problem):
    """405, with the methods that are allowed."""

    status, name, title = 405, "method-not-allowed", _("This address does not take that method.")

    def __init__(self, allowed: Iterable[str]) -> None:
        super().__init__(headers={"allow": ", ".join(sorted(allowed))})


class RequestTimeout(Problem):
    """408: the body trickled in too slowly."""

    status, name, title = 408, "request-timeout", _("The request took too long to arrive.")


class Conflict(Problem):
    """409: the object's state, or another object, forbids the change."""

    status, name, title = 409, "conflict", _("This conflicts with what is already there.")


class Stale(Problem):
    """412: the object has changed since it was read (If-Match)."""

    status, name, title = 412, "stale", _("This has changed since you read it.")


class TooLarge(Problem):
    """413: the body is over the limit."""

    status, name, title = 413, "too-large", _("The request's body is too large.")


class UnsupportedMediaType(Problem):
    """415: the body is not JSON."""

    status, name, title = 415, "unsupported-media-type", _("Send the body as application/json.")


class Misdirected(Problem):
    """421: the Host is not ours (DNS rebinding, cache poisoning)."""

    status, name, title = 421, "misdirected", _("This host name is not served here.")


class Unprocessable(Problem):
    """422: well-formed, but not acceptable; says where."""

    status, name, title = 422, "invalid", _("Some of what you sent is not acceptable.")

    def __init__(self, errors: Iterable[tuple[str, str]], detail: str | None = None) -> None:
        super().__init__(detail, errors=errors)


class PreconditionRequired(Problem):
    """428: a change that must name the version it changes (RFC 6585)."""

    status, name, title = 428, "precondition-required", _("Send If-Match with the version you read.")


class TooManyRequests(Problem):
    """429, with the whole seconds to wait."""

    status, name, title = 429, "too-many-requests", _("Too many requests. Wait a little.")

    def __init__(self, wait: float) -> None:
        seconds = max(1, -int(-wait // 1))
        super().__init__(_when_to_try_again(seconds), headers={"retry-after": str(seconds)})


def _when_to_try_again(seconds: int) -> Message:
    if seconds <= 2 * _MINUTE:
        return counted("Try again in {count} second.", "Try again in {count} seconds.", count=seconds)
    return counted("Try again in {count} minute.", "Try again in {count} minutes.", count=-(-seconds // _MINUTE))


class HeadersTooLarge(Problem):
    """431: too many headers, or too long."""

    status, name, title = 431, "headers-too-large", _("The request's headers are too large.")


class Unavailable(Problem):
    """503: overloaded, or something we need is away; try again."""

    status, name, title = 503, "unavailable", _("The service cannot answer right now.")

    def __init__(self, retry_after: int = 2) -> None:
        super().__init__(headers={"retry-after": str(retry_after)})
