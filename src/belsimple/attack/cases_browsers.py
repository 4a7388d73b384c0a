"""Number 19: what another site, a proxy or a link can make of a person's browser, at every address that there is."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Final
from uuid import uuid4

from belsimple.attack.calling import HEALTH, SAFE, call, readable
from belsimple.attack.client import Reply
from belsimple.attack.site import Broken, Route, Site, api_case, expect

_EVIL: Final = "evil.example"
_MARKUP: Final = "%3Cscript%3Ealert(1)%3C%2Fscript%3E"
_FORWARDED: Final[Mapping[str, str]] = {
    "Forwarded": f"for=198.51.100.1;host={_EVIL};proto=http",
    "X-Forwarded-Host": _EVIL,
    "X-Forwarded-Server": _EVIL,
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "80",
    "X-Forwarded-Prefix": f"https://{_EVIL}",
    "X-Host": _EVIL,
    "X-Original-URL": "/api/openapi.json",
    "X-Rewrite-URL": "/api/openapi.json",
    "X-HTTP-Method-Override": "DELETE",
    "X-Real-IP": "198.51.100.1",
}
_OF_OTHER_SERVICES: Final = ("POST /sso/{id}/logout", "POST /sso/{id}/response", "POST /sso/{id}/single-logout")
_CROSS_SITE: Final[tuple[Mapping[str, str], ...]] = (
    {"Origin": f"https://{_EVIL}"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Referer": f"https://{_EVIL}/"},
    {"User-Agent": "Mozilla/5.0"},
)
"""What a browser says when a page of another site sends the form; the last two when it is an old one."""
_REQUIRED: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
}


@api_case(19, "host_check")
async def another_host_at_every_address(site: Site) -> None:
    """421 for a name that is not the service's, and no answer holds that name."""
    token = await site.session("owner")
    for route in site.addresses():
        if route.path not in HEALTH:
            await _misdirected(site, route, token, _EVIL)
    me = Route("GET", "/api/v1/me", "signed-in", fresh=False, has_body=False)
    own, _, port = site.client.host.partition(":")
    for host in (
        f"{_EVIL}:{port or 443}",
        f"{own}.{_EVIL}",
        f"{own}:{port}@{_EVIL}",
        f"{_EVIL}/{own}",
        f"{own}:x",
        ".",
    ):
        await _misdirected(site, me, token, host)


async def _misdirected(site: Site, route: Route, token: bytes, host: str) -> None:
    reply = await call(site, route, token, {"Host": host})
    expect(reply, 421, why=f"{route} at {host}")
    _refuse_evil(reply, f"{route} at {host}")


@api_case(19, "forwarded_host")
async def forwarded_headers_at_every_address(site: Site) -> None:
    """A header that speaks for a proxy changes no answer: not its links, not its address, not its method."""
    token = await site.session("owner")
    for route in readable(site):
        one = str(uuid4())  # a redirect to the sign-in names the address that was asked for
        plain = await call(site, route, token, object_id=one)
        forwarded = await call(site, route, token, _FORWARDED, object_id=one)
        _refuse_evil(forwarded, str(route))
        # What changes by itself, such as a list of sessions with their last use, is the same in its status and headers.
        if plain.status != forwarded.status or _shape(plain) != _shape(forwarded):
            raise Broken(f"{route} answers {forwarded.status} with forwarded headers, {plain.status} without")


@api_case(19, "origin_check")
async def changes_that_another_site_asks_for(site: Site) -> None:
    """403 at every address that changes something, with the person's cookie and without, save where a provider's token alone counts."""
    token = await site.new_session("member")
    for route in site.addresses():
        if str(route) in _OF_OTHER_SERVICES:
            continue
        for said in _CROSS_SITE if route.method not in SAFE else ():
            for cookie in (token, None):
                reply = await call(site, route, cookie, said)
                if (reply.status, reply.problem) != (403, "cross-origin"):
                    raise Broken(f"{route} from another site ({said}): {reply.status} {reply.problem}")
    if not await site.alive(token):
        raise Broken("another site ended the session")


@api_case(19, "origin_check")
async def a_sign_in_that_another_site_sends(site: Site) -> None:
    """Nobody is signed in, from elsewhere, as somebody else: the right password is refused too."""
    body = {
        "tenant": site.names["a_slug"],
        "email": site.names["a_fourth_email"],
        "password": site.ground.credential.password,
    }
    for said in _CROSS_SITE[:4]:
        reply = await site.send("POST", "/api/v1/session", json=body, headers=said)
        expect(reply, 403, why=f"signing in from another site ({said})")
        if "set-cookie" in reply.headers:
            raise Broken("another site's request was given a session")


@api_case(19, "origin_check")
async def a_sign_in_form_that_another_site_sends(site: Site) -> None:
    """The page's form signs nobody in from elsewhere, and shows nothing of what it was sent."""
    for said in _CROSS_SITE:
        reply = await site.sign_in_on_a_page("fourth", said, next="/account", held=f"name={_EVIL}")
        expect(reply, 403, why=f"the sign-in form from another site ({said})")
        if "set-cookie" in reply.headers or _EVIL.encode() in reply.body:
            raise Broken(f"the sign-in form from another site ({said}) was given a session, or came back")


