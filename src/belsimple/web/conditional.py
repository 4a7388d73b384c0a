"""Conditional requests (RFC 9110, section 13): If-Match guards a change, If-None-Match saves a transfer."""

import re

from belsimple.web.endpoint import Precondition
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.problems import Malformed, PreconditionRequired, Stale

_TAG = re.compile(rb'"(?P<opaque>[\x21\x23-\x7e]*)"')
_VERSION = re.compile(rb"0|[1-9][0-9]{0,17}")


def etag_of(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def expected_version(exchange: Exchange, precondition: Precondition) -> int | None:
    """The version that ``If-Match`` names; whether it is the present one, the action compares in the database.

    Raises PreconditionRequired when it must be there and is not, Stale for a tag that no version of ours has (a weak
    one too: If-Match compares strongly), Malformed for anything but one entity tag.
    """
    given = exchange.headers.get(b"if-match", b"").strip()
    if not given or given == b"*":
        if precondition == "required":
            raise PreconditionRequired
        return None
    weak = given.startswith(b"W/")
    tag = _TAG.fullmatch(given[2:] if weak else given)
    if tag is None:
        raise Malformed("If-Match takes one entity tag.")
    if weak or not _VERSION.fullmatch(tag["opaque"]):
        raise Stale
    return int(tag["opaque"])


def not_modified(exchange: Exchange, reply: Reply) -> Reply:
    """304 in place of an object that the client already has, else the reply itself."""
    given = exchange.headers.get(b"if-none-match")
    if given is None or reply.etag is None:
        return reply
    known = {tag.strip().removeprefix(b"W/") for tag in given.split(b",")}
    if given.strip() != b"*" and reply.etag.removeprefix("W/").encode("ascii") not in known:
        return reply
    return Reply(304, etag=reply.etag)
