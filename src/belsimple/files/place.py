"""Where blobs are kept, as settings say it."""

import msgspec


class Bucket(msgspec.Struct, frozen=True):
    """A bucket of an S3-compatible store. ``endpoint`` None: Amazon's own."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str
    key_id: str = ""
    secret: str = ""
