"""The start page and the console's own files."""

from belsimple.console.render import page, static_file
from belsimple.web.answers import Asset, HtmlPage
from belsimple.web.endpoint import endpoint


@endpoint("GET", "/", permission="public", summary="The start page")
async def start() -> HtmlPage:
    return page("start.html")


@endpoint("GET", "/static/style.css", permission="public", summary="The stylesheet")
async def stylesheet() -> Asset:
    return Asset("text/css; charset=utf-8", static_file("style.css"))


ENDPOINTS = (start, stylesheet)
