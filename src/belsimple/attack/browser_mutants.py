"""The mutations of guards against other sites and proxies: number 19."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs

from belsimple.attack.mutating import mutant, original, replace

_EVIL: Final = b"https://evil.example"
_PROTECTION: Final = (b"x-frame-options", b"content-security-policy")


@mutant
def _host_check(_: str) -> None:
    replace("web.origins:Origins.check_host", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType]


@mutant
def _origin_check(_: str) -> None:
    replace("web.origins:Origins.check_origin", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType]


@mutant
def _forwarded_host(_: str) -> None:
    read_headers = original("web.exchange:Exchange.read_headers")

    def trusting(exchange: Any, raw: Any) -> None:
        read_headers(exchange, raw)
        exchange.path = exchange.text(b"x-original-url") or exchange.path

    replace("web.exchange:Exchange.read_headers", trusting)


@mutant
def _open_redirects(_: str) -> None:
    reply, answer = original("web.exchange:Reply"), original("web.application:Application._reply")

    async def sent_on(application: Any, exchange: Any, receive: Any) -> Any:
        wanted = parse_qs(exchange.query.decode()).get("next")
        if wanted:
            return reply(303, b"", [(b"location", wanted[0].encode())])
        return await answer(application, exchange, receive)

    replace("web.application:Application._reply", sent_on)


@mutant
def _local_next(_: str) -> None:
    replace("web.held:is_local", lambda _: True)  # pyright: ignore[reportUnknownLambdaType]


@mutant
def _escaping(_: str) -> None:
    environment = original("console.templating:environment")

    def careless(package: str) -> Any:
        made = environment(package)
        made.autoescape = False
        return made

    replace("console.templating:environment", careless)


@mutant
def _notice_origin(_: str) -> None:
    notice = original("web.pages:PageWay._notice")

    def credulous(way: Any, exchange: Any) -> Any:
        exchange.headers[b"sec-fetch-site"] = b"same-origin"
        return notice(way, exchange)

    replace("web.pages:PageWay._notice", credulous)


@mutant
def _no_sharing(_: str) -> None:
    _change_headers(bool, (b"access-control-allow-origin", _EVIL))


@mutant
def _security_headers(_: str) -> None:
    _change_headers(lambda name: name in _PROTECTION)


@mutant
def _framing(_: str) -> None:
    _change_headers(lambda name: name not in _PROTECTION)


def _change_headers(keeps: Callable[[bytes], bool], *more: tuple[bytes, bytes]) -> None:
    for_answer = original("web.headers:SecurityHeaders.for_answer")

    def changed(security: Any, headers: Any) -> tuple[tuple[bytes, bytes], ...]:
        return (*(one for one in for_answer(security, headers) if keeps(one[0])), *more)

    replace("web.headers:SecurityHeaders.for_answer", changed)


@mutant
def _cookie_attributes(_: str) -> None:
    make = original("web.cookies:TokenCookie.__init__")

    def careless(cookie: Any, *how: Any) -> None:
        make(cookie, *how)
        cookie._attributes = "; Path=/"  # noqa: SLF001 - its own

    replace("web.cookies:TokenCookie.__init__", careless)


@mutant
def _link_session(_: str) -> None:
    answer = original("web.application:Application._reply")

    async def generous(application: Any, exchange: Any, receive: Any) -> Any:
        reply = await answer(application, exchange, receive)
        if exchange.path.endswith("/confirmation"):
            reply.headers.append((b"set-cookie", b"session=x"))
        return reply

    replace("web.application:Application._reply", generous)


@mutant
def _same_reset_answer(_: str) -> None:
    ask, not_found = original("identity.recovery:request_reset"), original("web.problems:NotFound")

    async def telling(database: Any, *, tenant: str, email: str) -> None:
        if email.startswith("nobody"):
            raise not_found
        await ask(database, tenant=tenant, email=email)

    replace("identity.recovery:request_reset", telling)
