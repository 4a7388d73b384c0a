"""The declaration of an endpoint: everything the request path must know, said once, beside the handler.

    @endpoint("PATCH", "/api/v1/dossiers/{id}", permission="dossiers:write", summary="Change a dossier",
              precondition="required")
    async def change_dossier(transaction: Transaction, id: UUID, body: DossierChange, expected: int) -> Dossier: ...

A declaration that is incomplete or contradicts itself raises DeclarationError while its module is imported: a process
that would serve it does not start.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from belsimple.web.declaration import DeclarationError
from belsimple.web.limits import ByFields, Limit
from belsimple.web.signature import Handler, Signature, read_signature

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Part = Literal["web", "gate", "operator"]
Precondition = Literal["required", "optional"]

PUBLIC = "public"
SIGNED_IN = "signed-in"

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PARTS = ("web", "gate", "operator")
_PERMISSION = re.compile(r"[a-z_]+:[a-z_]+")
_PATH = re.compile(r"(?:/(?:[a-z0-9._-]+|\{[a-z_]+\}))+/?|/")
_PARAMETER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, eq=False, kw_only=True)
class Endpoint:
    """One method on one path. ``permission`` is "x:y", "signed-in" (any valid session) or "public"."""

    method: Method
    path: str
    permission: str
    summary: str
    part: Part
    limits: tuple[Limit, ...]
    fresh: bool
    precondition: Precondition | None
    idempotent: bool
    secret: bool
    handler: Handler
    signature: Signature

    @property
    def reads(self) -> bool:
        """Whether its transaction is opened READ ONLY: a GET cannot change state."""
        return self.method == "GET"

    @property
    def public(self) -> bool:
        """Whether it is answered without a session."""
        return self.permission == PUBLIC

    @property
    def route(self) -> str:
        """Method and path template; what logs, refusals and idempotency keys are filed under."""
        return f"{self.method} {self.path}"


def endpoint(
    method: Method,
    path: str,
    *,
    permission: str,
    summary: str,
    part: Part = "web",
    limits: tuple[Limit, ...] = (),
    fresh: bool = False,
    precondition: Precondition | None = None,
    idempotent: bool | None = None,
    secret: bool = False,
) -> Callable[[Handler], Endpoint]:
    """Declare the decorated handler as an endpoint; the name then stands for the Endpoint.

    fresh: the person must have proven who they are within 15 minutes. precondition: the change names the version it
    changes (If-Match). idempotent: ``Idempotency-Key`` applies; by default to every POST with a session. secret: the
    answer holds a secret, so it is never stored for replay. Raises DeclarationError.
    """
    where = f"{method} {path}"
    if method not in _METHODS or part not in _PARTS or not _PATH.fullmatch(path):
        raise DeclarationError(where, "unknown method or part, or not a path")
    names: list[str] = _PARAMETER.findall(path)
    stored = method == "POST" and permission != PUBLIC and not secret if idempotent is None else idempotent

    def declare(handler: Handler) -> Endpoint:
        made = Endpoint(
            method=method,
            path=path,
            permission=permission,
            summary=summary,
            part=part,
            limits=limits,
            fresh=fresh,
            precondition=precondition,
            idempotent=stored,
            secret=secret,
            handler=handler,
            signature=read_signature(where, handler, names),
        )
        for wrong, what in _contradictions(made):
            if wrong:
                raise DeclarationError(where, what)
        return made

    return declare


def _contradictions(made: Endpoint) -> list[tuple[bool, str]]:
    takes = made.signature
    return [
        (
            not (made.public or made.permission == SIGNED_IN or _PERMISSION.fullmatch(made.permission)),
            'the permission must be "x:y", "signed-in" or "public"',
        ),
        (not made.summary.strip(), "a summary is missing"),
        (
            made.public and takes.transaction,
            "a public endpoint has no session, hence no transaction",
        ),
        (
            not made.public and not takes.transaction,
            "an endpoint with a permission takes the transaction",
        ),
        (
            not made.public and takes.database,
            "a handler inside a tenant gets nothing that could open another",
        ),
        (
            made.public and made.fresh,
            "a public endpoint cannot ask for a fresh re-authentication",
        ),
        (
            made.public and not made.reads and not made.limits,
            "a public endpoint that changes state needs a rate limit",
        ),
        (
            made.public and made.precondition is not None,
            "a public endpoint has no version to compare",
        ),
        (
            any(not _has_subject(limit, takes) for limit in made.limits),
            "a limit counts by fields that the body lacks",
        ),
        (made.reads and takes.body is not None, "a GET has no body"),
        (made.reads and made.precondition is not None, "If-Match is for changes"),
        (
            made.precondition != takes.expected,
            "the precondition and the parameter `expected` must go together",
        ),
        (made.idempotent and made.method != "POST", "Idempotency-Key is for POST"),
        (made.idempotent and made.public, "a stored answer belongs to an account"),
        (
            made.idempotent and made.secret,
            "an answer that holds a secret is never stored",
        ),
        (
            bool(takes.services) and made.part == "web" and "hasher" in takes.services,
            "passwords are hashed in gate only",
        ),
        (
            takes.returns.kind == "page" and "limit" not in _query_fields(takes),
            "a list's query derives from Paging",
        ),
    ]


def _query_fields(takes: Signature) -> tuple[str, ...]:
    return takes.query.__struct_fields__ if takes.query else ()


def _has_subject(limit: Limit, takes: Signature) -> bool:
    fields = takes.body.__struct_fields__ if takes.body else ()
    return not isinstance(limit.subject, ByFields) or set(limit.subject.names) <= set(fields)