@api_case(19, "no_sharing")
async def answers_that_another_site_reads(site: Site) -> None:
    """No answer gives another origin leave to read it, and no preflight succeeds."""
    token, origin = await site.session("owner"), {"Origin": f"https://{_EVIL}"}
    asked = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for route in site.addresses():
        replies = [await site.send("OPTIONS", route.at("x"), token=token, headers=asked)]
        if route.method in SAFE:
            replies.append(await call(site, route, token, origin))
        for reply in replies:
            if any(name.startswith("access-control-") for name in reply.headers):
                raise Broken(f"{route} shares its answer with {_EVIL}")
        if replies[0].status < 400:
            raise Broken(f"a preflight of {route} is answered {replies[0].status}")


@api_case(19, "cookie_attributes")
async def where_the_cookie_goes(site: Site) -> None:
    """Every cookie of a sign-in reaches this host alone, over TLS alone, and no script."""
    body = {
        "tenant": site.names["a_slug"],
        "email": site.names["a_fourth_email"],
        "password": site.ground.credential.password,
    }
    given = (await site.send("POST", "/api/v1/session", json=body)).headers.get("set-cookie", "")
    for cookie in re.split(", (?=__)", given):
        name, *attributes = cookie.split("; ")
        if not name.startswith("__Host-"):
            raise Broken(f"the cookie is {name.partition('=')[0] or 'missing'}")
        if missing := {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} - set(attributes):
            raise Broken(f"the cookie {name.partition('=')[0]} lacks {', '.join(sorted(missing))}")
        if "domain" in cookie.lower():
            raise Broken("the cookie goes to other hosts")


@api_case(19, "security_headers")
async def content_that_is_sniffed(site: Site) -> None:
    """Every answer says what it is, forbids guessing otherwise, and is kept by no cache; no markup comes back."""
    async for why, reply in _answers(site):
        for name, value in _REQUIRED.items():
            if reply.headers.get(name) != value:
                raise Broken(f"{why}: {name} is {reply.headers.get(name)}")
        if "no-store" not in reply.headers.get("cache-control", ""):
            raise Broken(f"{why}: cache-control is {reply.headers.get('cache-control')}")
        kind = reply.headers.get("content-type", "")
        if reply.body and not kind:
            raise Broken(f"{why}: a body of no type")
        if "script>alert" in reply.body.decode("utf-8", "replace"):
            raise Broken(f"{why}: markup of the request's comes back as {kind}")
        if reply.problem and reply.body.lstrip()[:1] != b"{":
            raise Broken(f"{why}: a problem that is not JSON")
        transport = "strict-transport-security" in reply.headers
        if transport is site.loopback:
            raise Broken(f"{why}: Strict-Transport-Security is {'' if transport else 'not '}sent")


@api_case(19, "framing")
async def pages_in_a_frame(site: Site) -> None:
    """No answer may be shown in a frame, and none runs a script or style that stands in it."""
    async for why, reply in _answers(site):
        policy = reply.headers.get("content-security-policy", "")
        directives = {one.split()[0]: one.split()[1:] for one in policy.split(";") if one.split()}
        if reply.headers.get("x-frame-options") != "DENY" or directives.get("frame-ancestors") != ["'none'"]:
            raise Broken(f"{why}: may be framed")
        if directives.get("default-src") != ["'none'"] or directives.get("base-uri") != ["'none'"]:
            raise Broken(f"{why}: the content security policy is {policy or 'missing'}")
        if "unsafe-" in policy or "*" in policy or "data:" in policy:
            raise Broken(f"{why}: the content security policy allows {policy}")


async def _answers(site: Site) -> AsyncIterator[tuple[str, Reply]]:
    """An answer of every kind: each address with a session and without, and what goes wrong in each way."""
    token = await site.new_session("member")
    for route in site.addresses():
        if route.path != "/api/v1/session" or route.method != "DELETE":
            yield str(route), await call(site, route, token)
        if route.permission != "public":
            yield f"{route} without a session", await call(site, route, None)
    for method, path in (
        ("GET", f"/{_MARKUP}"),
        ("GET", f"/api/v1/dossiers/{_MARKUP}"),
        ("GET", f"/api/v1/dossiers?q={_MARKUP}"),
        ("GET", f"/invitation?token={_MARKUP}"),
        ("PUT", "/api/openapi.json"),
        ("OPTIONS", "/"),
    ):
        yield f"{method} {path}", await site.send(method, path, token=token)
    yield "broken JSON", await site.send("POST", "/api/v1/dossiers", token=token, raw=b"<script>alert(1)</script>")
    yield "another host", await site.send("GET", "/", headers={"Host": _EVIL})


def _shape(reply: Reply) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in reply.comparable()[1] if pair[0] not in ("content-length", "etag"))


def _refuse_evil(reply: Reply, why: str) -> None:
    if _EVIL.encode() in reply.body or any(_EVIL in value for value in reply.headers.values()):
        raise Broken(f"{why}: the answer names {_EVIL}")
