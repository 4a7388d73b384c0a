"""Pages for people: how a View becomes an answer, and how a form that was refused comes back with what was typed.

A handler's answer needs a frame (who reads, in which language, which menu). The frame's facts are read in the handler's own
transaction; the rendering itself is the console's, behind the protocol `Pages`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.database.transaction import Transaction
from belsimple.language import Language
from belsimple.web.answers import Cookie, Redirect, View
from belsimple.web.asgi import Receive
from belsimple.web.bearer import SessionRequired, TokenRefused
from belsimple.web.bodies import read_body
from belsimple.web.database_errors import problem_of
from belsimple.web.decoding import Arguments
from belsimple.web.encoding import Encode
from belsimple.web.endpoint import Endpoint
from belsimple.web.exchange import HTML, Exchange, Reply
from belsimple.web.form_uploads import FormUploadPlan
from belsimple.web.forms import MEDIA_TYPE, Given, read_pairs
from belsimple.web.headers import policy_for
from belsimple.web.languages import language_of
from belsimple.web.plan import Plan
from belsimple.web.problems import NoSession, Problem, ReauthenticationRequired
from belsimple.web.runtime import Runtime
from belsimple.web.showing import Notice, Pages, Question, Showing, Viewer
from belsimple.web.signature import Handler

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")
_LOCAL: Final = re.compile(
    r"/(?![/\\])[A-Za-z0-9._~%!$&'()*+,;=:@/-]{0,400}(?:\?[A-Za-z0-9._~%!$&'()*+,;=:@/?-]{0,800})?"
)
_AGAIN: Final = re.compile(rb"(?:^|&)again=yes(?:&|$)")
_NO_FIELDS: Final = "&"
"""A held form that is a button and nothing else: it waits too, and is sent as it was."""
_SHOWN_AGAIN: Final = frozenset((400, 401, 403, 404, 409, 412, 413, 422, 429, 503))


class _Shown(msgspec.Struct, frozen=True):
    """A handler's answer, and who it is for."""

    answer: View | Redirect
    viewer: Viewer | None


def notice_key(endpoint: Endpoint) -> str:
    """What stands in an address for a POST's notice: no text that a stranger could choose."""
    return re.sub(r"[{}]", "", endpoint.path).strip("/").replace("/", "-")


def is_local(address: str) -> bool:
    """Whether it is a path of ours: no other site's address, which would make of us an open redirect (CWE-601)."""
    return _LOCAL.fullmatch(address) is not None and "/api/" not in address


def wants_page(exchange: Exchange) -> bool:
    """Whether somebody looks at a browser who would be told of a problem by a page."""
    return "/api/" not in exchange.path and b"text/html" in exchange.headers.get(b"accept", b"")


def showing_of(exchange: Exchange, *, viewer: Viewer | None = None, language: Language | None = None) -> Showing:
    """The circumstances of an answer to this request; ``language``: of whoever the page is for, where that is known."""
    return Showing(
        path=exchange.path,
        query=exchange.query.decode("ascii", "replace"),
        language=language_of(exchange, language, viewer and viewer.language),
        viewer=viewer,
    )


