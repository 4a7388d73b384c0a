"""What cannot go together in the declaration of an endpoint: each wrong is found while its module is imported."""

import re
from typing import TYPE_CHECKING

from belsimple.web.declaration import PARAMETER, SIGNED_IN
from belsimple.web.inputs import Form
from belsimple.web.limits import ByFields, Limit
from belsimple.web.provisioning import SCIM
from belsimple.web.signature import Signature

if TYPE_CHECKING:
    from belsimple.web.endpoint import Endpoint

_PERMISSION = re.compile(r"[a-z_]+:[a-z_]+")
Contradiction = tuple[bool, str]
"""Whether a declaration is wrong in one way, and what that is."""


def contradictions(made: "Endpoint") -> list[Contradiction]:
    """Every way in which this declaration could be wrong, and whether it is."""
    return [
        *_about_access(made),
        *_about_limits_and_versions(made),
        *_about_bodies(made),
        *_about_answers(made),
        *_about_pages(made),
    ]


def _about_access(made: "Endpoint") -> list[Contradiction]:
    takes = made.signature
    declared = made.public or made.permission == SIGNED_IN or bool(_PERMISSION.fullmatch(made.permission))
    outside = made.part != "operator" and made.path.startswith("/operator/")
    return [
        (not declared, 'the permission must be "x:y", "signed-in" or "public"'),
        (made.public and takes.transaction, "a public endpoint has no session, hence no transaction"),
        (
            not made.public and not takes.transaction and not made.page and not takes.request,
            "an endpoint with a permission takes the transaction",
        ),
        (not made.public and takes.database, "a handler inside a tenant gets nothing that could open another"),
        (made.public and made.fresh, "a public endpoint cannot ask for a fresh re-authentication"),
        (outside, "what lies under /operator/ is part operator's"),
        (made.cross_site and (not made.public or takes.caller), "what other sites may cause looks at no cookie"),
        (made.part == "web" and "hasher" in takes.services, "passwords are hashed in gate only"),
    ]


def _about_limits_and_versions(made: "Endpoint") -> list[Contradiction]:
    takes = made.signature
    unlimited = made.public and not made.reads and not made.limits
    without_subject = any(not _has_subject(limit, takes) for limit in made.limits)
    return [
        (unlimited, "a public endpoint that changes state needs a rate limit"),
        (without_subject, "a limit counts by fields that the body lacks"),
        (made.public and made.precondition is not None, "a public endpoint has no version to compare"),
        (made.reads and made.precondition is not None, "If-Match is for changes"),
        (made.precondition != takes.expected, "the precondition and the parameter `expected` must go together"),
    ]


def _about_bodies(made: "Endpoint") -> list[Contradiction]:
    takes = made.signature
    elsewhere = made.public or made.part != "web"
    return [
        (made.reads and (takes.body is not None or takes.upload or takes.uploads), "a GET has no body"),
        (takes.upload and (takes.body is not None or takes.uploads), "an upload is the body"),
        ((takes.upload or takes.uploads) and elsewhere, "uploads are taken in by part web, for a session"),
        (made.admit is not None and not (takes.upload or takes.uploads), "`admit` is for uploads"),
        (takes.uploads and "/api/" in made.path, "the API takes a file as a body, not in a form"),
        (takes.uploads and made.idempotent, "Idempotency-Key is for the API, not for a form with files"),
        (takes.uploads and _counts_fields(made), "a limit of a form with files is taken before its fields are read"),
    ]


def _about_answers(made: "Endpoint") -> list[Contradiction]:
    kind = made.signature.returns.kind
    looks = made.signature.preview
    downloadable = made.reads and made.part == "web" and not made.public
    unpaged = kind == "page" and "limit" not in _query_fields(made.signature)
    return [
        (not made.summary.strip(), "a summary is missing"),
        (kind in ("download", "preview") and not downloadable, f"a {kind} is a GET of part web, with a permission"),
        (kind == "export" and not downloadable, "an export is a GET of part web, with a permission"),
        (looks != (made.look is not None), "`look` and the parameter `preview` go together"),
        (looks and not downloadable, "a look is for a GET of part web, with a permission"),
        (unpaged, "a list's query derives from Paging"),
        (
            (kind == "scim") != made.path.startswith(SCIM) or (kind == "scim") != made.signature.request,
            "what lies under /scim/v2/ takes a ScimRequest and returns a ScimAnswer, and nothing else does",
        ),
        (made.idempotent and made.method != "POST", "Idempotency-Key is for POST"),
        (made.idempotent and made.public, "a stored answer belongs to an account"),
        (made.idempotent and made.secret, "an answer that holds a secret is never stored"),
    ]


def _about_pages(made: "Endpoint") -> list[Contradiction]:
    body = made.signature.body
    told = made.form is not None or made.done is not None or made.undo is not None
    named = set(PARAMETER.findall(made.undo or ""))
    return [
        (told and (not made.page or made.reads), "form, done and undo are for pages' POSTs"),
        (made.page and body is not None and not issubclass(body, Form), "a page's body is a form: derive it from Form"),
        (made.page and made.method not in ("GET", "POST"), "a browser's forms know GET and POST"),
        (made.page and "/api/" in made.path, "pages are no part of the API"),
        (len(named) > 1 or not named <= set(made.signature.path), "undo has at most one parameter, one of the path's"),
        (made.undo is not None and made.done is None, "undo stands in the notice that done gives"),
    ]


def _query_fields(takes: Signature) -> tuple[str, ...]:
    return takes.query.__struct_fields__ if takes.query else ()


def _counts_fields(made: "Endpoint") -> bool:
    return any(isinstance(limit.subject, ByFields) for limit in made.limits)


def _has_subject(limit: Limit, takes: Signature) -> bool:
    fields = takes.body.__struct_fields__ if takes.body else ()
    return not isinstance(limit.subject, ByFields) or set(limit.subject.names) <= set(fields)
