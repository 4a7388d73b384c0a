"""The recorder refuses what it is there to refuse: each page here does one thing that no page of ours may do."""

import pytest
from playwright.async_api import Browser, Page, Route

from tests.support.browser import Screen, visiting
from tests.support.recorder import Recorder

SITE = "https://ours.example"
STRICT = "default-src 'none'"
LOOSE = "default-src * 'unsafe-inline'"
_AFTER_LOAD = ("fetch(", ".submit()")


async def shown(
    browser: Browser,
    body: str,
    *,
    policy: str = LOOSE,
    screen: Screen | None = None,
    cookie: str = "",
    expecting: str = "",
) -> Recorder:
    """Show a page of this body under this policy, and let the recorder conclude."""

    async def answer(route: Route) -> None:
        headers = {"content-type": "text/html", "content-security-policy": policy}
        headers |= {"set-cookie": cookie} if cookie else {}
        await route.fulfill(status=200, headers=headers, body=f"<!doctype html><title>Page</title>{body}")

    async with visiting(browser, SITE, screen or Screen()) as (context, recorder):
        if expecting:
            recorder.expect(expecting)
        await context.route(f"{SITE}/", answer)
        await context.route(f"{SITE}/gone*", _gone)
        await context.route("https://other.example/*", _empty)
        page = await context.new_page()
        await page.goto("/")
        if any(later in body for later in _AFTER_LOAD):
            await page.wait_for_load_state("networkidle")
    return recorder


async def _gone(route: Route) -> None:
    await route.fulfill(status=404, body="gone")


async def _empty(route: Route) -> None:
    await route.fulfill(status=200, content_type="text/css", body="")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<link rel=stylesheet href='https://other.example/font.css'>", "host: https://other.example/font.css"),
        (
            "<form action='https://other.example/'></form><script>document.forms[0].submit()</script>",
            "host: https://other",
        ),
        ("<script>console.error('an error')</script>", "console: an error"),
        ("<script>console.warn('a warning')</script>", "console: a warning"),
        ("<script>undefined_name()</script>", "script: undefined_name is not defined"),
        ("<script>Promise.reject(new Error('dropped'))</script>", "script: dropped"),
        ("<img src=/gone.png alt=x>", "failed: 404 for GET https://ours.example/gone.png"),
        ("<iframe src=/gone title=x></iframe>", "failed: 404 for GET https://ours.example/gone"),
        ("<script>fetch('/gone')</script>", "failed: 404 for GET https://ours.example/gone"),
        ("<script>document.cookie = 'visitor=1; secure'</script>", "cookie: visitor of ours.example"),
    ],
)
async def test_it_refuses(browser: Browser, body: str, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        await shown(browser, body)


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("body", ["<p style='color: red'>", "<style>p {}</style>", "<img src=/x.png alt=x>"])
async def test_it_refuses_a_breach_of_the_policy(browser: Browser, body: str, scripts: bool) -> None:
    with pytest.raises(AssertionError, match="Content Security Policy"):
        await shown(browser, body, policy=STRICT, screen=Screen(scripts=scripts))


async def test_it_hears_of_a_breach_from_the_page_itself(browser: Browser) -> None:
    with pytest.raises(AssertionError, match="policy: style-src-attr refused inline on"):
        await shown(browser, "<p style='color: red'>", policy=STRICT)


@pytest.mark.parametrize(
    "cookie",
    [
        "visitor=1; Path=/; Secure; HttpOnly; SameSite=Lax",
        "__Host-belsimple-0123abcd=1; Path=/; Secure; SameSite=Lax",
        "__Host-belsimple-0123abcd=1; Path=/; Secure; HttpOnly; SameSite=None",
    ],
)
async def test_it_refuses_a_cookie_but_the_sessions_own(browser: Browser, cookie: str) -> None:
    with pytest.raises(AssertionError, match="cookie: "):
        await shown(browser, "", cookie=cookie)


@pytest.mark.parametrize("whose", ["", "operator-"])
async def test_it_accepts_a_quiet_page_with_the_session_cookie(browser: Browser, whose: str) -> None:
    cookie = f"__Host-belsimple-{whose}0123abcd=1; Path=/; Secure; HttpOnly; SameSite=Lax"
    recorder = await shown(browser, "<script>console.log('hello')</script><p>Quiet", cookie=cookie)
    assert recorder.faults == []
    assert [request.url for request in recorder.requests] == [f"{SITE}/"]


async def test_what_a_test_expects_is_no_fault_and_must_come(browser: Browser) -> None:
    assert (await shown(browser, "<img src=/gone.png alt=x>", expecting="404 for GET .*/gone.png")).faults
    with pytest.raises(AssertionError, match="was to see"):
        await shown(browser, "", expecting="404 for GET .*/gone.png")


async def test_the_answer_of_a_page_itself_is_for_the_test_to_judge(page: Page) -> None:
    answer = await page.goto("/no-such-page")
    assert answer
    assert answer.status == 404


async def test_the_browser_takes_no_other_certificate(browser: Browser) -> None:
    async with visiting(browser, SITE, Screen()) as (context, _):
        page = await context.new_page()
        with pytest.raises(Exception, match="ERR_"):
            await page.goto("/")
