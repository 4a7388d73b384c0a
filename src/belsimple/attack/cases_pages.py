"""Number 19: what a link, a form that waits or a notice can make of our pages: another site, markup, words that are not ours."""

from typing import Final
from urllib.parse import quote_plus, unquote, urlencode, urlsplit
from uuid import uuid4

from belsimple.attack.calling import readable
from belsimple.attack.client import Reply
from belsimple.attack.site import FORM, Broken, Site, api_case, expect
from belsimple.server.assembly import all_endpoints
from belsimple.web.pages import notice_key

_EVIL: Final = "evil.example"
_NEXT: Final = ("next", "return_to", "redirect", "url", "continue", "to")
_ELSEWHERE: Final = (f"https://{_EVIL}/", f"//{_EVIL}/", f"/%5c{_EVIL}/", f"https:%2f%2f{_EVIL}")
_ELSEWHERE_TYPED: Final = (f"/\\{_EVIL}/", f"\t//{_EVIL}/", f"https:{_EVIL}", "javascript:alert(1)", f"/\n/{_EVIL}/")
_PATHS: Final = (
    f"//{_EVIL}/",
    f"//{_EVIL}/%2e%2e",
    f"/%2f{_EVIL}/",
    f"/%5c{_EVIL}/",
    f"/.{_EVIL}/",
    f"/@{_EVIL}/",
    f"/;@{_EVIL}/",
    "/%0d%0aLocation:%20https:%2f%2fevil.example",
)
_MARKUP: Final = "%3Cscript%3Ealert(1)%3C%2Fscript%3E"
_TYPED_MARKUP: Final = "\"'><script>alert(1)</script>"
_NOTICE: Final = b'class="notice"'


@api_case(19, "open_redirects")
async def links_that_lead_elsewhere(site: Site) -> None:
    """No link to this service sends anybody to another one."""
    for token in (await site.session("owner"), None):
        for route in readable(site):
            path = route.at("x")
            for name in _NEXT if route.media_type != "application/json" else _NEXT[:1]:
                for target in _ELSEWHERE if name == "next" else _ELSEWHERE[:1]:
                    _stays(site, await site.send("GET", f"{path}?{name}={target}", token=token), f"{path}?{name}=")
        for path in _PATHS:
            _stays(site, await site.send("GET", path, token=token), path)


def _stays(site: Site, reply: Reply, why: str) -> None:
    for name in ("location", "refresh", "link", "content-location"):
        target = urlsplit(reply.headers.get(name, "").replace("\\", "/"))
        if target.netloc not in ("", site.client.host) or target.scheme not in ("", "https"):
            raise Broken(f"{why}: {name} leads to {reply.headers[name]}")
    if 300 <= reply.status < 400 and reply.headers.get("location", "").startswith(("//", "/\\")):
        raise Broken(f"{why}: a redirect to {reply.headers['location']}")


@api_case(19, "local_next")
async def signing_in_leads_elsewhere(site: Site) -> None:
    """Whatever `next` says: who signs in, is signed in already or says once more who they are stays here."""
    token, password = await site.session("fourth"), site.ground.credential.password
    for target in (*_ELSEWHERE_TYPED, *(unquote(one) for one in _ELSEWHERE)):
        reply = await site.sign_in_on_a_page("fourth", next=target)
        expect(reply, 303, why=f"signing in with next={target!r}")
        _stays(site, reply, f"signing in with next={target!r}")
        held = await site.sign_in_on_a_page("fourth", next=target, held="name=x")
        if f'action="{target}'.encode() in held.body:
            raise Broken(f"a form that waited is sent to {target!r}")
        fields = urlencode({"password": password, "next": target}).encode()
        again = await site.send("POST", "/reauthentication", token=token, raw=fields, headers=FORM)
        _stays(site, again, f"the password once more with next={target!r}")
        query = urlencode({"next": target})
        _stays(site, await site.send("GET", f"/?{query}", token=token), f"/?{query}")


@api_case(19, "escaping")
async def markup_in_a_form_that_waits(site: Site) -> None:
    """What was typed is kept through a lost session as text: never as markup, in no page on the way."""
    raw = f"name={_TYPED_MARKUP}&{_TYPED_MARKUP}=1".encode()
    pages = [await site.send("POST", "/account", raw=raw, headers=FORM)]
    expect(pages[0], 401, why="a form without a session")
    for held in (raw.decode(), quote_plus(raw.decode(), safe="=&")):
        pages.append(await site.sign_in_on_a_page("fourth", next="/account", held=held))
        pages.append(await site.sign_in_on_a_page("fourth", next="/account", held=held, password=_TYPED_MARKUP))
    for field in ("tenant", "next"):
        typed = {field: _TYPED_MARKUP, "password": _TYPED_MARKUP}
        pages += [await site.sign_in_on_a_page("fourth", None, **typed)]
    if b"script&gt;alert" not in pages[1].body and b"script>alert" not in pages[1].body:
        raise Broken("the form that waited is lost: the attack shows nothing")
    for page in pages:
        if _TYPED_MARKUP.encode() in page.body:
            raise Broken(f"markup of a form comes back as such: {page.status}")


@api_case(19, "notice_origin")
async def notices_that_another_site_sends(site: Site) -> None:
    """A link on another site puts no sentence of ours, and no button, before anybody."""
    token = await site.session("fourth")
    keys = [notice_key(one) for one in all_endpoints() if one.done is not None and one.part != "operator"]
    shown = await site.send("GET", f"/account?done={keys[0]}", token=token, headers={"Sec-Fetch-Site": "same-origin"})
    if _NOTICE not in shown.body:
        raise Broken("not even our own notices are shown: the attack shows nothing")
    for key in (*keys, _MARKUP):
        for said in ({}, *({"Sec-Fetch-Site": one} for one in ("none", "cross-site", "same-site"))):
            path = f"/account?done={key}&on={uuid4()}"
            if _NOTICE in (await site.send("GET", path, token=token, headers=said)).body:
                raise Broken(f"{path} from another site ({said}) shows a notice")
