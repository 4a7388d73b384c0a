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

from belsimple.web.contradictions import contradictions
from belsimple.web.declaration import PARAMETER, PUBLIC, SIGNED_IN, DeclarationError
from belsimple.web.limits import Limit
from belsimple.web.signature import Handler, Signature, read_earlier, read_signature

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Part = Literal["web", "gate", "operator"]
Precondition = Literal["required", "optional"]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PARTS = ("web", "gate", "operator")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._-]+|\{[a-z_]+\}))+/?|/")


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
    admit: Handler | None
    look: Handler | None
    signature: Signature
    form: str | None = None
    done: str | None = None
    undo: str | None = None
    tokens: bool = False
    support: bool = False
    cross_site: bool = False

    @property
    def page(self) -> bool:
        """Whether it answers people with pages."""
        return self.signature.returns.kind == "view"

    @property
    def package(self) -> str:
        """The top package of its handler, where the templates and catalogues of its pages are."""
        return self.handler.__module__.partition(".")[0]

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
    admit: Handler | None = None,
    look: Handler | None = None,
    form: str | None = None,
    done: str | None = None,
    undo: str | None = None,
    tokens: bool | None = None,
    support: bool | None = None,
    cross_site: bool = False,
) -> Callable[[Handler], Endpoint]:
    """Declare the decorated handler as an endpoint; the name then stands for the Endpoint.

    fresh: the person must have proven who they are within 15 minutes. precondition: the change names the version it
    changes (If-Match). idempotent: ``Idempotency-Key`` applies; by default to every POST with a session. secret: the
    answer holds a secret, so it is never stored for replay. admit: called before an upload's first byte is taken in, in a
    transaction that only reads, with those of the handler's parameters that it names; it raises what the handler would. look:
    called likewise, before the handler's turn, to name the file that its parameter ``preview`` tells of (or None).
    form, done, undo: see `page`. tokens: API tokens may call it; by default what wants a permission, and neither a fresh proof
    of who somebody is nor a page. support: an operator who was let in may call it; by default what wants a permission and no fresh
    proof. cross_site: a message of another service's or another site's, which the
    origin check lets through: its body proves all that it does, and no cookie is looked at. Raises DeclarationError.
    """
    where = f"{method} {path}"
    if method not in _METHODS or part not in _PARTS or not _PATH.fullmatch(path):
        raise DeclarationError(where, "unknown method or part, or not a path")
    names: list[str] = PARAMETER.findall(path)
    stored = method == "POST" and permission != PUBLIC and not secret if idempotent is None else idempotent

    def declare(handler: Handler) -> Endpoint:
        signature = read_signature(where, handler, names)
        made = Endpoint(
            method=method,
            path=path,
            permission=permission,
            summary=summary,
            part=part,
            limits=limits,
            fresh=fresh,
            precondition=precondition,
            idempotent=stored and not (idempotent is None and signature.uploads),
            secret=secret,
            handler=handler,
            admit=admit,
            look=look,
            signature=signature,
            form=form,
            done=done,
            undo=undo,
            tokens=_for_tokens(signature, permission, part, fresh=fresh) if tokens is None else tokens,
            support=_for_support(permission, part, fresh=fresh) if support is None else support,
            cross_site=cross_site,
        )
        for name, earlier in (("admit", admit), ("look", look)):
            if earlier is not None:
                read_earlier(where, name, earlier, made.signature)
        for wrong, what in contradictions(made):
            if wrong:
                raise DeclarationError(where, what)
        return made

    return declare


def _for_tokens(signature: Signature, permission: str, part: Part, *, fresh: bool) -> bool:
    return _for_support(permission, part, fresh=fresh) and signature.returns.kind != "view"


def _for_support(permission: str, part: Part, *, fresh: bool) -> bool:
    return part == "web" and permission not in (PUBLIC, SIGNED_IN) and not fresh


def page(
    method: Literal["GET", "POST"],
    path: str,
    *,
    permission: str,
    summary: str,
    part: Part = "web",
    limits: tuple[Limit, ...] = (),
    fresh: bool = False,
    secret: bool = False,
    admit: Handler | None = None,
    look: Handler | None = None,
    form: str | None = None,
    done: str | None = None,
    undo: str | None = None,
    support: bool | None = None,
) -> Callable[[Handler], Endpoint]:
    """Declare the decorated handler as a page (GET, returns a View) or as what a page's form does (POST, mostly a Redirect).

    form: the path of the page that holds the form, shown again with what was typed and what is wrong with it; by default
    the same path. done: the notice on the page that the Redirect leads to; undo: the path that takes the change back by a POST,
    with at most one parameter, one of this path's. secret: the form holds a password, so what was typed is not kept in a page
    while its person signs in again. Other arguments as for `endpoint`. Raises DeclarationError.
    """
    return endpoint(
        method,
        path,
        permission=permission,
        summary=summary,
        part=part,
        limits=limits,
        fresh=fresh,
        idempotent=False,
        secret=secret,
        admit=admit,
        look=look,
        form=(form or path) if method == "POST" else None,
        done=done,
        undo=undo,
        support=support,
    )