class PageWay(Plan):
    """What a plan needs besides to serve pages. Mixed into Plan and into the plan of uploads."""

    def __init__(self, endpoint: Endpoint, runtime: Runtime, pages: Pages, shown: "PageWay | None" = None) -> None:
        """``shown``: the plan of the page that holds this POST's form."""
        super().__init__(endpoint, runtime)
        self._pages = pages
        self._shown = shown
        self._inner: Handler = self._handler
        self._handler = self._see

    async def run(self, exchange: Exchange, receive: Receive, values: tuple[str, ...]) -> Reply:
        """Answer one request; raises what cannot be told on a page of this plan."""
        try:
            if self._shown is not None and self._endpoint.public and _AGAIN.search(exchange.query):
                return await self._say_again(exchange, receive, values, self._shown)
            if not self._endpoint.public and self._runtime.cookie.token(exchange) is None:
                await self._keep_form(exchange, receive)
            return await super().run(exchange, receive, values)
        except Exception as error:
            problem = error if isinstance(error, Problem) else problem_of(error)
            if problem is None:
                raise
            return await self._tell(exchange, values, problem)

    async def _say_again(
        self, exchange: Exchange, receive: Receive, values: tuple[str, ...], shown: "PageWay"
    ) -> Reply:
        # Another language was chosen: the same form in it, with what was typed. Nothing is tried, so nothing is counted.
        exchange.form = await read_body(exchange, receive)
        return await shown.show_again(exchange, self._named(values), None)

    def _encoder(self) -> Encode:
        return _page_without_frame

    async def _keep_form(self, exchange: Exchange, receive: Receive) -> None:
        # Somebody whose session ended while they typed signs in and goes on: nothing is lost.
        if self._read_body is not None and exchange.text(b"content-type").startswith(MEDIA_TYPE):
            exchange.form = await read_body(exchange, receive)

    async def _see(self, **arguments: Any) -> _Shown:
        transaction: Transaction | OperatorTransaction | None = arguments.get("transaction")
        if not self._endpoint.signature.transaction and not self._endpoint.signature.uploads:
            arguments.pop("transaction", None)  # a page that reads nothing is still for people who are signed in
        answer: View | Redirect = await self._inner(**arguments)
        needs = isinstance(answer, View) and transaction is not None
        return _Shown(answer, await self._pages.viewer(transaction) if needs else None)

    def _conclude(self, exchange: Exchange, answer: object) -> Reply:
        assert isinstance(answer, _Shown)  # what _see returns, and nothing else is a page's handler
        if isinstance(answer.answer, Redirect):
            return self._redirect(answer.answer, exchange)
        view = answer.answer
        showing = showing_of(exchange, viewer=answer.viewer, language=view.language)
        showing.notice = self._notice(exchange)
        return self._page(view, showing)

    def _redirect(self, redirect: Redirect, exchange: Exchange) -> Reply:
        location = redirect.location
        if self._endpoint.done is not None:
            told = {"done": notice_key(self._endpoint)}
            if self._endpoint.undo is not None and (subject := self._subject(exchange)):
                told["on"] = subject
            location += ("&" if "?" in location else "?") + urlencode(told)
        return Reply(303, b"", [(b"location", location.encode("ascii")), *self._cookie(redirect.cookie)])

    def _subject(self, exchange: Exchange) -> str | None:
        """What the undo's one parameter is: the id in this POST's own path."""
        named = _PARAMETER.findall(self._endpoint.undo or "")
        template, path = self._endpoint.path.split("/"), exchange.path.split("/")
        return path[template.index(f"{{{named[0]}}}")] if named else "-"

    def _notice(self, exchange: Exchange) -> Notice | None:
        # Only where our own redirect led: a link on another site must not put words and buttons before somebody.
        if b"done=" not in exchange.query or exchange.headers.get(b"sec-fetch-site") != b"same-origin":
            return None
        given = read_pairs(exchange.query)
        subject = given.get("on", [""])[0]
        return self._pages.notice(given.get("done", [""])[0], subject if _UUID.fullmatch(subject) else None)

    def _page(self, view: View, showing: Showing) -> Reply:
        html = self._pages.render(self._endpoint.package, view, showing)
        policy = [] if view.leads_to is None else [policy_for(view.leads_to)]
        return Reply(view.status, html.encode(), [HTML, *policy, *self._cookie(view.cookie)])

    def _cookie(self, cookie: Cookie | None) -> list[tuple[bytes, bytes]]:
        return self._runtime.cookies.headers(cookie)

    async def _tell(self, exchange: Exchange, values: tuple[str, ...], problem: Problem) -> Reply:
        if isinstance(problem, NoSession):
            return self._ask(exchange, self._pages.sign_in, problem)
        if isinstance(problem, ReauthenticationRequired):
            return self._ask(exchange, self._pages.reauthentication, problem)
        # A program has typed into no form.
        if (
            self._shown is None
            or problem.status not in _SHOWN_AGAIN
            or isinstance(problem, SessionRequired | TokenRefused)
        ):
            raise problem
        return await self._shown.show_again(exchange, self._named(values), problem)

    def _ask(self, exchange: Exchange, question: Question, problem: Problem) -> Reply:
        """First who you are, then on with what you wanted."""
        cookies = [(b"set-cookie", problem.headers["set-cookie"].encode())] if "set-cookie" in problem.headers else []
        if self._endpoint.reads:
            wanted = exchange.path + (f"?{exchange.query.decode('ascii', 'replace')}" if exchange.query else "")
            query = f"?next={quote(wanted, safe='/')}" if is_local(wanted) and exchange.path != question.path else ""
            return Reply(303, b"", [(b"location", f"{question.path}{query}".encode("ascii")), *cookies])
        if self._endpoint.form == question.path:  # such as signing out when the session has ended by itself
            return Reply(303, b"", [(b"location", question.path.encode("ascii")), *cookies])
        values = self._waiting(exchange)
        showing = showing_of(exchange)
        showing.path, showing.problem = question.path, problem
        html = self._pages.render("belsimple", View(question.template, values), showing)
        return Reply(problem.status, html.encode(), [HTML, *cookies])

    def _waiting(self, exchange: Exchange) -> dict[str, str]:
        """Where to go on, and the form that waits. A form with a password is not kept; what it was to go on with is."""
        if not self._endpoint.secret:
            return {"next": exchange.path, "held": exchange.form.decode("ascii", "replace") or _NO_FIELDS}
        given = read_pairs(exchange.form)
        return {"next": given.get("next", [self._endpoint.form or ""])[0], "held": given.get("held", [""])[0]}

    def _named(self, values: tuple[str, ...]) -> dict[str, str]:
        return dict(zip(self._endpoint.signature.path, values, strict=True))

    async def show_again(self, exchange: Exchange, named: Mapping[str, str], problem: Problem | None) -> Reply:
        """This page with the form as it was typed, and what is wrong with it. Raises the problem where it cannot be shown."""
        arguments = self._fixed.copy()
        given = read_pairs(exchange.form)
        self._decode_again(exchange, named, given, arguments)
        token = self._runtime.cookie.token(exchange)
        if self._endpoint.signature.caller:
            arguments["caller"] = self._caller(exchange, token)
        try:
            if self._endpoint.public:
                shown = await self._see(**arguments)
            else:
                assert token is not None  # the POST had one
                if self._look is not None:
                    arguments["preview"] = await self._look_first(exchange, token, arguments, self._look)
                async with self._runtime.enter(token, writing=False, address=exchange.address) as transaction:
                    self._authorise(exchange, transaction.principal)
                    shown = await self._see(transaction=transaction, **arguments)
        except Problem as error:
            raise problem or error from None
        if isinstance(shown.answer, Redirect):
            if problem is None:
                return self._redirect(shown.answer, exchange)
            raise problem
        showing = showing_of(exchange, viewer=shown.viewer, language=shown.answer.language)
        showing.problem, showing.given = problem, given
        # What links of the page build on.
        showing.path = _PARAMETER.sub(lambda name: named[name[1]], self._endpoint.path)
        status = problem.status if problem else shown.answer.status
        reply = self._page(msgspec.structs.replace(shown.answer, status=status), showing)
        if problem and "retry-after" in problem.headers:
            reply.headers.append((b"retry-after", problem.headers["retry-after"].encode("ascii")))
        return reply

    def _decode_again(self, exchange: Exchange, named: Mapping[str, str], given: Given, into: Arguments) -> None:
        if self._read_path is not None:
            self._read_path(tuple(named[name] for name in self._endpoint.signature.path), into)
        kind = self._endpoint.signature.query
        if kind is not None:
            # What the page's address said, such as a link's token, the form sent on in a hidden field.
            known = {name: given[name][0] for name in kind.__struct_fields__ if name in given}
            into["query"] = self._read_query(urlencode(known).encode() or exchange.query)


def _page_without_frame(answer: object) -> Reply:
    raise TypeError(f"{type(answer).__name__}: a page is rendered by _conclude, which knows its reader")


class PagePlan(PageWay):
    """Serves a page, or what its form does."""


class PageUploadPlan(PageWay, FormUploadPlan):
    """Serves what a page's form with files does."""
