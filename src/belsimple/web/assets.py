"""Assets: static files of ours, compressed where the client takes that, and kept by it for as long as they are the same."""

import re
from typing import Final

from belsimple.web.answers import Asset
from belsimple.web.conditional import not_modified
from belsimple.web.encoding import Encode
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.headers import IMMUTABLE, REVALIDATED
from belsimple.web.plan import Plan

_GZIP: Final = re.compile(r"(?:^|,)\s*(?:x-)?gzip\s*(?:;\s*q=(?P<weight>[0-9.]+)\s*)?(?:,|$)", re.IGNORECASE)
_KEPT_BY: Final = (b"cache-control", b"vary")


class AssetPlan(Plan):
    """Serves an endpoint that answers with an asset."""

    def _encoder(self) -> Encode:
        return _whole

    def _conclude(self, exchange: Exchange, answer: object) -> Reply:
        assert isinstance(answer, Asset)
        squeezed = answer.compressed is not None and takes_gzip(exchange.text(b"accept-encoding"))
        whole = _compressed(answer) if squeezed else _whole(answer)
        reply = not_modified(exchange, whole)
        if reply is not whole:  # a 304 repeats what the copy is kept by (RFC 9110, 15.4.5)
            reply.headers = [header for header in whole.headers if header[0] in _KEPT_BY]
        return reply


def takes_gzip(header: str) -> bool:
    """Whether an Accept-Encoding (RFC 9110, 12.5.3) names gzip, and not with the weight 0."""
    named = _GZIP.search(header)
    return named is not None and (named["weight"] is None or named["weight"].strip("0.") != "")


def _whole(asset: Asset) -> Reply:
    return Reply(200, asset.content, _headers(asset), asset.etag and f'"{asset.etag}"')


def _compressed(asset: Asset) -> Reply:
    headers = [*_headers(asset), (b"content-encoding", b"gzip")]
    return Reply(200, asset.compressed or b"", headers, asset.etag and f'"{asset.etag}-gzip"')


def _headers(asset: Asset) -> list[tuple[bytes, bytes]]:
    headers = [(b"content-type", asset.content_type.encode("ascii"))]
    if asset.etag is not None:
        headers.append(IMMUTABLE if asset.immutable else REVALIDATED)
    if asset.compressed is not None:
        headers.append((b"vary", b"accept-encoding"))
    return headers
